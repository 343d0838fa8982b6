//! The time zone of a section: how far its clocks are from UTC, and when that changes.
//!
//! Converters have no clock and no files, so the host reads the zone (from this machine's time zone data, or from the program's own where
//! it has none) and hands it to them as a table.

use jiff::Timestamp;
use jiff::tz::{Dst, TimeZone};

use super::suggest::nearest;

/// Until when the changes of a zone are listed: 2500-01-01T00:00:00Z. From 2100 on no zone has anything but a rule that repeats with the
/// calendar, which it does every 400 years, so this is enough for all time.
const END: i64 = 16_725_225_600;

/// A time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// What holds before the first change.
    pub first: Clock,
    /// Changes in the order of time: seconds since 1970, and what holds from then on.
    pub changes: Vec<(i64, Clock)>,
}

/// How a zone's clocks stand for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Seconds east of Greenwich.
    pub offset: i32,
    /// Whether it is the time that such zones have in summer only.
    pub is_summer: bool,
}

impl Zone {
    /// The zone of this name (`Europe/Zurich`), or this machine's own (`local`). UTC is none. What is wrong, and the remedy.
    pub(super) fn named(name: &str) -> Result<Option<Self>, (String, String)> {
        let zone = if name.eq_ignore_ascii_case("local") {
            TimeZone::try_system().map_err(|error| {
                let what = format!("this machine does not say which time zone it has: {error}");
                (what, "name it: `timezone = Europe/Zurich`".to_owned())
            })?
        } else {
            TimeZone::get(name).map_err(|_| {
                let known: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
                let remedy = match nearest(name, known.iter().map(String::as_str)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "write a name of the IANA time zone database, such as `Europe/Zurich`, or `local`; without the setting it is UTC".to_owned(),
                };
                (format!("there is no time zone `{name}`"), remedy)
            })?
        };
        Ok((zone != TimeZone::UTC).then(|| Self::of(&zone)))
    }

    fn of(zone: &TimeZone) -> Self {
        let clock = |offset, dst| Clock {
            offset,
            is_summer: dst == Dst::Yes,
        };
        let changes = zone
            .following(Timestamp::MIN)
            .map(|change| {
                let from = change.timestamp().as_second();
                (from, clock(change.offset().seconds(), change.dst()))
            })
            .take_while(|(from, _)| *from < END)
            .collect();
        let first = zone.to_offset_info(Timestamp::MIN);
        Self {
            first: clock(first.offset().seconds(), first.dst()),
            changes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(offset: i32, is_summer: bool) -> Clock {
        Clock { offset, is_summer }
    }

    #[test]
    fn a_zone_is_a_table_of_its_changes() {
        let zone = Zone::named("europe/zurich").unwrap().unwrap();
        // Local mean time, then, of 2024: summer from 31 March 01:00 UTC, winter from 27 October 01:00 UTC.
        assert_eq!(zone.first, clock(2_048, false));
        for change in [
            (1_711_846_800, clock(7_200, true)),
            (1_729_990_800, clock(3_600, false)),
        ] {
            assert!(zone.changes.contains(&change), "{change:?}");
        }
        assert!(zone.changes.is_sorted_by_key(|(from, _)| *from));
        assert!((900..1_500).contains(&zone.changes.len()), "{}", zone.changes.len());
        assert!(zone.changes.last().is_some_and(|(from, _)| *from > END - 366 * 86_400));
        assert_eq!(Zone::named("Etc/GMT+5").unwrap().unwrap().changes, []);
        assert_eq!((Zone::named("UTC"), Zone::named("utc")), (Ok(None), Ok(None)));
    }

    #[test]
    fn a_zone_that_does_not_exist_is_told_with_the_one_that_may_be_meant() {
        let (what, remedy) = Zone::named("Europe/Zürich").unwrap_err();
        assert_eq!(what, "there is no time zone `Europe/Zürich`");
        assert_eq!(remedy, "did you mean `Europe/Zurich`?");
        let (_, remedy) = Zone::named("the moon's").unwrap_err();
        assert_eq!(
            remedy,
            "write a name of the IANA time zone database, such as `Europe/Zurich`, or `local`; without the setting it is UTC"
        );
        for odd in ["", "../../etc/passwd", "/etc/passwd", "a\0b", "EST5EDT,M3.2.0"] {
            assert!(Zone::named(odd).is_err(), "{odd:?}");
        }
    }
}
