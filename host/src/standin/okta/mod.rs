//! Stands in for an Okta organisation: its list of users (docs/connectors/okta.md).

mod fault;
mod query;
mod refusal;
#[cfg(test)]
mod tests;
mod user;

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::Request;
use hyper::body::{Body as _, Incoming};
use hyper::http::request::Parts;

pub use fault::Fault;

use query::{Page, Pages};
use refusal::Refusal;

use super::listener::Listener;
use super::trouble::Trouble;
use super::web::{self, Reply, Site};
use super::{Violations, lock};

/// What an organisation is like.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The token of an administrator.
    pub token: String,
    /// How many users it has: the first of the [`people`](super::people).
    pub people: u64,
    /// How long each answer takes.
    pub latency: Duration,
    /// The most users on a page, and how many there are when nobody says. Okta's own is 200.
    pub max_page: u64,
    /// The requests a minute that its answers speak of. Only a fault makes it refuse one.
    pub rate_limit: u64,
    /// Compress answers for clients that accept it.
    pub compresses: bool,
    /// What its links begin with, where clients know it by another address than its own: `http://example.okta.com`.
    pub public: Option<String>,
    /// After so many users the same people come again, each time with the number of their user as `employeeNumber`.
    pub different: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token: "stand-in-token".to_owned(),
            people: 1_000,
            latency: Duration::ZERO,
            max_page: 200,
            rate_limit: 600,
            compresses: false,
            public: None,
            different: u64::MAX,
        }
    }
}

/// What has happened.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// Paths and queries of all requests, in the order in which they arrived.
    pub requests: Vec<String>,
    /// Users in the pages that were answered.
    pub users: u64,
    /// What the client got wrong: nothing, if all is well.
    pub violations: Vec<String>,
}

/// A running organisation.
pub struct Okta {
    listener: Listener,
    site: Arc<Server>,
}

impl Okta {
    /// Starts one.
    pub fn start(settings: Settings) -> io::Result<Self> {
        let pages = Pages::new(settings.people, settings.max_page);
        let site = Arc::new(Server {
            settings,
            pages,
            base: OnceLock::new(),
            state: Mutex::default(),
        });
        let listener = web::serve("Okta", site.clone())?;
        let own = || format!("http://{}", listener.address());
        site.base
            .get_or_init(|| site.settings.public.clone().unwrap_or_else(own));
        Ok(Self { listener, site })
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.listener.address())
    }

    /// Makes a request go wrong: the `nth` that arrives, from 1.
    pub fn inject(&self, nth: u64, fault: Fault) {
        lock(&self.site.state).faults.insert(nth, fault);
    }

    /// What has happened so far.
    pub fn ledger(&self) -> Ledger {
        let state = lock(&self.site.state);
        Ledger {
            requests: state.requests.clone(),
            users: state.users,
            violations: state.violations.0.clone(),
        }
    }
}

struct Server {
    settings: Settings,
    pages: Pages,
    /// What links begin with; known once the port is.
    base: OnceLock<String>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    requests: Vec<String>,
    faults: BTreeMap<u64, Fault>,
    users: u64,
    violations: Violations,
}

impl Site for Server {
    async fn reply(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        let (nth, fault) = {
            let mut state = lock(&self.state);
            state.requests.push(request.uri().to_string());
            let nth = state.requests.len() as u64;
            (nth, state.faults.remove(&nth))
        };
        let has_body = !request.body().is_end_stream();
        let (head, _) = request.into_parts();
        let asked = if has_body {
            Err(Refusal::invalid("it has a body"))
        } else {
            self.asked(&head)
        };
        if !self.settings.latency.is_zero() {
            tokio::time::sleep(self.settings.latency).await;
        }
        let reply = match &asked {
            Ok(page) => self.page(&head, page, nth, fault.as_ref()),
            Err(refusal) => self.refuse(&head, refusal, nth),
        };
        match fault {
            Some(Fault::Trouble(Trouble::Status(status, retry_after))) => {
                let mut headers = self.headers(nth);
                headers.extend(retry_after.map(|value| ("retry-after", value)));
                answer(status, &headers, refusal::of_status(status).into())
            }
            Some(Fault::Trouble(trouble)) => trouble.befall(reply).await,
            Some(Fault::RateLimit { resets_in, clock_ahead }) => self.rate_limited(resets_in, clock_ahead),
            Some(Fault::TooManyAtOnce) => self.too_many_at_once(),
            Some(Fault::Echo) => {
                let sent = head
                    .headers
                    .get("authorization")
                    .map_or(b"".as_slice(), |value| value.as_bytes());
                answer(403, &self.headers(nth), refusal::echo(sent).into())
            }
            Some(Fault::NextElsewhere(_) | Fault::NextToItself) | None => reply,
        }
    }
}

impl Server {
    fn base(&self) -> &str {
        self.base.get().map_or("", String::as_str)
    }

    /// The page that a request asks for.
    fn asked(&self, head: &Parts) -> Result<Page, Refusal> {
        let header = |name: &str| head.headers.get(name).map(|value| value.as_bytes());
        match header("authorization") {
            Some(value) if value.strip_prefix(b"SSWS ") == Some(self.settings.token.as_bytes()) => (),
            Some(value) if value.starts_with(b"SSWS ") => return Err(Refusal::wrong_token()),
            _ => return Err(Refusal::no_token()),
        }
        if head.uri.path() != "/api/v1/users" {
            return Err(Refusal::not_found(head.uri.path()));
        }
        if head.method != hyper::Method::GET {
            return Err(Refusal::method());
        }
        if header("accept").is_some_and(|accept| accept != b"application/json" && accept != b"*/*") {
            return Err(Refusal::invalid("it does not accept application/json"));
        }
        self.pages
            .of(head.uri.query().unwrap_or_default())
            .map_err(Refusal::invalid)
    }

    /// A page of users.
    fn page(&self, head: &Parts, page: &Page, nth: u64, fault: Option<&Fault>) -> Reply {
        let base = self.base();
        let end = page.start.saturating_add(page.limit).min(self.settings.people);
        let mut body =
            Vec::with_capacity(usize::try_from(end.saturating_sub(page.start)).unwrap_or_default() * 1_000 + 2);
        body.push(b'[');
        for index in page.start..end {
            if index > page.start {
                body.push(b',');
            }
            user::write(&mut body, base, index, index % self.settings.different.max(1));
        }
        body.push(b']');
        let itself = format!("/api/v1/users?{}", self.pages.query(page.start, page.limit));
        let next = (end < self.settings.people).then(|| format!("/api/v1/users?{}", self.pages.query(end, page.limit)));
        let next = match fault {
            Some(Fault::NextToItself) => Some(format!("{base}{itself}")),
            Some(Fault::NextElsewhere(origin)) => next.map(|next| format!("{origin}{next}")),
            _ => next.map(|next| format!("{base}{next}")),
        };
        let mut headers = self.headers(nth);
        headers.push(("link", format!("<{base}{itself}>; rel=\"self\"")));
        headers.extend(next.map(|next| ("link", format!("<{next}>; rel=\"next\""))));
        if self.settings.compresses && accepts_gzip(head) {
            if let Some(small) = compressed(&body) {
                body = small;
                headers.push(("content-encoding", "gzip".to_owned()));
            }
            headers.push(("vary", "Accept-Encoding".to_owned()));
        }
        lock(&self.state).users += end.saturating_sub(page.start);
        answer(200, &headers, body.into())
    }

    /// The answer to a request that is refused.
    fn refuse(&self, head: &Parts, refusal: &Refusal, nth: u64) -> Reply {
        if let Some(violation) = &refusal.violation {
            lock(&self.state)
                .violations
                .note(format!("{} {}: {violation}", head.method, head.uri));
        }
        answer(refusal.status, &self.headers(nth), refusal.body().into())
    }

    /// The answer when a token's requests of the minute are used up. It has no `Retry-After`; Okta's does not either.
    fn rate_limited(&self, resets_in: Duration, clock_ahead: Duration) -> Reply {
        let now = SystemTime::now() + clock_ahead;
        let limit = self.settings.rate_limit.to_string();
        let headers = [
            ("x-rate-limit-limit", limit),
            ("x-rate-limit-remaining", "0".to_owned()),
            ("x-rate-limit-reset", epoch_seconds(now + resets_in).to_string()),
            ("date", httpdate::fmt_http_date(now)),
        ];
        answer(429, &headers, refusal::of_status(429).into())
    }

    /// The answer when too many requests come at once: it says so by a limit of nothing.
    fn too_many_at_once(&self) -> Reply {
        let headers = [
            ("x-rate-limit-limit", "0".to_owned()),
            ("x-rate-limit-remaining", "0".to_owned()),
            ("x-rate-limit-reset", epoch_seconds(SystemTime::now()).to_string()),
        ];
        answer(429, &headers, refusal::of_status(429).into())
    }

    /// The headers that every answer has.
    fn headers(&self, nth: u64) -> Vec<(&'static str, String)> {
        let limit = self.settings.rate_limit;
        let now = epoch_seconds(SystemTime::now());
        vec![
            ("x-okta-request-id", format!("Ystandin{nth:020}")),
            ("x-rate-limit-limit", limit.to_string()),
            // Never nothing: a client may well wait then, and only faults make it wait.
            (
                "x-rate-limit-remaining",
                (limit - nth % limit.max(1)).max(1).to_string(),
            ),
            ("x-rate-limit-reset", (now / 60 * 60 + 60).to_string()),
            ("cache-control", "no-cache, no-store".to_owned()),
        ]
    }
}

fn answer(status: u16, headers: &[(&'static str, String)], body: Bytes) -> Reply {
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    web::answer(status, "application/json", &headers, body)
}

fn epoch_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn accepts_gzip(head: &Parts) -> bool {
    let value = head
        .headers
        .get("accept-encoding")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value.split(',').any(|coding| {
        coding
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .eq_ignore_ascii_case("gzip")
    })
}

fn compressed(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}
