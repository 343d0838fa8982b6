//! Vendors against their own specifications whose terms keep these out of this repository: whoever has them names their directory
//! (`VENDOR_SPECIFICATIONS`, see tests/servers/run.sh).

use std::path::Path;

use oomnitza_connector::standin::oomnitza;
use oomnitza_tests::source::{Casper, Source, Tokens};
use oomnitza_tests::{Program, fake};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::prism::Prism;
use crate::specifications::assert_fake_keeps_to;
use crate::{WRONG_PATH, WRONG_PATH_BEFORE_ANOTHER, check_and_upload, free_port};

/// A vendor's specification in which something was changed, in a directory that Prism watches.
fn specification(name: &str, change: impl FnOnce(&mut Value)) -> (String, TempDir) {
    let directory = std::env::var_os("VENDOR_SPECIFICATIONS").expect("VENDOR_SPECIFICATIONS names a directory");
    let path = Path::new(&directory).join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut specification = serde_json::from_str(&text).expect("a specification is JSON");
    change(&mut specification);
    let directory = TempDir::new().expect("a temporary directory can be made");
    let changed = directory.path().join(name);
    std::fs::write(&changed, specification.to_string()).expect("files can be written");
    (changed.to_str().expect("its name is text").to_owned(), directory)
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
        // It is JSON, and called text.
        let content = json!({ "application/json": { "example": answer }, "text/plain": {} });
        let responses = json!({ "200": { "description": "OK", "content": content } });
        json!({ "get": { "parameters": parameters, "security": [{ "Bearer": [] }], "responses": responses } })
    };
    let id = json!([{ "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } }]);
    let computer = json!({ "computer": { "general": { "id": 1, "serial_number": "C02TEST" } } });
    specification["paths"]["/JSSResource/computers"] =
        answered(json!({ "computers": [{ "id": 1, "name": "x" }] }), json!([]));
    specification["paths"]["/JSSResource/computers/id/{id}"] = answered(computer, id);
}

/// Zendesk takes its paths with the ending as well, and the address of a user who has none is null.
fn zendesk(specification: &mut Value) {
    let schemas = specification["components"]["schemas"].as_object_mut();
    for schema in schemas.into_iter().flatten().map(|(_, schema)| schema) {
        if let Some(email) = schema.pointer_mut("/properties/email") {
            email["nullable"] = json!(true);
        }
    }
    add_paths(specification, |path| {
        (!path.ends_with(".json")).then(|| format!("{path}.json"))
    });
}

#[test]
#[ignore = "needs Jamf's specification: VENDOR_SPECIFICATIONS"]
fn the_requests_for_tokens_of_jamf_are_those_of_its_specification() {
    for account in [
        "username = reader\npassword = sample-password",
        "client_id = sample-id\nclient_secret = sample-secret",
    ] {
        let (specification, _directory) = specification("jamf-pro.json", jamf);
        let prism = Prism::mock(&specification);
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
    let (specification, _directory) = specification("zendesk.json", zendesk);
    let prism = Prism::mock(&specification);
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

#[test]
#[ignore = "needs Jamf's specification: VENDOR_SPECIFICATIONS"]
fn the_fake_of_jamf_gives_its_tokens_as_its_specification_says() {
    let (specification, _directory) = specification("jamf-pro.json", jamf);
    for account in [
        "username = auditor\npassword = correct horse",
        "client_id = client\nclient_secret = battery staple",
    ] {
        let mut server = Casper::new(Tokens::Wanted);
        server.computers = vec![(1, Casper::computer(1))];
        let fake = Source::start(server);
        let prism = Prism::proxy(&specification, free_port(), &fake.url());
        let settings = format!(
            "url = {}\n{account}\nsync_field = SERIAL\nmapping.SERIAL = general.serial_number",
            prism.url()
        );
        let (output, _) = check_and_upload("casper", &settings);
        assert_eq!(output.counts(), [1, 1, 0, 0, 0], "{output}\n{}", prism.log());
        assert_eq!(fake.violations(), Vec::<String>::new());
        prism.assert_kept_to_specification(5, WRONG_PATH_BEFORE_ANOTHER);
    }
}

#[test]
#[ignore = "needs Zendesk's specification: VENDOR_SPECIFICATIONS"]
fn the_fake_of_zendesk_answers_as_its_specification_says() {
    let (specification, _directory) = specification("zendesk.json", zendesk);
    let settings = "url = URL\nsystem_name = oomnitza\nusername = agent@example.com\napi_token = sample-api-token\n\
        default_role = 25\ndefault_position = Employee\nmapping.COMPANY = organization.name";
    // A page for the check, and three for the upload.
    assert_fake_keeps_to(&specification, &fake::zendesk::account(5), "zendesk", settings, 5, 4);
}
