//! Jamf's Classic API as `docs/connectors/casper.md` describes it, by script.

use oomnitza_sdk::bindings::oomnitza::connector::http;
use oomnitza_sdk::serde_json::{self, Value, json};
use oomnitza_sdk::testing::{self, Outcome, Script, run, wanted};

use super::*;

const URL: &str = "https://acme.jamfcloud.com";
const UNAUTHORIZED: &str = "<html><head><title>Status page</title></head><body style=\"font-family: sans-serif;\">\
    <p style=\"font-size: 1.2em;\">Unauthorized</p><p>The request requires user authentication</p>\
    <p>You can get technical details <a href=\"x\">here</a>.</p></body></html>";
const NOT_FOUND: &str = "<html><body><p style=\"x\">Not Found</p>\
    <p>The server has not found anything matching the request URI</p></body></html>";

fn settings(more: &[(&str, &str)]) -> Settings {
    let mut all = vec![("url", "https://acme.jamfcloud.com/"), ("username", "auditor")];
    if !more.iter().any(|(name, _)| *name == "sync_type") {
        all.push(("sync_type", "computers"));
    }
    testing::settings(&[all, more.to_vec()].concat())
}

fn path(path: &str) -> String {
    format!("{URL}/JSSResource/{path}")
}

const TEXT: [(&str, &str); 1] = [("content-type", "text/plain;charset=UTF-8")];

fn get(script: Script, what: &str, status: u16, body: &str) -> Script {
    script.get(&path(what), "token", status, &TEXT, body)
}

fn list(ids: &[u32]) -> String {
    let computers: Vec<Value> = ids
        .iter()
        .map(|id| json!({"id": id, "name": format!("Mac {id}")}))
        .collect();
    json!({ "computers": computers }).to_string()
}

fn computer(id: u32) -> String {
    json!({"computer": {"general": {"id": id}}}).to_string()
}

/// A run whose list is given and whose details are these answers.
fn details(ids: &[u32], answers: &[(u16, String)]) -> Outcome {
    let mut steps = Script::default();
    for (id, (status, body)) in ids.iter().zip(answers) {
        steps = get(steps, &format!("computers/id/{id}"), *status, body);
    }
    let script = get(Script::default(), "computers", 200, &list(ids)).send_all(steps);
    run::<Casper>(settings(&[]), wanted(&[]), script)
}

#[test]
fn the_recorded_computers_of_a_real_server_are_read_in_the_list_s_order() {
    let recorded: Value = serde_json::from_str(include_str!("../tests/recorded/computers.json")).unwrap();
    let answer = |end: &str| {
        let entries = recorded["entries"].as_array().unwrap();
        let entry = entries
            .iter()
            .find(|entry| entry["request"]["url"].as_str().unwrap().ends_with(end));
        entry.unwrap()["response"]["json"].clone()
    };
    let (first, second) = (answer("/computers/id/1"), answer("/computers/id/2"));
    let script = get(
        Script::default(),
        "computers",
        200,
        &answer("/subset/basic").to_string(),
    )
    .send_all(get(
        get(Script::default(), "computers/id/1", 200, &first.to_string()),
        "computers/id/2",
        200,
        &second.to_string(),
    ));
    let outcome = run::<Casper>(settings(&[]), wanted(&[]), script);
    assert_eq!(outcome.error, None);
    assert_eq!(outcome.records, [first["computer"].clone(), second["computer"].clone()]);
    assert!(outcome.records[0]["software"]["applications"].as_array().unwrap().len() > 100);
}

#[test]
fn mobile_devices_have_paths_and_names_of_their_own_and_none_is_no_error() {
    let mobile = settings(&[("sync_type", "mobiledevices")]);
    let listed = r#"{"mobile_devices":[{"id":7,"name":"iPad","udid":null}]}"#;
    let detail = r#"{"mobile_device":{"general":{"id":7},"extension_attributes":[]}}"#;
    let script = get(Script::default(), "mobiledevices", 200, listed).send_all(get(
        Script::default(),
        "mobiledevices/id/7",
        200,
        detail,
    ));
    let outcome = run::<Casper>(mobile.clone(), wanted(&[]), script);
    assert_eq!((outcome.error, outcome.records.len()), (None, 1));
    let recorded: Value = serde_json::from_str(include_str!("../tests/recorded/mobiledevices-empty.json")).unwrap();
    let none = recorded["entries"][0]["response"]["json"].to_string();
    let outcome = run::<Casper>(mobile, wanted(&[]), get(Script::default(), "mobiledevices", 200, &none));
    assert_eq!((outcome.error, outcome.pages.len()), (None, 0));
}

#[test]
fn details_are_asked_for_a_hundred_at_a_time_and_fewer_where_fewer_are_used() {
    let ids: Vec<u32> = (1..=120).collect();
    let together = |range: std::ops::RangeInclusive<u32>| {
        range.fold(Script::default(), |steps, id| {
            get(steps, &format!("computers/id/{id}"), 200, &computer(id))
        })
    };
    let listed = || get(Script::default(), "computers", 200, &list(&ids));
    let script = listed().send_all(together(1..=100)).send_all(together(101..=120));
    let outcome = run::<Casper>(settings(&[]), wanted(&[]), script);
    assert_eq!(outcome.pages, [100, 20]);
    let came: Vec<u64> = outcome
        .records
        .iter()
        .map(|record| record["general"]["id"].as_u64().unwrap())
        .collect();
    assert_eq!(came, (1..=120).collect::<Vec<u64>>());

    let limited = Wanted {
        limit: Some(3),
        ..wanted(&[])
    };
    let script = get(Script::default(), "computers", 200, &list(&[1, 2, 3])).send_all(together(1..=3));
    assert_eq!(run::<Casper>(settings(&[]), limited, script).pages, [3]);
}

#[test]
fn a_device_that_does_not_come_is_a_miss_and_the_rest_arrives() {
    let huge = json!({"computer": {"general": {"x": "y".repeat(1 << 20)}}}).to_string();
    let outcome = details(
        &[1, 2, 3, 4, 5, 6],
        &[
            (404, NOT_FOUND.into()),
            (200, computer(2)),
            (500, "<html>".into()),
            (200, r#"{"computer":null}"#.into()),
            (200, String::new()),
            (200, huge),
        ],
    );
    assert_eq!((outcome.error, outcome.gone), (None, 1));
    assert_eq!(outcome.records, [json!({"general": {"id": 2}})]);
    let misses: Vec<String> = outcome
        .misses
        .iter()
        .map(|(id, reason)| format!("{id}: {reason}"))
        .collect();
    assert_eq!(
        misses,
        [
            "1: it is gone",
            "3: GET /JSSResource/computers/id/3 answered 500",
            "4: the answer holds no computer",
            "5: GET /JSSResource/computers/id/5 answered 200 with nothing",
            "6: its detail is too large: 1048596 bytes",
        ]
    );
}

#[test]
fn a_server_that_gives_nothing_any_more_ends_the_run_with_its_own_words() {
    let outcome = details(&[1, 2], &[(403, UNAUTHORIZED.into()), (403, UNAUTHORIZED.into())]);
    let words = "GET /JSSResource/computers/id/1 answered 403: The request requires user authentication";
    assert_eq!(outcome.error, Some(Error::Forbidden(words.into())));
    let outcome = details(&[1, 2], &[(404, NOT_FOUND.into()), (404, NOT_FOUND.into())]);
    assert!(
        matches!(outcome.error, Some(Error::Forbidden(_))),
        "{:?}",
        outcome.error
    );
    let outcome = details(&[1, 2], &[(200, computer(1)), (401, UNAUTHORIZED.into())]);
    assert!(matches!(outcome.error, Some(Error::SignIn(_))), "{:?}", outcome.error);
    assert_eq!(
        (outcome.records.len(), outcome.misses.len()),
        (1, 1),
        "what came arrives"
    );
}

#[test]
fn details_that_are_refused_for_now_are_asked_for_again_together() {
    let script = get(Script::default(), "computers", 200, &list(&[1, 2, 3]))
        .send_all(get(
            get(
                get(Script::default(), "computers/id/1", 200, &computer(1)),
                "computers/id/2",
                429,
                "",
            ),
            "computers/id/3",
            429,
            "",
        ))
        .send_all(get(
            get(Script::default(), "computers/id/2", 200, &computer(2)),
            "computers/id/3",
            429,
            "",
        ))
        .send_all(get(Script::default(), "computers/id/3", 200, &computer(3)));
    let outcome = run::<Casper>(settings(&[]), wanted(&[]), script);
    assert_eq!((outcome.error, outcome.records.len()), (None, 3));
    assert_eq!(outcome.waits, [1_000, 2_000]);
}

#[test]
fn a_group_limits_what_is_read_and_a_group_that_is_missing_is_said() {
    for (sync_type, group, answer, what) in [
        (
            "computers",
            "computergroups/name/All%20Macs%20%2F%20%C3%9C",
            r#"{"computer_group":{"id":1,"is_smart":true,"computers":[{"id":1,"name":"a"},{"id":"2"}]}}"#,
            "computer",
        ),
        (
            "mobiledevices",
            "mobiledevicegroups/name/All%20Macs%20%2F%20%C3%9C",
            r#"{"mobile_device_group":{"id":1,"is_smart":false,"mobile_devices":[{"id":1},{"id":2}]}}"#,
            "mobile device",
        ),
    ] {
        let settings = settings(&[("sync_type", sync_type), ("group_name", "All Macs / Ü")]);
        let detail = format!("{{\"{}\":{{}}}}", what.replace(' ', "_"));
        let script = get(Script::default(), group, 200, answer).send_all(get(
            get(Script::default(), &format!("{sync_type}/id/1"), 200, &detail),
            &format!("{sync_type}/id/2"),
            200,
            &detail,
        ));
        let outcome = run::<Casper>(settings.clone(), wanted(&[]), script);
        assert_eq!((outcome.error, outcome.pages), (None, vec![2]), "{sync_type}");
        let script = get(Script::default(), group, 404, NOT_FOUND);
        assert_eq!(
            testing::check::<Casper>(settings, script),
            Err(Error::Setting(
                "group_name".into(),
                format!("there is no {what} group `All Macs / Ü`")
            ))
        );
    }
}

#[test]
fn lists_of_one_are_read_however_they_were_collapsed() {
    for listed in [
        r#"{"computers":{"id":1,"name":"a"}}"#,
        r#"{"computers":{"computer":{"id":1}}}"#,
        r#"{"computers":{"size":1,"computer":{"id":1}}}"#,
    ] {
        let detail = r#"{"computer":{"software":{"applications":{"name":"Safari.app","version":"1"},"x":1},"y":"ü"}}"#;
        let script = get(Script::default(), "computers", 200, listed).send_all(get(
            Script::default(),
            "computers/id/1",
            200,
            detail,
        ));
        let outcome = run::<Casper>(settings(&[]), wanted(&[]), script);
        let only = json!({"software": {"applications": [{"name": "Safari.app", "version": "1"}], "x": 1}, "y": "ü"});
        assert_eq!((outcome.error, outcome.records), (None, vec![only]), "{listed}");
    }
    let safari = r#"{"name":"Safari.app","version":"1"}"#;
    for (collapsed, list) in [
        (format!(r#"{{"application":{safari}}}"#), format!("[{safari}]")),
        (format!(r#"{{"size":1,"application":{safari}}}"#), format!("[{safari}]")),
        (
            format!(r#"{{"size":2,"application":[{safari},{safari}]}}"#),
            format!("[{safari},{safari}]"),
        ),
        (
            r#"{ "name": "Safari.app", "version": "1" }"#.to_owned(),
            format!("[{safari}]"),
        ),
        (
            r#"{"name":"Safari.app"}"#.to_owned(),
            r#"[{"name":"Safari.app"}]"#.to_owned(),
        ),
        ("{}".to_owned(), "[]".to_owned()),
        ("\"\"".to_owned(), "[]".to_owned()),
        (r#"{"size":0}"#.to_owned(), "[]".to_owned()),
        (r#"{"application":""}"#.to_owned(), "[]".to_owned()),
        (format!("[{safari}]"), format!("[{safari}]")),
        ("[]".to_owned(), "[]".to_owned()),
        ("null".to_owned(), "null".to_owned()),
    ] {
        let detail = |applications: &str| format!(r#"{{"software":{{"applications": {applications} ,"x":1}}}}"#);
        let answer = format!(r#"{{"computer":{}}}"#, detail(&collapsed));
        let outcome = details(&[1], &[(200, answer)]);
        let record: Value = serde_json::from_str(&detail(&list)).unwrap();
        assert_eq!((outcome.error, outcome.records), (None, vec![record]), "{collapsed}");
    }
    for (listed, is_error) in [
        (r#"{"computers":""}"#, false),
        (r#"{"computers":{}}"#, false),
        (r#"{"computers":[]}"#, false),
        (r#"{"computers":null}"#, true),
        (r#"{"computers":[{"id":null}]}"#, true),
        (r#"{"computers":[{"id":"1/../2"}]}"#, true),
        (r#"{}"#, true),
        ("", true),
    ] {
        let outcome = run::<Casper>(
            settings(&[]),
            wanted(&[]),
            get(Script::default(), "computers", 200, listed),
        );
        assert_eq!(outcome.error.is_some(), is_error, "{listed}: {:?}", outcome.error);
    }
}

#[test]
fn a_group_whose_members_are_not_told_is_an_error_and_one_without_members_is_none() {
    for (answer, is_error) in [
        (r#"{"computer_group":{"id":1,"computers":[]}}"#, false),
        (r#"{"computer_group":{"id":1,"computers":""}}"#, false),
        (r#"{"computer_group":{"id":1,"computers":null}}"#, true),
        (r#"{"computer_group":{"id":1}}"#, true),
    ] {
        let script = get(Script::default(), "computergroups/name/g", 200, answer);
        let outcome = run::<Casper>(settings(&[("group_name", "g")]), wanted(&[]), script);
        assert_eq!(outcome.error.is_some(), is_error, "{answer}: {:?}", outcome.error);
    }
}

#[test]
fn a_server_without_tokens_gets_user_name_and_password() {
    let page = "the answer to the request for a token is a web page".to_owned();
    for refusal in [
        http::Error::TokenRefused((404, String::new())),
        http::Error::TokenRefused((405, String::new())),
        http::Error::BadBody(page),
    ] {
        let script = Script::default()
            .get_fails(&path("computers"), "token", refusal)
            .get(&path("computers"), "basic", 200, &TEXT, &list(&[1]))
            .send_all(Script::default().get(&path("computers/id/1"), "basic", 200, &TEXT, &computer(1)));
        let outcome = run::<Casper>(settings(&[]), wanted(&[]), script);
        assert_eq!((outcome.error, outcome.records.len()), (None, 1));
    }
    let script = Script::default().get_fails(
        &path("computers"),
        "token",
        http::Error::TokenRefused((401, "The account is locked".to_owned())),
    );
    assert_eq!(
        testing::check::<Casper>(settings(&[]), script),
        Err(Error::TokenRefused(401, "The account is locked".to_owned()))
    );
}

#[test]
fn an_api_client_takes_the_place_of_user_name_and_password() {
    let client = testing::settings(&[("url", URL), ("sync_type", "computers"), ("client_id", "c")]);
    let script = Script::default().get(&path("computers"), "client", 200, &TEXT, &list(&[]));
    assert_eq!(testing::check::<Casper>(client.clone(), script), Ok(()));
    // Servers before Jamf Pro's newest give the token at an older path.
    let before = || {
        Script::default().get_fails(
            &path("computers"),
            "client",
            http::Error::TokenRefused((404, String::new())),
        )
    };
    let script = before().get(&path("computers"), "client_before", 200, &TEXT, &list(&[]));
    assert_eq!(testing::check::<Casper>(client.clone(), script), Ok(()));
    let script = before().get_fails(
        &path("computers"),
        "client_before",
        http::Error::TokenRefused((404, String::new())),
    );
    assert_eq!(
        testing::check::<Casper>(client, script),
        Err(Error::TokenRefused(404, String::new()))
    );
}
