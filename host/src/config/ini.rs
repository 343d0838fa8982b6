//! The ini file's text: the dialect of Python 2's `ConfigParser`, as the files that people have are written in.
//!
//! - `[section]` in the first column; names are case-sensitive; a repeated section merges.
//! - `key = value` or `key: value` from the first column; keys are lower-cased, a repeated key: the last wins.
//! - Comments: `#` or `;` in the first column, the word `rem`, and from the first `;` of a value if white space stands before it. A value
//!   that begins with `;` is a value.
//! - A line that begins with white space continues the value above, joined by a line break; one leading character is dropped and
//!   the rest of the indent stays. Blank lines end nothing and add nothing.
//! - `""` alone is the empty value. `%` and `#` in a value are data.
//! - What `[DEFAULT]` says holds in every section that does not say it itself.
//! - White space is what C calls so, and case is that of a to z: a no-break space or an `É` is a character like any other.
//!
//! It reads what Python 2.7 reads, which tests/ini holds it against. Why not an existing reader: docs/adr/0003-our-own-ini-reader.md.

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::finding::{Finding, Place};

/// Bytes of a file. The longest real ones have some thousand lines.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// Lines that are told to be wrong; whoever names another kind of file does not want thousands.
const MAX_FINDINGS: usize = 20;

/// Sections of a file, and settings of a section: a few dozen are many. Without a limit, a file of headers alone would keep the reader
/// busy for minutes.
const MAX_SECTIONS: usize = 1_000;
const MAX_SETTINGS: usize = 1_000;

/// The section whose settings hold in all the others.
const DEFAULT: &str = "DEFAULT";

/// The section whose settings are names of the user's own: nothing else holds there.
pub(crate) const CONVERTERS: &str = "converters";

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An ini file.
#[derive(Debug, Clone)]
pub struct Ini {
    /// Where it was read from.
    pub path: PathBuf,
    /// Its sections, in order, repeated ones merged into the first.
    pub sections: Vec<RawSection>,
    pub(super) source: Vec<u8>,
    pub(super) lines: Vec<Line>,
}

/// A section as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawSection {
    /// Its name, case as in the file.
    pub name: String,
    /// The line of its first header.
    pub line: u32,
    /// Its settings in order, each name once, with its last value. What `[DEFAULT]` says is there once, for all sections.
    pub entries: Vec<Arc<Entry>>,
}

/// A setting as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, lower case.
    pub name: String,
    /// Its value, lines joined by line breaks.
    pub value: String,
    /// The line it starts on.
    pub line: u32,
    /// The lines on which the lines of its value stand; comments and blank lines between them are no part of it.
    pub lines: Vec<u32>,
    /// The line of an earlier one in its section that says something else, and does not hold.
    pub replaces: Option<u32>,
    /// It stands in `[DEFAULT]`, not in the section itself.
    pub is_default: bool,
}

/// A line of the file.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Its bytes, without its line break.
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
}

/// What a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Blank,
    Comment,
    /// Of the section of this name.
    Header(String),
    /// Of this section, with this name.
    Setting(String, String),
    /// Of the setting above.
    Continuation,
}

impl RawSection {
    /// The setting called `name`.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name).map(Arc::as_ref)
    }

    /// The value of the setting called `name`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.entry(name).map(|entry| entry.value.as_str())
    }
}

impl Entry {
    /// The first line of its value: all of it that a message shows where no value has more.
    pub(super) fn first_line(&self) -> &str {
        self.value.split('\n').next().unwrap_or_default()
    }
}

impl Ini {
    /// Reads a file, or says why it cannot be read: every line that is wrong.
    pub fn read(path: &Path) -> Result<Self, Vec<Finding>> {
        use std::io::Read as _;
        let place = Place {
            file: path.to_owned(),
            ..Place::default()
        };
        let failed = |error: std::io::Error| {
            let finding = Finding::error(place.clone(), format!("cannot be read: {error}"));
            vec![match error.kind() {
                std::io::ErrorKind::NotFound => Finding::error(place.clone(), "there is no such file")
                    .remedy("name the file with `--ini FILE`, or write one with `oomnitza-connector generate-ini`"),
                std::io::ErrorKind::PermissionDenied => finding
                    .remedy("let the user that runs this program read it, for example with `chmod u+r` or `chown`"),
                _ => finding.remedy("name a file with `--ini FILE`"),
            }]
        };
        // What is no file may never begin, or never end; what a shell hands over with `<(…)` does both.
        let is_handed_over = path.starts_with("/dev/fd") || path == Path::new("/dev/stdin");
        let is_odd = |found: std::fs::Metadata| !found.is_file() && !found.is_dir();
        if !is_handed_over && std::fs::metadata(path).is_ok_and(is_odd) {
            return Err(vec![
                Finding::error(place, "is not a regular file").remedy("name a file with `--ini FILE`"),
            ]);
        }
        let file = std::fs::File::open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(vec![
                Finding::error(place, format!("is larger than {} MiB", MAX_FILE_BYTES >> 20))
                    .remedy("name the ini file with `--ini FILE`; this is hardly one"),
            ]);
        }
        Self::parse(path, bytes)
    }

    /// Reads text: UTF-8, or Latin-1 where it is not.
    pub fn parse(path: &Path, source: Vec<u8>) -> Result<Self, Vec<Finding>> {
        if let Some((what, remedy)) = foreign(&source) {
            let place = Place {
                file: path.to_owned(),
                ..Place::default()
            };
            return Err(vec![Finding::error(place, what).remedy(remedy)]);
        }
        let mut reader = Reader {
            source: &source,
            is_utf8: std::str::from_utf8(&source).is_ok(),
            path,
            sections: Vec::new(),
            lines: Vec::new(),
            open: None,
            value_open: false,
            findings: Vec::new(),
        };
        let mut start = if source.starts_with(BYTE_ORDER_MARK) {
            BYTE_ORDER_MARK.len()
        } else {
            0
        };
        for (number, line) in (1u32..).zip(source.get(start..).unwrap_or_default().split(|byte| *byte == b'\n')) {
            let end = start + line.len() - usize::from(line.ends_with(b"\r"));
            reader.line(number, start..end);
            start += line.len() + 1;
            if reader.findings.len() == MAX_FINDINGS {
                break;
            }
        }
        let Reader {
            sections,
            lines,
            findings,
            ..
        } = reader;
        if !findings.is_empty() {
            return Err(findings);
        }
        Ok(Self {
            path: path.to_owned(),
            sections: with_defaults(sections),
            source,
            lines,
        })
    }

    /// The section called `name`.
    pub fn section(&self, name: &str) -> Option<&RawSection> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// The file, byte for byte.
    pub fn render(&self) -> &[u8] {
        &self.source
    }

    /// A place in this file.
    pub(crate) fn place(&self) -> Place {
        Place {
            file: self.path.clone(),
            ..Place::default()
        }
    }
}

/// What the file is, if it has no lines of bytes: then every message about one would mislead.
fn foreign(source: &[u8]) -> Option<(&'static str, &'static str)> {
    let utf8 = "save it as UTF-8: in Notepad beside `Encoding`, in PowerShell with `-Encoding utf8`";
    match source {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, ..] | [_, 0, ..] => Some(("is in UTF-16", utf8)),
        [line @ .., _] if !source.contains(&b'\n') && line.contains(&b'\r') => Some((
            "is one line: it has the line ends of old Macs (CR)",
            "save it with line ends of Unix or Windows",
        )),
        _ => None,
    }
}

/// What `[DEFAULT]` says, in the sections that do not say it themselves.
fn with_defaults(mut sections: Vec<RawSection>) -> Vec<RawSection> {
    let Some(at) = sections.iter().position(|section| section.name == DEFAULT) else {
        return sections;
    };
    let mut defaults = sections.remove(at).entries;
    for entry in &mut defaults {
        Arc::make_mut(entry).is_default = true;
    }
    // Nothing else holds among names of the user's own.
    for section in sections.iter_mut().filter(|section| section.name != CONVERTERS) {
        let is_missing = |entry: &&Arc<Entry>| section.entry(&entry.name).is_none();
        let missing: Vec<_> = defaults.iter().filter(is_missing).cloned().collect();
        section.entries.extend(missing);
    }
    sections
}

struct Reader<'a> {
    source: &'a [u8],
    is_utf8: bool,
    path: &'a Path,
    sections: Vec<RawSection>,
    lines: Vec<Line>,
    /// Index of the section that is open.
    open: Option<usize>,
    /// Whether the open section's last entry can be continued.
    value_open: bool,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn line(&mut self, number: u32, span: Range<usize>) {
        let source = self.source;
        let line = source.get(span.clone()).unwrap_or_default();
        let kind = match line.first() {
            _ if trim(line).is_empty() => Some(Kind::Blank),
            Some(b'#' | b';') => Some(Kind::Comment),
            Some(b'r' | b'R') if is_rem(line) => Some(Kind::Comment),
            Some(first) if is_space(first) => self.continuation(number, line),
            Some(b'[') => self.header(number, line),
            _ => self.setting(number, line),
        };
        if let Some(kind) = kind {
            self.lines.push(Line { span, kind });
        }
    }

    fn continuation(&mut self, number: u32, line: &[u8]) -> Option<Kind> {
        if !self.value_open {
            return self.wrong(
                number,
                "begins with white space, but there is no value above that it could continue",
                "take the white space away, or put the line below the setting it belongs to",
            );
        }
        let text = self.decode(trim_end(line.get(1..).unwrap_or_default())).into_owned();
        let section = self.open.and_then(|open| self.sections.get_mut(open));
        if let Some(entry) = section.and_then(|section| section.entries.last_mut()) {
            let entry = Arc::make_mut(entry);
            entry.value.push('\n');
            entry.value.push_str(&text);
            entry.lines.push(number);
        }
        Some(Kind::Continuation)
    }

    fn header(&mut self, number: u32, line: &[u8]) -> Option<Kind> {
        let end = line.iter().position(|byte| *byte == b']');
        let name = end.and_then(|end| line.get(1..end)).filter(|name| !name.is_empty());
        let Some(name) = name else {
            return self.wrong(
                number,
                "is a section's header without its closing `]`",
                "write it as `[name]`",
            );
        };
        let name = self.decode(name).into_owned();
        let known = self.sections.iter().position(|section| section.name == name);
        if known.is_none() && self.sections.len() == MAX_SECTIONS {
            return self.wrong(
                number,
                "begins one section too many: a file has at most 1,000",
                "put some of them into a file of their own, for runs with `--ini FILE`",
            );
        }
        self.open = Some(known.unwrap_or_else(|| {
            self.sections.push(RawSection {
                name: name.clone(),
                line: number,
                entries: Vec::new(),
            });
            self.sections.len() - 1
        }));
        self.value_open = false;
        Some(Kind::Header(name))
    }

    fn setting(&mut self, number: u32, line: &[u8]) -> Option<Kind> {
        if self.open.is_none() {
            // Once: everything up to the first header stands before it.
            if self
                .findings
                .iter()
                .any(|finding| finding.what.ends_with(BEFORE_HEADER))
            {
                return None;
            }
            return self.wrong(number, BEFORE_HEADER, "put `[oomnitza]` on a line of its own above it");
        }
        let Some(parts) = Parts::of(line) else {
            return self.wrong(
                number,
                "is neither a section, a setting nor a comment",
                "write it as `name = value`, or put `#` before it",
            );
        };
        let value = line.get(parts.value).unwrap_or_default();
        let entry = Entry {
            name: self
                .decode(line.get(parts.name).unwrap_or_default())
                .to_ascii_lowercase(),
            value: if value == b"\"\"" {
                String::new()
            } else {
                self.decode(value).into_owned()
            },
            line: number,
            lines: vec![number],
            replaces: None,
            is_default: false,
        };
        let section = self.open.and_then(|open| self.sections.get_mut(open))?;
        let replaced = section.entry(&entry.name).filter(|other| other.value != entry.value);
        let entry = Entry {
            replaces: replaced.map(|other| other.line),
            ..entry
        };
        let kind = Kind::Setting(section.name.clone(), entry.name.clone());
        section.entries.retain(|other| other.name != entry.name);
        if section.entries.len() == MAX_SETTINGS {
            return self.wrong(
                number,
                "is one setting too many: a section has at most 1,000",
                "remove those that are not needed",
            );
        }
        section.entries.push(Arc::new(entry));
        self.value_open = true;
        Some(kind)
    }

    fn decode<'b>(&self, bytes: &'b [u8]) -> Cow<'b, str> {
        match std::str::from_utf8(bytes) {
            Ok(text) if self.is_utf8 => Cow::Borrowed(text),
            _ => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
        }
    }

    /// Notes what is wrong with a line.
    fn wrong(&mut self, number: u32, what: &str, remedy: &str) -> Option<Kind> {
        let place = Place {
            file: self.path.to_owned(),
            line: Some(number),
            ..Place::default()
        };
        self.findings
            .push(Finding::error(place, format!("this line {what}")).remedy(remedy));
        None
    }
}

const BEFORE_HEADER: &str = "stands before the first section's header";

/// Where in its line a setting's parts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) name: Range<usize>,
    /// Without white space and comment around it.
    pub(super) value: Range<usize>,
}

impl Parts {
    pub(super) fn of(line: &[u8]) -> Option<Self> {
        let delimiter = line.iter().position(|byte| matches!(byte, b':' | b'='))?;
        let name = 0..trim_end(line.get(..delimiter)?).len();
        let rest = line.get(delimiter + 1..)?;
        let start = delimiter + 1 + rest.iter().take_while(|byte| is_space(byte)).count();
        let rest = line.get(start..)?;
        let comment = rest.iter().position(|byte| *byte == b';').filter(|at| {
            // As Python has it: before the first character stands the last one.
            let before = at.checked_sub(1).unwrap_or(rest.len() - 1);
            rest.get(before).is_some_and(is_space)
        });
        let end = start + trim_end(rest.get(..comment.unwrap_or(rest.len()))?).len();
        (!name.is_empty()).then_some(Self {
            name,
            value: start..end,
        })
    }
}

/// White space as C has it, which is what the old program went by.
pub(super) fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn trim_end(bytes: &[u8]) -> &[u8] {
    let blanks = bytes.iter().rev().take_while(|byte| is_space(byte)).count();
    bytes.get(..bytes.len() - blanks).unwrap_or_default()
}

fn trim(bytes: &[u8]) -> &[u8] {
    let blanks = bytes.iter().take_while(|byte| is_space(byte)).count();
    trim_end(bytes.get(blanks..).unwrap_or_default())
}

fn is_rem(line: &[u8]) -> bool {
    let word = line.split(is_space).next().unwrap_or_default();
    word.eq_ignore_ascii_case(b"rem")
}

#[cfg(test)]
mod tests;
