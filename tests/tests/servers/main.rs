//! The program against servers that others made: Prism, which answers by a vendor's published specification and says where a request
//! or an answer does not keep to it; WireMock with answers that were recorded at vendors' servers; the npm package `soap`, which reads
//! and writes by a vendor's WSDL; and Microsoft's server for tests of SQL Server's clients.
//!
//! `make test-servers` runs this, and so does CI. It is no part of `cargo test --workspace`: the servers come from npm and crates.io.

mod mssql;
mod prism;
mod recordings;
mod soap;
mod specifications;
mod vendors;
mod wiremock;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use oomnitza_connector::standin::{okta, oomnitza};
use oomnitza_tests::servers::ini;
use oomnitza_tests::{Output, Program, Servers};
use serde_json::{Value, json};

use mssql::Mssql;
use prism::Prism;
use wiremock::{Recording, Stub, WireMock};

const BAMBOOHR: &str = "bamboohr/bamboohr.slim.json";
const OKTA: &str = "okta/okta-users-2026.06.3.slim.json";
const ONELOGIN: &str = "onelogin/onelogin-users.slim.json";

/// What is wrong with the specification's eyes, and what it says of that.
const WRONG_LIMIT: (&str, &str) = ("/api/v1/users?limit=many", "limit must be integer");
const WRONG_PATH: (&str, &str) = ("/nowhere", "NO_PATH_MATCHED_ERROR");
/// Prism before another server hands this on, and says it in other words.
const WRONG_PATH_BEFORE_ANOTHER: (&str, &str) = ("/nowhere", "Selected route not found");

/// A port for a server that cannot be told to choose one itself. The system gives those from 32,768 on to whoever asks for any, a stand-in
/// of the test beside this one perhaps; nobody is given these, and none of them twice.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(port < 32_000, "no port is free");
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// One section, checked and uploaded: what the upload printed, and the records that arrived.
fn check_and_upload(section: &str, settings: &str) -> (Output, Vec<Value>) {
    let destination = oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap();
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[{section}]\nenable = True\n{settings}\n",
        destination.url()
    ));
    let checked = program.run(&["check", section]);
    assert_eq!(checked.code, Some(0), "{checked}");
    let output = program.run(&["upload", section, "--json"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(destination.ledger().violations, Vec::<String>::new());
    (output, destination.uploaded())
}

#[test]
fn the_requests_to_okta_are_those_of_its_specification() {
    let prism = Prism::mock(OKTA);
    let oomnitza = oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap();
    let program = Program::with(&ini(&oomnitza.url(), &prism.url(), "", ""));
    let output = program.run(&["check", "okta"]);
    assert_eq!(output.code, Some(0), "{output}\n{}", prism.log());
    let output = program.run(&["upload", "okta", "--json"]);
    assert_eq!(output.code, Some(0), "{output}\n{}", prism.log());
    assert_eq!(output.counts(), [1, 1, 0, 0, 0], "{output}");
    assert_eq!(oomnitza.ledger().violations, Vec::<String>::new());
    prism.assert_kept_to_specification(2, WRONG_LIMIT);
}

#[test]
fn the_stand_in_for_okta_answers_as_its_specification_says() {
    let port = free_port();
    let public = format!("http://127.0.0.1:{port}");
    let settings = okta::Settings {
        people: 450,
        public: Some(public),
        ..okta::Settings::default()
    };
    let servers = Servers::start(settings, oomnitza::Settings::default());
    let prism = Prism::proxy(OKTA, port, &servers.okta.url());
    let program = Program::with(&ini(&servers.oomnitza.url(), &prism.url(), "", ""));
    let output = program.run(&["check", "okta"]);
    assert_eq!(output.code, Some(0), "{output}\n{}", prism.log());
    let output = program.run(&["upload", "okta", "--json"]);
    assert_eq!(output.code, Some(0), "{output}\n{}", prism.log());
    servers.assert_arrived(0..450);
    prism.assert_kept_to_specification(4, WRONG_LIMIT);
}

#[test]
fn the_requests_to_bamboohr_are_those_of_its_specification() {
    let prism = Prism::mock(BAMBOOHR);
    let settings = format!(
        "url = {}/api/gateway.php\nsystem_name = acme\napi_token = sample-key\ndefault_role = 25",
        prism.url()
    );
    let (output, _) = check_and_upload("bamboohr", &settings);
    assert_eq!(output.counts()[0], 1, "{output}");
    prism.assert_kept_to_specification(2, WRONG_PATH);
}

#[test]
fn the_requests_to_onelogin_are_those_of_its_specification() {
    let prism = Prism::mock(ONELOGIN);
    let settings = format!(
        "api_url = {}\nclient_id = sample-id\nclient_secret = sample-secret\ndefault_role = 25\ndefault_position = unused",
        prism.url()
    );
    let (output, _) = check_and_upload("onelogin", &settings);
    assert!(output.counts()[0] > 0, "{output}");
    // A token and a request for each of the two.
    prism.assert_kept_to_specification(4, WRONG_PATH);
}

#[test]
fn computers_that_jamf_described_arrive() {
    let recording = Recording::of("casper/tests/recorded/computers.json");
    let wiremock = WireMock::start(vec![
        recording.stub("/api/v1/auth/token").signed("Basic .+"),
        // The recording's list has more of each computer than the one that is asked for.
        recording
            .stub("/JSSResource/computers/subset/basic")
            .at("/JSSResource/computers")
            .signed("Bearer .+"),
        recording.stub("/JSSResource/computers/id/1").signed("Bearer .+"),
        recording.stub("/JSSResource/computers/id/2").signed("Bearer .+"),
    ]);
    let settings = format!(
        "url = {}\nusername = reader\npassword = sample-password\nsync_field = SERIAL\nmapping.SERIAL = general.serial_number\nmapping.NAME = general.name",
        wiremock.url()
    );
    let (output, records) = check_and_upload("casper", &settings);
    assert_eq!(output.counts(), [2, 2, 0, 0, 0], "{output}");
    assert_eq!(records[0]["NAME"], "Avery\u{2019}s Acme MacBook");
    wiremock.assert_all_matched();
}

#[test]
fn devices_that_workspace_one_described_arrive() {
    let answer = wiremock::recorded("airwatch/tests/recorded/devices_search_resp.json");
    let count = answer["Devices"].as_array().unwrap().len();
    let devices = Stub::new(
        "GET",
        "/api/v1/mdm/devices/search",
        json!({ "status": 200, "jsonBody": answer }),
    )
    .signed("Basic .+")
    .header("aw-tenant-code", "sample-code");
    let wiremock = WireMock::start(vec![devices]);
    let settings = format!(
        "url = {}\nusername = reader\npassword = sample-password\napi_token = sample-code\nsync_field = SERIAL\nmapping.SERIAL = SerialNumber",
        wiremock.url()
    );
    let (output, records) = check_and_upload("airwatch", &settings);
    assert_eq!((records.len(), output.counts()[0]), (count, count as u64), "{output}");
    wiremock.assert_all_matched();
}

#[test]
fn what_bamboohr_said_of_a_wrong_key_is_told() {
    let recording = Recording::of("bamboohr/tests/recorded/verifyAuthenticationInvalid.json");
    let wiremock = WireMock::start(vec![
        recording
            .stub("/api/gateway.php/acme/v1/employees/0")
            .at("/api/gateway.php/acme/v1/employees/directory")
            .signed("Basic .+"),
    ]);
    let destination = oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap();
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[bamboohr]\nenable = True\nurl = {}/api/gateway.php\nsystem_name = acme\n\
         api_token = sample-key\ndefault_role = 25\n",
        destination.url(),
        wiremock.url()
    ));
    let output = program.run(&["check", "bamboohr"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(
        output.stderr.contains("the source did not accept the credentials"),
        "{output}"
    );
    wiremock.assert_all_matched();
}

#[test]
fn a_soap_server_made_of_jasper_s_wsdl_understands_the_requests_and_is_understood() {
    let service = soap::Service::start();
    let settings = format!(
        "url = {}\nusername = user@example.com\npassword = correct horse\nstorage = storage.db\napi_token = sample-licence\nsync_field = ICCID\n\
         update_only = False\nmapping.ICCID = iccid\nmapping.PHONE = _msisdn\nmapping.OVER = overageLimitReached",
        service.url()
    );
    let (output, records) = check_and_upload("jasper", &settings);
    assert_eq!(output.counts(), [23, 23, 0, 0, 0], "{output}");
    let first = records.iter().find(|record| record["ICCID"] == "89860000000000000000");
    let expected = json!({ "ICCID": "89860000000000000000", "PHONE": "8889860000000000000000", "OVER": false });
    assert_eq!(first, Some(&expected));
    let asked = service.asked();
    let of = |operation: &str| asked.iter().filter(|asked| asked["operation"] == operation).count();
    // A check lists as well.
    assert_eq!(
        (of("GetModifiedTerminals"), of("GetTerminalDetails")),
        (2, 3),
        "{asked:?}"
    );
    assert!(
        asked.iter().all(|asked| asked["licenseKey"] == "sample-licence"),
        "{asked:?}"
    );
}

#[test]
fn a_site_arrives_from_microsoft_s_server_however_the_connection_is_secured() {
    for encrypt in ["required", "strict"] {
        let server = Mssql::start(encrypt);
        let settings = format!(
            "server = {}\ndatabase = CM_DCT\nusername = reader\npassword = sample-password\nauthentication = SQL Server\n\
             encrypt = {encrypt}\ncacert_file = {}\nsync_field = SERIAL\nmapping.SERIAL = hardware.serial_number\n\
             mapping.NAME = hardware.computer_name\nmapping.MODEL = hardware.model\nmapping.DISK = hardware.hdd_total_mb",
            server.server(),
            server.authority().display()
        );
        let (output, records) = check_and_upload("sccm", &settings);
        assert_eq!(output.counts(), [2, 2, 0, 0, 0], "{output}");
        let program = |name: &str, version: Value| json!({ "name": name, "version": version, "publisher": "Example", "path": null });
        let expected = [
            json!({
                "SERIAL": "VMware-56 4d 1f", "NAME": "PC-Größe-L", "MODEL": "OptiPlex “7010” 💻💻💻", "DISK": 5_000_000_000_u64,
                "APPLICATIONS": [program("7-Zip", json!("19.00")), program("Ökonom 💶", json!(null))],
            }),
            json!({
                "SERIAL": null, "NAME": "PC-2", "MODEL": null, "DISK": null, "APPLICATIONS": [program("Zip", json!(""))],
            }),
        ];
        assert_eq!(records, expected);

        // Nobody vouches for its certificate.
        let destination = oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap();
        let program = Program::with(&format!(
            "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[sccm]\nenable = True\n{}\n",
            destination.url(),
            settings.replace("cacert_file", "# cacert_file")
        ));
        let output = program.run(&["upload", "sccm"]);
        assert_eq!(output.code, Some(1), "{output}");
        assert!(output.stderr.contains("certificate"), "{output}");

        // A check asks both questions over one connection, an upload each over its own; none goes on with a transaction.
        let connection = |requests: &str| {
            format!(
                "database Some(\"CM_DCT\"), server Some(\"127.0.0.1\"), let in true, transaction and outstanding requests {requests}"
            )
        };
        let expected = [
            connection("[(0, 1), (0, 1)]"),
            connection("[(0, 1)]"),
            connection("[(0, 1)]"),
        ];
        assert_eq!(server.end(), expected);
    }
}
