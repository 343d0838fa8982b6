//! Points in time as XML Schema writes them (`xs:dateTime`), for comparing them.

/// Milliseconds since 1970 of `2015-03-04T00:00:00Z`, `2018-05-17T10:05:09.125+08:00`; a time without a zone is taken for UTC.
pub(crate) fn milliseconds(text: &str) -> Option<i64> {
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
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset(zone)?;
    Some(seconds * 1_000 + number(&thousandths, 3)?)
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

#[cfg(test)]
mod tests {
    use super::milliseconds;

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
            assert_eq!(milliseconds(text), expected, "{text}");
        }
    }
}
