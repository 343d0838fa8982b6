//! A real keyring: GNOME Keyring in a D-Bus session and a home of its own.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::guarded::{self, Guarded};
use crate::program::Program;

/// What to do where it cannot be had.
const REMEDY: &str = "hint: run `make setup`, which installs D-Bus, GNOME Keyring and secret-tool";

/// A session that starts nothing by itself.
const SESSION: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
    "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A D-Bus session, and the keyring in it where there is one.
pub struct Keyring {
    daemon: Option<Daemon>,
    _bus: Guarded,
    home: TempDir,
}

/// GNOME Keyring, and where it says what troubles it.
struct Daemon {
    _server: Guarded,
    said: PathBuf,
}

impl Keyring {
    /// A session without a keyring.
    pub fn absent() -> Self {
        let home = TempDir::new().expect("a temporary directory can be made");
        let socket = home.path().join("bus");
        let configuration = home.path().join("session.conf");
        std::fs::write(&configuration, SESSION.replace("SOCKET", &socket.display().to_string()))
            .expect("files can be written");
        std::fs::write(home.path().join("password"), "of the keyring").expect("files can be written");
        let mut command = Command::new("dbus-daemon");
        command.arg("--nofork").arg("--config-file").arg(configuration);
        let bus = Guarded::start(guarded::directory("dbus-"), &command, |_| socket.exists())
            .unwrap_or_else(|said| panic!("dbus-daemon does not start:\n{said}\n{REMEDY}"));
        Self {
            daemon: None,
            _bus: bus,
            home,
        }
    }

    /// A session whose keyring is unlocked, as somebody finds it who has signed in.
    pub fn unlocked() -> Self {
        let mut keyring = Self::absent();
        keyring.serve("--unlock <password", "/collection/");
        keyring
    }

    /// A session whose keyring was never set up.
    pub fn never_set_up() -> Self {
        let mut keyring = Self::absent();
        keyring.serve("", "\"/\"");
        keyring
    }

    /// Starts it anew, as a machine does where nobody has signed in since.
    pub fn lock(&mut self) {
        self.daemon = None;
        self.serve("", "/collection/");
    }

    /// Starts it, and waits until this is its default collection.
    fn serve(&mut self, how: &str, collection: &str) {
        let line = format!("cd \"$HOME\" && exec gnome-keyring-daemon --foreground --components=secrets {how}");
        let mut command = Command::new("env");
        command
            .args(self.environment().map(|(name, value)| format!("{name}={value}")))
            .args(["/bin/sh", "-c", &line]);
        let directory = guarded::directory("keyring-");
        let said = directory.path().join("said");
        let is_there = |_: &Path| self.collection().contains(collection);
        let server = Guarded::start(directory, &command, is_there)
            .unwrap_or_else(|said| panic!("GNOME Keyring does not start:\n{said}\n{REMEDY}"));
        self.daemon = Some(Daemon { _server: server, said });
    }

    /// Which collection is the default, in D-Bus' words.
    fn collection(&self) -> String {
        let output = Command::new("dbus-send")
            .args(["--session", "--print-reply", "--dest=org.freedesktop.secrets"])
            .args(["/org/freedesktop/secrets", "org.freedesktop.Secret.Service.ReadAlias"])
            .arg("string:default")
            .envs(self.environment())
            .output()
            .unwrap_or_else(|error| panic!("dbus-send cannot be run: {error}\n{REMEDY}"));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn environment(&self) -> [(&str, String); 3] {
        let home = self.home.path().display().to_string();
        [
            ("HOME", home.clone()),
            ("XDG_RUNTIME_DIR", home),
            ("DBUS_SESSION_BUS_ADDRESS", self.address()),
        ]
    }

    /// The program in this session, told where it is.
    pub fn tell(&self, program: Program) -> Program {
        program.env("DBUS_SESSION_BUS_ADDRESS", &self.address())
    }

    /// The program in this session, which it has to find by itself.
    pub fn host(&self, program: Program) -> Program {
        program.env("XDG_RUNTIME_DIR", &self.home.path().display().to_string())
    }

    fn address(&self) -> String {
        format!("unix:path={}", self.home.path().join("bus").display())
    }

    /// What `secret-tool` prints, which is another way into the keyring than the program's.
    pub fn tool(&self, arguments: &[&str], input: &str) -> String {
        let mut child = Command::new("secret-tool")
            .args(arguments)
            .envs(self.environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("secret-tool cannot be run: {error}\n{REMEDY}"));
        let mut stdin = child.stdin.take().expect("it has one");
        // `lookup` does not read it.
        _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("it can be waited for");
        String::from_utf8(output.stdout).expect("it is text")
    }

    /// What `secret-tool` finds under a name.
    pub fn value(&self, name: &str) -> String {
        self.tool(&["lookup", "application", "oomnitza-connector", "name", name], "")
    }

    /// Fails where the keyring has tried to show somebody a window.
    pub fn assert_nobody_was_prompted(&self) {
        let said = self.daemon.as_ref().map(|daemon| &daemon.said);
        let said = std::fs::read_to_string(said.expect("it runs")).expect("it can be read");
        assert!(!said.contains("prompt"), "{said}");
    }
}
