//! The sandbox: where components are compiled, checked, given what they were granted, run and stopped.
//!
//! Promises: a component reaches nothing but the imports it was granted; it ends within its time and memory; whatever it does ends as
//! a value of [`Error`] that says what happened, and never as a crash of the host. One store a run, dropped after it.
//!
//! What a component may reach *through* its imports is the business of the rooms in `capabilities`.

mod compiler;
mod connector;
mod deadline;
mod describe;
mod engine;
mod error;
mod imports;
pub mod limits;
mod loader;
mod mapper;
mod meter;
mod pages;
mod progress;
mod script;
mod state;
mod wasi;

pub use compiler::compile_if_asked;
pub use connector::{Connector, Miss, Page, Wanted};
pub use describe::describe;
pub use engine::Engine;
pub use error::{Error, SourceError};
pub use limits::Limits;
pub use loader::{Digest, Loaded, Loader};
pub use mapper::Mapper;
pub use pages::PageError;
pub use script::Script;
pub use state::{Capabilities, Granted};
