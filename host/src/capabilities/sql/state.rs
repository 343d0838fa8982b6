//! The databases of one run: logins, and what has been asked so far.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use url::Url;
use wasmtime::component::ResourceTable;

use super::error::Error;
use super::limits::Limits;
use crate::net::Network;
use crate::redact::{Redactor, Secret, clean};

/// What a guest is told that would sign in as the user that the program runs as.
const NOT_OWN_USER: &str = "nobody is to be signed in as the user that this program runs as: the section does not say `authentication = Windows`";

/// A login.
#[derive(Debug, Clone, Default)]
pub struct Slot {
    /// The name; `DOMAIN\user` is an account of Windows.
    pub user: String,
    /// Its password.
    pub password: Secret,
}

/// How a connection is secured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encrypt {
    /// Not at all. For servers that know no TLS of today: the password crosses the network as good as in clear text.
    Off,
    /// TLS, agreed on as TDS 7 does; no connection without it.
    #[default]
    Required,
    /// TLS from the first byte (TDS 8.0, SQL Server 2022 and Azure).
    Strict,
}

impl Encrypt {
    /// The values of the setting `encrypt`.
    pub const NAMES: [&str; 3] = ["required", "strict", "off"];

    /// What a section calls it.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Required, Self::Strict, Self::Off]
            .into_iter()
            .zip(Self::NAMES)
            .find(|(_, known)| known.eq_ignore_ascii_case(name))
            .map(|(encrypt, _)| encrypt)
    }
}

/// The databases of one run, and what of them its guest holds.
pub struct SqlState {
    pub(super) shared: Arc<Shared>,
    pub(super) table: ResourceTable,
}

pub(super) struct Shared {
    pub(super) network: Network,
    /// The servers that were granted, as [`address`](super::address()) spells them: egress rules know no instances.
    servers: Vec<Url>,
    slots: BTreeMap<String, Slot>,
    /// Whether a guest may sign in as the user that the program runs as.
    own_user: bool,
    pub(super) encrypt: Encrypt,
    pub(super) limits: Limits,
    redactor: Redactor,
    connections: AtomicU64,
    queries: AtomicU64,
    rows: AtomicU64,
    received: AtomicU64,
}

/// What a run has asked of databases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Queries.
    pub queries: u64,
    /// Rows received.
    pub rows: u64,
    /// Bytes received, what TLS adds aside.
    pub received_bytes: u64,
}

impl SqlState {
    /// The databases of a run: its network, its servers, the logins of its slots, whether its guest may sign in as the user that the program
    /// runs as, how connections are secured, and what it may ask.
    pub fn new(
        network: &Network,
        servers: Vec<Url>,
        slots: BTreeMap<String, Slot>,
        own_user: bool,
        encrypt: Encrypt,
        limits: Limits,
        redactor: Redactor,
    ) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.resources);
        let shared = Shared {
            network: network.clone(),
            servers,
            slots,
            own_user,
            encrypt,
            limits,
            redactor,
            connections: AtomicU64::new(0),
            queries: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            received: AtomicU64::new(0),
        };
        Self {
            shared: Arc::new(shared),
            table,
        }
    }

    /// What the run has asked so far.
    pub fn statistics(&self) -> Statistics {
        Statistics {
            queries: self.shared.queries.load(Ordering::Relaxed),
            rows: self.shared.rows.load(Ordering::Relaxed),
            received_bytes: self.shared.received.load(Ordering::Relaxed),
        }
    }
}

impl Shared {
    /// Text for the guest, without the section's secrets.
    pub(super) fn redact(&self, text: &str) -> String {
        self.redactor.redact(text).into_owned()
    }

    /// Whether the section names this server, its instance included.
    pub(super) fn is_granted(&self, server: &Url) -> bool {
        self.servers.contains(server)
    }

    /// The login of a slot; of none, the host's own user, if the section says so.
    pub(super) fn slot(&self, name: Option<&str>) -> Result<Option<Slot>, Error> {
        let Some(name) = name else {
            return if self.own_user {
                Ok(None)
            } else {
                Err(Error::Denied(NOT_OWN_USER.to_owned()))
            };
        };
        self.slots
            .get(name)
            .cloned()
            .map(Some)
            .ok_or_else(|| Error::Denied(format!("there is no auth slot `{}`", clean(name, 60))))
    }

    pub(super) fn count_received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn count_connection(&self) -> Result<(), Error> {
        count(&self.connections, self.limits.connections, "opened", "connections")
    }

    pub(super) fn count_query(&self) -> Result<(), Error> {
        count(&self.queries, self.limits.queries, "asked", "queries")
    }

    pub(super) fn count_row(&self) -> Result<(), Error> {
        count(&self.rows, self.limits.rows, "read", "rows")
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
