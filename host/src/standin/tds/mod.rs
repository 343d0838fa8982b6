//! Stands in for a SQL Server (TDS 7.4, and 8.0 when it encrypts from the first byte): PRELOGIN, TLS, a login, batches and
//! `sp_executesql`, results of any type, errors, attention. It knows no SQL: whoever starts it says what a statement is answered.

mod channel;
mod ntlm;
mod request;
#[cfg(test)]
mod tests;
mod token;

use std::io;
use std::sync::{Arc, Mutex};

use tokio::net::TcpStream;

pub use request::Asked;
pub use token::{Cell, Column, Kind};

use channel::{ATTENTION, BATCH, Channel, LOGIN, PRELOGIN, RPC, SSPI};
use request::Login;
use token::{DONE_ATTENTION, DONE_COUNT, DONE_ERROR, Tokens};

use super::listener::Listener;
use super::{Violations, lock};

/// Rows after which what was made is sent, and the client's wish to stop is heard.
const PORTION: u64 = 100;

/// What a statement is answered.
pub enum Answer {
    /// A result.
    Rows(Vec<Column>, Box<dyn Iterator<Item = Vec<Cell>> + Send>),
    /// An error: its number and text.
    Error(i32, String),
    /// Rows, and then an error.
    RowsThenError(Vec<Column>, Vec<Vec<Cell>>, i32, String),
    /// A message of these bytes, whatever they mean, and then, maybe, the end of the connection.
    Raw(Vec<u8>, bool),
    /// This message again and again, without end.
    Endless(Vec<u8>, Vec<u8>),
    /// Nothing.
    Silence,
}

impl Answer {
    /// A result of these rows.
    pub fn rows(columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> Self {
        Self::Rows(columns, Box::new(rows.into_iter()))
    }

    /// What SQL Server says of a view that is not there.
    pub fn no_such_object(name: &str) -> Self {
        Self::Error(208, format!("Invalid object name '{name}'."))
    }

    /// What SQL Server says of a view that the login may not read.
    pub fn no_permission(name: &str, database: &str) -> Self {
        Self::Error(
            229,
            format!("The SELECT permission was denied on the object '{name}', database '{database}', schema 'dbo'."),
        )
    }
}

/// Says what a statement is answered.
pub type Answers = Arc<dyn Fn(&Asked) -> Answer + Send + Sync>;

/// How it wants a connection secured.
#[derive(Clone)]
pub enum Encryption {
    /// Not at all.
    Off,
    /// As TDS 7 agrees on it.
    Required(Arc<rustls::ServerConfig>),
    /// From the first byte.
    Strict(Arc<rustls::ServerConfig>),
}

/// What a login is answered instead of a welcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Greeting {
    /// A welcome.
    Welcome,
    /// Another place to sign in.
    Routing(String, u16),
    /// The same place once more.
    RoutingToItself,
    /// A message of these bytes.
    Raw(Vec<u8>),
    /// Information without end.
    EndlessInfo,
    /// Nothing.
    Silence,
}

/// What a ticket of Kerberos comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Whose it is.
    pub user: String,
    /// What proves to the client that it could be read; empty where the client did not ask for that.
    pub proof: Vec<u8>,
    /// Whether the welcome follows in the same message.
    pub at_once: bool,
}

/// Judges a ticket of Kerberos; none where it is no good.
pub type Accept = Arc<dyn Fn(&[u8]) -> Option<Accepted> + Send + Sync>;

/// What a server is like.
#[derive(Clone)]
pub struct Settings {
    /// Who may sign in: a login, an account of Windows, `DOMAIN\user`, or whose ticket of Kerberos it is.
    pub user: String,
    /// The password of that login.
    pub password: String,
    /// Who judges tickets, where it takes them.
    pub accept: Option<Accept>,
    /// The only database.
    pub database: String,
    /// How connections are secured.
    pub encryption: Encryption,
    /// What a login that is right is answered.
    pub greeting: Greeting,
    /// What statements are answered.
    pub answers: Answers,
    /// Whether clients are held to what ours promises: read-only intent, no batches, the program's name.
    pub is_strict: bool,
}

impl Settings {
    /// A server that gives these answers.
    pub fn with(answers: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self {
            user: "reader".to_owned(),
            password: "stand-in-password".to_owned(),
            accept: None,
            database: "CM_DCT".to_owned(),
            encryption: Encryption::Off,
            greeting: Greeting::Welcome,
            answers: Arc::new(answers),
            is_strict: true,
        }
    }
}

/// What has happened.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// Connections that were opened.
    pub connections: u64,
    /// Logins that were right.
    pub logins: u64,
    /// Queries, in the order in which they arrived.
    pub queries: Vec<Asked>,
    /// Rows that were sent.
    pub rows: u64,
    /// Queries that were stopped by their client.
    pub stopped: u64,
    /// What the client got wrong: nothing, if all is well.
    pub violations: Vec<String>,
}

/// A running server.
pub struct Tds {
    listener: Listener,
    site: Arc<Server>,
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
}

impl Tds {
    /// Starts one.
    pub fn start(settings: Settings) -> io::Result<Self> {
        let site = Arc::new(Server {
            settings,
            state: Mutex::default(),
        });
        let served = site.clone();
        let listener = Listener::start("TDS", move |stream| connection(served.clone(), stream))?;
        Ok(Self { listener, site })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.listener.address().port()
    }

    /// As the setting `server` names it: `127.0.0.1,PORT`.
    pub fn server(&self) -> String {
        format!("127.0.0.1,{}", self.port())
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

async fn connection(site: Arc<Server>, stream: TcpStream) {
    lock(&site.state).ledger.connections += 1;
    // A client that goes away ends it; one that says nonsense has been noted.
    _ = site.serve(Channel::new(stream)).await;
}

impl Server {
    fn violation(&self, what: impl Into<String>) -> io::Error {
        let what = what.into();
        lock(&self.state).violations.note(what.clone());
        io::Error::other(what)
    }

    async fn serve(&self, mut channel: Channel) -> io::Result<()> {
        self.welcome(&mut channel).await?;
        loop {
            let (kind, message) = channel.message().await?;
            let asked = match kind {
                RPC => request::procedure(&message),
                BATCH => request::batch(&message),
                ATTENTION => {
                    // It crossed with the end of the answer.
                    let mut tokens = Tokens::default();
                    tokens.done(DONE_ATTENTION, 0);
                    channel.send(&tokens.0).await?;
                    continue;
                }
                other => return Err(self.violation(format!("a message of type {other:#04x}"))),
            };
            let asked = asked.ok_or_else(|| self.violation("a query that cannot be read"))?;
            if self.settings.is_strict && !asked.is_procedure {
                lock(&self.state)
                    .violations
                    .note("a statement that is not called as a procedure");
            }
            lock(&self.state).ledger.queries.push(asked.clone());
            self.answer(&mut channel, &asked).await?;
        }
    }

    /// PRELOGIN, TLS and the login.
    async fn welcome(&self, channel: &mut Channel) -> io::Result<()> {
        let settings = &self.settings;
        if let Encryption::Strict(config) = &settings.encryption {
            channel.secure(config.clone(), false).await?;
        }
        let (kind, message) = channel.message().await?;
        let said = request::encryption(&message).filter(|_| kind == PRELOGIN);
        let said = said.ok_or_else(|| self.violation("the first message is not PRELOGIN"))?;
        let own = match &settings.encryption {
            Encryption::Off => 2,
            Encryption::Required(_) => 3,
            Encryption::Strict(_) => 1,
        };
        let mut answer = vec![0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff];
        answer.extend_from_slice(&[15, 0, 0x07, 0xd0, 0, 0, own]);
        channel.send(&answer).await?;
        if let Encryption::Required(config) = &settings.encryption {
            if said == 2 {
                return Err(io::Error::other("the client does not encrypt"));
            }
            channel.secure(config.clone(), true).await?;
        }
        let (kind, message) = channel.message().await?;
        let login = Login::read(&message).filter(|_| kind == LOGIN);
        let login = login.ok_or_else(|| self.violation("the second message is not LOGIN7"))?;
        if settings.is_strict {
            self.judge(&login);
        }
        let mut tokens = Tokens::default();
        let (name, is_let_in) = match &login.sspi {
            Some(token) => match &settings.accept {
                Some(accept) => match self.kerberos(channel, accept, token, &mut tokens).await? {
                    Some(user) => (user.clone(), user == settings.user),
                    None => {
                        let what = "Login failed. The login is from an untrusted domain and cannot be used with Integrated authentication.";
                        tokens.error(18_452, 14, what);
                        return self.refuse(channel, tokens).await;
                    }
                },
                None => self.windows(channel, token).await?,
            },
            None => (
                login.user.clone(),
                login.user == settings.user && login.password == settings.password,
            ),
        };
        if !is_let_in {
            tokens.error(18_456, 14, &format!("Login failed for user '{name}'."));
            return self.refuse(channel, tokens).await;
        }
        if !login.database.is_empty() && !login.database.eq_ignore_ascii_case(&settings.database) {
            let what = format!(
                "Cannot open database \"{}\" requested by the login. The login failed.",
                login.database
            );
            tokens.error(4_060, 11, &what);
            tokens.error(18_456, 14, &format!("Login failed for user '{name}'."));
            return self.refuse(channel, tokens).await;
        }
        match &settings.greeting {
            Greeting::Welcome => {}
            Greeting::Routing(host, port) => tokens.routing(host, *port),
            Greeting::RoutingToItself => tokens.routing("127.0.0.1", channel.port()?),
            Greeting::Raw(bytes) => return channel.send(bytes).await,
            Greeting::EndlessInfo => return endless_info(channel).await,
            Greeting::Silence => return std::future::pending().await,
        }
        lock(&self.state).ledger.logins += 1;
        tokens.environment(1, &settings.database, "master");
        tokens.info(5_701, &format!("Changed database context to '{}'.", settings.database));
        tokens.collation();
        tokens.login_ack();
        let packet = login.packet.clamp(512, 32_767);
        tokens.environment(4, &packet.to_string(), "4096");
        tokens.done(0, 0);
        channel.send(&tokens.0).await?;
        channel.packet = packet;
        Ok(())
    }

    /// Asks for the proof that the client knows an account's password: its name, and whether it is let in.
    async fn windows(&self, channel: &mut Channel, negotiate: &[u8]) -> io::Result<(String, bool)> {
        let mut tokens = Tokens::default();
        tokens.sspi(&ntlm::challenge());
        channel.send(&tokens.0).await?;
        let (kind, answer) = channel.message().await?;
        let proof = ntlm::judge(negotiate, &answer, &self.settings.password).filter(|_| kind == SSPI);
        let proof = proof.ok_or_else(|| self.violation("the answer to the challenge is none of NTLM version 2"))?;
        // The check is made with a key of whoever knows the password.
        if self.settings.is_strict && proof.is_right && proof.is_whole != Some(true) {
            return Err(self.violation("the three messages of NTLM are not checked, or wrongly"));
        }
        let is_let_in = proof.is_right && proof.name.eq_ignore_ascii_case(&self.settings.user);
        Ok((proof.name, is_let_in))
    }

    /// Has a ticket judged, and proves that it could be read, in a message of its own or at the beginning of the next: whose it is.
    async fn kerberos(
        &self,
        channel: &mut Channel,
        accept: &Accept,
        ticket: &[u8],
        tokens: &mut Tokens,
    ) -> io::Result<Option<String>> {
        let Some(accepted) = accept(ticket) else {
            return Ok(None);
        };
        if !accepted.proof.is_empty() {
            tokens.sspi(&accepted.proof);
        }
        if !accepted.at_once && !tokens.0.is_empty() {
            channel.send(&std::mem::take(&mut tokens.0)).await?;
        }
        Ok(Some(accepted.user))
    }

    fn judge(&self, login: &Login) {
        let mut state = lock(&self.state);
        if !login.is_read_only {
            state.violations.note("the login does not state read-only intent");
        }
        if login.program != "oomnitza-connector" {
            state.violations.note("the login does not name the program");
        }
    }

    async fn refuse(&self, channel: &mut Channel, mut tokens: Tokens) -> io::Result<()> {
        tokens.done(DONE_ERROR, 0);
        channel.send(&tokens.0).await?;
        Err(io::Error::other("the login was refused"))
    }

    async fn answer(&self, channel: &mut Channel, asked: &Asked) -> io::Result<()> {
        match (self.settings.answers)(asked) {
            Answer::Rows(columns, rows) => self.rows(channel, asked, &columns, rows, None).await,
            Answer::RowsThenError(columns, rows, number, text) => {
                let rows = Box::new(rows.into_iter());
                self.rows(channel, asked, &columns, rows, Some((number, text))).await
            }
            Answer::Error(number, text) => {
                let mut tokens = Tokens::default();
                tokens.error(number, 16, &text);
                end(&mut tokens, asked, DONE_ERROR, 0);
                channel.send(&tokens.0).await
            }
            Answer::Raw(bytes, ends) => {
                channel.send(&bytes).await?;
                if ends {
                    return Err(io::Error::other("the connection is to end"));
                }
                Ok(())
            }
            Answer::Endless(first, again) => {
                let mut part = first;
                loop {
                    while part.len() < 64 << 10 {
                        part.extend_from_slice(&again);
                    }
                    channel.send_part(&mut part).await?;
                }
            }
            Answer::Silence => std::future::pending().await,
        }
    }

    async fn rows(
        &self,
        channel: &mut Channel,
        asked: &Asked,
        columns: &[Column],
        rows: Box<dyn Iterator<Item = Vec<Cell>> + Send>,
        error: Option<(i32, String)>,
    ) -> io::Result<()> {
        let mut tokens = Tokens::default();
        tokens.columns(columns);
        let mut count = 0;
        for row in rows {
            tokens.row(columns, &row);
            count += 1;
            if count % PORTION == 0 {
                lock(&self.state).ledger.rows += PORTION;
                channel.send_part(&mut tokens.0).await?;
                if channel.is_interrupted()? {
                    lock(&self.state).ledger.stopped += 1;
                    tokens.done(DONE_ATTENTION, 0);
                    return channel.send(&tokens.0).await;
                }
            }
        }
        lock(&self.state).ledger.rows += count % PORTION;
        match error {
            Some((number, text)) => {
                tokens.error(number, 16, &text);
                end(&mut tokens, asked, DONE_ERROR, 0);
            }
            None => end(&mut tokens, asked, DONE_COUNT, count),
        }
        channel.send(&tokens.0).await
    }
}

fn end(tokens: &mut Tokens, asked: &Asked, status: u16, rows: u64) {
    if asked.is_procedure {
        tokens.done_procedure(status, rows);
    } else {
        tokens.done(status, rows);
    }
}

async fn endless_info(channel: &mut Channel) -> io::Result<()> {
    let mut info = Tokens::default();
    info.info(50_000, "still here");
    let mut part = Vec::new();
    loop {
        while part.len() < 64 << 10 {
            part.extend_from_slice(&info.0);
        }
        channel.send_part(&mut part).await?;
    }
}
