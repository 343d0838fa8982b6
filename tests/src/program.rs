//! The program, run as a user runs it: in a home of its own, with nothing of this machine's environment but what is named here.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::output::Output;

/// The longest any run of a test takes; a run that hangs fails its test instead of the whole suite.
const LONGEST: Duration = Duration::from_secs(120);

/// The program and its home, where its ini file and everything that it keeps are.
pub struct Program {
    home: TempDir,
    environment: Vec<(String, String)>,
}

impl Program {
    /// The program with this `config.ini`.
    pub fn with(ini: &str) -> Self {
        let program = Self::bare();
        program.write("config.ini", ini.as_bytes());
        program
    }

    /// The program in an empty home.
    pub fn bare() -> Self {
        Self {
            home: TempDir::new().expect("a temporary directory can be made"),
            environment: Vec::new(),
        }
    }

    /// With an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Its home.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Puts a file into its home.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.home().join(name);
        std::fs::create_dir_all(path.parent().expect("it is below the home")).expect("directories can be made");
        std::fs::write(&path, bytes).expect("files can be written");
        path
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut child = self.start(arguments);
        let started = Instant::now();
        // Read while it runs: a full pipe would stop it.
        let stdout = read(child.stdout.take());
        let stderr = read(child.stderr.take());
        let status = loop {
            if let Some(status) = child.try_wait().expect("the program can be waited for") {
                break status;
            }
            if started.elapsed() > LONGEST {
                child.kill().expect("the program can be ended");
                let text = |reader: std::thread::JoinHandle<String>| reader.join().unwrap_or_default();
                panic!(
                    "{arguments:?} did not end in {LONGEST:?}\n{}\n{}",
                    text(stdout),
                    text(stderr)
                );
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let text = |reader: std::thread::JoinHandle<String>| reader.join().expect("its output can be read");
        Output {
            code: status.code(),
            stdout: text(stdout),
            stderr: text(stderr),
            home: self.home().to_owned(),
        }
    }

    /// Starts it; whoever does waits for it.
    pub fn start(&self, arguments: &[&str]) -> Child {
        Command::new(binary())
            .args(arguments)
            .current_dir(self.home())
            .env_clear()
            .env("HOME", self.home())
            .env("PATH", "/usr/bin:/bin")
            .env("OOMNITZA_RETRY_BASE_MS", "1")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started")
    }
}

fn read(stream: Option<impl std::io::Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut stream) = stream {
            _ = stream.read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    })
}

/// The program that `make build` built.
fn binary() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/oomnitza-connector");
    assert!(
        path.is_file(),
        "{} is not there: run `make build` first",
        path.display()
    );
    path
}
