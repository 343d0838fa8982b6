//! Whatever is in the directory arrives, and as it is.

use std::collections::BTreeMap;

use oomnitza_connector::standin::ldap;
use oomnitza_connector::standin::oomnitza::{Oomnitza, Settings};
use serde_json::json;

use super::*;

#[test]
fn five_thousand_people_arrive_whole() {
    let (company, destination) = (company(), oomnitza());
    let program = program(&destination, &[section("ldap", &company.server.url(), PEOPLE, "")]);
    let output = program.run(&["upload", "ldap", "--json"]);
    assert_eq!(output.code, Some(0), "{output}");
    // Of two hundred people one lacks givenName, one mail, and one both.
    assert_eq!(output.counts(), [5_000, 4_925, 75, 0, 0]);
    let missing = &output.report()["notes"]["missing"];
    assert_eq!(
        *missing,
        json!({ "FIRST_NAME": 25, "EMAIL": 25, "FIRST_NAME, EMAIL": 25 })
    );
    let expected = records(&company.people, &[]);
    assert_eq!(expected.len(), 4_925);
    assert_same(&sorted(arrived(&destination)), &sorted(expected));
    let mut batches = batches(&destination);
    batches.sort_unstable();
    assert_eq!(batches, [vec![25], vec![100; 49]].concat());
}

#[test]
fn records_arrive_in_the_order_of_the_directory() {
    let (company, destination) = (company(), oomnitza());
    let text = section("ldap", &company.server.url(), PEOPLE, "page_size = 7").replace("inetOrgPerson", "*");
    let program = orderly_program(&destination, &text);
    let output = program.run(&["upload", "ldap", "--json"]);
    assert_eq!(output.code, Some(0), "{output}");
    // The unit itself has none of the attributes, and is passed over.
    assert_eq!(output.counts(), [5_000, 4_925, 75, 0, 0]);
    assert_same(&arrived(&destination), &records(&company.people, &[]));
    assert_eq!(batches(&destination), [vec![100; 49], vec![25]].concat());
}

#[test]
fn sections_have_their_own_base_and_mappings() {
    let company = company();
    let mappings = [
        ("LDAP", json!({ "title": "TITLE" })),
        ("ldap.Contractors", json!({ "employeeNumber": ["NUMBER", "BADGE"] })),
    ];
    let mappings: BTreeMap<_, _> = mappings
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let destination = Oomnitza::start(Settings {
        mappings,
        ..Settings::default()
    })
    .unwrap();
    let url = company.server.url();
    let program = program(
        &destination,
        &[
            section("ldap", &url, PEOPLE, ""),
            section("ldap.Contractors", &url, CONTRACTORS, ""),
        ],
    );
    let output = program.run(&["upload", "ldap", "ldap.Contractors", "--jobs", "1"]);
    insta::assert_snapshot!(output, @r#"
    exit: 0
    ----- stdout
    ----- stderr
    WARNING - the password crosses the network in clear text; use ldaps:// or StartTLS place="ldap://127.0.0.1:[PORT]"
    [ldap] 4,925 records sent in [TIME]
      read 5,000 = sent 4,925 + filtered 75 + rejected 0 + failed 0
      left out, no value for a required field: EMAIL (25), FIRST_NAME (25), FIRST_NAME, EMAIL (25)
    WARNING - the password crosses the network in clear text; use ldaps:// or StartTLS place="ldap://127.0.0.1:[PORT]"
    [ldap.Contractors] 295 records sent in [TIME]
      read 300 = sent 295 + filtered 5 + rejected 0 + failed 0
      left out, no value for a required field: EMAIL (2), FIRST_NAME (2), FIRST_NAME, EMAIL (1)
    2 sections: read 5,300, sent 5,220
    "#);
    let ledger = destination.ledger();
    let asked = ledger
        .requests
        .iter()
        .filter(|request| request.method == "GET")
        .map(|request| request.target.as_str());
    assert_eq!(
        asked.collect::<Vec<_>>(),
        [
            "/api/v2/mappings?name=AuthTest",
            "/api/v2/mappings?name=LDAP",
            "/api/v2/mappings?name=ldap.Contractors"
        ]
    );
    let mut expected = records(&company.people, &[("TITLE", "title")]);
    expected.extend(records(
        &company.contractors,
        &[("NUMBER", "employeeNumber"), ("BADGE", "employeeNumber")],
    ));
    assert_same(&sorted(arrived(&destination)), &sorted(expected));
}

#[test]
fn mappings_of_oomnitza_and_of_the_ini_file_override_one_another() {
    let company = company();
    let mappings = BTreeMap::from([("LDAP".to_owned(), json!({ "title": "TITLE", "cn": "LAST_NAME" }))]);
    let destination = Oomnitza::start(Settings {
        mappings,
        ..Settings::default()
    })
    .unwrap();
    // Attributes are spelled as nobody spells them; one is spelled in two ways, and one is nobody's.
    let more = "mapping.TITLE = {'source': \"EMPLOYEENUMBER\"}\nmapping.NUMBER = employeenumber\nmapping.MOTTO = {\"source\": \"noSuchAttribute\"}\n\
                mapping.OFFICE = {\"hardcoded\": \"Z\u{fc}rich\"}\nmapping.FIRST_NAME = {\"required\": false}\nmapping.EMAIL = {\"converter\": \"split_email\"}";
    let program = program(
        &destination,
        &[section("ldap", &company.server.url(), CONTRACTORS, more)],
    );
    let output = program.run(&["upload", "ldap", "--json"]);
    assert_eq!(output.code, Some(0), "{output}");
    // Only those without mail are left out now.
    assert_eq!(output.counts(), [300, 297, 3, 0, 0]);
    let expected = company.contractors.iter().filter(|person| person.json("mail") != "null").map(|person| {
        let [first_name, name, number, mail] = ["givenName", "cn", "employeeNumber", "mail"].map(|name| person.json(name));
        let account = person.account();
        let mail = mail.replace("@example.com", "");
        format!(
            r#"{{"USER":{account},"FIRST_NAME":{first_name},"LAST_NAME":{name},"EMAIL":{mail},"PERMISSIONS_ID":"25","POSITION":"Employee","TITLE":{number},"NUMBER":{number},"MOTTO":null,"OFFICE":"Zürich"}}"#
        )
    });
    assert_same(&sorted(arrived(&destination)), &sorted(expected.collect()));
}

#[test]
fn values_arrive_as_they_are_and_those_that_are_no_text_as_binary() {
    let (company, destination) = (company(), oomnitza());
    let more = "mapping.PHOTO = jpegPhoto\nmapping.VOICE = audio\nmapping.TITLE = title\nmapping.MANAGER = manager";
    let program = program(
        &destination,
        &[section("ldap", &company.server.url(), CONTRACTORS, more)],
    );
    let output = program.run(&["upload", "ldap", "--json"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(output.counts(), [300, 295, 5, 0, 0]);
    let expected = records(
        &company.contractors,
        &[
            ("PHOTO", "jpegPhoto"),
            ("VOICE", "audio"),
            ("TITLE", "title"),
            ("MANAGER", "manager"),
        ],
    );
    // What is expected has all there is to expect.
    for oddity in [
        r#""*BINARY*""#,
        r#""plain text""#,
        r#""\\\\srv\\new\\title""#,
        r#""D\\u00e9j\\xe0""#,
        r#""花子""#,
        r#"" leading""#,
        r#""🦊 Fox""#,
    ] {
        assert!(expected.iter().any(|record| record.contains(oddity)), "{oddity}");
    }
    assert_same(&sorted(arrived(&destination)), &sorted(expected));
}

#[test]
fn version_2_reads_everything_in_one_search() {
    let (company, destination) = (company(), oomnitza());
    // The way to another server comes as a result of its own, behind all entries.
    let program = program(
        &destination,
        &[section(
            "ldap",
            &company.server.url(),
            slapd::SUFFIX,
            "protocol_version = 2",
        )],
    );
    let output = program.run(&["upload", "ldap", "--json"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(output.counts(), [5_300, 5_220, 80, 0, 0]);
    let expected = [records(&company.people, &[]), records(&company.contractors, &[])].concat();
    assert_same(&sorted(arrived(&destination)), &sorted(expected));
}

#[test]
fn nobody_in_particular_may_read_where_the_directory_allows_it() {
    let (company, destination) = (company(), oomnitza());
    let more = "username = anonymous\npassword =";
    let program = program(
        &destination,
        &[section("ldap", &company.server.url(), CONTRACTORS, more)],
    );
    let output = program.run(&["upload", "ldap"]);
    insta::assert_snapshot!(output, @r"
    exit: 0
    ----- stdout
    ----- stderr
    [ldap] 295 records sent in [TIME]
      read 300 = sent 295 + filtered 5 + rejected 0 + failed 0
      left out, no value for a required field: EMAIL (2), FIRST_NAME (2), FIRST_NAME, EMAIL (1)
    ");
    assert_same(
        &sorted(arrived(&destination)),
        &sorted(records(&company.contractors, &[])),
    );
}

#[test]
fn a_name_without_a_password_reads_as_nobody_where_section_and_directory_allow_it() {
    let company = Company::start(
        0,
        slapd::Settings {
            nameless: true,
            ..slapd::Settings::default()
        },
    );
    let destination = oomnitza();
    let more = "password =\nallow_anonymous = yes";
    let program = program(
        &destination,
        &[section("ldap", &company.server.url(), CONTRACTORS, more)],
    );
    insta::assert_snapshot!(program.run(&["upload", "ldap"]), @r#"
    exit: 0
    ----- stdout
    ----- stderr
    WARNING - a name without a password is an unauthenticated bind: the directory treats it as anonymous place="ldap://127.0.0.1:[PORT]"
    [ldap] 295 records sent in [TIME]
      read 300 = sent 295 + filtered 5 + rejected 0 + failed 0
      left out, no value for a required field: EMAIL (2), FIRST_NAME (2), FIRST_NAME, EMAIL (1)
    "#);
    assert_same(
        &sorted(arrived(&destination)),
        &sorted(records(&company.contractors, &[])),
    );
}

#[test]
fn a_later_run_reads_what_was_changed_since_whatever_the_first_one_saved() {
    let people = directory::people("p", 10);
    // All but the last were changed long ago.
    let old = |person: &Entry| person.ldif(PEOPLE).trim_end().to_owned() + "\nmodifyTimestamp: 20200102030405Z\n\n";
    let mut ldif = directory::unit("people");
    ldif.extend(people[..9].iter().map(old));
    ldif.push_str(&people[9].ldif(PEOPLE));
    let server = Slapd::start(&slapd::Settings {
        ldif,
        ..slapd::Settings::default()
    });
    let destination = oomnitza();
    let text = section("ldap", &server.url(), PEOPLE, "incremental = True");
    let program = program(&destination, &[text]);
    let read = |more: &[&str]| {
        let output = program.run(&[&["upload", "ldap", "--json"], more].concat());
        assert_eq!(output.code, Some(0), "{output}");
        output.counts()[0]
    };
    assert_eq!(read(&["--save-data"]), 10);
    assert_eq!(read(&[]), 1);
    // Nothing more was changed, and the hour that is looked back is not over.
    assert_eq!(read(&[]), 1);
    assert_eq!(arrived(&destination).pop(), people[9].record(&[]));
}

/// What is asked of a directory is what a run uses: when entries were changed matters to those alone that go on from there.
#[test]
fn when_entries_were_changed_is_asked_where_a_later_run_goes_on_from_there() {
    let mapped = ["uid", "givenName", "sn", "mail", "sAMAccountName"];
    for (line, asked) in [
        ("", mapped.to_vec()),
        ("incremental = False", mapped.to_vec()),
        (
            "incremental = True",
            [&mapped[..], &["whenChanged", "modifyTimestamp"]].concat(),
        ),
    ] {
        let server = ldap::Ldap::start(ldap::Settings {
            people: 3,
            ..ldap::Settings::default()
        })
        .unwrap();
        let (settings, destination) = (ldap::Settings::default(), oomnitza());
        let text = format!(
            "[ldap]\nenable = True\nurl = {}\nusername = {}\npassword = {}\nbase_dn = {}\ndefault_role = 25\ndefault_position = x\n{line}\n",
            server.url(),
            settings.bind_dn,
            settings.password,
            settings.base_dn
        );
        let output = program(&destination, &[text]).run(&["upload", "ldap"]);
        assert_eq!(output.code, Some(0), "{output}");
        let ledger = server.ledger();
        assert_eq!(ledger.violations, Vec::<String>::new());
        assert!(!ledger.searches.is_empty());
        for search in ledger.searches {
            assert_eq!(search.attributes, asked, "{line}");
        }
    }
}
