//! Searches (RFC 4511 section 4.5): what they ask for, and the entries they find.

use std::ops::Range;

use super::ber::{BOOLEAN, ENUMERATED, INTEGER, OCTETS, Reader, SEQUENCE, SET, Writer};
use super::entry::{Attribute, Entry};
use super::filter::Filter;
use super::message::{Refusal, code};

/// How far down a search looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The base itself.
    Base,
    /// What is right below.
    OneLevel,
    /// The base and all below.
    Subtree,
}

/// What a search asks for.
#[derive(Debug)]
pub(super) struct Search<'a> {
    pub(super) base: &'a str,
    pub(super) scope: Scope,
    /// The most entries that the client wants.
    pub(super) size_limit: Option<u64>,
    filter: Filter,
    /// As the client spells them.
    pub(super) names: Vec<&'a str>,
    attributes: Vec<Attribute>,
}

impl<'a> Search<'a> {
    /// Reads a search.
    pub(super) fn read(content: &'a [u8]) -> Result<Self, Refusal> {
        let malformed = || Refusal::violation(code::PROTOCOL_ERROR, "the search is malformed");
        let mut parts = Reader(content);
        let base = parts.text(OCTETS).ok_or_else(malformed)?;
        let scope = match parts.number(ENUMERATED) {
            Some(0) => Scope::Base,
            Some(1) => Scope::OneLevel,
            Some(2) => Scope::Subtree,
            _ => return Err(malformed()),
        };
        parts
            .number(ENUMERATED)
            .filter(|aliases| (0..=3).contains(aliases))
            .ok_or_else(malformed)?;
        let mut limit = || {
            parts
                .number(INTEGER)
                .filter(|limit| (0..=i64::from(i32::MAX)).contains(limit))
        };
        let (size, _seconds) = limit().zip(limit()).ok_or_else(malformed)?;
        if parts.take(BOOLEAN).ok_or_else(malformed)? != [0] {
            return Err(Refusal::violation(
                code::UNWILLING_TO_PERFORM,
                "the search wants no values",
            ));
        }
        let (tag, filter) = parts.next().ok_or_else(malformed)?;
        let filter = Filter::read(tag, filter).map_err(|why| Refusal::violation(code::INAPPROPRIATE_MATCHING, why))?;
        let mut list = Reader(parts.take(SEQUENCE).ok_or_else(malformed)?);
        let mut names = Vec::new();
        while !list.is_empty() {
            names.push(list.text(OCTETS).ok_or_else(malformed)?);
        }
        if !parts.is_empty() {
            return Err(malformed());
        }
        let is_for_all = names.is_empty() || names.contains(&"*");
        let wanted =
            |attribute: &Attribute| is_for_all || names.iter().any(|name| Attribute::of(name) == Some(*attribute));
        let attributes = Attribute::ALL.into_iter().filter(wanted).collect();
        Ok(Self {
            base,
            scope,
            size_limit: u64::try_from(size).ok().filter(|size| *size > 0),
            filter,
            names,
            attributes,
        })
    }

    /// The places of the entries that it looks at.
    pub(super) fn places(&self, people: u64) -> Range<u64> {
        match self.scope {
            Scope::Base => 0..1,
            Scope::OneLevel => 1..people + 1,
            Scope::Subtree => 0..people + 1,
        }
    }

    /// Whether it finds the entry at a place, and then the entry.
    pub(super) fn find<'b>(&self, place: u64, base: &'b str) -> Option<Entry<'b>> {
        Some(Entry::at(place, base)).filter(|entry| self.filter.finds(entry))
    }

    /// Writes an entry as it was asked for.
    pub(super) fn write(&self, writer: &mut Writer, id: i64, entry: &Entry) {
        let start = writer.open(SEQUENCE);
        writer.number(INTEGER, id);
        let operation = writer.open(0x64);
        writer.octets(OCTETS, entry.name().as_bytes());
        let list = writer.open(SEQUENCE);
        for attribute in &self.attributes {
            let before = writer.0.len();
            let pair = writer.open(SEQUENCE);
            writer.octets(OCTETS, attribute.name().as_bytes());
            let values = writer.open(SET);
            entry.values(*attribute, &mut |value| writer.octets(OCTETS, value));
            if writer.0.len() == values {
                // The entry does not have it.
                writer.0.truncate(before);
                continue;
            }
            writer.close(values);
            writer.close(pair);
        }
        writer.close(list);
        writer.close(operation);
        writer.close(start);
    }
}

/// Whether two distinguished names are the same, without regard to case and to blanks around commas and equals signs. Escaped commas
/// are none of this directory's names.
pub(super) fn is_same_name(one: &str, other: &str) -> bool {
    let parts = |name: &str| -> Vec<String> { name.split([',', '=']).map(|part| part.trim().to_lowercase()).collect() };
    parts(one) == parts(other)
}
