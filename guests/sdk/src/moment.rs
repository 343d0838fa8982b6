//! Points in time, as sources write them: for comparing them, and for asking what changed since.

use std::fmt;
use std::time::Duration;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z. It is written as RFC 3339 writes it, in UTC: `2026-11-25T10:00:00.000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i64);

/// What a day has.
const DAY_SECONDS: i64 = 86_400;

impl Moment {
    /// The point in time so many seconds after 1970.
    pub fn of_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    /// Reads `2015-03-04T00:00:00Z`, `2018-05-17T10:05:09.125+08:00` (RFC 3339, `xs:dateTime`); a time without a zone is taken for UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.trim().split_once('T')?;
        let mut parts = date.splitn(3, '-').map(|part| number(part, 4));
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let zone_at = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
        let (time, zone) = rest.split_at(zone_at);
        let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let mut parts = time.splitn(3, ':').map(|part| number(part, 2));
        let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 24 || minute > 59 || second > 60 {
            return None;
        }
        let thousandths: String = fraction.chars().chain("00".chars()).take(3).collect();
        let seconds = days(year, month, day) * DAY_SECONDS + hour * 3_600 + minute * 60 + second - offset(zone)?;
        Some(Self(seconds * 1_000 + number(&thousandths, 3)?))
    }

    /// Seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// The point in time this much earlier.
    pub fn before(self, time: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, thousandths) = (self.seconds(), self.0.rem_euclid(1_000));
        let (year, month, day) = date(seconds.div_euclid(DAY_SECONDS));
        let clock = seconds.rem_euclid(DAY_SECONDS);
        let (hour, minute, second) = (clock / 3_600, clock / 60 % 60, clock % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{thousandths:03}Z"
        )
    }
}

/// Digits only, and no more than there should be.
fn number(text: &str, most: usize) -> Option<i64> {
    let is_number = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Seconds east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    let (sign, rest) = match zone.split_at_checked(1) {
        None | Some(("Z", "")) => return Some(0),
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        Some(_) => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    Some(sign * (number(hours, 2)? * 3_600 + number(minutes, 2)? * 60))
}

/// Days from 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day, so many days from 1970-01-01 (the same source).
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn points_in_time_compare_whatever_their_zone() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2015-03-04T00:00:00Z", Some(1_425_427_200_000)),
            ("2018-05-17T02:05:09.125Z", Some(1_526_522_709_125)),
            ("2018-05-17T10:05:09.125+08:00", Some(1_526_522_709_125)),
            ("2018-05-16T21:05:09.1-05:00", Some(1_526_522_709_100)),
            ("2000-02-29T12:00:00", Some(951_825_600_000)),
            ("2015-03-04", None),
            ("2015-13-04T00:00:00Z", None),
            ("2015-03-04T00:00:00X", None),
            ("2015-03-04T00:00:00+08", None),
            ("é015-03-04T00:00:00Z", None),
            ("T", None),
            ("", None),
        ] {
            assert_eq!(Moment::parse(text), expected.map(Moment), "{text}");
        }
    }

    #[test]
    fn points_in_time_are_written_in_utc_and_move_back() {
        for (milliseconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_825_600_007, "2000-02-29T12:00:00.007Z"),
            (1_526_522_709_125, "2018-05-17T02:05:09.125Z"),
        ] {
            assert_eq!(Moment(milliseconds).to_string(), text);
        }
        let moment = Moment::of_seconds(1_000);
        assert_eq!(moment.before(Duration::from_secs(1_001)).seconds(), -1);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(milliseconds in -62_167_219_200_000i64..253_402_300_800_000) {
            prop_assert_eq!(Moment::parse(&Moment(milliseconds).to_string()), Some(Moment(milliseconds)));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            _ = Moment::parse(&text);
        }
    }
}
