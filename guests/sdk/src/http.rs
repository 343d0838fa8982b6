//! HTTP requests.
//!
//! The host repeats what can be repeated (I/O errors, 5xx, 429 with `Retry-After`) before an answer comes back here. What only the
//! connector understands, its system's own rate-limit headers, is said with [`RateLimit`].

use std::time::UNIX_EPOCH;

use serde::Deserialize;

use crate::bindings::oomnitza::connector::http as wit;
use crate::xml::Element;
use crate::{Error, Result, clock};

pub use wit::Method;

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    request: wit::Request,
    rate_limit: Option<&'static RateLimit>,
}

impl Request {
    /// A request with this method.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        let request = wit::Request {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: None,
            auth: None,
            repeatable: false,
        };
        Self {
            request,
            rate_limit: None,
        }
    }

    /// A request that reads.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::Get, url)
    }

    /// A request that sends.
    pub fn post(url: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        let mut request = Self::new(Method::Post, url);
        request.request.body = Some(body.into());
        request
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Lets the host sign it with a slot of the description.
    pub fn auth(mut self, slot: &str) -> Self {
        self.request.auth = Some(slot.to_owned());
        self
    }

    /// Sending it twice does no harm.
    pub fn repeatable(mut self) -> Self {
        self.request.repeatable = true;
        self
    }

    /// Understands a 429 by these headers, waits, and asks again.
    pub fn rate_limit(mut self, limit: &'static RateLimit) -> Self {
        self.rate_limit = Some(limit);
        self
    }

    /// Sends it and waits for the answer, whatever its status.
    pub fn send(self) -> Result<Response> {
        let what = what(&self.request);
        let Some(limit) = self.rate_limit else {
            return send(&self.request, what);
        };
        for attempt in 1..=limit.tries {
            let response = send(&self.request, what.clone())?;
            if !limit.is_reached(&response) || attempt == limit.tries {
                return Ok(response);
            }
            let wait = limit.wait(&response, attempt);
            crate::info!("{what}: rate limit reached, waiting {} s", wait.div_ceil(1_000));
            clock::sleep(wait);
        }
        send(&self.request, what)
    }
}

/// Sends requests side by side; answers in the order of the requests.
pub fn send_all(requests: Vec<Request>) -> Vec<Result<Response>> {
    let whats: Vec<String> = requests.iter().map(|request| what(&request.request)).collect();
    let requests: Vec<wit::Request> = requests.into_iter().map(|request| request.request).collect();
    #[cfg(target_arch = "wasm32")]
    let answers = wit::send_all(&requests);
    #[cfg(not(target_arch = "wasm32"))]
    let answers =
        crate::testing::with_host(|host| requests.iter().map(|request| host.http(request)).collect::<Vec<_>>());
    answers
        .into_iter()
        .zip(whats)
        .map(|(answer, what)| Response::read(answer, what))
        .collect()
}

fn send(request: &wit::Request, what: String) -> Result<Response> {
    #[cfg(target_arch = "wasm32")]
    let answer = wit::send(request);
    #[cfg(not(target_arch = "wasm32"))]
    let answer = crate::testing::with_host(|host| host.http(request));
    Response::read(answer, what)
}

/// A method as HTTP spells it.
pub(crate) fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
    }
}

/// A request in a few words: `GET /api/v1/users`.
fn what(request: &wit::Request) -> String {
    let method = method(request.method);
    let path = request.url.splitn(4, '/').nth(3).unwrap_or_default();
    format!("{method} /{}", path.split('?').next().unwrap_or_default())
}

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Its body, decoded.
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
    what: String,
}

impl Response {
    fn read(answer: std::result::Result<wit::Response, wit::Error>, what: String) -> Result<Self> {
        match answer {
            Ok(answer) => Ok(Self {
                status: answer.status,
                body: answer.body,
                headers: answer.headers,
                what,
            }),
            Err(error) => Err(match error {
                wit::Error::Denied(why) => Error::Unreachable(format!("{what}: {why}")),
                wit::Error::InvalidInput(why) => Error::Other(format!("{what}: {why}")),
                wit::Error::TooLarge(why) => Error::Unexpected(format!("{what}: {why}")),
                wit::Error::TokenRefused(status) => Error::TokenRefused(status),
                wit::Error::TimedOut => Error::TimedOut(what),
                wit::Error::RateLimited(Some(seconds)) => {
                    Error::RateLimited(format!("{what}: come back in {seconds} s"))
                }
                wit::Error::RateLimited(None) => Error::RateLimited(what),
                wit::Error::Unreachable(why) => Error::Unreachable(why),
                wit::Error::BadBody(why) => Error::Unexpected(format!("{what}: {why}")),
                wit::Error::Other(why) => Error::Other(format!("{what}: {why}")),
            }),
        }
    }

    /// The values of a header, in the order in which they came.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The answer, if its status says that it is one.
    pub fn success(self) -> Result<Self> {
        self.success_or(|_| None)
    }

    /// The answer, if its status says that it is one; else an error with what the source said, as `explain` reads it from the body.
    pub fn success_or(self, explain: impl FnOnce(&[u8]) -> Option<String>) -> Result<Self> {
        self.success_or_said(|answer| explain(&answer.body))
    }

    /// The answer, if its status says that it is one; else an error with what the source said, as `explain` reads it from the answer.
    pub fn success_or_said(self, explain: impl FnOnce(&Self) -> Option<String>) -> Result<Self> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let mut text = format!("{} answered {}", self.what, self.status);
        if let Some(said) = explain(&self).filter(|said| !said.trim().is_empty()) {
            text.push_str(": ");
            text.push_str(&said);
        }
        Err(match self.status {
            401 => Error::SignIn(text),
            403 => Error::Forbidden(text),
            429 => Error::RateLimited(text),
            408 | 504 => Error::TimedOut(text),
            _ => Error::Unexpected(text),
        })
    }

    /// The body as JSON. What it borrows is not copied.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| self.unreadable(self.body.starts_with(b"<"), &error))
    }

    /// The body as XML.
    pub fn xml(&self) -> Result<Element> {
        let begins = |tag: &str| {
            let start = self.body.trim_ascii_start();
            start
                .get(..tag.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes()))
        };
        let is_page = begins("<!doctype html") || begins("<html");
        Element::parse(&self.body).map_err(|error| self.unreadable(is_page, &error))
    }

    fn unreadable(&self, is_page: bool, error: &dyn std::fmt::Display) -> Error {
        let Self { what, status, .. } = self;
        Error::Unexpected(if self.body.is_empty() {
            format!("{what} answered {status} with nothing")
        } else if is_page {
            format!("{what} answered with a web page instead of data")
        } else {
            format!("{what} answered something that cannot be read: {error}")
        })
    }

    /// An error for an answer whose content is not what it should be.
    pub fn unexpected(&self, why: impl std::fmt::Display) -> Error {
        Error::Unexpected(format!("{} answered {why}", self.what))
    }
}

/// How a system says that it was asked too often.
#[derive(Debug, Clone, Copy)]
pub struct RateLimit {
    /// The header that says when to come back.
    pub reset: &'static str,
    /// What that header counts.
    pub unit: Unit,
    /// The header that says how much there is in all; 0 there is the sign of too many requests at once, for systems that have it.
    pub limit: &'static str,
    /// The header that says how much is left, for systems that refuse with other statuses than 429: 0 there says why.
    pub left: Option<&'static str>,
    /// How often to ask.
    pub tries: u32,
}

/// What a header that says when to come back counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds since 1970, by the source's own clock.
    EpochSeconds,
    /// Seconds from now.
    Seconds,
}

/// The wait where the headers say nothing, milliseconds: doubled with each try.
const BLIND_WAIT: u64 = 1_000;

impl RateLimit {
    /// Headers that count seconds since 1970: `X-Rate-Limit-Reset`.
    pub const fn epoch_seconds(reset: &'static str, limit: &'static str) -> Self {
        Self {
            reset,
            unit: Unit::EpochSeconds,
            limit,
            left: None,
            tries: 10,
        }
    }

    /// Headers that count seconds from now: `X-RateLimit-Reset`.
    pub const fn seconds(reset: &'static str, limit: &'static str) -> Self {
        Self {
            unit: Unit::Seconds,
            ..Self::epoch_seconds(reset, limit)
        }
    }

    /// For systems that refuse with other statuses than 429: the header that says how much is left.
    pub const fn left(mut self, left: &'static str) -> Self {
        self.left = Some(left);
        self
    }

    /// Whether an answer says that it was asked too often.
    fn is_reached(&self, response: &Response) -> bool {
        let is_used_up = || self.left.is_some_and(|left| response.header(left) == Some("0"));
        response.status == 429 || ((400..500).contains(&response.status) && is_used_up())
    }

    /// How long to wait after this answer, milliseconds.
    fn wait(&self, response: &Response, attempt: u32) -> u64 {
        let blind = BLIND_WAIT << (attempt - 1).min(6);
        if response.header(self.limit) == Some("0") {
            return blind;
        }
        let Some(reset) = response
            .header(self.reset)
            .and_then(|value| value.trim().parse::<u64>().ok())
        else {
            return blind;
        };
        match self.unit {
            Unit::Seconds => reset.saturating_mul(1_000),
            Unit::EpochSeconds => {
                // The source's own clock: this machine's may be wrong by minutes.
                let now = response
                    .header("date")
                    .and_then(epoch_seconds)
                    .unwrap_or_else(|| clock::now() / 1_000);
                reset.saturating_sub(now).saturating_add(1).saturating_mul(1_000)
            }
        }
    }
}

/// An HTTP date (RFC 9110 section 5.6.7).
fn epoch_seconds(date: &str) -> Option<u64> {
    // No date is longer; parsers have fallen over long ones.
    let date = httpdate::parse_http_date(date.get(..date.len().min(40))?).ok()?;
    Some(date.duration_since(UNIX_EPOCH).ok()?.as_secs())
}
