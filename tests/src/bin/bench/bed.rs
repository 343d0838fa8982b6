//! What a run takes place in: a source, an Oomnitza, and the programs that can be sent from one to the other.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use oomnitza_connector::standin::{ldap, okta, oomnitza};
use oomnitza_tests::Program;

use crate::spent::Spent;

/// Which source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Okta,
    Ldap,
}

impl Source {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Okta => "okta",
            Self::Ldap => "ldap",
        }
    }
}

/// Which program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Product,
    Native,
}

enum Server {
    Okta(okta::Okta),
    Ldap(ldap::Ldap),
}

/// A source and an Oomnitza, new for each run.
pub(crate) struct Bed {
    source: Source,
    server: Server,
    /// Records that are to arrive.
    expected: u64,
    oomnitza: oomnitza::Oomnitza,
    program: Program,
}

impl Bed {
    /// An Okta with code in its section, of which so many people are to arrive. What can be made again is kept in `cache`.
    pub(crate) fn with_code(people: u64, code: &str, expected: u64, cache: &Path) -> Self {
        let mut bed = Self::new(Source::Okta, people, Duration::ZERO, false);
        let ini = ini(&bed.server, &bed.oomnitza.url()) + code;
        bed.program = Program::with(&ini).env("XDG_CACHE_HOME", &cache.display().to_string());
        bed.expected = expected;
        bed
    }

    /// Servers that answer after `latency`. They keep what was uploaded only if they are told to, which takes time.
    pub(crate) fn new(source: Source, people: u64, latency: Duration, keep_bodies: bool) -> Self {
        let server = match source {
            Source::Okta => {
                let settings = okta::Settings {
                    people,
                    latency,
                    ..okta::Settings::default()
                };
                okta::Okta::start(settings).map(Server::Okta)
            }
            Source::Ldap => {
                let settings = ldap::Settings {
                    people,
                    latency,
                    ..ldap::Settings::default()
                };
                ldap::Ldap::start(settings).map(Server::Ldap)
            }
        };
        let server = server.expect("the source can be started");
        let settings = oomnitza::Settings {
            latency,
            keep_bodies,
            ..oomnitza::Settings::default()
        };
        let oomnitza = oomnitza::Oomnitza::start(settings).expect("Oomnitza can be started");
        let program = Program::with(&ini(&server, &oomnitza.url())).with_its_own_log();
        Self {
            source,
            server,
            expected: people,
            oomnitza,
            program,
        }
    }

    /// Starts a program.
    pub(crate) fn start(&self, subject: Subject) -> Child {
        match subject {
            Subject::Product => self.program.start(&["upload", self.source.name()]),
            Subject::Native => Command::new(native())
                .args([self.source.name(), &self.server.url(), &self.oomnitza.url()])
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("the native program can be started"),
        }
    }

    /// Runs a program to its end, and makes sure that it has done the whole work and nothing else.
    pub(crate) fn run(&self, subject: Subject) -> Spent {
        let started = Instant::now();
        let spent = Spent::by(self.start(subject), started);
        let ledger = self.oomnitza.ledger();
        assert_eq!(
            ledger.violations,
            Vec::<String>::new(),
            "{subject:?} violates Oomnitza's protocol"
        );
        assert_eq!(ledger.records, self.expected, "{subject:?} does not deliver everybody");
        let violations = match &self.server {
            Server::Okta(server) => server.ledger().violations,
            Server::Ldap(server) => server.ledger().violations,
        };
        assert_eq!(
            violations,
            Vec::<String>::new(),
            "{subject:?} violates the source's protocol"
        );
        spent
    }

    /// Whether Oomnitza has been asked for anything.
    pub(crate) fn is_signed_in(&self) -> bool {
        !self.oomnitza.ledger().requests.is_empty()
    }

    /// Whether the source has been asked for anything.
    pub(crate) fn is_reading(&self) -> bool {
        match &self.server {
            Server::Okta(server) => !server.ledger().requests.is_empty(),
            Server::Ldap(server) => server.ledger().connections > 0,
        }
    }

    /// What was uploaded, a record a line, sorted.
    pub(crate) fn uploaded(&self) -> Vec<String> {
        let mut records: Vec<String> = self.oomnitza.uploaded().iter().map(ToString::to_string).collect();
        records.sort();
        records
    }
}

impl Server {
    fn url(&self) -> String {
        match self {
            Self::Okta(server) => server.url(),
            Self::Ldap(server) => server.url(),
        }
    }
}

fn ini(server: &Server, oomnitza: &str) -> String {
    let destination = format!(
        "[oomnitza]\nurl = {oomnitza}\napi_token = {}\n",
        oomnitza::Settings::default().token
    );
    let defaults = "default_role = 25\ndefault_position = Employee\n";
    let source = match server {
        Server::Okta(server) => format!(
            "[okta]\nenable = True\nurl = {}\napi_token = {}\n{defaults}",
            server.url(),
            okta::Settings::default().token
        ),
        Server::Ldap(server) => {
            let settings = ldap::Settings::default();
            format!(
                "[ldap]\nenable = True\nurl = {}\nusername = {}\npassword = {}\nbase_dn = {}\n\
                 filter = (objectClass=inetOrgPerson)\nmapping.PHONE = {{\"source\": \"mobile\"}}\n{defaults}",
                server.url(),
                settings.bind_dn,
                settings.password,
                settings.base_dn
            )
        }
    };
    format!("{destination}\n{source}")
}

/// The native program, built beside this one.
fn native() -> PathBuf {
    let itself = std::env::current_exe().expect("this program knows where it is");
    itself.with_file_name("native")
}
