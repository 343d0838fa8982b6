//! A SOAP server made of a WSDL, while a test runs.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use oomnitza_tests::eventually;
use serde_json::Value;
use tempfile::TempDir;

/// Jasper's service. Dropping it ends it.
pub struct Service {
    child: Child,
    said: Arc<Mutex<Vec<Value>>>,
    _directory: TempDir,
}

impl Service {
    pub fn start() -> Self {
        let packages = std::env::var_os("NODE_PACKAGES").expect("NODE_PACKAGES names them: run `make test-servers`");
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        let own = tests.join("servers/jasper");
        // The WSDL looks for its schema beside it.
        let directory = TempDir::new().expect("a temporary directory can be made");
        for (from, name) in [
            (own.join("Terminal.wsdl"), "Terminal.wsdl"),
            (
                tests.join("../connectors/jasper/tests/recorded/JasperAPI.xsd"),
                "JasperAPI.xsd",
            ),
        ] {
            std::fs::copy(&from, directory.path().join(name))
                .unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        }
        let mut child = Command::new("node")
            .arg(own.join("serve.js"))
            .arg(".")
            .current_dir(directory.path())
            .env("NODE_PATH", packages)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("node can be started");
        let said = Arc::<Mutex<Vec<Value>>>::default();
        let (kept, lines) = (
            said.clone(),
            BufReader::new(child.stdout.take().expect("its output is piped")).lines(),
        );
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let line = serde_json::from_str(&line).expect("its lines are JSON");
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        let service = Self {
            child,
            said,
            _directory: directory,
        };
        eventually("the service listens", || !service.said().is_empty());
        service
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/ws/service/Terminal", self.said()[0])
    }

    /// What it was asked.
    pub fn asked(&self) -> Vec<Value> {
        self.said().split_off(1)
    }

    fn said(&self) -> Vec<Value> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Where it has ended already, both say so.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
