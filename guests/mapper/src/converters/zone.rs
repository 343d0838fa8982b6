//! A time zone as the plan brings it, and the points in time that its clocks show.
//!
//! A time of day that comes twice (when clocks are put back) or never (when they are put forward) means what C's `mktime` makes of it where
//! nobody says whether it is summer time, in a program that has not asked before: glibc starts with the time as if it were UTC, and corrects
//! it by what the zone's clocks show there until they show the time that was asked for. So did the old program, by way of Python's
//! `time.mktime`.

use crate::bindings::exports::oomnitza::connector::mapping as wit;

/// 2500-01-01T00:00:00Z, until when changes are listed, and the years after which they repeat, in seconds.
const END: i64 = 16_725_225_600;
const CYCLE: i64 = 146_097 * 86_400;

/// Corrections after which glibc gives up. A zone that needs more does not exist.
const MOST_CORRECTIONS: u32 = 6;

/// A time zone.
pub(crate) struct Zone {
    first: Clock,
    changes: Vec<(i64, Clock)>,
}

/// How the clocks stand for a time: seconds east of Greenwich, and whether it is summer time.
type Clock = (i64, bool);

impl Zone {
    /// UTC where the plan has none.
    pub(crate) fn new(zone: Option<&wit::Zone>) -> Self {
        let clock = |clock: &wit::Clock| (i64::from(clock.offset), clock.is_summer);
        match zone {
            None => Self {
                first: (0, false),
                changes: Vec::new(),
            },
            Some(zone) => Self {
                first: clock(&zone.first),
                changes: zone.changes.iter().map(|(from, to)| (*from, clock(to))).collect(),
            },
        }
    }

    /// When the clocks show what they show in Greenwich `shown` seconds after 1970.
    pub(crate) fn seconds(&self, shown: i64) -> i64 {
        let cycles = ((shown - END).max(0) + CYCLE - 1) / CYCLE;
        let shown = shown - cycles * CYCLE;
        let (mut time, mut before, mut two_before, mut was_summer) = (shown, shown, shown, false);
        for _ in 0..MOST_CORRECTIONS {
            let (offset, is_summer) = self.clock(time);
            let error = shown - offset - time;
            // Back and forth between two times: the clocks never show this one. Summer time is taken if there is a choice.
            let is_skipped = time == before && time != two_before && was_summer <= is_summer;
            if error == 0 || is_skipped {
                break;
            }
            (before, two_before, was_summer) = (two_before, time, is_summer);
            time += error;
        }
        time + cycles * CYCLE
    }

    fn clock(&self, time: i64) -> Clock {
        let later = self.changes.partition_point(|(from, _)| *from <= time);
        let last = later.checked_sub(1).and_then(|last| self.changes.get(last));
        last.map_or(self.first, |(_, clock)| *clock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600;

    /// Clocks are put forward by an hour at a million, and back at two million.
    fn zone(winter: i64) -> Zone {
        Zone {
            first: (winter, false),
            changes: vec![(1_000_000, (winter + HOUR, true)), (2_000_000, (winter, false))],
        }
    }

    #[test]
    fn clocks_are_read_and_times_that_come_never_or_twice_mean_something() {
        for (winter, twice) in [(HOUR, 2_000_000 + 600), (-5 * HOUR, 2_000_000 + 600 - HOUR)] {
            let zone = zone(winter);
            for (shown, seconds) in [
                (winter, 0),
                (999_999 + winter, 999_999),
                (1_000_000 + winter + HOUR, 1_000_000),
                // Never: as if the clocks had not been put forward.
                (1_000_000 + winter + 600, 1_000_600),
                // Twice: east of Greenwich it is the second time, west of it the first.
                (2_000_000 + winter + 600, twice),
                (2_000_000 + winter + HOUR, 2_000_000 + HOUR),
            ] {
                assert_eq!(zone.seconds(shown), seconds, "{winter} {shown}");
            }
        }
    }

    #[test]
    fn what_is_listed_repeats_when_the_list_ends() {
        let mut zone = zone(HOUR);
        zone.changes = zone
            .changes
            .iter()
            .map(|(from, clock)| (END - CYCLE + from, *clock))
            .collect();
        let summer = END - CYCLE + 1_500_000;
        assert_eq!(zone.seconds(summer), summer - 2 * HOUR);
        for cycles in 1..20 {
            let later = cycles * CYCLE;
            assert_eq!(zone.seconds(summer + later), summer + later - 2 * HOUR, "{cycles}");
        }
    }

    #[test]
    fn no_table_keeps_it_busy() {
        let zone = Zone {
            first: (HOUR, false),
            changes: (0..100).map(|step| (step, (step % 7 * 5, step % 2 == 0))).collect(),
        };
        for shown in [i64::from(i32::MIN), -1, 0, 20, 50, 99, 253_402_300_799] {
            _ = zone.seconds(shown);
        }
    }
}
