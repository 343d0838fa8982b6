//! Secrets that are kept elsewhere than in the ini file: fetched for sections that run, and for no others.
//!
//! Promise: a secret is a [`Secret`] from the moment it is there, and no message has a part of it.

mod child;
mod command;
mod file;
mod kept;
mod keyring;
mod store;
mod vault;

use std::path::Path;

pub use kept::{Error as KeptError, Home, Kept};
pub use keyring::{Error as KeyringError, Keyring};
pub use store::Store;

use crate::config::{self, Elsewhere, Env, Fetch, Finding, Place};
use crate::net::{Proxies, Timeouts};
use crate::redact::Secret;

/// Bytes of a secret. The longest are private keys.
pub const MOST_BYTES: usize = 64 << 10;

/// How secrets are reached.
pub struct Ways<'a> {
    /// What relative paths are relative to, and where commands run: the ini file's directory.
    pub base: &'a Path,
    /// Where those of `secret set` are.
    pub kept: Option<&'a Kept>,
    /// The environment, for the address and the token of Vault.
    pub env: &'a Env<'a>,
    /// The proxies of the environment.
    pub proxies: &'a Proxies,
    /// How long the steps of a request may take.
    pub timeouts: &'a Timeouts,
}

/// Why a secret cannot be had.
#[derive(Debug)]
pub struct Failure {
    /// What is wrong, where it was asked for, and what can be done.
    pub finding: Finding,
    /// It may be had later, without a change of the configuration.
    pub is_passing: bool,
}

/// What went wrong, and what can be done.
struct Problem {
    what: String,
    remedy: String,
    is_passing: bool,
}

impl Problem {
    fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            remedy: remedy.into(),
            is_passing: false,
        }
    }

    fn passing(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            is_passing: true,
            ..Self::new(what, remedy)
        }
    }

    fn at(self, place: &Place) -> Finding {
        Finding::error(place.clone(), self.what).remedy(self.remedy)
    }
}

/// What can be known to be wrong without running a command or asking anybody, in the words that [`fetch`] has for it.
pub fn look(wanted: &[Fetch], ways: &Ways<'_>) -> Vec<Finding> {
    let look = |wanted: &Fetch| {
        let looked = match &wanted.from {
            Elsewhere::File(path) => file::read(&ways.base.join(path)).map(drop),
            Elsewhere::Command(line) => command::look(line, ways.base),
            Elsewhere::Kept(name) => return kept::look(ways.kept, name, &wanted.place),
            Elsewhere::Vault(reference) => vault::look(reference, ways),
        };
        Some(looked.err()?.at(&wanted.place))
    };
    wanted.iter().filter_map(look).collect()
}

/// What is worth a warning of secrets that are in files: that every user of the machine can read one, or that it is too short.
pub fn doubts(wanted: &[Fetch], ways: &Ways<'_>) -> Vec<Finding> {
    let doubts = |wanted: &Fetch| {
        let (file, secret) = match &wanted.from {
            Elsewhere::File(path) => {
                let path = ways.base.join(path);
                let secret = file::read(&path).ok();
                (Some(path), secret)
            }
            Elsewhere::Kept(name) => (None, ways.kept.and_then(|kept| kept.store.get(name).ok())),
            Elsewhere::Command(_) | Elsewhere::Vault(_) => (None, None),
        };
        let exposed = file.filter(|file| is_exposed(file)).map(|file| {
            let shown = file.display();
            let what = format!("the file `{shown}` holds a secret, and every user of this machine can read it");
            Finding::warning(wanted.place.clone(), what).remedy(format!("run `chmod go-rwx {shown}`"))
        });
        let short = secret.and_then(|secret| config::short(wanted.place.clone(), &secret));
        exposed.into_iter().chain(short)
    };
    wanted.iter().flat_map(doubts).collect()
}

#[cfg(unix)]
fn is_exposed(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let is_exposed = |metadata: std::fs::Metadata| metadata.is_file() && metadata.permissions().mode() & 0o004 != 0;
    std::fs::metadata(file).is_ok_and(is_exposed)
}

/// Who can read a file is inherited from its directory.
#[cfg(not(unix))]
fn is_exposed(_file: &Path) -> bool {
    false
}

/// The secrets with the names of their settings, or everything that is wrong.
pub async fn fetch(wanted: &[Fetch], ways: &Ways<'_>) -> Result<Vec<(String, Secret)>, Vec<Failure>> {
    let (mut secrets, mut failures) = (Vec::new(), Vec::new());
    for Fetch { setting, place, from } in wanted {
        let fetched = match from {
            Elsewhere::File(path) => file::read(&ways.base.join(path)),
            Elsewhere::Command(line) => command::run(line, ways.base).await,
            Elsewhere::Kept(name) => kept::fetch(ways.kept, name).await,
            Elsewhere::Vault(reference) => vault::read(reference, ways).await,
        };
        match fetched {
            Ok(secret) => secrets.push((setting.clone(), secret)),
            Err(problem) => failures.push(Failure {
                is_passing: problem.is_passing,
                finding: problem.at(place),
            }),
        }
    }
    if failures.is_empty() {
        Ok(secrets)
    } else {
        Err(failures)
    }
}

/// The secret that these bytes are: UTF-8, without the line break at its end, which every editor writes.
pub fn text(bytes: Vec<u8>) -> Result<Secret, &'static str> {
    if bytes.len() > MOST_BYTES {
        return Err("is longer than 64 KiB");
    }
    let secret = String::from_utf8(bytes)
        .map(Secret::new)
        .map_err(|_| "is not text in UTF-8")?;
    let whole = secret.expose();
    let value = whole
        .strip_suffix('\n')
        .map_or(whole, |line| line.strip_suffix('\r').unwrap_or(line));
    if value.is_empty() {
        return Err("is empty");
    }
    let secret = Secret::new(value);
    secret.flaw().map_or(Ok(secret), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_break_at_the_end_is_not_part_of_a_secret() {
        for (bytes, expected) in [
            ("a\n", Ok("a")),
            ("a\r\n", Ok("a")),
            ("a\n\n", Err("holds a line break")),
            ("a\rb", Err("holds a line break")),
            ("a\x1b[A", Err("holds a control character")),
            ("a\tb", Ok("a\tb")),
            (" a ", Ok(" a ")),
            ("\n", Err("is empty")),
            ("a\0b", Err("holds a NUL")),
        ] {
            let read = text(bytes.as_bytes().to_vec());
            assert_eq!(
                read.as_ref().map(Secret::expose).map_err(|what| *what),
                expected,
                "{bytes:?}"
            );
        }
        assert_eq!(text(vec![0xff]), Err("is not text in UTF-8"));
        assert_eq!(text(vec![b'a'; MOST_BYTES + 1]), Err("is longer than 64 KiB"));
    }
}
