//! Answers, taken apart (RFC 4511 section 4, RFC 2696).
//!
//! An answer was admitted by [`super::ber`] and may still be anything: what is missing or of another kind is an error
//! here, never a panic.

use super::attributes::is_password;
use super::ber::{self, Element, Elements};
use super::error::{Error, Refusal};
use super::limits::Limits;
use super::request::PAGED_RESULTS;
use crate::contract::connector::oomnitza::connector::ldap::{Attribute, Entry};

/// What a message says.
#[derive(Debug)]
pub(super) enum Answer {
    /// An entry, without attributes that hold passwords.
    Entry(Entry),
    /// A reference to another server, or a message in between.
    Other,
    /// The end of a search.
    Done(Outcome),
    /// The answer to a bind.
    Bind(Outcome),
    /// The answer to StartTLS, or the notice that the server hangs up.
    Extended(Outcome),
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) result: Result<(), Refusal>,
    /// Where the next page begins: none if the answer says nothing of pages, empty at the end.
    pub(super) cookie: Option<Vec<u8>>,
}

/// Takes an admitted message apart.
pub(super) fn read(message: &[u8], limits: &Limits) -> Result<Answer, Error> {
    let broken = || Error::Protocol("a message is not what its tag says".to_owned());
    let message = Elements::of(message).next().ok_or_else(broken)?;
    let mut parts = message.elements().ok_or_else(broken)?.skip(1);
    let operation = parts.next().ok_or_else(broken)?;
    let id = operation.number();
    let content = operation.elements().ok_or_else(broken)?;
    match id {
        4 => entry(content).map(Answer::Entry),
        19 | 25 => Some(Answer::Other),
        1 | 5 | 24 => {
            let result = result(content).ok_or_else(broken)?;
            let cookie = cookie(parts.next(), limits)?;
            let outcome = Outcome { result, cookie };
            Some(match id {
                1 => Answer::Bind(outcome),
                5 => Answer::Done(outcome),
                _ => Answer::Extended(outcome),
            })
        }
        _ => {
            return Err(Error::Protocol(format!(
                "the server answers with operation {id}, which nobody asked for"
            )));
        }
    }
    .ok_or_else(broken)
}

fn string(element: Option<Element>) -> Option<String> {
    Some(String::from_utf8_lossy(element?.bytes()?).into_owned())
}

/// `SearchResultEntry`: a name, and attributes with their values.
fn entry(mut content: Elements) -> Option<Entry> {
    let dn = string(content.next())?;
    let mut attributes = Vec::new();
    for attribute in content.next()?.elements()? {
        let mut attribute = attribute.elements()?;
        let name = string(attribute.next())?;
        let values = attribute.next()?.elements()?;
        if !is_password(&name) {
            let values = values.map(|value| value.bytes().map(<[u8]>::to_vec));
            attributes.push(Attribute {
                name,
                values: values.collect::<Option<_>>()?,
            });
        }
    }
    Some(Entry { dn, attributes })
}

/// `LDAPResult`: a code, the name that was found, a text, and where to go instead.
fn result(mut content: Elements) -> Option<Result<(), Refusal>> {
    let code = content.next()?.bytes()?;
    if code.is_empty() || code.len() > 4 {
        return None;
    }
    let code = code.iter().fold(0, |code, byte| code << 8 | u32::from(*byte));
    let found = string(content.next())?;
    let mut text = string(content.next())?;
    if code == 0 {
        return Some(Ok(()));
    }
    if text.is_empty() && !found.is_empty() {
        text = format!("found as far as `{found}`");
    }
    let referral = content
        .find(|part| part.is_context() && part.number() == 3)
        .and_then(Element::elements);
    for url in referral
        .into_iter()
        .flatten()
        .filter_map(|url| string(Some(url)))
        .take(4)
    {
        text.push_str(if text.is_empty() { "" } else { " " });
        text.push_str(&url);
    }
    Some(Err(Refusal { code, text }))
}

/// The cookie of a paging control, if there is one among the controls.
fn cookie(controls: Option<Element>, limits: &Limits) -> Result<Option<Vec<u8>>, Error> {
    let Some(controls) = controls.filter(|part| part.number() == 0).and_then(Element::elements) else {
        return Ok(None);
    };
    let broken = || Error::Protocol("the server's paging control cannot be read".to_owned());
    for control in controls {
        let mut parts = control.elements().ok_or_else(broken)?;
        if parts.next().and_then(Element::bytes) != Some(PAGED_RESULTS.as_bytes()) {
            continue;
        }
        // Perhaps whether it is critical, and then the value: BER within a string, which the walk over the message did
        // not enter.
        let value = parts.last().and_then(Element::bytes).ok_or_else(broken)?;
        ber::admit_inner(value, limits)?;
        let mut value = Elements::of(value)
            .next()
            .and_then(Element::elements)
            .ok_or_else(broken)?;
        let cookie = value.nth(1).and_then(Element::bytes).ok_or_else(broken)?;
        return Ok(Some(cookie.to_vec()));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use lber::common::TagClass;
    use lber::structures::{Sequence, Tag};
    use proptest::prelude::*;

    use super::super::request::{choice, encode, integer, operation, sequence, text};
    use super::*;

    fn done(id: u8, inner: Vec<Tag>, controls: Option<Tag>) -> Result<Answer, Error> {
        let mut message = vec![integer(1), operation(u64::from(id), inner)];
        message.extend(controls);
        read(&encode(sequence(message)), &Limits::default())
    }

    fn paging(value: Tag) -> Option<Tag> {
        Some(Tag::Sequence(Sequence {
            id: 0,
            class: TagClass::Context,
            inner: vec![
                sequence(vec![text("1.2.3")]),
                sequence(vec![text(PAGED_RESULTS), value]),
            ],
        }))
    }

    #[test]
    fn a_paging_control_is_not_parsed_before_it_is_judged() {
        let success = || vec![choice(0), text(""), text("")];
        let mut nested = vec![4, 0];
        for level in 0..10_000u32 {
            nested = [&[0x30, 0x84][..], &(level * 6 + 2).to_be_bytes(), &nested].concat();
        }
        let error = done(5, success(), paging(text(nested))).unwrap_err();
        assert_eq!(error.to_string(), "a message is more than 32 levels deep");
        for value in [text(""), text([4, 0]), text([0x30, 0]), sequence(vec![])] {
            assert_eq!(
                done(5, success(), paging(value)).unwrap_err().to_string(),
                "the server's paging control cannot be read"
            );
        }
        let Ok(Answer::Done(outcome)) = done(5, success(), paging(text([0x30, 6, 2, 1, 0, 4, 1, 7]))) else {
            panic!()
        };
        assert_eq!(
            outcome,
            Outcome {
                result: Ok(()),
                cookie: Some(vec![7])
            }
        );
    }

    #[test]
    fn what_does_not_fit_its_tag_is_an_error_and_never_a_panic() {
        for (id, inner) in [
            (5, vec![]),
            (5, vec![choice(0), text("")]),
            (5, vec![text([0; 9]), text(""), text("")]),
            (4, vec![]),
            (4, vec![text("cn=a")]),
            (4, vec![text("cn=a"), sequence(vec![text("mail")])]),
            (
                4,
                vec![text("cn=a"), sequence(vec![sequence(vec![text("mail"), text("a")])])],
            ),
            (4, vec![sequence(vec![]), sequence(vec![])]),
        ] {
            assert_eq!(
                done(id, inner, None).unwrap_err().to_string(),
                "a message is not what its tag says"
            );
        }
        assert_eq!(
            done(7, vec![], None).unwrap_err().to_string(),
            "the server answers with operation 7, which nobody asked for"
        );
    }

    #[test]
    fn a_refusal_keeps_what_helps_to_understand_it() {
        let refusal = |inner| match done(5, inner, None) {
            Ok(Answer::Done(Outcome {
                result: Err(refusal), ..
            })) => refusal.to_string(),
            other => panic!("{other:?}"),
        };
        let referral = Tag::Sequence(Sequence {
            id: 3,
            class: TagClass::Context,
            inner: vec![text("ldap://other.example/dc=x")],
        });
        assert_eq!(
            refusal(vec![choice(10), text(""), text(""), referral]),
            "result 10: ldap://other.example/dc=x"
        );
        assert_eq!(
            refusal(vec![choice(32), text("dc=example"), text("")]),
            "result 32: found as far as `dc=example`"
        );
        assert_eq!(
            refusal(vec![choice(49), text(""), text([b'a', 0xff])]),
            "result 49: a\u{fffd}"
        );
    }

    proptest! {
        #[test]
        fn no_admitted_message_makes_it_panic(
            tag in prop::sample::select(&[0x61u8, 0x64, 0x65, 0x73, 0x78, 0x79][..]),
            content in proptest::collection::vec(any::<u8>(), 0..120),
        ) {
            let length = u8::try_from(content.len()).unwrap();
            let message = [&[0x30, length + 5, 2, 1, 1, tag, length][..], &content].concat();
            let limits = Limits::default();
            if ber::admit(&message, &limits).is_ok() {
                _ = read(&message, &limits);
            }
        }
    }
}
