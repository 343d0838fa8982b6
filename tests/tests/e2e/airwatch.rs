//! AirWatch (Workspace ONE UEM) to Oomnitza.

use oomnitza_tests::Audit;
use oomnitza_tests::source::{AirWatch, Answer, Source};
use serde_json::{Value, json};

const ACCOUNT: &str = "username = api\npassword = correct horse\napi_token = tenant-code-1\n";

fn tenant(devices: u64) -> AirWatch {
    AirWatch {
        devices: (1..=devices).map(AirWatch::device).collect(),
        total: None,
    }
}

fn audit(source: &Source<AirWatch>, lines: &str, more: Value) -> Audit {
    let mut mappings =
        json!({"SerialNumber": "SERIAL_NUMBER", "LocationGroupId.Id.Value": "GROUP", "CompromisedStatus": "ROOTED"});
    mappings
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let lines = format!("url = {}\nsync_field = SERIAL_NUMBER\n{lines}", source.url());
    Audit::new("airwatch", &lines, "AirWatch", mappings)
}

#[test]
fn devices_arrive_in_order_and_no_network_is_asked_for() {
    let source = Source::start(tenant(12));
    let audit = audit(&source, ACCOUNT, json!({}));
    let output = audit.upload();
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(source.violations(), Vec::<String>::new());
    insta::assert_snapshot!("airwatch_requests", source.requests());
    insta::assert_snapshot!("airwatch_bodies", audit.bodies());
}

#[test]
fn a_network_is_asked_for_where_a_mapping_names_it_and_one_that_fails_is_empty() {
    let source = Source::start(tenant(4));
    source.inject("/000000000002/network", 99, Answer::new(500, "text/html", "<html>"));
    source.inject(
        "/000000000003/network",
        1,
        AirWatch::error(404, 5061, "Device not found for this request."),
    );
    let audit = audit(&source, ACCOUNT, json!({"network.IPAddress.WifiIPAddress": "IP"}));
    let output = audit.upload();
    assert_eq!(output.counts(), [4, 4, 0, 0, 0], "{output}");
    assert_eq!(source.violations(), Vec::<String>::new());
    let warning = "the network of the device with address 000000000003 is not known";
    assert!(output.stderr.contains(warning), "{output}");
    insta::assert_snapshot!("airwatch_network", audit.bodies());
}

#[test]
fn a_tenant_whose_networks_are_all_refused_is_not_sent_without_them() {
    let source = Source::start(tenant(120));
    source.inject(
        "/network",
        9_999,
        AirWatch::error(403, 1013, "No right to read networks."),
    );
    let output = audit(&source, ACCOUNT, json!({"network.IPAddress.WifiIPAddress": "IP"})).upload();
    assert_eq!((output.code, output.counts()[1]), (Some(1), 0), "{output}");
    assert!(
        output
            .stderr
            .contains("/network answered 403: No right to read networks. (1013)")
            && output.stderr.contains("hint: give the account the right to read"),
        "{output}"
    );
    // The list, and the first 50.
    assert_eq!(source.requests().lines().count(), 51);
}

#[test]
fn a_list_of_many_pages_ends_with_its_total_and_with_no_content_where_there_are_fewer() {
    for (total, requests, code) in [(None, 2, 0), (Some(2_000), 3, 4)] {
        let source = Source::start(AirWatch { total, ..tenant(700) });
        let output = audit(&source, ACCOUNT, json!({})).upload();
        assert_eq!(
            (output.code, output.counts()),
            (Some(code), [700, 700, 0, 0, 0]),
            "{output}"
        );
        assert_eq!(source.requests().lines().count(), requests);
        assert_eq!(source.violations(), Vec::<String>::new());
    }
    let source = Source::start(tenant(0));
    let output = audit(&source, ACCOUNT, json!({})).upload();
    assert_eq!((output.code, output.counts()), (Some(0), [0, 0, 0, 0, 0]), "{output}");
}

#[test]
fn an_oauth_client_signs_in_instead_of_an_account() {
    for token in ["api_token = tenant-code-1\n", "", "api_token =\n"] {
        let source = Source::start(tenant(2));
        let lines = format!(
            "{token}client_id = client\nclient_secret = battery staple\ntoken_url = {}/connect/token\n",
            source.url()
        );
        let output = audit(&source, &lines, json!({})).upload();
        assert_eq!(output.counts(), [2, 2, 0, 0, 0], "{output}");
        assert_eq!(source.violations(), Vec::<String>::new());
        insta::assert_snapshot!("airwatch_oauth", source.requests());
    }
}

#[test]
fn refusals_end_the_section_with_airwatch_s_own_words_and_no_secret() {
    let account = |password: &str, code: &str| format!("username = api\npassword = {password}\napi_token = {code}\n");
    let mut summaries = Vec::new();
    for (lines, answer) in [
        (account("incorrect horse", "tenant-code-1"), None),
        (account("correct horse", "tenant-code-2"), None),
        (account("correct horse", ""), None),
        (
            ACCOUNT.to_owned(),
            Some(
                AirWatch::error(500, 1000, "An unexpected error occurred")
                    .header("X-Correlation-Id", "6ea2d1b0-0001-4c8f-9d3c-2f8f7f0a5b11"),
            ),
        ),
        (
            ACCOUNT.to_owned(),
            Some(AirWatch::error(403, 1013, "Insufficient permissions")),
        ),
        (
            ACCOUNT.to_owned(),
            Some(Answer::new(404, "text/html", "<html>IIS</html>")),
        ),
        (
            ACCOUNT.to_owned(),
            Some(
                AirWatch::error(429, 429, "The limit of the day is reached")
                    .header("x-ratelimit-remaining", "0")
                    .header("x-ratelimit-reset", "4102444800"),
            ),
        ),
        (
            ACCOUNT.to_owned(),
            Some(Answer::new(200, "application/json", "{\"Devices\":[{")),
        ),
        (ACCOUNT.to_owned(), Some(Answer::new(200, "application/json", ""))),
        (
            ACCOUNT.to_owned(),
            Some(Answer::new(200, "application/json", r#"{"Devices":null,"Total":null}"#)),
        ),
    ] {
        let source = Source::start(tenant(1));
        if let Some(answer) = answer {
            source.inject("&page=0", 99, answer);
        }
        let output = audit(&source, &lines, json!({})).upload();
        let text = format!("{output}");
        for secret in ["horse", "tenant-code"] {
            assert!(!text.contains(secret), "{text}");
        }
        summaries.push(format!("exit {}: {}", output.code.unwrap_or(-1), output.summary()));
    }
    insta::assert_snapshot!(summaries.join("\n\n"));
}
