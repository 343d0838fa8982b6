//! Stands in for an LDAP directory that behaves as Active Directory does where that matters (docs/connectors/ldap.md): no more than
//! 1,000 entries without paging, cookies that hold on their own connection only, no search before a bind.
//!
//! It holds its base and, right below, the [`people`](super::people). Nothing in it can be changed: whoever tries is in violation.

mod ber;
mod entry;
mod fault;
mod filter;
mod message;
mod search;
mod session;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub use fault::Fault;
pub use search::Scope;

use session::Session;

use super::listener::Listener;
use super::{Violations, lock};

/// The longest message that is read. A search with a filter of 8 KiB and all attributes there are is shorter.
const MAX_MESSAGE_BYTES: usize = 64 << 10;

/// What a directory is like.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Distinguished name of its base.
    pub base_dn: String,
    /// Who may read it.
    pub bind_dn: String,
    /// The password of that user.
    pub password: String,
    /// How many people it holds, besides its base.
    pub people: u64,
    /// Whether nobody in particular may read it too.
    pub allows_anonymous: bool,
    /// How long each answer takes.
    pub latency: Duration,
    /// The most entries on a page, and without paging. Active Directory's own is 1,000.
    pub max_page: u64,
    /// References to other directories, URLs, with which a search of the whole base ends.
    pub references: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_dn: "dc=acme,dc=example".to_owned(),
            bind_dn: "cn=reader,dc=acme,dc=example".to_owned(),
            password: "stand-in-password".to_owned(),
            people: 1_000,
            allows_anonymous: false,
            latency: Duration::ZERO,
            max_page: 1_000,
            references: Vec::new(),
        }
    }
}

/// What has happened.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// Connections that were opened.
    pub connections: u64,
    /// Binds with the right name and password.
    pub binds: u64,
    /// All searches, each page of one by itself, in the order in which they arrived.
    pub searches: Vec<Asked>,
    /// Entries that were found and sent.
    pub entries: u64,
    /// What the client got wrong: nothing, if all is well.
    pub violations: Vec<String>,
}

/// What a search asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Where it starts.
    pub base: String,
    /// How far down it looks.
    pub scope: Scope,
    /// Names of attributes as the client spells them.
    pub attributes: Vec<String>,
    /// Entries a page; none without paging.
    pub page_size: Option<u64>,
}

/// A running directory.
pub struct Ldap {
    listener: Listener,
    site: Arc<Server>,
}

impl Ldap {
    /// Starts one.
    pub fn start(settings: Settings) -> io::Result<Self> {
        let site = Arc::new(Server {
            settings,
            state: Mutex::default(),
        });
        let served = site.clone();
        let listener = Listener::start("LDAP", move |stream| connection(served.clone(), stream))?;
        Ok(Self { listener, site })
    }

    /// Where it is: `ldap://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("ldap://{}", self.listener.address())
    }

    /// Makes a search go wrong: the `nth` that arrives, from 1, each page counting.
    pub fn inject(&self, nth: u64, fault: Fault) {
        lock(&self.site.state).faults.insert(nth, fault);
    }

    /// What has happened so far.
    pub fn ledger(&self) -> Ledger {
        let state = lock(&self.site.state);
        Ledger {
            violations: state.violations.0.clone(),
            ..state.ledger.clone()
        }
    }
}

struct Server {
    settings: Settings,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Its violations are the ones below.
    ledger: Ledger,
    violations: Violations,
    faults: BTreeMap<u64, Fault>,
}

/// What becomes of a request.
#[derive(Default)]
struct Outcome {
    /// What is sent.
    bytes: Vec<u8>,
    /// How long that takes, the directory's latency aside.
    wait: Duration,
    /// Whether the connection ends then.
    ends: bool,
}

async fn connection(site: Arc<Server>, mut stream: TcpStream) {
    lock(&site.state).ledger.connections += 1;
    let mut session = Session::new(site.clone());
    let mut read = Vec::new();
    loop {
        let outcome = match ber::message_length(&read, MAX_MESSAGE_BYTES) {
            Ok(Some(length)) if length <= read.len() => {
                let rest = read.split_off(length);
                let outcome = session.answer(&read);
                read = rest;
                outcome
            }
            Ok(_) => match stream.read_buf(&mut read).await {
                Ok(0) | Err(_) => return,
                Ok(_) => continue,
            },
            Err(why) => session.disconnect(why),
        };
        if !outcome.bytes.is_empty() {
            let wait = site.settings.latency + outcome.wait;
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            if stream.write_all(&outcome.bytes).await.is_err() {
                return;
            }
        }
        if outcome.ends {
            return;
        }
    }
}
