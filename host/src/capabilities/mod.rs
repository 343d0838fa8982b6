//! What the host does on behalf of a connector: one room a capability.
//!
//! A capability knows no ini file, no other capability and no uploader: it gets plain structs.

pub mod clock;
pub mod http;
pub mod ldap;
pub mod log;
pub mod sql;
