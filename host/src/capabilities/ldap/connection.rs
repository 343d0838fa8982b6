//! A connection: reached, secured, bound.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::timeout;
use url::Url;

use super::answer::{Answer, Outcome};
use super::error::{Error, Refusal};
use super::guard::{Guard, Stream, Terms};
use super::limits::Limits;
use super::request::{self, Portion, Query};
use super::state::Slot;
use crate::contract::connector::oomnitza::connector::ldap as wit;
use crate::contract::connector::oomnitza::connector::ldap::Version;
use crate::net::Network;

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// A bound connection. Closed when it is dropped.
pub struct Connection {
    pub(super) link: Arc<Link>,
}

/// What a connection and the results of its search share.
pub(super) struct Link {
    /// Taken while it is used, and not put back after an error: what would come next belongs to nobody.
    wire: Mutex<Option<Wire>>,
    /// Whether a search is under way.
    busy: AtomicBool,
    pub(super) version: Version,
}

/// A server that was bound to, and the requests it was sent.
pub(super) struct Wire {
    guard: Guard<Box<dyn Stream>>,
    /// The id of the last request.
    last: u32,
}

/// A guest's target, judged. Whether its place may be reached is judged when it is dialled.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) url: Url,
    pub(super) auth: Option<String>,
    version: Version,
    start_tls: bool,
}

impl Target {
    pub(super) fn read(target: wit::Target, limits: &Limits) -> Result<Self, Error> {
        if target.url.len() > limits.url_bytes {
            return Err(Error::TooLarge(format!(
                "the URL has {} bytes, the limit is {}",
                target.url.len(),
                limits.url_bytes
            )));
        }
        // The parser would forgive these; a connector that sends them is confused or worse.
        if target
            .url
            .contains(|character: char| character.is_control() || character.is_whitespace() || character == '\\')
        {
            return Err(Error::Invalid(
                "the URL holds a character that must be encoded".to_owned(),
            ));
        }
        let url =
            Url::parse(&target.url).map_err(|error| Error::Invalid(format!("the URL cannot be read: {error}")))?;
        match (url.scheme(), target.start_tls, target.version) {
            ("ldaps", true, _) => Err(Error::Invalid(
                "StartTLS secures an ldap:// connection; ldaps:// is secured already".to_owned(),
            )),
            ("ldap", true, Version::V2) => Err(Error::Invalid("version 2 knows no StartTLS".to_owned())),
            ("ldap" | "ldaps", ..) => Ok(Self {
                url,
                auth: target.auth,
                version: target.version,
                start_tls: target.start_tls,
            }),
            (scheme, ..) => Err(Error::Denied(format!("`{scheme}` is neither ldaps nor ldap"))),
        }
    }

    /// Where it leads, for people.
    pub(super) fn place(&self) -> String {
        let host = self.url.host_str().unwrap_or("no host");
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{host}{port}", self.url.scheme())
    }

    /// Whether what is sent there can be read on the way.
    fn is_open(&self) -> bool {
        self.url.scheme() == "ldap" && !self.start_tls
    }
}

impl Link {
    /// Connects, secures and binds.
    pub(super) async fn open(network: Network, target: Target, slot: Slot, terms: Terms) -> Result<Self, Error> {
        let limit = terms.limits.answer;
        let late = terms.late("let itself be bound to", limit);
        let version = target.version;
        let wire = timeout(limit, Wire::open(&network, &target, &slot, terms))
            .await
            .map_err(|_| late)??;
        Ok(Self {
            wire: Mutex::new(Some(wire)),
            busy: AtomicBool::new(false),
            version,
        })
    }

    /// The wire, for whoever speaks next.
    pub(super) fn take(&self) -> Result<Wire, Error> {
        self.slot().take().ok_or(Error::Gone("the connection is closed"))
    }

    /// Puts the wire back.
    pub(super) fn put(&self, wire: Wire) {
        *self.slot() = Some(wire);
    }

    /// Claims the connection for a search.
    pub(super) fn claim(&self) -> Result<(), Error> {
        if self.busy.swap(true, Ordering::Relaxed) {
            return Err(Error::Invalid("a search is under way on this connection".to_owned()));
        }
        Ok(())
    }

    /// The search is over.
    pub(super) fn release(&self) {
        self.busy.store(false, Ordering::Relaxed);
    }

    /// Closes the connection.
    pub(super) async fn close(&self) {
        if let Ok(wire) = self.take() {
            let goodbye = request::unbind(wire.last.wrapping_add(1));
            wire.guard.close(&goodbye, GOODBYE).await;
        }
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Wire>> {
        self.wire.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wire {
    async fn open(network: &Network, target: &Target, slot: &Slot, terms: Terms) -> Result<Self, Error> {
        let stream = network.connect(&target.url).await?;
        let mut last = 0;
        let stream: Box<dyn Stream> = if target.start_tls {
            let mut guard = Guard::new(stream, terms.clone());
            last += 1;
            guard.send(&request::start_tls(last)).await?;
            match guard.receive(true).await? {
                (head, Answer::Extended(outcome)) if head.id == last => outcome.result.map_err(Error::Refused)?,
                (head, answer) => return Err(stray(head.id, last, answer)),
            }
            Box::new(network.secure(guard.into_stream()?, &target.url).await?)
        } else if target.url.scheme() == "ldaps" {
            Box::new(network.secure(stream, &target.url).await?)
        } else {
            Box::new(stream)
        };
        let mut wire = Self {
            guard: Guard::new(stream, terms),
            last,
        };
        wire.bind(target, slot).await?;
        Ok(wire)
    }

    /// Signs in. An anonymous bind is a bind as well: version 2 needs one, and version 3 says by it which version it
    /// is.
    async fn bind(&mut self, target: &Target, slot: &Slot) -> Result<(), Error> {
        let place = self.guard.terms.place.as_str();
        let (name, password) = if slot.is_anonymous() {
            ("", "")
        } else {
            (slot.name.as_str(), slot.password.expose())
        };
        if !name.is_empty() && password.is_empty() {
            // RFC 4513 section 5.1.2: servers take it for an anonymous bind and say that it succeeded.
            tracing::warn!(
                place,
                "a name without a password is an unauthenticated bind: the directory treats it as anonymous"
            );
        } else if !name.is_empty() && target.is_open() {
            tracing::warn!(
                place,
                "the password crosses the network in clear text; use ldaps:// or StartTLS"
            );
        }
        self.last += 1;
        self.guard
            .send(&request::bind(self.last, target.version, name, password))
            .await?;
        match self.guard.receive(true).await? {
            (head, Answer::Bind(outcome)) if head.id == self.last => outcome.result.map_err(Error::Bind),
            (head, answer) => Err(stray(head.id, self.last, answer)),
        }
    }

    /// Where it leads, for people.
    pub(super) fn place(&self) -> &str {
        &self.guard.terms.place
    }

    /// That the server took longer than `limit`.
    pub(super) fn late(&self, what: &'static str, limit: Duration) -> Error {
        self.guard.terms.late(what, limit)
    }

    /// Asks for entries. The id is the one its answers will have.
    pub(super) async fn search(&mut self, query: &Query, portion: Option<&Portion>) -> Result<u32, Error> {
        // 2^31 - 1 requests are more than a run may send.
        self.last += 1;
        self.guard.send(&request::search(self.last, query, portion)).await?;
        Ok(self.last)
    }

    /// Gives a search up. What still comes of it is passed over later.
    pub(super) async fn abandon(&mut self, search: u32) -> Result<(), Error> {
        self.last += 1;
        self.guard.send(&request::abandon(self.last, search)).await
    }

    /// The next of a search's answers; [`Answer::Other`] for what still comes of one that was abandoned.
    pub(super) async fn receive(&mut self, search: u32, is_first: bool) -> Result<Answer, Error> {
        match self.guard.receive(is_first).await? {
            (head, answer @ (Answer::Entry(_) | Answer::Other | Answer::Done(_))) if head.id == search => Ok(answer),
            (head, Answer::Entry(_) | Answer::Other | Answer::Done(_)) if (1..search).contains(&head.id) => {
                Ok(Answer::Other)
            }
            (head, answer) => Err(stray(head.id, search, answer)),
        }
    }
}

/// What an answer means that was not asked for.
fn stray(id: u32, asked: u32, answer: Answer) -> Error {
    match answer {
        // Notice of disconnection, RFC 4511 section 4.4.1.
        Answer::Extended(Outcome { result, .. }) if id == 0 => {
            Error::Refused(result.err().unwrap_or_else(|| Refusal {
                code: 52,
                text: "the server ends the connection".to_owned(),
            }))
        }
        _ if id != asked => Error::Protocol(format!(
            "the server answers request {id}, the one it was sent is {asked}"
        )),
        _ => Error::Protocol("the server gives an answer of another kind than was asked for".to_owned()),
    }
}
