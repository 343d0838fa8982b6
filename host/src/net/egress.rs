//! Which places may be reached: a list of rules, empty denies all.

use url::{Host, Url};

use super::error::Error;

/// How far a rule reaches once the name is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Public addresses only: the place was named by a component, or by an answer.
    Public,
    /// The admin wrote this host into the ini file: private and loopback addresses as well. Link-local, metadata, multicast and
    /// the like stay denied.
    Named,
}

/// One place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    scheme: String,
    /// As the `url` crate spells it, without a trailing dot.
    host: Host<String>,
    port: u16,
    reach: Reach,
}

impl Rule {
    /// The place a URL points to; its path does not matter.
    pub fn of(url: &Url, reach: Reach) -> Result<Self, Error> {
        let (host, port) = place(url)?;
        Ok(Self {
            scheme: url.scheme().to_owned(),
            host,
            port,
            reach,
        })
    }

    /// How far it reaches.
    pub fn reach(&self) -> Reach {
        self.reach
    }
}

/// The places that one section may reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Egress {
    rules: Vec<Rule>,
}

impl Egress {
    /// These places and no others.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules }
    }

    /// How far the place a URL points to may be, if it may be reached at all.
    pub fn permits(&self, url: &Url) -> Result<Reach, Error> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::denied(url, "a user name or password in it is not allowed"));
        }
        let (host, port) = place(url)?;
        self.rules
            .iter()
            .filter(|rule| rule.scheme == url.scheme() && rule.port == port && rule.host == host)
            .map(|rule| rule.reach)
            .max()
            .ok_or_else(|| Error::denied(url, "the section does not name this place"))
    }

    /// How far a host may be, whatever the scheme and port, for the resolver, which knows neither.
    pub(super) fn reach_of_name(&self, name: &str) -> Option<Reach> {
        let name = name.strip_suffix('.').unwrap_or(name);
        let is_it = |rule: &&Rule| matches!(&rule.host, Host::Domain(domain) if domain.eq_ignore_ascii_case(name));
        self.rules.iter().filter(is_it).map(|rule| rule.reach).max()
    }
}

/// Host and port of a URL in one spelling.
pub(super) fn place(url: &Url) -> Result<(Host<String>, u16), Error> {
    let host = match url.host() {
        // Schemes that are not the web's keep their host as it was written: parse it as the web does.
        Some(Host::Domain(domain)) => Host::parse(domain.strip_suffix('.').unwrap_or(domain))
            .map_err(|_| Error::denied(url, "its host is not a name"))?,
        Some(Host::Ipv4(address)) => Host::Ipv4(address),
        Some(Host::Ipv6(address)) => Host::Ipv6(address),
        None => return Err(Error::denied(url, "it names no host")),
    };
    let port = url.port().or(match url.scheme() {
        "https" => Some(443),
        "http" => Some(80),
        "ldap" => Some(389),
        "ldaps" => Some(636),
        "mssql" => Some(1433),
        _ => None,
    });
    Ok((
        host,
        port.ok_or_else(|| Error::denied(url, "its scheme is not one that is spoken here"))?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn egress() -> Egress {
        let rule = |url: &str, reach| Rule::of(&Url::parse(url).unwrap(), reach).unwrap();
        Egress::new(vec![
            rule("https://allowed.example/some/path", Reach::Public),
            rule("ldap://DC1.example", Reach::Named),
            rule("http://127.0.0.1:8080", Reach::Named),
        ])
    }

    #[test]
    fn only_the_named_places_are_permitted_however_they_are_spelled() {
        for (url, permitted) in [
            ("https://allowed.example/x", true),
            ("https://ALLOWED.example:443/", true),
            ("https://allowed.example./", true),
            ("ldap://dc1.example:389", true),
            ("ldap://dc1.example./", true),
            ("http://2130706433:8080/", true),
            ("http://0x7f.0.0.1:8080/", true),
            ("http://allowed.example/", false),
            ("https://allowed.example:22/", false),
            ("https://allowed.example.evil/", false),
            ("https://evil/https://allowed.example/", false),
            ("https://user@allowed.example/", false),
            ("https://allowed.example@evil/", false),
            ("https://xallowed.example/", false),
            ("https://а\u{43b}lowed.example/", false),
            ("file:///etc/passwd", false),
            ("gopher://allowed.example/", false),
            ("http://127.0.0.1/", false),
            ("http://[::1]:8080/", false),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(egress().permits(&url).is_ok(), permitted, "{url}");
        }
    }

    #[test]
    fn no_rules_permit_nothing() {
        assert!(
            Egress::default()
                .permits(&Url::parse("https://allowed.example/").unwrap())
                .is_err()
        );
    }
}
