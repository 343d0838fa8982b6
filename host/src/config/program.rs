//! Code of the ini file, as it stands there: `recordfilter` and the entries of `[converters]` (docs/python.md).

use std::sync::Arc;

use super::finding::{Finding, Place};
use super::ini::{CONVERTERS, Entry, Ini};

/// A piece of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Name of the setting: `recordfilter`, or the converter's name, lower case.
    pub name: String,
    /// The code, indented as in the file but for one character.
    pub text: String,
    /// The lines of the file on which the lines of `text` stand.
    pub lines: Vec<u32>,
    /// The section that it stands in.
    section: String,
    place: Place,
}

impl Program {
    /// The code of a setting; nothing where it is empty.
    pub(super) fn of(ini: &Ini, section: &str, entry: &Entry) -> Option<Self> {
        let text = entry.value.clone();
        (!text.trim().is_empty()).then(|| Self {
            name: entry.name.clone(),
            text,
            lines: entry.lines.clone(),
            section: section.to_owned(),
            place: ini.place(),
        })
    }

    /// Something about a line of it.
    pub(crate) fn finding(&self, line: u32, what: impl Into<String>) -> Finding {
        Finding::error(self.place.at(line, &self.section, Some(&self.name)), what)
    }
}

/// The converters that the file defines.
pub fn converters(ini: &Ini) -> Vec<Program> {
    ini.section(CONVERTERS).map_or_else(Vec::new, |section| {
        let program = |entry: &Arc<Entry>| Program::of(ini, &section.name, entry);
        section.entries.iter().filter_map(program).collect()
    })
}

/// What becomes of a record on which code fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// It ends the section.
    #[default]
    Stop,
    /// It is left out, counted and reported.
    Skip,
}
