//! Zendesk's API as `docs/connectors/zendesk.md` describes it, by script.

use oomnitza_sdk::serde_json::json;
use oomnitza_sdk::testing::{self, Outcome, Script, resume, run, wanted};

use super::*;

const URL: &str = "https://oomnitza.zendesk.com";
const FIRST: &str = "https://oomnitza.zendesk.com/api/v2/users.json?page[size]=100";

fn settings() -> Settings {
    testing::settings(&[
        ("system_name", "oomnitza"),
        ("username", "a@example.com"),
        ("default_role", "25"),
    ])
}

/// A user in the shape of a recorded one.
fn user(id: u64, email: &str) -> String {
    format!(
        r#"{{"id": {id}, "name": "Sample User", "email": {email}, "phone": null, "organization_id": 6130871991999, "photo": null, "tags": [], "user_fields": {{}}}}"#
    )
}

fn page(users: &[String], rest: &str) -> String {
    format!("{{\"users\":[{}]{rest}}}", users.join(","))
}

fn read(sources: &[&str], answers: &[(&str, &str)]) -> Outcome {
    let script = answers.iter().fold(Script::default(), |script, (url, answer)| {
        script.get(url, "token", 200, &[], answer)
    });
    run::<Zendesk>(settings(), wanted(sources), script)
}

#[test]
fn pages_are_followed_by_cursor_until_there_is_no_more() {
    let first = page(
        &[user(6130871991962, "\"a@x\""), user(2, "null")],
        r#","meta":{"has_more":true,"after_cursor":"aCu+r==","before_cursor":"b"},"links":{"prev":null,"next":"https://z3n.zendesk.com/elsewhere"}"#,
    );
    let last = page(
        &[user(3, "\"c@x\"")],
        r#","meta":{"has_more":false,"after_cursor":"end","before_cursor":"b"},"links":{"prev":null,"next":"https://z3n.zendesk.com/more"}"#,
    );
    let outcome = read(
        &[],
        &[(FIRST, &first), (&format!("{FIRST}&page[after]=aCu%2Br%3D%3D"), &last)],
    );
    assert_eq!((outcome.error, outcome.pages), (None, vec![2, 1]));
    assert_eq!(outcome.records[0]["id"], json!(6130871991962u64));
    assert_eq!(outcome.records[1]["email"], json!(null));
}

#[test]
fn ids_of_any_size_stand_as_they_came() {
    let body = r#"{"users":[{"id":123456789012345678901234567890,"name":"x"}],"meta":{"has_more":false}}"#;
    let script = Script::default().get(FIRST, "token", 200, &[], body);
    let outcome = run::<Zendesk>(settings(), wanted(&[]), script);
    assert_eq!(outcome.error, None);
    assert_eq!(outcome.pages, [1]);
}

#[test]
fn a_server_without_cursors_is_followed_by_its_links_at_the_section_s_own_host() {
    let first = page(
        &[user(1, "null")],
        r#","next_page":"https://z3n-other.zendesk.com/api/v2/users.json?page=2","previous_page":null,"count":2"#,
    );
    let last = page(
        &[user(2, "null")],
        r#","next_page":null,"previous_page":null,"count":2"#,
    );
    let outcome = read(
        &[],
        &[(FIRST, &first), (&format!("{URL}/api/v2/users.json?page=2"), &last)],
    );
    assert_eq!((outcome.error, outcome.pages), (None, vec![1, 1]));
    for (link, target) in [
        ("https://zendesk.com.evil.example/u", "https://zendesk.com.evil.example"),
        ("https://evilzendesk.com/u", "https://evilzendesk.com"),
        ("http://z3n.zendesk.com/u", "http://z3n.zendesk.com"),
    ] {
        let body = page(&[user(1, "null")], &format!(r#","next_page":"{link}""#));
        let outcome = read(&[], &[(FIRST, &body)]);
        assert_eq!(
            outcome.error,
            Some(Error::Unexpected(format!(
                "the link to the next page cannot be followed: it leads to {target}"
            )))
        );
    }
}

#[test]
fn organizations_come_along_where_a_mapping_names_them() {
    let body = format!(
        r#"{{"users":[{},{{}},{{"organization_id":null}},{{"organization_id":5}},{{"organization_id":-1,"active":"x"}},{{"organization_id":"x"}}],"organizations":[{{"id":6130871991999,"name":"Lab"}}],"meta":{{"has_more":false}}}}"#,
        user(1, "null")
    );
    let outcome = read(
        &["email", "organization.name"],
        &[(&format!("{FIRST}&include=organizations"), &body)],
    );
    assert_eq!(outcome.error, None);
    assert_eq!(
        outcome.records[0]["organization"],
        json!({"id": 6130871991999u64, "name": "Lab"})
    );
    assert_eq!(outcome.records[1], json!({"organization": null}));
    assert_eq!(outcome.records[2]["organization"], json!(null));
    for odd in 3..6 {
        assert_eq!(outcome.records[odd]["organization"], json!(null), "{odd}");
    }
}

#[test]
fn users_of_a_large_organization_come_in_pages_that_the_host_takes() {
    let users: Vec<String> = (0..500).map(|id| user(id, "null")).collect();
    let organization = json!({"id": 6130871991999u64, "name": "Lab", "notes": "x".repeat(20_000)});
    let rest = format!(r#","organizations":[{organization}],"after_cursor":"b","end_of_stream":true"#);
    let url = format!("{EXPORTED}&include=organizations&cursor=a");
    let script = Script::default().get(&url, "token", 200, &[], &page(&users, &rest));
    let outcome = resume::<Zendesk>(settings(), Some("export:a"), wanted(&["organization.name"]), script);
    assert_eq!(outcome.error, None);
    let ids: Vec<u64> = outcome
        .records
        .iter()
        .map(|user| user["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, (0..500).collect::<Vec<u64>>());
    assert!(outcome.records.iter().all(|user| user["organization"]["name"] == "Lab"));
    // 8 MiB is what the host takes; a later run goes on behind the last part alone.
    assert!(
        outcome.pages.len() == 2 && outcome.pages[0] < 400,
        "{:?}",
        outcome.pages
    );
    assert_eq!(outcome.cursors, [None, Some("export:b".to_owned())]);
}

#[test]
fn no_users_one_user_and_an_empty_page_in_between_are_read() {
    let none = page(&[], r#","meta":{"has_more":false,"after_cursor":null}"#);
    assert_eq!(read(&[], &[(FIRST, &none)]).pages, [0]);
    let empty = page(&[], r#","meta":{"has_more":true,"after_cursor":"x"}"#);
    let one = page(&[user(1, "null")], r#","meta":{"has_more":false}"#);
    let outcome = read(&[], &[(FIRST, &empty), (&format!("{FIRST}&page[after]=x"), &one)]);
    assert_eq!((outcome.error, outcome.pages), (None, vec![0, 1]));
    let circle = page(&[], r#","meta":{"has_more":true,"after_cursor":"x"}"#);
    let second = format!("{FIRST}&page[after]=x");
    let outcome = read(&[], &[(FIRST, &circle), (&second, &circle)]);
    assert_eq!(
        outcome.error,
        Some(Error::Unexpected(format!(
            "the link to the next page leads back to {second}"
        )))
    );
}

#[test]
fn what_zendesk_refuses_is_said_with_its_own_words() {
    let refused = |status, body: &str| {
        let script = Script::default().get(FIRST, "token", status, &[], body);
        run::<Zendesk>(settings(), wanted(&[]), script)
            .error
            .unwrap()
            .to_string()
    };
    let what = "GET /api/v2/users.json answered";
    for (status, body, said) in [
        (
            401,
            r#"{"error":"Couldn't authenticate you"}"#,
            "401: Couldn't authenticate you",
        ),
        (
            403,
            r#"{"error":{"title":"Forbidden","message":"You do not have access to this page."}}"#,
            "403: Forbidden: You do not have access to this page.",
        ),
        (403, r#"{"error":"Forbidden"}"#, "403: Forbidden"),
        (
            404,
            r#"{"error":"RecordNotFound","description":"Not found"}"#,
            "404: RecordNotFound: Not found",
        ),
        (404, "<html>No such help center</html>", "404"),
        (
            400,
            r#"{"errors":[{"code":"InvalidPaginationDepth","title":"Pagination requests are limited","detail":"x"}]}"#,
            "400: InvalidPaginationDepth: Pagination requests are limited",
        ),
        (500, "", "500"),
        (200, "", "200 with nothing"),
        (200, "<html>", "with a web page instead of data"),
    ] {
        assert_eq!(refused(status, body), format!("{what} {said}"));
    }
    for body in ["{}", "{\"users\":null}", "{\"users\":[", "{\"users\":[1]}", "[]"] {
        assert!(refused(200, body).starts_with(what), "{body}");
    }
    assert_eq!(
        refused(200, r#"{"users":[],"meta":{"has_more":true}}"#),
        "Zendesk says that there are more users, and not where"
    );
}

#[test]
fn a_rate_limit_without_retry_after_is_waited_for_by_its_reset() {
    let none = page(&[], r#","meta":{"has_more":false}"#);
    let headers = [("x-rate-limit", "700"), ("rate-limit-reset", "25")];
    let script = Script::default()
        .get(FIRST, "token", 429, &headers, r#"{"error":"APIRateLimitExceeded"}"#)
        .get(FIRST, "token", 429, &[], "Rate limit exceeded")
        .get(FIRST, "token", 200, &[], &none);
    let outcome = run::<Zendesk>(settings(), wanted(&[]), script);
    assert_eq!((outcome.error, outcome.waits), (None, vec![25_000, 2_000]));
}

#[test]
fn a_limit_asks_for_less_and_an_address_of_its_own_is_used() {
    let none = page(&[], r#","meta":{"has_more":false}"#);
    let script = Script::default().get(
        "http://127.0.0.1:1/api/v2/users.json?page[size]=3",
        "token",
        200,
        &[],
        &none,
    );
    let settings = testing::settings(&[("system_name", "oomnitza"), ("url", "http://127.0.0.1:1/")]);
    let wanted = Wanted {
        limit: Some(3),
        ..wanted(&[])
    };
    assert_eq!(run::<Zendesk>(settings.clone(), wanted, script).error, None);
    let script = Script::default().get(
        "http://127.0.0.1:1/api/v2/users.json?page[size]=1",
        "token",
        200,
        &[],
        &none,
    );
    assert_eq!(testing::check::<Zendesk>(settings, script), Ok(()));
}

const DATE: (&str, &str) = ("date", "Wed, 14 Apr 2021 16:35:40 GMT");
const EXPORTED: &str = "https://oomnitza.zendesk.com/api/v2/incremental/users/cursor.json?per_page=500";

#[test]
fn a_full_run_leaves_its_time_and_a_later_one_the_cursor_of_the_export() {
    let more = page(&[user(1, "null")], r#","meta":{"has_more":true,"after_cursor":"x"}"#);
    let last = page(&[user(2, "null")], r#","meta":{"has_more":false}"#);
    let script = Script::default().get(FIRST, "token", 200, &[DATE], &more).get(
        &format!("{FIRST}&page[after]=x"),
        "token",
        200,
        &[],
        &last,
    );
    let outcome = run::<Zendesk>(settings(), wanted(&[]), script);
    let time = "2021-04-14T16:25:40.000Z";
    assert_eq!(outcome.cursors, [None, Some(time.to_owned())]);

    let deleted = r#"{"id":9,"name":"Gone","email":null,"active":false}"#.to_owned();
    let more = page(
        &[user(1, "null"), deleted],
        r#","after_url":"https://z3n.zendesk.com/elsewhere","after_cursor":"a+1","before_cursor":null,"end_of_stream":false"#,
    );
    let last = page(
        &[user(2, "null")],
        r#","after_url":"x","after_cursor":"b/2","end_of_stream":true"#,
    );
    let script = Script::default()
        .get(&format!("{EXPORTED}&start_time=1618417540"), "token", 200, &[], &more)
        .get(&format!("{EXPORTED}&cursor=a%2B1"), "token", 200, &[], &last);
    let outcome = resume::<Zendesk>(settings(), Some(time), wanted(&[]), script);
    assert_eq!((outcome.error, outcome.pages), (None, vec![1, 1]));
    let cursors = ["export:a+1", "export:b/2"].map(|cursor| Some(cursor.to_owned()));
    assert_eq!(outcome.cursors, cursors);

    let none = page(&[], r#","after_cursor":"b/2","end_of_stream":true"#);
    let script = Script::default().get(&format!("{EXPORTED}&cursor=b%2F2"), "token", 200, &[], &none);
    let outcome = resume::<Zendesk>(settings(), Some("export:b/2"), wanted(&[]), script);
    assert_eq!((outcome.error, outcome.pages), (None, vec![0]));
    assert_eq!(outcome.cursors, [Some("export:b/2".to_owned())]);
}

#[test]
fn organizations_come_along_with_an_export() {
    let body = format!(
        r#"{{"users":[{}],"organizations":[{{"id":6130871991999,"name":"Lab"}}],"after_cursor":null,"end_of_stream":true}}"#,
        user(1, "null")
    );
    let url = format!("{EXPORTED}&include=organizations&cursor=x");
    let script = Script::default().get(&url, "token", 200, &[], &body);
    let outcome = resume::<Zendesk>(settings(), Some("export:x"), wanted(&["organization.name"]), script);
    assert_eq!(outcome.error, None);
    assert_eq!(outcome.records[0]["organization"]["name"], "Lab");
    assert_eq!(outcome.cursors, [None]);
}

#[test]
fn a_cursor_that_zendesk_does_not_know_any_more_is_stale_and_other_refusals_are_errors() {
    let first = format!("{EXPORTED}&cursor=old");
    let ask = |status, body: &str| {
        let script = Script::default().get(&first, "token", status, &[], body);
        resume::<Zendesk>(settings(), Some("export:old"), wanted(&[]), script)
            .error
            .unwrap()
    };
    let unknown = r#"{"error":"InvalidValue","description":"Cursor is invalid"}"#;
    for status in [400, 422] {
        let said = format!("Zendesk answered {status}: InvalidValue: Cursor is invalid");
        assert_eq!(ask(status, unknown), Error::StaleCursor(said));
    }
    assert!(matches!(ask(403, ""), Error::Forbidden(_)));
    assert!(matches!(ask(404, ""), Error::NotFound(_)));
    // What Zendesk gave out in this run is not stale, whatever it says of it.
    let more = page(&[], r#","after_cursor":"x","end_of_stream":false"#);
    let script = Script::default().get(&first, "token", 200, &[], &more).get(
        &format!("{EXPORTED}&cursor=x"),
        "token",
        400,
        &[],
        unknown,
    );
    let outcome = resume::<Zendesk>(settings(), Some("export:old"), wanted(&[]), script);
    assert!(matches!(outcome.error, Some(Error::Unexpected(_))));
    let lost = page(&[], r#","after_cursor":null,"end_of_stream":false"#);
    let script = Script::default().get(&first, "token", 200, &[], &lost);
    let outcome = resume::<Zendesk>(settings(), Some("export:old"), wanted(&[]), script);
    assert_eq!(
        outcome.error.unwrap().to_string(),
        "Zendesk says that there are more users, and not where"
    );
    let nonsense = resume::<Zendesk>(settings(), Some("nonsense"), wanted(&[]), Script::default());
    assert!(matches!(nonsense.error, Some(Error::StaleCursor(_))));
}
