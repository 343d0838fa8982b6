//! The native host of `oomnitza-connector`: it holds every credential, socket, file and clock, and runs connectors as WebAssembly
//! components that hold none of them (docs/security.md).
#![warn(missing_docs)]

pub mod capabilities;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod contract;
mod files;
pub mod journal;
pub mod logging;
pub mod mapping;
pub mod net;
pub mod oomnitza;
pub mod redact;
pub mod run;
pub mod sandbox;
pub mod schedule;
pub mod secrets;
pub mod standin;
