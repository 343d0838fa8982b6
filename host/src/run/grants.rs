//! What a section's connector may do: what its description asks for, as far as the section's settings give it.
//!
//! Where it may go: each endpoint with the settings filled in. A place that the admin wrote into the section may be inside the company's
//! network; one that the connector names may not. With whose name: each auth slot with the settings filled in, secret ones included.
//! None of it enters the component.

use std::collections::BTreeMap;

use url::Url;

use crate::capabilities::{clock, http, ldap, log};
use crate::config::schema::{Auth, AuthSlot, Description};
use crate::config::template::{self, TemplateError};
use crate::config::{Common, Finding, Section, address};
use crate::net::{Egress, Network, Proxies, Reach, Rule, Timeouts, TlsSettings};
use crate::redact::{Redactor, Secret};
use crate::sandbox::{Capabilities, Granted};

/// How sections reach the network.
#[derive(Debug, Clone)]
pub(super) struct Ways {
    pub(super) proxies: Proxies,
    pub(super) timeouts: Timeouts,
    pub(super) retry: http::Retry,
}

/// What a section grants.
pub(super) fn grant(section: &Section, description: &Description, ways: &Ways) -> Result<Capabilities, Vec<Finding>> {
    let mut findings = Vec::new();
    let places = places(section, description, &mut findings);
    let (http_slots, ldap_slots) = slots(section, description, &mut findings);
    if !findings.is_empty() {
        return Err(findings);
    }
    let is_any = |schemes: [&str; 2]| places.iter().any(|(url, _)| schemes.contains(&url.scheme()));
    let granted = Granted {
        http: is_any(["https", "http"]),
        ldap: is_any(["ldaps", "ldap"]),
    };
    // Judged when the places were read.
    let rules = places
        .iter()
        .filter_map(|(url, reach)| Rule::of(url, *reach).ok())
        .collect();
    let network = Network::new(
        Egress::new(rules),
        tls(&section.common),
        ways.proxies.clone(),
        ways.timeouts.clone(),
    );
    let redactor = Redactor::new(section.secrets.iter().map(|(_, secret)| secret));
    Ok(Capabilities {
        http: http::HttpState::new(
            &network,
            http_slots,
            http::Limits::default(),
            ways.retry,
            redactor.clone(),
        ),
        ldap: ldap::LdapState::new(&network, ldap_slots, ldap::Limits::default(), redactor.clone()),
        log: log::LogState::new(&section.name, redactor, log::Limits::default()),
        clock: clock::ClockState::default(),
        granted,
    })
}

pub(super) fn tls(common: &Common) -> TlsSettings {
    TlsSettings {
        verify: common.verify_ssl,
        cacert_file: common.cacert_file.clone(),
        cacert_dir: common.cacert_dir.clone(),
        tls13_only: common.tls13_only,
    }
}

/// The places that the description names.
fn places(section: &Section, description: &Description, findings: &mut Vec<Finding>) -> Vec<(Url, Reach)> {
    let mut places = Vec::new();
    for endpoint in &description.endpoints {
        match place(section, description, &endpoint.url) {
            Ok(place) => places.extend(place),
            Err(finding) => findings.push(*finding),
        }
    }
    places
}

/// The place of one endpoint; none where it hangs on an optional setting that the section does not have.
fn place(section: &Section, description: &Description, endpoint: &str) -> Result<Option<(Url, Reach)>, Box<Finding>> {
    let authority = Authority::of(endpoint);
    let refuse = |setting: Option<&str>, what: String, remedy: &str| {
        Box::new(Finding::error(section.place(setting), what).remedy(remedy))
    };
    let names = template::names(endpoint);
    if names
        .iter()
        .any(|name| section.setting(name).is_none_or(str::is_empty) && is_optional(description, name))
    {
        return Ok(None);
    }
    // A setting that is a part of a host must stay one: no dot, slash or `@` can turn `{name}.example.com` into another host.
    for name in &authority.parts {
        let value = section.setting(name).unwrap_or_default();
        if value.is_empty()
            || !value
                .chars()
                .all(|character| character.is_ascii_alphanumeric() || character == '-')
        {
            let what = format!("`{}` cannot be part of a host's name", crate::redact::clean(value, 60));
            return Err(refuse(Some(name), what, "only letters, digits and `-` can stand there"));
        }
    }
    let filled = template::fill(endpoint, |name| section.setting(name).map(str::to_owned)).map_err(|error| {
        let blame = match &error {
            TemplateError::Unknown(name) => format!(
                "the connector's endpoint `{endpoint}` names setting `{name}`, which is secret or not described"
            ),
            TemplateError::Unclosed => format!("the connector's endpoint `{endpoint}` has a brace that is not closed"),
        };
        refuse(
            None,
            blame,
            "this is a defect of the connector; report it to whoever made it",
        )
    })?;
    let setting = authority.whole.or_else(|| names.first().copied());
    let example = setting
        .and_then(|name| description.settings.iter().find(|setting| setting.name == name))
        .map_or("", |setting| setting.example.as_str());
    let wrong = |problem: String| {
        let shown = crate::redact::clean(&address::shown(&filled), 200);
        refuse(
            setting,
            format!("`{shown}` cannot be used: {problem}"),
            &format!("write it like `{example}`"),
        )
    };
    let url = address::parse(&filled).map_err(wrong)?;
    let schemes = schemes(example);
    if !schemes.contains(&url.scheme()) {
        return Err(wrong(format!(
            "its scheme is `{}`, and only {} can stand there",
            url.scheme(),
            schemes.join(" or ")
        )));
    }
    let is_own_words = authority
        .whole
        .is_some_and(|name| is_from_section(section, description, name));
    let reach = if is_own_words { Reach::Named } else { Reach::Public };
    Rule::of(&url, reach).map_err(|error| match error {
        crate::net::Error::Denied { reason, .. } => wrong(reason),
        other => wrong(other.to_string()),
    })?;
    Ok(Some((url, reach)))
}

/// The schemes that can stand in a setting with this example: a directory does not answer where a web API is asked for.
fn schemes(example: &str) -> &'static [&'static str] {
    match example.split_once("://").map(|(scheme, _)| scheme) {
        Some("https" | "http") => &["https", "http"],
        Some("ldaps" | "ldap") => &["ldaps", "ldap"],
        Some("mssql") => &["mssql"],
        _ => &["https", "http", "ldaps", "ldap", "mssql"],
    }
}

fn is_optional(description: &Description, name: &str) -> bool {
    description
        .settings
        .iter()
        .any(|setting| setting.name == name && setting.optional)
}

/// Whether the admin wrote the value, rather than the connector's author a default.
fn is_from_section(section: &Section, description: &Description, name: &str) -> bool {
    let default = description
        .settings
        .iter()
        .find(|setting| setting.name == name)
        .and_then(|setting| setting.default.as_deref());
    section.setting(name).is_some_and(|value| Some(value) != default)
}

/// Which settings make up the host of an endpoint.
struct Authority<'a> {
    /// The setting that is all of it.
    whole: Option<&'a str>,
    /// Settings that are a part of it.
    parts: Vec<&'a str>,
}

impl<'a> Authority<'a> {
    fn of(endpoint: &'a str) -> Self {
        let Some((_, rest)) = endpoint.split_once("://") else {
            // `{url}` and `{url}/path`: scheme and host come from the setting. Anything else could make another host of it.
            let whole = endpoint.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            return match whole.filter(|(_, rest)| rest.is_empty() || rest.starts_with('/')) {
                Some((name, _)) => Self {
                    whole: Some(name),
                    parts: Vec::new(),
                },
                None => Self {
                    whole: None,
                    parts: template::names(endpoint),
                },
            };
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let names = template::names(authority);
        match names.as_slice() {
            [only] if authority.len() == only.len() + 2 => Self {
                whole: Some(only),
                parts: Vec::new(),
            },
            _ => Self {
                whole: None,
                parts: names,
            },
        }
    }
}

/// The auth slots, by the capability that uses them.
fn slots(
    section: &Section,
    description: &Description,
    findings: &mut Vec<Finding>,
) -> (BTreeMap<String, http::Slot>, BTreeMap<String, ldap::Slot>) {
    let (mut http_slots, mut ldap_slots) = (BTreeMap::new(), BTreeMap::new());
    let secret = |name: &str| {
        section
            .secrets
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, secret)| secret.clone())
    };
    // A secret that may be missing is empty.
    let missing = |name: &str| is_optional(description, name).then(Secret::default);
    let any = |name: &str| {
        secret(name)
            .or_else(|| section.setting(name).map(Secret::new))
            .or_else(|| missing(name))
    };
    let plain = |name: &str| {
        section
            .setting(name)
            .map(str::to_owned)
            .or_else(|| is_optional(description, name).then(String::new))
    };
    for AuthSlot { name, how } in &description.auth {
        let filled = (|| -> Result<(), TemplateError> {
            match how {
                Auth::Basic(username, password) => {
                    // The user name may hold a secret too: BambooHR's is the API key.
                    let username = template::fill_secret(username, any)?;
                    let slot = http::Slot::Basic {
                        username,
                        password: template::fill_secret(password, any)?,
                    };
                    http_slots.insert(name.clone(), slot);
                }
                Auth::Header(header, value) => {
                    let slot = http::Slot::Header {
                        name: header.clone(),
                        value: template::fill_secret(value, any)?,
                    };
                    http_slots.insert(name.clone(), slot);
                }
                Auth::Body(placeholder, value) => {
                    let slot = http::Slot::Body {
                        placeholder: placeholder.clone(),
                        value: template::fill_secret(value, any)?,
                    };
                    http_slots.insert(name.clone(), slot);
                }
                Auth::LdapBind(bind_name, password) => {
                    let slot = ldap::Slot {
                        name: template::fill(bind_name, plain)?,
                        password: template::fill_secret(password, any)?,
                    };
                    ldap_slots.insert(name.clone(), slot);
                }
                Auth::SqlLogin(..) => {}
            }
            Ok(())
        })();
        if let Err(error) = filled {
            let what = format!("the connector's auth slot `{name}` cannot be filled: {error}");
            findings.push(
                Finding::error(section.place(None), what)
                    .remedy("this is a defect of the connector; report it to whoever made it"),
            );
        }
    }
    (http_slots, ldap_slots)
}

#[cfg(test)]
mod tests;
