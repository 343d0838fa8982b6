//! What became of a section.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::error::Error;
use crate::capabilities::http;

/// Different things of one sort that are told apart; what is beyond counts as "others".
const MOST_KINDS: usize = 1_000;

/// What became of a section: `read = sent + filtered + rejected + failed`.
#[derive(Debug)]
pub struct Report {
    /// Its name.
    pub section: String,
    /// Nothing was sent: the records were shown instead.
    pub is_preview: bool,
    /// What is kept of what the source gave and Oomnitza was to get.
    pub saved: Option<Saved>,
    /// Records that the source gave.
    pub read: u64,
    /// Records that Oomnitza took, or that were shown.
    pub sent: u64,
    /// Records left out because the section's filter says so, or a required field has no value.
    pub filtered: u64,
    /// Records that could not be mapped, that the section's code failed on, or that Oomnitza refused.
    pub rejected: u64,
    /// Records that were read but not delivered.
    pub failed: u64,
    /// Records that the source lists but did not give.
    pub missed: u64,
    /// How many of these it does not have any more: they were deleted after they were listed, and nothing is lacking.
    pub gone: u64,
    /// What is worth knowing, and how often.
    pub notes: Notes,
    /// Where the refused records are kept.
    pub rejects: Option<PathBuf>,
    /// Those of them that could not be kept.
    pub unkept: Option<Unkept>,
    /// How long it took.
    pub time: Duration,
    /// What was asked of the source over HTTP.
    pub source: http::Statistics,
    /// Calls of Oomnitza that were repeated.
    pub upload_retries: u64,
    /// Why it ended early.
    pub error: Option<Error>,
    /// Somebody asked it to stop.
    pub is_interrupted: bool,
}

/// Refused records that could not be kept.
#[derive(Debug)]
pub struct Unkept {
    /// How many.
    pub count: u64,
    /// Where the first one could not, and why.
    pub why: String,
    /// What can be done about it.
    pub hint: String,
}

/// What `--save-data` kept.
#[derive(Debug)]
pub struct Saved {
    /// Where.
    pub directory: PathBuf,
    /// Records of the source that are there.
    pub records: u64,
    /// What came later is not there.
    pub is_part: bool,
}

/// What is worth knowing, by sort.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Notes {
    /// Records that the section's filter left out.
    pub by_filter: u64,
    /// Required fields that had no value.
    pub missing: Tally,
    /// Why records could not be mapped.
    pub unusable: Tally,
    /// Why Oomnitza refused records.
    pub refused: Tally,
    /// Values that converters could make nothing of.
    pub odd_values: Tally,
    /// Values that look-up tables do not have.
    pub unknown: Tally,
    /// Records that the source lists but did not give.
    pub misses: Tally,
}

/// Things and how often they came up.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub struct Tally(BTreeMap<String, u64>);

impl Tally {
    /// It came up so many times more.
    pub fn add(&mut self, what: String, count: u64) {
        let is_known = self.0.contains_key(&what);
        let what = if is_known || self.0.len() < MOST_KINDS {
            what
        } else {
            "others".to_owned()
        };
        *self.0.entry(what).or_default() += count;
    }

    /// Whether nothing came up.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How often all of it came up together.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// What came up, the most frequent first.
    pub fn by_count(&self) -> Vec<(&str, u64)> {
        let mut all: Vec<(&str, u64)> = self.0.iter().map(|(what, count)| (what.as_str(), *count)).collect();
        all.sort_by(|(a, more), (b, less)| less.cmp(more).then(a.cmp(b)));
        all
    }
}

impl Report {
    /// A report of a section that has not begun.
    pub fn new(section: &str) -> Self {
        Self {
            section: section.to_owned(),
            is_preview: false,
            saved: None,
            read: 0,
            sent: 0,
            filtered: 0,
            rejected: 0,
            failed: 0,
            missed: 0,
            gone: 0,
            notes: Notes::default(),
            rejects: None,
            unkept: None,
            time: Duration::ZERO,
            source: http::Statistics::default(),
            upload_retries: 0,
            error: None,
            is_interrupted: false,
        }
    }

    /// A report of a section that could not begin.
    pub fn failed(section: &str, error: Error) -> Self {
        Self {
            error: Some(error),
            ..Self::new(section)
        }
    }

    /// Records that the source has and did not give.
    pub fn lacking(&self) -> u64 {
        self.missed.saturating_sub(self.gone)
    }

    /// What was read but is neither sent nor left out was not delivered. Without an error that says why, it is this program's mistake.
    pub(super) fn close(&mut self) {
        let accounted = self.sent + self.filtered + self.rejected;
        self.failed = self.read.saturating_sub(accounted);
        if self.error.is_none() && !self.is_interrupted && accounted != self.read {
            self.error = Some(Error::Bug(format!(
                "{} records were read, but {accounted} are accounted for",
                self.read
            )));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_that_does_not_add_up_is_a_defect() {
        let mut good = Report {
            read: 10,
            sent: 7,
            filtered: 2,
            rejected: 1,
            ..Report::new("okta")
        };
        good.close();
        assert!(good.error.is_none() && good.failed == 0);
        let mut lost = Report {
            read: 10,
            sent: 7,
            ..Report::new("okta")
        };
        lost.close();
        assert_eq!(
            lost.error.map(|error| error.to_string()).unwrap(),
            "this program made a mistake: 10 records were read, but 7 are accounted for"
        );
        let mut interrupted = Report {
            read: 10,
            sent: 7,
            is_interrupted: true,
            ..Report::new("okta")
        };
        interrupted.close();
        assert!(interrupted.error.is_none() && interrupted.failed == 3);
    }

    #[test]
    fn a_tally_has_an_end() {
        let mut tally = Tally::default();
        for number in 0..5_000 {
            tally.add(format!("{number:04}"), 1);
        }
        assert_eq!(tally.by_count().first(), Some(&("others", 4_000)));
        assert_eq!(tally.by_count().len(), 1_001);
    }
}
