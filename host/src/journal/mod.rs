//! What is kept of sections' runs: where each section's next one goes on, and which of them are under way ([`Lock`]).
//!
//! A cursor is kept only when every record up to it has been delivered, and it is written so that a crash leaves the old one or the new
//! one, never half of one (temporary file, sync, rename, sync of the directory). One that does not belong to the section as it is now
//! (another connector version, other settings, other mappings, another Oomnitza) is not used: the run reads everything.

mod lock;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::files;

pub use lock::{Lock, NoLock};

/// Bytes of a journal file: a cursor has at most 64 KiB.
const MOST_BYTES: u64 = 256 << 10;

/// The form of the file. A file of another form is not used.
const FORM: u32 = 1;

/// Where one section's next run goes on.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    /// What the cursor belongs to.
    fingerprint: String,
    entry: Option<Entry>,
}

/// What stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    form: u32,
    section: String,
    fingerprint: String,
    cursor: String,
    /// When everything was read the last time, seconds since 1970.
    full_run: u64,
}

/// What a cursor belongs to; when any of it changes the cursor is of no use.
#[derive(Debug)]
pub struct Belonging<'a> {
    /// The ini file. Two files may have a section of the same name.
    pub ini: &'a Path,
    /// The section.
    pub section: &'a str,
    /// The connector and its major version.
    pub connector: (&'a str, &'a str),
    /// The settings that are no secrets.
    pub settings: &'a [(String, String)],
    /// The address of the Oomnitza that the records go to: another one does not have what was delivered.
    pub destination: &'a str,
    /// What becomes of a record on its way there, as text. Where that changes, it has to be done with old records too.
    pub mapping: &'a str,
}

impl Journal {
    /// The journal of a section in `directory`. A file that cannot be used is set aside and said.
    pub fn open(directory: &Path, belonging: &Belonging<'_>) -> Self {
        let path = directory.join(format!("{}.json", name(belonging.ini, belonging.section)));
        let fingerprint = belonging.fingerprint();
        let entry = match files::read(&path, MOST_BYTES) {
            Ok(None) => None,
            Ok(Some(bytes)) => match serde_json::from_slice::<Entry>(&bytes) {
                Ok(entry) if entry.form == FORM => Some(entry),
                _ => {
                    files::set_aside(&path);
                    tracing::warn!(section = belonging.section, path = %path.display(), "where the last run ended cannot be read; everything is read, and the file is set aside");
                    None
                }
            },
            Err(error) => {
                tracing::warn!(section = belonging.section, path = %path.display(), %error, "where the last run ended cannot be read; everything is read");
                None
            }
        };
        Self {
            path,
            fingerprint,
            entry,
        }
    }

    /// Where the last run ended, unless it belongs to something else, or everything was read longer than `full_every` ago.
    pub fn cursor(&self, full_every: Option<Duration>) -> Option<&str> {
        let entry = self
            .entry
            .as_ref()
            .filter(|entry| entry.fingerprint == self.fingerprint)?;
        let age = now().saturating_sub(entry.full_run);
        let is_due = full_every.is_some_and(|every| age >= every.as_secs());
        (!is_due).then_some(entry.cursor.as_str())
    }

    /// Forgets where the last run ended: the next one reads everything.
    pub fn forget(self) {
        if let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.path.display(), %error, "where the last run ended cannot be forgotten; remove the file");
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps where a run is; `is_full` when it began without a cursor.
    pub fn keep(&mut self, section: &str, cursor: &str, is_full: bool) -> std::io::Result<()> {
        let full_run = match &self.entry {
            Some(entry) if !is_full => entry.full_run,
            _ => now(),
        };
        let entry = Entry {
            form: FORM,
            section: section.to_owned(),
            fingerprint: self.fingerprint.clone(),
            cursor: cursor.to_owned(),
            full_run,
        };
        files::replace(&self.path, &serde_json::to_vec(&entry)?)?;
        self.entry = Some(entry);
        Ok(())
    }
}

impl Belonging<'_> {
    fn fingerprint(&self) -> String {
        let (connector, version) = self.connector;
        let mut parts: Vec<&[u8]> = vec![connector.as_bytes(), version.as_bytes()];
        for (name, value) in self.settings {
            parts.extend([name.as_bytes(), value.as_bytes()]);
        }
        // Settings come in pairs, so these two are told from any of them.
        parts.extend([b"to".as_slice(), self.destination.as_bytes(), self.mapping.as_bytes()]);
        files::hash(parts)
    }
}

/// What the files of an ini file's section are called: by the file itself, whichever links led to it.
fn name(ini: &Path, section: &str) -> String {
    let file = std::fs::canonicalize(ini).or_else(|_| std::path::absolute(ini));
    let file = file.unwrap_or_else(|_| ini.to_owned());
    let mark = files::hash([file.as_os_str().as_encoded_bytes(), section.as_bytes()]);
    format!("{}-{mark}", files::plain(section))
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: fn() -> Vec<(String, String)> = || vec![("url".to_owned(), "https://x".to_owned())];

    fn belonging(settings: &[(String, String)]) -> Belonging<'_> {
        Belonging {
            ini: Path::new("/etc/config.ini"),
            section: "okta",
            connector: ("okta", "1"),
            settings,
            destination: "https://example.oomnitza.com/",
            mapping: "USER from login",
        }
    }

    #[test]
    fn a_cursor_comes_back_as_long_as_it_belongs_to_the_section() {
        let home = tempfile::tempdir().unwrap();
        let settings = SETTINGS();
        let open = |belonging: &Belonging<'_>| Journal::open(home.path(), belonging);
        let mut journal = open(&belonging(&settings));
        assert_eq!(journal.cursor(None), None);
        journal.keep("okta", "2026-11-25T10:00:00Z", true).unwrap();
        assert_eq!(open(&belonging(&settings)).cursor(None), Some("2026-11-25T10:00:00Z"));
        let other = vec![("url".to_owned(), "https://y".to_owned())];
        for (what, belonging) in [
            ("another setting", belonging(&other)),
            (
                "another mapping",
                Belonging {
                    mapping: "USER from email",
                    ..belonging(&settings)
                },
            ),
            (
                "another Oomnitza",
                Belonging {
                    destination: "https://test.oomnitza.com/",
                    ..belonging(&settings)
                },
            ),
            (
                "another version",
                Belonging {
                    connector: ("okta", "2"),
                    ..belonging(&settings)
                },
            ),
            (
                "another section",
                Belonging {
                    section: "okta.B",
                    ..belonging(&settings)
                },
            ),
            (
                "another file",
                Belonging {
                    ini: Path::new("/srv/config.ini"),
                    ..belonging(&settings)
                },
            ),
        ] {
            assert_eq!(open(&belonging).cursor(None), None, "{what}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_the_ini_file_leads_to_its_cursor() {
        let home = tempfile::tempdir().unwrap();
        let (file, link) = (home.path().join("a.ini"), home.path().join("link.ini"));
        std::fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let settings = SETTINGS();
        let open = |ini| {
            let belonging = Belonging {
                ini,
                ..belonging(&settings)
            };
            Journal::open(home.path(), &belonging)
        };
        open(&file).keep("okta", "a", true).unwrap();
        assert_eq!(open(&link).cursor(None), Some("a"));
    }

    #[test]
    fn everything_is_read_again_when_it_was_read_too_long_ago() {
        let home = tempfile::tempdir().unwrap();
        let settings = SETTINGS();
        let mut journal = Journal::open(home.path(), &belonging(&settings));
        journal.keep("okta", "a", true).unwrap();
        let full_run = journal.entry.as_ref().unwrap().full_run;
        journal.keep("okta", "b", false).unwrap();
        assert_eq!(
            journal.entry.as_ref().unwrap().full_run,
            full_run,
            "a run that went on read not everything"
        );
        assert_eq!(journal.cursor(Some(Duration::from_secs(3_600))), Some("b"));
        assert_eq!(journal.cursor(Some(Duration::ZERO)), None);
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_everything_is_read() {
        let home = tempfile::tempdir().unwrap();
        let settings = SETTINGS();
        let mut journal = Journal::open(home.path(), &belonging(&settings));
        journal.keep("okta", "a", true).unwrap();
        for damage in [&b""[..], b"{", b"{\"form\":9}", &vec![b' '; 300 << 10]] {
            std::fs::write(&journal.path, damage).unwrap();
            let again = Journal::open(home.path(), &belonging(&settings));
            assert_eq!(again.cursor(None), None, "{damage:?}");
        }
        assert!(journal.path.with_extension("bad").exists());
    }
}
