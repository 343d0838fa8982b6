//! Directories as `docs/connectors/ldap.md` describes them, by script.

mod ranges;

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
        ("all_values", ""),
        ("allow_anonymous", "False"),
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

/// A search for these attributes, and for when an entry was changed.
fn incremental(attributes: &[&str]) -> Search {
    search(&[attributes, &["whenChanged", "modifyTimestamp"]].concat())
}

/// A search for these attributes.
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
        r#""objectGUID":"74786973-6565-206e-6c65-74746572732e","sn":"Łukasz \"x\"\n","userCertificate;binary":"*BINARY*"}"#
    );
    assert_eq!(records, [expected]);
}

#[test]
fn entries_without_a_name_or_attributes_are_passed_over() {
    let entries = vec![
        entry("", &[("uid", &[b"a"])]),
        entry("cn=b", &[]),
        entry("cn=d", &[("whenChanged", &[b"at some time"])]),
        entry("cn=c", &[("uid", &[b"c"])]),
    ];
    assert_eq!(
        records(&["uid"], &["uid", "sAMAccountName"], entries),
        [r#"{"uid":"c"}"#]
    );
}

#[test]
fn everything_adds_attributes_as_the_server_spells_them_and_changes_nothing_of_those_that_are_mapped() {
    let range: &[u8] = b"cn=b";
    let script = Script::default()
        .ldap_open(target(), Ok(()))
        .ldap_search(incremental(&["*", "uid", "MAIL", "owner;range=0-9", "sAMAccountName"]))
        .ldap_next(Ok(Some(vec![
            entry(
                "cn=a",
                &[
                    ("UID", &[b"a"]),
                    ("mail", &[b"a@example.test"]),
                    ("owner;range=0-9", &[range]),
                    // Of what is not mapped the first value is enough.
                    ("member;range=0-1499", &[range, range]),
                    ("modifyTimestamp", &[b"20261123192720Z"]),
                ],
            ),
            // Nothing of it is mapped, so that it is passed over as ever.
            entry("ou=b", &[("ou", &[b"b"])]),
        ])))
        .ldap_next(Ok(None))
        .ldap_next(Ok(None));
    let everything = testing::wanted(&["uid", "MAIL", "owner;range=0-9"]);
    let outcome = run::<Ldap>(
        settings(&[("all_values", "member")]),
        Wanted {
            everything: true,
            incremental: true,
            ..everything
        },
        script,
    );
    assert_eq!(outcome.error, None);
    let records: Vec<String> = outcome.records.iter().map(ToString::to_string).collect();
    assert_eq!(
        records,
        [
            r#"{"MAIL":"a@example.test","member":"cn=b","modifyTimestamp":"20261123192720Z","owner;range=0-9":"cn=b","uid":"a"}"#
        ]
    );
    // The next run can go on from here: the clock of the script shows 1970, which is before the change.
    let cursor = "modifyTimestamp>=19691231230000Z".to_owned();
    assert_eq!(outcome.cursors, [None, Some(cursor)]);
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

/// A search for one entry and none of its attributes.
fn look() -> Search {
    Search {
        limit: Some(1),
        ..search(&["1.1"])
    }
}

#[test]
fn a_check_signs_in_and_looks_for_one_entry_that_fits() {
    let checked = |settings, answer: &dyn Fn(Script) -> Script| {
        let script = Script::default().ldap_open(target(), Ok(())).ldap_search(look());
        testing::check::<Ldap>(settings, answer(script))
    };
    let found = |script: Script| {
        let script = script.ldap_next(Ok(Some(vec![])));
        script.ldap_next(Ok(Some(vec![entry(BASE, &[])])))
    };
    assert_eq!(checked(settings(&[]), &found), Ok(()));
    assert_eq!(checked(settings(&[]), &|script| script.ldap_next(Ok(None))), Ok(()));
    let gone = |script: Script| script.ldap_next(Err(host::Error::Refused(refusal(32, ""))));
    let named = Err(Error::setting("base_dn", "there is no such entry (LDAP result 32)"));
    assert_eq!(checked(settings(&[]), &gone), named);
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
            "invalid credentials (LDAP result 49): the user name or password is wrong",
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
        Error::Other("a stronger way to sign in is required (LDAP result 8): 00002028: LdapErr; use an ldaps:// address, or StartTLS with an ldap:// one".to_owned())
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
    let error = error.unwrap().to_string();
    assert!(
        error.starts_with("size limit exceeded (LDAP result 4); the directory limits this account"),
        "{error}"
    );
}

#[test]
fn an_entry_that_no_record_can_hold_is_a_miss() {
    let large = vec![b'x'; Page::LARGEST_RECORD];
    let script = Script::default()
        .ldap_open(target(), Ok(()))
        .ldap_search(search(&["info", "sAMAccountName"]))
        .ldap_next(Ok(Some(vec![
            entry("cn=large", &[("info", &[&large])]),
            entry("cn=small", &[("info", &[b"x"])]),
        ])))
        .ldap_next(Ok(None));
    let outcome = run::<Ldap>(settings(&[]), wanted(&["info"]), script);
    assert_eq!((outcome.error, outcome.pages), (None, vec![1]));
    assert_eq!((outcome.misses[0].0.as_str(), outcome.gone), ("cn=large", 0));
}

/// What a run leaves that begins at this time and meets entries that were changed at these.
fn cursors(attribute: &str, start: u64, times: &[&str]) -> Vec<Option<String>> {
    let entries = times
        .iter()
        .map(|time| entry("cn=a", &[("uid", &[b"a"]), (attribute, &[time.as_bytes()])]));
    let script = Script::at(start)
        .ldap_open(target(), Ok(()))
        .ldap_search(incremental(&["uid", "sAMAccountName"]))
        .ldap_next(Ok(Some(entries.collect())))
        .ldap_next(Ok(None));
    let script = if times.iter().any(|time| time.ends_with('Z')) {
        script.ldap_next(Ok(None))
    } else {
        script
    };
    let wanted = Wanted {
        incremental: true,
        ..wanted(&["uid"])
    };
    let outcome = run::<Ldap>(settings(&[]), wanted, script);
    assert_eq!(outcome.error, None);
    outcome.cursors
}

#[test]
fn a_run_leaves_the_newest_change_and_the_next_one_looks_back_an_hour() {
    // 2026-11-23T20:00:00Z
    let start = 1_795_464_000_000;
    let times = ["20261123192720.0Z", "20261123120000.0Z", "20269923120000.0Z", "soon"];
    let cursor = "whenChanged>=20261123182720.0Z";
    assert_eq!(cursors("whenChanged", start, &times), [None, Some(cursor.to_owned())]);
    // What is changed while the run is under way may be missed by it.
    let expected = "modifyTimestamp>=20261123190000Z".to_owned();
    assert_eq!(
        cursors("modifyTimestamp", start, &["20261123213000Z"]),
        [None, Some(expected)]
    );
    assert_eq!(cursors("whenChanged", start, &["yesterday"]), [None]);
    let narrowed = Search {
        filter: format!("(&{FILTER}({cursor}))"),
        ..incremental(&["uid", "sAMAccountName"])
    };
    let script = Script::default()
        .ldap_open(target(), Ok(()))
        .ldap_search(narrowed)
        .ldap_next(Ok(None));
    let outcome = testing::resume::<Ldap>(settings(&[]), Some(cursor), wanted(&["uid"]), script);
    // Nothing has changed: the cursor stays where it is.
    assert_eq!((outcome.error, outcome.cursors), (None, vec![]));
    let stale = testing::resume::<Ldap>(settings(&[]), Some("yesterday"), wanted(&["uid"]), Script::default());
    assert!(matches!(stale.error, Some(Error::StaleCursor(_))));
}

#[test]
fn an_entry_may_have_any_number_of_attributes() {
    let names: Vec<String> = (0..1_000).map(|number| format!("a{number}")).collect();
    let values: &[&[u8]] = &[b"1"];
    let attributes: Vec<(&str, &[&[u8]])> = names.iter().map(|name| (name.as_str(), values)).collect();
    let sources: Vec<&str> = names.iter().map(String::as_str).collect();
    let asked = [&sources[..], &["sAMAccountName"]].concat();
    let records = records(
        &sources,
        &asked,
        vec![entry("cn=a", &attributes), entry("cn=b", &attributes)],
    );
    assert_eq!(records[0], records[1]);
    assert_eq!(records[0].matches(r#":"1""#).count(), 1_000);
}
