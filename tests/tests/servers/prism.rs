//! Prism, while a test runs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use oomnitza_tests::eventually;

use crate::free_port;

/// A server by a specification. Dropping it ends it.
pub struct Prism {
    child: Child,
    port: u16,
    log: Arc<Mutex<String>>,
}

impl Prism {
    /// Answers with the specification's examples.
    pub fn mock(specification: &str) -> Self {
        Self::start("mock", specification, free_port(), &[])
    }

    /// Stands in front of the server at `upstream`, and judges what passes in both directions.
    pub fn proxy(specification: &str, port: u16, upstream: &str) -> Self {
        Self::start("proxy", specification, port, &[upstream])
    }

    fn start(how: &str, specification: &str, port: u16, more: &[&str]) -> Self {
        let prism = std::env::var_os("PRISM").expect("PRISM names the program: run `make test-servers`");
        let specification = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("servers")
            .join(specification);
        let mut child = Command::new(prism)
            .args([how, "-h", "127.0.0.1", "-p", &port.to_string()])
            .arg(specification)
            .args(more)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("Prism can be started");
        let log = Arc::<Mutex<String>>::default();
        let (kept, lines) = (
            log.clone(),
            BufReader::new(child.stdout.take().expect("its output is piped")).lines(),
        );
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push_str(&format!("{line}\n"));
            }
        });
        let prism = Self { child, port, log };
        eventually("Prism listens", || prism.log().contains("Prism is listening"));
        prism
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fails unless so many requests came, and all of them and their answers kept to the specification.
    ///
    /// Its log comes late. One more request, which does not keep to it and of which it says this, shows where the log of the others ends,
    /// and that a violation would have been noticed.
    pub fn assert_kept_to_specification(&self, requests: usize, (wrong, said): (&str, &str)) {
        self.get(wrong);
        let is_noticed = || self.log().contains(said);
        eventually("Prism has written down a violation", is_noticed);
        let log = self.log();
        let (before, _) = log.rsplit_once("Request received").expect("it was received");
        assert_eq!(before.matches("Request received").count(), requests, "{log}");
        // Warnings, errors, and what its proxy calls violations.
        let is_violation = |line: &&str| ["⚠", "✖", "iolation"].iter().any(|sign| line.contains(sign));
        let violations: Vec<&str> = before.lines().filter(is_violation).collect();
        assert_eq!(violations, Vec::<&str>::new(), "{log}");
    }

    /// Sends a request of the test's own.
    fn get(&self, target: &str) {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("Prism listens");
        let request =
            format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: SSWS x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it can be sent");
        stream.read_to_string(&mut String::new()).expect("it is answered");
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        // Where it has ended already, both say so.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
