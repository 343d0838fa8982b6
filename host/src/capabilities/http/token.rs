//! Tokens that the host asks for, keeps and renews. A guest names the slot and never sees one.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::error::Error;
use super::request::Request;
use super::state::HttpState;
use crate::redact::Secret;

/// A token that is about to end is renewed before it does: a request may take a while.
const MARGIN: Duration = Duration::from_secs(60);

/// A token is not renewed more often than this, whatever the source answers: accounts are locked for less.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of a token; the longest in use are JSON Web Tokens of some thousand.
const MOST_BYTES: usize = 16 << 10;

/// Where a token comes from, and the one there is.
#[derive(Debug)]
pub struct TokenSource {
    url: Url,
    /// The slot that signs the request for it.
    slot: Option<String>,
    /// Content type and body of that request.
    body: Option<(&'static str, Secret)>,
    /// The member of the answer that is the token.
    member: String,
    /// The header that carries it.
    header: String,
    /// What stands before and after it there.
    around: (String, String),
    held: Mutex<Option<Held>>,
}

/// A token.
#[derive(Debug)]
struct Held {
    header: Secret,
    asked: Instant,
    ends: Option<Instant>,
    generation: u64,
}

/// A header with its token, and which token it is.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) name: String,
    pub(super) value: Secret,
    pub(super) generation: u64,
}

impl TokenSource {
    /// A token from `url`, asked for with the credentials of `slot` and this body (with its content type). `template` is the value of
    /// `header`, with `{token}` in it.
    pub fn new(
        url: Url,
        slot: Option<String>,
        body: Option<(&'static str, Secret)>,
        member: String,
        header: String,
        template: &str,
    ) -> Self {
        let (before, after) = template.split_once("{token}").unwrap_or((template, ""));
        let around = (before.to_owned(), after.to_owned());
        Self {
            url,
            slot,
            body,
            member,
            header,
            around,
            held: Mutex::new(None),
        }
    }

    /// The token there is, or a new one; not the one of the generation that was just refused, unless it is too early to ask again.
    pub(super) async fn ticket(&self, http: &HttpState, refused: Option<u64>) -> Result<Ticket, Error> {
        let mut held = self.held.lock().await;
        if let Some(token) = held.as_ref() {
            let is_good =
                token.ends.is_none_or(|end| Instant::now() + MARGIN < end) && refused != Some(token.generation);
            if is_good || token.asked.elapsed() < PATIENCE {
                return Ok(self.of(token));
            }
        }
        let generation = held.as_ref().map_or(0, |token| token.generation + 1);
        let asked = Instant::now();
        let (header, lasts) = self.ask(http).await?;
        let ends = lasts.and_then(|lasts| asked.checked_add(lasts));
        Ok(self.of(held.insert(Held {
            header,
            asked,
            ends,
            generation,
        })))
    }

    fn of(&self, token: &Held) -> Ticket {
        Ticket {
            name: self.header.clone(),
            value: token.header.clone(),
            generation: token.generation,
        }
    }

    /// Asks for a token: the header's value, and how long it lasts.
    async fn ask(&self, http: &HttpState) -> Result<(Secret, Option<Duration>), Error> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some((kind, _)) = &self.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        let request = Request {
            method: Method::POST,
            url: self.url.clone(),
            headers,
            body: self.body.as_ref().map(|(_, body)| body.expose().as_bytes().to_vec()),
            slot: self.slot.clone(),
            is_repeatable: true,
        };
        let answer = http.send_with_credentials(request).await?;
        if !(200..300).contains(&answer.status) {
            return Err(Error::TokenRefused(answer.status));
        }
        let broken = || Error::BadBody("the answer to the request for a token holds none".to_owned());
        let value: serde_json::Value = serde_json::from_slice(&answer.body).map_err(|_| broken())?;
        let token = value
            .get(&self.member)
            .and_then(serde_json::Value::as_str)
            .ok_or_else(broken)?;
        if token.is_empty() || token.len() > MOST_BYTES {
            return Err(broken());
        }
        http.learn(&Secret::new(token));
        let lasts = value.get("expires_in").and_then(|lasts| match lasts {
            serde_json::Value::String(text) => text.parse().ok(),
            number => number.as_u64(),
        });
        let (before, after) = &self.around;
        Ok((
            Secret::new(format!("{before}{token}{after}")),
            lasts.map(Duration::from_secs),
        ))
    }
}
