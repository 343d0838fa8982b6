//! Addresses that an admin wrote: what is wrong with one, and how a message shows it.

use url::{ParseError, Url};

/// Reads an address with its scheme. The error says what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Url, String> {
    if text.contains('\n') {
        return Err("it has a second line: one that begins with a blank belongs to the line above".to_owned());
    }
    if !text.contains("://") {
        return Err("it does not begin with a scheme such as `https://`".to_owned());
    }
    let url = Url::parse(text).map_err(|error| match error {
        ParseError::EmptyHost => "it names no host".to_owned(),
        other => other.to_string(),
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("user name and password do not belong into the address".to_owned());
    }
    Ok(url)
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
        for (text, problem) in [
            ("example.com", "it does not begin with a scheme such as `https://`"),
            ("example.com:8080", "it does not begin with a scheme such as `https://`"),
            ("https://", "it names no host"),
            ("https://a:b", "invalid port number"),
            (
                "https://u@x.example",
                "user name and password do not belong into the address",
            ),
        ] {
            assert_eq!(parse(text).unwrap_err(), problem, "{text}");
        }
        assert_eq!(parse("ldaps://x.example").unwrap().scheme(), "ldaps");
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
