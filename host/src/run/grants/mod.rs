//! What a section's connector may do: what its description asks for, as far as the section's settings give it. None of it enters
//! the component.

mod named_file;
mod places;
mod slots;
#[cfg(test)]
mod tests;

use crate::capabilities::{clock, http, ldap, log, sql};
use crate::config::schema::Description;
use crate::config::{self, Common, Finding, Protocol, Section};
use crate::net::{Bundle, Egress, Network, Origins, Proxies, Timeouts, TlsSettings, Versions};
use crate::redact::Redactor;
use crate::sandbox::{Capabilities, Granted};

pub(super) use self::named_file::read as read_files;
pub(super) use self::places::{unused, withheld};

/// How sections reach the network.
#[derive(Debug, Clone)]
pub(super) struct Ways {
    /// The environment's.
    pub(super) proxies: Proxies,
    /// Authorities that the environment names.
    pub(super) bundle: Option<Bundle>,
    pub(super) timeouts: Timeouts,
    pub(super) retry: http::Retry,
    pub(super) origins: Origins,
}

/// What a section grants to its connector; a shipped one also gets the places that only its description names.
pub(super) fn grant(
    section: &Section,
    description: &Description,
    is_shipped: bool,
    ways: &Ways,
) -> Result<Capabilities, Vec<Finding>> {
    let mut findings = Vec::new();
    let places = places::places(section, description, is_shipped, &mut findings);
    let slots = slots::slots(section, description, &mut findings);
    if !findings.is_empty() {
        return Err(findings);
    }
    let is_any = |schemes: &[&str]| places.iter().any(|place| schemes.contains(&place.url.scheme()));
    let granted = Granted {
        http: is_any(&["https", "http"]),
        ldap: is_any(&["ldaps", "ldap"]),
        sql: is_any(&["mssql"]),
    };
    let mut limits = http::Limits {
        requests: section.max_requests,
        ..http::Limits::default()
    };
    if let Some(parallel) = section.parallel {
        limits.parallel = parallel;
    }
    let habits = http::Places::new(
        places.iter().map(|place| (&place.url, place.habits)),
        ways.origins.clone(),
    );
    let egress = Egress::new(places.iter().map(|place| place.rule.clone()).collect());
    let proxies = proxies(&section.common, &ways.proxies, |setting| section.place(Some(setting)))?;
    let redactor = Redactor::new(section.secrets.iter().map(|(_, secret)| secret));
    for secret in proxies.secrets() {
        redactor.learn(&secret);
    }
    let network = Network::new(
        egress,
        tls(&section.common, ways.bundle.as_ref()),
        proxies,
        ways.timeouts.clone(),
    );
    Ok(Capabilities {
        http: http::HttpState::new(
            &section.name,
            &network,
            slots.http,
            habits,
            limits,
            ways.retry,
            redactor.clone(),
        ),
        ldap: ldap::LdapState::new(&network, slots.ldap, ldap::Limits::default(), redactor.clone()),
        sql: sql::SqlState::new(
            &network,
            places.into_iter().map(|place| place.url).collect(),
            slots.sql,
            own_user(section, description),
            encrypt(section),
            sql::Limits::default(),
            redactor.clone(),
        ),
        log: log::LogState::new(&section.name, redactor, log::Limits::default()),
        clock: clock::ClockState::default(),
        granted,
    })
}

/// How connections to databases are secured. Other values than these are refused when the section is read, by the setting's choices;
/// a connector that describes no such setting gets what is safe.
fn encrypt(section: &Section) -> sql::Encrypt {
    section
        .setting("encrypt")
        .and_then(sql::Encrypt::named)
        .unwrap_or_default()
}

/// Whether a database may be signed in to as the user that the program runs as, which is nobody's credential that the section holds: where
/// the section itself says so. What a connector has as its default counts for nothing here.
fn own_user(section: &Section, description: &Description) -> bool {
    const SETTING: &str = "authentication";
    section.setting(SETTING) == Some("Windows") && places::is_from_section(section, description, SETTING)
}

/// How a section reaches the web, or [oomnitza]: as it says itself, else as the environment does. Exceptions are the environment's.
pub(super) fn proxies(
    common: &Common,
    environment: &Proxies,
    place: impl Fn(&str) -> config::Place,
) -> Result<Proxies, Vec<Finding>> {
    match &common.proxy {
        None => Ok(environment.clone()),
        Some(config::Proxy::Direct) => Ok(environment.replaced(None, "")),
        Some(config::Proxy::Through(address)) => match Proxies::parse(address.expose()) {
            Ok(proxy) => {
                let config::Place { file, line, .. } = place("proxy");
                let origin = format!("`proxy` (line {}) in {}", line.unwrap_or_default(), file.display());
                Ok(environment.replaced(Some(&proxy), &origin))
            }
            Err(problem) => {
                let shown = config::address::shown(address.expose());
                let what = format!(
                    "`{}` does not name a proxy: {problem}",
                    crate::redact::clean(&shown, 200)
                );
                let remedy = "write it like `http://proxy.example.com:3128`, or `none` to go without one";
                Err(vec![Finding::error(place("proxy"), what).remedy(remedy)])
            }
        },
    }
}

/// How a section's connections are secured, or [oomnitza]'s. `bundle` holds the authorities that the environment names.
pub fn tls(common: &Common, bundle: Option<&Bundle>) -> TlsSettings {
    TlsSettings {
        verify: common.verify_ssl,
        cacert_file: common.cacert_file.clone(),
        cacert_dir: common.cacert_dir.clone(),
        bundle: bundle.cloned(),
        versions: match common.protocol {
            Protocol::Best => Versions::Best,
            Protocol::Tls12 => Versions::Only12,
            Protocol::Tls13 => Versions::Only13,
        },
    }
}
