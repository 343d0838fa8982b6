//! The account of what came in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use bytes::Bytes;
use hyper::http::request::Parts;
use serde_json::Value;

use crate::standin::{Violations, lock};

/// The headers that the account keeps. The others say how HTTP was spoken, and not what was asked.
const HEADERS: [&str; 7] = [
    "accept",
    "accept-encoding",
    "authorization",
    "authorization2",
    "content-type",
    "contenttype",
    "user-agent",
];

/// What has happened.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// All requests, in the order in which they arrived.
    pub requests: Vec<Logged>,
    /// Records in acknowledged uploads; a record that was uploaded twice counts twice.
    pub records: u64,
    /// Acknowledged uploads.
    pub batches: u64,
    /// What the client got wrong: nothing, if all is well.
    pub violations: Vec<String>,
    /// The most uploads that were in flight at one time.
    pub most_in_flight: usize,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Logged {
    /// `GET`
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Those that say something, names in lower case.
    pub headers: Vec<(String, String)>,
    /// What it carried, if bodies are kept.
    pub body: Vec<u8>,
    /// Whether it is an upload that was taken and answered so.
    pub is_acknowledged: bool,
}

/// The account while it is kept.
#[derive(Debug, Default)]
pub(super) struct State {
    requests: Vec<Entry>,
    records: u64,
    batches: u64,
    most_in_flight: usize,
    /// The uploads in flight, and what tells their records from others.
    in_flight: BTreeMap<u64, BTreeSet<String>>,
    pub(super) violations: Violations,
}

#[derive(Debug)]
struct Entry {
    head: Logged,
    /// As it came, so that keeping it copies nothing.
    body: Bytes,
    /// What it will add to the account once it is acknowledged.
    records: Option<u64>,
}

impl State {
    /// Enters a request, and says which it is.
    pub(super) fn arrived(&mut self, head: &Parts) -> u64 {
        let value = |name: &&str| {
            let value = head.headers.get(*name)?;
            Some((
                (*name).to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            ))
        };
        let head = Logged {
            method: head.method.to_string(),
            target: head.uri.to_string(),
            headers: HEADERS.iter().filter_map(value).collect(),
            body: Vec::new(),
            is_acknowledged: false,
        };
        self.requests.push(Entry {
            head,
            body: Bytes::new(),
            records: None,
        });
        self.requests.len() as u64 - 1
    }

    fn entry(&mut self, number: u64) -> Option<&mut Entry> {
        self.requests.get_mut(usize::try_from(number).ok()?)
    }

    /// Keeps a request's body.
    pub(super) fn keep(&mut self, number: u64, body: &Bytes) {
        if let Some(entry) = self.entry(number) {
            entry.body = body.clone();
        }
    }

    /// Enters what tells an upload's records from others, and notes those that another upload in flight has as well: which of the
    /// two would win is anybody's guess.
    pub(super) fn flies<'a>(&mut self, number: u64, keys: impl Iterator<Item = &'a Value>) {
        let keys: BTreeSet<String> = keys.filter(|key| !key.is_null()).map(Value::to_string).collect();
        let others = self.in_flight.iter().filter(|(other, _)| **other != number);
        for key in others.flat_map(|(_, theirs)| theirs.intersection(&keys)) {
            self.violations
                .note(format!("two uploads in flight have a record of {key}"));
        }
        self.in_flight.insert(number, keys);
    }

    /// Enters that an upload is good.
    pub(super) fn took(&mut self, number: u64, records: u64) {
        if let Some(entry) = self.entry(number) {
            entry.records = Some(records);
        }
    }

    /// Enters that an upload's answer is on its way, which counts if it was good.
    pub(super) fn acknowledge(&mut self, number: u64) {
        let Some(entry) = self.entry(number) else { return };
        let Some(records) = entry.records.take() else { return };
        entry.head.is_acknowledged = true;
        self.records += records;
        self.batches += 1;
    }

    #[cfg(test)]
    pub(super) fn is_quiet(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// The account as it stands.
    pub(super) fn ledger(&self) -> Ledger {
        let logged = |entry: &Entry| Logged {
            body: entry.body.to_vec(),
            ..entry.head.clone()
        };
        Ledger {
            requests: self.requests.iter().map(logged).collect(),
            records: self.records,
            batches: self.batches,
            violations: self.violations.0.clone(),
            most_in_flight: self.most_in_flight,
        }
    }
}

/// An upload in flight: until it is answered, or until its client gives up.
pub(super) struct Flight<'a> {
    state: &'a Mutex<State>,
    number: u64,
}

impl<'a> Flight<'a> {
    pub(super) fn start(state: &'a Mutex<State>, number: u64) -> Self {
        let mut held = lock(state);
        held.in_flight.insert(number, BTreeSet::new());
        held.most_in_flight = held.most_in_flight.max(held.in_flight.len());
        drop(held);
        Self { state, number }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        lock(self.state).in_flight.remove(&self.number);
    }
}
