//! Changing an ini file without touching what was not meant: every byte of every other line stays, comments, blanks, line ends and
//! encoding included.
//!
//! Promise: what was set is what is read back, and nothing else is read differently. Each change is read again before it is given out;
//! one that the dialect cannot express (a value that ends in white space, say) is refused instead.

use std::collections::BTreeMap;
use std::ops::Range;

use super::ini::{Ini, Kind, Line, Parts, is_space};

/// Why a file cannot be changed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// There is no such section.
    #[error("there is no section [{0}]")]
    NoSection(String),
    /// There is such a section already.
    #[error("there is a section [{0}] already")]
    Exists(String),
    /// The name cannot stand in an ini file.
    #[error("`{0}` cannot be a name in an ini file")]
    Name(String),
    /// The file is Latin-1, and the text has other characters.
    #[error("the file is in Latin-1, which has no `{0}`; save it as UTF-8 first")]
    Encoding(char),
    /// What is left of a Latin-1 file would be read otherwise.
    #[error("the file is in Latin-1, and what is left of it would be taken for UTF-8; save it as UTF-8 first")]
    Left,
    /// The value cannot stand in an ini file.
    #[error(
        "this value cannot be written into an ini file: white space at its ends, blank lines, `\"\"` alone and ` ;` in the first line do not survive"
    )]
    Value,
}

/// What a file says: sections, settings and values, whatever their order. What comes from `[DEFAULT]` is left out.
type Meaning<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a str>>;

impl Ini {
    /// The file with this setting of a section changed, or added to it.
    pub fn set(&self, section: &str, name: &str, value: &str) -> Result<Self, EditError> {
        let known = self
            .section(section)
            .ok_or_else(|| EditError::NoSection(section.to_owned()))?;
        let key = name.to_ascii_lowercase();
        let own = known.entry(&key).filter(|entry| !entry.is_default);
        if own.is_some_and(|entry| entry.value == value) {
            return Ok(self.clone());
        }
        let mut lines = value.split('\n');
        let first = self.encode(lines.next().unwrap_or_default())?;
        let rest = lines.map(|line| self.encode(line)).collect::<Result<Vec<_>, _>>()?;
        let text = match self.last_of(section, &key) {
            Some(at) => self.changed(at, &first, &rest),
            None if !self.is_name(name) => return Err(EditError::Name(name.to_owned())),
            None => self.added(section, &self.encode(name)?, &first, &rest),
        };
        let mut expected = self.meaning();
        expected.entry(section).or_default().insert(&key, value);
        self.read_again(text, &expected, EditError::Value)
    }

    /// The file without this setting of a section; comments that stand around it stay.
    pub fn remove(&self, section: &str, name: &str) -> Result<Self, EditError> {
        let key = name.to_ascii_lowercase();
        if self.section(section).is_none() {
            return Err(EditError::NoSection(section.to_owned()));
        }
        let mut expected = self.meaning();
        expected.entry(section).or_default().remove(key.as_str());
        let mut is_removed = false;
        let text = self.without(|line| {
            match &line.kind {
                Kind::Setting(of, name) => is_removed = of == section && *name == key,
                Kind::Header(_) => is_removed = false,
                Kind::Continuation => {}
                Kind::Blank | Kind::Comment => return false,
            }
            is_removed
        });
        self.read_again(text, &expected, EditError::Name(name.to_owned()))
    }

    /// The file with a new, empty section at its end.
    pub fn add_section(&self, name: &str) -> Result<Self, EditError> {
        if self.section(name).is_some() {
            return Err(EditError::Exists(name.to_owned()));
        }
        let end = self.line_end();
        let mut text = self.source.clone();
        if self.lines.iter().any(|line| line.kind != Kind::Blank) {
            if !text.ends_with(b"\n") {
                text.extend_from_slice(end);
            }
            if !without_line_break(&text).ends_with(b"\n") {
                text.extend_from_slice(end);
            }
        }
        text.extend_from_slice(&[b"[", self.encode(name)?.as_slice(), b"]", end].concat());
        let mut expected = self.meaning();
        expected.insert(name, BTreeMap::new());
        self.read_again(text, &expected, EditError::Name(name.to_owned()))
    }

    /// The file without a section, wherever it stands; comments right above the next section belong to that one.
    pub fn remove_section(&self, name: &str) -> Result<Self, EditError> {
        if self.section(name).is_none() {
            return Err(EditError::NoSection(name.to_owned()));
        }
        let mut expected = self.meaning();
        expected.remove(name);
        let mut removed = vec![false; self.lines.len()];
        let mut is_inside = false;
        for (line, removed) in self.lines.iter().zip(&mut removed) {
            if let Kind::Header(header) = &line.kind {
                is_inside = header == name;
            }
            *removed = is_inside;
        }
        // From the bottom: the comments above a header that stays.
        let mut is_next = false;
        for (line, removed) in self.lines.iter().zip(&mut removed).rev() {
            is_next = match line.kind {
                Kind::Header(_) => !*removed,
                Kind::Comment => is_next,
                _ => false,
            };
            *removed &= !is_next;
        }
        let mut removed = removed.into_iter();
        let text = self.without(|_| removed.next() == Some(true));
        self.read_again(text, &expected, EditError::Name(name.to_owned()))
    }

    fn meaning(&self) -> Meaning<'_> {
        self.sections
            .iter()
            .map(|section| {
                let own = section.entries.iter().filter(|entry| !entry.is_default);
                let values = own.map(|entry| (entry.name.as_str(), entry.value.as_str()));
                (section.name.as_str(), values.collect())
            })
            .collect()
    }

    /// The line of the setting whose value holds.
    fn last_of(&self, section: &str, key: &str) -> Option<usize> {
        let is_it = |line: &Line| matches!(&line.kind, Kind::Setting(of, name) if of == section && name == key);
        self.lines.iter().rposition(is_it)
    }

    fn changed(&self, at: usize, first: &[u8], rest: &[Vec<u8>]) -> Vec<u8> {
        let Some(line) = self.lines.get(at) else {
            return self.source.clone();
        };
        let old = self.bytes(line.span.clone());
        let value = Parts::of(old).map_or(old.len()..old.len(), |parts| parts.value);
        let (before, after) = (
            old.get(..value.start).unwrap_or_default(),
            old.get(value.end..).unwrap_or_default(),
        );
        let is_commented = after.iter().any(|byte| !is_space(byte));
        let after = if is_commented { after } else { b"" };
        let blank: &[u8] = if !first.is_empty() && before.ends_with(b"=") {
            b" "
        } else {
            b""
        };
        // A comment alone would become the value.
        let first: &[u8] = if first.is_empty() && is_commented {
            b"\"\""
        } else {
            first
        };
        let mut text = self.bytes(0..line.span.start).to_vec();
        // It only is one behind white space.
        let apart: &[u8] = if is_commented && !after.first().is_some_and(is_space) {
            b" "
        } else {
            b""
        };
        text.extend_from_slice(&[before, blank, first, apart, after].concat());
        self.continue_with(&mut text, rest);
        // The rest of the file, without the lines that continued the old value.
        let mut is_old = true;
        let mut position = line.span.end;
        for next in self.lines.get(at + 1..).unwrap_or_default() {
            is_old &= !matches!(next.kind, Kind::Setting(..) | Kind::Header(_));
            let upto = if is_old && next.kind == Kind::Continuation {
                // With the line break before it; that of the line itself comes with the next one.
                without_line_break(self.bytes(0..next.span.start)).len()
            } else {
                next.span.end
            };
            text.extend_from_slice(self.bytes(position..upto));
            position = next.span.end;
        }
        text.extend_from_slice(self.bytes(position..self.source.len()));
        text
    }

    fn added(&self, section: &str, name: &[u8], first: &[u8], rest: &[Vec<u8>]) -> Vec<u8> {
        let mut is_inside = false;
        let mut after = 0;
        for line in &self.lines {
            match &line.kind {
                Kind::Header(header) => is_inside = header == section,
                Kind::Setting(..) | Kind::Continuation => {}
                Kind::Blank | Kind::Comment => continue,
            }
            if is_inside {
                after = line.span.end;
            }
        }
        let mut text = self.bytes(0..after).to_vec();
        text.extend_from_slice(self.line_end());
        text.extend_from_slice(name);
        text.extend_from_slice(match (first, rest) {
            ([], [_, ..]) => b":",
            ([], []) => b" =",
            _ => b" = ",
        });
        text.extend_from_slice(first);
        self.continue_with(&mut text, rest);
        text.extend_from_slice(self.bytes(after..self.source.len()));
        text
    }

    fn continue_with(&self, text: &mut Vec<u8>, rest: &[Vec<u8>]) {
        for line in rest {
            // The reader drops one character of the indent.
            text.extend_from_slice(&[self.line_end(), b" ", line].concat());
        }
    }

    /// The file without the lines that `is_removed`, their line breaks included.
    fn without(&self, mut is_removed: impl FnMut(&Line) -> bool) -> Vec<u8> {
        let first = self.lines.first().map_or(0, |line| line.span.start);
        let mut text = self.bytes(0..first).to_vec();
        for (index, line) in self.lines.iter().enumerate() {
            let end = self
                .lines
                .get(index + 1)
                .map_or(self.source.len(), |next| next.span.start);
            if !is_removed(line) {
                text.extend_from_slice(self.bytes(line.span.start..end));
            }
        }
        text
    }

    /// Whether a setting of this name can be read.
    fn is_name(&self, name: &str) -> bool {
        let line = format!("[s]\n{name} = x\n").into_bytes();
        let read = Self::parse(&self.path, line);
        let value = read
            .as_ref()
            .ok()
            .and_then(|read| read.section("s")?.value(&name.to_ascii_lowercase()));
        value == Some("x")
    }

    /// The file that a text makes, if it says what is expected of it.
    fn read_again(&self, text: Vec<u8>, expected: &Meaning<'_>, otherwise: EditError) -> Result<Self, EditError> {
        let is_utf8 = |text: &[u8]| std::str::from_utf8(text).is_ok();
        if !is_utf8(&self.source) && !text.is_ascii() && is_utf8(&text) {
            return Err(EditError::Left);
        }
        match Self::parse(&self.path, text) {
            Ok(edited) if edited.meaning() == *expected => Ok(edited),
            _ => Err(otherwise),
        }
    }

    fn bytes(&self, span: Range<usize>) -> &[u8] {
        self.source.get(span).unwrap_or_default()
    }

    /// The line break that the file's first line has.
    fn line_end(&self) -> &'static [u8] {
        match self.source.iter().position(|byte| *byte == b'\n') {
            Some(at) if self.bytes(0..at).ends_with(b"\r") => b"\r\n",
            _ => b"\n",
        }
    }

    /// A text in the file's encoding.
    fn encode(&self, text: &str) -> Result<Vec<u8>, EditError> {
        if std::str::from_utf8(&self.source).is_ok() {
            return Ok(text.as_bytes().to_vec());
        }
        let latin = |character: char| u8::try_from(u32::from(character)).map_err(|_| EditError::Encoding(character));
        text.chars().map(latin).collect()
    }
}

fn without_line_break(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}

#[cfg(test)]
mod tests;
