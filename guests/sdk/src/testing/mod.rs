//! Runs a connector natively against a scripted host.
//!
//! A [`Script`] is a list of what the connector is expected to ask, each with the answer it gets. It is strict: a request that is not
//! the next one of the script fails the test, and so does a step that was never asked for. Time is the script's own: a wait
//! passes at once and is recorded.

mod script;

use std::cell::RefCell;

use script::Host;
pub use script::{Asked, Script};

use crate::{Connector, Error, Settings, Wanted, connector, details, http};

thread_local! {
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
}

pub(crate) fn with_host<T>(act: impl FnOnce(&mut Host) -> T) -> T {
    HOST.with_borrow_mut(|host| {
        #[expect(clippy::expect_used, reason = "a mistake in a test")]
        act(host
            .as_mut()
            .expect("connectors run natively only through `testing::run` and `testing::check`"))
    })
}

/// What became of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The records of all pages.
    pub records: Vec<serde_json::Value>,
    /// How many records each page had.
    pub pages: Vec<usize>,
    /// The cursor of each page, where it had one.
    pub cursors: Vec<Option<String>>,
    /// Records that the source listed but did not give: name and reason.
    pub misses: Vec<(String, String)>,
    /// How many of these the source does not have any more.
    pub gone: usize,
    /// How the run ended early, if it did.
    pub error: Option<Error>,
    /// The waits, milliseconds.
    pub waits: Vec<u64>,
    /// The lines it logged.
    pub log: Vec<String>,
}

/// What a run is for: these source paths, without a limit.
pub fn wanted(sources: &[&str]) -> Wanted {
    Wanted {
        sources: sources.iter().map(|path| (*path).to_owned()).collect(),
        everything: false,
        limit: None,
        incremental: false,
    }
}

/// Settings by name and value.
pub fn settings(pairs: &[(&str, &str)]) -> Settings {
    Settings::new(
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    )
}

/// Runs a connector from the beginning to its end.
pub fn run<C: Connector>(settings: Settings, wanted: Wanted, script: Script) -> Outcome {
    resume::<C>(settings, None, wanted, script)
}

/// Runs a connector from the cursor of an earlier run to its end.
#[expect(clippy::panic, reason = "fails the test")]
pub fn resume<C: Connector>(settings: Settings, cursor: Option<&str>, wanted: Wanted, script: Script) -> Outcome {
    let (outcome, host) = play(script, || {
        let mut outcome = Outcome {
            records: vec![],
            pages: vec![],
            cursors: vec![],
            misses: vec![],
            gone: 0,
            error: None,
            waits: vec![],
            log: vec![],
        };
        let mut connector = match C::open(settings, cursor.map(str::to_owned), wanted) {
            Ok(connector) => connector,
            Err(error) => {
                return Outcome {
                    error: Some(error),
                    ..outcome
                };
            }
        };
        loop {
            match connector::next(&mut connector) {
                Ok(Some(page)) => {
                    let page = page.into_wit();
                    let records: Vec<serde_json::Value> = serde_json::from_slice(&page.records)
                        .unwrap_or_else(|error| panic!("a page is not a JSON array: {error}"));
                    outcome.pages.push(records.len());
                    outcome.cursors.push(page.cursor);
                    outcome.records.extend(records);
                    outcome.gone += page.misses.iter().filter(|miss| miss.gone).count();
                    outcome
                        .misses
                        .extend(page.misses.into_iter().map(|miss| (miss.id, miss.reason)));
                }
                Ok(None) => {
                    with_host(|host| host.is_at_rest());
                    return outcome;
                }
                Err(error) => {
                    return Outcome {
                        error: Some(error),
                        ..outcome
                    };
                }
            }
        }
    });
    Outcome {
        waits: host.waits,
        log: host.log,
        ..outcome
    }
}

/// Checks a connector's settings.
pub fn check<C: Connector>(settings: Settings, script: Script) -> Result<(), Error> {
    play(script, || C::check(settings)).0
}

#[cfg(test)]
pub(crate) fn playing<T>(script: Script, act: impl FnOnce() -> T) -> T {
    play(script, act).0
}

fn play<T>(script: Script, act: impl FnOnce() -> T) -> (T, Host) {
    HOST.set(Some(Host::new(script)));
    http::begin_call();
    details::begin_run();
    let result = act();
    #[expect(clippy::expect_used, reason = "set above")]
    let host = HOST.take().expect("the scripted host is still there");
    host.finish();
    (result, host)
}
