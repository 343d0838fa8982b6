//! The destination: Oomnitza's API (docs/oomnitza-api.md).
//!
//! One [`Oomnitza`] serves a whole invocation: one pool of connections, one sign-in, one pause when it asks for less. Promises: a record
//! counts as sent only when Oomnitza said so; what can be repeated is repeated within a budget; a batch that is refused is halved until
//! the record that is to blame stands alone; the token goes to the address that the admin named and nowhere else.

mod answer;
mod client;
mod error;
mod mappings;
mod pause;
mod upload;
mod writing;

pub use client::{Oomnitza, Options, Retry};
pub use error::Error;
pub use mappings::read_mappings;
pub use upload::{Batch, Outcome, Rejected, Target, Uploader};
pub use writing::{indented, on_one_line};
