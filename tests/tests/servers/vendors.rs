//! Vendors against their own specifications whose terms keep these out of this repository: whoever has them names their directory
//! (`VENDOR_SPECIFICATIONS`, see tests/servers/run.sh).

use std::path::Path;

use oomnitza_connector::standin::oomnitza;
use oomnitza_tests::Program;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::prism::Prism;
use crate::{WRONG_PATH, check_and_upload};

/// Prism with a vendor's specification, in which something was changed; and where that is, which Prism watches.
fn prism(name: &str, change: impl FnOnce(&mut Value)) -> (Prism, TempDir) {
    let directory = std::env::var_os("VENDOR_SPECIFICATIONS").expect("VENDOR_SPECIFICATIONS names a directory");
    let path = Path::new(&directory).join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut specification = serde_json::from_str(&text).expect("a specification is JSON");
    change(&mut specification);
    let directory = TempDir::new().expect("a temporary directory can be made");
    let changed = directory.path().join(name);
    std::fs::write(&changed, specification.to_string()).expect("files can be written");
    (Prism::mock(changed.to_str().expect("its name is text")), directory)
}

/// Adds a path beside each, with another name.
fn add_paths(specification: &mut Value, other: impl Fn(&str) -> Option<String>) {
    let paths = specification["paths"].as_object_mut().expect("it has paths");
    let more: Vec<_> = paths
        .iter()
        .filter_map(|(path, item)| Some((other(path)?, item.clone())))
        .collect();
    for (path, item) in more {
        paths.entry(path).or_insert(item);
    }
}

/// The Jamf Pro API has the tokens; of the Classic API, which describes no answers, two requests are ours.
fn jamf(specification: &mut Value) {
    add_paths(specification, |path| {
        (!path.starts_with("/api/")).then(|| format!("/api{path}"))
    });
    // Its own word for what needs no token; `security` of the whole document says otherwise.
    for operation in ["/api/v1/oauth/token", "/api/v1/auth/token"] {
        let operation = &mut specification["paths"][operation]["post"];
        if operation["x-authentication-required"] == false && operation.get("security").is_none() {
            operation["security"] = json!([]);
        }
    }
    let answered = |answer: Value, parameters: Value| {
        let responses =
            json!({ "200": { "description": "OK", "content": { "application/json": { "example": answer } } } });
        json!({ "get": { "parameters": parameters, "security": [{ "Bearer": [] }], "responses": responses } })
    };
    let id = json!([{ "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } }]);
    let computer = json!({ "computer": { "general": { "id": 1, "serial_number": "C02TEST" } } });
    specification["paths"]["/JSSResource/computers"] =
        answered(json!({ "computers": [{ "id": 1, "name": "x" }] }), json!([]));
    specification["paths"]["/JSSResource/computers/id/{id}"] = answered(computer, id);
}

#[test]
#[ignore = "needs Jamf's specification: VENDOR_SPECIFICATIONS"]
fn the_requests_for_tokens_of_jamf_are_those_of_its_specification() {
    for account in [
        "username = reader\npassword = sample-password",
        "client_id = sample-id\nclient_secret = sample-secret",
    ] {
        let (prism, _specification) = prism("jamf-pro.json", jamf);
        let settings = format!(
            "url = {}\n{account}\nsync_field = SERIAL\nmapping.SERIAL = general.serial_number",
            prism.url()
        );
        let (output, records) = check_and_upload("casper", &settings);
        assert_eq!(output.counts(), [1, 1, 0, 0, 0], "{output}\n{}", prism.log());
        assert_eq!(records[0]["SERIAL"], "C02TEST");
        // A token and the list for each of the two, and the upload's details.
        prism.assert_kept_to_specification(5, WRONG_PATH);
    }
}

#[test]
#[ignore = "needs Zendesk's specification: VENDOR_SPECIFICATIONS"]
fn the_requests_to_zendesk_are_those_of_its_specification() {
    // Zendesk takes its paths with the ending as well.
    let (prism, _specification) = prism("zendesk.json", |specification| {
        add_paths(specification, |path| {
            (!path.ends_with(".json")).then(|| format!("{path}.json"))
        });
    });
    let destination = oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap();
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[zendesk]\nenable = True\nurl = {}\nsystem_name = acme\n\
         username = agent@example.com\napi_token = sample-key\ndefault_role = 25\ndefault_position = Employee\nincremental = True\n\
         mapping.COMPANY = organization.name\n",
        destination.url(),
        prism.url()
    ));
    // The list, and then what changed since.
    for command in [
        &["check", "zendesk"][..],
        &["upload", "zendesk", "--json"],
        &["upload", "zendesk", "--json"],
    ] {
        let output = program.run(command);
        assert_eq!(output.code, Some(0), "{output}\n{}", prism.log());
    }
    assert!(destination.uploaded().len() > 1, "{}", prism.log());
    assert_eq!(destination.ledger().violations, Vec::<String>::new());
    prism.assert_kept_to_specification(3, WRONG_PATH);
}
