//! `--save-data`: what the source gave and what Oomnitza was to get, kept for somebody to look at.
//!
//! `saved_data/SECTION/`: each record of the source as `0.json`, `1.json` and so on, what came as XML as `page000.xml`, what a directory
//! gave as `ldap.csv`, each payload as `oom.payload000.json`, indented. Directories are 0700, files 0600. The section's secrets are
//! masked, wherever a source has put them. What an earlier run left there goes.
//!
//! It is there to look at, so a disk that is full ends the saving and not the run. What could not be saved whole is not there.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use serde_json::value::RawValue;

use super::report::Saved;
use crate::files;
use crate::oomnitza::{indented, on_one_line};
use crate::redact::{Redactor, clean};

/// Bytes that one section keeps: whoever looks at data looks at a part.
const MOST_BYTES: u64 = 2 << 30;

/// Files that one section keeps: file systems and people have trouble with more in one directory.
const MOST_FILES: u64 = 200_000;

/// Entries of a directory before they are a table, whose columns are known only at the end.
const ENTRIES: &str = "ldap.part";

/// What one run keeps. Clones keep it together.
#[derive(Clone)]
pub(super) struct Saving {
    shared: Arc<Shared>,
}

struct Shared {
    directory: PathBuf,
    section: String,
    redactor: Redactor,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    records: u64,
    pages: u64,
    payloads: u64,
    files: u64,
    bytes: u64,
    /// Entries of a directory, a line each, and how many bytes whole lines have.
    entries: Option<(File, u64)>,
    /// Nothing more is kept; it has been said why, or the run has ended.
    is_over: bool,
}

impl Saving {
    /// Keeps what comes below `directory`, where an earlier run's files make room.
    pub(super) fn begin(directory: &Path, section: &str, redactor: Redactor, is_directory: bool) -> io::Result<Self> {
        let directory = directory.join(files::folder(section));
        files::private_directory(&directory)?;
        for entry in std::fs::read_dir(&directory)? {
            let path = entry?.path();
            if is_ours(&path) {
                std::fs::remove_file(path)?;
            }
        }
        let entries = is_directory
            .then(|| files::private_file(&directory.join(ENTRIES)).map(|file| (file, 0)))
            .transpose()?;
        let state = State {
            entries,
            ..State::default()
        };
        Ok(Self {
            shared: Arc::new(Shared {
                directory,
                section: section.to_owned(),
                redactor,
                state: Mutex::new(state),
            }),
        })
    }

    /// Ends it, however the run ended, and says what is kept, if something is.
    pub(super) fn finish(&self) -> Option<Saved> {
        let shared = &*self.shared;
        let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        shared.close(&mut state);
        let saved = Saved {
            directory: shared.directory.clone(),
            records: state.records,
            is_part: std::mem::replace(&mut state.is_over, true),
        };
        (state.records + state.pages + state.payloads > 0).then_some(saved)
    }

    /// Keeps the first so many records of a page, a JSON array.
    pub(super) fn records(&self, page: &[u8], most: usize) {
        self.keep(|shared, state| {
            // It has been judged to be one.
            let records: Vec<&RawValue> = serde_json::from_slice(page).unwrap_or_default();
            for record in records.into_iter().take(most) {
                let text = shared.redactor.redact(record.get());
                if let Some((entries, end)) = &mut state.entries {
                    let line = on_one_line(text.as_bytes());
                    // No half of a line.
                    let cut = |_: &io::Error| _ = entries.set_len(*end);
                    (&*entries).write_all(&line).inspect_err(cut)?;
                    *end += line.len() as u64;
                    state.bytes += line.len() as u64;
                } else {
                    shared.file(state, &format!("{}.json", state.records), &indented(text.as_bytes()))?;
                }
                state.records += 1;
            }
            Ok(())
        });
    }

    /// Keeps an answer of the source, if it is XML: what a connector makes of JSON is the records themselves.
    pub(super) fn answer(&self, content_type: &str, body: &[u8]) {
        if !content_type.to_ascii_lowercase().contains("xml") {
            return;
        }
        self.keep(|shared, state| {
            let text = String::from_utf8_lossy(body);
            let name = format!("page{:03}.xml", state.pages);
            shared.file(state, &name, shared.redactor.redact(&text).as_bytes())?;
            state.pages += 1;
            Ok(())
        });
    }

    /// Keeps a body that goes to Oomnitza.
    pub(super) fn payload(&self, body: &[u8]) {
        self.keep(|shared, state| {
            let text = String::from_utf8_lossy(body);
            let name = format!("oom.payload{:03}.json", state.payloads);
            shared.file(state, &name, &indented(shared.redactor.redact(&text).as_bytes()))?;
            state.payloads += 1;
            Ok(())
        });
    }

    fn keep(&self, what: impl FnOnce(&Shared, &mut State) -> io::Result<()>) {
        let shared = &*self.shared;
        let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_over {
            return;
        }
        let place = shared.directory.display();
        let section = shared.section.as_str();
        match what(shared, &mut state) {
            Err(error) => {
                state.is_over = true;
                tracing::warn!(
                    section,
                    "what came cannot be saved in {place}: {error}; nothing more is saved, and the run goes on; {}",
                    files::write_hint(&error)
                );
            }
            Ok(()) if state.bytes > MOST_BYTES || state.files >= MOST_FILES => {
                state.is_over = true;
                tracing::warn!(
                    section,
                    "{place} has {} files with {} bytes, which is the limit; nothing more is saved, and the run goes on (`--record-count` makes it fewer)",
                    state.files,
                    state.bytes
                );
            }
            Ok(()) => {}
        }
    }
}

impl Shared {
    /// Nothing more comes: what a directory gave becomes a table.
    fn close(&self, state: &mut State) {
        if state.entries.take().is_none() {
            return;
        }
        let (part, whole) = (self.directory.join(ENTRIES), self.directory.join("ldap.csv"));
        let made = table(&part, &whole).inspect_err(|_| _ = std::fs::remove_file(&whole));
        if let Err(error) = made.and_then(|()| std::fs::remove_file(part)) {
            let place = self.directory.display();
            tracing::warn!(
                section = self.section,
                "what came cannot be made a table in {place}: {error}; it is in {ENTRIES} there, an entry a line; {}",
                files::write_hint(&error)
            );
        }
    }

    fn file(&self, state: &mut State, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.directory.join(name);
        let mut file = files::private_file(&path)?;
        file.write_all(bytes).inspect_err(|_| _ = std::fs::remove_file(&path))?;
        state.files += 1;
        state.bytes += bytes.len() as u64;
        Ok(())
    }
}

/// Whether a file is one that is kept here, of this run or an earlier one.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let between = |before: &str, after: &str| {
        name.strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(is_number)
    };
    between("", ".json")
        || between("oom.payload", ".json")
        || between("page", ".xml")
        || [ENTRIES, "ldap.csv"].contains(&name)
}

/// A table of entries, a line of JSON each: their attributes side by side, in the order in which they came up.
fn table(entries: &Path, table: &Path) -> io::Result<()> {
    let lines = || File::open(entries).map(|file| BufReader::new(file).lines());
    let read = |line: String| serde_json::from_str::<serde_json::Map<String, Value>>(&line).unwrap_or_default();
    let mut columns: Vec<String> = Vec::new();
    for line in lines()? {
        for name in read(line?).keys() {
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
    }
    let mut written = io::BufWriter::new(files::private_file(table)?);
    write_row(&mut written, columns.iter().map(String::as_str))?;
    for line in lines()? {
        let entry = read(line?);
        let cells: Vec<String> = columns
            .iter()
            .map(|name| match entry.get(name) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            })
            .collect();
        write_row(&mut written, cells.iter().map(String::as_str))?;
    }
    written.flush()
}

/// A line of a table (RFC 4180).
fn write_row<'a>(to: &mut impl io::Write, cells: impl Iterator<Item = &'a str>) -> io::Result<()> {
    let quoted: Vec<String> = cells
        .map(|cell| {
            if cell.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", cell.replace('"', "\"\""))
            } else {
                cell.to_owned()
            }
        })
        .collect();
    to.write_all((quoted.join(",") + "\r\n").as_bytes())
}

/// Says that nothing can be saved.
pub(super) fn impossible(directory: &Path, section: &str, error: &io::Error) {
    let shown = clean(&directory.display().to_string(), 500);
    tracing::warn!(
        section,
        "what comes cannot be saved in {shown}: {error}; the run goes on without; {}",
        files::write_hint(error)
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Secret;

    fn text(path: &Path) -> String {
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn records_pages_and_payloads_have_files_of_their_own_without_secrets() {
        let home = tempfile::tempdir().unwrap();
        let redactor = Redactor::new([&Secret::new("a-secret-token")]);
        for _ in 0..2 {
            let saving = Saving::begin(home.path(), "okta", redactor.clone(), false).unwrap();
            saving.records(
                br#"[{"a":123456789012345678901234567890,"t":"a-secret-token"},{"b":[]}]"#,
                2,
            );
            saving.answer("text/xml; charset=utf-8", b"<a/>");
            saving.answer("application/json", b"{}");
            saving.payload(b"[{\"USER\":\"x\"}]");
        }
        let directory = home.path().join("okta");
        let mut names: Vec<_> = std::fs::read_dir(&directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["0.json", "1.json", "oom.payload000.json", "page000.xml"]);
        assert_eq!(
            text(&directory.join("0.json")),
            "{\n  \"a\": 123456789012345678901234567890,\n  \"t\": \"[redacted]\"\n}\n"
        );
        assert_eq!(
            text(&directory.join("oom.payload000.json")),
            "[\n  {\n    \"USER\": \"x\"\n  }\n]\n"
        );
    }

    #[test]
    fn entries_of_a_directory_become_a_table() {
        let home = tempfile::tempdir().unwrap();
        let saving = Saving::begin(home.path(), "ldap", Redactor::default(), true).unwrap();
        saving.records(
            br#"[{"cn":"A, \"B\"","uid":"=1+1"},{"mail":"x\ny","n":5,"cn":null}]"#,
            9,
        );
        // What was kept until there was no room for more is a table too.
        saving.shared.state.lock().unwrap().bytes = MOST_BYTES;
        saving.payload(b"[]");
        assert!(saving.shared.state.lock().unwrap().is_over);
        let saved = saving.finish().unwrap();
        assert!(saved.records == 2 && saved.is_part, "{saved:?}");
        let directory = saved.directory;
        assert_eq!(
            text(&directory.join("ldap.csv")),
            "cn,uid,mail,n\r\n\"A, \"\"B\"\"\",=1+1,,\r\n,,\"x\ny\",5\r\n"
        );
        assert!(!directory.join(ENTRIES).exists());
    }

    #[test]
    fn what_cannot_be_saved_ends_the_saving() {
        let home = tempfile::tempdir().unwrap();
        let saving = Saving::begin(home.path(), "okta", Redactor::default(), false).unwrap();
        let directory = home.path().join("okta");
        std::fs::create_dir(directory.join("0.json")).unwrap();
        saving.records(b"[{},{}]", 2);
        saving.payload(b"[]");
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1);
        assert!(saving.finish().is_none());
    }
}
