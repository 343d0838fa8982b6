//! When something was logged, in this machine's time, and when a file's time is over.

use std::sync::OnceLock;
use std::time::SystemTime;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ZonedDateTime};

/// The machine's time zone, read once.
fn zone() -> TimeZone {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    ZONE.get_or_init(TimeZone::system).clone()
}

/// A moment as people of this place write it.
pub(super) fn local(time: Timestamp) -> ZonedDateTime {
    ZonedDateTime::new(time, zone())
}

/// The moment of a file's time stamp; one that is out of all reason is now.
pub(super) fn of(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or_else(|_| Timestamp::now())
}

/// When a file's time is over: Python's `when`, `interval` and `backupCount`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Schedule {
    unit: Unit,
    interval: u32,
    pub(super) kept: u32,
    is_utc: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// So many seconds after it began, and how its name is cut.
    Seconds(u32, &'static str),
    /// When a day ends.
    Day,
    /// When such a day ends; Monday is 0.
    Weekday(i8),
}

/// What the names of old files end with when whole days are kept.
const DAYS: &str = "%Y-%m-%d";

impl Schedule {
    /// One that is written like Python's; none where `when` is none of them.
    pub(super) fn read(when: &str, interval: u32, kept: u32, is_utc: bool) -> Option<Self> {
        let unit = match when.to_ascii_uppercase().as_str() {
            "S" => Unit::Seconds(1, "%Y-%m-%d_%H-%M-%S"),
            "M" => Unit::Seconds(60, "%Y-%m-%d_%H-%M"),
            "H" => Unit::Seconds(60 * 60, "%Y-%m-%d_%H"),
            "D" => Unit::Seconds(24 * 60 * 60, DAYS),
            "MIDNIGHT" => Unit::Day,
            weekday => {
                let day = weekday.strip_prefix('W')?.parse().ok()?;
                (0..=6).contains(&day).then_some(Unit::Weekday(day))?
            }
        };
        Some(Self {
            unit,
            interval: interval.max(1),
            kept,
            is_utc,
        })
    }

    /// When the time of a file is over that was last written to then.
    pub(super) fn end(&self, written: Timestamp) -> Timestamp {
        self.after(written).unwrap_or(Timestamp::MAX)
    }

    fn after(&self, written: Timestamp) -> Option<Timestamp> {
        let days = match self.unit {
            Unit::Seconds(seconds, _) => {
                let seconds = i64::from(seconds) * i64::from(self.interval);
                return written.checked_add(SignedDuration::from_secs(seconds)).ok();
            }
            Unit::Day => i64::from(self.interval),
            Unit::Weekday(day) => {
                let today = self.zoned(written).weekday().to_monday_zero_offset();
                i64::from((day - today).rem_euclid(7)) + 1
            }
        };
        let day = self.zoned(written).start_of_day().ok()?;
        let end = day.checked_add(Span::new().days(days)).ok()?;
        Some(end.timestamp())
    }

    /// What is put behind the name of a file whose time ended then.
    pub(super) fn suffix(&self, end: Timestamp) -> String {
        let (span, form) = match self.unit {
            Unit::Seconds(seconds, form) => (i64::from(seconds) * i64::from(self.interval), form),
            // Within the day that ended.
            Unit::Day | Unit::Weekday(_) => (1, DAYS),
        };
        let began = end.checked_sub(SignedDuration::from_secs(span)).unwrap_or(end);
        self.zoned(began).strftime(form).to_string()
    }

    fn zoned(&self, time: Timestamp) -> ZonedDateTime {
        if self.is_utc {
            ZonedDateTime::new(time, TimeZone::UTC)
        } else {
            local(time)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_end_when_python_s_do() {
        // A Wednesday.
        let written: Timestamp = "2026-11-25T14:20:05Z".parse().unwrap();
        for (when, interval, end, suffix) in [
            ("S", 5, "2026-11-25T14:20:10Z", "2026-11-25_14-20-05"),
            ("m", 1, "2026-11-25T14:21:05Z", "2026-11-25_14-20"),
            ("H", 6, "2026-11-25T20:20:05Z", "2026-11-25_14"),
            ("D", 1, "2026-11-26T14:20:05Z", "2026-11-25"),
            ("midnight", 1, "2026-11-26T00:00:00Z", "2026-11-25"),
            ("W2", 1, "2026-11-26T00:00:00Z", "2026-11-25"),
            ("W0", 1, "2026-12-01T00:00:00Z", "2026-11-30"),
            ("W6", 1, "2026-11-30T00:00:00Z", "2026-11-29"),
        ] {
            let schedule = Schedule::read(when, interval, 3, true).unwrap();
            let found = schedule.end(written);
            assert_eq!(
                (found.to_string().as_str(), schedule.suffix(found).as_str()),
                (end, suffix),
                "{when}"
            );
        }
        for when in ["", "W", "W7", "W-1", "fortnight"] {
            assert_eq!(Schedule::read(when, 1, 1, true), None, "{when}");
        }
    }
}
