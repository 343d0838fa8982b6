//! The ini file's text: the dialect of Python 2's `ConfigParser`, as the files that people have are written in.
//!
//! - `[section]` in the first column; names are case-sensitive; a repeated section merges.
//! - `key = value` or `key: value` from the first column; keys are lower-cased, a repeated key: the last wins.
//! - Comments: `#` or `;` in the first column, the word `rem`, and from the first `;` of a value if white space stands before it.
//! - A line that begins with white space continues the value above, joined by a line break; one leading character is dropped and
//!   the rest of the indent stays. Blank lines end nothing and add nothing.
//! - `""` alone is the empty value. `%` and `#` in a value are data.
//!
//! Why not an existing reader: docs/adr/0003-our-own-ini-reader.md.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::finding::{Finding, Place};

/// Bytes of a file. The longest real ones have some thousand lines.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// An ini file.
#[derive(Debug, Clone)]
pub struct Ini {
    /// Where it was read from.
    pub path: PathBuf,
    /// Its sections, in order, repeated ones merged into the first.
    pub sections: Vec<RawSection>,
    source: Vec<u8>,
}

/// A section as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawSection {
    /// Its name, case as in the file.
    pub name: String,
    /// The line of its first header.
    pub line: u32,
    /// Its settings in order, each name once, with its last value.
    pub entries: Vec<Entry>,
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
}

impl RawSection {
    /// The setting called `name`.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The value of the setting called `name`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.entry(name).map(|entry| entry.value.as_str())
    }
}

impl Ini {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, Finding> {
        use std::io::Read as _;
        let place = Place {
            file: path.to_owned(),
            ..Place::default()
        };
        let failed = |error: std::io::Error| {
            let finding = Finding::error(place.clone(), format!("cannot be read: {error}"));
            match error.kind() {
                std::io::ErrorKind::NotFound => Finding::error(place.clone(), "there is no such file")
                    .remedy("name the file with `--ini FILE`, or write one with `oomnitza-connector generate-ini`"),
                std::io::ErrorKind::PermissionDenied => finding
                    .remedy("let the user that runs this program read it, for example with `chmod u+r` or `chown`"),
                std::io::ErrorKind::IsADirectory => finding.remedy("name a file with `--ini FILE`"),
                _ => finding,
            }
        };
        let file = std::fs::File::open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(
                Finding::error(place, format!("is larger than {} MiB", MAX_FILE_BYTES >> 20))
                    .remedy("name the ini file with `--ini FILE`; this is hardly one"),
            );
        }
        Self::parse(path, bytes)
    }

    /// Reads text: UTF-8, or Latin-1 where it is not.
    pub fn parse(path: &Path, source: Vec<u8>) -> Result<Self, Finding> {
        let text = decode(&source);
        let mut reader = Reader {
            path,
            sections: Vec::new(),
            open: None,
            value_open: false,
        };
        for (number, line) in (1u32..).zip(text.split('\n')) {
            reader.line(number, line.strip_suffix('\r').unwrap_or(line))?;
        }
        let sections = reader.sections;
        Ok(Self {
            path: path.to_owned(),
            sections,
            source,
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

fn decode(source: &[u8]) -> Cow<'_, str> {
    let source = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
    match std::str::from_utf8(source) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(source.iter().copied().map(char::from).collect()),
    }
}

struct Reader<'a> {
    path: &'a Path,
    sections: Vec<RawSection>,
    /// Index of the section that is open.
    open: Option<usize>,
    /// Whether the open section's last entry can be continued.
    value_open: bool,
}

impl Reader<'_> {
    fn line(&mut self, number: u32, line: &str) -> Result<(), Finding> {
        if line.trim().is_empty() || line.starts_with(['#', ';']) || is_rem(line) {
            return Ok(());
        }
        if line.starts_with(char::is_whitespace) {
            if self.value_open {
                self.continue_value(number, line);
                return Ok(());
            }
            return Err(self
                .wrong(
                    number,
                    "begins with white space, but there is no value above that it could continue",
                )
                .remedy("take the white space away, or put the line below the setting it belongs to"));
        }
        if let Some(rest) = line.strip_prefix('[') {
            return self.header(number, rest);
        }
        self.setting(number, line)
    }

    fn header(&mut self, number: u32, rest: &str) -> Result<(), Finding> {
        let name = match rest.split_once(']') {
            Some((name, _)) if !name.is_empty() => name,
            _ => {
                return Err(self
                    .wrong(number, "is a section's header without its closing `]`")
                    .remedy("write it as `[name]`"));
            }
        };
        let known = self.sections.iter().position(|section| section.name == name);
        self.open = Some(known.unwrap_or_else(|| {
            self.sections.push(RawSection {
                name: name.to_owned(),
                line: number,
                entries: Vec::new(),
            });
            self.sections.len() - 1
        }));
        self.value_open = false;
        Ok(())
    }

    fn setting(&mut self, number: u32, line: &str) -> Result<(), Finding> {
        let Some(section) = self.open.and_then(|open| self.sections.get_mut(open)) else {
            return Err(self
                .wrong(number, "stands before the first section's header")
                .remedy("put `[oomnitza]` on a line of its own above it"));
        };
        let Some((name, value)) = line.split_once([':', '=']).filter(|(name, _)| !name.is_empty()) else {
            return Err(self
                .wrong(number, "is neither a section, a setting nor a comment")
                .remedy("write it as `name = value`, or put `#` before it"));
        };
        let value = strip_comment(value).trim();
        let entry = Entry {
            name: name.trim_end().to_lowercase(),
            value: if value == "\"\"" {
                String::new()
            } else {
                value.to_owned()
            },
            line: number,
            lines: vec![number],
        };
        section.entries.retain(|other| other.name != entry.name);
        section.entries.push(entry);
        self.value_open = true;
        Ok(())
    }

    fn continue_value(&mut self, number: u32, line: &str) {
        let entry = self
            .open
            .and_then(|open| self.sections.get_mut(open))
            .and_then(|section| section.entries.last_mut());
        if let Some(entry) = entry {
            let mut characters = line.chars();
            characters.next();
            entry.value.push('\n');
            entry.value.push_str(characters.as_str().trim_end());
            entry.lines.push(number);
        }
    }

    fn wrong(&self, number: u32, what: &str) -> Finding {
        let place = Place {
            file: self.path.to_owned(),
            line: Some(number),
            ..Place::default()
        };
        Finding::error(place, format!("this line {what}"))
    }
}

fn is_rem(line: &str) -> bool {
    line.split_whitespace()
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("rem"))
        && line.starts_with(['r', 'R'])
}

/// The value up to its first `;`, if white space stands before that one.
fn strip_comment(value: &str) -> &str {
    match value.split_once(';') {
        Some((before, _)) if before.ends_with(char::is_whitespace) => before,
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &[u8]) -> Result<Ini, Finding> {
        Ini::parse(Path::new("config.ini"), text.to_vec())
    }

    fn value(text: &[u8], section: &str, name: &str) -> Option<String> {
        parse(text).unwrap().section(section)?.value(name).map(str::to_owned)
    }

    #[test]
    fn values_are_read_as_the_old_program_reads_them() {
        for (line, expected) in [
            ("a = b", "b"),
            ("a: b", "b"),
            ("A=b", "b"),
            ("a = b = c", "b = c"),
            ("a = \"\"", ""),
            ("a =", ""),
            ("a = 25 # part", "25 # part"),
            ("a = 100%;x", "100%;x"),
            ("a = x ; comment", "x"),
            ("a = \"x ; y\"", "\"x"),
            ("a = p;w ; c", "p;w ; c"),
            ("a = ldap://h:389", "ldap://h:389"),
        ] {
            assert_eq!(
                value(format!("[s]\n{line}\n").as_bytes(), "s", "a").as_deref(),
                Some(expected),
                "{line}"
            );
        }
    }

    #[test]
    fn a_continued_value_keeps_its_indent_but_for_one_character() {
        let text = b"[s]\nrecordfilter:\n    if record.a:\n        # python comment\n\n        return True\nb = 1\n";
        assert_eq!(
            value(text, "s", "recordfilter").as_deref(),
            Some("\n   if record.a:\n       # python comment\n       return True")
        );
        let ini = parse(text).unwrap();
        let filter = ini.section("s").unwrap().entry("recordfilter").unwrap();
        assert_eq!(filter.lines, [2, 3, 4, 6]);
        assert_eq!(value(text, "s", "b").as_deref(), Some("1"));
    }

    #[test]
    fn comments_windows_line_ends_a_byte_order_mark_and_latin_1_are_taken() {
        let text = b"\xef\xbb\xbf# c\r\n; c\r\nrem c\r\n[s]\r\nname = Ren\xe9\r\n";
        // Not UTF-8, so the whole file is Latin-1.
        assert_eq!(value(text, "s", "name").as_deref(), Some("René"));
        assert_eq!(
            value("\u{feff}[s]\r\nname = René\r\n".as_bytes(), "s", "name").as_deref(),
            Some("René")
        );
    }

    #[test]
    fn sections_merge_and_the_last_value_of_a_key_wins() {
        let ini = parse(b"[s]\na = 1\n[t]\nb = 2\n[s]\na = 3\nc = 4\n").unwrap();
        assert_eq!(
            ini.sections
                .iter()
                .map(|section| section.name.as_str())
                .collect::<Vec<_>>(),
            ["s", "t"]
        );
        let section = ini.section("s").unwrap();
        assert_eq!(
            (section.value("a"), section.entry("a").unwrap().line, section.value("c")),
            (Some("3"), 6, Some("4"))
        );
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_line() {
        for (text, message) in [
            (
                "a = 1\n",
                "config.ini:1: this line stands before the first section's header",
            ),
            (
                "\n[s\n",
                "config.ini:2: this line is a section's header without its closing `]`",
            ),
            (
                "[s]\nword\n",
                "config.ini:2: this line is neither a section, a setting nor a comment",
            ),
            (
                "[s]\n  a = 1\n",
                "config.ini:2: this line begins with white space, but there is no value above that it could continue",
            ),
        ] {
            let finding = parse(text.as_bytes()).unwrap_err();
            assert_eq!(finding.to_string(), message);
            assert!(finding.remedy.is_some(), "{message} needs a remedy");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_said_with_a_remedy() {
        let finding = Ini::read(Path::new("/nonexistent/config.ini")).unwrap_err();
        assert_eq!(finding.to_string(), "/nonexistent/config.ini: there is no such file");
        assert!(finding.remedy.unwrap().contains("--ini"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_and_come_back_as_they_were(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(ini) = parse(&bytes) {
                prop_assert_eq!(ini.render(), &bytes[..]);
            }
        }

        /// On the plain part of the dialect an independent reader sees the same.
        #[test]
        fn plain_files_mean_what_rust_ini_reads(
            sections in proptest::collection::btree_map("[a-z]{1,6}", proptest::collection::btree_map("[a-z_]{1,6}", "[A-Za-z0-9/.]{1,12}", 0..5), 1..4)
        ) {
            let mut text = String::new();
            for (name, entries) in &sections {
                text.push_str(&format!("[{name}]\n"));
                for (key, value) in entries.iter().filter(|(key, _)| *key != "rem") {
                    text.push_str(&format!("{key} = {value}\n"));
                }
            }
            let ours = parse(text.as_bytes()).unwrap();
            let theirs = ini::Ini::load_from_str(&text).unwrap();
            for section in &ours.sections {
                for entry in &section.entries {
                    prop_assert_eq!(theirs.get_from(Some(&section.name), &entry.name), Some(entry.value.as_str()));
                }
                let count = theirs.section(Some(&section.name)).map_or(0, |properties| properties.len());
                prop_assert_eq!(count, section.entries.len());
            }
        }
    }
}
