//! Counts while a run is under way.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a run has done so far; read by whoever shows progress.
#[derive(Debug, Default)]
pub struct Counters {
    read: AtomicU64,
    sent: AtomicU64,
    left_out: AtomicU64,
}

impl Counters {
    pub(super) fn read(&self, records: u64) {
        self.read.fetch_add(records, Ordering::Relaxed);
    }

    pub(super) fn sent(&self, records: u64) {
        self.sent.fetch_add(records, Ordering::Relaxed);
    }

    pub(super) fn left_out(&self, records: u64) {
        self.left_out.fetch_add(records, Ordering::Relaxed);
    }

    /// Records read, sent, and left out for whatever reason.
    pub fn now(&self) -> (u64, u64, u64) {
        (
            self.read.load(Ordering::Relaxed),
            self.sent.load(Ordering::Relaxed),
            self.left_out.load(Ordering::Relaxed),
        )
    }
}
