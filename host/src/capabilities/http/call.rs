//! How long a guest's call may wait.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What of a call's time is no time to wait: the requests after the last wait need some as well. A fifteenth is a minute of a quarter of an
/// hour.
const MARGIN: u32 = 15;

/// The guest's call under way. A call that outlasts its time is ended as a defect of the connector, which a source that asks for
/// patience is not: waiting ends before, and the guest gets what the source said last.
#[derive(Debug)]
pub(super) struct Call(Mutex<State>);

#[derive(Debug)]
struct State {
    /// When it began; none between calls.
    began: Option<Instant>,
    /// How long it may wait.
    time: Duration,
}

impl Default for Call {
    /// No call yet: nothing bounds what is waited for.
    fn default() -> Self {
        Self(Mutex::new(State {
            began: None,
            time: Duration::MAX,
        }))
    }
}

impl Call {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call begins that may take so long.
    pub(super) fn begin(&self, time: Duration) {
        *self.state() = State {
            began: Some(Instant::now()),
            time: time - time / MARGIN,
        };
    }

    /// It has ended. The next one may take as long.
    pub(super) fn end(&self) {
        self.state().began = None;
    }

    /// Whether so long a wait ends in time.
    pub(super) fn allows(&self, wait: Duration) -> bool {
        let state = self.state();
        let elapsed = state.began.map_or(Duration::ZERO, |began| began.elapsed());
        elapsed.saturating_add(wait) <= state.time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_waits_of_a_call_end_a_minute_before_its_quarter_of_an_hour() {
        let seconds = Duration::from_secs;
        let call = Call::default();
        assert!(call.allows(seconds(86_400)), "nothing bounds it");
        call.begin(seconds(900));
        for allowed in [true, true, false] {
            assert_eq!(call.allows(seconds(310)), allowed);
            tokio::time::advance(seconds(310)).await;
        }
        assert!(!call.allows(Duration::ZERO));
        call.end();
        assert!(
            call.allows(seconds(840)) && !call.allows(seconds(841)),
            "the next one's"
        );
        call.begin(seconds(900));
        assert!(call.allows(seconds(840)), "each has its own");
    }
}
