//! Groups of so many members that a directory gives them in ranges, over a second connection. What answers is a script: no server that runs
//! everywhere does that.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use serde_json::json;

use super::*;

/// An element in the encoding of RFC 4511 section 5.1, its length in two bytes.
fn element(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    let content = parts.concat();
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    [vec![tag, 0x82, high, low], content].concat()
}

fn text(text: &str) -> Vec<u8> {
    element(0x04, &[text.as_bytes().to_vec()])
}

fn message(id: u8, operation: Vec<u8>) -> Vec<u8> {
    element(0x30, &[vec![0x02, 1, id], operation])
}

fn result(id: u8, tag: u8, code: u8) -> Vec<u8> {
    message(id, element(tag, &[vec![0x0a, 1, code], text(""), text("")]))
}

/// The answer to the bind, which comes first.
fn bound() -> Vec<u8> {
    result(1, 0x61, 0)
}

/// The end of a search.
fn done(id: u8, code: u8) -> Vec<u8> {
    result(id, 0x65, code)
}

/// A group with all that has to be there, and one range of its members.
fn group(id: u8, name: &str, range: &str, member: &str) -> Vec<u8> {
    let attribute = |(name, value)| element(0x30, &[text(name), element(0x31, &[text(value)])]);
    let attributes = [
        ("uid", name),
        ("givenName", name),
        ("sn", name),
        ("mail", name),
        (range, member),
    ];
    let dn = text(&format!("cn={name},{}", slapd::SUFFIX));
    message(id, element(0x64, &[dn, element(0x30, &attributes.map(attribute))]))
}

/// A directory that gives each connection its answers, one a request, and then ends it.
fn directory(connections: Vec<Vec<Vec<u8>>>) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for answers in connections {
            let (mut stream, _) = listener.accept().unwrap();
            thread::spawn(move || {
                for answer in answers {
                    if stream.read(&mut [0; 4_096]).is_ok_and(|bytes| bytes > 0) {
                        stream.write_all(&answer).unwrap();
                    }
                }
            });
        }
    });
    url
}

#[test]
fn a_group_that_went_away_is_missed_and_a_connection_that_broke_while_it_was_not_used_is_opened_again() {
    let first = |name| group(2, name, "member;range=0-0", "cn=0");
    let rest = |name, id| group(id, name, "member;range=1-*", "cn=1");
    let url = directory(vec![
        vec![
            bound(),
            [first("a"), first("b"), first("c"), first("d"), done(2, 0)].concat(),
        ],
        vec![bound(), [rest("a", 2), done(2, 0)].concat()],
        // The third group is not there any more.
        vec![
            bound(),
            [rest("b", 2), done(2, 0)].concat(),
            done(3, 32),
            [rest("d", 4), done(4, 0)].concat(),
        ],
    ]);
    let destination = oomnitza();
    let more = "all_values = member\nmapping.MEMBERS = member";
    let program = orderly_program(&destination, &section("ldap", &url, slapd::SUFFIX, more));
    let output = program.run(&["upload", "ldap", "--json"]);
    assert_eq!(
        output.summary(),
        "done: read 3, sent 3, filtered 0, rejected 0, failed 0, missed 1\nmissed: it went away while its values were read (1)",
        "{output}"
    );
    let members: Vec<_> = destination
        .uploaded()
        .iter()
        .map(|record| record["MEMBERS"].clone())
        .collect();
    assert_eq!(members, vec![json!(["cn=0", "cn=1"]); 3]);
}
