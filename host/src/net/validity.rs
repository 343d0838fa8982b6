//! From when to when a certificate is valid (RFC 5280 section 4.1.2.5). Pure: bytes in, two times out.
//!
//! The certificate has been parsed by the TLS library before, which does not say its dates. So this reads no more than the way to them:
//!
//! ```text
//! Certificate    ::= SEQUENCE { tbsCertificate, … }
//! TBSCertificate ::= SEQUENCE { [0] version OPTIONAL, serialNumber, signature, issuer, validity, … }
//! Validity       ::= SEQUENCE { notBefore Time, notAfter Time }
//! Time           ::= CHOICE { UTCTime "YYMMDDhhmmssZ", GeneralizedTime "YYYYMMDDhhmmssZ" }
//! ```

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// Seconds since 1970-01-01T00:00:00Z, both of them still valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) not_before: u64,
    pub(super) not_after: u64,
}

impl Validity {
    /// That of a certificate (DER); none where it has no such dates.
    pub(super) fn of(certificate: &[u8]) -> Option<Self> {
        let (certificate, _) = element(SEQUENCE, certificate)?;
        let (mut rest, _) = element(SEQUENCE, certificate)?;
        if let Some((_, behind)) = element(VERSION, rest) {
            rest = behind;
        }
        for tag in [INTEGER, SEQUENCE, SEQUENCE] {
            (_, rest) = element(tag, rest)?;
        }
        let (validity, _) = element(SEQUENCE, rest)?;
        let (not_before, rest) = time(validity)?;
        let (not_after, rest) = time(rest)?;
        rest.is_empty().then_some(Self { not_before, not_after })
    }
}

/// The content of the element at hand, which must have this tag, and what follows it. Lengths are definite and below 64 KiB, as those of
/// certificates are.
fn element(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, content) = match *bytes {
        [first, length @ 0..=0x7f, ref content @ ..] if first == tag => (usize::from(length), content),
        [first, 0x81, length, ref content @ ..] if first == tag => (usize::from(length), content),
        [first, 0x82, high, low, ref content @ ..] if first == tag => {
            (usize::from(u16::from_be_bytes([high, low])), content)
        }
        _ => return None,
    };
    content.split_at_checked(length)
}

/// The time at hand, and what follows it.
fn time(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (century, text, rest) = match element(UTC_TIME, bytes) {
        // Two digits: from 1950 to 2049.
        Some((text, rest)) => (if text.first()? >= &b'5' { 1900 } else { 2000 }, text, rest),
        None => {
            let (text, rest) = element(GENERALIZED_TIME, bytes)?;
            (u64::from(pair(text)?) * 100, text.get(2..)?, rest)
        }
    };
    let (b'Z', digits) = text.split_last()? else {
        return None;
    };
    let [year, month, day, hour, minute, second] = *digits.chunks(2).map(pair).collect::<Option<Vec<_>>>()? else {
        return None;
    };
    let is_time = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 60;
    let days = days_since_1970(century + u64::from(year), u64::from(month), u64::from(day));
    // What was before 1970 is as good as 1970.
    let seconds = days.unwrap_or(0) * 86_400 + u64::from(hour) * 3_600 + u64::from(minute) * 60 + u64::from(second);
    is_time.then_some((seconds, rest))
}

/// The number that the first two bytes write.
fn pair(text: &[u8]) -> Option<u8> {
    match *text {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..] => Some((tens - b'0') * 10 + ones - b'0'),
        _ => None,
    }
}

/// In the Gregorian calendar, with years that begin in March, so that the leap day is the last.
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year.checked_sub(1)?, month + 9)
    };
    let before_year = year * 365 + year / 4 - year / 100 + year / 400;
    let before_month = (month * 153 + 2) / 5;
    // From the first of March of the year 0 to 1970 there are 719,468 days.
    (before_year + before_month + day - 1).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A certificate that is nothing but its dates.
    fn certificate(not_before: (u8, &str), not_after: (u8, &str)) -> Vec<u8> {
        let wrap = |tag: u8, content: &[u8]| [&[tag, content.len() as u8], content].concat();
        let dates = [not_before, not_after]
            .map(|(tag, text)| wrap(tag, text.as_bytes()))
            .concat();
        let parts = [
            wrap(VERSION, &[2, 1, 2]),
            wrap(INTEGER, &[1]),
            wrap(SEQUENCE, &[]),
            wrap(SEQUENCE, &[]),
            wrap(SEQUENCE, &dates),
        ];
        wrap(SEQUENCE, &wrap(SEQUENCE, &parts.concat()))
    }

    fn dates(not_before: (u8, &str), not_after: (u8, &str)) -> Option<(u64, u64)> {
        Validity::of(&certificate(not_before, not_after)).map(|validity| (validity.not_before, validity.not_after))
    }

    #[test]
    fn both_forms_of_a_date_are_read() {
        for (tag, text, seconds) in [
            (UTC_TIME, "700101000000Z", 0),
            (UTC_TIME, "500101000000Z", 0),
            (UTC_TIME, "000229120000Z", 951_825_600),
            (UTC_TIME, "491231235959Z", 2_524_607_999),
            (GENERALIZED_TIME, "20500101000000Z", 2_524_608_000),
            (GENERALIZED_TIME, "99991231235959Z", 253_402_300_799),
            (GENERALIZED_TIME, "21000301000000Z", 4_107_542_400),
        ] {
            assert_eq!(dates((tag, text), (tag, text)), Some((seconds, seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        let good = (UTC_TIME, "261124000000Z");
        for bad in [
            (UTC_TIME, ""),
            (UTC_TIME, "Z"),
            (UTC_TIME, "2611240000Z"),
            (UTC_TIME, "261124000000"),
            (UTC_TIME, "261324000000Z"),
            (UTC_TIME, "261124000060Z"),
            (UTC_TIME, "26112400000aZ"),
            (UTC_TIME, "261124000000+0100"),
            (GENERALIZED_TIME, "261124000000Z"),
            (INTEGER, "261124000000Z"),
        ] {
            assert_eq!(dates(good, bad), None, "{bad:?}");
            assert_eq!(dates(bad, good), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80), at in 0usize..60, with: u8) {
            _ = Validity::of(&bytes);
            let mut certificate = certificate((UTC_TIME, "261124000000Z"), (GENERALIZED_TIME, "20261124000000Z"));
            let at = at % certificate.len();
            certificate[at] = with;
            _ = Validity::of(&certificate);
        }
    }
}
