//! A directory that refuses, and one that goes away.

use std::sync::Arc;

use oomnitza_tests::relay;

use super::*;

#[test]
fn a_wrong_password_is_said_and_nothing_is_sent() {
    let (company, destination) = (company(), oomnitza());
    let program = program(
        &destination,
        &[section("ldap", &company.server.url(), PEOPLE, "password = wrong-one")],
    );
    let output = program.run(&["upload", "ldap"]);
    insta::assert_snapshot!(output, @r#"
    exit: 1
    ----- stdout
    ----- stderr
    WARNING - the password crosses the network in clear text; use ldaps:// or StartTLS place="ldap://127.0.0.1:[PORT]"
    error: section [ldap] stopped: the source did not accept the credentials: invalid credentials (LDAP result 49)
    hint: check `username` (line 8) and `password` (line 14) in config.ini
    "#);
    assert_eq!(batches(&destination), Vec::<usize>::new());
}

#[test]
fn a_base_that_does_not_exist_is_said() {
    let (company, destination) = (company(), oomnitza());
    let program = program(
        &destination,
        &[section(
            "ldap",
            &company.server.url(),
            "ou=nowhere,dc=example,dc=com",
            "",
        )],
    );
    let output = program.run(&["upload", "ldap"]);
    insta::assert_snapshot!(output, @r#"
    exit: 2
    ----- stdout
    ----- stderr
    WARNING - the password crosses the network in clear text; use ldaps:// or StartTLS place="ldap://127.0.0.1:[PORT]"
    error: config.ini:10: [ldap] base_dn: there is no such entry (LDAP result 32): found as far as `dc=example,dc=com`
    hint: Where to look: this entry and everything below it; for example `base_dn = dc=example,dc=com`
    "#);
    assert_eq!(batches(&destination), Vec::<usize>::new());
}

#[test]
fn a_filter_that_is_none_is_named() {
    let (company, destination) = (company(), oomnitza());
    let program = program(
        &destination,
        &[section(
            "ldap",
            &company.server.url(),
            PEOPLE,
            "filter = (&(objectClass=person)(uid=)",
        )],
    );
    let output = program.run(&["upload", "ldap"]);
    insta::assert_snapshot!(output, @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:14: [ldap] filter: cannot be used: its parentheses do not match
    hint: Which entries to take (RFC 4515); for example `filter = (objectClass=*)`
    ");
    assert_eq!(batches(&destination), Vec::<usize>::new());
}

#[test]
fn passwords_are_not_read_whatever_the_directory_allows() {
    let (company, destination) = (company(), oomnitza());
    let more = "mapping.SECRET = userPassword";
    let program = program(&destination, &[section("ldap", &company.server.url(), PEOPLE, more)]);
    let output = program.run(&["upload", "ldap"]);
    insta::assert_snapshot!(output, @r#"
    exit: 1
    ----- stdout
    ----- stderr
    WARNING - the password crosses the network in clear text; use ldaps:// or StartTLS place="ldap://127.0.0.1:[PORT]"
    WARNING - a search of the connector was denied what="the attribute `userPassword` holds passwords"
    error: section [ldap] stopped: the attribute `userPassword` holds passwords
    hint: correct what the message names; if that is nothing of this section, report it to whoever made the connector
    "#);
    assert_eq!(batches(&destination), Vec::<usize>::new());
}

#[test]
fn a_directory_that_answers_nobody_in_particular_says_so() {
    let (company, destination) = (strict_company(), oomnitza());
    let program = program(
        &destination,
        &[section("ldap", &company.server.url(), PEOPLE, "username = anonymous")],
    );
    let output = program.run(&["upload", "ldap"]);
    insta::assert_snapshot!(output, @r"
    exit: 1
    ----- stdout
    ----- stderr
    error: section [ldap] stopped: the source did not accept the credentials: this way to sign in is not allowed (LDAP result 48): anonymous bind disallowed
    hint: check `username` (line 14) and `password` (line 9) in config.ini
    ");
    assert_eq!(batches(&destination), Vec::<usize>::new());
}

#[test]
fn a_directory_that_knows_no_version_2_says_so() {
    let server = Slapd::start(&slapd::Settings {
        version_2: false,
        ..slapd::Settings::default()
    });
    let destination = oomnitza();
    let program = program(
        &destination,
        &[section("ldap", &server.url(), PEOPLE, "protocol_version = 2")],
    );
    let output = program.run(&["upload", "ldap"]);
    insta::assert_snapshot!(output, @r#"
    exit: 1
    ----- stdout
    ----- stderr
    WARNING - the password crosses the network in clear text; use ldaps:// or StartTLS place="ldap://127.0.0.1:[PORT]"
    error: section [ldap] stopped: protocol error (LDAP result 2): historical protocol version requested, use LDAPv3 instead
    hint: correct what the message names; if that is nothing of this section, report it to whoever made the connector
    "#);
    assert_eq!(batches(&destination), Vec::<usize>::new());
}

#[test]
fn what_came_before_a_size_limit_is_delivered_and_the_section_fails() {
    let company = strict_company();
    for (more, remedy) in [
        ("protocol_version = 2", "search in pages, with protocol version 3"),
        (
            "page_size = 30",
            "have the limit raised, or divide the search among sections by base or filter",
        ),
    ] {
        let destination = oomnitza();
        let program = program(&destination, &[section("ldap", &company.server.url(), PEOPLE, more)]);
        let output = program.run(&["upload", "ldap", "--json"]);
        assert_eq!(output.code, Some(1), "{more}\n{output}");
        assert_eq!(output.counts(), [100, 98, 2, 0, 0], "{more}\n{output}");
        assert_same(
            &sorted(arrived(&destination)),
            &sorted(records(&company.people[..100], &[])),
        );
        let said = output.report()["error"]["message"].to_string();
        assert!(
            said.contains("size limit exceeded (LDAP result 4); ") && said.contains(remedy),
            "{said}"
        );
    }
}

#[test]
fn nothing_is_lost_or_doubled_when_the_directory_dies_in_the_middle() {
    let company = Company::start(5_000, slapd::Settings::default());
    let (server, people) = (Arc::new(company.server), company.people);
    let destination = oomnitza();
    let dies = server.clone();
    // Somewhere in the third of ten pages.
    let port = relay::start(server.port(), 300_000, move || dies.kill());
    let text = section("ldap", &format!("ldap://127.0.0.1:{port}"), PEOPLE, "");
    let program = orderly_program(&destination, &text);
    let output = program.run(&["upload", "ldap", "--json"]);
    assert_eq!(output.code, Some(1), "{output}");
    let [read, sent, filtered, rejected, failed] = output.counts().map(|count| usize::try_from(count).unwrap());
    assert!((500..2_500).contains(&read), "{output}");
    assert_eq!((read, rejected, failed), (sent + filtered, 0, 0), "{output}");
    let expected = records(&people[..read], &[]);
    assert_eq!(expected.len(), sent, "{output}");
    assert_same(&arrived(&destination), &expected);
    insta::assert_snapshot!(output.report()["error"].to_string().replace(&port.to_string(), "[PORT]"), @r#"{"causes":[],"findings":[],"hint":"check `url` (line 8) in config.ini, and that this machine can reach it","message":"the source cannot be reached: the connection to ldap://127.0.0.1:[PORT] broke: the server closed it"}"#);
}
