//! More of what was recorded at vendors' servers, given by WireMock to the requests that it was given to there.

use oomnitza_connector::standin::oomnitza;
use oomnitza_tests::Program;
use serde_json::{Value, json};

use crate::check_and_upload;
use crate::wiremock::{Recording, Stub, WireMock, recorded};

/// An answer in JSON, at a path.
fn at(path: &str, answer: &Value) -> Stub {
    Stub::new("GET", path, json!({ "status": 200, "jsonBody": answer }))
}

#[test]
fn a_jamf_server_without_mobile_devices_is_no_failure() {
    let token = Recording::of("casper/tests/recorded/computers.json");
    let devices = Recording::of("casper/tests/recorded/mobiledevices-empty.json");
    let wiremock = WireMock::start(vec![
        token.stub("/api/v1/auth/token").signed("Basic .+"),
        devices.stub("/JSSResource/mobiledevices").signed("Bearer .+"),
    ]);
    let settings = format!(
        "url = {}\nusername = reader\npassword = sample-password\nsync_type = mobiledevices\nsync_field = SERIAL\nmapping.SERIAL = general.serial_number",
        wiremock.url()
    );
    let (output, _) = check_and_upload("casper", &settings);
    assert_eq!(output.counts(), [0, 0, 0, 0, 0], "{output}");
    wiremock.assert_all_matched();
}

#[test]
fn a_check_of_bamboohr_takes_a_directory_that_is_not_there_for_an_empty_one() {
    let nobody = Recording::of("bamboohr/tests/recorded/verifyAuthenticationNotFound.json")
        .stub("/api/gateway.php/acme/v1/employees/182372")
        .at("/api/gateway.php/acme/v1/employees/directory");
    // The fields of nobody's company were not recorded.
    let fields = at("/api/gateway.php/acme/v1/meta/fields", &json!([]));
    let wiremock = WireMock::start(vec![nobody.signed("Basic .+"), fields.signed("Basic .+")]);
    let destination = oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap();
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[bamboohr]\nenable = True\nurl = {}/api/gateway.php\nsystem_name = acme\n\
         api_token = sample-key\ndefault_role = 25\n",
        destination.url(),
        wiremock.url()
    ));
    let output = program.run(&["check", "bamboohr"]);
    assert_eq!(output.code, Some(0), "{output}");
    wiremock.assert_all_matched();
}

#[test]
fn devices_that_mobileiron_described_arrive() {
    let page = recorded("mobileiron/tests/recorded/device_page.json");
    // The recorded server counts three devices and gives one.
    let mut rest = page.clone();
    rest["result"]["searchResults"] = json!([]);
    let devices = |start: &str, answer: &Value| {
        let stub = at("/api/v1/device", answer);
        stub.query("dmPartitionId", Some("100001")).query("start", Some(start))
    };
    let spaces = recorded("mobileiron/tests/recorded/tenant_spaces.json");
    let stubs = vec![
        at("/api/v1/tenant/partition/device", &spaces),
        devices("0", &page),
        devices("1", &rest),
    ];
    let wiremock = WireMock::start(stubs.into_iter().map(|stub| stub.signed("Basic .+")).collect());
    let settings = format!(
        "url = {}\nusername = reader\npassword = sample-password\npartitions = [\"Default Space\"]\ncheckin_days = 36500\nsync_field = SERIAL\nmapping.SERIAL = serialNumber",
        wiremock.url()
    );
    let (output, records) = check_and_upload("mobileiron", &settings);
    assert_eq!(output.counts(), [1, 1, 0, 0, 0], "{output}");
    assert_eq!(records[0]["SERIAL"], page["result"]["searchResults"][0]["serialNumber"]);
    wiremock.assert_all_matched();
}

#[test]
fn people_of_whom_okta_told_arrive() {
    let users = recorded("okta/tests/recorded/users.json");
    let deprovisioned = Recording::of("okta/tests/recorded/deprovisioned.json")
        .stub("/api/v1/users")
        .query("filter", Some("status eq \"DEPROVISIONED\""));
    let stubs = [at("/api/v1/users", &users).query("filter", None), deprovisioned].map(|stub| stub.signed("SSWS .+"));
    let wiremock = WireMock::start(stubs.into());
    let settings = format!(
        "url = {}\napi_token = sample-token\ndefault_role = 25\ndefault_position = unused\ndeprovisioned = True",
        wiremock.url()
    );
    let (output, records) = check_and_upload("okta", &settings);
    assert_eq!(output.counts(), [7, 7, 0, 0, 0], "{output}");
    assert_eq!(records[0]["USER"], users[0]["profile"]["login"]);
    wiremock.assert_all_matched();
}

#[test]
fn users_of_whom_onelogin_told_arrive() {
    let users = recorded("onelogin/tests/recorded/users.json");
    let entries = users["entries"].as_array().unwrap();
    let entry = entries
        .iter()
        .find(|entry| entry["request"]["url"].as_str().unwrap().contains("/users"));
    // The users of `/api/1`, which those of `/api/2` are without an envelope; the token was not recorded.
    let users = &entry.unwrap()["response"]["json"]["data"];
    let token = json!({"access_token": "sample-access-token", "expires_in": 36000, "token_type": "bearer"});
    let token = json!({ "status": 200, "jsonBody": token });
    let wiremock = WireMock::start(vec![
        Stub::new("POST", "/auth/oauth2/v2/token", token),
        at("/api/2/users", users).signed("Bearer sample-access-token"),
    ]);
    let settings = format!(
        "api_url = {}\nclient_id = sample-id\nclient_secret = sample-secret\ndefault_role = 25\ndefault_position = unused",
        wiremock.url()
    );
    let (output, records) = check_and_upload("onelogin", &settings);
    assert_eq!(output.counts(), [5, 5, 0, 0, 0], "{output}");
    assert_eq!(records[0]["EMAIL"], users[0]["email"]);
    wiremock.assert_all_matched();
}
