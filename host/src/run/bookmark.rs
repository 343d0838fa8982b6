//! Which cursor may be kept: the last one up to which every record has been delivered.
//!
//! Batches are settled in any order; a cursor waits until every batch with a record of its page, or of a page before it, is settled. A batch that
//! failed is never settled, so no cursor passes it. Neither does one pass a record that the source lists and did not give: the next run asks
//! for it again.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use crate::files;
use crate::journal::Journal;
use crate::redact::clean;

/// The cursor is written no more often than this; a run that is killed in between sends a second's records twice.
const EVERY: Duration = Duration::from_secs(1);

/// The bookmark of one run.
pub(super) struct Bookmark {
    section: String,
    /// Where it is kept; nowhere in runs that deliver only a part.
    journal: Option<Journal>,
    /// Whether the run began without a cursor.
    is_full: bool,
    /// Batches that were started.
    started: u64,
    /// Those of them that are not settled, by number from 1.
    open: BTreeSet<u64>,
    /// Cursors, and the batch up to which all must be settled for each.
    waiting: VecDeque<(u64, String)>,
    /// A record did not come: no cursor of its page or a later one is kept.
    is_held: bool,
    /// What may be kept but is not yet.
    ready: Option<String>,
    written: Instant,
}

impl Bookmark {
    pub(super) fn new(section: &str, journal: Option<Journal>, is_full: bool) -> Self {
        Self {
            section: section.to_owned(),
            journal,
            is_full,
            started: 0,
            open: BTreeSet::new(),
            waiting: VecDeque::new(),
            is_held: false,
            ready: None,
            written: Instant::now(),
        }
    }

    /// A batch is started: its number.
    pub(super) fn start(&mut self) -> u64 {
        self.started += 1;
        self.open.insert(self.started);
        self.started
    }

    /// A batch is settled: every record of it is sent or rejected.
    pub(super) fn settle(&mut self, batch: u64) {
        self.open.remove(&batch);
        self.advance();
    }

    /// A record did not come, of the page that will be through next. The next run begins where it is listed again.
    pub(super) fn hold(&mut self) {
        self.is_held = true;
    }

    /// A page is through; `has_rest` when records of it wait for a batch that is not started.
    pub(super) fn page(&mut self, cursor: Option<String>, has_rest: bool) {
        if let Some(cursor) = cursor.filter(|_| !self.is_held) {
            self.waiting.push_back((self.started + u64::from(has_rest), cursor));
            self.advance();
        }
    }

    /// Writes down what may be kept.
    fn write(&mut self) {
        if let (Some(cursor), Some(journal)) = (self.ready.take(), &mut self.journal) {
            self.written = Instant::now();
            if let Err(error) = journal.keep(&self.section, &cursor, self.is_full) {
                let shown = clean(&journal.path().display().to_string(), 500);
                tracing::warn!(
                    section = self.section,
                    "where this run is cannot be kept in {shown}: {error}; the next run reads more than it has to; {}",
                    files::write_hint(&error)
                );
            }
        }
    }

    fn advance(&mut self) {
        let settled = self.open.first().map_or(self.started, |first| first - 1);
        while let Some((_, cursor)) = self.waiting.pop_front_if(|(needs, _)| *needs <= settled) {
            self.ready = Some(cursor);
        }
        if self.ready.is_some() && self.written.elapsed() >= EVERY {
            self.write();
        }
    }
}

/// However the run ends.
impl Drop for Bookmark {
    fn drop(&mut self) {
        self.write();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cursor_waits_for_every_batch_before_it() {
        let mut bookmark = Bookmark::new("okta", None, true);
        let (first, second) = (bookmark.start(), bookmark.start());
        bookmark.page(Some("one".to_owned()), true);
        bookmark.settle(second);
        assert_eq!(bookmark.ready, None);
        bookmark.settle(first);
        assert_eq!(bookmark.ready, None, "a record of the page waits for its batch");
        let third = bookmark.start();
        bookmark.page(Some("two".to_owned()), false);
        bookmark.settle(third);
        assert_eq!(bookmark.ready.as_deref(), Some("two"));
    }

    #[test]
    fn a_page_without_records_moves_the_cursor_at_once_when_nothing_is_open() {
        let mut bookmark = Bookmark::new("okta", None, true);
        bookmark.page(Some("empty".to_owned()), false);
        assert_eq!(bookmark.ready.as_deref(), Some("empty"));
    }

    #[test]
    fn no_cursor_passes_a_record_that_did_not_come() {
        let mut bookmark = Bookmark::new("okta", None, true);
        let batch = bookmark.start();
        bookmark.page(Some("whole".to_owned()), false);
        bookmark.hold();
        bookmark.page(Some("lacking".to_owned()), false);
        bookmark.page(Some("behind".to_owned()), false);
        bookmark.settle(batch);
        assert_eq!(bookmark.ready.as_deref(), Some("whole"));
    }

    proptest! {
        /// Whatever the order in which batches are settled, no cursor passes a record that is not delivered.
        #[test]
        fn no_cursor_is_ahead_of_what_was_delivered(pages in proptest::collection::vec(0u64..7, 1..20), order in any::<u64>()) {
            const BATCH: u64 = 3;
            let mut bookmark = Bookmark::new("okta", None, true);
            let (mut read, mut in_batches) = (0, 0);
            let (mut open, mut ends, mut undelivered) = (Vec::new(), Vec::new(), BTreeSet::new());
            let mut random = order;
            for records in pages {
                for _ in 0..records {
                    undelivered.insert(read);
                    read += 1;
                    if read - in_batches == BATCH {
                        open.push((bookmark.start(), in_batches..read));
                        in_batches = read;
                    }
                }
                ends.push(read);
                bookmark.page(Some(read.to_string()), read > in_batches);
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                if random % 3 > 0 && !open.is_empty() {
                    let (batch, range) = open.remove(random as usize % open.len());
                    for record in range {
                        undelivered.remove(&record);
                    }
                    bookmark.settle(batch);
                }
                if let Some(cursor) = &bookmark.ready {
                    let cursor: u64 = cursor.parse().unwrap();
                    prop_assert!(undelivered.first().is_none_or(|first| cursor <= *first), "{cursor} of {undelivered:?}");
                }
            }
        }
    }
}
