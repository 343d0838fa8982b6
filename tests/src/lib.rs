//! What the end-to-end tests share: the program as a user runs it, what it printed in a form that does not change, and the servers
//! it works with.

mod output;
mod program;
pub mod proxy;
mod running;
pub mod servers;

pub use output::{Output, settled};
pub use program::Program;
pub use running::{Running, eventually};
pub use servers::Servers;
