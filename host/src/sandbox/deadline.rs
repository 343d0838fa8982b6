//! Processor time, counted in ticks of the epoch clock that pass while a guest runs.

use std::time::Duration;

use super::error::Error;
use super::limits::{EPOCH_TICK, Limits};

/// The processor time that a store has left.
#[derive(Debug)]
pub(super) struct Deadline {
    call_ticks: u64,
    run_ticks: u64,
    call_cpu: Duration,
    run_cpu: Duration,
}

impl Deadline {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            call_ticks: ticks(limits.call_cpu),
            run_ticks: ticks(limits.run_cpu),
            call_cpu: limits.call_cpu,
            run_cpu: limits.run_cpu,
        }
    }

    /// A new call begins.
    pub(super) fn start_call(&mut self) {
        self.call_ticks = ticks(self.call_cpu);
    }

    /// A tick has passed while the guest ran.
    pub(super) fn tick(&mut self) -> Result<(), Error> {
        self.call_ticks = self.call_ticks.saturating_sub(1);
        self.run_ticks = self.run_ticks.saturating_sub(1);
        if self.run_ticks == 0 {
            Err(Error::OutOfTime {
                scope: "run",
                limit: self.run_cpu,
            })
        } else if self.call_ticks == 0 {
            Err(Error::OutOfTime {
                scope: "call",
                limit: self.call_cpu,
            })
        } else {
            Ok(())
        }
    }
}

fn ticks(time: Duration) -> u64 {
    // One more, because the first tick may come at once.
    u64::try_from(time.as_millis() / EPOCH_TICK.as_millis())
        .unwrap_or(u64::MAX)
        .saturating_add(1)
}
