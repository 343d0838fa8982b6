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
            .setting(Setting::text("filter", "Filter", "Which entries to take (RFC 4515)").example("(objectClass=*)").default("(objectClass=*)"))
            .setting(Setting::default_role())
            .setting(Setting::default_position())
            .setting(Setting::text("page_size", "Page size", "Entries a page, at most 1,000").default("500").advanced())
            .setting(
                Setting::text("start_tls", "StartTLS", "Secure an ldap:// connection before signing in").default("False").advanced(),
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
        let search = Search {
            base: settings.text("base_dn")?.to_owned(),
            scope: Scope::Base,
            filter: "(objectClass=*)".to_owned(),
            attributes: vec!["1.1".to_owned()],
            page_size: 0,
            limit: Some(1),
        };
        Connection::open(&target(&settings)?)?
            .search(&search)?
            .next_entries()
            .map(drop)
    }

    fn open(settings: Settings, cursor: Option<String>, wanted: Wanted) -> Result<Self> {
        let names = attributes(&wanted);
        // What is mapped is named even then: `*` gives no operational attributes, as `memberOf` is one in some directories.
        let all = wanted.everything.then(|| "*".to_owned());
        let mut asked: Vec<String> = all.into_iter().chain(names.iter().cloned()).collect();
        if wanted.incremental || cursor.is_some() {
            changed::ask(&mut asked);
        }
        let page_size: u32 = settings.number("page_size", 1, 1_000)?;
        let target = target(&settings)?;
        let search = Search {
            base: settings.text("base_dn")?.to_owned(),
            scope: Scope::Subtree,
            filter: match cursor {
                Some(cursor) => changed::filter(settings.text("filter")?, &cursor)?,
                None => settings.text("filter")?.to_owned(),
            },
            attributes: asked,
            page_size: if target.version == Version::V2 { 0 } else { page_size },
            limit: None,
        };
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
            match self.results.next_entries()? {
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

fn version(settings: &Settings) -> Result<Version> {
    Ok(if settings.text("protocol_version")? == "2" {
        Version::V2
    } else {
        Version::V3
    })
}

fn target(settings: &Settings) -> Result<Target> {
    // The host's matter, but for what is no truth value.
    settings.flag("allow_anonymous")?;
    Ok(Target {
        url: settings.text("url")?.to_owned(),
        auth: Some("bind".to_owned()),
        version: version(settings)?,
        start_tls: settings.flag("start_tls")?,
    })
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
