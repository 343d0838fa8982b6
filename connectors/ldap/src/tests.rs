//! Directories as `docs/connectors/ldap.md` describes them, by script.

use oomnitza_sdk::bindings::oomnitza::connector::ldap as host;
use oomnitza_sdk::ldap::Attribute;
use oomnitza_sdk::testing::{self, Outcome, Script, run, wanted};

use super::*;

const BASE: &str = "dc=example,dc=test";
const FILTER: &str = "(objectClass=person)";

fn settings(changed: &[(&str, &str)]) -> Settings {
    let settings = [
        ("url", "ldaps://dc1.example.test:636"),
        ("username", "cn=reader,dc=example,dc=test"),
        ("base_dn", BASE),
        ("protocol_version", "3"),
        ("filter", FILTER),
        ("page_size", "500"),
        ("start_tls", "False"),
    ];
    let value = |name| {
        changed
            .iter()
            .find(|(changed, _)| *changed == name)
            .map(|(_, value)| *value)
    };
    testing::settings(&settings.map(|(name, default)| (name, value(name).unwrap_or(default))))
}

fn target() -> Target {
    Target {
        url: "ldaps://dc1.example.test:636".to_owned(),
        auth: Some("bind".to_owned()),
        version: Version::V3,
        start_tls: false,
    }
}

fn search(attributes: &[&str]) -> Search {
    Search {
        base: BASE.to_owned(),
        scope: Scope::Subtree,
        filter: FILTER.to_owned(),
        attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
        page_size: 500,
        limit: None,
    }
}

fn entry(dn: &str, attributes: &[(&str, &[&[u8]])]) -> Entry {
    let attributes = attributes.iter().map(|(name, values)| Attribute {
        name: (*name).to_owned(),
        values: values.iter().map(|value| value.to_vec()).collect(),
    });
    Entry {
        dn: dn.to_owned(),
        attributes: attributes.collect(),
    }
}

/// What becomes of these entries when these sources are mapped.
fn records(sources: &[&str], asked: &[&str], entries: Vec<Entry>) -> Vec<String> {
    let script = Script::default()
        .ldap_open(target(), Ok(()))
        .ldap_search(search(asked))
        .ldap_next(Ok(Some(entries)))
        .ldap_next(Ok(None));
    let outcome = run::<Ldap>(settings(&[]), wanted(sources), script);
    assert_eq!(outcome.error, None);
    outcome.records.iter().map(ToString::to_string).collect()
}

#[test]
fn mapped_attributes_and_the_account_name_are_asked_for_once_each() {
    let sources = ["uid", "mail", "uid", "manager.name", "sAMAccountName", ""];
    let entry = entry(
        "cn=a",
        &[("uid", &[b"a"]), ("mail", &[b"a@example.test", b"b@example.test"])],
    );
    let records = records(&sources, &["uid", "mail", "manager", "sAMAccountName"], vec![entry]);
    // Of several values the first.
    assert_eq!(records, [r#"{"mail":"a@example.test","uid":"a"}"#]);
}

#[test]
fn attributes_are_spelled_as_the_mappings_spell_them() {
    let entry = entry(
        "cn=a",
        &[
            ("GIVENNAME", &[b"Ann"]),
            ("samaccountname", &[b"ann"]),
            ("unasked", &[b"x"]),
        ],
    );
    let records = records(
        &["givenName", "GivenName"],
        &["givenName", "GivenName", "sAMAccountName"],
        vec![entry],
    );
    assert_eq!(
        records,
        [r#"{"GivenName":"Ann","givenName":"Ann","sAMAccountName":"ann"}"#]
    );
}

#[test]
fn what_is_not_text_is_said_to_be_binary_and_what_is_text_stays_as_it_is() {
    let attributes: [(&str, &[&[u8]]); 7] = [
        // Sixteen bytes that happen to be text.
        ("objectGUID", &[b"sixteen letters."]),
        ("userCertificate;binary", &[b"0"]),
        ("cn", &[b"\xff\xfe"]),
        ("homeDirectory", &[br"\\srv\new\table"]),
        ("manager", &[br"CN=Doe\, John,DC=example"]),
        ("sn", &["Łukasz \"x\"\n".as_bytes()]),
        ("empty", &[]),
    ];
    let asked = [
        "objectGUID",
        "userCertificate;binary",
        "cn",
        "homeDirectory",
        "manager",
        "sn",
        "empty",
        "sAMAccountName",
    ];
    let records = records(&asked[..7], &asked, vec![entry("cn=a", &attributes)]);
    let expected = concat!(
        r#"{"cn":"*BINARY*","homeDirectory":"\\\\srv\\new\\table","manager":"CN=Doe\\, John,DC=example","#,
        r#""objectGUID":"*BINARY*","sn":"Łukasz \"x\"\n","userCertificate;binary":"*BINARY*"}"#
    );
    assert_eq!(records, [expected]);
}

#[test]
fn entries_without_a_name_or_attributes_are_passed_over() {
    let entries = vec![
        entry("", &[("uid", &[b"a"])]),
        entry("cn=b", &[]),
        entry("cn=c", &[("uid", &[b"c"])]),
    ];
    assert_eq!(
        records(&["uid"], &["uid", "sAMAccountName"], entries),
        [r#"{"uid":"c"}"#]
    );
}

#[test]
fn everything_asks_for_all_attributes_and_spells_them_as_the_server_does() {
    let script = Script::default()
        .ldap_open(target(), Ok(()))
        .ldap_search(search(&[]))
        .ldap_next(Ok(Some(vec![entry(
            "cn=a",
            &[("UID", &[b"a"]), ("member;range=0-1499", &[b"cn=b"])],
        )])))
        .ldap_next(Ok(None));
    let everything = testing::wanted(&["uid"]);
    let outcome = run::<Ldap>(
        settings(&[]),
        Wanted {
            everything: true,
            ..everything
        },
        script,
    );
    assert_eq!(outcome.error, None);
    assert_eq!(
        outcome.records[0].to_string(),
        r#"{"UID":"a","member;range=0-1499":"cn=b"}"#
    );
}

#[test]
fn pages_are_read_to_the_end_and_an_empty_one_is_not_the_end() {
    let page = |names: &[&str]| {
        Ok(Some(
            names
                .iter()
                .map(|name| entry(name, &[("uid", &[name.as_bytes()])]))
                .collect(),
        ))
    };
    let script = Script::default()
        .ldap_open(target(), Ok(()))
        .ldap_search(search(&["uid", "sAMAccountName"]))
        .ldap_next(page(&["a", "b"]))
        .ldap_next(page(&[]))
        .ldap_next(page(&["c"]))
        .ldap_next(Ok(None));
    let outcome = run::<Ldap>(settings(&[]), wanted(&["uid"]), script);
    assert_eq!((outcome.error, outcome.pages), (None, vec![2, 0, 1]));
}

#[test]
fn the_settings_decide_how_the_directory_is_reached_and_searched() {
    let runs = |changed: &[(&str, &str)], target: Target, search: Search| {
        let script = Script::default()
            .ldap_open(target, Ok(()))
            .ldap_search(search)
            .ldap_next(Ok(None));
        assert_eq!(run::<Ldap>(settings(changed), wanted(&[]), script).error, None);
    };
    let account = || search(&[ACCOUNT_NAME]);
    // Version 2 knows no paging.
    runs(
        &[("protocol_version", "2")],
        Target {
            version: Version::V2,
            ..target()
        },
        Search {
            page_size: 0,
            ..account()
        },
    );
    runs(
        &[("page_size", "1000")],
        target(),
        Search {
            page_size: 1_000,
            ..account()
        },
    );
    let open = "ldap://dc1.example.test";
    let secured = Target {
        url: open.to_owned(),
        start_tls: true,
        ..target()
    };
    runs(&[("url", open), ("start_tls", "True")], secured, account());
    // Who signs in, `anonymous` included, is the host's matter: the connector only names the slot.
    runs(&[("username", "anonymous")], target(), account());
}

#[test]
fn a_setting_that_cannot_be_is_named() {
    for (name, value, expected) in [
        (
            "page_size",
            "1001",
            "setting `page_size`: `1001` is not a number from 1 to 1000",
        ),
        (
            "page_size",
            "0",
            "setting `page_size`: `0` is not a number from 1 to 1000",
        ),
        (
            "start_tls",
            "maybe",
            "setting `start_tls`: `maybe` is neither True nor False",
        ),
        ("base_dn", "", "setting `base_dn`: is missing"),
    ] {
        let outcome = run::<Ldap>(settings(&[(name, value)]), wanted(&[]), Script::default());
        assert_eq!(outcome.error.unwrap().to_string(), expected);
    }
}

fn look_at_the_base() -> Search {
    Search {
        scope: Scope::Base,
        filter: "(objectClass=*)".to_owned(),
        page_size: 0,
        limit: Some(1),
        ..search(&["1.1"])
    }
}

#[test]
fn a_check_signs_in_and_looks_at_the_base() {
    let script = Script::default()
        .ldap_open(target(), Ok(()))
        .ldap_search(look_at_the_base())
        .ldap_next(Ok(Some(vec![entry(BASE, &[])])));
    assert_eq!(testing::check::<Ldap>(settings(&[]), script), Ok(()));
    let script = Script::default()
        .ldap_open(target(), Ok(()))
        .ldap_search(look_at_the_base())
        .ldap_next(Err(host::Error::Refused(refusal(32, ""))));
    let error = testing::check::<Ldap>(settings(&[]), script);
    assert_eq!(
        error,
        Err(Error::Unexpected("there is no such entry (LDAP result 32)".to_owned()))
    );
}

fn refusal(code: u32, message: &str) -> host::Refusal {
    host::Refusal {
        code,
        message: message.to_owned(),
    }
}

fn opening_fails(error: host::Error) -> Error {
    run::<Ldap>(
        settings(&[]),
        wanted(&[]),
        Script::default().ldap_open(target(), Err(error)),
    )
    .error
    .unwrap()
}

#[test]
fn a_refused_bind_is_said_in_words() {
    let active_directory =
        |data| format!("80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {data}, v1db1");
    for (error, expected) in [
        (
            host::Error::Bind(refusal(49, &active_directory("52e"))),
            "invalid credentials (LDAP result 49): the password is wrong",
        ),
        (
            host::Error::Bind(refusal(49, &active_directory("775"))),
            "invalid credentials (LDAP result 49): the account is locked",
        ),
        (
            host::Error::Bind(refusal(53, "no passwords here")),
            "the server is unwilling to perform (LDAP result 53): no passwords here",
        ),
    ] {
        assert_eq!(opening_fails(error), Error::SignIn(expected.to_owned()));
    }
    let stronger = opening_fails(host::Error::Bind(refusal(8, "00002028: LdapErr")));
    assert_eq!(
        stronger,
        Error::Forbidden("a stronger way to sign in is required (LDAP result 8): 00002028: LdapErr".to_owned())
    );
    let unreachable = opening_fails(host::Error::Unreachable("nobody answers".to_owned()));
    assert_eq!(unreachable, Error::Unreachable("nobody answers".to_owned()));
}

#[test]
fn a_refused_search_ends_the_run_behind_what_came_before() {
    let script = Script::default()
        .ldap_open(target(), Ok(()))
        .ldap_search(search(&["uid", "sAMAccountName"]))
        .ldap_next(Ok(Some(vec![entry("cn=a", &[("uid", &[b"a"])])])))
        .ldap_next(Err(host::Error::Refused(refusal(4, ""))));
    let Outcome { records, error, .. } = run::<Ldap>(settings(&[]), wanted(&["uid"]), script);
    assert_eq!(records.len(), 1);
    assert_eq!(
        error,
        Some(Error::Unexpected("size limit exceeded (LDAP result 4)".to_owned()))
    );
}
