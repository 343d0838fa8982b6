//! `oomnitza:connector/sql`: queries to a SQL Server database on behalf of one connector. There is nothing here that writes.
//!
//! Grants: the `mssql://` endpoints of its description, as far as the section's settings give them.
//! As the user that the program runs as, a guest signs in where the section itself says `authentication = Windows`, and nowhere else.
//! Limits: [`Limits`]. A guest never gets: the login of an auth slot, resolved addresses, or more rows than it has asked for.
//!
//! # From the guest to the server
//!
//! `statement` lets one query through and nothing else: it begins with SELECT or WITH, and no `;` stands outside of strings, comments
//! and quoted names. Values travel as parameters (`sp_executesql`). The connection states read-only intent. All of this keeps mistakes
//! away; what a login may do is decided by its rights in the database, and docs/connectors says which are enough.
//!
//! # From the server to the guest
//!
//! A server is not trusted, before the login least of all. TLS is `net`'s, with the section's settings: `handshake` negotiates it
//! (PRELOGIN), secures the stream, and `wire` hands tiberius a stream that is secured already. `login` signs in with an account of Windows
//! (`ntlm`) or as the user that the program runs as (`kerberos`, over `gssapi`, on Windows over `sspi`), before tiberius gets there. `wire` also counts what tiberius reads
//! against an allowance that is renewed row by row, since tiberius itself would take a cell of 2 GiB and rows without end. A connection
//! lives on a task of its own (`connection`): rows are read when the guest asks for a page and no sooner, and a panic in the library
//! ends that task and no other.

mod address;
mod browser;
mod connection;
mod error;
#[cfg(not(windows))]
mod gssapi;
mod handshake;
mod host;
mod kerberos;
mod limits;
mod login;
mod ntlm;
mod packet;
mod rows;
#[cfg(windows)]
mod sspi;
mod state;
mod statement;
#[cfg(test)]
mod tests;
mod value;
mod wire;

pub use address::address;
pub use connection::Connection;
pub use host::add_to_linker;
pub use limits::Limits;
pub use rows::Rows;
pub use state::{Encrypt, Slot, SqlState, Statistics};
