//! HTTP requests.
//!
//! The host repeats what can be repeated (I/O errors, 5xx, 429 with `Retry-After`) before an answer comes back here, and none of that is
//! repeated here once more. What only the connector understands, its system's own rate-limit headers, is said with [`RateLimit`].

use std::cell::Cell;
use std::time::UNIX_EPOCH;

use guest_json::{Cursor, Malformed};
use serde::Deserialize;

use crate::bindings::oomnitza::connector::http as wit;
use crate::xml::Element;
use crate::{Error, Moment, Result, clock};

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

    /// Lets the host send it meanwhile: when it is sent before anything else is begun, its answer is on its way already. For what is certain
    /// to be asked for next, and only reads.
    pub fn begin(&self) {
        #[cfg(target_arch = "wasm32")]
        wit::begin(&self.request);
        #[cfg(not(target_arch = "wasm32"))]
        crate::testing::with_host(|host| host.begin(&self.request));
    }

    /// Sends it and waits for the answer, whatever its status.
    pub fn send(self) -> Result<Response> {
        let what = what(&self.request);
        let mut attempt = 1;
        loop {
            let mut response = send(&self.request, what.clone())?;
            let Some(wait) = self.wait(&mut response, attempt) else {
                return Ok(response);
            };
            pause(&what, wait);
            attempt += 1;
        }
    }

    /// How long to wait before asking again, milliseconds, if the answer was a refusal for now and this is not too long together with
    /// what this call has taken already. Else the answer says that it is such a refusal.
    fn wait(&self, response: &mut Response, attempt: u32) -> Option<u64> {
        let limit = self.rate_limit.filter(|limit| limit.is_reached(response))?;
        if !self.was_repeated(response) && attempt < limit.tries {
            let wait = limit.wait(response, attempt);
            if taken().saturating_add(wait) <= LONGEST_CALL {
                return Some(wait);
            }
        }
        response.is_rate_limited = true;
        None
    }

    /// Whether the host has sent it again and again before it gave this answer.
    fn was_repeated(&self, response: &Response) -> bool {
        let is_repeatable = self.request.repeatable || matches!(self.request.method, Method::Get | Method::Head);
        is_repeatable && response.status == 429 && response.header("retry-after").is_some_and(is_retry_after)
    }
}

/// Sends requests side by side; answers in the order of the requests. Those that are refused for now are sent again, all together.
pub fn send_all(requests: Vec<Request>) -> Vec<Result<Response>> {
    let mut answers: Vec<Result<Response>> = requests
        .iter()
        .map(|request| Err(Error::Other(format!("{} was lost", what(&request.request)))))
        .collect();
    let mut open: Vec<(usize, Request)> = requests.into_iter().enumerate().collect();
    let mut attempt = 1;
    while !open.is_empty() {
        let (mut refused, mut longest) = (Vec::new(), None);
        for ((index, request), mut answer) in open.iter().zip(send_together(&open)) {
            let wait = answer.as_mut().ok().and_then(|answer| request.wait(answer, attempt));
            if wait.is_some() {
                refused.push((*index, request.clone()));
                longest = longest.max(wait);
            }
            if let Some(place) = answers.get_mut(*index) {
                *place = answer;
            }
        }
        if let (Some(wait), Some((_, request))) = (longest, refused.first()) {
            pause(&what(&request.request), wait);
        }
        open = refused;
        attempt += 1;
    }
    answers
}

fn send_together(requests: &[(usize, Request)]) -> Vec<Result<Response>> {
    let whats = requests.iter().map(|(_, request)| what(&request.request));
    let requests: Vec<wit::Request> = requests.iter().map(|(_, request)| request.request.clone()).collect();
    #[cfg(target_arch = "wasm32")]
    let answers = wit::send_all(&requests);
    #[cfg(not(target_arch = "wasm32"))]
    let answers = crate::testing::with_host(|host| host.http_all(&requests));
    answers
        .into_iter()
        .zip(whats)
        .map(|(answer, what)| Response::read(answer, what))
        .collect()
}

fn pause(what: &str, wait: u64) {
    crate::info!("{what}: rate limit reached, waiting {} s", wait.div_ceil(1_000));
    clock::sleep(wait);
}

/// Whether a `Retry-After` is one that the host understands: seconds or a date.
fn is_retry_after(value: &str) -> bool {
    let value = value.trim();
    let is_seconds = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    // No date is longer; parsers have fallen over long ones.
    value.len() <= 64 && (is_seconds || httpdate::parse_http_date(value).is_ok())
}

fn send(request: &wit::Request, what: String) -> Result<Response> {
    #[cfg(target_arch = "wasm32")]
    let answer = wit::send(request);
    #[cfg(not(target_arch = "wasm32"))]
    let answer = crate::testing::with_host(|host| host.http(request));
    Response::read(answer, what)
}

/// A request in a few words: `GET /api/v1/users`.
fn what(request: &wit::Request) -> String {
    let method = method_name(request.method);
    let path = request.url.splitn(4, '/').nth(3).unwrap_or_default();
    format!("{method} /{}", path.split('?').next().unwrap_or_default())
}

/// A method as HTTP spells it.
pub(crate) fn method_name(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
    }
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
    /// The source refuses for now, and asking again was given up.
    is_rate_limited: bool,
}

impl Response {
    fn read(answer: std::result::Result<wit::Response, wit::Error>, what: String) -> Result<Self> {
        match answer {
            Ok(answer) => Ok(Self {
                status: answer.status,
                body: answer.body,
                headers: answer.headers,
                what,
                is_rate_limited: false,
            }),
            Err(error) => Err(match error {
                wit::Error::Denied(why) => Error::Unreachable(format!("{what}: {why}")),
                wit::Error::InvalidInput(why) => Error::Other(format!("{what}: {why}")),
                wit::Error::TooLarge(why) => Error::Unexpected(format!("{what}: {why}")),
                wit::Error::TokenRefused((status, said)) => Error::TokenRefused(status, said),
                wit::Error::TimedOut => Error::TimedOut(format!("{what} was not answered in time")),
                wit::Error::RateLimited(Some(seconds)) => {
                    Error::RateLimited(format!("{what}: come back in {seconds} s"))
                }
                wit::Error::RateLimited(None) => Error::RateLimited(format!("{what}: asked too often")),
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

    /// When it was given, by the source's own clock: the header `Date` (RFC 9110 section 5.6.7).
    pub fn date(&self) -> Option<Moment> {
        let date = self.header("date")?;
        // No date is longer; parsers have fallen over long ones.
        let date = httpdate::parse_http_date(date.get(..date.len().min(40))?).ok()?;
        let seconds = date.duration_since(UNIX_EPOCH).ok()?.as_secs();
        Some(Moment::of_seconds(i64::try_from(seconds).ok()?))
    }

    /// The request in a few words: `GET /api/v1/users`.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// The answer, if its status says that it is one.
    pub fn success(self) -> Result<Self> {
        self.success_or(|_| None)
    }

    /// The answer, if its status says that it is one; else an error with what the source said, as `explain` reads it from the body.
    pub fn success_or(self, explain: impl FnOnce(&[u8]) -> Option<String>) -> Result<Self> {
        self.success_or_said(|answer| explain(&answer.body))
    }

    /// The answer, if its status says that it is one and it is no web page for people; else an error with what the source said, as `explain`
    /// reads it from the answer.
    pub fn success_or_said(self, explain: impl FnOnce(&Self) -> Option<String>) -> Result<Self> {
        if (200..300).contains(&self.status) {
            // A wrong host, a proxy or a login in between answers anything like this.
            return if self.is_page() {
                Err(self.unreadable(true, &""))
            } else {
                Ok(self)
            };
        }
        let mut text = format!("{} answered {}", self.what, self.status);
        if let Some(said) = explain(&self).filter(|said| !said.trim().is_empty()) {
            text.push_str(": ");
            text.push_str(&said);
        }
        let asks = matches!(self.status, 429 | 503)
            .then(|| self.header("retry-after"))
            .flatten();
        if let Some(wait) = asks.and_then(|wait| wait.trim().parse::<u64>().ok().filter(|wait| *wait > 0)) {
            text.push_str(&format!("; it asks to wait {wait} s"));
        }
        if self.is_rate_limited {
            if self.status != 429 {
                text.push_str("; its rate limit is reached");
            }
            return Err(Error::RateLimited(text));
        }
        Err(Error::of_status(self.status, text))
    }

    /// The body as JSON. What it borrows is not copied.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| self.unreadable(self.is_markup(), &error))
    }

    /// Calls `see` before each element of the JSON list that the body is, for it to consume the element. Nothing is built or
    /// copied, which saves a third of a connector's time where most of an answer is not wanted.
    pub fn each<'a>(&'a self, see: impl FnMut(&mut Cursor<'a>) -> std::result::Result<(), Malformed>) -> Result<()> {
        let mut cursor = Cursor::new(&self.body);
        let walked = cursor.each(see);
        match (walked, cursor.peek()) {
            (Ok(()), None) => Ok(()),
            _ => {
                let where_it_broke = format!("{Malformed} at byte {}", cursor.position());
                Err(self.unreadable(self.is_markup(), &where_it_broke))
            }
        }
    }

    /// The body as XML.
    pub fn xml(&self) -> Result<Element> {
        // Some pages are well-formed XML.
        if self.is_page() {
            return Err(self.unreadable(true, &""));
        }
        Element::parse(&self.body).map_err(|error| self.unreadable(false, &error))
    }

    /// What its text begins with.
    fn start(&self) -> &[u8] {
        let body = &self.body;
        body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start()
    }

    fn is_markup(&self) -> bool {
        self.start().starts_with(b"<")
    }

    /// Whether it is a web page for people, by how it begins: with `<html` or its document type, maybe behind an XML declaration and comments.
    fn is_page(&self) -> bool {
        let mut start = self.start();
        while let Some(end) = [("<?", "?>"), ("<!--", "-->")]
            .into_iter()
            .find_map(|(from, to)| start.starts_with(from.as_bytes()).then_some(to.as_bytes()))
        {
            let Some(at) = start.windows(end.len()).position(|window| window == end) else {
                return false;
            };
            start = start.get(at + end.len()..).unwrap_or_default().trim_ascii_start();
        }
        ["<!doctype html", "<html"].into_iter().any(|tag| {
            let begin = start.get(..tag.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(tag.as_bytes()))
        })
    }

    fn unreadable(&self, is_page: bool, error: &dyn std::fmt::Display) -> Error {
        let Self { what, status, .. } = self;
        if is_page {
            return Error::NotFound(format!("{what} answered with a web page instead of data"));
        }
        Error::Unexpected(if self.body.is_empty() {
            format!("{what} answered {status} with nothing")
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
    /// The header that says how much is left; more than 0 there is the sign that another limit was reached than the one which
    /// resets, for systems that have two.
    pub remaining: &'static str,
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

/// The longest that a call may have taken when its last wait ends, milliseconds. The host ends a call of a component
/// after 15 minutes, waiting included, as a defect of the connector: a quota that comes back later is better told as what it is.
const LONGEST_CALL: u64 = 14 * 60 * 1_000;

thread_local! {
    /// When this call began, milliseconds since 1970.
    static BEGAN: Cell<u64> = const { Cell::new(0) };
}

/// Begins a call of the component.
pub(crate) fn begin_call() {
    BEGAN.set(clock::now());
}

/// What this call has taken, milliseconds: its own waits and those of the host.
fn taken() -> u64 {
    clock::now().saturating_sub(BEGAN.get())
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
            remaining: "",
            left: None,
            tries: 10,
        }
    }

    /// No headers: waits that grow.
    pub const fn unsaid() -> Self {
        Self::epoch_seconds("", "")
    }

    /// A header that says how much is left.
    pub const fn remaining(mut self, header: &'static str) -> Self {
        self.remaining = header;
        self
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
        // A wrong key or a missing right stays one, and asking with it again locks accounts.
        let may_be = (400..500).contains(&response.status) && !matches!(response.status, 401 | 403);
        response.status == 429 || (may_be && is_used_up())
    }

    /// How long to wait after this answer, milliseconds.
    fn wait(&self, response: &Response, attempt: u32) -> u64 {
        let blind = BLIND_WAIT << (attempt - 1).min(6);
        let number = |header: &'static str| response.header(header)?.trim().parse::<u64>().ok();
        if number(self.limit) == Some(0) || number(self.remaining).is_some_and(|left| left > 0) {
            return blind;
        }
        let Some(reset) = number(self.reset) else { return blind };
        match self.unit {
            Unit::Seconds => reset.saturating_mul(1_000),
            Unit::EpochSeconds => {
                // The source's own clock: this machine's may be wrong by minutes.
                let now = response
                    .date()
                    .and_then(|date| u64::try_from(date.seconds()).ok())
                    .unwrap_or_else(|| clock::now() / 1_000);
                reset.saturating_sub(now).saturating_add(1).saturating_mul(1_000)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Script, playing};

    fn answer(body: &str) -> Response {
        Response {
            status: 200,
            body: body.into(),
            headers: Vec::new(),
            what: "GET /users".to_owned(),
            is_rate_limited: false,
        }
    }

    #[test]
    fn what_the_host_has_repeated_is_not_repeated_once_more() {
        static LIMIT: RateLimit = RateLimit::unsaid();
        let url = "https://x.example/users";
        for (value, waits) in [("7", 0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("soon", 1), ("", 1)] {
            let refused = |script: Script| script.get(url, "slot", 429, &[("retry-after", value)], "");
            let mut script = refused(Script::default());
            if waits > 0 {
                script = script.get(url, "slot", 200, &[], "");
            }
            let send = || Request::get(url).auth("slot").rate_limit(&LIMIT).send()?.success();
            let answer = playing(script, send).map(|answer| answer.status);
            if waits > 0 {
                assert_eq!(answer, Ok(200), "{value}");
            } else {
                assert!(matches!(answer, Err(Error::RateLimited(_))), "{value}: {answer:?}");
            }
        }
        // One that the host does not repeat is the connector's to repeat.
        let asks = [("retry-after", "7")];
        let script = Script::default()
            .post(url, "slot", "x", 429, &asks, "")
            .post(url, "slot", "x", 200, &[], "");
        let send = || Request::post(url, "x").auth("slot").rate_limit(&LIMIT).send();
        assert_eq!(playing(script, send).map(|answer| answer.status), Ok(200));
    }

    #[test]
    fn how_long_a_source_asks_to_wait_is_told() {
        let mut answer = answer("");
        (answer.status, answer.headers) = (503, vec![("retry-after".to_owned(), "310".to_owned())]);
        let said = "GET /users answered 503: busy; it asks to wait 310 s";
        let told = answer.success_or(|_| Some("busy".to_owned())).err();
        assert_eq!(told, Some(Error::Failed(said.to_owned())));
    }

    #[test]
    fn a_page_for_people_is_no_success() {
        for page in [
            "<html>",
            "<!DOCTYPE html><html></html>",
            "\u{feff}\r\n<!doctype HTML>",
            "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"x\"><html/>",
            "<!-- <?x?> --> <!-- a proxy's --><HTML lang=\"en\">",
        ] {
            let said = Error::NotFound("GET /users answered with a web page instead of data".to_owned());
            assert_eq!(answer(page).success().err(), Some(said), "{page}");
        }
        for data in [
            "",
            "{}",
            "<?xml version=\"1.0\"?><users/>",
            "<!-- cut off <html>",
            "<htm",
        ] {
            assert!(answer(data).success().is_ok(), "{data}");
        }
    }
}
