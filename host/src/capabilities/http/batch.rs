//! Requests that a guest hands over together.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::sync::Semaphore;

/// Requests that a guest hands over together. When the source goes on asking for less until one of them is given up, the rest is not sent:
/// each would be repeated as often.
#[derive(Debug)]
pub(super) struct Batch {
    /// Requests under way at once, those included that wait because the source asked for it.
    pub(super) permits: Semaphore,
    /// How long the source asked to wait when one was given up.
    pub(super) given_up: OnceLock<Duration>,
}

impl Batch {
    /// A batch with so many requests under way at once.
    pub(super) fn of(parallel: usize) -> Self {
        Self {
            permits: Semaphore::new(parallel),
            given_up: OnceLock::new(),
        }
    }

    /// One was given up although the source, where this is some, said how long to wait. The first one stays.
    pub(super) fn give_up(&self, wait: Option<Duration>) {
        if let Some(wait) = wait {
            _ = self.given_up.set(wait);
        }
    }
}
