//! The program, run as a user runs it: in a home of its own, with nothing of this machine's environment but what is named here.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;

use crate::kept;
use crate::output::Output;
use crate::running::Running;

/// The program and its home, where its ini file and everything that it keeps are.
pub struct Program {
    home: Arc<TempDir>,
    environment: Vec<(String, String)>,
    /// Files that the test put there, as paths below the home.
    own: Arc<Mutex<Vec<PathBuf>>>,
    /// Whether it also keeps a log that says all it can, which is searched for secrets.
    is_talkative: bool,
    /// What must be nowhere besides the secrets of the ini file.
    secrets: Vec<String>,
}

/// A log that says all it can, beside what people see.
const TALKATIVE: &str = r#"{"version": 1, "formatters": {"all": {"format": "%(name)s %(section)s %(levelname)s %(message)s"}},
    "handlers": {"all": {"class": "logging.FileHandler", "filename": "all.log", "formatter": "all"}},
    "root": {"level": "NOTSET", "handlers": ["all"]}}"#;

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
            own: Arc::default(),
            is_talkative: true,
            secrets: Vec::new(),
        }
    }

    /// With an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With the log that the program has by itself, which those who run it from cron see.
    pub fn with_its_own_log(mut self) -> Self {
        self.is_talkative = false;
        self.env("RUST_LOG", "")
    }

    /// With a secret that is not in its ini file: what it prints and writes is searched for it too.
    pub fn keeping(mut self, secret: &str) -> Self {
        self.secrets.push(secret.to_owned());
        self
    }

    /// Runs `upload` of a section twice: to see what its records are, and to see that nothing of them is printed or logged at any level. What
    /// the ini file has as well may be.
    pub fn assert_records_are_kept(self, section: &str) {
        let output = self.run(&["upload", section, "--save-data"]);
        assert_eq!(output.code, Some(0), "{output}");
        let saved = self.home().join("saved_data");
        let mut texts = kept::texts(&saved);
        std::fs::remove_dir_all(saved).expect("it is there");
        let ini = std::fs::read_to_string(self.home().join("config.ini")).expect("it is there");
        texts.retain(|text| !ini.contains(text.as_str()));
        assert!(!texts.is_empty(), "no record has a text\n{output}");
        let program = texts
            .iter()
            .fold(self.env("RUST_LOG", "trace"), |program, text| program.keeping(text));
        let output = program.run(&["upload", section]);
        assert_eq!(output.code, Some(0), "{output}");
        assert!(output.stderr.contains("TRACE"), "{output}");
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
        self.own
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(PathBuf::from(name));
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
        self.running(child, arguments).end()
    }

    /// Starts it, to do something to it while it runs.
    pub fn launch(&self, arguments: &[&str]) -> Running {
        self.running(self.start(arguments), arguments)
    }

    fn running(&self, child: Child, arguments: &[&str]) -> Running {
        let mut secrets = kept::secrets(self.home(), arguments, &self.environment);
        secrets.extend_from_slice(&self.secrets);
        Running::new(child, arguments, self.home.clone(), secrets, self.own.clone())
    }

    /// The files that are in its home by now, as paths below it. The log that is there for the search for secrets is not one of them.
    pub fn files(&self) -> Vec<PathBuf> {
        let is_log = |path: &Path| {
            path == Path::new("logging.json") || path.extension().is_some_and(|extension| extension == "log")
        };
        let mut files = below(self.home());
        files.retain(|path| !self.is_talkative || !is_log(path));
        files
    }

    /// Runs it with this file as its standard output.
    pub fn run_onto(&self, file: &str, arguments: &[&str]) -> Output {
        let file = std::fs::File::options()
            .write(true)
            .open(file)
            .expect("the file can be opened");
        self.run_into(file, arguments)
    }

    /// Runs it with this as its standard output.
    pub fn run_into(&self, stdout: impl Into<Stdio>, arguments: &[&str]) -> Output {
        let child = self
            .command(arguments)
            .stdout(stdout)
            .spawn()
            .expect("the program can be started");
        self.running(child, arguments).end()
    }

    /// Starts it; whoever does waits for it.
    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().expect("the program can be started")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        if self.is_talkative {
            self.write("logging.json", TALKATIVE.as_bytes());
        }
        let mut command = Command::new(Self::path());
        command
            .args(arguments)
            .current_dir(self.home())
            .env_clear()
            .env("HOME", self.home())
            .env("PATH", "/usr/bin:/bin")
            // Without a D-Bus session: the keyring of whoever runs the tests is not theirs.
            .env("XDG_RUNTIME_DIR", self.home().join("no-session"))
            .env("OOMNITZA_RETRY_BASE_MS", "1")
            // Warnings on standard error and no log files; what else is logged, the tests of the log show.
            .env("RUST_LOG", "warn")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Where it is, once `make build` has built it. `OOMNITZA_PROGRAM` names another one, as `tests/windows.sh` does.
    pub fn path() -> PathBuf {
        let built = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/oomnitza-connector");
        let path = std::env::var_os("OOMNITZA_PROGRAM").map_or_else(built, PathBuf::from);
        assert!(
            path.is_file(),
            "{} is not there: run `make build` first",
            path.display()
        );
        path
    }
}

/// The files below a directory, as paths below it.
pub(crate) fn below(directory: &Path) -> Vec<PathBuf> {
    let (mut files, mut open) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(next) = open.pop() {
        // What a test made unreadable, the program cannot have written.
        for entry in std::fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.is_file() {
                files.push(path.strip_prefix(directory).expect("it is below").to_owned());
            }
        }
    }
    files
}
