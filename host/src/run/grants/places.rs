//! Where a connector may go: the endpoints of its description with the settings filled in.
//!
//! A place that the admin wrote into the section may be inside the company's network; one that the connector names may not. A
//! connector that was not shipped with this program gets a place that no setting had a part in only where the section's
//! `allowed_hosts` names it: the admin decides, not the vendor.

use url::Url;

use super::named_file::FILE;
use crate::capabilities::{http, sql};
use crate::config::schema::{Description, Endpoint};
use crate::config::template::{self, TemplateError};
use crate::config::{Finding, Section, address};
use crate::net::{Reach, Rule};

/// A place that may be reached.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) url: Url,
    pub(super) rule: Rule,
    pub(super) habits: http::Habits,
}

/// The places that the description names, as far as the section gives them.
pub(super) fn places(
    section: &Section,
    description: &Description,
    is_shipped: bool,
    findings: &mut Vec<Finding>,
) -> Vec<Place> {
    let mut places = Vec::new();
    for endpoint in &description.endpoints {
        match place(section, description, endpoint) {
            Ok(Some(place)) if is_shipped || is_allowed(section, description, endpoint, &place) => places.push(place),
            Ok(_) => {}
            Err(finding) => findings.push(*finding),
        }
    }
    places
}

/// What the connector would like to reach but may not, unless the admin says so.
pub(in crate::run) fn withheld(section: &Section, description: &Description) -> Vec<Finding> {
    let endpoints = description.endpoints.iter();
    let wanted = endpoints.filter_map(|endpoint| Some((endpoint, place(section, description, endpoint).ok()??)));
    wanted
        .filter(|(endpoint, place)| !is_allowed(section, description, endpoint, place))
        .map(|(endpoint, place)| {
            let host = place.url.host_str().unwrap_or_default();
            let purpose = crate::redact::clean(&endpoint.purpose, 100);
            let what =
                format!("the connector would like to reach {host} ({purpose}), which this section does not allow");
            Finding::warning(section.place(None), what)
                .remedy(format!("if it should, add `allowed_hosts = {host}` to the section"))
        })
        .collect()
}

/// What the section's addresses have that no shipped connector uses: they put paths and queries of their own behind each.
pub(in crate::run) fn unused(section: &Section, description: &Description) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for endpoint in &description.endpoints {
        let name = endpoint.url.strip_prefix('{').and_then(|rest| rest.split('}').next());
        let written = name.and_then(|name| Some((name, Url::parse(section.setting(name)?).ok()?)));
        if let Some((name, unused)) = written.and_then(|(name, url)| Some((name, address::unused(&url)?))) {
            findings.push(address::of_unused(section.place(Some(name)), &unused));
        }
    }
    findings.dedup();
    findings
}

/// Whether the admin had a part in the place: by a setting that makes up its host, or by name.
fn is_allowed(section: &Section, description: &Description, endpoint: &Endpoint, place: &Place) -> bool {
    let authority = Authority::of(&endpoint.url);
    let mut names = authority.whole.into_iter().chain(authority.parts);
    names.any(|name| is_from_section(section, description, name))
        || section
            .allowed_hosts
            .iter()
            .any(|host| place.url.host_str().is_some_and(|own| own.eq_ignore_ascii_case(host)))
}

/// The place of one endpoint; none where it hangs on an optional setting that the section does not have.
pub(super) fn place(
    section: &Section,
    description: &Description,
    endpoint: &Endpoint,
) -> Result<Option<Place>, Box<Finding>> {
    let habits = http::Habits {
        parallel: section.parallel.or(endpoint.parallel.map(|requests| requests as usize)),
        cookies: endpoint.cookies,
    };
    let endpoint = endpoint.url.as_str();
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
    // A file that was named and read has become a setting; where an address was written there is no file.
    if names
        .iter()
        .any(|name| name.contains(FILE) && section.setting(name).is_none())
    {
        return Ok(None);
    }
    // A setting that could be a URL and is none (a file's name, say) has no host to go to.
    if names
        .iter()
        .any(|name| name.ends_with(HOST) && value(section, name).is_some_and(|host| host.is_empty()))
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
    let filled = template::fill(endpoint, |name| value(section, name)).map_err(|error| {
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
    let setting = authority.whole.or_else(|| names.first().copied()).map(setting_of);
    let example = setting
        .and_then(|name| description.settings.iter().find(|setting| setting.name == name))
        .map_or("", |setting| setting.example.as_str());
    let wrong = |problem: String| {
        // As it was written: nobody wrote the scheme of a SQL Server.
        let written = filled.strip_prefix("mssql://").unwrap_or(&filled);
        let shown = crate::redact::clean(&address::shown(written), 200);
        let remedy = if names.iter().any(|name| name.contains(FILE)) {
            "this is the address in the file that is named here: correct it there, or name another file".to_owned()
        } else {
            format!("write it like `{example}`")
        };
        refuse(setting, format!("`{shown}` cannot be used: {problem}"), &remedy)
    };
    let schemes = schemes(example);
    // People write down a SQL Server in a way of its own: `host\instance`, `host,1433`.
    let url = match filled.strip_prefix("mssql://") {
        Some(server) => sql::address(server),
        None => address::parse(&filled, schemes),
    };
    let url = url.map_err(wrong)?;
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
    let rule = Rule::of(&url, reach).map_err(|error| match error {
        crate::net::Error::Denied { reason, .. } => wrong(reason),
        other => wrong(other.to_string()),
    })?;
    Ok(Some(Place { url, rule, habits }))
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

/// Whether a section may do without a setting.
pub(super) fn is_optional(description: &Description, name: &str) -> bool {
    description
        .settings
        .iter()
        .any(|setting| setting.name == name && setting.optional)
}

/// What makes of a setting's name the host of the URL that is its value, with its port where that is `https`.
const HOST: &str = ".host";

/// The setting that a template means.
fn setting_of(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// What a template's name stands for: a setting, or the host of one.
fn value(section: &Section, name: &str) -> Option<String> {
    if !name.ends_with(HOST) {
        return section.setting(name).map(str::to_owned);
    }
    let value = section.setting(setting_of(name))?;
    let url = Url::parse(value.trim()).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    // Another scheme's port is not the one of `https`.
    Some(
        match url.as_ref().filter(|url| url.scheme() == "https").and_then(Url::port) {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        },
    )
}

/// Whether the admin wrote the value, rather than the connector's author a default.
pub(super) fn is_from_section(section: &Section, description: &Description, name: &str) -> bool {
    let name = setting_of(name);
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
