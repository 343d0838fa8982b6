//! AirWatch's API as `docs/connectors/airwatch.md` describes it, by script.

use oomnitza_sdk::bindings::oomnitza::connector::http;
use oomnitza_sdk::serde_json::{Value, json};
use oomnitza_sdk::testing::{self, Script, run, wanted};

use super::*;

const URL: &str = "https://apidev.awmdm.com";

fn settings() -> Settings {
    testing::settings(&[("url", &format!("{URL}/")), ("username", "u")])
}

fn search(page: u64) -> String {
    format!("{URL}/api/v1/mdm/devices/search?pagesize=500&page={page}")
}

fn network(mac: &str) -> String {
    format!("{URL}/api/v1/mdm/devices/macaddress/{mac}/network")
}

fn devices(count: usize, total: Option<u64>) -> String {
    let devices: Vec<Value> = (0..count).map(|id| json!({"Id": {"Value": id}})).collect();
    json!({"Devices": devices, "Page": 0, "PageSize": 500, "Total": total}).to_string()
}

fn recorded(which: &str) -> String {
    let errors: Value = serde_json::from_str(include_str!("../tests/recorded/errors.json")).unwrap();
    errors[which].to_string()
}

#[test]
fn pages_are_asked_for_until_as_many_devices_came_as_there_are() {
    let script = Script::default()
        .get(&search(0), "basic", 200, &[], &devices(500, Some(700)))
        .get(&search(1), "basic", 200, &[], &devices(200, Some(700)));
    let outcome = run::<AirWatch>(settings(), wanted(&["SerialNumber"]), script);
    assert_eq!((outcome.error, outcome.pages), (None, vec![500, 200]));
}

#[test]
fn the_list_ends_with_an_empty_page_and_with_no_content_and_lacks_what_its_total_says() {
    for (status, body, pages) in [
        (200, devices(0, Some(700)), vec![500, 0]),
        (200, r#"{"Devices":null,"Total":0}"#.to_owned(), vec![500, 0]),
        (204, String::new(), vec![500, 0]),
    ] {
        for total in [Some(700), None, Some(0)] {
            let script = Script::default()
                .get(&search(0), "basic", 200, &[], &devices(500, total))
                .get(&search(1), "basic", status, &[], &body);
            let outcome = run::<AirWatch>(settings(), wanted(&[]), script);
            assert_eq!((outcome.error, &outcome.pages), (None, &pages), "{status} {total:?}");
            let is_short = total == Some(700) || body.contains("700");
            assert_eq!(outcome.misses.len(), usize::from(is_short), "{status} {total:?} {body}");
        }
    }
    let script = Script::default().get(&search(0), "basic", 204, &[], "");
    assert_eq!(run::<AirWatch>(settings(), wanted(&[]), script).error, None);
}

#[test]
fn the_recorded_devices_are_read_and_get_their_network_where_a_mapping_asks_for_it() {
    let body = include_str!("../tests/recorded/devices_search_resp.json");
    let raw: Value = serde_json::from_str(body).unwrap();
    let script = Script::default().get(&search(0), "basic", 200, &[], body);
    let outcome = run::<AirWatch>(settings(), wanted(&["networked", "UserId.Id.Value"]), script);
    assert_eq!(outcome.records, *raw["Devices"].as_array().unwrap());

    let found = r#"{"IPAddress":{"WifiIPAddress":"10.0.0.7"}}"#;
    let script = Script::default().get(&search(0), "basic", 200, &[], body).send_all(
        Script::default()
            .get(&network("ABABABABABAB"), "basic", 200, &[], found)
            .get(
                &network("ABABABABABAB"),
                "basic",
                404,
                &[],
                &recorded("device_not_found_404"),
            ),
    );
    let outcome = run::<AirWatch>(settings(), wanted(&["network.IPAddress.WifiIPAddress"]), script);
    assert_eq!(outcome.error, None);
    assert_eq!(outcome.records[0]["network"]["IPAddress"]["WifiIPAddress"], "10.0.0.7");
    assert_eq!(outcome.records[0]["SerialNumber"], "ABCD123");
    assert_eq!(outcome.records[1]["network"], json!({}));
    assert_eq!(
        outcome.log,
        [
            "Level::Warning: the network of the device with address ABABABABABAB is not known: \
         GET /api/v1/mdm/devices/macaddress/ABABABABABAB/network answered 404: Device not found for this request. (5061)"
        ]
    );
}

/// A run through so many devices whose networks are answered with these, 50 together.
fn networked(count: usize, answers: &[(u16, &str)]) -> testing::Outcome {
    let devices: Vec<Value> = (0..count).map(|id| json!({"MacAddress": format!("M{id}")})).collect();
    let body = json!({"Devices": devices, "Total": count}).to_string();
    let script = Script::default().get(&search(0), "basic", 200, &[], &body);
    let asked: Vec<usize> = (0..answers.len()).collect();
    let script = asked.chunks(TOGETHER).fold(script, |script, chunk| {
        let get = |script: Script, id: &usize| {
            let (status, body) = answers[*id];
            script.get(&network(&format!("M{id}")), "basic", status, &[], body)
        };
        script.send_all(chunk.iter().fold(Script::default(), get))
    });
    run::<AirWatch>(settings(), wanted(&["network.Id"]), script)
}

#[test]
fn networks_are_asked_for_fifty_at_a_time() {
    let outcome = networked(120, &vec![(200, "{}"); 120]);
    assert_eq!((outcome.error, outcome.pages), (None, vec![50, 50, 20]));
    assert_eq!(outcome.records[119]["MacAddress"], "M119");
}

#[test]
fn a_server_that_gives_no_network_at_all_ends_the_run() {
    let failed = "GET /api/v1/mdm/devices/macaddress/M0/network answered";
    let outcome = networked(3, &[(500, ""), (403, ""), (500, "")]);
    assert_eq!(outcome.error, Some(Error::Failed(format!("{failed} 500"))));
    assert_eq!(outcome.log, Vec::<String>::new());
    let outcome = networked(2, &[(404, "<html>IIS</html>"), (404, "")]);
    assert_eq!(outcome.error, Some(Error::NotFound(format!("{failed} 404"))));
    let outcome = networked(2, &[(200, "{}"), (401, "")]);
    assert!(matches!(outcome.error, Some(Error::SignIn(_))), "{:?}", outcome.error);
    // Devices that AirWatch says it does not know have no network, all of them or one.
    let unknown = recorded("device_not_found_404");
    let outcome = networked(2, &[(404, &unknown), (404, &unknown)]);
    assert_eq!((outcome.error, outcome.records.len(), outcome.log.len()), (None, 2, 2));
    let outcome = networked(1, &[(500, "")]);
    assert_eq!((outcome.error, outcome.records.len(), outcome.log.len()), (None, 1, 1));
}

#[test]
fn a_device_without_an_address_has_an_empty_network_and_none_is_asked_for() {
    let body =
        r#"{"Devices":[{},{"MacAddress":""},{"MacAddress":null},{"MacAddress":"AA/../B"},{"MacAddress":7}],"Total":5}"#;
    let script = Script::default()
        .get(&search(0), "basic", 200, &[], body)
        .send_all(Script::default().get_fails(&network("AA%2F..%2FB"), "basic", http::Error::TimedOut));
    let outcome = run::<AirWatch>(settings(), wanted(&["network.Id"]), script);
    assert_eq!((outcome.error, outcome.records.len()), (None, 5));
    assert!(outcome.records.iter().all(|device| device["network"] == json!({})));
}

#[test]
fn what_airwatch_refuses_is_said_with_its_own_words() {
    let refused = |status, body: &str| {
        let headers: &[(&str, &str)] = if status == 403 {
            &[("x-correlation-id", "c0ffee")]
        } else {
            &[]
        };
        let script = Script::default().get(&search(0), "basic", status, headers, body);
        run::<AirWatch>(settings(), wanted(&[]), script)
            .error
            .unwrap()
            .to_string()
    };
    let asked = "GET /api/v1/mdm/devices/search";
    assert_eq!(
        refused(401, &recorded("invalid_username_password")),
        format!(
            "{asked} answered 401: An error occurred while validating remote service client credentials or user not found : user.123 (1005)"
        )
    );
    assert_eq!(
        refused(403, &recorded("invalid_api_key")),
        format!(
            "{asked} answered 403: Tenant code XYZ does not identify an Organization Group. (1013); X-Correlation-Id c0ffee"
        )
    );
    assert_eq!(
        refused(403, ""),
        format!("{asked} answered 403: X-Correlation-Id c0ffee")
    );
    assert_eq!(refused(404, "<html>IIS</html>"), format!("{asked} answered 404"));
    assert_eq!(refused(200, ""), format!("{asked} answered 200 with nothing"));
    assert_eq!(
        refused(200, "<html>"),
        format!("{asked} answered with a web page instead of data")
    );
    for odd in ["{}", r#"{"Devices":null,"Total":null}"#, r#"{"devices":[]}"#] {
        assert_eq!(refused(200, odd), format!("{asked} answered without devices"));
    }
    assert!(refused(200, r#"{"Devices":7}"#).starts_with(&format!("{asked} answered something that cannot be read")));
}

#[test]
fn a_throttle_of_the_minute_is_waited_for_and_a_quota_of_the_day_is_not() {
    let throttled = [
        ("x-ratelimit-limit", "250000"),
        ("x-ratelimit-remaining", "9"),
        ("x-ratelimit-reset", "90000"),
    ];
    let soon = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "100")];
    let tomorrow = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "90000")];
    let refusal = r#"{"errorCode":429,"message":"Too many","activityId":"x"}"#;
    let script = Script::at(0)
        .get(&search(0), "basic", 429, &throttled, refusal)
        .get(&search(0), "basic", 429, &soon, refusal)
        .get(&search(0), "basic", 429, &tomorrow, refusal);
    let outcome = run::<AirWatch>(settings(), wanted(&[]), script);
    assert_eq!(outcome.waits, [1_000, 100_000]);
    assert_eq!(
        outcome.error,
        Some(Error::RateLimited(
            "GET /api/v1/mdm/devices/search answered 429: Too many (429)".into()
        ))
    );
}

#[test]
fn an_oauth_client_takes_the_place_of_user_name_and_password() {
    let client = [
        ("url", URL),
        ("client_id", "c"),
        ("token_url", "https://na.example/connect/token"),
    ];
    let one = format!("{URL}/api/v1/mdm/devices/search?pagesize=1&page=0");
    let script = Script::default().get(&one, "client", 204, &[], "");
    assert_eq!(testing::check::<AirWatch>(testing::settings(&client), script), Ok(()));
}
