//! What a record looks like.

use oomnitza_sdk::ldap::{Attribute, Entry};
use oomnitza_sdk::serde_json;

use crate::name::Name;
use crate::value;

/// What a record looks like: which attributes it has, and how they are spelled.
pub(crate) struct Shape {
    /// The attributes that mappings use, as they spell them; none for all.
    names: Vec<String>,
    /// Those of which all values are taken.
    lists: Vec<String>,
}

impl Shape {
    /// A shape of these attributes; `all_values` names some, with commas or blanks between them.
    pub(crate) fn new(names: Vec<String>, all_values: &str) -> Self {
        let lists = all_values.split(|character: char| character == ',' || character.is_whitespace());
        Self {
            names,
            lists: lists.filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        }
    }

    /// Whether all values of an attribute are taken.
    pub(crate) fn takes_all(&self, name: Name<'_>) -> bool {
        self.lists.iter().any(|list| name.is(list))
    }

    /// Whether a record of the entry has anything.
    pub(crate) fn shows(&self, entry: &Entry) -> bool {
        let is_shown = |attribute: &Attribute| {
            let name = Name::of(&attribute.name);
            self.names.is_empty() || self.names.iter().any(|asked| name.is(asked))
        };
        entry.attributes.iter().any(is_shown)
    }

    /// An entry as a JSON object. An attribute that mappings spell in two ways stands there in both.
    pub(crate) fn write(&self, entry: &Entry) -> Vec<u8> {
        let mut json = Vec::with_capacity(256);
        let mut separator = b'{';
        for attribute in &entry.attributes {
            let name = Name::of(&attribute.name);
            // Active Directory sends `member` without values beside `member;range=0-1499`.
            let Some(first) = attribute.values.first() else {
                continue;
            };
            let mut member = |key: &str| {
                json.push(separator);
                separator = b',';
                string(&mut json, key);
                json.push(b':');
                if self.takes_all(name) {
                    list(&mut json, name, &attribute.values);
                } else {
                    string(&mut json, &value::text(name, first));
                }
            };
            if self.names.is_empty() {
                member(name.plain);
            } else {
                let asked = self.names.iter().filter(|asked| name.is(asked));
                asked.for_each(|asked| member(asked));
            }
        }
        if separator == b'{' {
            json.push(b'{');
        }
        json.push(b'}');
        json
    }
}

fn list(json: &mut Vec<u8>, name: Name<'_>, values: &[Vec<u8>]) {
    let mut separator = b'[';
    for value in values {
        json.push(separator);
        separator = b',';
        string(json, &value::text(name, value));
    }
    json.push(b']');
}

fn string(json: &mut Vec<u8>, text: &str) {
    // Writing into memory does not fail.
    _ = serde_json::to_writer(json, text);
}
