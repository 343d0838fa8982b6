//! One run of a component that means no good, under limits of the test's choice.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use oomnitza_connector::capabilities::clock::ClockState;
use oomnitza_connector::capabilities::http::{self, Credential, HttpState, Places, Retry, Slot};
use oomnitza_connector::capabilities::ldap::{self, LdapState};
use oomnitza_connector::capabilities::log::{self, LogState};
use oomnitza_connector::capabilities::sql::{self, SqlState};
use oomnitza_connector::net::backoff::Backoff;
use oomnitza_connector::net::{Egress, Network, Proxies, Reach, Rule, Timeouts, TlsSettings};
use oomnitza_connector::redact::{Redactor, Secret};
use oomnitza_connector::sandbox::{
    Capabilities, Connector, Engine, Error, Granted, Limits, Loaded, Loader, Page, Wanted,
};
use oomnitza_tests::Program;
use url::Url;

/// The section's secret, which no guest may ever see.
pub(crate) const SECRET: &str = "00-secret of/the+section";

/// Nobody answers there.
pub(crate) const NOWHERE: &str = "http://127.0.0.1:1";

/// The engine of all attacks, as all sections share one.
pub(crate) fn loader() -> &'static Loader {
    static LOADER: OnceLock<Loader> = OnceLock::new();
    LOADER.get_or_init(|| loader_with(Limits::default()))
}

/// A loader with limits of its own, which compiles as the program does.
pub(crate) fn loader_with(limits: Limits) -> Loader {
    Loader::new(Engine::new().unwrap(), None, limits).compiling_with(Program::path())
}

/// Loads a connector, wherever this is called.
pub(crate) fn load(loader: &Loader, bytes: &[u8]) -> Result<Loaded, Error> {
    let load = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(loader.connector_from_bytes(bytes))
    };
    // A test's own runtime does not let another one wait on its threads.
    std::thread::scope(|scope| scope.spawn(load).join().unwrap())
}

/// The guest with the modes.
pub(crate) fn hostile() -> Loaded {
    static HOSTILE: OnceLock<Loaded> = OnceLock::new();
    HOSTILE
        .get_or_init(|| load(loader(), &hostile_bytes()).unwrap())
        .clone()
}

pub(crate) fn hostile_bytes() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components/hostile.wasm");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}: run `make build` first", path.display()))
}

/// A component, what it is granted, and how far it may go.
pub(crate) struct Attack {
    component: Loaded,
    settings: Vec<(String, String)>,
    pub(crate) sandbox: Limits,
    pub(crate) http: http::Limits,
    pub(crate) ldap: ldap::Limits,
    pub(crate) log: log::Limits,
    pub(crate) timeouts: Timeouts,
    pub(crate) granted: Granted,
}

/// What became of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Pages that were taken.
    pub(crate) pages: Vec<Page>,
    pub(crate) end: Result<(), Error>,
    /// What the host says to another call.
    pub(crate) again: Option<Error>,
    pub(crate) requests: u64,
}

impl Attack {
    /// The guest in one of its modes.
    pub(crate) fn of(mode: &str) -> Self {
        Self::with(hostile()).setting("mode", mode)
    }

    pub(crate) fn with(component: Loaded) -> Self {
        let attack = Self {
            component,
            settings: Vec::new(),
            sandbox: Limits::default(),
            http: http::Limits::default(),
            ldap: ldap::Limits::default(),
            log: log::Limits::default(),
            timeouts: Timeouts::default(),
            granted: Granted {
                http: true,
                ldap: true,
                ..Granted::default()
            },
        };
        attack
            .setting("url", NOWHERE)
            .setting("directory", "ldap://127.0.0.1:1")
            .setting("size", "0")
    }

    /// How much of it.
    pub(crate) fn size(self, size: usize) -> Self {
        self.setting("size", &size.to_string())
    }

    pub(crate) fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.retain(|(key, _)| key != name);
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With limits of its own.
    pub(crate) fn limited(mut self, limit: impl FnOnce(&mut Self)) -> Self {
        limit(&mut self);
        self
    }

    fn value(&self, name: &str) -> &str {
        self.settings
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    fn capabilities(&self) -> Capabilities {
        let secret = Secret::new(SECRET);
        let redactor = Redactor::new([&secret]);
        let rules = ["url", "directory"].map(|name| Url::parse(self.value(name)).unwrap());
        let rules = rules.iter().map(|url| Rule::of(url, Reach::Named).unwrap()).collect();
        let network = Network::new(
            Egress::new(rules),
            TlsSettings::default(),
            Proxies::none(),
            self.timeouts.clone(),
        );
        let slot = Credential::Header {
            name: "Authorization".to_owned(),
            value: Secret::new(format!("SSWS {SECRET}")),
        };
        let slots = BTreeMap::from([("token".to_owned(), Slot::from(slot))]);
        Capabilities {
            http: HttpState::new(
                "okta",
                &network,
                slots,
                Places::default(),
                self.http.clone(),
                impatient(),
                redactor.clone(),
            ),
            ldap: LdapState::new(&network, BTreeMap::new(), self.ldap.clone(), redactor.clone()),
            // The hostile guest asks no database; the SQL room has its own hostile suite.
            sql: SqlState::new(
                &network,
                Vec::new(),
                BTreeMap::new(),
                false,
                sql::Encrypt::default(),
                sql::Limits::default(),
                redactor.clone(),
            ),
            log: LogState::new("hostile", redactor, self.log.clone()),
            clock: ClockState::default(),
            granted: self.granted,
        }
    }

    async fn instantiate(&self) -> Result<(Connector, HttpState), Error> {
        let capabilities = self.capabilities();
        let http = capabilities.http.clone();
        let connector = Connector::instantiate(loader().engine(), &self.component, &self.sandbox, capabilities).await?;
        Ok((connector, http))
    }

    /// Only the check of its settings.
    pub(crate) async fn check(self) -> Result<(), Error> {
        let (mut connector, _) = self.instantiate().await?;
        let end = connector.check(&self.settings).await;
        all_is_well().await;
        end
    }

    /// Runs it to its end, and shows that the host goes on.
    pub(crate) async fn run(self) -> Outcome {
        let outcome = self.run_alone().await;
        all_is_well().await;
        outcome
    }

    /// Runs it to its end.
    async fn run_alone(self) -> Outcome {
        let mut outcome = Outcome {
            pages: Vec::new(),
            end: Ok(()),
            again: None,
            requests: 0,
        };
        let (mut connector, http) = match self.instantiate().await {
            Ok(instantiated) => instantiated,
            Err(error) => {
                return Outcome {
                    end: Err(error),
                    ..outcome
                };
            }
        };
        let run = async {
            connector.open(&self.settings, None, &Wanted::default()).await?;
            while let Some(page) = connector.next().await? {
                outcome.pages.push(page);
            }
            Ok(())
        };
        outcome.end = run.await;
        if outcome.end.is_err() {
            outcome.again = connector.check(&self.settings).await.err();
        }
        outcome.requests = http.statistics().requests;
        outcome
    }
}

impl Outcome {
    /// How it ended: the error with its causes, or `well`.
    pub(crate) fn said(&self) -> String {
        said(&self.end)
    }
}

/// How something ended: the error with its causes, or `well`.
pub(crate) fn said<T>(end: &Result<T, Error>) -> String {
    match end {
        Ok(_) => "well".to_owned(),
        Err(error) => match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
    }
}

/// A run that does as it should, with the engine of the others.
async fn all_is_well() {
    let outcome = Attack::of("good").run_alone().await;
    assert_eq!((outcome.said().as_str(), outcome.pages.len()), ("well", 1));
}

/// Repeats, but waits for nothing.
pub(crate) fn impatient() -> Retry {
    Retry {
        budget: Duration::from_secs(1),
        backoff: Backoff {
            base: Duration::ZERO,
            cap: Duration::ZERO,
        },
        tries: 3,
        tries_at_start: 3,
    }
}
