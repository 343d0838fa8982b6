//! What a store holds: one run of one component.

use wasmtime::{Store, UpdateDeadline};

use super::deadline::Deadline;
use super::engine::Engine;
use super::error::Error;
use super::limits::Limits;
use super::meter::Meter;
use crate::capabilities::{clock::ClockState, http::HttpState, ldap::LdapState, log::LogState, sql::SqlState};

/// What a section was granted. The state of a capability that was not granted is there, but nothing leads to it: its
/// functions are not linked, and its network allows nothing.
pub struct Capabilities {
    /// Requests.
    pub http: HttpState,
    /// Searches.
    pub ldap: LdapState,
    /// Queries.
    pub sql: SqlState,
    /// Lines in the log.
    pub log: LogState,
    /// Time.
    pub clock: ClockState,
    /// Which of them the section was granted.
    pub granted: Granted,
}

/// Which capabilities a section was granted. The log and the clock always are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Granted {
    /// The description names an `https` or `http` endpoint, and the settings give it.
    pub http: bool,
    /// The description names an `ldaps` or `ldap` endpoint, and the settings give it.
    pub ldap: bool,
    /// The description names an `mssql` endpoint, and the settings give it.
    pub sql: bool,
}

impl Granted {
    /// Whether an interface may be imported.
    pub(super) fn permits(self, interface: &str) -> bool {
        match interface {
            "http" => self.http,
            "ldap" => self.ldap,
            "sql" => self.sql,
            "log" | "clock" => true,
            _ => false,
        }
    }
}

/// What a guest can leave behind about its own end.
pub(super) trait LastWords {
    /// The last error it reported.
    fn last_words(&self) -> Option<&str>;
}

impl LastWords for Capabilities {
    fn last_words(&self) -> Option<&str> {
        self.log.last_error()
    }
}

/// A guest without imports can say nothing.
impl LastWords for () {
    fn last_words(&self) -> Option<&str> {
        None
    }
}

/// The state of a store. Made for one run and dropped after it.
pub(super) struct RunState<C> {
    meter: Meter,
    pub(super) deadline: Deadline,
    pub(super) capabilities: C,
}

/// A store with every limit set.
pub(super) fn store<C: Send + 'static>(
    engine: &Engine,
    limits: &Limits,
    capabilities: C,
) -> Result<Store<RunState<C>>, Error> {
    engine.start_ticking()?;
    let state = RunState {
        meter: Meter::new(limits),
        deadline: Deadline::new(limits),
        capabilities,
    };
    let mut store = Store::new(engine.wasmtime(), state);
    store.limiter(|state| &mut state.meter);
    store.set_hostcall_fuel(limits.hostcall_bytes);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut context| {
        context.data_mut().deadline.tick()?;
        Ok(UpdateDeadline::Yield(1))
    });
    Ok(store)
}

impl<C: LastWords> RunState<C> {
    /// What `error` means, with what is known of the guest.
    pub(super) fn explain(&self, error: wasmtime::Error) -> Error {
        Error::of_trap(error, self.capabilities.last_words(), self.meter.refused())
    }
}
