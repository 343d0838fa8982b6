//! Lines that begin with a blank by a slip of the hand. The dialect takes each for more of the value above, so that a password on such a line
//! would be uploaded as a part of a position, or shown in a message that says what is wrong with `enable`.

use std::borrow::Cow;
use std::sync::Arc;

use super::finding::{Finding, Place};
use super::ini::{Entry, RawSection};
use super::suggest::nearest;

/// Shorter names stand in values as well: `dc=example,dc=com`.
const SHORTEST_NAME_BYTES: usize = 4;

/// The section as it is meant, in which such lines are settings of their own, and an error for each of them. `known` are the names of its
/// settings; `is_one_line` says which of them never have more than one line.
pub(super) fn straightened<'r>(
    raw: &'r RawSection,
    place: &Place,
    known: &[&str],
    is_one_line: impl Fn(&str) -> bool,
) -> (Cow<'r, RawSection>, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut entries = Vec::new();
    // Code goes on in lines that look like anything.
    let may_be_wrong = |entry: &&Arc<Entry>| entry.lines.len() > 1 && entry.name != "recordfilter";
    for entry in raw.entries.iter().filter(may_be_wrong) {
        let lines: Vec<(u32, &str)> = entry.lines.iter().copied().zip(entry.value.split('\n')).collect();
        let is_setting = |(_, line): &(u32, &str)| name_and_value(line, known).is_some();
        let more = lines.iter().skip(1).position(is_setting).map(|index| index + 1);
        let Some(end) = more.or_else(|| is_one_line(&entry.name).then_some(1)) else {
            continue;
        };
        let (own, slips) = lines.split_at(end.min(lines.len()));
        entries.push(Arc::new(Entry {
            value: own.iter().map(|(_, line)| *line).collect::<Vec<_>>().join("\n"),
            lines: own.iter().map(|(number, _)| *number).collect(),
            ..Entry::clone(entry)
        }));
        for (number, line) in slips {
            let Some((name, value)) = name_and_value(line, known) else {
                let what = format!("goes on in line {number}, which begins with a blank; its value is one line");
                let remedy = format!("remove line {number}, or put `#` before it");
                findings.push(Finding::error(place.at(entry.line, &raw.name, Some(&entry.name)), what).remedy(remedy));
                break;
            };
            let what = format!(
                "begins with a blank, and so belongs to `{}` on line {}",
                entry.name, entry.line
            );
            let remedy = "take the blank away: a setting begins in the first column";
            findings.push(Finding::error(place.at(*number, &raw.name, Some(&name)), what).remedy(remedy));
            entries.push(Arc::new(Entry {
                name,
                value: value.to_owned(),
                line: *number,
                lines: vec![*number],
                replaces: None,
                is_default: entry.is_default,
            }));
        }
    }
    if findings.is_empty() {
        return (Cow::Borrowed(raw), findings);
    }
    let mut section = raw.clone();
    for entry in entries {
        match section.entries.iter_mut().find(|other| other.name == entry.name) {
            // The last wins, as everywhere.
            Some(other) if other.line <= entry.line => *other = entry,
            Some(_) => {}
            None => section.entries.push(entry),
        }
    }
    (Cow::Owned(section), findings)
}

/// A line as a setting, if it begins with a name that is known, or nearly one.
fn name_and_value<'l>(line: &'l str, known: &[&str]) -> Option<(String, &'l str)> {
    let (name, value) = line.split_once(['=', ':'])?;
    let name = name.trim().to_ascii_lowercase();
    let is_word = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte));
    let is_one = || name.starts_with("mapping.") || nearest(&name, known.iter().copied()).is_some();
    (is_word && name.len() >= SHORTEST_NAME_BYTES && is_one() || known.contains(&name.as_str()))
        .then(|| (name.clone(), value.trim()))
}
