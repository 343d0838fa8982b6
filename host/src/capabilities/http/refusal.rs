//! What a server says where it refuses a token.

use serde_json::Value;

/// The members that hold what is said, or more of them: of OAuth (RFC 6749 section 5.2), Jamf (`errors`), OneLogin (`status`), and their like.
const MEMBERS: [&str; 8] = [
    "error",
    "errors",
    "status",
    "title",
    "message",
    "detail",
    "description",
    "error_description",
];

/// What a refusal says in words, each once; a web page says nothing.
pub(super) fn said(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body));
    match serde_json::from_str(&text) {
        Ok(value) => {
            let mut said = Vec::new();
            collect(&value, &mut said);
            said.join(": ")
        }
        Err(_) if text.trim_start().starts_with('<') => String::new(),
        Err(_) => text.trim().to_owned(),
    }
}

/// serde_json reads no value that is nested more than 128 deep.
fn collect<'a>(value: &'a Value, said: &mut Vec<&'a str>) {
    match value {
        Value::String(text) if !text.trim().is_empty() && !said.contains(&text.as_str()) => said.push(text),
        Value::Array(values) => values.iter().for_each(|value| collect(value, said)),
        Value::Object(members) => {
            let found = MEMBERS.iter().filter_map(|name| members.get(*name));
            found.for_each(|value| collect(value, said));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_words_that_it_has() {
        for (body, expected) in [
            (
                r#"{"error":"invalid_client","error_description":"Client is disabled"}"#,
                "invalid_client: Client is disabled",
            ),
            (
                r#"{"httpStatus":401,"errors":[{"code":"X","description":"The account is locked","id":"0","field":null}]}"#,
                "The account is locked",
            ),
            (
                r#"{"status":{"error":true,"code":401,"type":"Unauthorized","message":"Authentication Failure"}}"#,
                "Authentication Failure",
            ),
            (r#"{"title":"Locked","detail":"Locked","message":" "}"#, "Locked"),
            ("\u{feff} Too many requests\n", "Too many requests"),
            ("<html>sign in</html>", ""),
            (r#"{"access_token":"t"}"#, ""),
            ("", ""),
            ("7", ""),
        ] {
            assert_eq!(said(body.as_bytes()), expected, "{body}");
        }
    }
}
