//! The HTTP of one run: sending, redirects, repeating.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION, USER_AGENT};
use reqwest::{Method, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;

use super::ahead::Ahead;
use super::answer::Answer;
use super::auth::{self, Slot};
use super::batch::Batch;
use super::body;
use super::call::Call;
use super::cookies::Cookies;
use super::error::Error;
use super::limits::{Limits, Retry};
use super::places::Places;
use super::request::Request;
use super::token::Ticket;
use crate::net::backoff::Budget;
use crate::net::{HttpClient, Network};
use crate::redact::{Redactor, Secret};

/// How this program calls itself.
const AGENT: &str = concat!("oomnitza-connector/", env!("CARGO_PKG_VERSION"));

/// A source that stumbles over and over is told of so often: its requests are sent again by the hundred.
const COMPLAINTS_APART: Duration = Duration::from_secs(60);

/// The HTTP of one run. Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct HttpState {
    shared: Arc<Shared>,
    pub(super) ahead: Ahead,
    /// Each request is tried as often as the first one only.
    is_brief: bool,
    /// The requests that were handed over together.
    batch: Arc<Batch>,
}

struct Shared {
    /// The section, for the log.
    section: String,
    client: HttpClient,
    slots: BTreeMap<String, Slot>,
    limits: Limits,
    retry: Retry,
    redactor: Redactor,
    permits: Semaphore,
    places: Places,
    cookies: Cookies,
    requests: AtomicU64,
    retries: AtomicU64,
    received: AtomicU64,
    /// What is left of the time to wait before repeating.
    budget: Budget,
    /// The guest's call, which waiting must not outlast.
    call: Call,
    /// Whether the source has answered anything but that it cannot now.
    has_answered: AtomicBool,
    /// When it was last said that it does not.
    complained: Mutex<Option<Instant>>,
    keeper: OnceLock<Keeper>,
}

/// Gets each answer that a guest gets: its `Content-Type` and its body.
pub type Keeper = Box<dyn Fn(&str, &[u8]) + Send + Sync>;

/// What a run has asked of HTTP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Requests, repeated ones included.
    pub requests: u64,
    /// Requests that were repeated.
    pub retries: u64,
    /// Bytes of bodies received, decoded.
    pub received_bytes: u64,
}

impl HttpState {
    /// What can be done about a failure of the run's network that a text tells.
    pub fn advice(&self, text: &str) -> Option<String> {
        self.shared.client.network().advice(text)
    }

    /// The HTTP of a section's run: its network, the credentials of its slots, what it may ask and how it repeats.
    pub fn new(
        section: &str,
        network: &Network,
        slots: BTreeMap<String, Slot>,
        places: Places,
        limits: Limits,
        retry: Retry,
        redactor: Redactor,
    ) -> Self {
        let shared = Shared {
            section: section.to_owned(),
            client: network.http(),
            slots,
            permits: Semaphore::new(limits.parallel),
            places,
            cookies: Cookies::default(),
            requests: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            received: AtomicU64::new(0),
            budget: Budget::of(retry.budget),
            call: Call::default(),
            has_answered: AtomicBool::new(false),
            complained: Mutex::default(),
            limits,
            retry,
            redactor,
            keeper: OnceLock::new(),
        };
        Self {
            batch: Arc::new(Batch::of(shared.limits.parallel)),
            shared: Arc::new(shared),
            ahead: Ahead::default(),
            is_brief: false,
        }
    }

    /// A call of the guest begins, which may take so long: nothing is waited for that ends later.
    pub fn begin_call(&self, time: Duration) {
        self.shared.call.begin(time);
    }

    /// The call has ended; what was begun ahead may still wait.
    pub fn end_call(&self) {
        self.shared.call.end();
    }

    /// The same, for requests that are handed over together.
    pub(super) fn for_batch(&self) -> Self {
        Self {
            batch: Arc::new(Batch::of(self.shared.limits.parallel)),
            ..self.clone()
        }
    }

    /// Gives up as soon as a run does whose source has not answered yet: for whoever only asks whether it does.
    pub fn be_brief(&mut self) {
        self.is_brief = true;
    }

    /// Sends no request before it is needed: where a few records are wanted, what comes next may never be asked for.
    pub fn stay_behind(&mut self) {
        self.ahead.forbid();
    }

    /// Hands each answer that the guest gets to somebody who keeps it as well. The first one stays.
    pub fn keep_answers(&self, keeper: Keeper) {
        _ = self.shared.keeper.set(keeper);
    }

    /// What masks the run's secrets, those among them that it comes by on its way.
    pub fn redactor(&self) -> Redactor {
        self.shared.redactor.clone()
    }

    /// What the run has asked so far.
    pub fn statistics(&self) -> Statistics {
        Statistics {
            requests: self.shared.requests.load(Ordering::Relaxed),
            retries: self.shared.retries.load(Ordering::Relaxed),
            received_bytes: self.shared.received.load(Ordering::Relaxed),
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// An answer that the guest gets.
    pub(super) fn answered(&self, answer: &Answer) {
        if let Some(keeper) = self.shared.keeper.get() {
            let content_type = answer.headers.iter().find(|(name, _)| name == "content-type");
            keeper(content_type.map_or("", |(_, value)| value.as_str()), &answer.body);
        }
    }

    /// Text for the guest, without the section's secrets.
    pub(super) fn redact(&self, text: &str) -> String {
        self.shared.redactor.redact(text).into_owned()
    }

    /// Masks a secret that the run came by.
    pub(super) fn learn(&self, secret: &Secret) {
        self.shared.redactor.learn(secret);
    }

    /// Sends a request with everything that its slot carries. A token that the source does not take any more is renewed once.
    pub(super) async fn send(&self, request: Request) -> Result<Answer, Error> {
        let tickets = self.tickets(&request, &[]).await?;
        let answer = self.repeat(&request, &tickets, Answer::asks_to_wait).await?;
        if answer.status != 401 || tickets.is_empty() {
            return Ok(answer);
        }
        let renewed = self.tickets(&request, &tickets).await?;
        let is_new = renewed
            .iter()
            .zip(&tickets)
            .any(|(new, old)| new.generation != old.generation);
        if is_new {
            self.repeat(&request, &renewed, Answer::asks_to_wait).await
        } else {
            Ok(answer)
        }
    }

    /// Sends a request for a token, which no token can sign.
    pub(super) async fn send_with_credentials(&self, request: Request) -> Result<Answer, Error> {
        if self.slot(&request)?.is_some_and(|slot| !slot.tokens.is_empty()) {
            return Err(Error::Denied("a token cannot sign the request for a token".to_owned()));
        }
        self.repeat(&request, &[], Answer::asks_to_wait_for_token).await
    }

    fn slot(&self, request: &Request) -> Result<Option<&Slot>, Error> {
        let Some(name) = &request.slot else { return Ok(None) };
        match self.shared.slots.get(name) {
            Some(slot) => Ok(Some(slot)),
            None => Err(Error::Denied(format!(
                "there is no auth slot `{}`",
                crate::redact::clean(name, 60)
            ))),
        }
    }

    /// The tokens of a request's slot, after the place was judged: for a place that may not be reached none is asked for.
    async fn tickets(&self, request: &Request, refused: &[Ticket]) -> Result<Vec<Ticket>, Error> {
        let Some(slot) = self.slot(request)? else {
            return Ok(Vec::new());
        };
        let mut tickets = Vec::with_capacity(slot.tokens.len());
        for (index, source) in slot.tokens.iter().enumerate() {
            self.shared.client.network().permits(&request.url)?;
            tickets.push(
                source
                    .ticket(self, refused.get(index).map(|ticket| ticket.generation))
                    .await?,
            );
        }
        Ok(tickets)
    }

    /// Sends a request, and sends it again where that can help and does no harm.
    async fn repeat(
        &self,
        request: &Request,
        tickets: &[Ticket],
        asks_to_wait: fn(&Answer) -> Option<Option<Duration>>,
    ) -> Result<Answer, Error> {
        let shared = &*self.shared;
        let mut failures = 0;
        let mut held = None;
        loop {
            // Never closed, so never refused.
            let permit = match held.take() {
                Some(permit) => Some(permit),
                None => self.batch.permits.acquire().await.ok(),
            };
            if let Some(wait) = self.batch.given_up.get() {
                return Err(Error::RateLimited(*wait));
            }
            let result = self.once(request, tickets).await;
            let wait = match &result {
                Ok(answer) => match asks_to_wait(answer) {
                    Some(wait) => wait.map(|wait| wait.max(shared.retry.backoff.base)),
                    None => {
                        shared.has_answered.store(true, Ordering::Relaxed);
                        return result;
                    }
                },
                Err(error) if error.is_passing() => None,
                Err(_) => return result,
            };
            failures += 1;
            // One that says how long to wait is there.
            let is_limited = result.as_ref().is_ok_and(|answer| answer.status == 429);
            let is_there = wait.is_some() || is_limited;
            let tries = if self.is_brief || !(is_there || shared.has_answered.load(Ordering::Relaxed)) {
                shared.retry.tries_at_start.min(shared.retry.tries)
            } else {
                shared.retry.tries
            };
            if !request.is_repeatable {
                return result;
            }
            if failures >= tries {
                if is_limited {
                    self.batch.give_up(wait);
                }
                return result;
            }
            let delay = wait.unwrap_or_else(|| shared.retry.backoff.delay(failures));
            if !shared.call.allows(delay) {
                self.batch.give_up(wait);
                return result;
            }
            if !shared.budget.spend(delay) {
                self.batch.give_up(wait);
                return match (result, wait) {
                    (Ok(_), Some(wait)) => Err(Error::RateLimited(wait)),
                    (result, _) => result,
                };
            }
            shared.retries.fetch_add(1, Ordering::Relaxed);
            shared.complain(request, &result, wait, tries);
            tracing::debug!(place = %request.url.origin().ascii_serialization(), failures, ?delay, "request is sent again");
            // Whoever waits as the source asked holds up the rest of its batch, which would be told the same.
            held = permit.filter(|_| wait.is_some());
            tokio::time::sleep(delay).await;
        }
    }

    /// Sends a request once, following redirects.
    async fn once(&self, request: &Request, tickets: &[Ticket]) -> Result<Answer, Error> {
        let shared = &*self.shared;
        // Judged before anything is kept of it: a guest can think of many places.
        shared.client.network().permits(&request.url)?;
        // The place's own first: whoever waits for it holds none of the run's. Never closed, so never refused.
        let place = shared.places.permits(&request.url, &shared.limits);
        let _place = place.acquire().await;
        let _permit = shared.permits.acquire().await;
        let (mut url, mut method, mut body) = (request.url.clone(), request.method.clone(), request.body.clone());
        for _ in 0..=shared.limits.redirects {
            if shared.requests.fetch_add(1, Ordering::Relaxed) >= shared.limits.requests {
                return Err(Error::TooLarge(format!(
                    "the run has sent {} requests, which is the limit; the setting `max_requests` of its section allows more",
                    shared.limits.requests
                )));
            }
            let mut response = shared
                .client
                .send(self.outgoing(request, tickets, &method, &url, body.clone())?)
                .await?;
            if shared.places.habits(&url).cookies {
                shared.cookies.keep(&url.origin(), response.headers());
            }
            let Some(next) = redirect(&url, response.status(), response.headers().get(LOCATION)) else {
                let body = if method == Method::HEAD {
                    Vec::new()
                } else {
                    body::read(&shared.client, &mut response, &shared.limits).await?
                };
                shared.received.fetch_add(body.len() as u64, Ordering::Relaxed);
                let headers = response.headers().iter().map(|(name, value)| {
                    (
                        name.as_str().to_owned(),
                        String::from_utf8_lossy(value.as_bytes()).into_owned(),
                    )
                });
                return Ok(Answer {
                    status: response.status().as_u16(),
                    headers: headers.collect(),
                    body,
                });
            };
            let next = next?;
            if next.as_str().len() > shared.limits.url_bytes {
                return Err(Error::TooLarge(format!(
                    "the source redirects to a URL of {} bytes, the limit is {}",
                    next.as_str().len(),
                    shared.limits.url_bytes
                )));
            }
            if next.origin() != url.origin() {
                if request.slot.is_some() {
                    return Err(Error::Denied(format!(
                        "the source redirects to {}, where its credential must not go",
                        next.origin().ascii_serialization()
                    )));
                }
                if body.is_some() {
                    return Err(Error::Denied(format!(
                        "the source redirects to {}, where the request's body must not go",
                        next.origin().ascii_serialization()
                    )));
                }
            }
            // As browsers have always done; only 307 and 308 keep the method.
            let keeps = matches!(response.status().as_u16(), 307 | 308) || matches!(method, Method::GET | Method::HEAD);
            if !keeps {
                (method, body) = (Method::GET, None);
            }
            url = next;
        }
        Err(Error::TooLarge(format!(
            "the source redirects more than {} times",
            shared.limits.redirects
        )))
    }
}

impl HttpState {
    /// The request as it goes out, credentials included. The place is judged first: a place that may not be reached is not even
    /// asked for its name.
    fn outgoing(
        &self,
        request: &Request,
        tickets: &[Ticket],
        method: &Method,
        url: &Url,
        mut body: Option<Vec<u8>>,
    ) -> Result<reqwest::Request, Error> {
        let shared = &*self.shared;
        shared.client.network().permits(url)?;
        let mut headers = request.headers.clone();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        if body.is_none() {
            headers.remove(CONTENT_TYPE);
            if matches!(*method, Method::POST | Method::PUT) {
                headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
        }
        for credential in self.slot(request)?.iter().flat_map(|slot| &slot.credentials) {
            credential.sign(&mut headers, &mut body)?;
        }
        for ticket in tickets {
            auth::insert(&mut headers, &ticket.name, &ticket.value)?;
        }
        if shared.places.habits(url).cookies {
            shared.cookies.add(&url.origin(), &mut headers);
        }
        let mut outgoing = reqwest::Request::new(method.clone(), url.clone());
        *outgoing.headers_mut() = headers;
        *outgoing.body_mut() = body.map(reqwest::Body::from);
        Ok(outgoing)
    }
}

impl Shared {
    /// Says that a request is sent again, and why: once for all that are at that time.
    fn complain(&self, request: &Request, result: &Result<Answer, Error>, wait: Option<Duration>, tries: u32) {
        let mut complained = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        if complained.is_some_and(|last| last.elapsed() < COMPLAINTS_APART) {
            return;
        }
        *complained = Some(Instant::now());
        let place = request.url.origin().ascii_serialization();
        let problem = match result {
            Ok(answer) => format!("it answered {}", answer.status),
            Err(error) => self.redactor.redact(&error.to_string()).into_owned(),
        };
        tracing::warn!(
            section = self.section,
            place,
            problem,
            tries,
            asks_to_wait_seconds = wait.map(|wait| wait.as_secs()),
            "the source of [{}] cannot be used now; trying again",
            self.section
        );
    }
}

/// Where an answer sends the request, if it does.
fn redirect(from: &Url, status: StatusCode, location: Option<&HeaderValue>) -> Option<Result<Url, Error>> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let invalid = || Error::BadBody("the source redirects to something that is not a URL".to_owned());
    let target = location?
        .to_str()
        .ok()
        .filter(|target| !target.is_empty())
        .map(|target| from.join(target));
    Some(match target {
        Some(Ok(url)) if matches!(url.scheme(), "http" | "https") => Ok(url),
        Some(Ok(url)) => Err(Error::Denied(format!(
            "the source redirects to `{}:`, which is neither https nor http",
            url.scheme()
        ))),
        _ => Err(invalid()),
    })
}
