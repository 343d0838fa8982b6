//! The keychain of macOS, by its program `security`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Command;
use zeroize::Zeroizing;

use super::{APPLICATION, Error, ask, label};
use crate::redact::Secret;
use crate::secrets::MOST_BYTES;
use crate::secrets::child::Ended;

/// Bytes of a secret: a line of commands for `security` holds 4,096, and each byte of the secret takes two.
const LINE_BYTES: usize = 1900;

/// Bytes of a list of everything that is in the keychain, without what is secret of it.
const LIST_BYTES: usize = 8 << 20;

/// What `security` ends with where nothing was found (errSecItemNotFound).
const NOT_FOUND: i32 = 44;

/// And where it would have to ask somebody who is not there (errSecInteractionNotAllowed).
const NOBODY_TO_ASK: i32 = 36;

#[derive(Debug, Clone)]
pub(super) struct Keychain {
    security: PathBuf,
    longest: Duration,
}

impl Keychain {
    pub(super) fn new(security: PathBuf, longest: Duration) -> Self {
        Self { security, longest }
    }

    pub(super) async fn set(&self, name: &str, secret: &Secret) -> Result<(), Error> {
        let bytes = secret.expose().as_bytes();
        if bytes.len() > LINE_BYTES {
            return Err(Error::Failed(format!(
                "`security` takes {LINE_BYTES} bytes, and the secret is longer"
            )));
        }
        // Read from standard input, where no other user sees it; in hexadecimal no character of it means anything.
        let mut line = Zeroizing::new(String::with_capacity(4096));
        _ = write!(
            line,
            "add-generic-password -U -s {APPLICATION} -a {name} -l \"{}\" -X ",
            label(name)
        );
        for byte in bytes {
            _ = write!(line, "{byte:02x}");
        }
        line.push('\n');
        self.run(&["-i"], line.as_bytes(), MOST_BYTES).await.map(drop)
    }

    pub(super) async fn get(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        let arguments = ["find-generic-password", "-s", APPLICATION, "-a", name, "-w"];
        Ok(self.run(&arguments, &[], MOST_BYTES).await?.printed)
    }

    pub(super) async fn names(&self) -> Result<Vec<String>, Error> {
        // Without `-d` it prints what secrets are called, and none of them.
        let ended = self.run(&["dump-keychain"], &[], LIST_BYTES).await?;
        if ended.printed.len() > LIST_BYTES {
            return Err(Error::Failed("`security` lists more than 8 MiB".to_owned()));
        }
        let printed = String::from_utf8_lossy(&ended.printed);
        let entries = printed.split("\nkeychain: ");
        let value = |entry: &str, name: &str| {
            let start = format!("\"{name}\"<blob>=\"");
            let line = entry.lines().find_map(|line| line.trim_start().strip_prefix(&start));
            line.and_then(|line| line.strip_suffix('"')).map(str::to_owned)
        };
        let ours = entries.filter(|entry| value(entry, "svce").is_some_and(|service| service == APPLICATION));
        Ok(ours.filter_map(|entry| value(entry, "acct")).collect())
    }

    pub(super) async fn delete(&self, name: &str) -> Result<(), Error> {
        let arguments = ["delete-generic-password", "-s", APPLICATION, "-a", name];
        self.run(&arguments, &[], MOST_BYTES).await.map(drop)
    }

    async fn run(&self, arguments: &[&str], input: &[u8], most: usize) -> Result<Ended, Error> {
        let mut command = Command::new(&self.security);
        command.args(arguments);
        let ended = ask(command, input, most, self.longest).await?;
        match ended.status.code() {
            Some(0) => Ok(ended),
            Some(NOT_FOUND) => Err(Error::Unknown),
            Some(NOBODY_TO_ASK) => Err(Error::Locked),
            _ => Err(Error::Failed(format!("`security` {}", ended.how()))),
        }
    }
}
