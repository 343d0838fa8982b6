//! Debian's own cron, the daemon and its `crontab`.
//!
//! Their places cannot be changed, so they run where the spool and the rest of what they read are other directories (a mount namespace):
//! no job of this machine runs, and its crontabs stay as they are. Cron starts jobs as root only.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::guarded::{self, Guarded};

/// Puts other directories in place of cron's own, says by which process they are found, and becomes the daemon when it is told to.
const SCRIPT: &str = r#"
set -e
mount -t tmpfs none /var/spool/cron/crontabs
chgrp crontab /var/spool/cron/crontabs
chmod 1730 /var/spool/cron/crontabs
mount -t tmpfs none /etc/cron.d
mount -t tmpfs none /run
mount --bind /dev/null /etc/crontab
read -r process rest </proc/self/stat
echo "$process" >"$1/process"
while [ ! -e "$1/begun" ]; do sleep 0.1; done
exec /usr/sbin/cron -f
"#;

/// A cron whose daemon does not run yet. It ends with its jobs when this is dropped, or with the test's process.
pub struct Cron {
    _server: Guarded,
    directory: PathBuf,
    process: String,
}

impl Cron {
    /// One where nobody has a crontab.
    pub fn prepare() -> Self {
        let directory = guarded::directory("cron-");
        let place = directory.path().to_owned();
        let mut command = Command::new("unshare");
        command
            .args([
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "/bin/sh",
                "-c",
                SCRIPT,
                "cron",
            ])
            .arg(&place);
        let process = |place: &Path| {
            let text = std::fs::read_to_string(place.join("process")).unwrap_or_default();
            text.strip_suffix('\n').map(str::to_owned)
        };
        let server = Guarded::start(directory, &command, |place| process(place).is_some());
        let remedy = "hint: run `make setup`, which installs cron, and the tests as root where namespaces may be made";
        Self {
            _server: server.unwrap_or_else(|said| panic!("cron does not start:\n{said}\n{remedy}")),
            process: process(&place).expect("it was there"),
            directory: place,
        }
    }

    /// Starts the daemon. What is changed in the very second in which it reads the crontabs, it would not notice.
    pub fn begin(&self) {
        std::fs::write(self.directory.join("begun"), "").expect("files can be written");
    }

    /// A script that is this cron's `crontab`.
    pub fn tool(&self) -> String {
        let process = &self.process;
        format!("#!/bin/sh\nexec /usr/bin/nsenter --target {process} --mount /usr/bin/crontab \"$@\"\n")
    }

    /// Root's crontab.
    pub fn crontab(&self) -> String {
        self.run("crontab -l", "")
    }

    /// Puts another one in its place.
    pub fn replace(&self, crontab: &str) {
        self.run("printf %s \"$1\" | crontab -", crontab);
    }

    fn run(&self, script: &str, argument: &str) -> String {
        let output = Command::new("nsenter")
            .args([
                "--target",
                &self.process,
                "--mount",
                "/bin/sh",
                "-c",
                script,
                "crontab",
                argument,
            ])
            .output()
            .expect("nsenter can be started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("it is text")
    }
}
