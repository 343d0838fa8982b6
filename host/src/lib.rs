//! The native host of `oomnitza-connector`.
#![warn(missing_docs)]

pub mod capabilities;
pub mod config;
pub mod contract;
pub mod net;
pub mod redact;
