//! Addresses that an admin wrote: what is wrong with one, and how a message shows it.

use url::{ParseError, Url};

use super::finding::{Finding, Place};
use crate::redact::clean;

/// Reads an address with its scheme, which is to be one of these. The error says what is wrong with it.
pub(crate) fn parse(text: &str, schemes: &[&str]) -> Result<Url, String> {
    if text.contains('\n') {
        return Err("it has a second line: one that begins with a blank belongs to the line above".to_owned());
    }
    if text.starts_with(['"', '\'']) {
        return Err("it stands in quotation marks, which count as a part of it: take them away".to_owned());
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        let schemes = match schemes {
            [] | ["https", ..] => "a scheme such as `https://`".to_owned(),
            others => format!("`{}://`", others.join("://` or `")),
        };
        return Err(format!("it does not begin with {schemes}"));
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    if host.contains(char::is_whitespace) {
        return Err("its host has a blank or a line break in it".to_owned());
    }
    let url = Url::parse(text).map_err(|error| match error {
        ParseError::EmptyHost => "it names no host".to_owned(),
        ParseError::RelativeUrlWithoutBase => format!("`{scheme}` is no scheme"),
        ParseError::IdnaError | ParseError::InvalidDomainCharacter => {
            "its host is no name that a host can have".to_owned()
        }
        other => other.to_string(),
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("user name and password do not belong into the address".to_owned());
    }
    Ok(url)
}

/// What of an address nobody uses, to whose path others are added: its query and its fragment.
pub(crate) fn unused(url: &Url) -> Option<String> {
    let whole = url.as_str();
    let at = whole.find(['?', '#'])?;
    whole.get(at..).map(str::to_owned)
}

/// The warning about it.
pub(crate) fn of_unused(place: Place, unused: &str) -> Finding {
    let what = format!("`{}` is left out: only scheme, host and path count", clean(unused, 60));
    Finding::warning(place, what).remedy("remove it")
}

/// An address as messages show it: its first line, without what may be a user name and a password. These end at the last `@`, because a password
/// may hold a `/` or a `#` that makes something else of the rest.
pub(crate) fn shown(text: &str) -> String {
    let text = text.split('\n').next().unwrap_or_default();
    let Some((user, place)) = text.rsplit_once('@') else {
        return text.to_owned();
    };
    let scheme = user.split_once("://").map_or("", |(scheme, _)| scheme);
    if scheme.is_empty() {
        format!("…@{place}")
    } else {
        format!("{scheme}://…@{place}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_in_words_for_admins() {
        const WEB: &[&str] = &["https", "http"];
        for (text, problem) in [
            (
                "\"https://x.example\"",
                "it stands in quotation marks, which count as a part of it: take them away",
            ),
            ("https://x example/", "its host has a blank or a line break in it"),
            ("https://x.ex^mple", "its host is no name that a host can have"),
            ("1ttps://x.example", "`1ttps` is no scheme"),
            ("example.com", "it does not begin with a scheme such as `https://`"),
            ("example.com:8080", "it does not begin with a scheme such as `https://`"),
            ("https://", "it names no host"),
            ("https://a:b", "invalid port number"),
            (
                "https://u@x.example",
                "user name and password do not belong into the address",
            ),
        ] {
            assert_eq!(parse(text, WEB).unwrap_err(), problem, "{text}");
        }
        assert_eq!(parse("ldaps://x.example", WEB).unwrap().scheme(), "ldaps");
        let directory = parse("x.example", &["ldaps", "ldap"]).unwrap_err();
        assert_eq!(directory, "it does not begin with `ldaps://` or `ldap://`");
    }

    #[test]
    fn what_nobody_uses_of_an_address_is_known() {
        let unused = |text: &str| unused(&parse(text, &[]).unwrap());
        assert_eq!(unused("https://x.example/a?x=1#b").as_deref(), Some("?x=1#b"));
        assert_eq!(unused("https://x.example/a#b?").as_deref(), Some("#b?"));
        assert_eq!(unused("https://x.example/a"), None);
    }

    #[test]
    fn no_message_shows_a_password() {
        for (text, expected) in [
            ("https://x.example/a", "https://x.example/a"),
            ("https://user:secret@x.example/a", "https://…@x.example/a"),
            ("https://user:sec/ret#1@x.example/a", "https://…@x.example/a"),
            ("user:secret@x.example", "…@x.example"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }
}
