//! Names of attributes with their options (RFC 4512 section 2.5), of which Active Directory's ranges are one (MS-ADTS section 3.1.1.3.1.3.3).

/// An attribute's name, and which part of its values stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name<'a> {
    /// Without a range: `member`, `userCertificate;binary`.
    pub(crate) plain: &'a str,
    pub(crate) range: Option<Range>,
}

/// Which part of an attribute's values this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    /// The number of its first value.
    pub(crate) first: u32,
    /// The number of its last value; none when no more follow.
    pub(crate) last: Option<u32>,
}

impl<'a> Name<'a> {
    pub(crate) fn of(name: &'a str) -> Self {
        let parsed = name.rsplit_once(';').and_then(|(plain, option)| {
            let (key, range) = option.split_once('=')?;
            let (first, last) = range.split_once('-').filter(|_| key.eq_ignore_ascii_case("range"))?;
            let range = Range {
                first: first.parse().ok()?,
                last: match last {
                    "*" => None,
                    number => Some(number.parse().ok()?),
                },
            };
            Some(Self {
                plain,
                range: Some(range),
            })
        });
        parsed.unwrap_or(Self {
            plain: name,
            range: None,
        })
    }

    /// Whether both are of the same attribute, whatever parts of it.
    pub(crate) fn is(&self, other: &str) -> bool {
        self.plain.eq_ignore_ascii_case(Name::of(other).plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_told_from_other_options() {
        let range = |first, last| Some(Range { first, last });
        for (name, plain, expected) in [
            ("member", "member", None),
            ("member;range=0-1499", "member", range(0, Some(1_499))),
            ("member;Range=1500-*", "member", range(1_500, None)),
            (
                "userCertificate;binary;range=0-*",
                "userCertificate;binary",
                range(0, None),
            ),
            ("cn;lang-de", "cn;lang-de", None),
            ("member;range=a-9", "member;range=a-9", None),
            ("member;range=0-99999999999", "member;range=0-99999999999", None),
            ("member;range=0", "member;range=0", None),
            ("", "", None),
        ] {
            assert_eq!(Name::of(name), Name { plain, range: expected }, "{name}");
        }
        assert!(Name::of("MEMBER;range=0-9").is("member;range=10-*"));
        assert!(!Name::of("member").is("memberOf"));
    }
}
