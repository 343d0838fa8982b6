//! MobileIron Cloud's API as `docs/connectors/mobileiron.md` describes it, by script.

use oomnitza_sdk::serde_json::{Value, json};
use oomnitza_sdk::testing::{self, Outcome, Script, run, wanted};

use super::*;

const URL: &str = "https://na1.mobileiron.com";
const SPACES: &str = include_str!("../tests/recorded/tenant_spaces.json");
const DEVICES: &str = include_str!("../tests/recorded/device_page.json");

/// Noon of a day, milliseconds.
const NOW: u64 = 1_604_059_200_000;

fn settings(partitions: &str) -> Settings {
    testing::settings(&[
        ("url", URL),
        ("username", "u"),
        ("partitions", partitions),
        ("checkin_days", "1.5"),
    ])
}

fn spaces() -> String {
    format!("{URL}/api/v1/tenant/partition/device")
}

fn page(partition: u64, start: u64) -> String {
    format!(
        "{URL}/api/v1/device?dmPartitionId={partition}&rows=500&start={start}&sortFields[0].name=lastCheckin&sortFields[0].order=DESC"
    )
}

fn envelope(devices: &[Value], total: u64) -> String {
    json!({"errors": null, "result": {"totalCount": total, "searchResults": devices, "offset": 0, "limit": 10}})
        .to_string()
}

fn recent(count: usize) -> Vec<Value> {
    vec![json!({"lastCheckin": NOW}); count]
}

fn answers(script: Script, url: &str, body: &str) -> Script {
    script.get(url, "basic", 200, &[], body)
}

fn first(partitions: &str, status: u16, body: &str) -> Outcome {
    let script = answers(Script::at(NOW), &spaces(), SPACES).get(&page(100001, 0), "basic", status, &[], body);
    run::<MobileIron>(settings(partitions), wanted(&[]), script)
}

#[test]
fn all_partitions_are_read_one_after_the_other_and_pages_by_how_many_came() {
    for all in ["All", "all", "\"ALL\"", " all "] {
        let script = answers(Script::at(NOW), &spaces(), SPACES);
        let script = answers(script, &page(100001, 0), &envelope(&recent(500), 700));
        let script = answers(script, &page(100001, 500), &envelope(&recent(200), 700));
        let script = answers(script, &page(100002, 0), &envelope(&[], 0));
        let outcome = run::<MobileIron>(settings(all), wanted(&[]), script);
        assert_eq!((outcome.error, outcome.pages), (None, vec![500, 200, 0]), "{all}");
    }
}

#[test]
fn partitions_are_named_whole_and_a_name_that_is_not_there_is_said() {
    let script = answers(Script::at(NOW), &spaces(), SPACES);
    let script = answers(script, &page(100002, 0), &envelope(&recent(1), 1));
    let outcome = run::<MobileIron>(settings(r#"["Marketing Space", "Default"]"#), wanted(&[]), script);
    assert_eq!((outcome.error, outcome.records.len()), (None, 1));
    assert_eq!(
        outcome.log,
        ["Level::Warning: there is no partition `Default`; there are `Default Space`, `Marketing Space`"]
    );
    let none = testing::check::<MobileIron>(settings(r#"["Space"]"#), answers(Script::at(NOW), &spaces(), SPACES));
    assert_eq!(
        none.unwrap_err().to_string(),
        "setting `partitions`: the tenant has none of these; it has `Default Space`, `Marketing Space`"
    );
}

#[test]
fn a_tenant_of_more_than_fifty_partitions_is_asked_for_all_of_them() {
    let many = |range: std::ops::Range<u64>| -> Vec<Value> {
        range.map(|id| json!({"id": id, "name": format!("P{id}")})).collect()
    };
    let script = answers(Script::at(NOW), &spaces(), &envelope(&many(0..50), 60));
    let script = answers(
        script,
        &format!("{}?start=50&rows=500", spaces()),
        &envelope(&many(50..60), 60),
    );
    let script = answers(script, &page(57, 0), &envelope(&recent(1), 1));
    let outcome = run::<MobileIron>(settings(r#"["P57"]"#), wanted(&[]), script);
    assert_eq!((outcome.error, outcome.records.len()), (None, 1));
}

#[test]
fn devices_without_a_recent_check_in_are_left_out_and_a_page_of_them_ends_the_partition() {
    let half_a_day = 43_200_000;
    let at = |checkin: Value| json!({"lastCheckin": checkin});
    let devices = [
        at(json!(NOW - 3 * half_a_day)),
        at(json!(NOW - 3 * half_a_day - 1)),
        at(Value::Null),
        json!({}),
    ];
    let old = vec![at(json!(NOW - 4 * half_a_day)); 5];
    let script = answers(Script::at(NOW), &spaces(), SPACES);
    let script = answers(script, &page(100001, 0), &envelope(&devices, 1_000));
    let script = answers(script, &page(100001, 4), &envelope(&old, 1_000));
    let outcome = run::<MobileIron>(settings(r#"["Default Space"]"#), wanted(&[]), script);
    assert_eq!((outcome.error, outcome.pages), (None, vec![1, 0]));
    assert_eq!(outcome.misses, [], "it ends early on purpose");
}

#[test]
fn devices_that_never_checked_in_end_no_partition_and_a_time_that_is_none_is_an_error() {
    let never = vec![json!({"lastCheckin": null}); 500];
    let script = answers(Script::at(NOW), &spaces(), SPACES);
    let script = answers(script, &page(100001, 0), &envelope(&never, 600));
    let script = answers(script, &page(100001, 500), &envelope(&recent(100), 600));
    let outcome = run::<MobileIron>(settings(r#"["Default Space"]"#), wanted(&[]), script);
    assert_eq!((outcome.error, outcome.pages), (None, vec![0, 100]));
    let odd = first(
        "All",
        200,
        &envelope(&[json!({"lastCheckin": "2020-10-29T14:27:26Z"})], 1),
    );
    let said = odd.error.unwrap().to_string();
    assert!(
        said.starts_with(
            "GET /api/v1/device answered with a device whose `lastCheckin` is no number of milliseconds: "
        ),
        "{said}"
    );
}

#[test]
fn a_server_that_shows_no_partition_is_no_empty_tenant() {
    for partitions in ["All", r#"["Drivers"]"#] {
        let script = answers(Script::at(NOW), &spaces(), &envelope(&[], 0));
        let outcome = run::<MobileIron>(settings(partitions), wanted(&[]), script);
        assert_eq!(
            outcome.error,
            Some(Error::Forbidden(
                "the server shows this account no partition, and a tenant has one at least".into()
            ))
        );
    }
}

#[test]
fn the_recorded_page_is_read_whatever_its_nulls() {
    // The recorded server counts three devices and gives one, which is no miss.
    let raw: Value = serde_json::from_str(DEVICES).unwrap();
    let script = answers(Script::at(NOW), &spaces(), SPACES);
    let script = answers(script, &page(100001, 0), DEVICES);
    let script = answers(script, &page(100001, 1), &envelope(&[], 3));
    let outcome = run::<MobileIron>(settings(r#"["Default Space"]"#), wanted(&[]), script);
    assert_eq!((outcome.error, outcome.misses), (None, vec![]));
    assert_eq!(outcome.records, *raw["result"]["searchResults"].as_array().unwrap());
}

#[test]
fn what_mobileiron_refuses_is_said_with_its_own_words() {
    let refused = |status, body: &str| first("All", status, body).error.unwrap().to_string();
    let envelope = r#"{"errors":[{"message":"no such space","code":"E7"},{"code":9}],"result":null}"#;
    assert_eq!(
        refused(403, envelope),
        "GET /api/v1/device answered 403: no such space (E7); 9"
    );
    assert_eq!(
        refused(200, envelope),
        "GET /api/v1/device answered 200: no such space (E7); 9"
    );
    for odd in [
        "{}",
        r#"{"errors":null,"result":{"searchResults":null,"totalCount":null}}"#,
    ] {
        assert_eq!(
            refused(200, odd),
            "GET /api/v1/device answered 200: neither results nor an error"
        );
    }
    assert_eq!(refused(401, "<html>"), "GET /api/v1/device answered 401");
    assert_eq!(refused(200, ""), "GET /api/v1/device answered 200 with nothing");
    let nothing = first(
        r#"["Default Space"]"#,
        200,
        r#"{"errors":null,"result":{"searchResults":null,"totalCount":0}}"#,
    );
    assert_eq!((nothing.error, nothing.pages), (None, vec![0]));
}

#[test]
fn a_refusal_for_now_is_waited_for_longer_each_time() {
    let script = [429, 429, 200].iter().fold(Script::at(NOW), |script, status| {
        script.get(&spaces(), "basic", *status, &[], SPACES)
    });
    assert_eq!(testing::check::<MobileIron>(settings("All"), script), Ok(()));
}
