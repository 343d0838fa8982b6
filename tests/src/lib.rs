//! What the end-to-end tests share: the program as a user runs it, and what it printed in a form that does not change.

mod audit;
mod output;
mod program;
pub mod source;

pub use audit::Audit;
pub use output::{Output, settled};
pub use program::Program;
