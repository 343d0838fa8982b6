//! Filters (RFC 4511 section 4.5.1.7): presence, equality, and these joined by "and" and "or". The tests need no others, and a filter
//! that is half understood would find the wrong people.

use super::ber::{OCTETS, Reader};
use super::entry::{Attribute, Entry};

/// No filter of a test is deeper.
const MAX_DEPTH: u32 = 16;

/// Which entries are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    /// Those that have an attribute.
    Present(Attribute),
    /// Those of which an attribute has this value, without regard to case.
    Equal(Attribute, String),
    /// Those that all of these find.
    And(Vec<Filter>),
    /// Those that one of these finds.
    Or(Vec<Filter>),
    /// None: what it asks about is an attribute that nobody has.
    Nothing,
}

impl Filter {
    /// Reads a filter by its tag and what it holds.
    pub(super) fn read(tag: u8, content: &[u8]) -> Result<Self, &'static str> {
        Self::read_within(tag, content, MAX_DEPTH)
    }

    fn read_within(tag: u8, content: &[u8], depth: u32) -> Result<Self, &'static str> {
        let depth = depth.checked_sub(1).ok_or("a filter is too deep")?;
        let attribute = |name: &[u8]| std::str::from_utf8(name).ok().and_then(Attribute::of);
        let mut reader = Reader(content);
        match tag {
            0x87 => Ok(attribute(content).map_or(Self::Nothing, Self::Present)),
            0xa3 => {
                let (Some(name), Some(value), true) = (reader.take(OCTETS), reader.take(OCTETS), reader.is_empty())
                else {
                    return Err("a comparison in a filter is malformed");
                };
                let value = String::from_utf8_lossy(value).to_lowercase();
                Ok(attribute(name).map_or(Self::Nothing, |attribute| Self::Equal(attribute, value)))
            }
            0xa0 | 0xa1 => {
                let mut parts = Vec::new();
                while !reader.is_empty() {
                    let (tag, content) = reader.next().ok_or("a filter is malformed")?;
                    parts.push(Self::read_within(tag, content, depth)?);
                }
                match parts.is_empty() {
                    true => Err("a filter joins nothing"),
                    false if tag == 0xa0 => Ok(Self::And(parts)),
                    false => Ok(Self::Or(parts)),
                }
            }
            _ => Err("a filter is of a kind that the stand-in does not know"),
        }
    }

    /// Whether it finds an entry.
    pub(super) fn finds(&self, entry: &Entry) -> bool {
        match self {
            // Everything has a class.
            Self::Present(Attribute::ObjectClass) => true,
            Self::Present(attribute) => any(entry, *attribute, |_| true),
            Self::Equal(attribute, wanted) => any(entry, *attribute, |value| {
                String::from_utf8_lossy(value).to_lowercase() == *wanted
            }),
            Self::And(parts) => parts.iter().all(|part| part.finds(entry)),
            Self::Or(parts) => parts.iter().any(|part| part.finds(entry)),
            Self::Nothing => false,
        }
    }
}

fn any(entry: &Entry, attribute: Attribute, is_it: impl Fn(&[u8]) -> bool) -> bool {
    let mut found = false;
    entry.values(attribute, &mut |value| found = found || is_it(value));
    found
}
