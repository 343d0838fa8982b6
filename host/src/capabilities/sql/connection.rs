//! A connection: reached, secured, signed in; and the task it lives on.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tiberius::{AuthMethod, Client, Config};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::Instrument as _;
use url::Url;

use super::address::address;
use super::error::Error;
use super::limits::Limits;
use super::login::{User, sign_in};
use super::ntlm::Account;
use super::rows::{self, Asked, Page, Served};
use super::state::{Shared, Slot};
use super::wire::{Allowance, Wire};
use super::{browser, handshake, kerberos};
use crate::contract::connector::oomnitza::connector::sql as wit;
use crate::net;
use crate::redact::clean;

/// The program's name, as administrators see it in the server's list of sessions.
const PROGRAM: &str = "oomnitza-connector";

/// The port of a server that names no other.
const PORT: u16 = 1433;

/// A signed-in connection. Closed when it is dropped.
pub struct Connection {
    pub(super) link: Arc<Link>,
}

/// What a connection and the rows of its query share.
pub(super) struct Link {
    orders: mpsc::Sender<Order>,
    /// Whether a query is under way.
    busy: AtomicBool,
    /// Ends with this.
    _task: JoinSet<()>,
}

/// What the task is asked to do.
pub(super) enum Order {
    /// Start a query; the names of its columns come back.
    Query(Asked, oneshot::Sender<Result<Vec<String>, Error>>),
    /// Read the next page of rows.
    Next(oneshot::Sender<Result<Option<Page>, Error>>),
    /// Nobody wants the rest of the rows.
    Stop,
}

/// A guest's target, judged.
#[derive(Debug)]
pub(super) struct Target {
    url: Url,
    database: String,
    auth: Option<String>,
}

impl Target {
    pub(super) fn read(target: wit::Target, limits: &Limits) -> Result<Self, Error> {
        for (what, text) in [("URL", &target.url), ("name of the database", &target.database)] {
            if text.len() > limits.name_bytes {
                return Err(Error::TooLarge(format!(
                    "the {what} has {} bytes, the limit is {}",
                    text.len(),
                    limits.name_bytes
                )));
            }
        }
        if !target.url.starts_with("mssql://") {
            return Err(Error::Denied(format!(
                "`{}` does not begin with mssql://",
                clean(&target.url, 100)
            )));
        }
        if target.database.contains(char::is_control) {
            return Err(Error::Invalid(
                "the name of the database holds a control character".to_owned(),
            ));
        }
        Ok(Self {
            url: address(&target.url)
                .map_err(|problem| Error::Invalid(format!("the URL cannot be read: {problem}")))?,
            database: target.database,
            auth: target.auth,
        })
    }
}

impl Link {
    /// Connects, secures and signs in.
    pub(super) async fn open(shared: Arc<Shared>, target: Target) -> Result<Self, Error> {
        if !shared.is_granted(&target.url) {
            return Err(Error::Denied(format!(
                "{} is not a server that the section names",
                target.url
            )));
        }
        let login = login(shared.slot(target.auth.as_deref())?);
        shared.count_connection()?;
        let limit = shared.limits.login;
        let (orders, mut received) = mpsc::channel(1);
        let (opened, answer) = oneshot::channel();
        let mut task = JoinSet::new();
        // A panic of the library ends this task; then nobody answers any more.
        let work = async move {
            let allowance = Arc::new(Allowance::default());
            let reach = async || {
                let connected = timeout(limit, connect(&shared, &target, login.clone(), &allowance)).await;
                connected
                    .map_err(|_| late(&target.url, "let us sign in", limit))
                    .flatten()
            };
            let mut client = match reach().await {
                Ok(client) => client,
                Err(error) => {
                    _ = opened.send(Err(error));
                    return;
                }
            };
            if opened.send(Ok(())).is_err() {
                return;
            }
            let mut order = received.recv().await;
            while let Some(first) = order {
                if let Served::Over = rows::serve(client, first, &mut received, &target.url, &allowance, &shared).await
                {
                    return;
                }
                // The next query gets another connection: nobody sees a difference, because there is nothing that a session could keep.
                order = received.recv().await;
                if order.is_none() {
                    return;
                }
                let reached = match shared.count_connection() {
                    Ok(()) => reach().await,
                    Err(error) => Err(error),
                };
                client = match reached {
                    Ok(client) => client,
                    Err(error) => {
                        if let Some(Order::Query(_, answer)) = order {
                            _ = answer.send(Err(error));
                        }
                        return;
                    }
                };
            }
        };
        task.spawn(work.in_current_span());
        answer
            .await
            .unwrap_or(Err(Error::Gone("the connection was lost while it was opened")))?;
        Ok(Self {
            orders,
            busy: AtomicBool::new(false),
            _task: task,
        })
    }

    /// Claims the connection for a query.
    pub(super) fn claim(&self) -> Result<(), Error> {
        if self.busy.swap(true, Ordering::Relaxed) {
            return Err(Error::Invalid("a query is under way on this connection".to_owned()));
        }
        Ok(())
    }

    /// The query is over.
    pub(super) fn release(&self) {
        self.busy.store(false, Ordering::Relaxed);
    }

    /// Starts a query.
    pub(super) async fn query(&self, asked: Asked) -> Result<Vec<String>, Error> {
        self.ask(|answer| Order::Query(asked, answer)).await
    }

    /// Reads the next page of rows.
    pub(super) async fn next(&self) -> Result<Option<Page>, Error> {
        self.ask(Order::Next).await
    }

    /// Gives up the rest of the rows.
    pub(super) async fn stop(&self) {
        // If it fails the connection is closed, and the query with it.
        _ = self.orders.send(Order::Stop).await;
    }

    async fn ask<T>(&self, order: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Order) -> Result<T, Error> {
        const GONE: Error = Error::Gone("the connection is closed");
        let (sender, answer) = oneshot::channel();
        self.orders.send(order(sender)).await.map_err(|_| GONE)?;
        answer.await.unwrap_or(Err(GONE))
    }
}

/// That `url` took longer than `limit`.
pub(super) fn late(url: &Url, what: &'static str, limit: Duration) -> Error {
    Error::Net(net::Error::TimedOut {
        place: url.to_string(),
        what,
        limit,
    })
}

/// How to sign in.
#[derive(Clone)]
enum Login {
    /// With a login of SQL Server.
    Server(AuthMethod),
    /// With a user for whom Windows vouches.
    Windows(User),
}

/// How to sign in with what a slot holds; with none, as the user that the program runs as. Names of SQL Server's own logins hold no
/// backslash.
fn login(slot: Option<Slot>) -> Login {
    let Some(slot) = slot else {
        return Login::Windows(User::Own);
    };
    match Account::of(&slot.user, &slot.password) {
        Some(account) => Login::Windows(User::Account(account)),
        None => Login::Server(AuthMethod::sql_server(&slot.user, slot.password.expose())),
    }
}

/// Connects and signs in, at the server or at one that it names instead.
async fn connect(
    shared: &Arc<Shared>,
    target: &Target,
    login: Login,
    allowance: &Arc<Allowance>,
) -> Result<Client<Wire>, Error> {
    let network = &shared.network;
    let mut url = target.url.clone();
    for _ in 0..=shared.limits.routings {
        let port = match url.path().strip_prefix('/').filter(|instance| !instance.is_empty()) {
            Some(instance) => browser::port(network, &url, instance).await?,
            None => url.port().unwrap_or(PORT),
        };
        let stream = network.connect_at(&url, port).await?;
        let mut stream = handshake::secure(network, stream, &url, shared.encrypt).await?;
        let is_open = shared.encrypt == super::Encrypt::Off;
        let mut rehearsed = VecDeque::from([handshake::ANSWER.to_vec()]);
        let mut ticket = None;
        let method = match &login {
            Login::Server(method) => {
                if is_open {
                    tracing::warn!(place = %url, "the password crosses the network as good as in clear text");
                }
                method.clone()
            }
            Login::Windows(user) => {
                match user {
                    User::Account(_) if is_open => {
                        tracing::warn!(place = %url, "nothing on the connection is encrypted, and the password can be guessed from what is seen");
                    }
                    User::Own if is_open => {
                        tracing::warn!(place = %url, "nothing on the connection is encrypted, and whoever is in between can go on in the user's name");
                    }
                    _ => {}
                }
                let said = sign_in(&mut *stream, &url, port, &target.database, PROGRAM, user).await?;
                shared.count_received(said.packets.len());
                rehearsed.push_back(said.packets);
                ticket = said.unanswered;
                AuthMethod::None
            }
        };
        allowance.renew_page(shared.limits.row_wire_bytes);
        allowance.renew(shared.limits.row_wire_bytes);
        let wire = Wire::new(stream, rehearsed, Arc::clone(allowance), Arc::clone(shared));
        match Client::connect(config(&url, &target.database, method), wire).await {
            // A welcome is not enough where a proof was asked for.
            Ok(client) => {
                return ticket.map_or(Ok(client), |ticket| {
                    Err(ticket.impostor("it says nothing to the ticket"))
                });
            }
            Err(tiberius::error::Error::Routing { host, port }) => {
                url = address(&format!("{host},{port}")).map_err(|problem| {
                    Error::Protocol(format!("{url} sends its clients on to a place that is none: {problem}"))
                })?;
            }
            Err(_) if allowance.is_exceeded() => {
                return Err(Error::TooLarge(format!(
                    "{url} sends more than {} bytes before it lets us sign in, which is the limit",
                    shared.limits.row_wire_bytes
                )));
            }
            Err(error) => {
                return Err(match Error::of_tds(error, url.as_str()) {
                    Error::Refused(refusal) => {
                        if matches!(login, Login::Windows(User::Own)) {
                            network.advise(refusal.to_string(), kerberos::about(refusal.number));
                        }
                        Error::Login(refusal)
                    }
                    other => other,
                });
            }
        }
    }
    Err(Error::Protocol(format!("{} sends its clients on and on", target.url)))
}

fn config(url: &Url, database: &str, login: AuthMethod) -> Config {
    let mut config = Config::new();
    config.host(url.host_str().unwrap_or_default());
    if let Some(port) = url.port() {
        config.port(port);
    }
    config.database(database);
    config.application_name(PROGRAM);
    config.authentication(login);
    config.readonly(true);
    // Its own limits start anew with every message; ours are totals.
    config.handshake_timeout(None);
    config.command_timeout(None);
    config
}
