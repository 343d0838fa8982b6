//! Messages byte by byte, for what no client sends.

use std::io::{Read as _, Write as _};

use super::*;

const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";

const UNBIND: [u8; 7] = [0x30, 0x05, 0x02, 0x01, 0x03, 0x42, 0x00];

/// Sends bytes, and gives what comes until the connection ends.
fn raw(directory: &Ldap, bytes: &[u8]) -> Vec<u8> {
    let mut stream = std::net::TcpStream::connect(directory.listener.address()).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    // What is sent after the end resets the connection, but what came before has been read.
    _ = stream.read_to_end(&mut answer);
    answer
}

#[test]
fn what_is_not_ldap_ends_the_connection_with_a_notice() {
    let directory = start(1);
    let too_long = [&[0x30, 0x83, 0x02, 0x00, 0x00][..], &[0]].concat();
    for (nth, bytes) in (1..).zip([
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &too_long,
        &[0x30, 0x80, 0, 0, 0, 0],
        // No operation; the message number 0; an answer; bytes after the controls.
        &[0x30, 0x03, 0x02, 0x01, 0x01],
        &[0x30, 0x05, 0x02, 0x01, 0x00, 0x42, 0x00],
        &[0x30, 0x05, 0x02, 0x01, 0x01, 0x61, 0x00],
        &[0x30, 0x09, 0x02, 0x01, 0x01, 0x42, 0x00, 0xa0, 0x00, 0x05, 0x00],
    ]) {
        let answer = raw(&directory, bytes);
        assert!(answer.ends_with(b"1.3.6.1.4.1.1466.20036"), "{bytes:x?}: {answer:x?}");
        assert_eq!(directory.ledger().violations.len(), nth, "{bytes:x?}");
    }
}

#[test]
fn an_unbind_ends_the_connection_and_an_abandon_is_not_answered() {
    let directory = start(1);
    let abandon = [0x30, 0x06, 0x02, 0x01, 0x02, 0x50, 0x01, 0x01];
    assert_eq!(raw(&directory, &[&abandon[..], &UNBIND].concat()), b"");
    assert_eq!(directory.ledger().violations, [""; 0]);
}

#[test]
fn version_2_is_bound_but_has_no_paging() {
    let directory = start(1);
    let bind = bind(2, &Settings::default());
    raw(&directory, &[&bind[..], &request(&[]), &UNBIND].concat());
    let ledger = directory.ledger();
    assert_eq!((ledger.binds, ledger.searches.len(), ledger.entries), (1, 1, 0));
    assert_eq!(ledger.violations, ["operation 0x63: version 2 has no controls"]);
}

#[tokio::test]
async fn a_hundred_thousand_entries_take_a_moment() {
    let directory = start(100_000);
    let mut stream = TcpStream::connect(directory.listener.address()).await.unwrap();
    let start = std::time::Instant::now();
    let (mut cookie, mut bytes) = (Vec::new(), Vec::new());
    stream.write_all(&bind(3, &Settings::default())).await.unwrap();
    loop {
        stream.write_all(&request(&cookie)).await.unwrap();
        // Messages, to the end of the page, of which only the end is read.
        cookie = loop {
            let Some(length) = ber::message_length(&bytes, usize::MAX)
                .unwrap()
                .filter(|length| *length <= bytes.len())
            else {
                assert!(stream.read_buf(&mut bytes).await.unwrap() > 0);
                continue;
            };
            let mut parts = ber::Reader(ber::Reader(&bytes[..length]).take(ber::SEQUENCE).unwrap());
            parts.number(ber::INTEGER).unwrap();
            let done = parts.take(0x65).map(|_| cookie_of(parts));
            bytes.drain(..length);
            if let Some(cookie) = done {
                break cookie;
            }
        };
        if cookie.is_empty() {
            break;
        }
    }
    assert_eq!(directory.ledger().entries, 100_001);
    // A hundred times what it takes, for machines that are busy.
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

/// A search for everything, a page of 1,000 of it.
fn request(cookie: &[u8]) -> Vec<u8> {
    let mut value = ber::Writer::default();
    let sequence = value.open(ber::SEQUENCE);
    value.number(ber::INTEGER, 1_000);
    value.octets(ber::OCTETS, cookie);
    value.close(sequence);
    let mut writer = ber::Writer::default();
    let message = writer.open(ber::SEQUENCE);
    writer.number(ber::INTEGER, 2);
    let operation = writer.open(0x63);
    writer.octets(ber::OCTETS, BASE.as_bytes());
    for (tag, number) in [
        (ber::ENUMERATED, 2),
        (ber::ENUMERATED, 0),
        (ber::INTEGER, 0),
        (ber::INTEGER, 0),
    ] {
        writer.number(tag, number);
    }
    writer.octets(ber::BOOLEAN, &[0]);
    writer.octets(0x87, b"objectClass");
    let attributes = writer.open(ber::SEQUENCE);
    writer.close(attributes);
    writer.close(operation);
    let controls = writer.open(0xa0);
    let control = writer.open(ber::SEQUENCE);
    writer.octets(ber::OCTETS, PAGED_RESULTS.as_bytes());
    writer.octets(ber::OCTETS, &value.0);
    writer.close(control);
    writer.close(controls);
    writer.close(message);
    writer.0
}

/// The cookie in the controls of a result.
fn cookie_of(mut parts: ber::Reader) -> Vec<u8> {
    let mut control = ber::Reader(ber::Reader(parts.take(0xa0).unwrap()).take(ber::SEQUENCE).unwrap());
    assert_eq!(control.text(ber::OCTETS), Some(PAGED_RESULTS));
    let mut value = ber::Reader(
        ber::Reader(control.take(ber::OCTETS).unwrap())
            .take(ber::SEQUENCE)
            .unwrap(),
    );
    value.number(ber::INTEGER).unwrap();
    value.take(ber::OCTETS).unwrap().to_vec()
}

/// A bind of the one who may read.
fn bind(version: i64, settings: &Settings) -> Vec<u8> {
    let mut writer = ber::Writer::default();
    let message = writer.open(ber::SEQUENCE);
    writer.number(ber::INTEGER, 1);
    let operation = writer.open(0x60);
    writer.number(ber::INTEGER, version);
    writer.octets(ber::OCTETS, settings.bind_dn.as_bytes());
    writer.octets(0x80, settings.password.as_bytes());
    writer.close(operation);
    writer.close(message);
    writer.0
}
