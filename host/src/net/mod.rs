//! The only code that opens a socket.
//!
//! Name rule, then resolution, then the address rule on every resolved address, then a connection to *that* address: for HTTP, LDAP,
//! SQL and the uploader alike (docs/security.md).

mod egress;
mod error;

pub use egress::{Egress, Reach, Rule};
pub use error::Error;
