//! Values as text.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::name::Name;

/// What stands for a value that is not text.
const BINARY: &str = "*BINARY*";

/// Attributes whose values are binary even when they happen to look like text.
const BINARY_ATTRIBUTES: [&str; 6] = [
    "thumbnailPhoto",
    "jpegPhoto",
    "photo",
    "userCertificate",
    "cACertificate",
    "nTSecurityDescriptor",
];

/// Attributes whose values are GUIDs (MS-DTYP section 2.3.4.2).
const GUIDS: [&str; 5] = [
    "objectGUID",
    "parentGUID",
    "mS-DS-ConsistencyGuid",
    "msExchMailboxGuid",
    "msExchArchiveGUID",
];

/// Attributes whose values are security identifiers (MS-DTYP section 2.4.2.2).
const SIDS: [&str; 4] = [
    "objectSid",
    "sIDHistory",
    "securityIdentifier",
    "msExchMasterAccountSid",
];

/// What the values of an attribute are. It is told by the attribute: sixteen random bytes may well look like text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Guid,
    Sid,
    Binary,
    Text,
}

impl Kind {
    pub(crate) fn of(attribute: Name<'_>) -> Self {
        let (name, options) = attribute.plain.split_once(';').unwrap_or((attribute.plain, ""));
        let is_one_of = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        if is_one_of(&GUIDS) {
            Self::Guid
        } else if is_one_of(&SIDS) {
            Self::Sid
        } else if is_one_of(&BINARY_ATTRIBUTES)
            || options.split(';').any(|option| option.eq_ignore_ascii_case("binary"))
        {
            Self::Binary
        } else {
            Self::Text
        }
    }

    /// A value as text.
    pub(crate) fn text(self, value: &[u8]) -> Cow<'_, str> {
        let text = match self {
            Self::Guid => guid(value).map(Cow::from),
            Self::Sid => sid(value).map(Cow::from),
            Self::Binary => None,
            Self::Text => std::str::from_utf8(value).ok().map(Cow::from),
        };
        text.unwrap_or(Cow::from(BINARY))
    }
}

/// `51542896-30e7-432a-b728-41bfdba59672`: the first three groups have their least byte first.
fn guid(bytes: &[u8]) -> Option<String> {
    let [a, b, c, d, e, f, g, h, rest @ ..] = <[u8; 16]>::try_from(bytes).ok()?;
    let mut text = format!(
        "{:08x}-{:04x}-{:04x}-",
        u32::from_le_bytes([a, b, c, d]),
        u16::from_le_bytes([e, f]),
        u16::from_le_bytes([g, h])
    );
    for (index, byte) in rest.iter().enumerate() {
        // Writing into memory does not fail.
        _ = write!(text, "{}{byte:02x}", if index == 2 { "-" } else { "" });
    }
    Some(text)
}

/// `S-1-5-21-1004336348-1177238915-682003330-512`: revision, how many parts, the authority with its greatest byte first, and the parts with
/// their least byte first.
fn sid(bytes: &[u8]) -> Option<String> {
    let (&[revision, count, a, b, c, d, e, f], parts) = bytes.split_first_chunk()?;
    if revision != 1 || parts.len() != usize::from(count) * 4 {
        return None;
    }
    let mut text = format!("S-1-{}", u64::from_be_bytes([0, 0, a, b, c, d, e, f]));
    for part in parts.chunks_exact(4) {
        let part = part
            .iter()
            .rev()
            .fold(0u32, |number, byte| number << 8 | u32::from(*byte));
        _ = write!(text, "-{part}");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(attribute: &str, value: &[u8]) -> String {
        Kind::of(Name::of(attribute)).text(value).into_owned()
    }

    #[test]
    fn guids_and_sids_are_written_as_windows_writes_them() {
        let guid = [
            0x96, 0x28, 0x54, 0x51, 0xe7, 0x30, 0x2a, 0x43, 0xb7, 0x28, 0x41, 0xbf, 0xdb, 0xa5, 0x96, 0x72,
        ];
        assert_eq!(of("OBJECTGUID", &guid), "51542896-30e7-432a-b728-41bfdba59672");
        assert_eq!(of("objectGUID", &guid[1..]), BINARY);
        // A domain's group of administrators.
        let sid = [
            1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 0xdc, 0xf4, 0xdc, 0x3b, 0x83, 0x3d, 0x2b, 0x46, 0x82, 0x8b, 0xa6,
            0x28, 0, 2, 0, 0,
        ];
        assert_eq!(of("objectSid", &sid), "S-1-5-21-1004336348-1177238915-682003330-512");
        assert_eq!(of("sIDHistory", &[1, 0, 0, 0, 0, 0, 0, 5]), "S-1-5");
        for wrong in [&sid[..27], &[2, 0, 0, 0, 0, 0, 0, 5], b"1", b""] {
            assert_eq!(of("objectSid", wrong), BINARY);
        }
    }

    #[test]
    fn the_rest_is_text_where_it_can_be() {
        for (attribute, value, expected) in [
            ("cn", &b"a"[..], "a"),
            ("cn;lang-de", b"a", "a"),
            ("cn", b"\xff\xfe", BINARY),
            ("jpegPhoto", b"text", BINARY),
            ("userSMIMECertificate;Binary", b"text", BINARY),
            ("whenCreated", b"20261123192720.0Z", "20261123192720.0Z"),
            ("accountExpires", b"9223372036854775807", "9223372036854775807"),
        ] {
            assert_eq!(of(attribute, value), expected, "{attribute}");
        }
    }
}
