//! Cookies of a run, for places whose description asks for them: sticky sessions of a cluster behind one name.
//!
//! Only name and value are kept, and they go back to the origin that set them and to no other, so paths, domains and expiry do not matter.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use reqwest::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use url::Origin;

/// Cookies of one origin.
const MOST: usize = 50;

/// Bytes of a cookie (RFC 6265 section 6.1).
const MOST_BYTES: usize = 4 << 10;

/// The cookies of a run.
#[derive(Debug, Default)]
pub(super) struct Cookies(Mutex<BTreeMap<String, BTreeMap<String, String>>>);

impl Cookies {
    /// Keeps what an answer of `origin` sets.
    pub(super) fn keep(&self, origin: &Origin, headers: &HeaderMap) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for cookie in headers.get_all(SET_COOKIE) {
            let pair = cookie
                .to_str()
                .ok()
                .and_then(|text| text.split(';').next()?.split_once('='));
            let Some((name, value)) = pair.filter(|(name, value)| name.len() + value.len() <= MOST_BYTES) else {
                continue;
            };
            let own = all.entry(origin.ascii_serialization()).or_default();
            if own.len() < MOST || own.contains_key(name.trim()) {
                own.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }

    /// Adds what `origin` has set.
    pub(super) fn add(&self, origin: &Origin, headers: &mut HeaderMap) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(own) = all.get(&origin.ascii_serialization()) else {
            return;
        };
        let text = own
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("; ");
        if let Ok(mut value) = HeaderValue::from_str(&text) {
            value.set_sensitive(true);
            headers.insert(COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_go_back_to_the_origin_that_set_them_and_to_no_other() {
        let origin = |url: &str| url::Url::parse(url).unwrap().origin();
        let cookies = Cookies::default();
        let mut set = HeaderMap::new();
        for cookie in [
            "a=1; Path=/; HttpOnly",
            "b = 2",
            "a=3",
            "broken",
            &format!("c={}", "x".repeat(5_000)),
        ] {
            set.append(SET_COOKIE, HeaderValue::from_str(cookie).unwrap());
        }
        cookies.keep(&origin("https://jss.example"), &set);
        let sent = |url: &str| {
            let mut headers = HeaderMap::new();
            cookies.add(&origin(url), &mut headers);
            headers.get(COOKIE).map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(sent("https://jss.example/other").as_deref(), Some("a=3; b=2"));
        assert_eq!(sent("http://jss.example/"), None);
        assert_eq!(sent("https://jss.example:8443/"), None);
    }
}
