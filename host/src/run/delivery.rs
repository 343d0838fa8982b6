//! Mapped pages into batches, batches to Oomnitza: several under way at once, but never two records with the same key, so that the last
//! one of them wins as it would one by one.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::bookmark::Bookmark;
use super::error::Error;
use super::preview::Preview;
use super::progress::Counters;
use super::rejects::Rejects;
use super::report::Report;
use super::saving::Saving;
use super::stop::Stop;
use crate::mapping::{MappedPage, Reason};
use crate::oomnitza::{Batch, Outcome, Rejected, Target, Uploader};
use crate::sandbox::Miss;

/// Refused records without a single one that was taken, after which going on is of no use.
const HOPELESS: u64 = 100;

/// Where records go.
pub(super) enum Way {
    /// To Oomnitza, so many batches at once.
    Upload(Arc<Uploader>, usize),
    /// To somebody who looks at them, as they would go there.
    Show(Box<dyn Preview>, Target),
}

impl Way {
    fn target(&self) -> &Target {
        match self {
            Self::Upload(uploader, _) => uploader.target(),
            Self::Show(_, target) => target,
        }
    }
}

/// Where a run writes down what becomes of its records.
pub(super) struct Keeping {
    /// Those that Oomnitza refused.
    pub(super) rejects: Rejects,
    /// How far the run has come.
    pub(super) bookmark: Bookmark,
    /// What was to be sent, if it is kept.
    pub(super) saving: Option<Saving>,
}

/// Keys are hashes, and are not hashed again. Even if a source made them collide, no more are compared than are under way at once.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |all, byte| all << 8 | u64::from(*byte));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// The delivery of one run. It writes down in the report what became of each record.
pub(super) struct Delivery<'a> {
    way: Way,
    batch: Batch,
    batch_size: usize,
    under_way: JoinSet<(u64, Vec<u64>, Outcome)>,
    /// Keys of the records that are under way.
    busy: HashSet<u64, BuildHasherDefault<Hashed>>,
    /// Records that may still be used.
    left: u64,
    report: &'a mut Report,
    keeping: Keeping,
    counters: &'a Counters,
    /// Asks the source to stop when nothing more can be delivered.
    halt: Stop,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(
        way: Way,
        limit: Option<u64>,
        report: &'a mut Report,
        keeping: Keeping,
        counters: &'a Counters,
        halt: Stop,
    ) -> Self {
        let batch_size = way.target().batch_size();
        Self {
            way,
            batch: Batch::default(),
            batch_size,
            under_way: JoinSet::new(),
            busy: HashSet::default(),
            left: limit.unwrap_or(u64::MAX),
            report,
            keeping,
            counters,
            halt,
        }
    }

    /// Delivers every page that comes, until none comes any more. After a failure pages are taken and dropped, so that nobody waits.
    pub(super) async fn run(mut self, mut pages: Receiver<MappedPage>) {
        while let Some(page) = pages.recv().await {
            if self.report.error.is_none()
                && !self.report.is_interrupted
                && let Err(error) = self.page(page).await
            {
                self.fail(error);
            }
        }
        if self.report.error.is_none() && !self.report.is_interrupted {
            self.flush().await;
        }
        while !self.under_way.is_empty() {
            self.settle().await;
        }
    }

    async fn page(&mut self, page: MappedPage) -> Result<(), Error> {
        let notes = &mut self.report.notes;
        for Miss { id, reason, gone } in page.misses {
            self.report.missed += 1;
            self.report.gone += u64::from(gone);
            if !gone {
                self.keeping.bookmark.hold();
            }
            notes.misses.add(reason.clone(), 1);
            tracing::info!(
                section = self.report.section,
                record = id,
                reason,
                "the source did not give a record"
            );
        }
        for (field, converter, problem, count) in page.odd_values {
            notes
                .odd_values
                .add(format!("{field} through {converter}: {problem}"), count);
        }
        for (converter, value, count) in page.unknown {
            notes.unknown.add(format!("{converter}: {value}"), count);
        }
        let mut left_out = page.left_out.into_iter().peekable();
        let (mut start, mut records) = (0, page.ends.iter().zip(&page.keys));
        let wanted = page.count.min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= wanted as u64;
        for index in 0..wanted {
            if let Some((_, reason)) = left_out.next_if(|(at, _)| *at == index) {
                self.left_out(reason);
                continue;
            }
            // As many as were not left out: judged when the mapper handed them over.
            let Some((end, key)) = records.next() else { break };
            let record = page.records.get(start..*end).unwrap_or_default();
            start = *end;
            self.batch.push(record, *key);
            if self.batch.len() >= self.batch_size {
                self.flush().await;
                if self.report.error.is_some() || self.report.is_interrupted {
                    return Ok(());
                }
            }
        }
        self.keeping.bookmark.page(page.cursor, !self.batch.is_empty());
        Ok(())
    }

    fn left_out(&mut self, reason: Reason) {
        self.counters.left_out(1);
        match reason {
            Reason::Filtered => {
                self.report.filtered += 1;
                self.report.notes.by_filter += 1;
            }
            Reason::Missing(fields) => {
                let fields = fields.join(", ");
                tracing::debug!(
                    section = self.report.section,
                    fields,
                    "a record lacks required fields and is left out"
                );
                self.report.filtered += 1;
                self.report.notes.missing.add(fields, 1);
            }
            Reason::Unusable(why) => {
                tracing::debug!(
                    section = self.report.section,
                    why,
                    "a record cannot be mapped and is left out"
                );
                self.report.rejected += 1;
                self.report.notes.unusable.add(why, 1);
            }
        }
    }

    /// Starts the upload of the records that are ready, as soon as there is a place for them and none of them is under way.
    async fn flush(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let batch = std::mem::take(&mut self.batch);
        let (uploader, parallel) = match &mut self.way {
            Way::Upload(uploader, parallel) => (uploader.clone(), *parallel),
            Way::Show(preview, target) => {
                let body = target.body(batch.joined());
                if let Some(saving) = &self.keeping.saving {
                    saving.payload(&body);
                }
                let shown = preview.request(&target.path(), &body, &batch.records());
                self.shown(shown, batch.len() as u64);
                return;
            }
        };
        while self.under_way.len() >= parallel || batch.keys().iter().any(|key| self.busy.contains(key)) {
            self.settle().await;
            if self.report.error.is_some() {
                return;
            }
        }
        if let Some(saving) = &self.keeping.saving {
            saving.payload(&uploader.target().body(batch.joined()));
        }
        tracing::info!(
            section = self.report.section,
            "sending {} records to oomnitza...",
            batch.len()
        );
        self.busy.extend(batch.keys());
        let number = self.keeping.bookmark.start();
        let upload = async move {
            let outcome = uploader.send(&batch).await;
            (number, batch.keys().to_vec(), outcome)
        };
        self.under_way.spawn(upload.in_current_span());
    }

    /// Writes down what became of a request that somebody looked at.
    fn shown(&mut self, shown: std::io::Result<()>, records: u64) {
        match shown {
            Ok(()) => {
                self.report.sent += records;
                self.counters.sent(records);
            }
            // Whoever looked has seen enough, which is no failure: `… --testmode | head`.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                self.report.is_interrupted = true;
                self.halt.ask();
            }
            Err(source) => self.fail(Error::File {
                what: "the records cannot be shown".to_owned(),
                source,
            }),
        }
    }

    /// Waits for one upload and writes down what became of it.
    async fn settle(&mut self) {
        match self.under_way.join_next().await {
            Some(Ok((number, keys, outcome))) => {
                for key in keys {
                    self.busy.remove(&key);
                }
                if outcome.failed.is_none() {
                    self.keeping.bookmark.settle(number);
                }
                self.count(outcome);
            }
            Some(Err(error)) => self.fail(Error::Bug(format!("an upload ended early: {error}"))),
            None => {}
        }
    }

    fn count(&mut self, outcome: Outcome) {
        self.report.sent += outcome.sent;
        self.counters.sent(outcome.sent);
        self.counters.left_out(outcome.rejected.len() as u64);
        for rejected in &outcome.rejected {
            self.reject(rejected);
        }
        if let Some((_, error)) = outcome.failed {
            self.fail(Error::Oomnitza(error));
        } else if self.report.sent == 0
            && let refused = self.report.notes.refused.total()
            && refused >= HOPELESS
            && let Some(last) = outcome.rejected.last()
        {
            self.fail(Error::AllRefused {
                count: refused,
                reason: last.reason.clone(),
            });
        }
    }

    fn reject(&mut self, rejected: &Rejected) {
        self.report.rejected += 1;
        self.report.notes.refused.add(rejected.reason.clone(), 1);
        tracing::info!(
            section = self.report.section,
            reason = rejected.reason,
            "Oomnitza refused a record"
        );
        self.keeping.rejects.keep(rejected, self.report);
    }

    /// The first failure is the one that is told.
    fn fail(&mut self, error: Error) {
        if self.report.error.is_none() {
            self.report.error = Some(error);
        }
        self.halt.ask();
    }
}
