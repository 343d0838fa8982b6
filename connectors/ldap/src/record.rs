//! What a record looks like.

use oomnitza_sdk::json::quoted;
use oomnitza_sdk::ldap::Entry;
use oomnitza_sdk::serde_json;

use crate::name::Name;
use crate::value::Kind;

/// Attributes that are known at a time, at most. Entries of one search have a dozen, or with all attributes some hundred.
const MOST_COLUMNS: usize = 256;

/// What a record looks like: which attributes it has, and how they are spelled.
pub(crate) struct Shape {
    /// The attributes that mappings use, as they spell them.
    names: Vec<String>,
    /// Whether a record has all others as well, as the server spells them.
    everything: bool,
    /// Those of the mapped ones of which all values are taken, in the section's spelling.
    lists: Vec<String>,
    /// The attributes that have come with the page at hand: names are the same in every entry, and are taken apart once.
    columns: Vec<Column>,
}

/// What becomes of an attribute.
struct Column {
    /// As the server spells it, with its options.
    attribute: String,
    is_mapped: bool,
    /// As records spell it, quoted and with a colon.
    keys: Vec<Vec<u8>>,
    /// Whether all values are taken.
    is_list: bool,
    kind: Kind,
}

impl Shape {
    /// A shape of these attributes; `all_values` names some, with commas or blanks between them.
    pub(crate) fn new(names: Vec<String>, everything: bool, all_values: &str) -> Self {
        let lists = all_values.split(|character: char| character == ',' || character.is_whitespace());
        // What is not mapped may not make a record too large for what is.
        let is_mapped = |list: &&str| names.iter().any(|asked| Name::of(list).is(asked));
        Self {
            lists: lists.filter(is_mapped).map(str::to_owned).collect(),
            names,
            everything,
            columns: Vec::new(),
        }
    }

    /// Begins a page.
    pub(crate) fn next_page(&mut self) {
        self.columns.clear();
    }

    /// Whether there are attributes of which all values are taken.
    pub(crate) fn has_lists(&self) -> bool {
        !self.lists.is_empty()
    }

    /// Whether all values of an attribute are taken.
    pub(crate) fn takes_all(&self, name: Name<'_>) -> bool {
        self.lists.iter().any(|list| name.is(list))
    }

    /// Writes an entry as a JSON object, and says whether it has anything that mappings use. An attribute that they spell in two ways
    /// stands there in both.
    pub(crate) fn write(&mut self, entry: &Entry, json: &mut Vec<u8>) -> bool {
        let mut is_mapped = false;
        let mut separator = b'{';
        for attribute in &entry.attributes {
            let known = self.columns.iter().position(|known| known.attribute == attribute.name);
            let at = known.unwrap_or_else(|| self.add(&attribute.name));
            let Some(column) = self.columns.get(at) else { continue };
            is_mapped |= column.is_mapped;
            // Active Directory sends `member` without values beside `member;range=0-1499`.
            let Some(first) = attribute.values.first() else {
                continue;
            };
            for key in &column.keys {
                json.push(separator);
                separator = b',';
                json.extend_from_slice(key);
                if column.is_list {
                    list(json, column.kind, &attribute.values);
                } else {
                    string(json, &column.kind.text(first));
                }
            }
        }
        if separator == b'{' {
            json.push(b'{');
        }
        json.push(b'}');
        is_mapped
    }

    /// Adds a column, and says where it stands.
    fn add(&mut self, attribute: &str) -> usize {
        if self.columns.len() == MOST_COLUMNS {
            self.columns.clear();
        }
        let name = Name::of(attribute);
        let asked: Vec<&str> = self
            .names
            .iter()
            .map(String::as_str)
            .filter(|asked| name.is(asked))
            .collect();
        let is_mapped = !asked.is_empty();
        let other = (self.everything && !is_mapped).then_some(name.plain);
        let keys = asked
            .into_iter()
            .chain(other)
            .map(|key| [&quoted(key)[..], b":"].concat());
        let column = Column {
            attribute: attribute.to_owned(),
            is_mapped,
            keys: keys.collect(),
            is_list: self.takes_all(name),
            kind: Kind::of(name),
        };
        self.columns.push(column);
        self.columns.len() - 1
    }
}

fn list(json: &mut Vec<u8>, kind: Kind, values: &[Vec<u8>]) {
    let mut separator = b'[';
    for value in values {
        json.push(separator);
        separator = b',';
        string(json, &kind.text(value));
    }
    json.push(b']');
}

fn string(json: &mut Vec<u8>, text: &str) {
    // Writing into memory does not fail.
    _ = serde_json::to_writer(json, text);
}
