//! Looking before leaping: checks, previews, mappings; and where passwords come from.

use std::collections::BTreeMap;

use oomnitza_connector::standin::oomnitza::{Oomnitza, Settings};
use serde_json::json;

use super::*;

#[test]
fn a_good_section_passes_its_check() {
    let (company, destination) = (company(), oomnitza());
    let program = program(&destination, &[section("ldap", &company.server.url(), PEOPLE, "")]);
    insta::assert_snapshot!(program.run(&["check", "ldap"]), @r#"
    exit: 0
    ----- stdout
    ok [oomnitza] Oomnitza: http://127.0.0.1:[PORT]/ accepts the credentials
    ok [ldap] settings: complete
    ok [ldap] mappings: 6 fields are mapped for LDAP
    ok [ldap] source: LDAP accepts the settings and credentials
    ----- stderr
    WARNING - the password crosses the network in clear text; use ldaps:// or StartTLS place="ldap://127.0.0.1:[PORT]"
    "#);
    assert_eq!(batches(&destination), Vec::<usize>::new());
}

#[test]
fn a_check_says_what_each_section_lacks() {
    let (company, destination) = (company(), oomnitza());
    let url = company.server.url();
    let program = program(
        &destination,
        &[
            section("ldap", &url, "ou=nowhere,dc=example,dc=com", ""),
            section("ldap.Password", &url, PEOPLE, "password = wrong-one"),
            section("ldap.Secure", &url.replace("ldap:", "ldaps:"), PEOPLE, ""),
            section("ldap.Version", &url, PEOPLE, "protocol_version = 4"),
        ],
    );
    insta::assert_snapshot!(program.run(&["check", "ldap", "ldap.Password", "ldap.Secure", "ldap.Version"]), @r#"
    exit: 1
    ----- stdout
    ok [oomnitza] Oomnitza: http://127.0.0.1:[PORT]/ accepts the credentials
    ok [ldap] settings: complete
    ok [ldap] mappings: 6 fields are mapped for LDAP
    ok [ldap.Password] settings: complete
    ok [ldap.Password] mappings: 6 fields are mapped for ldap.Password
    ok [ldap.Secure] settings: complete
    ok [ldap.Secure] mappings: 6 fields are mapped for ldap.Secure
    ----- stderr
    WARNING - the password crosses the network in clear text; use ldaps:// or StartTLS place="ldap://127.0.0.1:[PORT]"
    error: config.ini:10: [ldap] base_dn: there is no such entry (LDAP result 32): found as far as `dc=example,dc=com`
    hint: Where to look: this entry and everything below it; for example `base_dn = dc=example,dc=com`
    WARNING - the password crosses the network in clear text; use ldaps:// or StartTLS place="ldap://127.0.0.1:[PORT]"
    error: section [ldap.Password] stopped: the source did not accept the credentials: invalid credentials (LDAP result 49)
    hint: check `username` (line 19) and `password` (line 25) in config.ini
    error: section [ldap.Secure] stopped: the source cannot be reached: the connection to ldaps://127.0.0.1:[PORT] broke: tls handshake eof
    hint: check `url` (line 29) in config.ini, and that this machine can reach it
    error: config.ini:47: [ldap.Version] protocol_version: cannot be `4`
    hint: it can be 2, 3
    "#);
}

#[test]
fn a_preview_shows_every_record_and_sends_none() {
    let (company, destination) = (company(), oomnitza());
    let program = program(
        &destination,
        &[section("ldap", &company.server.url(), PEOPLE, "mapping.TITLE = title")],
    );
    let output = program.run(&["upload", "ldap", "--testmode"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_same(&output.shown(), &records(&company.people, &[("TITLE", "title")]));
    assert_eq!(batches(&destination), Vec::<usize>::new());
}

#[test]
fn a_record_count_sends_so_many_one_by_one() {
    let (company, destination) = (company(), oomnitza());
    let program = program(&destination, &[section("ldap", &company.server.url(), PEOPLE, "")]);
    let output = program.run(&["upload", "ldap", "--record-count", "7"]);
    // The sixth lacks a given name, and counts all the same.
    insta::assert_snapshot!(output, @r#"
    exit: 0
    ----- stdout
    ----- stderr
    WARNING - the password crosses the network in clear text; use ldaps:// or StartTLS place="ldap://127.0.0.1:[PORT]"
    [ldap] 6 records sent in [TIME]
      read 7 = sent 6 + filtered 1 + rejected 0 + failed 0
      left out, no value for a required field: FIRST_NAME (1)
    "#);
    let expected = records(&company.people[..7], &[]);
    assert_same(&sorted(arrived(&destination)), &sorted(expected));
    let ledger = destination.ledger();
    let uploads: Vec<_> = ledger
        .requests
        .iter()
        .filter(|request| request.method == "POST")
        .collect();
    assert_eq!(uploads.len(), 6);
    assert!(uploads.iter().all(|upload| upload.body.starts_with(b"{")));
}

#[test]
fn mappings_are_shown_as_one_would_write_them() {
    let company = company();
    let mappings = BTreeMap::from([("LDAP".to_owned(), json!({ "title": "TITLE" }))]);
    let destination = Oomnitza::start(Settings {
        mappings,
        ..Settings::default()
    })
    .unwrap();
    let more = "mapping.TITLE = {\"converter\": \"split:on=;|index=1\"}\nmapping.OFFICE = {\"hardcoded\": 7}";
    let program = program(&destination, &[section("ldap", &company.server.url(), PEOPLE, more)]);
    insta::assert_snapshot!(program.run(&["upload", "ldap", "--show-mappings"]), @r#"
    exit: 0
    ----- stdout
    # ldap: LDAP
    [ldap]
    mapping.USER           = {"converter":"ldap_user_field","required":true,"source":"uid"}
    mapping.FIRST_NAME     = {"required":true,"source":"givenName"}
    mapping.LAST_NAME      = {"required":true,"source":"sn"}
    mapping.EMAIL          = {"required":true,"source":"mail"}
    mapping.PERMISSIONS_ID = {"setting":"default_role"}
    mapping.POSITION       = {"setting":"default_position"}
    mapping.TITLE          = {"converter":"split:on=;|index=1","source":"title"}
    mapping.OFFICE         = {"hardcoded":7}

    ----- stderr
    "#);
    assert_eq!(batches(&destination), Vec::<usize>::new());
}

#[test]
fn a_password_may_come_from_the_environment() {
    let (company, destination) = (company(), oomnitza());
    // The one in the file is somebody's old one.
    let text = section(
        "ldap",
        &company.server.url(),
        CONTRACTORS,
        "password = wrong-one\nenv_password = DIRECTORY_PASSWORD",
    );
    let unset = program(&destination, &[text]);
    insta::assert_snapshot!(unset.run(&["upload", "ldap"]), @r"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:15: [ldap] env_password: the environment variable `DIRECTORY_PASSWORD` is not set
    hint: set `DIRECTORY_PASSWORD` where the program is started, for example in the cron line, or remove `env_password`
    ");
    assert_eq!(batches(&destination), Vec::<usize>::new());
    let set = unset.env("DIRECTORY_PASSWORD", PASSWORD);
    let output = set.run(&["upload", "ldap"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_same(
        &sorted(arrived(&destination)),
        &sorted(records(&company.contractors, &[])),
    );
}
