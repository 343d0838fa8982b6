//! Judges a message from the server before anything reads it, and gives the elements of what was judged. Pure: bytes in, a
//! verdict or slices of them out.
//!
//! BER as LDAP restricts it (RFC 4511 section 5.1): definite lengths, and tag numbers below 31. A message is a SEQUENCE
//! of an INTEGER, the message's id; an operation, whose tag says which; and perhaps controls.
//!
//! Parsers recurse without a bound (10,000 levels, 60 KB, end a process with a stack of 2 MiB), or turn an element of two
//! bytes into fifty. The walk here does neither: it is a loop over a stack whose height is the limit.

use super::error::Error;
use super::limits::Limits;

/// SEQUENCE, as a tag byte.
const SEQUENCE: u8 = 0x30;
/// INTEGER, as a tag byte.
const INTEGER: u8 = 0x02;
/// `[0]`: the controls.
const CONTROLS: u8 = 0xa0;
/// `[10]`: where Active Directory puts the name of its notice of disconnection, which belongs into the operation.
const STRAY_NAME: u8 = 0x8a;
/// The bit of a tag byte that says that elements follow.
const CONSTRUCTED: u8 = 0x20;
/// The bits of a tag byte that hold its class.
const CLASS: u8 = 0xc0;
/// The class of tags that mean something only where they stand.
const CONTEXT: u8 = 0x80;
/// The bits of a tag byte that hold its number; all of them mean that it comes later.
const NUMBER: u8 = 0x1f;

/// What a message is, as far as it must be known before it is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// The request it answers; 0 for none.
    pub(super) id: u32,
    /// What it is: its tag's number.
    pub(super) operation: u8,
}

/// How long the message is that begins here, header included. `None`: that cannot be seen yet.
pub(super) fn length(start: &[u8], limits: &Limits) -> Result<Option<usize>, Error> {
    match start.first() {
        None => return Ok(None),
        Some(&SEQUENCE) => {}
        Some(tag) => {
            return Err(Error::Protocol(format!(
                "a message begins with 0x{tag:02x}, which is not LDAP"
            )));
        }
    }
    let Some((header, content)) = header(start)? else {
        return Ok(None);
    };
    match header.checked_add(content) {
        Some(bytes) if bytes <= limits.message_bytes => Ok(Some(bytes)),
        _ => Err(Error::TooLarge(format!(
            "the server announces a message of {content} bytes, the limit is {}",
            limits.message_bytes
        ))),
    }
}

/// Judges a whole message.
pub(super) fn admit(message: &[u8], limits: &Limits) -> Result<Head, Error> {
    let top = walk(message, limits)?;
    let refuse = |what: &str| Error::Protocol(format!("a message {what}"));
    let (id, operation) = match top.as_slice() {
        [outer, id, operation] if outer.tag == SEQUENCE => (id, operation),
        [outer, id, operation, last] if outer.tag == SEQUENCE && matches!(last.tag, CONTROLS | STRAY_NAME) => {
            (id, operation)
        }
        _ => return Err(refuse("is not an id, an operation and perhaps controls")),
    };
    let id = if id.tag == INTEGER { number(id.content) } else { None };
    let id = id.ok_or_else(|| refuse("has no id, or one that cannot be"))?;
    // Application class, constructed: what each answer of RFC 4511 is.
    let kind = operation.tag & NUMBER;
    if operation.tag & !NUMBER != 0x60 || !matches!(kind, 1 | 4 | 5 | 7 | 9 | 11 | 13 | 15 | 19 | 24 | 25) {
        return Err(refuse(&format!(
            "has the tag 0x{:02x}, which is no answer",
            operation.tag
        )));
    }
    Ok(Head { id, operation: kind })
}

/// Judges BER that came inside of a string, where the walk over the message took it for bytes.
pub(super) fn admit_inner(value: &[u8], limits: &Limits) -> Result<(), Error> {
    walk(value, limits).map(drop)
}

/// An element: its tag, and what stands in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    tag: u8,
    content: &'a [u8],
}

impl<'a> Element<'a> {
    /// The number of its tag.
    pub(super) fn number(self) -> u8 {
        self.tag & NUMBER
    }

    /// Whether its tag means something only where it stands.
    pub(super) fn is_context(self) -> bool {
        self.tag & CLASS == CONTEXT
    }

    /// The elements in it, if it is one that holds elements.
    pub(super) fn elements(self) -> Option<Elements<'a>> {
        (self.tag & CONSTRUCTED != 0).then_some(Elements(self.content))
    }

    /// The bytes in it, if it is one that holds bytes.
    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        (self.tag & CONSTRUCTED == 0).then_some(self.content)
    }
}

/// Elements side by side, in bytes that were admitted: of other bytes it gives as many as can be read.
#[derive(Debug, Clone)]
pub(super) struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    pub(super) fn of(admitted: &'a [u8]) -> Self {
        Self(admitted)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let tag = *self.0.first()?;
        let (header, length) = header(self.0).ok()??;
        let (content, behind) = self.0.get(header..)?.split_at_checked(length)?;
        self.0 = behind;
        Some(Element { tag, content })
    }
}

/// The outermost element and its children, if everything below is well formed and within limits.
fn walk<'a>(message: &'a [u8], limits: &Limits) -> Result<Vec<Element<'a>>, Error> {
    let mut top = Vec::with_capacity(4);
    // Where the elements end that the position is in.
    let mut ends: Vec<usize> = Vec::with_capacity(limits.message_depth);
    let mut position = 0;
    let mut elements = 0;
    while position < message.len() {
        while ends.last() == Some(&position) {
            ends.pop();
        }
        let end = match ends.last() {
            Some(end) => *end,
            None if position == 0 => message.len(),
            None => return Err(Error::Protocol("a message goes on behind its end".to_owned())),
        };
        elements += 1;
        if elements > limits.message_elements {
            return Err(Error::TooLarge(format!(
                "a message has more than {} elements",
                limits.message_elements
            )));
        }
        let overrun = || Error::Protocol("an element of a message is longer than what it stands in".to_owned());
        let rest = message.get(position..end).unwrap_or_default();
        let tag = rest.first().copied().unwrap_or_default();
        let (header, length) = header(rest)?.ok_or_else(overrun)?;
        let content = rest
            .get(header..)
            .and_then(|rest| rest.get(..length))
            .ok_or_else(overrun)?;
        if ends.len() < 2 {
            top.push(Element { tag, content });
        }
        position += header;
        if tag & CONSTRUCTED == 0 {
            position += length;
        } else if ends.len() == limits.message_depth {
            return Err(Error::Protocol(format!(
                "a message is more than {} levels deep",
                limits.message_depth
            )));
        } else {
            ends.push(position + length);
        }
    }
    Ok(top)
}

/// Bytes of an element's header, and of its content. `None`: more of the header is to come.
fn header(element: &[u8]) -> Result<Option<(usize, usize)>, Error> {
    let refuse = |what: &str| Err(Error::Protocol(format!("an element of a message {what}")));
    let [tag, length, rest @ ..] = element else {
        return Ok(None);
    };
    if tag & NUMBER == NUMBER {
        return refuse("has a tag of several bytes, which LDAP has none of");
    }
    match length {
        0..0x80 => Ok(Some((2, usize::from(*length)))),
        0x80 => refuse("has no definite length"),
        // Four bytes hold more than any limit here. Active Directory always writes four.
        0x81..=0x84 => {
            let count = usize::from(length & 0x7f);
            let length = rest.get(..count).and_then(|bytes| {
                bytes.iter().try_fold(0usize, |length, byte| {
                    length.checked_mul(256)?.checked_add(usize::from(*byte))
                })
            });
            match (rest.len() < count, length) {
                (true, _) => Ok(None),
                (false, Some(length)) => Ok(Some((2 + count, length))),
                (false, None) => refuse("is longer than this machine can count"),
            }
        }
        0x85.. => refuse("has a length of more than four bytes"),
    }
}

/// A message id: 0 to 2^31 - 1 (RFC 4511 section 4.1.1.1).
fn number(content: &[u8]) -> Option<u32> {
    match content {
        [first, ..] if content.len() <= 4 && *first < 0x80 => {
            Some(content.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut element = vec![tag, 0x84];
        element.extend_from_slice(&u32::try_from(content.len()).unwrap().to_be_bytes());
        element.extend_from_slice(content);
        element
    }

    fn message(id: &[u8], rest: &[u8]) -> Vec<u8> {
        tlv(0x30, &[tlv(0x02, id).as_slice(), rest].concat())
    }

    fn verdict(message: &[u8]) -> String {
        let limits = Limits::default();
        match length(message, &limits).and_then(|_| admit(message, &limits)) {
            Ok(head) => format!("{} {}", head.id, head.operation),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn answers_as_servers_send_them_are_admitted() {
        let success = [0x0a, 1, 0, 4, 0, 4, 0];
        assert_eq!(verdict(&message(&[1], &tlv(0x61, &success))), "1 1");
        assert_eq!(
            verdict(&message(&[0x7f, 0xff, 0xff, 0xff], &tlv(0x65, &success))),
            "2147483647 5"
        );
        let controls = tlv(0xa0, &tlv(0x30, &tlv(0x04, b"1.2")));
        assert_eq!(
            verdict(&message(&[2], &[tlv(0x65, &success), controls].concat())),
            "2 5"
        );
        // Active Directory's notice of disconnection, on which ldap3 once fell over.
        let notice = [tlv(0x78, &success), tlv(0x8a, b"1.3.6.1.4.1.1466.20036")].concat();
        assert_eq!(verdict(&message(&[0], &notice)), "0 24");
    }

    #[test]
    fn what_would_bring_a_parser_down_is_refused() {
        // V-13: 10,000 levels, which end the process when they are parsed.
        let mut nested = vec![0x04, 0x00];
        for _ in 0..200 {
            nested = tlv(0x30, &nested);
        }
        assert_eq!(verdict(&nested), "a message is more than 32 levels deep");
        let mut deeper = Vec::new();
        for level in (0..10_000u32).rev() {
            deeper.extend_from_slice(&[0x30, 0x84]);
            deeper.extend_from_slice(&(level * 6 + 2).to_be_bytes());
        }
        deeper.extend_from_slice(&[0x04, 0x00]);
        assert_eq!(verdict(&deeper), "a message is more than 32 levels deep");
        // A million empty elements: 2 MB that become 52.
        let children = tlv(0x64, &[0x04, 0x00].repeat(1_000_000));
        assert_eq!(
            verdict(&message(&[1], &children)),
            "a message has more than 100000 elements"
        );
        assert_eq!(
            verdict(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 2, 1, 1]),
            "the server announces a message of 4294967295 bytes, the limit is 4194304"
        );
        assert_eq!(
            verdict(&[0x30, 0x03, 0x04, 0x7f, 0x00]),
            "an element of a message is longer than what it stands in"
        );
        assert_eq!(
            verdict(&[0x30, 0x01, 0x04]),
            "an element of a message is longer than what it stands in"
        );
    }

    #[test]
    fn what_is_not_ldap_is_refused() {
        for (bytes, expected) in [
            (
                &b"HTTP/1.1 400 Bad Request"[..],
                "a message begins with 0x48, which is not LDAP",
            ),
            (&[0x16, 3, 1], "a message begins with 0x16, which is not LDAP"),
            (
                &[0x30, 0x80, 2, 1, 1, 0, 0],
                "an element of a message has no definite length",
            ),
            (
                &[0x30, 0x85, 0, 0, 0, 0, 1, 4],
                "an element of a message has a length of more than four bytes",
            ),
            (
                &[0x30, 4, 0x1f, 0x81, 1, 0],
                "an element of a message has a tag of several bytes, which LDAP has none of",
            ),
            (&[0x30, 0], "a message is not an id, an operation and perhaps controls"),
            (
                &[0x30, 3, 2, 1, 1],
                "a message is not an id, an operation and perhaps controls",
            ),
            (&[0x30, 2, 0x65, 0, 0], "a message goes on behind its end"),
        ] {
            assert_eq!(verdict(bytes), expected, "{bytes:?}");
        }
        for id in [
            &[][..],
            &[0x80],
            &[0xff],
            &[0x80, 0, 0, 0],
            &[0, 0x80, 0, 0, 0],
            &[1, 0, 0, 0, 0],
        ] {
            assert_eq!(
                verdict(&message(id, &tlv(0x65, &[]))),
                "a message has no id, or one that cannot be",
                "{id:?}"
            );
        }
        // A request, an unknown operation, one without elements, one of another class.
        for tag in [0x60, 0x63, 0x7e, 0x77, 0x45, 0x30, 0xa5] {
            assert_eq!(
                verdict(&message(&[1], &tlv(tag, &[]))),
                format!("a message has the tag 0x{tag:02x}, which is no answer")
            );
        }
        assert_eq!(
            verdict(&message(&[1], &[tlv(0x65, &[]), tlv(0x04, &[])].concat())),
            "a message is not an id, an operation and perhaps controls"
        );
    }

    #[test]
    fn a_message_that_has_not_come_yet_is_waited_for() {
        let limits = Limits::default();
        for (start, expected) in [
            (&[][..], None),
            (&[0x30], None),
            (&[0x30, 0x82, 1], None),
            (&[0x30, 0x82, 1, 0], Some(260)),
            (&[0x30, 5, 2], Some(7)),
        ] {
            assert_eq!(length(start, &limits).unwrap(), expected, "{start:?}");
        }
    }

    /// BER that is often well formed: random trees, sometimes with a byte changed.
    fn tree() -> impl Strategy<Value = Vec<u8>> {
        let leaf =
            (0u8..31, proptest::collection::vec(any::<u8>(), 0..6)).prop_map(|(tag, content)| tlv(tag, &content));
        leaf.prop_recursive(6, 40, 6, |inner| {
            (0u8..31, proptest::collection::vec(inner, 0..6))
                .prop_map(|(tag, children)| tlv(0x20 | tag, &children.concat()))
        })
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_walk_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            _ = verdict(&bytes);
        }

        #[test]
        fn what_the_walk_admits_the_parser_parses_to_its_end(
            mut bytes in tree(),
            at in any::<prop::sample::Index>(),
            flip in 0u8..4,
        ) {
            if flip > 0 {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << flip;
            }
            if admit_inner(&bytes, &Limits::default()).is_ok() {
                let (rest, _) = lber::Parser::new().parse(&bytes).expect("admitted");
                prop_assert!(rest.is_empty());
            }
        }

        #[test]
        fn every_well_formed_tree_is_admitted(bytes in tree()) {
            prop_assert!(admit_inner(&bytes, &Limits::default()).is_ok());
        }
    }
}
