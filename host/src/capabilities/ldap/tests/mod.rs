//! The room against servers that follow a script, good and bad, on raw sockets of this machine.

mod opening;
mod peer;
mod refusing;
mod searching;

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;
use wasmtime::component::Resource;

use super::{Connection, LdapState, Limits, Results, Slot};
use crate::contract::connector::oomnitza::connector::ldap::{
    Entry, Error, HostConnection, HostResults, Scope, Search, Target, Version,
};
use crate::net::{Egress, Network, Proxies, Reach, Rule, Timeouts, TlsSettings};
use crate::redact::{Redactor, Secret};

const NAME: &str = "cn=reader,dc=example,dc=test";
const PASSWORD: &str = "correct horse";

/// Timeouts that no test waits for, unless it is about them.
fn timeouts() -> Timeouts {
    let long = Duration::from_secs(20);
    Timeouts {
        resolve: long,
        connect: long,
        first_byte: long,
        between_bytes: long,
        total: long,
    }
}

/// A guest, as the host sees it.
struct Guest {
    state: LdapState,
    url: String,
}

impl Guest {
    fn new(url: &str) -> Self {
        Self::with(url, Limits::default(), timeouts(), TlsSettings::default())
    }

    fn limited(url: &str, limits: Limits) -> Self {
        Self::with(url, limits, timeouts(), TlsSettings::default())
    }

    fn hurried(url: &str, timeouts: Timeouts) -> Self {
        Self::with(url, Limits::default(), timeouts, TlsSettings::default())
    }

    fn with(url: &str, limits: Limits, timeouts: Timeouts, tls: TlsSettings) -> Self {
        let rule = Rule::of(&Url::parse(url).unwrap(), Reach::Named).unwrap();
        let network = Network::new(Egress::new(vec![rule]), tls, Proxies::none(), timeouts);
        let password = Secret::new(PASSWORD);
        let slots = [
            ("bind", NAME, &password),
            ("nobody", "ANONYMOUS", &password),
            ("bare", NAME, &Secret::default()),
        ];
        let slots = slots.map(|(slot, name, password)| {
            (
                slot.to_owned(),
                Slot {
                    name: name.to_owned(),
                    password: password.clone(),
                },
            )
        });
        let state = LdapState::new(&network, BTreeMap::from(slots), limits, Redactor::new([&password]));
        Self {
            state,
            url: url.to_owned(),
        }
    }

    fn target(&self) -> Target {
        Target {
            url: self.url.clone(),
            auth: Some("bind".to_owned()),
            version: Version::V3,
            start_tls: false,
        }
    }

    async fn open(&mut self) -> Result<Resource<Connection>, String> {
        self.open_target(self.target()).await
    }

    async fn open_target(&mut self, target: Target) -> Result<Resource<Connection>, String> {
        (&mut self.state).open(target).await.unwrap().map_err(said)
    }

    async fn search(&mut self, connection: &Resource<Connection>, search: Search) -> Result<Resource<Results>, String> {
        (&mut self.state)
            .search(Resource::new_borrow(connection.rep()), search)
            .await
            .unwrap()
            .map_err(said)
    }

    async fn next(&mut self, results: &Resource<Results>) -> Result<Option<Vec<Entry>>, String> {
        (&mut self.state)
            .next(Resource::new_borrow(results.rep()))
            .await
            .unwrap()
            .map_err(said)
    }

    async fn forget(&mut self, results: Resource<Results>) {
        HostResults::drop(&mut &mut self.state, results).await.unwrap();
    }

    async fn close(&mut self, connection: Resource<Connection>) {
        HostConnection::drop(&mut &mut self.state, connection).await.unwrap();
    }

    /// Opens, searches and reads to the end: the names on each page, and how it ended if not well.
    async fn run(&mut self, search: Search) -> (Vec<Vec<String>>, Option<String>) {
        let mut pages = Vec::new();
        let connection = match self.open().await {
            Ok(connection) => connection,
            Err(error) => return (pages, Some(error)),
        };
        let results = match self.search(&connection, search).await {
            Ok(results) => results,
            Err(error) => return (pages, Some(error)),
        };
        loop {
            match self.next(&results).await {
                Ok(Some(entries)) => pages.push(entries.into_iter().map(|entry| entry.dn).collect()),
                Ok(None) => return (pages, None),
                Err(error) => return (pages, Some(error)),
            }
        }
    }
}

/// A search in pages of this size.
fn search(page_size: u32) -> Search {
    Search {
        base: "dc=example,dc=test".to_owned(),
        scope: Scope::Subtree,
        filter: "(objectClass=*)".to_owned(),
        attributes: vec!["mail".to_owned()],
        page_size,
        limit: None,
    }
}

/// An error as one line: its case, and its text.
fn said(error: Error) -> String {
    match error {
        Error::Denied(text) => format!("denied: {text}"),
        Error::InvalidInput(text) => format!("invalid-input: {text}"),
        Error::Bind(refusal) => format!("bind {}: {}", refusal.code, refusal.message),
        Error::Refused(refusal) => format!("refused {}: {}", refusal.code, refusal.message),
        Error::TooLarge(text) => format!("too-large: {text}"),
        Error::TimedOut => "timed-out".to_owned(),
        Error::Unreachable(text) => format!("unreachable: {text}"),
        Error::Protocol(text) => format!("protocol: {text}"),
        Error::Other(text) => format!("other: {text}"),
    }
}

#[test]
fn the_state_of_a_run_can_move_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<LdapState>();
}
