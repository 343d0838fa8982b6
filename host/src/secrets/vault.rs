//! `<setting>_vault = secret/data/okta#api_token`: HashiCorp Vault's key/value engines, versions 1 and 2, by its HTTP API.
//!
//! `GET {VAULT_ADDR}/v1/{path}` with `X-Vault-Token` and, where there is one, `X-Vault-Namespace`. Version 1 answers
//! `{"data": {key: value}}`, version 2 `{"data": {"data": {key: value}, "metadata": {…}}}` under a path with `/data/` behind the mount.
//! Sources: developer.hashicorp.com/vault/api-docs/secret/kv/kv-v1, kv-v2, and /vault/api-docs (status codes, headers).

use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Request};
use serde_json::{Map, Value};
use url::Url;

use super::{Problem, Ways, file, text};
use crate::net::{Egress, Network, Reach, Rule, TlsSettings};
use crate::redact::{Redactor, Secret, clean};

/// Bytes of an answer. Vault itself keeps no entry of more than 1 MiB.
const MOST_BYTES: usize = 1 << 20;

/// The longest an answer may take, all tries together.
const LONGEST: Duration = Duration::from_secs(60);

/// Tries where Vault cannot be reached, or says that it cannot answer now.
const TRIES: u32 = 3;

/// The wait before another try, longer each time.
const WAIT: Duration = Duration::from_millis(500);

/// Bytes of what Vault says that are shown.
const SAID_BYTES: usize = 300;

/// What a reference says: where to ask, and which of the values it is.
struct Reference<'a> {
    path: &'a str,
    key: &'a str,
}

/// How Vault is reached.
struct Vault {
    address: Url,
    token: Secret,
    namespace: Option<String>,
    authorities: Option<PathBuf>,
}

/// An answer.
struct Answer {
    status: u16,
    location: Option<String>,
    body: Vec<u8>,
}

pub(super) async fn read(reference: &str, ways: &Ways<'_>) -> Result<Secret, Problem> {
    let reference = Reference::parse(reference)?;
    let vault = Vault::of(ways)?;
    let redactor = Redactor::new([&vault.token]);
    let answer = tokio::time::timeout(LONGEST, vault.ask(&reference, ways))
        .await
        .map_err(|_| {
            Problem::passing(
                format!("Vault at {} did not answer within {LONGEST:?}", vault.address),
                REACH,
            )
        })??;
    reference.value(&answer, &redactor)
}

/// What is wrong with a reference, or with what the environment says of Vault, without asking it.
pub(super) fn look(reference: &str, ways: &Ways<'_>) -> Result<(), Problem> {
    Reference::parse(reference)?;
    Vault::of(ways).map(drop)
}

const REACH: &str = "see that VAULT_ADDR is Vault's address and that this machine reaches it";

impl<'a> Reference<'a> {
    fn parse(text: &'a str) -> Result<Self, Problem> {
        let remedy = "write it like `secret/data/okta#api_token` (version 2, with `/data/` behind the mount) or `kv/okta#api_token` (version 1)";
        let Some((path, key)) = text.split_once('#') else {
            return Err(Problem::new(
                "does not say which value of the secret it is: there is no `#`",
                remedy,
            ));
        };
        let path = path.trim().trim_matches('/');
        let path = path.strip_prefix("v1/").unwrap_or(path);
        let key = key.trim();
        let is_odd = |part: &str| matches!(part, "" | "." | "..") || part.contains(char::is_control);
        if key.is_empty() || !path.contains('/') || path.split('/').any(is_odd) {
            return Err(Problem::new(
                format!("`{}` is not a path in Vault with a key behind `#`", clean(text, 200)),
                remedy,
            ));
        }
        Ok(Self { path, key })
    }

    /// The value in an answer.
    fn value(&self, answer: &Answer, redactor: &Redactor) -> Result<Secret, Problem> {
        if answer.status != 200 {
            return Err(self.refusal(answer, redactor));
        }
        let path = clean(self.path, 200);
        let body: Option<Map<String, Value>> = serde_json::from_slice(&answer.body).ok();
        let data = body.as_ref().and_then(|body| body.get("data")?.as_object());
        let Some(data) = data else {
            let what = format!("what answers at VAULT_ADDR for `{path}` is not Vault's key/value engine");
            return Err(Problem::new(what, REACH));
        };
        let values = match (data.get("data"), data.get("metadata")) {
            (Some(Value::Object(values)), Some(Value::Object(_))) => values,
            _ => data,
        };
        let Some(value) = values.get(self.key) else {
            let mut names: Vec<&str> = values.keys().map(String::as_str).collect();
            names.sort_unstable();
            let names = if names.is_empty() {
                "nothing".to_owned()
            } else {
                clean(&names.join(", "), 200)
            };
            let what = format!("the secret `{path}` in Vault has no `{}`", clean(self.key, 80));
            return Err(Problem::new(
                what,
                format!("it has {names}; name one of these behind `#`"),
            ));
        };
        let value = match value {
            Value::String(value) => value.clone(),
            Value::Number(value) => value.to_string(),
            _ => {
                let what = format!("`{}` of the secret `{path}` in Vault is not text", clean(self.key, 80));
                return Err(Problem::new(what, "name a value that is text behind `#`"));
            }
        };
        text(value.into_bytes()).map_err(|what| {
            let what = format!("`{}` of the secret `{path}` in Vault {what}", clean(self.key, 80));
            Problem::new(what, "put the secret there")
        })
    }

    /// What an answer without a secret means.
    fn refusal(&self, answer: &Answer, redactor: &Redactor) -> Problem {
        let path = clean(self.path, 200);
        let said = said(&answer.body, redactor);
        let with = |what: &str| match said.as_str() {
            "" => format!("{what} (status {})", answer.status),
            said => format!("{what} (status {}): {said}", answer.status),
        };
        match answer.status {
            403 => Problem::new(
                with(&format!("Vault does not let this token read `{path}`")),
                format!(
                    "give it a policy with `path \"{path}\" {{ capabilities = [\"read\"] }}`, or a token that has not ended"
                ),
            ),
            404 => {
                let (mount, rest) = self.path.split_once('/').unwrap_or((self.path, ""));
                let remedy = if rest.starts_with("data/") {
                    "see with `vault kv get` whether it is there and not deleted; a namespace is named by VAULT_NAMESPACE".to_owned()
                } else {
                    let meant = clean(&format!("{mount}/data/{rest}"), 200);
                    format!("under version 2 of the key/value engine it is `{meant}`; else see whether it is there")
                };
                Problem::new(with(&format!("Vault has no secret `{path}`")), remedy)
            }
            300..=399 => {
                let to = answer
                    .location
                    .as_deref()
                    .map_or_else(String::new, |to| format!(" to {}", clean(to, 200)));
                Problem::new(
                    format!("Vault sends the request{to}, where the token must not go"),
                    "name the active node's address with VAULT_ADDR",
                )
            }
            429 | 500..=599 => Problem::passing(
                with("Vault cannot answer now"),
                "see with `vault status` whether it is sealed or on standby",
            ),
            _ => Problem::new(with(&format!("Vault refused to read `{path}`")), REACH),
        }
    }
}

/// What Vault says about a refusal, in a line.
fn said(body: &[u8], redactor: &Redactor) -> String {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let errors = body.as_ref().and_then(|body| body.get("errors")?.as_array());
    let texts = errors.into_iter().flatten().filter_map(Value::as_str);
    // Its lists come with line breaks and stars.
    let words: Vec<&str> = texts
        .flat_map(str::split_whitespace)
        .filter(|word| *word != "*")
        .collect();
    clean(&redactor.redact(&words.join(" ")), SAID_BYTES)
}

impl Vault {
    /// What the environment says.
    fn of(ways: &Ways<'_>) -> Result<Self, Problem> {
        let variable = |name: &str| (ways.env)(name).filter(|value| !value.trim().is_empty());
        let Some(address) = variable("VAULT_ADDR") else {
            return Err(Problem::new(
                "the environment variable `VAULT_ADDR` is not set",
                "set it to Vault's address, for example `https://vault.example.com:8200`",
            ));
        };
        let address = Url::parse(address.trim()).ok().filter(|url| {
            matches!(url.scheme(), "https" | "http") && url.username().is_empty() && url.password().is_none()
        });
        let Some(address) = address else {
            return Err(Problem::new(
                "the environment variable `VAULT_ADDR` is not the address of a Vault",
                "write it like `https://vault.example.com:8200`",
            ));
        };
        let token = match (variable("VAULT_TOKEN"), variable("VAULT_TOKEN_FILE")) {
            (Some(_), Some(_)) => {
                return Err(Problem::new(
                    "the environment variables `VAULT_TOKEN` and `VAULT_TOKEN_FILE` are both set",
                    "unset one of the two",
                ));
            }
            (Some(token), None) => Secret::new(token.trim()),
            (None, Some(path)) => file::read(&ways.base.join(path))
                .map_err(|problem| Problem::new(format!("`VAULT_TOKEN_FILE`: {}", problem.what), problem.remedy))?,
            (None, None) => {
                return Err(Problem::new(
                    "neither `VAULT_TOKEN` nor `VAULT_TOKEN_FILE` is set in the environment",
                    "set one of the two to a token, or to a file that holds one",
                ));
            }
        };
        Ok(Self {
            address,
            token,
            namespace: variable("VAULT_NAMESPACE"),
            authorities: variable("VAULT_CACERT").map(|path| ways.base.join(path)),
        })
    }

    async fn ask(&self, reference: &Reference<'_>, ways: &Ways<'_>) -> Result<Answer, Problem> {
        let setting = |error: &crate::net::Error| {
            Problem::new(
                format!("Vault cannot be asked: {error}"),
                error.hint().unwrap_or_else(|| REACH.to_owned()),
            )
        };
        let rule = Rule::of(&self.address, Reach::Named).map_err(|error| setting(&error))?;
        let tls = TlsSettings {
            cacert_file: self.authorities.clone(),
            ..TlsSettings::default()
        };
        tls.check().map_err(|error| {
            Problem::new(
                format!("`VAULT_CACERT`: {error}"),
                "name a file with certificates in PEM form",
            )
        })?;
        let network = Network::new(
            Egress::new(vec![rule]),
            tls,
            ways.proxies.clone(),
            ways.timeouts.clone(),
        );
        let client = network.http();
        let mut tried = 1;
        loop {
            let asked = async {
                let request = self.request(reference)?;
                let url = request.url().clone();
                let response = client.send(request).await;
                let mut response = response.map_err(Asked::Net)?;
                let header = response.headers().get(reqwest::header::LOCATION);
                let mut answer = Answer {
                    status: response.status().as_u16(),
                    location: header.and_then(|value| value.to_str().ok()).map(str::to_owned),
                    body: Vec::new(),
                };
                while let Some(piece) = client.chunk(&mut response).await.map_err(Asked::Net)? {
                    if answer.body.len() + piece.len() > MOST_BYTES {
                        return Err(Asked::Net(crate::net::Error::too_long(&url, MOST_BYTES)));
                    }
                    answer.body.extend_from_slice(&piece);
                }
                Ok(answer)
            };
            let again = match asked.await {
                Ok(answer) if matches!(answer.status, 429 | 500..=599) && tried < TRIES => None::<Answer>,
                Ok(answer) => Some(answer),
                Err(Asked::Net(error)) if error.is_passing() && tried < TRIES => None,
                Err(Asked::Net(error)) if error.is_passing() => {
                    return Err(Problem::passing(
                        format!("Vault cannot be reached: {error}"),
                        error.hint().unwrap_or_else(|| REACH.to_owned()),
                    ));
                }
                Err(Asked::Net(error)) => return Err(setting(&error)),
                Err(Asked::Wrong(problem)) => return Err(problem),
            };
            if let Some(answer) = again {
                return Ok(answer);
            }
            tokio::time::sleep(WAIT * tried).await;
            tried += 1;
        }
    }

    fn request(&self, reference: &Reference<'_>) -> Result<Request, Asked> {
        let mut url = self.address.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1").extend(reference.path.split('/'));
        }
        url.set_query(None);
        url.set_fragment(None);
        let mut request = Request::new(Method::GET, url);
        let header = |value: &str, what: &str| {
            HeaderValue::from_str(value).map_err(|_| {
                Asked::Wrong(Problem::new(
                    format!("{what} holds a character that no header can"),
                    "see what is set in the environment",
                ))
            })
        };
        let mut token = header(self.token.expose(), "the token of Vault")?;
        token.set_sensitive(true);
        let headers = request.headers_mut();
        headers.insert(HeaderName::from_static("x-vault-token"), token);
        headers.insert(
            HeaderName::from_static("x-vault-request"),
            HeaderValue::from_static("true"),
        );
        if let Some(namespace) = &self.namespace {
            headers.insert(
                HeaderName::from_static("x-vault-namespace"),
                header(namespace, "`VAULT_NAMESPACE`")?,
            );
        }
        Ok(request)
    }
}

/// Why there is no answer.
enum Asked {
    Net(crate::net::Error),
    Wrong(Problem),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(reference: &str, status: u16, body: &str) -> Result<String, String> {
        let answer = Answer {
            status,
            location: None,
            body: body.as_bytes().to_vec(),
        };
        let redactor = Redactor::new([&Secret::new("hvs.token-of-vault")]);
        let read = Reference::parse(reference).and_then(|reference| reference.value(&answer, &redactor));
        read.map(|secret| secret.expose().to_owned())
            .map_err(|problem| format!("{} | {}", problem.what, problem.remedy))
    }

    #[test]
    fn both_versions_are_read() {
        let second = r#"{"request_id":"1","data":{"data":{"api_token":"two","port":5},"metadata":{"version":3}}}"#;
        assert_eq!(value("secret/data/okta#api_token", 200, second).unwrap(), "two");
        assert_eq!(value("/v1/secret/data/okta#port", 200, second).unwrap(), "5");
        // A version 1 secret may have a value called `data`.
        let first = r#"{"data":{"api_token":"one","data":"x"}}"#;
        assert_eq!(value("kv/okta#api_token", 200, first).unwrap(), "one");
        assert_eq!(value("kv/okta#data", 200, first).unwrap(), "x");
    }

    #[test]
    fn what_is_not_a_secret_is_told_without_values() {
        let second = r#"{"data":{"data":{"b":["hidden"],"a":"hidden","e":""},"metadata":{}}}"#;
        let said = [
            value("secret/okta", 200, second),
            value("okta#a", 200, second),
            value("a/../b#a", 200, second),
            value("secret/data/okta#c", 200, second),
            value("secret/data/okta#b", 200, second),
            value("secret/data/okta#e", 200, second),
            value("secret/data/okta#a", 200, "<html>hidden</html>"),
            value("secret/data/okta#a", 200, "{\"data\":null}"),
            value(
                "secret/data/okta#a",
                403,
                "{\"errors\":[\"1 error occurred:\\n\\t* permission denied for hvs.token-of-vault\\n\\n\"]}",
            ),
            value("secret/okta#a", 404, "{\"errors\":[]}"),
            value(
                "secret/data/okta#a",
                404,
                "{\"data\":{\"data\":null,\"metadata\":{\"destroyed\":true}}}",
            ),
            value("secret/data/okta#a", 503, "{\"errors\":[\"Vault is sealed\"]}"),
            value("secret/data/okta#a", 307, ""),
            value("secret/data/okta#a", 400, "{\"errors\":[\"missing client token\"]}"),
        ];
        let said: Vec<String> = said.into_iter().map(Result::unwrap_err).collect();
        assert!(said.iter().all(|line| !line.contains("hidden")), "{said:?}");
        insta::assert_snapshot!(said.join("\n"));
    }
}
