//! Addresses of web APIs, taken apart as far as a connector needs it.
//!
//! This is no URL parser: what may be reached is judged by the host, with one. It keeps the ICU tables of a real one out of every connector.

use std::fmt;

use crate::{Error, Result};

/// The address of a web API: scheme, host with port, and a path without trailing slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    scheme: String,
    authority: String,
    path: String,
}

impl Address {
    /// Takes an address apart.
    pub fn parse(text: &str) -> std::result::Result<Self, &'static str> {
        let (scheme, rest) = text
            .trim()
            .split_once("://")
            .ok_or("it begins with neither https:// nor http://")?;
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(scheme.as_str(), "http" | "https") {
            return Err("it begins with neither https:// nor http://");
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.is_empty() || authority.contains('@') {
            return Err("it names no host");
        }
        let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        Ok(Self {
            scheme,
            authority: authority.to_ascii_lowercase(),
            path: path.to_owned(),
        })
    }

    /// Scheme, host and port: `https://example.okta.com`.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// Host and port as they are written: `example.okta.com`, `127.0.0.1:8080`.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The host without a port: `127.0.0.1`, `[::1]`.
    pub fn host(&self) -> &str {
        match self.authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => &self.authority,
        }
    }

    /// A link that an answer of this address gave, as origin and the rest: `https://x.example` and `/users?after=2`.
    pub fn resolve<'a>(&self, link: &'a str) -> std::result::Result<(Self, &'a str), &'static str> {
        if link.starts_with('/') && !link.starts_with("//") {
            return Ok((self.clone(), link));
        }
        let target = Self::parse(link)?;
        let rest = link
            .splitn(4, '/')
            .nth(3)
            .map_or("", |rest| link.get(link.len() - rest.len() - 1..).unwrap_or_default());
        Ok((target, rest))
    }

    /// A link's path and query at this address's own host: credentials go nowhere else. The host that a link names must be this one, or
    /// one that `is_alias` knows as another name of it.
    pub fn at_home(&self, link: &str, is_alias: impl FnOnce(&Self) -> bool) -> Result<String> {
        let refuse = |why: &str| Error::Unexpected(format!("the link to the next page cannot be followed: {why}"));
        let (target, rest) = self.resolve(link).map_err(refuse)?;
        if target.origin() == self.origin() || is_alias(&target) {
            Ok(format!("{}{rest}", self.origin()))
        } else {
            Err(refuse(&format!("it leads to {}", target.origin())))
        }
    }
}

/// A text as a part of a path, or as a name or value in a query (RFC 3986 section 2).
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let address = Address::parse("HTTPS://Example.com:8443/base/path//?x=1").unwrap();
        assert_eq!(
            (address.origin().as_str(), address.to_string().as_str()),
            ("https://example.com:8443", "https://example.com:8443/base/path")
        );
        assert_eq!(
            (address.authority(), address.host()),
            ("example.com:8443", "example.com")
        );
        assert_eq!(Address::parse("http://[::1]:80/").unwrap().host(), "[::1]");
        assert_eq!(Address::parse("http://[::1]/").unwrap().host(), "[::1]");
        for bad in [
            "",
            "example.com",
            "ftp://x",
            "https://",
            "https:///x",
            "https://user@x/",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn links_are_resolved_to_an_origin_and_the_rest() {
        let base = Address::parse("https://a.example/api").unwrap();
        for (link, origin, rest) in [
            ("https://b.example/u?after=x/y", "https://b.example", "/u?after=x/y"),
            ("/u?after=2", "https://a.example", "/u?after=2"),
        ] {
            let (target, found) = base.resolve(link).unwrap();
            assert_eq!((target.origin().as_str(), found), (origin, rest), "{link}");
        }
        assert!(base.resolve("//b.example/u").is_err());
        assert!(base.resolve("javascript:x").is_err());
    }

    #[test]
    fn links_are_followed_at_home_only() {
        let base = Address::parse("https://a.example/api").unwrap();
        let follow = |link: &str| base.at_home(link, |other| other.authority() == "b.example");
        assert_eq!(follow("/u?page=2").unwrap(), "https://a.example/u?page=2");
        assert_eq!(
            follow("https://b.example/u?page=2").unwrap(),
            "https://a.example/u?page=2"
        );
        assert_eq!(
            follow("https://c.example/u").unwrap_err().to_string(),
            "the link to the next page cannot be followed: it leads to https://c.example"
        );
    }

    #[test]
    fn what_a_query_cannot_hold_is_encoded() {
        assert_eq!(encode("a b&c=é/+~"), "a%20b%26c%3D%C3%A9%2F%2B~");
    }
}
