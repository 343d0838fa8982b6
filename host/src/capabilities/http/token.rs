//! Tokens that the host asks for, keeps and renews. A guest names the slot and never sees one.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::error::Error;
use super::refusal;
use super::request::Request;
use super::state::HttpState;
use crate::redact::{Secret, clean};

/// A token that is about to end is renewed before it does, because a request may take a while: so long before, or half its life before
/// if that is less.
const MARGIN: Duration = Duration::from_secs(60);

/// After a refusal, of a token or of a request for one, none is asked for again for so long: accounts are locked for less.
const PATIENCE: Duration = Duration::from_secs(30);

/// A token is used for so long, even if its answer says that it ends sooner.
const BRIEFEST: Duration = Duration::from_secs(5);

/// Bytes of a token; the longest in use are JSON Web Tokens of some thousand.
const MOST_BYTES: usize = 16 << 10;

/// Characters of what a server says of a refusal.
const MOST_SAID: usize = 300;

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
    last: Mutex<Option<Asked>>,
}

/// The last time that a token was asked for.
#[derive(Debug)]
struct Asked {
    when: Instant,
    generation: u64,
    /// The header with the token; or the status of the refusal, and what was said.
    given: Result<Secret, (u16, String)>,
    /// How long the token is used.
    lasts: Option<Duration>,
}

impl Asked {
    /// Whether to ask again. `refused` is the token that was just refused.
    fn is_over(&self, refused: Option<u64>) -> bool {
        let elapsed = self.when.elapsed();
        if self.given.is_err() || refused == Some(self.generation) {
            return elapsed >= PATIENCE;
        }
        self.lasts.is_some_and(|lasts| elapsed >= lasts)
    }
}

/// How long a token is used whose answer says that it lasts so long.
fn usable(lasts: Duration) -> Duration {
    (lasts - MARGIN.min(lasts / 2)).max(BRIEFEST)
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
            last: Mutex::new(None),
        }
    }

    /// The token there is, or a new one; not the one that was just refused, unless it is too early to ask again. Whoever comes while
    /// it is asked for waits, and shares what comes of it, a refusal included.
    pub(super) async fn ticket(&self, http: &HttpState, refused: Option<u64>) -> Result<Ticket, Error> {
        let mut last = self.last.lock().await;
        if let Some(asked) = last.as_ref()
            && !asked.is_over(refused)
        {
            return self.of(asked);
        }
        let when = Instant::now();
        let (given, lasts) = match self.ask(http).await {
            Ok((header, lasts)) => (Ok(header), lasts.map(usable)),
            Err(Error::TokenRefused(status, said)) => (Err((status, said)), None),
            Err(error) => return Err(error),
        };
        let generation = last.as_ref().map_or(0, |asked| asked.generation + 1);
        self.of(last.insert(Asked {
            when,
            generation,
            given,
            lasts,
        }))
    }

    fn of(&self, asked: &Asked) -> Result<Ticket, Error> {
        let refusal = |(status, said): &(u16, String)| Error::TokenRefused(*status, said.clone());
        let value = asked.given.as_ref().map_err(refusal)?;
        Ok(Ticket {
            name: self.header.clone(),
            value: value.clone(),
            generation: asked.generation,
        })
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
            let said = clean(&http.redact(&refusal::said(&answer.body)), MOST_SAID);
            return Err(Error::TokenRefused(answer.status, said));
        }
        let broken = || {
            let text = answer.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&answer.body);
            let is_page = text.trim_ascii_start().starts_with(b"<");
            let what = if is_page { "is a web page" } else { "holds none" };
            Error::BadBody(format!("the answer to the request for a token {what}"))
        };
        let value: serde_json::Value = serde_json::from_slice(&answer.body).map_err(|_| broken())?;
        let token = value
            .get(&self.member)
            .and_then(serde_json::Value::as_str)
            .ok_or_else(broken)?;
        // What is sent as a header is one word of visible characters (RFC 6750 section 2.1 allows fewer).
        if token.is_empty() || token.len() > MOST_BYTES || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(broken());
        }
        http.learn(&Secret::new(token));
        let lasts = value.get("expires_in").and_then(|lasts| match lasts {
            serde_json::Value::String(text) => text.trim().parse().ok(),
            number => number.as_f64(),
        });
        let (before, after) = &self.around;
        Ok((
            Secret::new(format!("{before}{token}{after}")),
            // Less than nothing is nothing; what no clock can count is no end at all.
            lasts.and_then(|seconds: f64| Duration::try_from_secs_f64(seconds.max(0.0)).ok()),
        ))
    }
}
