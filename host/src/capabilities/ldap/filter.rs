//! Filters (RFC 4515), judged before the parser sees them. Pure.
//!
//! The parser recurses: 20,000 times `(!`, 100 KB, end the process. And it knows no blanks between the parts of a
//! filter, which other clients pass over and which stand in ini files that have worked for years; so they are taken out
//! here.

use lber::structures::Tag;

use super::attributes;
use super::error::Error;
use super::limits::Limits;
use crate::redact::clean;

/// Bytes of a filter that are shown of one that cannot be used.
const SHOWN_BYTES: usize = 200;

/// A filter as it goes on the wire.
pub(super) fn read(filter: &str, limits: &Limits) -> Result<Tag, Error> {
    parse(filter, limits).map_err(|error| match error {
        Error::Invalid(problem) => Error::Invalid(format!(
            "the filter `{}` cannot be used: {problem}",
            clean(filter, SHOWN_BYTES)
        )),
        other => other,
    })
}

/// What is wrong with a filter, if something is.
pub fn filter_problem(filter: &str) -> Option<String> {
    parse(filter, &Limits::default()).err().map(|error| error.to_string())
}

fn parse(filter: &str, limits: &Limits) -> Result<Tag, Error> {
    ldap3::parse_filter(&check(filter, limits)?).map_err(|_| Error::Invalid("it is not a filter (RFC 4515)".to_owned()))
}

/// The filter without blanks between its parts, if it may be parsed.
fn check(filter: &str, limits: &Limits) -> Result<String, Error> {
    if filter.len() > limits.filter_bytes {
        return Err(Error::Invalid(format!(
            "it has {} bytes, the limit is {}",
            filter.len(),
            limits.filter_bytes
        )));
    }
    if filter.contains('\0') {
        return Err(Error::Invalid("it holds a zero byte, which is written \\00".to_owned()));
    }
    let mut compact = String::with_capacity(filter.len());
    let mut depth = 0usize;
    let mut item: Option<usize> = None;
    let unbalanced = || Error::Invalid("its parentheses do not match".to_owned());
    for character in filter.chars() {
        match character {
            '(' if item.is_some() => {
                return Err(Error::Invalid(
                    "it has a parenthesis within a value, where it is written \\28".to_owned(),
                ));
            }
            '(' => {
                depth += 1;
                if depth > limits.filter_depth {
                    return Err(Error::Invalid(format!(
                        "it is more than {} levels deep",
                        limits.filter_depth
                    )));
                }
            }
            ')' => {
                depth = depth.checked_sub(1).ok_or_else(unbalanced)?;
                allow(item.take().and_then(|start| compact.get(start..)))?;
            }
            // Between parts: before, between and behind parentheses, and behind an operator.
            blank if item.is_none() && blank.is_ascii_whitespace() => continue,
            '&' | '|' | '!' if item.is_none() => {}
            _ if item.is_none() => item = Some(compact.len()),
            _ => {}
        }
        compact.push(character);
    }
    if depth > 0 {
        return Err(unbalanced());
    }
    allow(item.and_then(|start| compact.get(start..)))?;
    Ok(compact)
}

/// Whether a guest may ask for what an item compares: a comparison gives a password away as a value does, only slower.
fn allow(item: Option<&str>) -> Result<(), Error> {
    let name = item
        .and_then(|item| item.split(['=', '<', '>', '~', ':']).next())
        .unwrap_or_default();
    if attributes::is_password(name) {
        Err(attributes::refused(name))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use lber::structures::ASNTag as _;
    use proptest::prelude::*;

    use super::*;

    fn error(filter: &str) -> String {
        read(filter, &Limits::default()).expect_err(filter).to_string()
    }

    /// What is wrong with a filter, which the message also shows.
    fn problem(filter: &str) -> String {
        let error = error(filter);
        let shown = format!("the filter `{}` cannot be used: ", clean(filter, SHOWN_BYTES));
        error.strip_prefix(&shown).expect(&error).to_owned()
    }

    fn bytes(filter: &str) -> Vec<u8> {
        let mut buffer = bytes::BytesMut::new();
        lber::write::encode_into(
            &mut buffer,
            read(filter, &Limits::default()).expect(filter).into_structure(),
        )
        .unwrap();
        buffer.to_vec()
    }

    #[test]
    fn what_would_bring_the_parser_down_is_refused() {
        // H-50
        let deep = |levels: usize| format!("{}(a=b){}", "(!".repeat(levels), ")".repeat(levels));
        assert_eq!(problem(&deep(2_000)), "it is more than 32 levels deep");
        assert!(read(&deep(31), &Limits::default()).is_ok());
        assert_eq!(problem(&deep(32)), "it is more than 32 levels deep");
        assert_eq!(problem(&deep(20_000)), "it has 60005 bytes, the limit is 8192");
        assert_eq!(
            problem(&format!("(a={})", "x".repeat(1 << 20))),
            "it has 1048580 bytes, the limit is 8192"
        );
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for (filter, expected) in [
            ("(a=b", "its parentheses do not match"),
            ("(a=b))", "its parentheses do not match"),
            (")(", "its parentheses do not match"),
            ("(a=\0)", "it holds a zero byte, which is written \\00"),
            (
                "(uid=x(y)",
                "it has a parenthesis within a value, where it is written \\28",
            ),
            ("(uid=*)(uid=*)", "it is not a filter (RFC 4515)"),
            ("(uid=a)b", "it is not a filter (RFC 4515)"),
            ("", "it is not a filter (RFC 4515)"),
            ("()", "it is not a filter (RFC 4515)"),
            ("(uid)", "it is not a filter (RFC 4515)"),
            ("(uid=\\zz)", "it is not a filter (RFC 4515)"),
        ] {
            assert_eq!(problem(filter), expected, "{filter}");
        }
    }

    #[test]
    fn filters_that_people_use_are_read() {
        assert_eq!(bytes("(uid=a)"), [&[0xa3, 8, 4, 3][..], b"uid", &[4, 1], b"a"].concat());
        assert_eq!(bytes("uid=a"), bytes("(uid=a)"));
        assert_eq!(
            bytes(" (&\n    (uid=a b )\n    (!(b=*)) ) "),
            bytes("(&(uid=a b )(!(b=*)))").as_slice()
        );
        for filter in [
            "(&(objectCategory=person)(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))",
            "(memberOf:1.2.840.113556.1.4.1941:=CN=Staff,DC=example,DC=test)",
            "(objectGUID=\\96\\28\\54\\51\\00)",
            "(|(cn=*a*b*)(cn~=x)(n>=1)(n<=2))",
            "(&)",
        ] {
            bytes(filter);
        }
    }

    #[test]
    fn passwords_cannot_be_guessed_by_comparing() {
        for filter in [
            "(userPassword=a*)",
            "(&(uid=a)(!(USERPASSWORD>=b)))",
            "unicodePwd=x",
            "(userPassword;x:2.5.13.5:=a)",
            "(2.5.4.35=*)",
        ] {
            assert!(error(filter).ends_with("holds passwords"), "{filter}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[()&|!=*\\\\:a0 \n]{0,80}|.{0,80}") {
            _ = read(&text, &Limits::default());
        }
    }
}
