//! LDAP and Active Directory: the people below a base. A record is an entry: attribute to its first value as text.
//!
//! Facts that shape it: attribute names compare without case (RFC 4512 section 2.5), so a record's keys are spelled as the mappings
//! spell them; Active Directory refuses more than 1,000 entries without paging; values may be binary (docs/connectors/ldap.md).

use oomnitza_sdk::ldap::{Connection, Entry, Results, Scope, Search, Target, Version};
use oomnitza_sdk::prelude::*;

/// Asked for besides what is mapped: the converter `ldap_user_field` falls back on it.
const ACCOUNT_NAME: &str = "sAMAccountName";

/// What stands for a value that is not text.
const BINARY: &str = "*BINARY*";

/// Attributes whose values are binary even when they happen to look like text.
const BINARY_ATTRIBUTES: [&str; 10] = [
    "objectguid",
    "objectsid",
    "thumbnailphoto",
    "jpegphoto",
    "photo",
    "usercertificate",
    "cacertificate",
    "ntsecuritydescriptor",
    "msexchmailboxguid",
    "sidhistory",
];

/// A run through a directory.
pub struct Ldap {
    results: Results,
    /// The attributes that were asked for, as the mappings spell them; none for all.
    attributes: Vec<String>,
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
        connect(&settings)?.search(&search)?.next_entries().map(drop)
    }

    fn open(settings: Settings, _cursor: Option<String>, wanted: Wanted) -> Result<Self> {
        let attributes = if wanted.everything {
            Vec::new()
        } else {
            attributes(&wanted.sources)
        };
        let page_size: u32 = settings.number("page_size", 1, 1_000)?;
        let search = Search {
            base: settings.text("base_dn")?.to_owned(),
            scope: Scope::Subtree,
            filter: settings.text("filter")?.to_owned(),
            attributes: attributes.clone(),
            page_size: if version(&settings)? == Version::V2 {
                0
            } else {
                page_size
            },
            limit: None,
        };
        Ok(Self {
            results: connect(&settings)?.search(&search)?,
            attributes,
        })
    }

    fn next(&mut self) -> Result<Option<Page>> {
        let Some(entries) = self.results.next_entries()? else {
            return Ok(None);
        };
        let mut page = Page::with_capacity(entries.len() * 256);
        for entry in entries
            .iter()
            .filter(|entry| !entry.dn.is_empty() && !entry.attributes.is_empty())
        {
            page.push_with(|json| write(json, entry, &self.attributes));
        }
        Ok(Some(page))
    }
}

fn version(settings: &Settings) -> Result<Version> {
    Ok(if settings.text("protocol_version")? == "2" {
        Version::V2
    } else {
        Version::V3
    })
}

fn connect(settings: &Settings) -> Result<Connection> {
    Connection::open(&Target {
        url: settings.text("url")?.to_owned(),
        auth: Some("bind".to_owned()),
        version: version(settings)?,
        start_tls: settings.flag("start_tls")?,
    })
}

/// The attributes that mappings use, each once, and the account name.
fn attributes(sources: &[String]) -> Vec<String> {
    let mut attributes: Vec<String> = Vec::new();
    for source in sources.iter().map(String::as_str).chain([ACCOUNT_NAME]) {
        let attribute = source.split('.').next().unwrap_or_default();
        if !attribute.is_empty() && !attributes.iter().any(|known| known == attribute) {
            attributes.push(attribute.to_owned());
        }
    }
    attributes
}

/// An entry as a JSON object. An attribute that mappings spell in two ways stands there in both.
fn write(json: &mut Vec<u8>, entry: &Entry, asked: &[String]) {
    let mut separator = b'{';
    let mut member = |json: &mut Vec<u8>, name: &str, value: &str| {
        json.push(separator);
        separator = b',';
        string(json, name);
        json.push(b':');
        string(json, value);
    };
    for attribute in &entry.attributes {
        let Some(value) = attribute.values.first() else {
            continue;
        };
        let value = text(&attribute.name, value);
        if asked.is_empty() {
            member(json, &attribute.name, value);
        } else {
            for name in asked.iter().filter(|name| name.eq_ignore_ascii_case(&attribute.name)) {
                member(json, name, value);
            }
        }
    }
    if separator == b'{' {
        json.push(b'{');
    }
    json.push(b'}');
}

/// A value as text.
fn text<'a>(attribute: &str, value: &'a [u8]) -> &'a str {
    let (name, options) = attribute.split_once(';').unwrap_or((attribute, ""));
    let is_binary = options.split(';').any(|option| option.eq_ignore_ascii_case("binary"))
        || BINARY_ATTRIBUTES.iter().any(|binary| binary.eq_ignore_ascii_case(name));
    if is_binary {
        BINARY
    } else {
        std::str::from_utf8(value).unwrap_or(BINARY)
    }
}

fn string(json: &mut Vec<u8>, text: &str) {
    // Writing into memory does not fail.
    _ = oomnitza_sdk::serde_json::to_writer(json, text);
}

oomnitza_sdk::export!(Ldap);

#[cfg(test)]
mod tests;
