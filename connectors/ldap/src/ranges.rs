//! Attributes of many values, of which Active Directory gives 1,500 at a time (MaxValRange): `member;range=0-1499`, then
//! `member;range=1500-*` of the same entry, until the range that comes ends in `*`.

use oomnitza_sdk::ldap::{Connection, Entry, Scope, Search, Target};
use oomnitza_sdk::{Error, Page, Result};

use crate::name::Name;
use crate::record::Shape;

/// Searches for the rest of values that one page of records may take.
const SEARCHES_A_PAGE: u32 = 100;

/// Reads what is left of ranges, over a connection of its own: the first one is in the middle of a search.
pub(crate) struct Ranges {
    target: Target,
    /// Opened when it is needed.
    connection: Option<Connection>,
    searches: u32,
}

impl Ranges {
    pub(crate) fn new(target: Target) -> Self {
        Self {
            target,
            connection: None,
            searches: 0,
        }
    }

    /// Begins a page.
    pub(crate) fn next_page(&mut self) {
        self.searches = 0;
    }

    /// Whether the page has taken long enough.
    pub(crate) fn is_enough(&self) -> bool {
        self.searches >= SEARCHES_A_PAGE
    }

    /// Reads the rest of those attributes of which all values are wanted; false where the entry is not there any more. What is too much for
    /// a record is not read to its end.
    pub(crate) fn complete(&mut self, entry: &mut Entry, shape: &Shape) -> Result<bool> {
        if !shape.has_lists() {
            return Ok(true);
        }
        for attribute in &mut entry.attributes {
            let name = Name::of(&attribute.name);
            let mut last = name
                .range
                .filter(|_| shape.takes_all(name))
                .and_then(|range| range.last);
            let mut bytes: usize = attribute.values.iter().map(Vec::len).sum();
            while let Some(end) = last
                && bytes <= Page::LARGEST_RECORD
            {
                let begin = end.saturating_add(1);
                let Some(rest) = self.search(&entry.dn, format!("{};range={begin}-*", name.plain))? else {
                    return Ok(false);
                };
                let is_rest = |range: &str| Name::of(range).range.is_some_and(|range| range.first == begin);
                let part = rest
                    .attributes
                    .into_iter()
                    .find(|part| name.is(&part.name) && is_rest(&part.name));
                // Where values went away meanwhile, nothing may be left.
                let Some(mut part) = part else { break };
                last = Name::of(&part.name).range.and_then(|range| range.last);
                if last.is_some_and(|last| last < begin) {
                    let what = format!("the values of `{}` come in circles", name.plain);
                    return Err(Error::Unexpected(what));
                }
                bytes += part.values.iter().map(Vec::len).sum::<usize>();
                attribute.values.append(&mut part.values);
            }
        }
        Ok(true)
    }

    /// One attribute of one entry; none where the entry is not there.
    fn search(&mut self, dn: &str, attribute: String) -> Result<Option<Entry>> {
        self.searches += 1;
        let search = Search {
            base: dn.to_owned(),
            scope: Scope::Base,
            filter: "(objectClass=*)".to_owned(),
            attributes: vec![attribute],
            page_size: 0,
            limit: None,
        };
        if let Some(connection) = self.connection.take() {
            match self.ask(connection, &search) {
                // Minutes may have passed since it was used, after which directories and firewalls end one.
                Err(Error::Unreachable(_)) => {}
                answer => return answer,
            }
        }
        let connection = Connection::open(&self.target)?;
        self.ask(connection, &search)
    }

    fn ask(&mut self, connection: Connection, search: &Search) -> Result<Option<Entry>> {
        let (found, connection) = connection.search(search)?.only()?;
        self.connection = Some(connection);
        Ok(found)
    }
}
