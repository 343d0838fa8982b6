//! Records that Oomnitza refused, kept so that somebody can look at them: `SECTION-TIME.jsonl`, one refusal a line, mode 0600.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::files;
use crate::oomnitza::Rejected;

/// The file of one run; made when the first record comes.
pub(super) struct Rejects {
    directory: Option<PathBuf>,
    section: String,
    file: Option<(PathBuf, File)>,
}

impl Rejects {
    /// Files go to `directory`; without one nothing is kept.
    pub(super) fn new(directory: Option<&Path>, section: &str) -> Self {
        Self {
            directory: directory.map(Path::to_owned),
            section: section.to_owned(),
            file: None,
        }
    }

    /// Keeps a record.
    pub(super) fn keep(&mut self, rejected: &Rejected) -> std::io::Result<()> {
        if self.file.is_none() {
            let Some(directory) = &self.directory else {
                return Ok(());
            };
            files::private_directory(directory)?;
            let seconds = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_millis();
            let path = directory.join(format!("{}-{seconds}.jsonl", files::plain(&self.section)));
            self.file = Some((path.clone(), files::private_file(&path)?));
        }
        let Some((_, file)) = &mut self.file else { return Ok(()) };
        let reason = serde_json::Value::from(rejected.reason.as_str()).to_string();
        let mut line = format!("{{\"reason\":{reason},\"record\":").into_bytes();
        line.extend_from_slice(&rejected.record);
        line.extend_from_slice(b"}\n");
        file.write_all(&line)
    }

    /// Where they are, if there are any.
    pub(super) fn path(&self) -> Option<PathBuf> {
        self.file.as_ref().map(|(path, _)| path.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_kept_in_a_private_file_that_is_made_only_when_there_is_one() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("rejects");
        let mut rejects = Rejects::new(Some(&directory), "okta");
        assert!(rejects.path().is_none() && !directory.exists());
        for record in ["{\"USER\":\"a\"}", "{}"] {
            rejects
                .keep(&Rejected {
                    record: record.as_bytes().to_vec(),
                    reason: "not \"good\"".to_owned(),
                })
                .unwrap();
        }
        let path = rejects.path().unwrap();
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
