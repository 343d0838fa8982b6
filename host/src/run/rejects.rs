//! Records that Oomnitza refused, kept so that somebody can look at them: `SECTION-TIME.jsonl`, one refusal a line, mode 0600.
//!
//! Promise: the report names the file only where it holds whole lines, and says how many are missing, and why.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::report::{Report, Unkept};
use crate::files;
use crate::oomnitza::Rejected;
use crate::redact::clean;

/// The file of one run; made when the first record comes.
pub(super) struct Rejects {
    path: Option<PathBuf>,
    /// The file, and how many bytes whole lines have in it.
    file: Option<(File, u64)>,
}

impl Rejects {
    /// Files go to `directory`; without one nothing can be kept.
    pub(super) fn new(directory: Option<&Path>, section: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let name = format!("{}-{}.jsonl", files::plain(section), now.as_millis());
        Self {
            path: directory.map(|directory| directory.join(name)),
            file: None,
        }
    }

    /// Keeps a record, and writes down in the report what came of that. The first one that cannot be kept is told at once: a run may
    /// take hours.
    pub(super) fn keep(&mut self, rejected: &Rejected, report: &mut Report) {
        let failure = self.write(rejected).err();
        report.rejects = self.path.clone().filter(|_| self.file.is_some());
        let Some((why, hint)) = failure else { return };
        let unkept = report.unkept.get_or_insert_with(|| {
            tracing::warn!(
                section = report.section,
                "a record that Oomnitza refused cannot be kept {why}; {hint}"
            );
            Unkept { count: 0, why, hint }
        });
        unkept.count += 1;
    }

    /// Writes its line; the error says why not, and what can be done.
    fn write(&mut self, rejected: &Rejected) -> Result<(), (String, String)> {
        let Some(path) = &self.path else {
            let why = "anywhere: neither HOME nor XDG_STATE_HOME says where that could be";
            return Err((why.to_owned(), "set one of them".to_owned()));
        };
        let reason = serde_json::Value::from(rejected.reason.as_str()).to_string();
        let mut line = format!("{{\"reason\":{reason},\"record\":").into_bytes();
        line.extend_from_slice(&rejected.record);
        line.extend_from_slice(b"}\n");
        append(path, &mut self.file, &line).map_err(|error| {
            (
                format!("in {}: {error}", clean(&path.display().to_string(), 500)),
                format!(
                    "{}, or name another place with XDG_STATE_HOME",
                    files::write_hint(&error)
                ),
            )
        })
    }
}

/// Adds a line to the file, made if need be: the whole line, or nothing of it, and no file without lines.
fn append(path: &Path, file: &mut Option<(File, u64)>, line: &[u8]) -> std::io::Result<()> {
    let (mut open, end) = match file.take() {
        Some(open) => open,
        None => {
            files::private_directory(path.parent().unwrap_or(Path::new("")))?;
            (files::private_file(path)?, 0)
        }
    };
    let written = open.write_all(line);
    if written.is_ok() {
        *file = Some((open, end + line.len() as u64));
    } else if end == 0 {
        _ = std::fs::remove_file(path);
    } else {
        _ = open.set_len(end).and_then(|()| open.seek(SeekFrom::Start(end)));
        *file = Some((open, end));
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_kept_in_a_private_file_that_is_made_only_when_there_is_one() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("rejects");
        let mut rejects = Rejects::new(Some(&directory), "okta");
        let mut report = Report::new("okta");
        assert!(!directory.exists());
        for record in ["{\"USER\":\"a\"}", "{}"] {
            let rejected = Rejected {
                record: record.as_bytes().to_vec(),
                reason: "not \"good\"".to_owned(),
            };
            rejects.keep(&rejected, &mut report);
        }
        let path = report.rejects.unwrap();
        assert!(report.unkept.is_none());
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            "{\"reason\":\"not \\\"good\\\"\",\"record\":{\"USER\":\"a\"}}\n{\"reason\":\"not \\\"good\\\"\",\"record\":{}}\n"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(
                std::fs::metadata(&directory).unwrap().permissions().mode() & 0o777,
                0o700
            );
        }
    }
}
