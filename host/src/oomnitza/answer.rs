//! What an answer of Oomnitza's means.

use reqwest::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use std::time::{Duration, SystemTime};
use url::Url;

use super::error::Error;
use crate::net::backoff::retry_after;
use crate::net::{self, HttpClient};
use crate::redact::{Redactor, clean};

/// Bytes of an answer. The longest are lists of locations.
const MOST_BYTES: usize = 32 << 20;

/// Bytes of what Oomnitza says that are shown.
const SAID_BYTES: usize = 300;

/// An answer, read whole.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    is_html: bool,
    location: Option<String>,
    pub(super) body: Vec<u8>,
}

/// What to do with an answer.
pub(super) enum Verdict {
    /// It is what was asked for.
    Good,
    /// Ask again; it may have named a time.
    Again(Option<Duration>),
    /// Ask again, but not for long: something else than Oomnitza answered.
    AgainBriefly(Error),
    /// The token is not good any more.
    SignInAgain,
    /// It stays so.
    Never(Error),
}

impl Answer {
    pub(super) async fn read(client: &HttpClient, mut response: Response, url: &Url) -> Result<Self, net::Error> {
        let header = |name| {
            response
                .headers()
                .get(name)
                .and_then(|value: &reqwest::header::HeaderValue| value.to_str().ok())
                .map(str::to_owned)
        };
        let is_html = header(CONTENT_TYPE).is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
        let (location, retry_header) = (header(LOCATION), header(RETRY_AFTER));
        let mut answer = Self {
            status: response.status(),
            retry_after: retry_header.and_then(|value| retry_after(&value, SystemTime::now())),
            is_html,
            location: location
                .and_then(|target| url.join(&target).ok())
                .map(|target| target.origin().ascii_serialization()),
            body: Vec::new(),
        };
        while let Some(piece) = client.chunk(&mut response).await? {
            if answer.body.len() + piece.len() > MOST_BYTES {
                return Err(net::Error::too_long(url, MOST_BYTES));
            }
            answer.body.extend_from_slice(&piece);
        }
        Ok(answer)
    }

    pub(super) fn judge(&self, call: &'static str, redactor: &Redactor) -> Verdict {
        let said = || self.said(redactor);
        match self.status.as_u16() {
            200..=299 if self.is_page() => Verdict::AgainBriefly(Error::NotTheApi {
                call,
                what: "with a web page instead of data".to_owned(),
            }),
            status @ 200..=299 => match self.errors(redactor) {
                Some(said) => Verdict::Never(Error::Refused {
                    call,
                    status: if status == 200 { 200 } else { 422 },
                    said,
                }),
                None => Verdict::Good,
            },
            300..=399 => Verdict::Never(match &self.location {
                Some(to) => Error::Redirected { to: to.clone() },
                None => Error::NotTheApi {
                    call,
                    what: format!("with status {}", self.status.as_u16()),
                },
            }),
            401 => Verdict::SignInAgain,
            403 => Verdict::Never(Error::Forbidden { call, said: said() }),
            408 | 429 | 500 | 502..=599 => Verdict::Again(self.retry_after),
            status => Verdict::Never(Error::Refused {
                call,
                status,
                said: said(),
            }),
        }
    }

    /// What Oomnitza says about a refusal, in a line.
    pub(super) fn said(&self, redactor: &Redactor) -> String {
        if self.is_page() {
            return String::new();
        }
        let text = match serde_json::from_slice::<serde_json::Value>(&self.body) {
            Ok(serde_json::Value::Object(object)) => ["error", "message", "errors", "description"]
                .into_iter()
                .find_map(|key| object.get(key))
                .map_or_else(|| serde_json::Value::Object(object.clone()).to_string(), plain),
            Ok(other) => plain(&other),
            Err(_) => String::from_utf8_lossy(&self.body).trim().to_owned(),
        };
        clean(&redactor.redact(&text), SAID_BYTES)
    }

    /// The errors that an answer reports although its status is good.
    fn errors(&self, redactor: &Redactor) -> Option<String> {
        #[derive(serde::Deserialize)]
        struct Reported {
            #[serde(default)]
            errors: serde_json::Value,
            #[serde(default)]
            error: serde_json::Value,
        }
        // Anything but an object reports none; most answers are short.
        if !self.body.trim_ascii_start().starts_with(b"{") {
            return None;
        }
        let reported: Reported = serde_json::from_slice(&self.body).ok()?;
        let is_something = |value: &serde_json::Value| match value {
            serde_json::Value::Null => false,
            serde_json::Value::Bool(truth) => *truth,
            serde_json::Value::String(text) => !text.is_empty(),
            serde_json::Value::Array(list) => !list.is_empty(),
            serde_json::Value::Object(object) => !object.is_empty(),
            serde_json::Value::Number(number) => number.as_i64() != Some(0),
        };
        (is_something(&reported.errors) || is_something(&reported.error)).then(|| self.said(redactor))
    }

    fn is_page(&self) -> bool {
        self.is_html || self.body.trim_ascii_start().starts_with(b"<")
    }
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: None,
            is_html: false,
            location: None,
            body: body.as_bytes().to_vec(),
        }
    }

    fn verdict(answer: &Answer) -> String {
        match answer.judge("upload", &Redactor::default()) {
            Verdict::Good => "good".to_owned(),
            Verdict::Again(_) => "again".to_owned(),
            Verdict::AgainBriefly(error) => format!("briefly: {error}"),
            Verdict::SignInAgain => "sign in".to_owned(),
            Verdict::Never(error) => error.to_string(),
        }
    }

    #[test]
    fn every_kind_of_answer_has_its_meaning() {
        for (status, body, expected) in [
            (200, "", "good"),
            (201, "{\"ok\":true,\"errors\":[]}", "good"),
            (200, "[]", "good"),
            (
                200,
                " <html>",
                "briefly: what was asked to upload answered with a web page instead of data",
            ),
            (
                200,
                "{\"errors\":[\"USER is not unique\"]}",
                "Oomnitza refused to upload (200): [\"USER is not unique\"]",
            ),
            (
                400,
                "{\"error\":\"bad\\nvalue\"}",
                "Oomnitza refused to upload (400): bad\\nvalue",
            ),
            (400, "plain words", "Oomnitza refused to upload (400): plain words"),
            (404, "<html>", "Oomnitza refused to upload (404)"),
            (401, "", "sign in"),
            (
                403,
                "{\"message\":\"no\"}",
                "Oomnitza does not allow this account to upload (403): no",
            ),
            (408, "", "again"),
            (429, "", "again"),
            (500, "", "again"),
            (501, "", "Oomnitza refused to upload (501)"),
            (503, "", "again"),
            (304, "", "what was asked to upload answered with status 304"),
        ] {
            assert_eq!(verdict(&answer(status, body)), expected, "{status} {body}");
        }
        let elsewhere = Answer {
            location: Some("https://sso.example".to_owned()),
            ..answer(302, "")
        };
        assert_eq!(
            verdict(&elsewhere),
            "the address of Oomnitza redirects to https://sso.example, where the token must not go"
        );
    }
}
