//! Headers of a guest's request.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::error::Error;
use super::limits::Limits;

/// Headers that only the host sets: framing, the connection, where a request goes and came from, credentials.
const FORBIDDEN: [&str; 17] = [
    "accept-encoding",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "www-authenticate",
];

/// Beginnings of such headers.
const FORBIDDEN_PREFIXES: [&str; 4] = ["authorization", "proxy-", "sec-", "x-forwarded-"];

/// The headers, if a guest may send them.
pub(super) fn read(headers: Vec<(String, String)>, limits: &Limits) -> Result<HeaderMap, Error> {
    if headers.len() > limits.headers {
        return Err(Error::TooLarge(format!(
            "the request has {} headers, the limit is {}",
            headers.len(),
            limits.headers
        )));
    }
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > limits.header_bytes {
        return Err(Error::TooLarge(format!(
            "the request's headers have {bytes} bytes, the limit is {}",
            limits.header_bytes
        )));
    }
    let mut map = HeaderMap::with_capacity(headers.len() + 4);
    for (name, value) in headers {
        let lower = name.to_ascii_lowercase();
        if FORBIDDEN.contains(&lower.as_str()) || FORBIDDEN_PREFIXES.iter().any(|prefix| lower.starts_with(prefix)) {
            return Err(Error::Denied(format!(
                "a connector may not set the header `{}`",
                crate::redact::clean(&lower, 60)
            )));
        }
        let invalid = || Error::Invalid(format!("`{}` is not a header", crate::redact::clean(&lower, 60)));
        let key = HeaderName::from_bytes(lower.as_bytes()).map_err(|_| invalid())?;
        let value = HeaderValue::from_str(&value).map_err(|_| invalid())?;
        map.append(key, value);
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &str, value: &str) -> Option<String> {
        read(vec![(name.to_owned(), value.to_owned())], &Limits::default())
            .err()
            .map(|error| error.to_string())
    }

    #[test]
    fn the_host_s_own_headers_are_denied_in_any_spelling() {
        for name in [
            "Host",
            "TRANSFER-ENCODING",
            "Content-Length",
            "Connection",
            "Authorization",
            "authorization2",
            "X-Forwarded-For",
            "Cookie",
            "Proxy-Authorization",
            "Upgrade",
        ] {
            assert_eq!(
                refusal(name, "x"),
                Some(format!("a connector may not set the header `{}`", name.to_lowercase()))
            );
        }
        assert_eq!(refusal("Accept", "application/json"), None);
        assert_eq!(refusal("aw-tenant-code", "x"), None);
    }

    #[test]
    fn what_is_not_a_header_is_refused() {
        for (name, value) in [
            ("", "x"),
            ("a b", "x"),
            ("a\r\nb", "x"),
            ("a", "x\r\ny: z"),
            ("a", "\0"),
            ("a:", "x"),
        ] {
            assert!(refusal(name, value).is_some(), "{name:?}: {value:?}");
        }
    }

    #[test]
    fn too_many_and_too_long_ones_are_refused() {
        let limits = Limits {
            headers: 2,
            header_bytes: 10,
            ..Limits::default()
        };
        let many = vec![("a".to_owned(), String::new()); 3];
        assert!(matches!(read(many, &limits), Err(Error::TooLarge(_))));
        let long = vec![("a".to_owned(), "x".repeat(10))];
        assert!(matches!(read(long, &limits), Err(Error::TooLarge(_))));
    }
}
