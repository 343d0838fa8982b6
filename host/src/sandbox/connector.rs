//! One run of a connector.

use std::time::{Duration, Instant};

use bytes::Bytes;
use wasmtime::Store;
use wasmtime::component::{Linker, ResourceAny};

use super::engine::Engine;
use super::error::{Error, SourceError};
use super::limits::Limits;
use super::loader::Loaded;
use super::pages;
use super::progress::Progress;
use super::state::{self, Capabilities, Granted, RunState};
use crate::capabilities::{clock, http, ldap, log, sql};
use crate::contract::connector::Connector as Bindings;
use crate::contract::connector::exports::oomnitza::connector::source as wit;
use crate::redact::clean;

/// What a run is for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The source paths that mappings use.
    pub sources: Vec<String>,
    /// Every field is wanted.
    pub everything: bool,
    /// No more records than this are used.
    pub limit: Option<u64>,
    /// Cursors are kept.
    pub incremental: bool,
}

/// A page of records, within the limits.
#[derive(Debug, Clone)]
pub struct Page {
    /// A JSON array.
    pub records: Bytes,
    /// Its length.
    pub count: usize,
    /// Where a later run goes on.
    pub cursor: Option<String>,
    /// What the source lists but did not give.
    pub misses: Vec<Miss>,
}

/// A record that the source lists but did not give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// Its name in the source.
    pub id: String,
    /// Why.
    pub reason: String,
    /// The source does not have it any more.
    pub gone: bool,
}

/// A connector in its sandbox, granted what a section gives it. It is of no use after its first error.
pub struct Connector {
    store: Store<RunState<Capabilities>>,
    bindings: Bindings,
    sync: Option<ResourceAny>,
    progress: Progress,
    limits: Limits,
    started: Instant,
    ended: bool,
}

impl Connector {
    /// Instantiates a component. What it imports but was not granted is named, and nothing of it has run by then.
    pub async fn instantiate(
        engine: &Engine,
        loaded: &Loaded,
        limits: &Limits,
        capabilities: Capabilities,
    ) -> Result<Self, Error> {
        loaded.fits(capabilities.granted)?;
        let linker = linker(engine, capabilities.granted).map_err(|error| Error::HostBug(format!("{error:#}")))?;
        let mut store = state::store(engine, limits, capabilities)?;
        let instantiated = Bindings::instantiate_async(&mut store, &loaded.component, &linker).await;
        let bindings = instantiated.map_err(|error| store.data().explain(error))?;
        Ok(Self {
            store,
            bindings,
            sync: None,
            progress: Progress::default(),
            limits: limits.clone(),
            started: Instant::now(),
            ended: false,
        })
    }

    /// Signs in and reads as little as shows that a run can work.
    pub async fn check(&mut self, settings: &Vec<(String, String)>) -> Result<(), Error> {
        self.begin()?;
        let answer = self
            .bindings
            .oomnitza_connector_source()
            .call_check(&mut self.store, settings);
        let answer = limited(&self.limits, self.started, answer).await;
        self.end(answer)
    }

    /// Starts the run.
    pub async fn open(
        &mut self,
        settings: &Vec<(String, String)>,
        cursor: Option<&str>,
        wanted: &Wanted,
    ) -> Result<(), Error> {
        self.begin()?;
        let wanted = wit::Wanted {
            sources: wanted.sources.clone(),
            everything: wanted.everything,
            limit: wanted.limit,
            incremental: wanted.incremental,
        };
        let sync = self.bindings.oomnitza_connector_source().sync();
        let answer = sync.call_open(&mut self.store, settings, cursor, &wanted);
        let answer = limited(&self.limits, self.started, answer).await;
        self.sync = Some(self.end(answer)?);
        Ok(())
    }

    /// The next page, none at the end.
    pub async fn next(&mut self) -> Result<Option<Page>, Error> {
        let Some(sync) = self.sync else {
            return Err(Error::HostBug(
                "a page was asked for before the run was opened".to_owned(),
            ));
        };
        self.begin()?;
        let guest = self.bindings.oomnitza_connector_source().sync();
        let answer = guest.call_next(&mut self.store, sync);
        let answer = limited(&self.limits, self.started, answer).await;
        match self.end(answer)? {
            Some(page) => self.admit(page).map(Some).inspect_err(|_| self.ended = true),
            None => Ok(None),
        }
    }

    /// Judges a page before anything else sees it.
    fn admit(&mut self, page: wit::Page) -> Result<Page, Error> {
        let limits = &self.limits.pages;
        let number = self.progress.pages() + 1;
        let refuse = |source| Error::Page { page: number, source };
        let records = Bytes::from(page.records);
        let count = pages::count_records(&records, limits).map_err(refuse)?;
        if page.misses.len() > limits.misses {
            return Err(refuse(pages::PageError::Misses { limit: limits.misses }));
        }
        if let Some(cursor) = &page.cursor
            && cursor.len() > limits.cursor_bytes
        {
            return Err(refuse(pages::PageError::CursorBytes {
                bytes: cursor.len(),
                limit: limits.cursor_bytes,
            }));
        }
        self.progress.saw(&records, count, limits).map_err(refuse)?;
        let misses = page
            .misses
            .into_iter()
            .map(|miss| {
                let said = |text: &str, limit| clean(&self.redact(text), limit);
                Miss {
                    id: said(&miss.id, 200),
                    reason: said(&miss.reason, 500),
                    gone: miss.gone,
                }
            })
            .collect();
        Ok(Page {
            records,
            count,
            cursor: page.cursor,
            misses,
        })
    }

    /// What the guest says, without the section's secrets.
    fn redact(&self, text: &str) -> String {
        self.store.data().capabilities.log.redact(text)
    }

    fn begin(&mut self) -> Result<(), Error> {
        if self.ended {
            return Err(Error::HostBug(
                "a component was called again after it had ended".to_owned(),
            ));
        }
        self.store.data_mut().deadline.start_call();
        self.store.set_hostcall_fuel(self.limits.hostcall_bytes);
        let time = self.limits.call_wall.min(self.run_time_left());
        self.store.data().capabilities.http.begin_call(time);
        Ok(())
    }

    fn run_time_left(&self) -> Duration {
        self.limits.run_wall.saturating_sub(self.started.elapsed())
    }

    fn end<T>(&mut self, answer: Result<wasmtime::Result<Result<T, wit::Error>>, Error>) -> Result<T, Error> {
        self.store.data().capabilities.http.end_call();
        let ended = match answer {
            Ok(Ok(Ok(value))) => return Ok(value),
            Ok(Ok(Err(error))) => {
                let advice = |text: &str| self.store.data().capabilities.http.advice(text);
                Error::Source(SourceError::of_guest(error, |text| self.redact(text), advice))
            }
            Ok(Err(trap)) => self.store.data().explain(trap),
            Err(error) => error,
        };
        self.ended = true;
        Err(ended)
    }
}

/// A call that must end within its own and the run's time on the clock.
async fn limited<T>(
    limits: &Limits,
    started: Instant,
    call: impl Future<Output = wasmtime::Result<T>>,
) -> Result<wasmtime::Result<T>, Error> {
    let left = limits.run_wall.saturating_sub(started.elapsed());
    let (time, scope, limit) = if left < limits.call_wall {
        (left, "run", limits.run_wall)
    } else {
        (limits.call_wall, "call", limits.call_wall)
    };
    tokio::time::timeout(time, call)
        .await
        .map_err(|_| Error::TooSlow { scope, limit })
}

/// A linker that offers what was granted and nothing else.
fn linker(engine: &Engine, granted: Granted) -> wasmtime::Result<Linker<RunState<Capabilities>>> {
    let mut linker = Linker::new(engine.wasmtime());
    if granted.http {
        http::add_to_linker(&mut linker, |state: &mut RunState<Capabilities>| {
            &mut state.capabilities.http
        })?;
    }
    if granted.ldap {
        ldap::add_to_linker(&mut linker, |state: &mut RunState<Capabilities>| {
            &mut state.capabilities.ldap
        })?;
    }
    if granted.sql {
        sql::add_to_linker(&mut linker, |state: &mut RunState<Capabilities>| {
            &mut state.capabilities.sql
        })?;
    }
    log::add_to_linker(&mut linker, |state: &mut RunState<Capabilities>| {
        &mut state.capabilities.log
    })?;
    clock::add_to_linker(&mut linker, |state: &mut RunState<Capabilities>| {
        &mut state.capabilities.clock
    })?;
    Ok(linker)
}
