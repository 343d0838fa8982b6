//! With whose name: auth slots with the settings filled in, secret ones included.

use std::collections::BTreeMap;

use url::Url;

use super::places::is_optional;
use crate::capabilities::{http, ldap, sql};
use crate::config::schema::{Auth, AuthSlot, Description, Encoding, Token, TokenBody};
use crate::config::template::{self, TemplateError};
use crate::config::{Finding, Section};
use crate::redact::Secret;

/// The auth slots, by the capability that uses them.
#[derive(Default)]
pub(super) struct Slots {
    pub(super) http: BTreeMap<String, http::Slot>,
    pub(super) ldap: BTreeMap<String, ldap::Slot>,
    pub(super) sql: BTreeMap<String, sql::Slot>,
}

pub(super) fn slots(section: &Section, description: &Description, findings: &mut Vec<Finding>) -> Slots {
    let mut slots = Slots::default();
    let values = Values { section, description };
    for AuthSlot { name, how } in &description.auth {
        for auth in how {
            if let Err(error) = slots.add(name, auth, &values) {
                let what = format!("the connector's auth slot `{name}` cannot be filled: {error}");
                findings.push(
                    Finding::error(section.place(None), what)
                        .remedy("this is a defect of the connector; report it to whoever made it"),
                );
            }
            if let (Auth::LdapBind(user, password), Some(bind)) = (auth, slots.ldap.get(name))
                && bind.is_unauthenticated()
                && !allows_anonymous(section)
            {
                findings.push(nobody(section, user, password));
            }
        }
    }
    slots
}

/// Whether a name may go without a password. A connector that describes no such setting gets what is safe.
fn allows_anonymous(section: &Section) -> bool {
    section
        .setting("allow_anonymous")
        .and_then(crate::config::truth)
        .unwrap_or_default()
}

/// That a directory would take the section for nobody's, and show it what it shows to nobody.
fn nobody(section: &Section, user: &str, password: &str) -> Finding {
    let setting = |template| template::names(template).first().copied().unwrap_or_default();
    let (user, password) = (setting(user), setting(password));
    let what = "is empty: a directory takes a name without a password for nobody, calls that a success, and shows what it shows to nobody";
    Finding::error(section.place(Some(password)), what).remedy(format!(
        "set `{password}`; to read as nobody write `{user} = anonymous`, or `allow_anonymous = True` to go on as the old program did"
    ))
}

/// What templates of auth slots are filled with.
struct Values<'a> {
    section: &'a Section,
    description: &'a Description,
}

impl Values<'_> {
    /// With any setting, secret ones included. One that may be missing is empty.
    fn secret(&self, template: &str) -> Result<Secret, TemplateError> {
        template::fill_secret(template, |name| {
            let secret = self
                .section
                .secrets
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, secret)| secret.clone());
            secret
                .or_else(|| self.section.setting(name).map(Secret::new))
                .or_else(|| is_optional(self.description, name).then(Secret::default))
        })
    }

    /// With settings that are no secrets.
    fn plain(&self, template: &str) -> Result<String, TemplateError> {
        template::fill(template, |name| self.setting(name).map(str::to_owned))
    }

    /// An address, in which what a setting gives ends without a slash: `{url}/token` has one there, whatever the admin wrote.
    fn address(&self, template: &str) -> Result<String, TemplateError> {
        template::fill(template, |name| {
            self.setting(name)
                .map(|value| value.trim().trim_end_matches('/').to_owned())
        })
    }

    fn setting(&self, name: &str) -> Option<&str> {
        self.section
            .setting(name)
            .or_else(|| is_optional(self.description, name).then_some(""))
    }
}

impl Slots {
    fn add(&mut self, slot: &str, auth: &Auth, values: &Values<'_>) -> Result<(), TemplateError> {
        let credential = match auth {
            Auth::Basic(username, password) => {
                // The user name may hold a secret too: BambooHR's is the API key.
                http::Credential::Basic {
                    username: values.secret(username)?,
                    password: values.secret(password)?,
                }
            }
            Auth::Header(name, value) => {
                let value = values.secret(value)?;
                // An optional setting that the section does not have.
                if value.expose().is_empty() {
                    self.http.entry(slot.to_owned()).or_default();
                    return Ok(());
                }
                http::Credential::Header {
                    name: name.clone(),
                    value,
                }
            }
            Auth::Body(placeholder) => http::Credential::Body {
                placeholder: placeholder.name.clone(),
                value: values.secret(&placeholder.value)?,
                encoding: match placeholder.encoding {
                    Encoding::Plain => http::Encoding::Plain,
                    Encoding::Xml => http::Encoding::Xml,
                    Encoding::Json => http::Encoding::Json,
                    Encoding::Form => http::Encoding::Form,
                },
            },
            Auth::Token(token) => {
                if let Some(source) = token_source(token, values)? {
                    self.http.entry(slot.to_owned()).or_default().tokens.push(source);
                }
                return Ok(());
            }
            Auth::LdapBind(name, password) => {
                let bind = ldap::Slot {
                    name: values.plain(name)?,
                    password: values.secret(password)?,
                };
                self.ldap.insert(slot.to_owned(), bind);
                return Ok(());
            }
            Auth::SqlLogin(user, password) => {
                let login = sql::Slot {
                    user: values.plain(user)?,
                    password: values.secret(password)?,
                };
                self.sql.insert(slot.to_owned(), login);
                return Ok(());
            }
        };
        self.http
            .entry(slot.to_owned())
            .or_default()
            .credentials
            .push(credential);
        Ok(())
    }
}

/// None where the address hangs on a setting that the section does not have: the connector has another way then.
fn token_source(token: &Token, values: &Values<'_>) -> Result<Option<http::TokenSource>, TemplateError> {
    let filled = |pairs: &[(String, String)]| -> Result<Vec<(String, Secret)>, TemplateError> {
        pairs
            .iter()
            .map(|(name, template)| Ok((name.clone(), values.secret(template)?)))
            .collect()
    };
    let body = match &token.body {
        TokenBody::Empty => None,
        TokenBody::Form(fields) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for (name, value) in filled(fields)? {
                form.append_pair(&name, value.expose());
            }
            Some(("application/x-www-form-urlencoded", Secret::new(form.finish())))
        }
        TokenBody::Json(members) => {
            let object: BTreeMap<String, Secret> = filled(members)?.into_iter().collect();
            let texts: BTreeMap<&str, &str> = object
                .iter()
                .map(|(name, value)| (name.as_str(), value.expose()))
                .collect();
            // Texts only: this does not fail.
            Some((
                "application/json",
                Secret::new(serde_json::to_string(&texts).unwrap_or_default()),
            ))
        }
    };
    let Ok(url) = Url::parse(&values.address(&token.url)?) else {
        return Ok(None);
    };
    let (name, template) = &token.header;
    Ok(Some(http::TokenSource::new(
        url,
        token.auth.clone(),
        body,
        token.member.clone(),
        name.clone(),
        template,
    )))
}
