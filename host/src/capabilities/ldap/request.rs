//! Requests as bytes (RFC 4511 section 4, RFC 2696).

use bytes::BytesMut;
use lber::common::TagClass;
use lber::structures::{ASNTag as _, Boolean, Enumerated, Integer, Null, OctetString, Sequence, Tag};
use lber::write::encode_into;

use crate::contract::connector::oomnitza::connector::ldap::{Scope, Version};

/// The paging control (RFC 2696).
pub(super) const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";
/// StartTLS (RFC 4511 section 4.14.1).
const START_TLS: &str = "1.3.6.1.4.1.1466.20037";

/// What a search asks, in the form that stays the same from page to page.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) base: String,
    pub(super) scope: Scope,
    pub(super) filter: Tag,
    pub(super) attributes: Vec<String>,
    /// Entries after which the server is to stop; 0 for none.
    pub(super) size_limit: u32,
}

/// Which part of the entries a search asks for.
#[derive(Debug, Clone)]
pub(super) struct Portion {
    pub(super) size: u32,
    /// Where the server left off; empty at first.
    pub(super) cookie: Vec<u8>,
}

pub(super) fn text(value: impl AsRef<[u8]>) -> Tag {
    Tag::OctetString(OctetString {
        inner: value.as_ref().to_vec(),
        ..Default::default()
    })
}

pub(super) fn integer(value: u32) -> Tag {
    Tag::Integer(Integer {
        inner: i64::from(value),
        ..Default::default()
    })
}

pub(super) fn choice(value: u8) -> Tag {
    Tag::Enumerated(Enumerated {
        inner: i64::from(value),
        ..Default::default()
    })
}

fn flag(value: bool) -> Tag {
    Tag::Boolean(Boolean {
        inner: value,
        ..Default::default()
    })
}

pub(super) fn sequence(inner: Vec<Tag>) -> Tag {
    Tag::Sequence(Sequence {
        inner,
        ..Default::default()
    })
}

pub(super) fn operation(id: u64, inner: Vec<Tag>) -> Tag {
    Tag::Sequence(Sequence {
        id,
        class: TagClass::Application,
        inner,
    })
}

fn context(id: u64, value: impl AsRef<[u8]>) -> Tag {
    Tag::OctetString(OctetString {
        id,
        class: TagClass::Context,
        inner: value.as_ref().to_vec(),
    })
}

pub(super) fn encode(tag: Tag) -> Vec<u8> {
    let mut buffer = BytesMut::new();
    // Writing into memory does not fail.
    _ = encode_into(&mut buffer, tag.into_structure());
    buffer.to_vec()
}

fn request(id: u32, operation: Tag) -> Vec<u8> {
    encode(sequence(vec![integer(id), operation]))
}

/// A simple bind. `ldap3` writes version 3 into each bind, which is why binding is done here.
pub(super) fn bind(id: u32, version: Version, name: &str, password: &str) -> Vec<u8> {
    let version = match version {
        Version::V2 => 2,
        Version::V3 => 3,
    };
    request(
        id,
        operation(0, vec![integer(version), text(name), context(0, password)]),
    )
}

/// Asks the server to speak TLS from here on.
pub(super) fn start_tls(id: u32) -> Vec<u8> {
    request(id, operation(23, vec![context(0, START_TLS)]))
}

/// A search, or its next page.
pub(super) fn search(id: u32, query: &Query, portion: Option<&Portion>) -> Vec<u8> {
    let scope = match query.scope {
        Scope::Base => 0,
        Scope::OneLevel => 1,
        Scope::Subtree => 2,
    };
    let asked = operation(
        3,
        vec![
            text(&query.base),
            choice(scope),
            // Aliases are not followed, as by other clients unless they are told.
            choice(0),
            integer(query.size_limit),
            // The server's own time limit holds.
            integer(0),
            flag(false),
            query.filter.clone(),
            sequence(query.attributes.iter().map(text).collect()),
        ],
    );
    let mut message = vec![integer(id), asked];
    if let Some(portion) = portion {
        let value = encode(sequence(vec![integer(portion.size), text(&portion.cookie)]));
        // Critical: a server that cannot page says so, and does not send what it then cuts at its own limit.
        let control = sequence(vec![text(PAGED_RESULTS), flag(true), text(value)]);
        message.push(Tag::Sequence(Sequence {
            id: 0,
            class: TagClass::Context,
            inner: vec![control],
        }));
    }
    encode(sequence(message))
}

/// Gives a search up. There is no answer to it.
pub(super) fn abandon(id: u32, search: u32) -> Vec<u8> {
    request(
        id,
        Tag::Integer(Integer {
            id: 16,
            class: TagClass::Application,
            inner: i64::from(search),
        }),
    )
}

/// Says goodbye.
pub(super) fn unbind(id: u32) -> Vec<u8> {
    request(
        id,
        Tag::Null(Null {
            id: 2,
            class: TagClass::Application,
            inner: (),
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_written_as_the_rfc_says() {
        assert_eq!(
            bind(1, Version::V2, "a", "b"),
            [0x30, 14, 2, 1, 1, 0x60, 9, 2, 1, 2, 4, 1, b'a', 0x80, 1, b'b']
        );
        assert_eq!(
            start_tls(1),
            [&[0x30, 29, 2, 1, 1, 0x77, 24, 0x80, 22][..], START_TLS.as_bytes()].concat()
        );
        assert_eq!(abandon(6, 5), [0x30, 6, 2, 1, 6, 0x50, 1, 5]);
        assert_eq!(unbind(3), [0x30, 5, 2, 1, 3, 0x42, 0]);
        let query = Query {
            base: "o=x".to_owned(),
            scope: Scope::Subtree,
            filter: ldap3::parse_filter("(a=*)").unwrap(),
            attributes: vec!["a".to_owned()],
            size_limit: 0,
        };
        let plain = [
            &[4, 3][..],
            b"o=x",
            &[
                10, 1, 2, 10, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0, 0x87, 1, b'a', 0x30, 3, 4, 1, b'a',
            ],
        ]
        .concat();
        assert_eq!(
            search(2, &query, None),
            [&[0x30, 33, 2, 1, 2, 0x63, 28][..], &plain].concat()
        );
        let paged = search(
            2,
            &query,
            Some(&Portion {
                size: 500,
                cookie: b"c".to_vec(),
            }),
        );
        let control = [
            &[0xa0, 0x28, 0x30, 0x26, 4, 22][..],
            PAGED_RESULTS.as_bytes(),
            &[1, 1, 0xff, 4, 9, 0x30, 7, 2, 2, 1, 0xf4, 4, 1, b'c'],
        ]
        .concat();
        assert_eq!(paged, [&[0x30, 75, 2, 1, 2, 0x63, 28][..], &plain, &control].concat());
    }
}
