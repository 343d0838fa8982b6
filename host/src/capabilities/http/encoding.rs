//! How a credential is written into a request's body, so that none can break the body, or add to it.

use super::error::Error;
use crate::redact::Secret;

/// How a text is written in a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Plain,
    /// As text or an attribute's value in XML.
    Xml,
    /// Inside the quotation marks of a JSON text.
    Json,
    /// As a name or value of a form.
    Form,
}

impl Encoding {
    /// The credential as it is written.
    pub(super) fn encode(self, credential: &Secret) -> Result<Secret, Error> {
        let text = credential.expose();
        Ok(match self {
            Self::Plain => credential.clone(),
            Self::Xml => xml(text)?,
            Self::Json => json(text),
            Self::Form => Secret::new(url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()),
        })
    }
}

/// XML 1.0 sections 2.2 and 2.4. White space other than blanks is written as numbers: parsers change it in attributes, and some in text.
fn xml(text: &str) -> Result<Secret, Error> {
    let mut written = String::with_capacity(text.len() * 2);
    for character in text.chars() {
        match character {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            '\'' => written.push_str("&apos;"),
            '\t' => written.push_str("&#9;"),
            '\n' => written.push_str("&#10;"),
            '\r' => written.push_str("&#13;"),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => {
                return Err(Error::Denied(
                    "the credential holds a character that no XML can".to_owned(),
                ));
            }
            other => written.push(other),
        }
    }
    Ok(Secret::new(written))
}

fn json(text: &str) -> Secret {
    // Texts only: this does not fail.
    let quoted = Secret::new(serde_json::to_string(text).unwrap_or_default());
    let inner = quoted
        .expose()
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    Secret::new(inner.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_written_so_that_it_stays_one_value() {
        let credential = Secret::new("a<b>&\"'c\n d=1+é\\");
        for (encoding, written) in [
            (Encoding::Plain, "a<b>&\"'c\n d=1+é\\"),
            (Encoding::Xml, "a&lt;b&gt;&amp;&quot;&apos;c&#10; d=1+é\\"),
            (Encoding::Json, "a<b>&\\\"'c\\n d=1+é\\\\"),
            (Encoding::Form, "a%3Cb%3E%26%22%27c%0A+d%3D1%2B%C3%A9%5C"),
        ] {
            assert_eq!(encoding.encode(&credential).unwrap().expose(), written, "{encoding:?}");
        }
    }

    #[test]
    fn what_xml_cannot_hold_is_refused_and_not_shown() {
        let error = Encoding::Xml.encode(&Secret::new("hunter2\x01")).unwrap_err();
        assert_eq!(error.to_string(), "the credential holds a character that no XML can");
    }
}
