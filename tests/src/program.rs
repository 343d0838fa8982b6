//! The program, run as a user runs it: in a home of its own, with nothing of this machine's environment but what is named here.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

use crate::output::Output;
use crate::running::Running;

/// The program and its home, where its ini file and everything that it keeps are.
pub struct Program {
    home: Arc<TempDir>,
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
            home: Arc::new(TempDir::new().expect("a temporary directory can be made")),
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
        // As a careful admin has it: what may hold secrets is nobody else's to read.
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("it is ours");
        path
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.launch(arguments).end()
    }

    /// Runs it with this on its standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let mut stdin = child.stdin.take().expect("it has one");
        // It may have ended without a wish to read it.
        _ = std::io::Write::write_all(&mut stdin, input.as_bytes());
        drop(stdin);
        Running::new(child, arguments, self.home.clone()).end()
    }

    /// Starts it, to do something to it while it runs.
    pub fn launch(&self, arguments: &[&str]) -> Running {
        Running::new(self.start(arguments), arguments, self.home.clone())
    }

    /// The files that are in its home by now, as paths below it.
    pub fn files(&self) -> Vec<PathBuf> {
        fn below(directory: &Path, files: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(directory).expect("directories can be read") {
                let path = entry.expect("directories can be read").path();
                if path.is_dir() {
                    below(&path, files);
                } else {
                    files.push(path);
                }
            }
        }
        let mut files = Vec::new();
        below(self.home(), &mut files);
        let relative = |path: PathBuf| path.strip_prefix(self.home()).map(Path::to_owned).unwrap_or(path);
        files.into_iter().map(relative).collect()
    }

    /// Runs it with this file as its standard output.
    pub fn run_onto(&self, file: &str, arguments: &[&str]) -> Output {
        let file = std::fs::File::options()
            .write(true)
            .open(file)
            .expect("the file can be opened");
        let child = self
            .command(arguments)
            .stdout(file)
            .spawn()
            .expect("the program can be started");
        Running::new(child, arguments, self.home.clone()).end()
    }

    /// Starts it; whoever does waits for it.
    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().expect("the program can be started")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(Self::path());
        command
            .args(arguments)
            .current_dir(self.home())
            .env_clear()
            .env("HOME", self.home())
            .env("PATH", "/usr/bin:/bin")
            .env("OOMNITZA_RETRY_BASE_MS", "1")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Where it is, once `make build` has built it.
    pub fn path() -> PathBuf {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/oomnitza-connector");
        assert!(
            path.is_file(),
            "{} is not there: run `make build` first",
            path.display()
        );
        path
    }
}
