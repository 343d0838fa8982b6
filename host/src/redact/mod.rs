//! What must not be shown, and how text from outside is made harmless.
//!
//! The base of the house: every room may use it, it uses none. [`Secret`] keeps a credential from being printed at all; the
//! [`Redactor`] is the second net, for text that somebody else wrote (an answer that echoes a header); [`clean`] keeps control
//! characters from terminals and log files.

mod clean;
mod redactor;
mod secret;
mod short;
mod written;

pub use clean::{clean, clean_json};
pub use redactor::{Redactor, SHORTEST_BYTES};
pub use secret::Secret;
