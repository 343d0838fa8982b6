//! Servers of other people, run in a directory of their own.
//!
//! A shell stands between a server and the test, so that it ends and its directory is removed however the test ends: servers that tests
//! share are never dropped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The longest that a start may take.
const LONGEST: Duration = Duration::from_secs(60);

/// Runs the server until it ends or standard input does, says by a file that it has ended, and in the end removes the directory. Whoever
/// interrupts the tests interrupts the shell as well, which then still has that to do.
const SHELL: &str = r#"
trap '' INT HUP
exec 3<&0
directory=$1; shift
"$@" </dev/null 3<&- >"$directory/said" 2>&1 &
server=$!
{ read -r _ <&3; kill -9 "$server"; } 2>/dev/null &
wait "$server"
: >"$directory/ended"
wait
rm -rf "$directory"
"#;

/// A directory below `target`, where programs can be run for certain.
pub(crate) fn directory(prefix: &str) -> TempDir {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tmp");
    std::fs::create_dir_all(&place).expect("directories can be made");
    let place = place.canonicalize().expect("it was just made");
    TempDir::with_prefix_in(prefix, place).expect("a temporary directory can be made")
}

/// A running server. It ends when this is dropped, or with the test's process.
pub(crate) struct Guarded {
    shell: Mutex<Child>,
}

impl Guarded {
    /// Starts a server, whose directory is removed when it ends, and waits until it is there; what it says if it ends before.
    pub(crate) fn start(
        directory: TempDir,
        command: &Command,
        is_there: impl Fn(&Path) -> bool,
    ) -> Result<Self, String> {
        let directory = directory.keep();
        let shell = Command::new("/bin/sh")
            .args(["-c", SHELL, "server"])
            .arg(&directory)
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell can be started");
        let server = Self {
            shell: Mutex::new(shell),
        };
        let started = Instant::now();
        while started.elapsed() < LONGEST {
            if directory.join("ended").exists() {
                return Err(text(&directory.join("said")));
            }
            if is_there(&directory) {
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Err(format!("it does not answer\n{}", text(&directory.join("said"))))
    }

    /// Ends it at once, as a machine that loses power does.
    pub(crate) fn kill(&self) {
        let mut shell = self.shell.lock().unwrap_or_else(PoisonError::into_inner);
        drop(shell.stdin.take());
        shell.wait().expect("a process can be waited for");
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.kill();
    }
}

fn text(file: &PathBuf) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| format!("{}: {error}", file.display()))
}
