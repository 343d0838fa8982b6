//! Addresses of web APIs, taken apart as far as a connector needs it.
//!
//! This is no URL parser: what may be reached is judged by the host, with one. It keeps the ICU tables of a real one out of every connector.

use std::fmt;

/// The address of a web API: scheme, host with port, and a path without trailing slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    scheme: String,
    authority: String,
    path: String,
}

impl Address {
    /// Takes an address apart.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
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

    /// A link that an answer of this address gave, as origin and the rest: `https://x.example` and `/users?after=2`.
    pub fn resolve<'a>(&self, link: &'a str) -> Result<(Self, &'a str), &'static str> {
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
}
