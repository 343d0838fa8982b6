//! One run of a section at a time, across processes.
//!
//! A run holds an exclusive lock of the operating system (`flock`, `LockFileEx`) on a file that belongs to the section and to the ini
//! file, by whatever path that was named. The lock ends with its process, however that ends, so that none is ever stale. The locked file is
//! never removed: whoever had opened it before would hold a lock that others do not see. Who holds it stands in a file beside it, since on
//! Windows a locked file cannot be read.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::name;
use crate::files;
use crate::redact::clean;

/// Bytes of what is kept of a holder.
const MOST_BYTES: u64 = 4 << 10;

/// A section's lock. It is given back when this is dropped.
#[derive(Debug)]
pub struct Lock {
    /// Open as long as the lock is held.
    _file: File,
    holder: PathBuf,
}

/// Why there is no lock.
#[derive(Debug)]
pub enum NoLock {
    /// Another run of the section holds it; who, for people, as far as it is known.
    Held(Option<String>),
    /// The machine gives none.
    Unavailable(std::io::Error),
}

/// Who holds a lock.
#[derive(Serialize, Deserialize)]
struct Holder {
    pid: u32,
    host: String,
    since: String,
}

impl Lock {
    /// Takes the lock of an ini file's section in `directory`, for this process on the machine called `host`.
    pub fn take(directory: &Path, ini: &Path, section: &str, host: &str) -> Result<Self, NoLock> {
        let name = name(ini, section);
        let holder = directory.join(format!("{name}.json"));
        let file = files::private_directory(directory)
            .and_then(|()| files::kept_private_file(&directory.join(format!("{name}.lock"))))
            .map_err(NoLock::Unavailable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(NoLock::Held(read(&holder))),
            Err(TryLockError::Error(error)) => return Err(NoLock::Unavailable(error)),
        }
        let this = Holder {
            pid: std::process::id(),
            host: host.to_owned(),
            since: httpdate::fmt_http_date(SystemTime::now()),
        };
        // Only told to people: a lock without it is as good.
        let written = serde_json::to_vec(&this)
            .map_err(std::io::Error::from)
            .and_then(|text| files::note(&holder, &text));
        if let Err(error) = written {
            tracing::info!(path = %holder.display(), %error, "it cannot be written down who runs the section");
        }
        Ok(Self { _file: file, holder })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        _ = std::fs::remove_file(&self.holder);
    }
}

/// Who holds a lock, if it can be read.
fn read(path: &Path) -> Option<String> {
    let bytes = files::read(path, MOST_BYTES).ok()??;
    let holder: Holder = serde_json::from_slice(&bytes).ok()?;
    Some(format!(
        "process {} on {}, since {}",
        holder.pid,
        clean(&holder.host, 80),
        clean(&holder.since, 80)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(result: Result<Lock, NoLock>) -> Option<String> {
        match result {
            Err(NoLock::Held(who)) => who,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_section_of_a_file_is_locked_once_by_whatever_path_it_is_named() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("locks");
        let ini = |name: &str| home.path().join(name);
        std::fs::write(ini("a.ini"), "").unwrap();
        std::fs::write(ini("b.ini"), "").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(ini("a.ini"), ini("link.ini")).unwrap();
        let take = |path: &Path, section: &str| Lock::take(&directory, path, section, "host-1");
        let lock = take(&ini("a.ini"), "okta").unwrap();
        let who = held(take(&ini("a.ini"), "okta")).unwrap();
        let expected = format!("process {} on host-1, since ", std::process::id());
        assert!(who.starts_with(&expected) && who.ends_with(" GMT"), "{who}");
        #[cfg(unix)]
        held(take(&ini("link.ini"), "okta")).unwrap();
        held(take(&home.path().join("locks/../a.ini"), "okta")).unwrap();
        let others = [take(&ini("a.ini"), "okta.B"), take(&ini("b.ini"), "okta")];
        assert!(others.iter().all(Result::is_ok), "{others:?}");
        drop(lock);
        assert!(take(&ini("a.ini"), "okta").is_ok());
    }

    #[test]
    fn who_holds_it_may_be_unknown() {
        let home = tempfile::tempdir().unwrap();
        let ini = home.path().join("a.ini");
        std::fs::write(&ini, "").unwrap();
        let lock = Lock::take(home.path(), &ini, "okta", "h").unwrap();
        for text in ["", "{", "{\"pid\":-1}", &" ".repeat(5 << 10)] {
            std::fs::write(&lock.holder, text).unwrap();
            assert_eq!(held(Lock::take(home.path(), &ini, "okta", "h")), None, "{text}");
        }
        std::fs::write(&lock.holder, r#"{"pid":1,"host":"a\u001b[2Jb","since":"x\ny"}"#).unwrap();
        assert_eq!(
            held(Lock::take(home.path(), &ini, "okta", "h")).as_deref(),
            Some("process 1 on a\\u{1b}[2Jb, since x\\ny")
        );
    }

    #[test]
    fn a_machine_that_gives_no_lock_says_why() {
        let home = tempfile::tempdir().unwrap();
        let ini = home.path().join("a.ini");
        std::fs::write(&ini, "").unwrap();
        // A file where the directory should be.
        let result = Lock::take(&ini.join("locks"), &ini, "okta", "h");
        assert!(matches!(result, Err(NoLock::Unavailable(_))), "{result:?}");
    }
}
