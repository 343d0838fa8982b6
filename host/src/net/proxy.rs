//! Proxies, as the environment names them (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, in both cases), or as a section does.

use std::net::IpAddr;

use url::{Host, Url};

use super::error::Error;
use crate::redact::Secret;

/// Which proxy serves which URL.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    http: Option<Url>,
    https: Option<Url>,
    exceptions: Vec<String>,
    /// What names them, for people: that for `http` and that for `https`.
    origins: [String; 2],
}

impl Proxies {
    /// No proxy.
    pub fn none() -> Self {
        Self::default()
    }

    /// The proxies that the environment names; and what is wrong with each that is none.
    pub fn from_env(env: &dyn Fn(&str) -> Option<String>) -> (Self, Vec<Error>) {
        let either = |name: &str| {
            let named = |name: String| env(&name).map(|value| (name, value));
            named(name.to_lowercase())
                .or_else(|| named(name.to_owned()))
                .filter(|(_, value)| !value.is_empty())
        };
        let mut wrong = Vec::new();
        let mut proxy = |name: &str| {
            let (name, value) = either(name)?;
            let origin = format!("the environment variable {name}");
            let read = Self::parse(&value).map_err(|problem| format!("{origin} does not name a proxy: {problem}"));
            read.map(|url| (url, origin))
                .map_err(|problem| wrong.push(Error::Setting(problem)))
                .ok()
        };
        // HTTP_PROXY in upper case is what a web server makes of a request's `Proxy:` header; this is no web server.
        let (all, http, https) = (proxy("ALL_PROXY"), proxy("HTTP_PROXY"), proxy("HTTPS_PROXY"));
        let (http, http_origin) = http.or_else(|| all.clone()).unzip();
        let (https, https_origin) = https.or(all).unzip();
        let exceptions = either("NO_PROXY").map(|(_, list)| {
            list.split(',')
                .map(|item| item.trim().to_lowercase())
                .filter(|item| !item.is_empty())
                .collect()
        });
        let proxies = Self {
            http,
            https,
            exceptions: exceptions.unwrap_or_default(),
            origins: [http_origin, https_origin].map(Option::unwrap_or_default),
        };
        (proxies, wrong)
    }

    /// The same exceptions, but this proxy for everything, or none at all; and what names it, for people.
    pub fn replaced(&self, proxy: Option<&Url>, origin: &str) -> Self {
        Self {
            http: proxy.cloned(),
            https: proxy.cloned(),
            exceptions: self.exceptions.clone(),
            origins: [origin, origin].map(str::to_owned),
        }
    }

    /// A proxy's address, `http` where it has no scheme; or what is wrong with it.
    pub fn parse(value: &str) -> Result<Url, String> {
        let text = if value.contains("://") {
            value.to_owned()
        } else {
            format!("http://{value}")
        };
        let url = Url::parse(&text).map_err(|error| error.to_string())?;
        match url.scheme() {
            "http" | "https" if url.host().is_some() => Ok(url),
            other => Err(format!("`{other}` is neither http nor https")),
        }
    }

    /// The passwords of the proxies.
    pub fn secrets(&self) -> impl Iterator<Item = Secret> {
        let proxies = [&self.http, &self.https].into_iter().flatten();
        let passwords = proxies.filter_map(Url::password);
        passwords.flat_map(|written| {
            let plain = percent_encoding::percent_decode_str(written).decode_utf8_lossy();
            [Secret::new(plain), Secret::new(written)]
        })
    }

    /// The proxy for such URLs, exceptions aside.
    pub(super) fn for_scheme(&self, scheme: &str) -> Option<&Url> {
        match scheme {
            "https" => self.https.as_ref(),
            "http" => self.http.as_ref(),
            _ => None,
        }
    }

    /// The proxy for `url`, if it has one.
    pub(super) fn for_url(&self, url: &Url) -> Option<&Url> {
        self.for_scheme(url.scheme()).filter(|_| !self.is_exception(url))
    }

    /// What names the proxy for such URLs.
    pub(super) fn origin(&self, scheme: &str) -> &str {
        let [http, https] = &self.origins;
        if scheme == "https" { https } else { http }
    }

    /// Whether `host` is that of a proxy.
    pub(super) fn is_proxy(&self, host: &str) -> bool {
        [&self.http, &self.https]
            .into_iter()
            .flatten()
            .any(|proxy| proxy.host_str() == Some(host))
    }

    fn is_exception(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let host = host.trim_matches(['[', ']']).to_lowercase();
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        address.map_or(host == "localhost", |address| address.is_loopback())
            || self.exceptions.iter().any(|exception| {
                if address.is_some_and(|address| is_within(address, exception)) {
                    return true;
                }
                let (name, port) = match exception.rsplit_once(':') {
                    Some((name, port)) if port.parse::<u16>().is_ok() && !name.contains(':') => {
                        (name, port.parse().ok())
                    }
                    _ => (exception.as_str(), None),
                };
                let name = name.trim_start_matches("*.").trim_start_matches('.');
                let is_named =
                    name == "*" || host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
                is_named && port.is_none_or(|port: u16| url.port_or_known_default() == Some(port))
            })
    }
}

/// Whether an exception is a network with this address in it: `10.0.0.0/8`, `fd00::/8`.
fn is_within(address: IpAddr, network: &str) -> bool {
    let Some((base, bits)) = network.split_once('/') else {
        return false;
    };
    match (address, base.parse(), bits.parse::<u32>()) {
        // A shift by all bits leaves nothing to compare.
        (IpAddr::V4(address), Ok(IpAddr::V4(base)), Ok(bits @ 0..=32)) => {
            let differences = address.to_bits() ^ base.to_bits();
            differences.checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(address), Ok(IpAddr::V6(base)), Ok(bits @ 0..=128)) => {
            let differences = address.to_bits() ^ base.to_bits();
            differences.checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(pairs: &[(&str, &str)]) -> Result<Proxies, Vec<Error>> {
        let (proxies, wrong) = Proxies::from_env(&|name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        });
        if wrong.is_empty() { Ok(proxies) } else { Err(wrong) }
    }

    #[test]
    fn the_environment_decides_as_other_programs_read_it() {
        let proxies = proxies(&[
            ("HTTPS_PROXY", "http://proxy.example:3128"),
            (
                "no_proxy",
                "internal.example, .corp.example,10.0.0.5, special.example:8443",
            ),
        ])
        .unwrap();
        for (url, is_proxied) in [
            ("https://example.oomnitza.com/", true),
            ("http://example.oomnitza.com/", false),
            ("https://internal.example/", false),
            ("https://a.internal.example/", false),
            ("https://notinternal.example/", true),
            ("https://x.corp.example/", false),
            ("https://10.0.0.5/", false),
            ("https://special.example/", true),
            ("https://special.example:8443/", false),
            ("https://127.0.0.1:1/", false),
            ("https://[::1]:1/", false),
            ("https://localhost/", false),
        ] {
            assert_eq!(
                proxies.for_url(&Url::parse(url).unwrap()).is_some(),
                is_proxied,
                "{url}"
            );
        }
    }

    #[test]
    fn an_exception_may_be_a_network() {
        for (exception, url, is_proxied) in [
            ("10.0.0.0/8", "http://10.255.0.1/", false),
            ("10.0.0.0/8", "http://11.0.0.1/", true),
            ("a.example, 192.168.1.77/24", "https://192.168.1.3:8443/", false),
            ("192.168.1.0/25", "http://192.168.1.128/", true),
            ("192.168.1.5/32", "http://192.168.1.5/", false),
            ("192.168.1.5/32", "http://192.168.1.4/", true),
            ("0.0.0.0/0", "http://8.8.8.8/", false),
            ("0.0.0.0/0", "http://[2001:db8::1]/", true),
            ("fd00::/8", "http://[fdab::1]/", false),
            ("fd00::/8", "http://[fe00::1]/", true),
            ("2001:db8::/127", "http://[2001:db8::2]/", true),
            ("::/0", "http://[2001:db8::2]/", false),
            // A name is not looked up, and what is no network is none.
            ("10.0.0.0/8", "http://a.example/", true),
            ("10.0.0.0/33", "http://10.0.0.1/", true),
            ("10.0.0.0/", "http://10.0.0.1/", true),
            ("10/8", "http://10.0.0.1/", true),
            ("fd00::/129", "http://[fd00::1]/", true),
        ] {
            let proxies = proxies(&[("ALL_PROXY", "http://proxy.example"), ("NO_PROXY", exception)]).unwrap();
            let url = Url::parse(url).unwrap();
            assert_eq!(proxies.for_url(&url).is_some(), is_proxied, "{exception} {url}");
        }
    }

    #[test]
    fn a_section_s_own_proxy_keeps_the_exceptions() {
        let own = Url::parse("http://jo:a%20password@own.example:8080").unwrap();
        let proxies = proxies(&[("HTTPS_PROXY", "http://proxy.example"), ("NO_PROXY", "intern.example")]).unwrap();
        let shown = |proxies: &Proxies, url: &str| proxies.for_url(&Url::parse(url).unwrap()).map(Url::to_string);
        let replaced = proxies.replaced(Some(&own), "`proxy`");
        assert_eq!(shown(&replaced, "http://a.example/").as_deref(), Some(own.as_str()));
        assert_eq!(shown(&replaced, "https://intern.example/"), None);
        assert_eq!(shown(&proxies.replaced(None, ""), "https://a.example/"), None);
        let secrets: Vec<Secret> = replaced.secrets().collect();
        assert!(secrets.contains(&Secret::new("a password")) && secrets.contains(&Secret::new("a%20password")));
    }

    #[test]
    fn a_proxy_without_scheme_is_http_and_nonsense_is_said() {
        assert_eq!(
            proxies(&[("all_proxy", "proxy:8080")]).unwrap().https.unwrap().as_str(),
            "http://proxy:8080/"
        );
        let wrong = proxies(&[("HTTPS_PROXY", "socks5://p"), ("http_proxy", "ftp://p")]).unwrap_err();
        assert_eq!(
            wrong.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [
                "the environment variable http_proxy does not name a proxy: `ftp` is neither http nor https",
                "the environment variable HTTPS_PROXY does not name a proxy: `socks5` is neither http nor https"
            ]
        );
    }

    #[test]
    fn it_is_known_who_names_a_proxy() {
        let proxies = proxies(&[("all_proxy", "proxy:8080"), ("HTTPS_PROXY", "http://other:1")]).unwrap();
        assert_eq!(proxies.origin("http"), "the environment variable all_proxy");
        assert_eq!(proxies.origin("https"), "the environment variable HTTPS_PROXY");
    }
}
