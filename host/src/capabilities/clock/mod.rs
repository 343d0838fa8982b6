//! `oomnitza:connector/clock`: the time, and waiting.
//!
//! Grants: every connector has it. Limits: a wait is at most [`LONGEST_WAIT`], and counts against the run's time on the clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wasmtime::component::{HasData, Linker};

use crate::contract::connector::oomnitza::connector::clock::{self, Host};

/// The longest a guest waits in one call: a rate limit's window, seldom longer than a quarter of an hour.
pub const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// The clock of one run.
#[derive(Debug, Default)]
pub struct ClockState {
    waited: Duration,
}

impl ClockState {
    /// How long the connector has waited so far.
    pub fn waited(&self) -> Duration {
        self.waited
    }
}

impl Host for &mut ClockState {
    async fn now(&mut self) -> wasmtime::Result<u64> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    async fn sleep(&mut self, milliseconds: u64) -> wasmtime::Result<u64> {
        let wait = Duration::from_millis(milliseconds).min(LONGEST_WAIT);
        tokio::time::sleep(wait).await;
        self.waited += wait;
        Ok(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Links the clock.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    get: fn(&mut T) -> &mut ClockState,
) -> wasmtime::Result<()> {
    struct View;
    impl HasData for View {
        type Data<'a> = &'a mut ClockState;
    }
    clock::add_to_linker::<T, View>(linker, get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_guest_that_would_wait_for_ever_waits_a_quarter_of_an_hour() {
        let mut state = ClockState::default();
        let waited = (&mut state).sleep(u64::MAX).await.unwrap();
        assert_eq!(waited, 900_000);
        assert_eq!(state.waited(), LONGEST_WAIT);
    }
}
