//! `oomnitza:connector/ldap`: searches in a directory on behalf of one connector. There is nothing here that writes.
//!
//! Grants: the `ldap://` and `ldaps://` endpoints of its description, as far as the section's settings give them.
//! Limits: [`Limits`]. A guest never gets: the credential of an auth slot, resolved addresses, attributes that hold
//! passwords, or more than it may hold.
//!
//! # From the wire to the guest
//!
//! A server is not trusted, before the bind least of all. `guard` cuts what comes into messages and lets `ber`
//! judge each, without recursion, before anything parses it; `answer` takes the parsed apart, and has no case in
//! which it panics. `search` pulls: one message is read when one is wanted, so a server that sends faster than the
//! guest reads waits in its own send buffer, and memory does not grow with the directory.
//!
//! # What `ldap3` is used for
//!
//! Its filter parser, behind `filter`. Its connection is not used: it parses without a bound on depth (10,000 levels,
//! 60 KB, abort the process), panics on messages that are well-formed BER but not LDAP, queues entries without a bound,
//! and always binds as version 3. Its paging parses the value of a control in the same way, and to whoever stands in
//! front of it and judges messages that value is a string like any other. What is left of it after a guard for all of
//! that, and after our own bind, StartTLS and paging, is one request.

mod answer;
mod attributes;
mod ber;
mod connection;
mod error;
mod filter;
mod guard;
mod host;
mod limits;
mod request;
mod search;
mod state;
#[cfg(test)]
mod tests;

pub use connection::Connection;
pub use filter::filter_problem;
pub use host::add_to_linker;
pub use limits::Limits;
pub use search::Results;
pub use state::{LdapState, Slot, Statistics};
