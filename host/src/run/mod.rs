//! One section's run, from its settings to its report.
//!
//! Pages are read, mapped and uploaded at the same time: the source works on the next page while mappers work on the one before and
//! uploads of earlier records are under way. The queues between them are short, so memory does not grow with the number of
//! records, and a slow Oomnitza slows the source down.
//!
//! Promise: every record that was read is counted once, as sent, filtered, rejected or failed.

mod bookmark;
mod check;
mod delivery;
mod error;
mod grants;
mod hint;
mod mac_models;
mod prepare;
mod preview;
mod progress;
mod python;
mod rejects;
mod report;
mod saving;
mod section;
mod several;
mod source;
mod stop;

pub use check::{Finished, Step, check, judge_mappings};
pub use error::{Blame, Error};
pub use grants::tls;
pub use prepare::{
    Context, Job, Judged, JudgedDestination, doubts, fetch, judge, judge_destination, look, prepare, prepare_mappings,
};
pub use preview::Preview;
pub use progress::Counters;
pub use python::{Python, judge_converters};
pub use report::{Notes, Report, Saved, Tally, Unkept};
pub use section::{Options, run};
pub use several::side_by_side;
pub use stop::Stop;
