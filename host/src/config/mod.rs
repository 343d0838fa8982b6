//! config
pub mod schema;
