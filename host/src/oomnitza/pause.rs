//! One pause for everybody: when Oomnitza asks for less, no section goes on asking.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Until when nothing is sent.
#[derive(Debug, Default)]
pub(super) struct Pause(Mutex<Option<Instant>>);

impl Pause {
    /// Nothing is sent for so long; a pause that lasts longer stays.
    pub(super) fn extend(&self, wait: Duration) {
        let Some(until) = Instant::now().checked_add(wait) else {
            return;
        };
        let mut pause = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *pause = Some(pause.map_or(until, |current| current.max(until)));
    }

    /// Waits until the pause is over. Those who wait go on spread over a tenth of a second, not all at once.
    pub(super) async fn over(&self) {
        loop {
            let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match until {
                Some(until) if until > Instant::now() => {
                    tokio::time::sleep_until(until + Duration::from_millis(fastrand::u64(0..100))).await;
                }
                _ => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn everybody_waits_for_the_longest_pause() {
        let pause = Pause::default();
        let start = Instant::now();
        pause.over().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        pause.extend(Duration::from_secs(5));
        pause.extend(Duration::from_secs(1));
        pause.over().await;
        assert!(start.elapsed() >= Duration::from_secs(5) && start.elapsed() < Duration::from_secs(6));
    }
}
