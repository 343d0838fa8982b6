//! Values between the library's types and the contract's. What is exact only as text stays exact: decimals, dates.

use tiberius::numeric::Numeric;
use tiberius::time::{Date, DateTime, SmallDateTime, Time};
use tiberius::{ColumnData, ColumnType, Query};

use crate::contract::connector::oomnitza::connector::sql::Value;

/// Days from 0001-01-01 to 1900-01-01, where `datetime` begins.
const DAYS_TO_1900: i64 = 693_595;

/// A value of a row.
pub(super) fn read(kind: ColumnType, data: ColumnData<'static>) -> Value {
    match data {
        ColumnData::U8(value) => value.map_or(Value::Null, |value| Value::Integer(value.into())),
        ColumnData::I16(value) => value.map_or(Value::Null, |value| Value::Integer(value.into())),
        ColumnData::I32(value) => value.map_or(Value::Null, |value| Value::Integer(value.into())),
        ColumnData::I64(value) => value.map_or(Value::Null, Value::Integer),
        ColumnData::F32(value) => value.map_or(Value::Null, |value| Value::Number(value.into())),
        // Amounts of money come from the library as numbers. They are exact up to 900,000,000,000; beyond, the last places are not.
        ColumnData::F64(Some(amount)) if matches!(kind, ColumnType::Money | ColumnType::Money4) => {
            Value::Text(format!("{amount:.4}"))
        }
        ColumnData::F64(value) => value.map_or(Value::Null, Value::Number),
        ColumnData::Bit(value) => value.map_or(Value::Null, Value::Boolean),
        ColumnData::String(value) => value.map_or(Value::Null, |text| Value::Text(text.into_owned())),
        ColumnData::Guid(value) => value.map_or(Value::Null, |guid| Value::Text(guid.hyphenated().to_string())),
        ColumnData::Binary(value) => value.map_or(Value::Null, |bytes| Value::Bytes(bytes.into_owned())),
        ColumnData::Numeric(value) => value.map_or(Value::Null, |number| Value::Text(decimal(number))),
        ColumnData::Xml(value) => value.map_or(Value::Null, |xml| Value::Text(xml.into_owned().into_string())),
        ColumnData::DateTime(value) => value.map_or(Value::Null, |value| Value::Text(datetime(value))),
        ColumnData::SmallDateTime(value) => value.map_or(Value::Null, |value| Value::Text(smalldatetime(value))),
        ColumnData::Date(value) => value.map_or(Value::Null, |value| Value::Text(date(days(value)))),
        ColumnData::Time(value) => value.map_or(Value::Null, |value| Value::Text(time(value))),
        ColumnData::DateTime2(value) => value.map_or(Value::Null, |value| {
            Value::Text(format!("{}T{}", date(days(value.date())), time(value.time())))
        }),
        ColumnData::DateTimeOffset(value) => value.map_or(Value::Null, |value| {
            let (moment, minutes) = (value.datetime2(), value.offset());
            Value::Text(with_offset(days(moment.date()), moment.time(), minutes.into()))
        }),
    }
}

/// Binds a parameter.
pub(super) fn bind(query: &mut Query<'static>, value: Value) {
    match value {
        Value::Null => query.bind(None::<String>),
        Value::Boolean(value) => query.bind(value),
        Value::Integer(value) => query.bind(value),
        Value::Number(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Bytes(value) => query.bind(value),
    }
}

/// How many bytes a value is long, for the limits. What is short counts as eight.
pub(super) fn bytes(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Null | Value::Boolean(_) | Value::Integer(_) | Value::Number(_) => 8,
    }
}

/// With as many decimal places as the column has: 1.50 stays 1.50.
fn decimal(number: Numeric) -> String {
    let places = usize::from(number.scale());
    let digits = format!("{:0>width$}", number.value().unsigned_abs(), width = places + 1);
    let sign = if number.value() < 0 { "-" } else { "" };
    match digits.split_at_checked(digits.len().saturating_sub(places)) {
        Some((whole, fraction)) if places > 0 => format!("{sign}{whole}.{fraction}"),
        _ => format!("{sign}{digits}"),
    }
}

fn days(date: Date) -> i64 {
    date.days().into()
}

/// A day, counted from 0001-01-01, as `YYYY-MM-DD`.
fn date(day: i64) -> String {
    // Counted from 0000-03-01, years end with their leap day (Howard Hinnant, "chrono-compatible low-level date algorithms").
    let day = day + 306;
    let (era, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Seconds of a day as `HH:MM:SS`.
fn clock(seconds: u64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// With as many places of a second as the column has.
fn time(time: Time) -> String {
    // The library takes no scale above 7.
    let places = usize::from(time.scale().min(7));
    let unit = 10_u64.pow(u32::from(time.scale().min(7)));
    let seconds = clock(time.increments() / unit);
    if places == 0 {
        seconds
    } else {
        format!("{seconds}.{:0places$}", time.increments() % unit)
    }
}

/// `datetime` counts three hundredths of a second; the server itself shows milliseconds.
fn datetime(value: DateTime) -> String {
    let parts = u64::from(value.seconds_fragments());
    let milliseconds = (parts % 300 * 10 + 1) / 3;
    let day = date(DAYS_TO_1900 + i64::from(value.days()));
    format!("{day}T{}.{milliseconds:03}", clock(parts / 300))
}

/// `smalldatetime` counts minutes.
fn smalldatetime(value: SmallDateTime) -> String {
    let day = date(DAYS_TO_1900 + i64::from(value.days()));
    format!("{day}T{}", clock(u64::from(value.seconds_fragments()) * 60))
}

/// On the wire it is UTC; it is shown where it was noted, with how far that is from UTC.
fn with_offset(day: i64, moment: Time, minutes: i64) -> String {
    const DAY: i64 = 86_400;
    let unit = 10_u64.pow(u32::from(moment.scale().min(7)));
    // A time of a day has less than 2^17 seconds.
    let seconds = i64::try_from(moment.increments() / unit).unwrap_or(DAY - 1) + minutes * 60;
    let day = day + seconds.div_euclid(DAY);
    let seconds = seconds.rem_euclid(DAY).unsigned_abs();
    let local = Time::new(seconds * unit + moment.increments() % unit, moment.scale());
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.unsigned_abs();
    format!(
        "{}T{}{sign}{:02}:{:02}",
        date(day),
        time(local),
        minutes / 60,
        minutes % 60
    )
}

#[cfg(test)]
mod tests {
    use tiberius::Uuid;
    use tiberius::time::{DateTime2, DateTimeOffset};

    use super::*;

    fn text(data: ColumnData<'static>) -> String {
        match read(ColumnType::Null, data) {
            Value::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn decimals_keep_every_place() {
        for (value, scale, written) in [
            (150, 2, "1.50"),
            (-5, 3, "-0.005"),
            (0, 2, "0.00"),
            (42, 0, "42"),
            (-42, 0, "-42"),
            (
                99_999_999_999_999_999_999_999_999_999_999_999_999_i128,
                38,
                "0.99999999999999999999999999999999999999",
            ),
            (
                99_999_999_999_999_999_999_999_999_999_999_999_999_i128,
                0,
                "99999999999999999999999999999999999999",
            ),
        ] {
            assert_eq!(
                text(ColumnData::Numeric(Some(Numeric::new_with_scale(value, scale)))),
                written
            );
        }
        assert!(matches!(
            read(ColumnType::Money, ColumnData::F64(Some(-1234.5))),
            Value::Text(text) if text == "-1234.5000"
        ));
    }

    #[test]
    fn dates_are_iso_8601() {
        for (day, written) in [
            (0, "0001-01-01"),
            (DAYS_TO_1900, "1900-01-01"),
            (730_178, "2000-02-29"),
            (730_179, "2000-03-01"),
            (738_885, "2024-01-01"),
            (3_652_058, "9999-12-31"),
        ] {
            assert_eq!(text(ColumnData::Date(Some(Date::new(day as u32)))), written);
        }
        let noon = 12 * 3_600 * 300;
        for (parts, written) in [
            (0, "1753-01-01T00:00:00.000"),
            (noon + 1, "1753-01-01T12:00:00.003"),
            (noon + 2, "1753-01-01T12:00:00.007"),
            (noon + 299, "1753-01-01T12:00:00.997"),
        ] {
            assert_eq!(text(ColumnData::DateTime(Some(DateTime::new(-53_690, parts)))), written);
        }
        assert_eq!(
            text(ColumnData::SmallDateTime(Some(SmallDateTime::new(45_290, 1_439)))),
            "2024-01-01T23:59:00"
        );
        assert_eq!(
            text(ColumnData::Time(Some(Time::new(864_000_000_000 - 1, 7)))),
            "23:59:59.9999999"
        );
        assert_eq!(text(ColumnData::Time(Some(Time::new(61, 0)))), "00:01:01");
        let midnight = DateTime2::new(Date::new(738_885), Time::new(5, 3));
        assert_eq!(text(ColumnData::DateTime2(Some(midnight))), "2024-01-01T00:00:00.005");
        for (minutes, written) in [
            (-330, "2023-12-31T18:30:00.005-05:30"),
            (120, "2024-01-01T02:00:00.005+02:00"),
            (0, "2024-01-01T00:00:00.005+00:00"),
        ] {
            let value = DateTimeOffset::new(midnight, minutes);
            assert_eq!(text(ColumnData::DateTimeOffset(Some(value))), written);
        }
    }

    #[test]
    fn a_guid_is_text_in_lower_case() {
        let guid = Uuid::parse_str("6F9619FF-8B86-D011-B42D-00C04FC964FF").unwrap();
        assert_eq!(
            text(ColumnData::Guid(Some(guid))),
            "6f9619ff-8b86-d011-b42d-00c04fc964ff"
        );
    }
}
