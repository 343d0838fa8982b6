//! OneLogin's APIs as `docs/connectors/onelogin.md` describes them, by script.

use oomnitza_sdk::serde_json::json;
use oomnitza_sdk::testing::{self, Outcome, Script, resume, run, wanted};

use super::*;

const URL: &str = "https://app.onelogin.com/api/v2/users.xml";
const REST: &str = "https://api.eu.onelogin.com";

fn settings(more: &[(&str, &str)]) -> Settings {
    let mut pairs = vec![("url", URL), ("api_url", REST), ("default_role", "25")];
    pairs.extend(more);
    testing::settings(&pairs)
}

fn from(id: &str) -> String {
    format!("{URL}?include_custom_attributes=true&from_id={id}")
}

/// A run of the XML API with these answers, each to the page after the user of that id.
fn read(sources: &[&str], answers: &[(&str, &str)]) -> Outcome {
    let script = answers.iter().fold(Script::default(), |script, (id, answer)| {
        script.get(&from(id), "key", 200, &[("content-type", "application/xml")], answer)
    });
    run::<OneLogin>(settings(&[]), wanted(sources), script)
}

const END: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<nil-classes type=\"array\"/>\n";

#[test]
fn the_documented_answer_is_read_to_the_end() {
    let sample = include_str!("../tests/recorded/legacy-users-doc-sample.xml");
    let outcome = read(&["username", "email"], &[("0", sample), ("654321", END)]);
    assert_eq!((outcome.error, outcome.pages), (None, vec![2, 0]));
    assert_eq!(
        outcome.records,
        [
            json!({"distinguished-name": null, "email": "user@company.com", "external-id": null, "firstname": "Alejandro", "id": "123456",
                "lastname": "Whitman", "member-of": null, "status": "4", "username": "alewhitman"}),
            json!({"distinguished-name": null, "email": "user@org.com", "external-id": null, "firstname": "Aiko", "id": "654321",
                "lastname": "Chavez", "member-of": null, "status": "1", "username": null}),
        ]
    );
}

#[test]
fn every_sign_of_no_more_users_is_the_end() {
    for end in [
        END,
        "<nil-classes/>",
        "<objects type=\"array\"></objects>",
        "<users type=\"array\"/>",
        "<users type=\"array\"></users>",
        "<users/>",
        "<users type=\"array\">\n  <!-- none -->\n</users>",
    ] {
        let outcome = read(&[], &[("0", end)]);
        assert_eq!((outcome.error, outcome.records.len()), (None, 0), "{end}");
    }
}

#[test]
fn one_user_is_a_list_of_one_and_attributes_leave_texts_and_nulls() {
    let user = r#"<users type="array"><user><id type="integer">42</id><phone nil="true"></phone><last-login type="datetime">2015-01-21T09:20:15-08:00</last-login></user></users>"#;
    let outcome = read(&[], &[("0", user), ("42", END)]);
    assert_eq!(outcome.error, None);
    assert_eq!(
        outcome.records,
        [json!({"id": "42", "phone": null, "last-login": "2015-01-21T09:20:15-08:00"})]
    );
}

#[test]
fn a_source_that_is_no_standard_field_is_a_custom_attribute_or_else_a_field_of_that_name() {
    let user = "<users><user><id>7</id><email>a@x</email><company>Own</company><custom_attribute_shoe>43</custom_attribute_shoe>\
        <custom_attribute_department>R&amp;D</custom_attribute_department><department>Other</department><custom_attribute_email>no</custom_attribute_email></user></users>";
    let sources = [
        "shoe",
        "company",
        "department",
        "email",
        "custom_attribute_shoe",
        "nothing",
    ];
    let outcome = read(&sources, &[("0", user), ("7", END)]);
    let record = &outcome.records[0];
    for (name, value) in [
        ("shoe", json!("43")),
        ("company", json!("Own")),
        ("department", json!("R&D")),
        ("email", json!("a@x")),
        ("custom_attribute_shoe", json!("43")),
        ("nothing", json!(null)),
    ] {
        assert_eq!(record[name], value, "{name}");
    }
}

#[test]
fn the_next_page_begins_after_the_last_user_and_a_circle_ends_the_run() {
    let page = |ids: &[&str]| -> String {
        let users: String = ids.iter().map(|id| format!("<user><id>{id}</id></user>")).collect();
        format!("<users type=\"array\">{users}</users>")
    };
    let outcome = read(&[], &[("0", &page(&["1", "2"])), ("2", &page(&["9", "3"])), ("3", END)]);
    assert_eq!((outcome.error, outcome.pages), (None, vec![2, 2, 0]));
    let outcome = read(&[], &[("0", &page(&["1", "2"])), ("2", &page(&["2"]))]);
    assert_eq!(
        outcome.error,
        Some(Error::Unexpected(format!(
            "the link to the next page leads back to {}",
            from("2")
        )))
    );
    for id in ["", "x", "1&from_id=0"] {
        let body = page(&["1", &oomnitza_sdk::xml::escape(id)]);
        let outcome = read(&[], &[("0", &body)]);
        assert_eq!(
            outcome.error,
            Some(Error::Unexpected(
                "GET /api/v2/users.xml answered with a user whose id is not a number".into()
            ))
        );
    }
}

#[test]
fn what_onelogin_refuses_is_said_with_its_own_words() {
    let refused = |status, body: &str| {
        let script = Script::default().get(&from("0"), "key", status, &[], body);
        run::<OneLogin>(settings(&[]), wanted(&[]), script)
            .error
            .unwrap()
            .to_string()
    };
    assert_eq!(
        refused(401, include_str!("../tests/recorded/legacy-401-doc-sample.xml")),
        "GET /api/v2/users.xml answered 401: Unauthorized Access: Your IP is not allowed to use this API, please contact your Administrator \
         for more information."
    );
    assert_eq!(refused(403, ""), "GET /api/v2/users.xml answered 403");
    assert_eq!(refused(404, "<html>"), "GET /api/v2/users.xml answered 404");
    assert_eq!(refused(200, ""), "GET /api/v2/users.xml answered 200 with nothing");
    assert_eq!(
        refused(200, "<!DOCTYPE html><html></html>"),
        "GET /api/v2/users.xml answered with a web page instead of data"
    );
    assert_eq!(
        refused(200, "<users><user>"),
        "GET /api/v2/users.xml answered something that cannot be read: it is not well formed: it ends inside of `user`"
    );
    assert_eq!(
        refused(200, "<error><message>no</message></error>"),
        "GET /api/v2/users.xml answered with `error` instead of users"
    );
    assert_eq!(
        refused(200, "<errors type=\"array\"><error>no</error></errors>"),
        "GET /api/v2/users.xml answered with `errors` instead of users"
    );
    assert_eq!(
        refused(200, "<!DOCTYPE users [<!ENTITY a \"b\">]><users/>"),
        "GET /api/v2/users.xml answered something that cannot be read: it declares a document type, which is refused"
    );
}

/// The users of a recorded answer of `/api/1`, which are those of `/api/2`.
fn recorded() -> Value {
    let recording: Value = serde_json::from_str(include_str!("../tests/recorded/users.json")).unwrap();
    recording["entries"][2]["response"]["json"]["data"].clone()
}

#[test]
fn with_a_client_id_the_current_api_is_read_by_its_headers() {
    let users = recorded();
    let script = Script::default()
        .get(
            &format!("{REST}/api/2/users?limit=100&fields=email,id,username,custom_attributes"),
            "token",
            200,
            &[("after-cursor", "a+b/c=")],
            &users.to_string(),
        )
        .get(
            &format!("{REST}/api/2/users?limit=100&fields=email,id,username,custom_attributes&cursor=a%2Bb%2Fc%3D"),
            "token",
            200,
            &[("after-cursor", "")],
            "[]",
        );
    let sources = ["username", "email", "customUserField"];
    let outcome = run::<OneLogin>(settings(&[("client_id", "c")]), wanted(&sources), script);
    assert_eq!(outcome.error, None);
    assert_eq!(outcome.records.len(), users.as_array().unwrap().len());
    let record = &outcome.records[0];
    assert_eq!(record["customUserField"], "custom-user-value");
    assert_eq!(record["custom_attribute_customUserField"], "custom-user-value");
    assert_eq!((&record["id"], &record["phone"]), (&json!(132422371), &json!("")));
}

#[test]
fn mappings_of_the_xml_api_work_with_the_current_one() {
    let script = Script::default().get(
        &format!("{REST}/api/2/users?limit=3&fields=external_id,id"),
        "token",
        200,
        &[],
        r#"[{"id":1,"external_id":"x-1","role_id":null}]"#,
    );
    let wanted = Wanted {
        limit: Some(3),
        ..wanted(&["external-id"])
    };
    let outcome = run::<OneLogin>(settings(&[("client_id", "c")]), wanted, script);
    assert_eq!(
        (outcome.error, &outcome.records[0]["external-id"]),
        (None, &json!("x-1"))
    );
}

#[test]
fn a_used_up_quota_is_waited_for_whatever_the_status_but_not_for_longer_than_a_run_should_wait() {
    let url = format!("{REST}/api/2/users?limit=100&fields=id");
    let used_up = [
        ("x-ratelimit-limit", "5000"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "597"),
    ];
    for status in [400, 429] {
        let script = Script::default()
            .get(&url, "token", status, &used_up, "{}")
            .get(&url, "token", 200, &[], "[]");
        let outcome = run::<OneLogin>(settings(&[("client_id", "c")]), wanted(&[]), script);
        assert_eq!((outcome.error, outcome.waits), (None, vec![597_000]));
    }
    // Longer than the host lets one call take: told as what it is, without waiting.
    let hour = [
        ("x-ratelimit-limit", "5000"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "1197"),
    ];
    let ended = |status| {
        let script = Script::default().get(&url, "token", status, &hour, r#"{"message":"no"}"#);
        let outcome = run::<OneLogin>(settings(&[("client_id", "c")]), wanted(&[]), script);
        assert!(outcome.waits.is_empty(), "{status}");
        outcome.error
    };
    let said = |text: &str| format!("GET /api/2/users answered {text}");
    assert_eq!(ended(429), Some(Error::RateLimited(said("429: no"))));
    let used_up_said = said("400: no; its rate limit is reached");
    assert_eq!(ended(400), Some(Error::RateLimited(used_up_said)));
    // A wrong key is one whatever is left.
    assert_eq!(ended(401), Some(Error::SignIn(said("401: no"))));
    assert_eq!(ended(403), Some(Error::Forbidden(said("403: no"))));
    // Nor do waits of one request add up to more.
    let script = (0..2).fold(Script::default(), |script, _| {
        script.get(&url, "token", 429, &used_up, "{}")
    });
    let outcome = run::<OneLogin>(settings(&[("client_id", "c")]), wanted(&[]), script);
    assert!(
        matches!(outcome.error, Some(Error::RateLimited(_))),
        "{:?}",
        outcome.error
    );
    assert_eq!(outcome.waits, [597_000]);
    let script = Script::default().get(
        &url,
        "token",
        400,
        &[("x-ratelimit-remaining", "7")],
        r#"{"message":"no such field"}"#,
    );
    let outcome = run::<OneLogin>(settings(&[("client_id", "c")]), wanted(&[]), script);
    assert_eq!(
        outcome.error,
        Some(Error::Unexpected("GET /api/2/users answered 400: no such field".into()))
    );
}

#[test]
fn a_check_asks_for_little() {
    let script = Script::default().get(&from("1"), "key", 200, &[], END);
    assert_eq!(testing::check::<OneLogin>(settings(&[]), script), Ok(()));
    let rest = format!("{REST}/api/2/users?limit=1");
    let script = Script::default().get(
        &rest,
        "token",
        401,
        &[],
        r#"{"status":{"error":true,"code":401,"type":"Unauthorized","message":"Authentication Failure"}}"#,
    );
    assert_eq!(
        testing::check::<OneLogin>(settings(&[("client_id", "c")]), script),
        Err(Error::SignIn(
            "GET /api/2/users answered 401: Authentication Failure".into()
        ))
    );
    let slash = testing::settings(&[("client_id", "c"), ("api_url", &format!("{REST}/"))]);
    let script = Script::default().get(&rest, "token", 200, &[], "[]");
    assert_eq!(testing::check::<OneLogin>(slash, script), Ok(()));
}

const DATE: (&str, &str) = ("date", "Wed, 14 Apr 2021 16:35:40 GMT");
const TIME: &str = "2021-04-14T16:25:40.000Z";

#[test]
fn a_later_run_of_the_current_api_asks_for_what_was_updated_since() {
    let first = format!("{REST}/api/2/users?limit=100&fields=id&updated_since=2021-04-14T16%3A25%3A40.000Z");
    let script = Script::default()
        .get(&first, "token", 200, &[DATE, ("after-cursor", "x")], r#"[{"id":1}]"#)
        .get(&format!("{first}&cursor=x"), "token", 200, &[], r#"[{"id":2}]"#);
    let client = settings(&[("client_id", "c")]);
    let outcome = resume::<OneLogin>(client.clone(), Some(TIME), wanted(&[]), script);
    assert_eq!((outcome.error, outcome.pages), (None, vec![1, 1]));
    assert_eq!(outcome.cursors, [None, Some(TIME.to_owned())]);
    let stale = resume::<OneLogin>(client, Some("x"), wanted(&[]), Script::default());
    assert!(matches!(stale.error, Some(Error::StaleCursor(_))));
}

#[test]
fn a_later_run_of_the_xml_api_gives_those_who_may_have_been_updated_since() {
    let user = |id: u32, updated: &str| format!("<user><id>{id}</id>{updated}</user>");
    let updated = |at: &str| format!("<updated-at type=\"datetime\">{at}</updated-at>");
    let users = [
        user(1, &updated("2021-04-14T09:25:39-07:00")),
        user(2, &updated("2021-04-14T09:25:40-07:00")),
        user(3, "<updated-at nil=\"true\"/>"),
        user(4, "") + &user(5, &updated("lately")) + &user(6, &updated("2015-01-21T09:20:15-08:00")),
    ];
    let body = format!("<users type=\"array\">{}</users>", users.concat());
    let script = Script::default()
        .get(&from("0"), "key", 200, &[DATE], &body)
        .get(&from("6"), "key", 200, &[], END);
    let outcome = resume::<OneLogin>(settings(&[]), Some(TIME), wanted(&[]), script);
    assert_eq!(outcome.error, None);
    let ids: Vec<&Value> = outcome.records.iter().map(|record| &record["id"]).collect();
    assert_eq!(ids, ["2", "3", "4", "5"]);
    assert_eq!(outcome.cursors, [None, Some(TIME.to_owned())]);
}

#[test]
fn waits_of_all_pages_of_one_call_together_are_not_longer_than_it_may_take() {
    let page = |id: usize, updated: &str| {
        format!("<users><user><id>{id}</id><updated-at>{updated}</updated-at></user></users>")
    };
    let waits = |first: &str| {
        let wait = |script: Script, id: &str| script.get(&from(id), "key", 429, &[("x-ratelimit-reset", "597")], "");
        let script = wait(Script::default(), "0").get(&from("0"), "key", 200, &[], &page(1, first));
        wait(script, "1")
    };
    // The first page has nobody who is wanted, so that one call reads both.
    let outcome = resume::<OneLogin>(
        settings(&[]),
        Some(TIME),
        wanted(&[]),
        waits("2015-01-21T09:20:15-08:00"),
    );
    assert!(
        matches!(outcome.error, Some(Error::RateLimited(_))),
        "{:?}",
        outcome.error
    );
    assert_eq!(outcome.waits, [597_000]);
    // Each of two calls may wait.
    let script = waits("2026-01-21T09:20:15-08:00").get(&from("1"), "key", 200, &[], END);
    let outcome = resume::<OneLogin>(settings(&[]), Some(TIME), wanted(&[]), script);
    assert_eq!((outcome.error, outcome.waits), (None, vec![597_000; 2]));
}

#[test]
fn pages_of_which_nobody_is_wanted_are_passed_over_some_at_a_time() {
    let old = |id: usize| {
        format!("<users><user><id>{id}</id><updated-at>2015-01-21T09:20:15-08:00</updated-at></user></users>")
    };
    let script = (1..=45).fold(Script::default(), |script, id| {
        script.get(&from(&(id - 1).to_string()), "key", 200, &[DATE], &old(id))
    });
    let script = script.get(&from("45"), "key", 200, &[], END);
    let outcome = resume::<OneLogin>(settings(&[]), Some(TIME), wanted(&[]), script);
    assert_eq!((outcome.error, outcome.pages), (None, vec![0, 0, 0]));
    assert_eq!(outcome.cursors, [None, None, Some(TIME.to_owned())]);
}

#[test]
fn a_list_that_ends_short_of_its_own_total_lacks_records() {
    let url = format!("{REST}/api/2/users?limit=100&fields=id");
    for (total, misses) in [("3", 1), ("1", 0), ("0", 0), ("", 0)] {
        let script = Script::default().get(&url, "token", 200, &[("total-count", total)], r#"[{"id":1}]"#);
        let outcome = run::<OneLogin>(settings(&[("client_id", "c")]), wanted(&[]), script);
        assert_eq!((outcome.error, outcome.records.len()), (None, 1));
        assert_eq!(outcome.misses.len(), misses, "{total}");
        if misses > 0 {
            let said = "the source ended its list after 1 records, of 3 that it said there are";
            assert_eq!(outcome.misses[0].1, said);
            assert_eq!(outcome.log, [format!("Level::Warning: {said}")]);
        }
    }
}
