//! Servers that stand in for real ones: Oomnitza, Okta, an LDAP directory and a SQL Server, for the demo, the end-to-end tests and the benchmark.
//!
//! The only code that listens. It listens on 127.0.0.1, at a port the system chooses, and no longer than the handle of the server
//! lives: dropping it closes the port and every connection.
//!
//! They are strict. A request that is not what the real system documents is refused as that system would refuse it, and noted as a
//! violation, so that a test which ends well has also proved that the client kept to the protocol. A wrong credential is no
//! violation: it is refused, as configured. They are quick, because the benchmark measures the client: each runs on one thread of
//! its own and makes its answers from nothing. And each goes wrong on request, by what its `inject` takes.

mod listener;
mod trouble;
mod web;

#[cfg(test)]
mod client;

pub mod ldap;
pub mod okta;
pub mod oomnitza;
pub mod people;
pub mod sccm;
pub mod tds;

pub use trouble::Trouble;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// No more violations than this are kept: a client that gets everything wrong has shown it by then.
const MAX_VIOLATIONS: usize = 1_000;

/// What a server has to say against its client.
#[derive(Debug, Clone, Default)]
struct Violations(Vec<String>);

impl Violations {
    fn note(&mut self, violation: impl Into<String>) {
        if self.0.len() < MAX_VIOLATIONS {
            self.0.push(violation.into());
        }
    }
}

/// What a lock guards. A thread that panicked while it held the lock has left counts behind, which are still worth reading.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
