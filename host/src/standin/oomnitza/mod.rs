//! Stands in for Oomnitza (docs/oomnitza-api.md).
//!
//! It takes uploads and keeps account of them. What it cannot know it does not pretend to: the bodies of its refusals are its own,
//! since Oomnitza documents only the statuses.

mod fault;
mod ledger;
mod route;
mod shape;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hyper::Request;
use hyper::body::{Body as _, Incoming};
use hyper::http::request::Parts;
use serde_json::{Value, json};

pub use fault::{Call, Fault};
pub use ledger::{Ledger, Logged};

use fault::Faults;
use ledger::{Flight, State};
use route::{Bulk, Refusal, Route};

use super::listener::Listener;
use super::lock;
use super::trouble::Trouble;
use super::web::{self, Reply, Site};

/// What an Oomnitza is like.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The token that it hands out and asks for.
    pub token: String,
    /// Who may sign in, name and password; without one nobody may.
    pub user: Option<(String, String)>,
    /// What it answers when asked for a mapping by name; it knows nothing, `{}`, of names that are not here.
    pub mappings: BTreeMap<String, Value>,
    /// Its list of locations.
    pub locations: Value,
    /// How long each answer takes.
    pub latency: Duration,
    /// Keep what was uploaded, look into it, and watch that no two uploads in flight have the same record; without latency they are
    /// hardly ever in flight together. Without it records are only counted, which takes no time to speak of.
    pub keep_bodies: bool,
    /// Which program is expected to call.
    pub dialect: Dialect,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token: "stand-in-token".to_owned(),
            user: None,
            mappings: BTreeMap::new(),
            locations: json!([]),
            latency: Duration::ZERO,
            keep_bodies: true,
            dialect: Dialect::Current,
        }
    }
}

/// The programs that upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// This one.
    Current,
    /// The Python program, version 1.0.10, which the benchmark compares with: it uploads without `Content-Type`.
    Legacy,
}

impl Dialect {
    fn version(self) -> &'static str {
        match self {
            Self::Current => env!("CARGO_PKG_VERSION"),
            Self::Legacy => "1.0.10",
        }
    }
}

/// A running Oomnitza.
pub struct Oomnitza {
    listener: Listener,
    site: Arc<Server>,
}

impl Oomnitza {
    /// Starts one.
    pub fn start(settings: Settings) -> io::Result<Self> {
        let site = Arc::new(Server {
            settings,
            state: Mutex::default(),
            faults: Mutex::default(),
        });
        Ok(Self {
            listener: web::serve("Oomnitza", site.clone())?,
            site,
        })
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.listener.address())
    }

    /// Makes something go wrong from now on.
    pub fn inject(&self, fault: Fault) {
        lock(&self.site.faults).add(fault);
    }

    /// What has happened so far.
    pub fn ledger(&self) -> Ledger {
        lock(&self.site.state).ledger()
    }

    /// The records of all acknowledged uploads, in the order in which these arrived. None without `keep_bodies`.
    pub fn uploaded(&self) -> Vec<Value> {
        let mut records = Vec::new();
        for logged in self.ledger().requests.iter().filter(|logged| logged.is_acknowledged) {
            let path = logged.target.split('?').next().unwrap_or_default();
            if let (Some(bulk), Ok(body)) = (Bulk::of(path), serde_json::from_slice(&logged.body)) {
                records.extend(shape::into_records(bulk, body));
            }
        }
        records
    }
}

struct Server {
    settings: Settings,
    state: Mutex<State>,
    faults: Mutex<Faults>,
}

impl Site for Server {
    async fn reply(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        let (head, body) = request.into_parts();
        let number = lock(&self.state).arrived(&head);
        let route = match route::of(&head, self.settings.dialect) {
            Ok(route) => route,
            Err(refusal) => return self.refuse(&head, refusal),
        };
        let flight = matches!(route, Route::Upload(_)).then(|| Flight::start(&self.state, number));
        let trouble = lock(&self.faults).take(route.call());
        if trouble.as_ref().is_some_and(Trouble::is_before_body) {
            return Reply::HangUp;
        }
        let token = lock(&self.faults).token(route.call(), &self.settings.token);
        if let Err(refusal) = route::authorize(&route, &head, &token, self.settings.dialect) {
            return self.refuse(&head, refusal);
        }
        let has_body = !body.is_end_stream();
        let body = match web::read(body).await {
            Some(Ok(body)) => body,
            Some(Err(_)) => return self.refuse(&head, Refusal::violation(413, "its body is too large")),
            None => return Reply::HangUp,
        };
        if self.settings.keep_bodies {
            lock(&self.state).keep(number, &body);
        }
        let answer = match route {
            _ if has_body && !route.takes_body() => Err(Refusal::violation(400, "it has a body")),
            Route::AuthTest => Ok(json!({})),
            Route::Mappings(name) => Ok(self.settings.mappings.get(&name).cloned().unwrap_or_else(|| json!({}))),
            Route::Locations => Ok(self.settings.locations.clone()),
            Route::Token => self.sign_in(&body, &token),
            Route::Upload(bulk) => self.upload(bulk, &body, number).map(|records| {
                if matches!(trouble, None | Some(Trouble::Wait(_))) {
                    lock(&self.state).took(number, records);
                }
                json!({})
            }),
        };
        if !self.settings.latency.is_zero() {
            tokio::time::sleep(self.settings.latency).await;
        }
        let reply = match answer {
            Ok(value) => web::json(200, &value),
            Err(refusal) => self.refuse(&head, refusal),
        };
        let reply = match trouble {
            Some(trouble) => trouble.befall(reply).await,
            None => reply,
        };
        if flight.is_some() && matches!(reply, Reply::Answer(_)) {
            lock(&self.state).acknowledge(number);
        }
        reply
    }
}

impl Server {
    /// The answer to a request that is refused.
    fn refuse(&self, head: &Parts, refusal: Refusal) -> Reply {
        if refusal.is_violation {
            lock(&self.state)
                .violations
                .note(format!("{} {}: {}", head.method, head.uri, refusal.why));
        }
        web::json(refusal.status, &json!({ "error": refusal.why }))
    }

    /// The token, for who may have it.
    fn sign_in(&self, form: &[u8], token: &str) -> Result<Value, Refusal> {
        let fields: Vec<_> = url::form_urlencoded::parse(form).collect();
        let [(login, name), (password, word)] = fields.as_slice() else {
            return Err(Refusal::violation(400, "the form has not exactly two fields"));
        };
        if login != "login" || password != "password" {
            return Err(Refusal::violation(
                400,
                "the fields of the form are not `login` and `password`",
            ));
        }
        match &self.settings.user {
            Some((user, secret)) if name == user && word == secret => Ok(json!({ "token": token })),
            _ => Err(Refusal::expected(401, "wrong login or password")),
        }
    }

    /// How many records an upload has, if it can be taken.
    fn upload(&self, bulk: Bulk, body: &Bytes, number: u64) -> Result<u64, Refusal> {
        let count = shape::count(bulk, body).map_err(|why| Refusal::violation(400, why))?;
        let faults = lock(&self.faults);
        if let Some(limit) = faults.largest_batch.filter(|limit| count > *limit) {
            return Err(Refusal::expected(413, format!("more than {limit} records")));
        }
        if !self.settings.keep_bodies && !faults.refuses_records() {
            return Ok(count);
        }
        let value: Value = serde_json::from_slice(body)
            .map_err(|error| Refusal::violation(400, format!("the body is not JSON: {error}")))?;
        let key = shape::key(bulk, &value).to_owned();
        let records = shape::into_records(bulk, value);
        if self.settings.keep_bodies {
            lock(&self.state).flies(number, records.iter().filter_map(|record| record.get(&key)));
        }
        match records.iter().find_map(|record| faults.refusal_of(record)) {
            Some(why) => Err(Refusal::expected(400, why)),
            None => Ok(count),
        }
    }
}
