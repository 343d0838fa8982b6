//! The program while it runs.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::output::Output;

/// The longest any run of a test takes; a run that hangs fails its test instead of the whole suite.
const LONGEST: Duration = Duration::from_secs(120);

/// The program while it runs. Dropping it ends it.
pub struct Running {
    child: Child,
    arguments: String,
    stdout: Stream,
    stderr: Stream,
    /// Kept until it has ended.
    home: Arc<TempDir>,
    /// What must be nowhere, but in the test's own files.
    secrets: Vec<String>,
    own: Arc<Mutex<Vec<PathBuf>>>,
}

impl Running {
    pub(crate) fn new(
        mut child: Child,
        arguments: &[&str],
        home: Arc<TempDir>,
        secrets: Vec<String>,
        own: Arc<Mutex<Vec<PathBuf>>>,
    ) -> Self {
        // Read while it runs: a full pipe would stop it.
        let stdout = Stream::read(child.stdout.take());
        let stderr = Stream::read(child.stderr.take());
        Self {
            child,
            arguments: arguments.join(" "),
            stdout,
            stderr,
            home,
            secrets,
            own,
        }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The most memory that it had so far, bytes.
    pub fn most_memory(&self) -> usize {
        let path = format!("/proc/{}/status", self.id());
        let status = std::fs::read_to_string(path).expect("it is running, on Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok());
        kilobytes.expect("a number") << 10
    }

    /// Sends it a signal, `TERM` say.
    pub fn signal(&self, name: &str) {
        let command = format!("kill -s {name} {}", self.child.id());
        let status = Command::new("sh")
            .args(["-c", &command])
            .status()
            .expect("there is a shell");
        assert!(
            status.success(),
            "`{command}` failed: has `{}` ended?\n{}",
            self.arguments,
            self.stderr.text()
        );
    }

    /// Waits until it has said this on standard error.
    pub fn wait_to_say(&mut self, what: &str) {
        let bytes = self.stderr.bytes.clone();
        self.wait_until(&format!("it says `{what}`"), || text(&bytes).contains(what));
    }

    /// Waits until something is so, which it cannot become any more once the program has ended.
    pub fn wait_until(&mut self, what: &str, is_so: impl Fn() -> bool) {
        eventually(&format!("`{}`: {what}", self.arguments), || {
            let has_ended = self.child.try_wait().expect("the program can be waited for").is_some();
            let is_so = is_so();
            assert!(
                is_so || !has_ended,
                "`{}` ended before {what}\n{}",
                self.arguments,
                self.stderr.text()
            );
            is_so
        });
    }

    /// Waits for its end.
    pub fn end(mut self) -> Output {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("the program can be waited for") {
                break status;
            }
            if started.elapsed() > LONGEST {
                let (stdout, stderr) = (self.stdout.text(), self.stderr.text());
                panic!("`{}` did not end in {LONGEST:?}\n{stdout}\n{stderr}", self.arguments);
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let output = Output {
            code: status.code(),
            stdout: self.stdout.whole(),
            stderr: self.stderr.whole(),
            home: self.home.path().to_owned(),
        };
        let own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        crate::kept::assert_kept(&output, &self.secrets, &own);
        drop(own);
        output
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Where it has ended already, both say so.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Waits until something is so.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < LONGEST, "waited {LONGEST:?} in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// What comes out of a pipe, as far as it has come.
struct Stream {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Stream {
    fn read(pipe: Option<impl Read + Send + 'static>) -> Self {
        let bytes = Arc::<Mutex<Vec<u8>>>::default();
        let reader = pipe.map(|mut pipe| {
            let bytes = bytes.clone();
            std::thread::spawn(move || {
                let mut piece = [0; 8 << 10];
                while let Ok(count @ 1..) = pipe.read(&mut piece) {
                    bytes
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .extend_from_slice(&piece[..count]);
                }
            })
        });
        Self { bytes, reader }
    }

    fn text(&self) -> String {
        text(&self.bytes)
    }

    /// What came until the pipe was closed.
    fn whole(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("what it prints can be read");
        }
        self.text()
    }
}

fn text(bytes: &Mutex<Vec<u8>>) -> String {
    String::from_utf8_lossy(&bytes.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}
