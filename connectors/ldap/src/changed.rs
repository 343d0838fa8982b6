//! What has changed since the last run: `whenChanged` of Active Directory, `modifyTimestamp` of every other directory (RFC 4512 section
//! 3.4.4).
//!
//! A cursor is a comparison, `whenChanged>=20261123192720.0Z`. It is an hour older than the newest change that was seen, and than the
//! beginning of the run: clocks differ, an entry may change behind the reader's back, and another domain controller may learn of a change
//! later than its time says. What is read twice for that is sent twice, which changes nothing.

use std::time::Duration;

use oomnitza_sdk::ldap::Entry;
use oomnitza_sdk::{Error, Moment, Result};

/// Where the time of the last change stands, and how its zone is written. Active Directory has both, and can compare the first.
const ATTRIBUTES: [(&str, &str); 2] = [("whenChanged", ".0Z"), ("modifyTimestamp", "Z")];

/// How far a run looks back behind where the last one ended: as long as domain controllers of other places may take to learn of a change.
const OVERLAP: Duration = Duration::from_secs(60 * 60);

/// Adds what is to be asked for besides the mapped attributes.
pub(crate) fn ask(names: &mut Vec<String>) {
    for (attribute, _) in ATTRIBUTES {
        if !names.iter().any(|name| name.eq_ignore_ascii_case(attribute)) {
            names.push(attribute.to_owned());
        }
    }
}

/// The section's filter, for what has changed only.
pub(crate) fn filter(filter: &str, cursor: &str) -> Result<String> {
    let is_known = |name: &str| ATTRIBUTES.iter().any(|(known, _)| *known == name);
    if !cursor
        .split_once(">=")
        .is_some_and(|(name, time)| is_known(name) && digits(time.as_bytes()).and_then(moment).is_some())
    {
        return Err(Error::StaleCursor(format!(
            "`{cursor}` is no point in time of a directory"
        )));
    }
    let filter = filter.trim();
    Ok(if filter.starts_with('(') {
        format!("(&{filter}({cursor}))")
    } else {
        format!("(&({filter})({cursor}))")
    })
}

/// The newest change of a run.
pub(crate) struct Changed {
    /// When the run began.
    start: Moment,
    newest: [Option<Digits>; 2],
}

impl Changed {
    /// From the beginning of a run, milliseconds since 1970.
    pub(crate) fn from(start: u64) -> Self {
        Self {
            start: Moment::of_seconds(i64::try_from(start / 1_000).unwrap_or(i64::MAX)),
            newest: [None; 2],
        }
    }

    pub(crate) fn saw(&mut self, entry: &Entry) {
        for attribute in &entry.attributes {
            let known = ATTRIBUTES.iter().zip(&mut self.newest);
            for (_, newest) in known.filter(|((name, _), _)| attribute.name.eq_ignore_ascii_case(name)) {
                let time = attribute.values.first().and_then(|value| digits(value));
                if time > *newest && time.and_then(moment).is_some() {
                    *newest = time;
                }
            }
        }
    }

    /// Where a later run goes on; none where nothing was seen, and none the second time.
    pub(crate) fn cursor(&mut self) -> Option<String> {
        let newest = std::mem::take(&mut self.newest);
        let mut seen = newest.into_iter().zip(ATTRIBUTES);
        let (newest, (name, zone)) = seen.find_map(|(newest, attribute)| Some((newest?, attribute)))?;
        let time = moment(newest)?.min(self.start).before(OVERLAP).to_string();
        let digits = time.chars().filter(char::is_ascii_digit).take(DIGITS);
        Some(format!("{name}>={}{zone}", digits.collect::<String>()))
    }
}

/// From the year to the second.
const DIGITS: usize = 14;

/// A time as its digits, which compare as times do: it is read for every entry, and a moment is made of the few that are the newest yet.
type Digits = [u8; DIGITS];

/// Reads a `GeneralizedTime` in UTC (RFC 4517 section 3.3.13): `20261123192720.0Z`. Directories write no other zone.
fn digits(time: &[u8]) -> Option<Digits> {
    let (digits, rest) = time.strip_suffix(b"Z")?.split_first_chunk::<DIGITS>()?;
    let fraction = match rest {
        [b'.' | b',', fraction @ ..] => fraction,
        rest => rest.is_empty().then_some(rest)?,
    };
    let is_number = digits.iter().chain(fraction).all(u8::is_ascii_digit);
    is_number.then_some(*digits)
}

/// None where it is no time: `20261323192720Z`.
fn moment(digits: Digits) -> Option<Moment> {
    let mut text = String::new();
    for (digit, sign) in digits.into_iter().zip("    - - T : : ".chars()) {
        text.extend(Some(sign).filter(|sign| *sign != ' '));
        text.push(char::from(digit));
    }
    Moment::parse(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_directories_are_read() {
        for (time, expected) in [
            ("19700101000000Z", Some(0)),
            ("20261123192720.0Z", Some(1_795_462_040)),
            ("20000229120000,5Z", Some(951_825_600)),
            ("20261123192720.0+0100", None),
            ("202611231927Z", None),
            ("20261123192720", None),
            ("20261123192720.x", None),
            ("20261123192720.xZ", None),
            ("20261123192720-0Z", None),
            ("20261323192720Z", None),
            ("20261100192720Z", None),
            ("20261132192720Z", None),
            ("20261123252720Z", None),
            ("20261123196020Z", None),
            ("20261123192761Z", None),
            ("20261123192760Z", Some(1_795_462_080)),
            ("202611231927\u{661}Z", None),
            ("Z", None),
            ("", None),
        ] {
            let moment = digits(time.as_bytes()).and_then(moment);
            assert_eq!(moment.map(Moment::seconds), expected, "{time}");
        }
    }

    #[test]
    fn a_filter_is_narrowed_and_a_cursor_that_is_none_is_refused() {
        let cursor = "whenChanged>=20261123192720.0Z";
        let expected = format!("(&(uid=*)({cursor}))");
        assert_eq!(filter("(uid=*)", cursor).unwrap(), expected);
        assert_eq!(filter(" uid=*\n", cursor).unwrap(), expected);
        for cursor in [
            "",
            "whenChanged>=now",
            "userPassword>=20261123192720.0Z",
            "whenChanged>=20261123192720.0Z)(cn=*",
        ] {
            assert!(
                matches!(filter("(uid=*)", cursor), Err(Error::StaleCursor(_))),
                "{cursor}"
            );
        }
    }
}
