//! The room against a SQL Server of ours, good and bad, on this machine.

mod hostile;
mod limits;
mod opening;
mod python;
mod querying;
mod securing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Resource;

use super::{Connection, Encrypt, Limits, Rows, Slot, SqlState, address};
use crate::contract::connector::oomnitza::connector::sql::{Error, HostConnection, HostRows, Target, Value};
use crate::net::{Egress, Network, Proxies, Reach, Rule, Timeouts, TlsSettings};
use crate::redact::{Redactor, Secret};
use crate::standin::tds::{Answer, Asked, Cell, Column, Kind, Settings, Tds};

const PASSWORD: &str = "stand-in-password";

/// A guest, as the host sees it.
struct Guest {
    state: SqlState,
    url: String,
}

/// What a guest is granted.
struct Granted {
    limits: Limits,
    timeouts: Timeouts,
    tls: TlsSettings,
    encrypt: Encrypt,
    password: &'static str,
    user: &'static str,
}

impl Default for Granted {
    fn default() -> Self {
        // No test waits for these, unless it is about them.
        let long = Duration::from_secs(20);
        Self {
            limits: Limits::default(),
            timeouts: Timeouts {
                resolve: long,
                connect: long,
                first_byte: long,
                between_bytes: long,
                total: long,
            },
            tls: TlsSettings::default(),
            encrypt: Encrypt::Off,
            password: PASSWORD,
            user: "reader",
        }
    }
}

impl Guest {
    fn of(server: &Tds) -> Self {
        Self::with(&server.server(), Granted::default())
    }

    fn limited(server: &Tds, limits: Limits) -> Self {
        Self::with(
            &server.server(),
            Granted {
                limits,
                ..Granted::default()
            },
        )
    }

    fn with(server: &str, granted: Granted) -> Self {
        let url = address(server).unwrap();
        let egress = Egress::new(vec![Rule::of(&url, Reach::Named).unwrap()]);
        let network = Network::new(egress, granted.tls, Proxies::none(), granted.timeouts);
        let password = Secret::new(granted.password);
        let slot = Slot {
            user: granted.user.to_owned(),
            password: password.clone(),
        };
        let state = SqlState::new(
            &network,
            vec![url.clone()],
            BTreeMap::from([("login".to_owned(), slot)]),
            false,
            granted.encrypt,
            granted.limits,
            Redactor::new([&password]),
        );
        Self {
            state,
            url: url.to_string(),
        }
    }

    fn target(&self) -> Target {
        Target {
            url: self.url.clone(),
            database: "CM_DCT".to_owned(),
            auth: Some("login".to_owned()),
        }
    }

    async fn open(&mut self) -> Result<Resource<Connection>, String> {
        self.open_target(self.target()).await
    }

    async fn open_target(&mut self, target: Target) -> Result<Resource<Connection>, String> {
        (&mut self.state).open(target).await.unwrap().map_err(said)
    }

    async fn query(
        &mut self,
        connection: &Resource<Connection>,
        statement: &str,
        parameters: Vec<Value>,
    ) -> Result<Resource<Rows>, String> {
        let connection = Resource::new_borrow(connection.rep());
        (&mut self.state)
            .query(connection, statement.to_owned(), parameters)
            .await
            .unwrap()
            .map_err(said)
    }

    async fn next(&mut self, rows: &Resource<Rows>) -> Result<Option<Vec<Vec<Value>>>, String> {
        let rows = Resource::new_borrow(rows.rep());
        (&mut self.state).next(rows).await.unwrap().map_err(said)
    }

    async fn columns(&mut self, rows: &Resource<Rows>) -> Vec<String> {
        let rows = Resource::new_borrow(rows.rep());
        let columns = (&mut self.state).columns(rows).await.unwrap();
        columns.into_iter().map(|column| column.name).collect()
    }

    async fn forget(&mut self, rows: Resource<Rows>) {
        HostRows::drop(&mut &mut self.state, rows).await.unwrap();
    }

    async fn close(&mut self, connection: Resource<Connection>) {
        HostConnection::drop(&mut &mut self.state, connection).await.unwrap();
    }

    /// All rows of one query, or why there are none.
    async fn all(&mut self, statement: &str) -> Result<Vec<Vec<Value>>, String> {
        let connection = self.open().await?;
        let rows = self.query(&connection, statement, Vec::new()).await?;
        let mut all = Vec::new();
        while let Some(page) = self.next(&rows).await? {
            all.extend(page);
        }
        Ok(all)
    }
}

/// An error with what can change from run to run left out.
fn said(error: Error) -> String {
    let said = format!("{error:?}");
    let mut parts = said.split("127.0.0.1:");
    let mut settled = parts.next().unwrap().to_owned();
    for part in parts {
        settled.push_str("[SERVER]");
        settled.push_str(part.trim_start_matches(|character: char| character.is_ascii_digit()));
    }
    settled
}

/// A server that answers every query with these.
fn server(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Tds {
    Tds::start(Settings::with(answer)).unwrap()
}

/// A server with a table of two columns.
fn numbers(count: i64) -> Tds {
    server(move |_| {
        let columns = vec![Column::new("number", Kind::BigInt), Column::new("name", Kind::Text)];
        let row = |number: i64| vec![Cell::Int(number), Cell::Text(format!("name {number}"))];
        Answer::Rows(columns, Box::new((0..count).map(row)))
    })
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// As Rust shows them; the contract's values cannot be compared.
fn shown(rows: &[Vec<Value>]) -> Vec<String> {
    rows.iter().map(|row| format!("{row:?}")).collect()
}

type Config = Arc<rustls::ServerConfig>;
