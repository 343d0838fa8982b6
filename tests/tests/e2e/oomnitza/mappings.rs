//! Mappings: the connector's own, Oomnitza's over them, the ini file's over both.

use insta::assert_snapshot;
use oomnitza_connector::standin::oomnitza::{Call, Fault, Settings};
use oomnitza_connector::standin::people::person;
use oomnitza_connector::standin::{Trouble, okta};
use oomnitza_tests::servers::{assert_same, in_order, user};
use oomnitza_tests::{Output, Servers};
use serde_json::{Value, json};

/// People, and an Oomnitza like this.
fn servers(people: u64, oomnitza: Settings) -> Servers {
    Servers::start(
        okta::Settings {
            people,
            ..okta::Settings::default()
        },
        oomnitza,
    )
}

/// What Oomnitza should get of some people, with this done to the record of each.
fn users(people: u64, change: impl Fn(u64, &mut Value)) -> Vec<Value> {
    let changed = |index| {
        let mut record = user(index);
        change(index, &mut record);
        record
    };
    (0..people).map(changed).collect()
}

#[test]
fn oomnitza_s_mappings_override_the_connector_s_and_the_ini_file_s_override_both() {
    let mapping = json!({ "title": ["POSITION", "job"], "department": "LAST_NAME", "secondEmail": "SECOND" });
    let settings = Settings {
        mappings: [("Okta".to_owned(), mapping)].into(),
        ..Settings::default()
    };
    let servers = servers(30, settings);
    let program = servers.program_with(
        "",
        "mapping.LAST_NAME = lastName\n\
         mapping.first_name = {'source': \"department\"}\n\
         mapping.FLAG = {\"hardcoded\": true}\n\
         mapping.ROLE = {\"setting\": \"default_role\"}",
    );
    let output = program.run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    servers.assert_no_violations();
    let expected = users(30, |index, record| {
        let person = person(index);
        record["POSITION"] = person.title.into();
        record["JOB"] = person.title.into();
        record["SECOND"] = Value::Null;
        record["FIRST_NAME"] = person.department.into();
        record["FLAG"] = true.into();
        record["ROLE"] = "25".into();
    });
    assert_same(&in_order(servers.oomnitza.uploaded()), &expected);
    assert_snapshot!(program.run(&["upload", "okta", "--show-mappings"]), @r#"
    exit: 0
    ----- stdout
    # okta: Okta
    [okta]
    mapping.USER           = {"required":true,"source":"login"}
    mapping.FIRST_NAME     = {"required":true,"source":"department"}
    mapping.LAST_NAME      = {"required":true,"source":"lastName"}
    mapping.EMAIL          = {"required":true,"source":"email"}
    mapping.PHONE          = {"source":"mobilePhone"}
    mapping.PERMISSIONS_ID = {"setting":"default_role"}
    mapping.POSITION       = {"source":"title"}
    mapping.SECOND         = {"source":"secondEmail"}
    mapping.JOB            = {"source":"title"}
    mapping.FLAG           = {"hardcoded":true}
    mapping.ROLE           = {"setting":"default_role"}

    ----- stderr
    "#);
}

#[test]
fn a_section_with_a_dot_asks_for_mappings_by_its_whole_name() {
    let mapping = json!({ "title": "POSITION" });
    let settings = Settings {
        mappings: [("okta.Berlin & more".to_owned(), mapping)].into(),
        ..Settings::default()
    };
    let servers = servers(3, settings);
    let program = servers.program();
    let ini = std::fs::read_to_string(program.home().join("config.ini")).unwrap();
    program.write("config.ini", ini.replace("[okta]", "[okta.Berlin & more]").as_bytes());
    let output = program.run(&["upload", "okta.Berlin & more"]);
    assert_eq!(output.code, Some(0), "{output}");
    servers.assert_no_violations();
    let expected = users(3, |index, record| record["POSITION"] = person(index).title.into());
    assert_same(&in_order(servers.oomnitza.uploaded()), &expected);
}

#[test]
fn an_unused_position_is_left_to_oomnitza() {
    for word in ["unused", "Unused"] {
        let servers = servers(101, Settings::default());
        let output = servers
            .program_with("", &format!("default_position = {word}"))
            .run(&["upload", "okta"]);
        assert_eq!(output.code, Some(0), "{output}");
        servers.assert_no_violations();
        for upload in servers.uploads() {
            let version = env!("CARGO_PKG_VERSION");
            assert_eq!(
                upload.target,
                format!("/api/v2/bulk/users?VERSION={version}&normal_position=True")
            );
        }
        let expected = users(101, |_, record| _ = record.as_object_mut().unwrap().remove("POSITION"));
        assert_same(&in_order(servers.oomnitza.uploaded()), &expected);
    }
}

#[test]
fn locations_are_asked_for_once_and_those_that_are_not_known_are_kept_and_summed_up() {
    let locations = json!([
        { "location_id": "Engineering", "name": "Building 7, \"North\"" },
        { "location_id": "人事", "name": "東京" },
        { "location_id": null, "name": "nowhere" },
    ]);
    let servers = servers(
        450,
        Settings {
            locations,
            ..Settings::default()
        },
    );
    let program = servers.program_with(
        "",
        "mapping.LOCATION = {\"source\": \"department\", \"converter\": \"location\"}",
    );
    let output = program.run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    servers.assert_no_violations();
    let expected = users(450, |index, record| {
        record["LOCATION"] = match person(index).department {
            "Engineering" => "Building 7, \"North\"",
            "人事" => "東京",
            unknown => unknown,
        }
        .into();
    });
    assert_same(&in_order(servers.oomnitza.uploaded()), &expected);
    let requests = servers.oomnitza.ledger().requests;
    assert_eq!(
        requests
            .iter()
            .filter(|logged| logged.target == "/api/v3/locations")
            .count(),
        1
    );
    assert_snapshot!(output, @r#"
    exit: 0
    ----- stdout
    ----- stderr
    [okta] 450 records sent in [TIME]
      read 450 = sent 450 + filtered 0 + rejected 0 + failed 0
      sent as they are, not in the table: location: C:\Accounts\new (90), location: Recherche & Développement (90), location: Sales "East" (90)
    "#);
}

#[test]
fn locations_are_not_asked_for_where_nothing_needs_them() {
    let servers = servers(1, Settings::default());
    servers.program().run(&["upload", "okta"]);
    let requests = servers.oomnitza.ledger().requests;
    assert!(
        requests.iter().all(|logged| logged.target != "/api/v3/locations"),
        "{requests:?}"
    );
}

/// A section whose mappings Oomnitza does not give: it fails before the source is asked for anything.
fn mappings_fail(trouble: Trouble) -> Output {
    let servers = servers(3, Settings::default());
    servers.oomnitza.inject(Fault::Next {
        call: Call::Mappings,
        times: 100,
        trouble,
    });
    let output = servers.program().run(&["upload", "okta"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert_eq!(servers.okta.ledger().requests, Vec::<String>::new());
    servers.assert_no_violations();
    output
}

#[test]
fn mappings_that_are_a_web_page_end_the_section() {
    assert_snapshot!(mappings_fail(Trouble::Page), @"
    exit: 1
    ----- stdout
    ----- stderr
    WARNING - Oomnitza cannot be used now; trying again error=what was asked to give the mappings answered with a web page instead of data
    error: section [okta] stopped: what was asked to give the mappings answered with a web page instead of data
    hint: check `url` in [oomnitza]: the address of your Oomnitza and nothing behind it, for example https://example.oomnitza.com
    ");
}

#[test]
fn mappings_that_are_something_else_end_the_section() {
    assert_snapshot!(mappings_fail(Trouble::Json("{\"login\": 5}".to_owned())), @"
    exit: 1
    ----- stdout
    ----- stderr
    error: section [okta] stopped: what was asked to give the mappings answered with something that is not a mapping (a source field leads to something else than a field or a list of fields at line 1 column 12)
    hint: check `url` in [oomnitza]: the address of your Oomnitza and nothing behind it, for example https://example.oomnitza.com
    ");
}

#[test]
fn mappings_that_are_refused_end_the_section() {
    assert_snapshot!(mappings_fail(Trouble::Status(400, None)), @"
    exit: 1
    ----- stdout
    ----- stderr
    error: section [okta] stopped: Oomnitza refused to give the mappings (400): injected
    ");
}

#[test]
fn a_secret_is_not_sent_as_data() {
    let servers = servers(3, Settings::default());
    let output = servers
        .program_with("", "mapping.POSITION = {\"setting\": \"api_token\"}")
        .run(&["upload", "okta"]);
    assert!(servers.uploads().is_empty());
    assert_snapshot!(output, @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:12: [okta] mapping.position: setting `api_token` is a secret, and secrets are not sent to Oomnitza as data
    hint: map another setting, or use `hardcoded`
    ");
}
