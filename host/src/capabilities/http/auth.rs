//! Credentials, placed by the host.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use super::encoding::Encoding;
use super::error::Error;
use super::token::TokenSource;
use crate::redact::Secret;

/// Everything that requests of one auth slot carry.
#[derive(Debug, Default)]
pub struct Slot {
    /// Credentials at hand.
    pub credentials: Vec<Credential>,
    /// Tokens that have to be asked for.
    pub tokens: Vec<TokenSource>,
}

impl From<Credential> for Slot {
    fn from(credential: Credential) -> Self {
        Self {
            credentials: vec![credential],
            tokens: Vec::new(),
        }
    }
}

/// A credential, and where it goes.
#[derive(Debug, Clone)]
pub enum Credential {
    /// HTTP Basic (RFC 7617).
    Basic {
        /// User name, which with some sources is the secret.
        username: Secret,
        /// Password.
        password: Secret,
    },
    /// A header.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: Secret,
    },
    /// Each occurrence of a placeholder in the request's body.
    Body {
        /// The placeholder.
        placeholder: String,
        /// What takes its place.
        value: Secret,
        /// How it is written there.
        encoding: Encoding,
    },
}

impl Credential {
    /// Puts the credential where it belongs.
    pub(super) fn sign(&self, headers: &mut HeaderMap, body: &mut Option<Vec<u8>>) -> Result<(), Error> {
        match self {
            Self::Basic { username, password } => {
                let text = Secret::new(format!("{}:{}", username.expose(), password.expose()));
                headers.insert(
                    AUTHORIZATION,
                    sensitive(&format!("Basic {}", STANDARD.encode(text.expose())))?,
                );
            }
            Self::Header { name, value } => insert(headers, name, value)?,
            Self::Body {
                placeholder,
                value,
                encoding,
            } => {
                if let Some(body) = body {
                    let value = encoding.encode(value)?;
                    *body = replace(body, placeholder.as_bytes(), value.expose().as_bytes());
                }
            }
        }
        Ok(())
    }
}

/// Adds a header whose value is never shown.
pub(super) fn insert(headers: &mut HeaderMap, name: &str, value: &Secret) -> Result<(), Error> {
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| Error::Invalid("the slot's header is not one".to_owned()))?;
    headers.insert(name, sensitive(value.expose())?);
    Ok(())
}

/// A header's value that is never shown.
fn sensitive(value: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| Error::Denied("the credential holds a character that no header can".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

fn replace(text: &[u8], placeholder: &[u8], value: &[u8]) -> Vec<u8> {
    if placeholder.is_empty() {
        return text.to_vec();
    }
    let mut replaced = Vec::with_capacity(text.len() + value.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, placeholder) {
        let (before, after) = rest.split_at(at);
        replaced.extend_from_slice(before);
        replaced.extend_from_slice(value);
        rest = after.get(placeholder.len()..).unwrap_or_default();
    }
    replaced.extend_from_slice(rest);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(slot: &Credential, body: &str) -> (HeaderMap, String) {
        let (mut headers, mut body) = (HeaderMap::new(), Some(body.as_bytes().to_vec()));
        slot.sign(&mut headers, &mut body).unwrap();
        (headers, String::from_utf8(body.unwrap()).unwrap())
    }

    #[test]
    fn each_kind_goes_where_it_belongs() {
        let (headers, _) = signed(
            &Credential::Basic {
                username: Secret::new("Aladdin"),
                password: Secret::new("open sesame"),
            },
            "",
        );
        assert_eq!(headers[AUTHORIZATION], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(headers[AUTHORIZATION].is_sensitive());
        let (headers, _) = signed(
            &Credential::Header {
                name: "X-Api-Key".into(),
                value: Secret::new("k"),
            },
            "",
        );
        assert_eq!(headers["x-api-key"], "k");
        let (_, body) = signed(
            &Credential::Body {
                placeholder: "@@".into(),
                value: Secret::new("p&<"),
                encoding: Encoding::Xml,
            },
            "<a>@@</a>@@",
        );
        assert_eq!(body, "<a>p&amp;&lt;</a>p&amp;&lt;");
    }

    #[test]
    fn a_credential_that_would_break_the_header_is_refused() {
        let slot = Credential::Header {
            name: "a".into(),
            value: Secret::new("x\r\ny: z"),
        };
        assert!(slot.sign(&mut HeaderMap::new(), &mut None).is_err());
    }
}
