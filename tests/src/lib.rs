//! What the end-to-end tests share: the program as a user runs it, and what it printed in a form that does not change.

mod output;
mod program;

pub use output::{Output, settled};
pub use program::Program;
