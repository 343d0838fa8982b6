//! The native host of `oomnitza-connector`: it holds every credential, socket, file and clock, and runs connectors as WebAssembly
//! components that hold none of them (docs/security.md).
#![warn(missing_docs)]

pub mod capabilities;
pub mod catalog;
pub mod config;
pub mod contract;
pub mod net;
pub mod redact;
pub mod sandbox;
pub mod standin;
