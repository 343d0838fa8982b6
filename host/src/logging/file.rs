//! A file of lines: appended to, rotated, and never a reason to end a run.
//!
//! Several processes may write to one file (a section a cron line): lines are appended whole, and before a file is rotated it is looked
//! whether another process has done so.

use std::fs::{File, Metadata};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::config::{FileConfig, Rotation};
use super::moment;

/// A file of lines. It is made when the first line comes.
#[derive(Debug)]
pub(super) struct LogFile {
    config: FileConfig,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: Option<Open>,
    /// It could not be opened: it is not tried again, for every line would be told.
    is_given_up: bool,
    /// Lines that there was no room for.
    lost: u64,
    was_opened: bool,
}

#[derive(Debug)]
struct Open {
    file: File,
    bytes: u64,
    /// When its time is over.
    end: Timestamp,
}

impl LogFile {
    pub(super) fn new(config: FileConfig) -> Self {
        Self {
            config,
            state: Mutex::default(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.config.path
    }

    /// Writes a line. What goes wrong is told once; lines that are lost meanwhile are counted in the file when there is room again.
    pub(super) fn write(&self, line: &str, now: Timestamp) -> io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_given_up {
            return Ok(());
        }
        if state.open.is_none() {
            let opened = self.open(!state.was_opened);
            state.is_given_up = opened.is_err();
            state.open = Some(opened?);
            state.was_opened = true;
        }
        let has_lost = state.lost > 0;
        let line = match state.lost {
            0 => line.to_owned(),
            // The last one may have been cut.
            lost => format!("\n({lost} lines could not be written)\n{line}"),
        };
        let written = self.put(&mut state, &line, now);
        match &written {
            Ok(()) => state.lost = 0,
            Err(_) => state.lost += 1,
        }
        // It is known already.
        if has_lost { Ok(()) } else { written }
    }

    fn put(&self, state: &mut State, line: &str, now: Timestamp) -> io::Result<()> {
        let is_due = state.open.as_ref().is_some_and(|open| match &self.config.rotation {
            Rotation::Never => false,
            Rotation::Size { bytes, .. } => open.bytes > 0 && open.bytes + line.len() as u64 > *bytes,
            Rotation::Time(_) => now >= open.end,
        });
        if is_due {
            if let Some(open) = state.open.take()
                && is_still(&open.file, &self.config.path)
            {
                // Where a directory lets nobody rename, lines go on into the file that there is.
                _ = self.rotate(open.end);
            }
            state.open = Some(self.open(false)?);
        }
        let Some(open) = &mut state.open else { return Ok(()) };
        open.file.write_all(line.as_bytes())?;
        open.bytes += line.len() as u64;
        Ok(())
    }

    fn open(&self, is_first: bool) -> io::Result<Open> {
        let mut options = File::options();
        options.append(true).create(true);
        let file = options.open(&self.config.path)?;
        if is_first && self.config.is_fresh {
            file.set_len(0)?;
        }
        let metadata = file.metadata()?;
        let end = match &self.config.rotation {
            Rotation::Time(schedule) => schedule.end(written(&metadata)),
            Rotation::Never | Rotation::Size { .. } => Timestamp::MAX,
        };
        let bytes = metadata.len();
        Ok(Open { file, bytes, end })
    }

    /// Renames the file, and those before it.
    fn rotate(&self, end: Timestamp) -> io::Result<()> {
        let path = &self.config.path;
        match &self.config.rotation {
            Rotation::Never => Ok(()),
            Rotation::Size { kept, .. } => {
                // From the first gap on nothing has to move.
                let gap = (1..*kept)
                    .find(|number| !numbered(path, *number).exists())
                    .unwrap_or(*kept);
                for number in (1..gap).rev() {
                    std::fs::rename(numbered(path, number), numbered(path, number + 1))?;
                }
                std::fs::rename(path, numbered(path, 1))
            }
            Rotation::Time(schedule) => {
                std::fs::rename(path, with_suffix(path, &schedule.suffix(end)))?;
                if schedule.kept > 0 {
                    let mut old = rotated(path)?;
                    old.sort();
                    let surplus = old.len().saturating_sub(schedule.kept as usize);
                    for path in old.iter().take(surplus) {
                        std::fs::remove_file(path)?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// When a file was last written to; a new one is written to now.
fn written(metadata: &Metadata) -> Timestamp {
    match metadata.modified() {
        Ok(time) if metadata.len() > 0 => moment::of(time),
        _ => Timestamp::now(),
    }
}

/// Whether the path still leads to the open file: another process may have rotated it.
#[cfg(unix)]
fn is_still(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Files have no numbers that could be asked for, and a new one may have the times of the one before it. But this one grows with every line,
/// so another soon has another length; and where somebody has written in between, to look for the file once more does no harm.
#[cfg(not(unix))]
fn is_still(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(there)) => open.len() == there.len(),
        _ => false,
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    with_suffix(path, &number.to_string())
}

/// The files that were rotated by time: the name and a date.
fn rotated(path: &Path) -> io::Result<Vec<PathBuf>> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return Ok(Vec::new());
    };
    let is_date = |suffix: &str| {
        suffix.len() >= 10
            && suffix
                .chars()
                .all(|character| character.is_ascii_digit() || "-_".contains(character))
    };
    let mut found = Vec::new();
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    for entry in std::fs::read_dir(directory.unwrap_or(Path::new(".")))? {
        let entry = entry?;
        let own = entry.file_name();
        let suffix = own
            .to_str()
            .and_then(|own| own.strip_prefix(name))
            .and_then(|rest| rest.strip_prefix('.'));
        if suffix.is_some_and(is_date) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::logging::moment::Schedule;

    fn names(directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn log(path: &Path, rotation: Rotation) -> LogFile {
        LogFile::new(FileConfig {
            path: path.to_owned(),
            rotation,
            is_fresh: false,
        })
    }

    #[test]
    fn a_full_file_makes_room_and_the_oldest_goes() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("info.log");
        let file = log(&path, Rotation::Size { bytes: 10, kept: 2 });
        for line in ["one\n", "two\n", "three\n", "four\n", "five is long\n", "six\n"] {
            file.write(line, Timestamp::now()).unwrap();
        }
        assert_eq!(names(home.path()), ["info.log", "info.log.1", "info.log.2"]);
        let text = |name: &str| std::fs::read_to_string(home.path().join(name)).unwrap();
        assert_eq!(
            (text("info.log"), text("info.log.1"), text("info.log.2")),
            ("six\n".to_owned(), "five is long\n".to_owned(), "four\n".to_owned())
        );
    }

    #[test]
    fn two_writers_rotate_once() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("info.log");
        let rotation = Rotation::Size { bytes: 10, kept: 5 };
        let (one, two) = (log(&path, rotation.clone()), log(&path, rotation));
        for (file, line) in [(&one, "12345678\n"), (&two, "a\n"), (&one, "b\n"), (&two, "c\n")] {
            file.write(line, Timestamp::now()).unwrap();
        }
        assert_eq!(names(home.path()), ["info.log", "info.log.1"]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a\nb\nc\n");
    }

    #[test]
    fn a_file_whose_time_is_over_gets_its_date() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("info.log");
        for name in ["info.log.2020-01-01_00", "info.log.2020-01-02_00", "info.log.txt"] {
            std::fs::write(home.path().join(name), "old").unwrap();
        }
        let schedule = Schedule::read("H", 1, 2, true).unwrap();
        let file = log(&path, Rotation::Time(schedule.clone()));
        let now = Timestamp::now();
        file.write("one\n", now).unwrap();
        let later = now + SignedDuration::from_hours(1) + SignedDuration::from_secs(1);
        file.write("two\n", later).unwrap();
        let dated = format!("info.log.{}", schedule.suffix(now + SignedDuration::from_hours(1)));
        assert_eq!(
            names(home.path()),
            ["info.log", "info.log.2020-01-02_00", &dated, "info.log.txt"]
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two\n");
    }

    #[test]
    fn a_fresh_file_is_emptied_once() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.log");
        std::fs::write(&path, "old\n").unwrap();
        let file = LogFile::new(FileConfig {
            path: path.clone(),
            rotation: Rotation::Never,
            is_fresh: true,
        });
        file.write("one\n", Timestamp::now()).unwrap();
        file.write("two\n", Timestamp::now()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_once_and_a_directory_that_is_not_there_too() {
        let full = log(Path::new("/dev/full"), Rotation::Never);
        assert!(full.write("one\n", Timestamp::now()).is_err());
        assert!(full.write("two\n", Timestamp::now()).is_ok());
        assert_eq!(full.state.lock().unwrap().lost, 2);
        let nowhere = log(Path::new("/nowhere/x.log"), Rotation::Never);
        assert!(nowhere.write("one\n", Timestamp::now()).is_err());
        assert!(nowhere.write("two\n", Timestamp::now()).is_ok());
    }
}
