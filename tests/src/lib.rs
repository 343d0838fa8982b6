//! What the end-to-end tests share: the program as a user runs it, what it printed in a form that does not change, and services that answer
//! as a test says.

mod fake;
mod output;
mod program;
mod trial;

pub use fake::{Answer, Asked, Fake};
pub use output::{Output, settled};
pub use program::Program;
pub use trial::{Trial, troubles};
