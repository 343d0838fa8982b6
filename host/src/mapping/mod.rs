//! From source records to Oomnitza's: which field comes from where, and the component that does it.
//!
//! [`merge`] decides what holds (the connector's defaults, then Oomnitza's own mappings, then the ini file's, key by key); [`Plan`] is
//! that decision as the mapping component takes it; [`Mappers`] runs the component on several cores and keeps the order of pages. [`Scripts`] runs
//! code of the ini file on each page before.

mod converter;
mod error;
mod mappers;
mod merge;
mod plan;
mod scripts;

pub use converter::Converter;
pub use error::{Error, stopped};
pub use mappers::{LookUp, MappedPage, Mappers, Reason};
pub use merge::{Field, Inputs, Merged, Origin, ServerMapping, merge};
pub use plan::Plan;
pub use scripts::{Checked, Interpreter, Judgement, Programs, Scripts, Tried};
