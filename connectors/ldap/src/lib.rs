//! LDAP and Active Directory: the people below a base. A record is an entry: attribute to its first value as text, or to all of them where
//! the section asks for that.
//!
//! Facts that shape it: attribute names compare without case (RFC 4512 section 2.5), so a record's keys are spelled as the mappings
//! spell them; Active Directory refuses more than 1,000 entries without paging, and cuts attributes of many values into ranges; values may
//! be binary (docs/connectors/ldap.md).

mod changed;
mod name;
mod ranges;
mod record;
mod value;

use std::collections::VecDeque;

use oomnitza_sdk::clock;
use oomnitza_sdk::ldap::{Connection, Entry, Results, Scope, Search, Target, Version};
use oomnitza_sdk::prelude::*;

use changed::Changed;
use ranges::Ranges;
use record::Shape;

/// Asked for besides what is mapped: the converter `ldap_user_field` falls back on it.
const ACCOUNT_NAME: &str = "sAMAccountName";

/// Bytes of a record of the attributes that are mapped at the least, about.
const USUAL_RECORD: usize = 256;

/// A run through a directory.
pub struct Ldap {
    results: Results,
    /// Entries that have come and are in no page yet.
    waiting: VecDeque<Entry>,
    shape: Shape,
    ranges: Ranges,
    changed: Changed,
    /// The record that was written last: its memory is used again.
    record: Vec<u8>,
    /// Why there is no further page, once what came before has been handed over.
    ended: Option<Error>,
}

impl Connector for Ldap {
    fn describe() -> Description {
        Description::users("ldap", "LDAP", "LDAP")
            .setting(
                Setting::text("url", "URL", "The address of the directory: ldap://host:389 or ldaps://host:636")
                    .example("ldap://ldap.forumsys.com:389"),
            )
            .setting(
                Setting::text(
                    "username",
                    "User name",
                    "The distinguished name to sign in as; in Active Directory also user@domain or DOMAIN\\user; `anonymous` signs in as nobody",
                )
                .example("cn=read-only-admin,dc=example,dc=com"),
            )
            .setting(Setting::text("password", "Password", "The password of that user").secret().optional())
            .setting(Setting::text("base_dn", "Base DN", "Where to look: this entry and everything below it").example("dc=example,dc=com"))
            .setting(
                Setting::text("protocol_version", "Protocol version", "The version of the protocol; 2 knows no paging")
                    .default("3")
                    .choices(&["2", "3"]),
            )
            .setting(Setting::text("filter", "Filter", "Which entries to take (RFC 4515)").example("(objectClass=*)").default("(objectClass=*)").ldap_filter())
            .setting(Setting::default_role())
            .setting(Setting::default_position())
            .setting(Setting::text("page_size", "Page size", "Entries a page").default("500").whole_number(1..=1_000).advanced())
            .setting(
                Setting::text("start_tls", "StartTLS", "Secure an ldap:// connection before signing in").default("False").truth().advanced(),
            )
            .setting(
                Setting::text(
                    "all_values",
                    "All values",
                    "Attributes of which all values are taken, as a list, and not the first alone: member, proxyAddresses",
                )
                .example("member, proxyAddresses")
                .optional()
                .advanced(),
            )
            .setting(Setting::allow_anonymous())
            .incremental()
            .endpoint("{url}", "the directory")
            .ldap_auth("bind", "{username}", "{password}")
            .map("USER", source("uid").with("ldap_user_field").required())
            .map("FIRST_NAME", source("givenName").required())
            .map("LAST_NAME", source("sn").required())
            .map("EMAIL", source("mail").required())
            .map("PERMISSIONS_ID", setting("default_role"))
            .map("POSITION", setting("default_position"))
    }

    fn check(settings: Settings) -> Result<()> {
        let Section { target, search } = Section::of(&settings)?;
        let search = Search {
            // No attribute (RFC 4511 section 4.5.1.8).
            attributes: vec!["1.1".to_owned()],
            limit: Some(1),
            ..search
        };
        let mut results = Connection::open(&target)?.search(&search)?;
        while let Some(entries) = results.next_entries().map_err(of_base)? {
            if !entries.is_empty() {
                return Ok(());
            }
        }
        warning!("nothing below `{}` fits the filter", search.base);
        Ok(())
    }

    fn open(settings: Settings, cursor: Option<String>, wanted: Wanted) -> Result<Self> {
        let names = attributes(&wanted);
        // What is mapped is named even then: `*` gives no operational attributes, as `memberOf` is one in some directories.
        let all = wanted.everything.then(|| "*".to_owned());
        let mut asked: Vec<String> = all.into_iter().chain(names.iter().cloned()).collect();
        if wanted.incremental || cursor.is_some() {
            changed::ask(&mut asked);
        }
        let Section { target, mut search } = Section::of(&settings)?;
        search.attributes = asked;
        if let Some(cursor) = cursor {
            search.filter = changed::filter(&search.filter, &cursor)?;
        }
        Ok(Self {
            results: Connection::open(&target)?.search(&search)?,
            waiting: VecDeque::new(),
            shape: Shape::new(
                names,
                wanted.everything,
                settings.optional("all_values").unwrap_or_default(),
            ),
            ranges: Ranges::new(target),
            changed: Changed::from(clock::now()),
            record: Vec::new(),
            ended: None,
        })
    }

    fn next(&mut self) -> Result<Option<Page>> {
        if let Some(error) = self.ended.take() {
            return Err(error);
        }
        if self.waiting.is_empty() {
            match self.results.next_entries().map_err(of_base)? {
                Some(entries) => self.waiting = entries.into(),
                None => return Ok(self.changed.cursor().map(|cursor| Page::default().cursor(cursor))),
            }
        }
        let mut page = Page::with_capacity(self.waiting.len() * USUAL_RECORD);
        self.ranges.next_page();
        self.shape.next_page();
        while !page.is_full()
            && !self.ranges.is_enough()
            && let Some(entry) = self.waiting.pop_front()
        {
            if let Err(error) = self.add(&mut page, entry) {
                self.ended = Some(error);
                break;
            }
        }
        Ok(Some(page))
    }
}

impl Ldap {
    /// Adds an entry to a page, unless it is none that is wanted.
    fn add(&mut self, page: &mut Page, mut entry: Entry) -> Result<()> {
        self.changed.saw(&entry);
        if entry.dn.is_empty() {
            return Ok(());
        }
        if !self.ranges.complete(&mut entry, &self.shape)? {
            page.gone(entry.dn, "it went away while its values were read");
            return Ok(());
        }
        self.record.clear();
        if !self.shape.write(&entry, &mut self.record) {
            return Ok(());
        }
        if self.record.len() > Page::LARGEST_RECORD {
            page.miss(
                entry.dn,
                "its values are more than a record can hold; name fewer attributes in `all_values`",
            );
        } else {
            page.push_slice(&self.record);
        }
        Ok(())
    }
}

/// What a section asks for.
struct Section {
    target: Target,
    /// For every attribute of whatever fits.
    search: Search,
}

impl Section {
    fn of(settings: &Settings) -> Result<Self> {
        let version = match settings.text("protocol_version")? {
            "2" => Version::V2,
            _ => Version::V3,
        };
        let page_size = settings.number("page_size")?;
        Ok(Self {
            target: Target {
                url: settings.text("url")?.to_owned(),
                auth: Some("bind".to_owned()),
                version,
                start_tls: settings.truth("start_tls"),
            },
            search: Search {
                base: settings.text("base_dn")?.to_owned(),
                scope: Scope::Subtree,
                filter: settings.text("filter")?.to_owned(),
                attributes: Vec::new(),
                page_size: if version == Version::V2 { 0 } else { page_size },
                limit: None,
            },
        })
    }
}

/// An entry that the search's answer says is not there is its base.
fn of_base(error: Error) -> Error {
    match error {
        Error::NotFound(what) => Error::Setting("base_dn".to_owned(), what),
        other => other,
    }
}

/// The attributes that mappings use, each once, and the account name.
fn attributes(wanted: &Wanted) -> Vec<String> {
    let mut attributes: Vec<String> = Vec::new();
    for attribute in wanted.members().chain([ACCOUNT_NAME]) {
        if !attribute.is_empty() && !attributes.iter().any(|known| known == attribute) {
            attributes.push(attribute.to_owned());
        }
    }
    attributes
}

oomnitza_sdk::export!(Ldap);

#[cfg(test)]
mod tests;
