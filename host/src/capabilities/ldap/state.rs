//! The directories of one run: credentials, and what has been asked so far.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::component::ResourceTable;

use super::error::Error;
use super::guard::Terms;
use super::limits::Limits;
use crate::net::Network;
use crate::redact::{Redactor, Secret, clean};

/// A credential to bind with.
#[derive(Debug, Clone, Default)]
pub struct Slot {
    /// The distinguished name; in Active Directory also `user@domain` or `DOMAIN\user`. Empty or `anonymous`, however
    /// it is spelled, binds as nobody.
    pub name: String,
    /// Its password.
    pub password: Secret,
}

impl Slot {
    pub(super) fn is_anonymous(&self) -> bool {
        self.name.is_empty() || self.name.eq_ignore_ascii_case("anonymous")
    }

    /// Whether it is a name without a password: an unauthenticated bind (RFC 4513 section 5.1.2), which servers take for an anonymous one
    /// and call a success.
    pub fn is_unauthenticated(&self) -> bool {
        !self.is_anonymous() && self.password.expose().is_empty()
    }
}

/// The directories of one run, and what of them its guest holds.
pub struct LdapState {
    pub(super) shared: Arc<Shared>,
    pub(super) table: ResourceTable,
}

pub(super) struct Shared {
    pub(super) network: Network,
    slots: BTreeMap<String, Slot>,
    pub(super) limits: Limits,
    redactor: Redactor,
    connections: AtomicU64,
    searches: AtomicU64,
    entries: AtomicU64,
    received: Arc<AtomicU64>,
}

/// What a run has asked of directories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Searches.
    pub searches: u64,
    /// Entries received.
    pub entries: u64,
    /// Bytes of messages received.
    pub received_bytes: u64,
}

impl LdapState {
    /// The directories of a run: its network, the credentials of its slots, and what it may ask.
    pub fn new(network: &Network, slots: BTreeMap<String, Slot>, limits: Limits, redactor: Redactor) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.resources);
        let shared = Shared {
            network: network.clone(),
            slots,
            limits,
            redactor,
            connections: AtomicU64::new(0),
            searches: AtomicU64::new(0),
            entries: AtomicU64::new(0),
            received: Arc::default(),
        };
        Self {
            shared: Arc::new(shared),
            table,
        }
    }

    /// What the run has asked so far.
    pub fn statistics(&self) -> Statistics {
        Statistics {
            searches: self.shared.searches.load(Ordering::Relaxed),
            entries: self.shared.entries.load(Ordering::Relaxed),
            received_bytes: self.shared.received.load(Ordering::Relaxed),
        }
    }
}

impl Shared {
    /// Text for the guest, without the section's secrets.
    pub(super) fn redact(&self, text: &str) -> String {
        self.redactor.redact(text).into_owned()
    }

    /// The credential of a slot; of none, nobody's.
    pub(super) fn slot(&self, name: Option<&str>) -> Result<Slot, Error> {
        let Some(name) = name else { return Ok(Slot::default()) };
        self.slots
            .get(name)
            .cloned()
            .ok_or_else(|| Error::Denied(format!("there is no auth slot `{}`", clean(name, 60))))
    }

    /// What a connection to `place` is held to.
    pub(super) fn terms(&self, place: String) -> Terms {
        Terms {
            place,
            limits: self.limits.clone(),
            timeouts: self.network.timeouts().clone(),
            received: Arc::clone(&self.received),
        }
    }

    pub(super) fn count_connection(&self) -> Result<(), Error> {
        count(&self.connections, self.limits.connections, "opened", "connections")
    }

    pub(super) fn count_search(&self) -> Result<(), Error> {
        count(&self.searches, self.limits.searches, "started", "searches")
    }

    pub(super) fn count_entry(&self) -> Result<(), Error> {
        count(&self.entries, self.limits.entries, "read", "entries")
    }
}

fn count(counter: &AtomicU64, limit: u64, verb: &str, what: &str) -> Result<(), Error> {
    if counter.fetch_add(1, Ordering::Relaxed) < limit {
        return Ok(());
    }
    counter.fetch_sub(1, Ordering::Relaxed);
    Err(Error::TooLarge(format!(
        "the run has {verb} {limit} {what}, which is the limit"
    )))
}
