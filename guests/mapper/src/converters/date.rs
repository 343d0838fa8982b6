//! `date_format`: `YYYY-MM-DD`, also with a time after `T` or a blank, to seconds since 1970; and so do the times of directories,
//! `20261123192720.0Z` (RFC 4517 section 3.3.13) and intervals of 100 ns since 1601 (FILETIME, MS-DTYP section 2.3.3).

use super::zone::Zone;

/// Seconds from 1601-01-01 to 1970-01-01.
const SINCE_1601: i64 = 11_644_473_600;

/// Whether it is how Active Directory says that something never happened, or never will.
pub(super) fn is_never(text: &str) -> bool {
    matches!(text, "0" | "9223372036854775807")
}

/// Seconds since 1970-01-01T00:00:00Z of a date in this zone, unless it names its own.
pub(super) fn epoch_seconds(text: &str, zone: &Zone) -> Option<i64> {
    if let Some(seconds) = filetime(text) {
        return Some(seconds);
    }
    if let Some(text) = dashed(text) {
        return epoch_seconds(&text, zone);
    }
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (
        number(parts.next()?, 4)?,
        number(parts.next()?, 2)?,
        number(parts.next()?, 2)?,
    );
    if !(1..=12).contains(&month) || day < 1 || day > days_of_month(year, month) {
        return None;
    }
    let (seconds, offset) = time.map_or(Some((0, None)), seconds_of_day)?;
    let shown = days_since_1970(year, month, day) * 86_400 + seconds;
    Some(match offset {
        Some(offset) => shown - offset,
        None => zone.seconds(shown),
    })
}

/// Seconds since 1970 of intervals since 1601. They have 17 or 18 digits from 1632 to 4769; what is shorter is no such time.
fn filetime(text: &str) -> Option<i64> {
    let is_one = matches!(text.len(), 17 | 18) && text.bytes().all(|byte| byte.is_ascii_digit());
    let intervals: i64 = is_one.then(|| text.parse().ok())??;
    Some(intervals / 10_000_000 - SINCE_1601)
}

/// `2026-11-23T19:27:20.0Z` of `20261123192720.0Z`.
fn dashed(text: &str) -> Option<String> {
    let (digits, zone) = text.split_at_checked(14)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !zone.starts_with(['.', ',', 'Z', '+', '-']) {
        return None;
    }
    let mut dashed = String::new();
    for (place, digit) in digits.chars().enumerate() {
        dashed.extend(match place {
            4 | 6 => Some('-'),
            8 => Some('T'),
            10 | 12 => Some(':'),
            _ => None,
        });
        dashed.push(digit);
    }
    Some(dashed + &zone.replace(',', "."))
}

/// `HH:MM`, `HH:MM:SS`, with a fraction that is cut, and with `Z` or an offset at the end: seconds of the day, and seconds east of
/// Greenwich where that is said.
fn seconds_of_day(time: &str) -> Option<(i64, Option<i64>)> {
    let time = time.trim();
    let (clock, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => time.split_at_checked(at)?,
        None => (time, ""),
    };
    let clock = clock.split('.').next()?.trim_end();
    let mut parts = clock.splitn(3, ':');
    let (hours, minutes) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let seconds = parts.next().map_or(Some(0), |seconds| number(seconds, 2))?;
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let offset = match offset {
        "" => None,
        "Z" | "z" => Some(0),
        offset => {
            let (sign, digits) = offset.split_at_checked(1)?;
            let digits: String = digits.chars().filter(|character| *character != ':').collect();
            let (hours, minutes) = (
                number(digits.get(..2)?, 2)?,
                number(digits.get(2..4).unwrap_or("00"), 2)?,
            );
            let seconds = hours * 3_600 + minutes * 60;
            Some(if sign == "-" { -seconds } else { seconds })
        }
    };
    Some((hours * 3_600 + minutes * 60 + seconds, offset))
}

fn number(text: &str, digits: usize) -> Option<i64> {
    (!text.is_empty() && text.len() <= digits && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the proleptic Gregorian calendar, counted in years that begin in March.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_seconds() {
        for (text, seconds) in [
            ("1970-01-01", Some(0)),
            ("2026-11-24", Some(1_795_478_400)),
            ("2000-02-29 12:30:15", Some(951_827_415)),
            ("2016-04-14T16:35:52Z", Some(1_460_651_752)),
            ("2016-04-14T16:35:52.123+0200", Some(1_460_644_552)),
            ("2016-04-14T16:35:52-05:30", Some(1_460_671_552)),
            ("1969-12-31", Some(-86_400)),
            ("2015-2-3", Some(1_422_921_600)),
            ("2001-02-29", None),
            ("2001-13-01", None),
            ("24.11.2026", None),
            ("2026-11-24T25:00", None),
            ("2026-11-24Tnoon", None),
            ("20261124000000.0Z", Some(1_795_478_400)),
            ("20261124013000,5+0130", Some(1_795_478_400)),
            ("20261124000000", None),
            ("20261324000000Z", None),
            ("134399520000000000", Some(1_795_478_400)),
            ("1795478400", None),
            ("soon", None),
            ("", None),
            ("-1-1-1", None),
            ("9999999-01-01", None),
        ] {
            assert_eq!(epoch_seconds(text, &Zone::new(None)), seconds, "{text}");
        }
    }
}
