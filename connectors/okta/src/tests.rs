//! Okta's API as `docs/connectors/okta.md` describes it, by script.

use oomnitza_sdk::bindings::oomnitza::connector::http;
use oomnitza_sdk::testing::{self, Outcome, Script, resume, run, wanted};

use super::*;

const URL: &str = "https://example.okta.com";

fn settings(url: &str) -> Settings {
    with(url, "False")
}

fn with(url: &str, deprovisioned: &str) -> Settings {
    testing::settings(&[
        ("url", url),
        ("default_role", "25"),
        ("default_position", "Employee"),
        ("page_size", "200"),
        ("deprovisioned", deprovisioned),
    ])
}

fn user(login: &str) -> String {
    format!(
        r#"{{"id":"00u{login}","status":"ACTIVE","profile":{{"login":"{login}","mobilePhone":null}},"_links":{{}}}}"#
    )
}

fn list(logins: &[&str]) -> String {
    format!(
        "[{}]",
        logins.iter().map(|login| user(login)).collect::<Vec<_>>().join(",")
    )
}

const INVALID_TOKEN: &str = r#"{"errorCode":"E0000011","errorSummary":"Invalid token provided","errorLink":"E0000011","errorId":"oae","errorCauses":[]}"#;
const TOO_MANY: &str =
    r#"{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit due to too many requests."}"#;

#[test]
fn pages_are_followed_by_link_and_records_are_profiles() {
    let first = format!("{URL}/api/v1/users?limit=200");
    let second = format!("{URL}/api/v1/users?after=00u2&limit=200");
    let script = Script::default()
        .get(
            &first,
            "token",
            200,
            &[
                ("link", &format!("<{first}>; rel=\"self\"")),
                ("link", &format!("<{second}>; rel=\"next\"")),
            ],
            &list(&["a", "b"]),
        )
        .get(
            &second,
            "token",
            200,
            &[("link", &format!("<{second}>; rel=\"self\""))],
            &list(&["c"]),
        );
    let outcome = run::<Okta>(settings(&format!("{URL}/")), wanted(&[]), script);
    assert_eq!(outcome.error, None);
    assert_eq!(outcome.pages, [2, 1]);
    assert_eq!(outcome.records[0].to_string(), r#"{"login":"a","mobilePhone":null}"#);
}

#[test]
fn the_recorded_answer_of_a_real_organisation_is_read() {
    let recorded = include_str!("../tests/recorded/users.json");
    let script = Script::default().get(&format!("{URL}/api/v1/users?limit=200"), "token", 200, &[], recorded);
    let outcome = run::<Okta>(settings(URL), wanted(&[]), script);
    assert_eq!(outcome.error, None);
    let raw: Vec<oomnitza_sdk::serde_json::Value> = oomnitza_sdk::serde_json::from_str(recorded).unwrap();
    let profiles: Vec<_> = raw.iter().map(|user| user["profile"].clone()).collect();
    assert!(!profiles.is_empty());
    assert_eq!(outcome.records, profiles);
}

#[test]
fn links_of_the_admin_host_lead_without_admin_and_are_asked_at_the_section_s_own_host() {
    let admin = "https://example-admin.okta.com";
    let script = Script::default()
        .get(
            &format!("{admin}/api/v1/users?limit=200"),
            "token",
            200,
            &[("link", &format!("<{URL}/api/v1/users?after=x>; rel=\"next\""))],
            &list(&["a"]),
        )
        .get(
            &format!("{admin}/api/v1/users?after=x"),
            "token",
            200,
            &[],
            &list(&["b"]),
        );
    let outcome = run::<Okta>(settings(admin), wanted(&[]), script);
    assert_eq!((outcome.error, outcome.pages), (None, vec![1, 1]));
}

#[test]
fn a_link_to_another_host_and_a_link_in_circles_end_the_run_with_what_was_read() {
    let first = format!("{URL}/api/v1/users?limit=200");
    for (link, error) in [
        (
            "<https://evil.example/api/v1/users?after=x>; rel=\"next\"".to_owned(),
            "the link to the next page cannot be followed: it leads to https://evil.example".to_owned(),
        ),
        (
            "<http://example.okta.com/api/v1/users?after=x>; rel=\"next\"".to_owned(),
            "the link to the next page cannot be followed: it leads to http://example.okta.com".to_owned(),
        ),
        (
            format!("<{first}>; rel=\"next\""),
            format!("the link to the next page leads back to {first}"),
        ),
    ] {
        let script = Script::default().get(&first, "token", 200, &[("link", &link)], &list(&["a"]));
        let outcome = run::<Okta>(settings(URL), wanted(&[]), script);
        assert_eq!(outcome.error, Some(Error::Unexpected(error)));
        assert_eq!(outcome.pages, [1]);
    }
}

#[test]
fn a_rate_limit_is_waited_for_by_okta_s_own_clock() {
    let first = format!("{URL}/api/v1/users?limit=200");
    let date = ("date", "Wed, 14 Apr 2021 16:35:40 GMT");
    let script = Script::at(0)
        .get(
            &first,
            "token",
            429,
            &[
                date,
                ("x-rate-limit-limit", "600"),
                ("x-rate-limit-remaining", "0"),
                ("x-rate-limit-reset", "1618418152"),
            ],
            TOO_MANY,
        )
        .get(
            &first,
            "token",
            429,
            &[
                date,
                ("x-rate-limit-limit", "0"),
                ("x-rate-limit-remaining", "0"),
                ("x-rate-limit-reset", "1618418152"),
            ],
            TOO_MANY,
        )
        .get(&first, "token", 200, &[], &list(&["a"]));
    let outcome = run::<Okta>(settings(URL), wanted(&[]), script);
    assert_eq!(outcome.error, None);
    // 12 seconds to the reset by Okta's clock, and one more; then too many at once: a short wait.
    assert_eq!(outcome.waits, [13_000, 2_000]);
    assert_eq!(
        outcome.log[0],
        "Level::Info: GET /api/v1/users: rate limit reached, waiting 13 s"
    );
}

#[test]
fn what_okta_refuses_is_said_with_its_own_words() {
    let first = format!("{URL}/api/v1/users?limit=200");
    let refused = |status, body: &str| {
        let script = Script::default().get(&first, "token", status, &[], body);
        run::<Okta>(settings(URL), wanted(&[]), script).error.unwrap()
    };
    assert_eq!(
        refused(401, INVALID_TOKEN),
        Error::SignIn("GET /api/v1/users answered 401: Invalid token provided (E0000011)".into())
    );
    assert_eq!(
        refused(403, "{}"),
        Error::Forbidden("GET /api/v1/users answered 403".into())
    );
    assert_eq!(
        refused(500, "<html>"),
        Error::Failed("GET /api/v1/users answered 500".into())
    );
    assert_eq!(
        refused(200, ""),
        Error::Unexpected("GET /api/v1/users answered 200 with nothing".into())
    );
    assert_eq!(
        refused(200, "<html>"),
        Error::NotFound("GET /api/v1/users answered with a web page instead of data".into())
    );
    let cut = list(&["a"]);
    assert!(
        matches!(refused(200, &cut[..cut.len() - 5]), Error::Unexpected(text) if text.starts_with("GET /api/v1/users answered something that cannot be read"))
    );
    let script = Script::default().get_fails(&first, "token", http::Error::Unreachable("nobody answers".into()));
    assert_eq!(
        run::<Okta>(settings(URL), wanted(&[]), script).error,
        Some(Error::Unreachable("nobody answers".into()))
    );
}

#[test]
fn a_user_without_profile_is_a_miss_and_the_rest_arrives() {
    let body = format!(r#"[{{"id":"1"}},{{"id":"2","profile":null}},{}]"#, user("a"));
    let script = Script::default().get(&format!("{URL}/api/v1/users?limit=200"), "token", 200, &[], &body);
    let outcome = run::<Okta>(settings(URL), wanted(&[]), script);
    assert_eq!(outcome.records.len(), 1);
    assert_eq!(
        outcome.misses,
        [
            ("1".into(), "it has no profile".into()),
            ("2".into(), "it has no profile".into())
        ]
    );
}

#[test]
fn a_small_limit_asks_for_a_small_page_and_a_check_for_one_user() {
    let script = Script::default().get(&format!("{URL}/api/v1/users?limit=3"), "token", 200, &[], "[]");
    let outcome = run::<Okta>(
        settings(URL),
        Wanted {
            limit: Some(3),
            ..wanted(&[])
        },
        script,
    );
    assert_eq!(outcome.error, None);
    let script = Script::default().get(&format!("{URL}/api/v1/users?limit=1"), "token", 200, &[], "[]");
    assert_eq!(testing::check::<Okta>(settings(URL), script), Ok(()));
}

const DATE: (&str, &str) = ("date", "Wed, 14 Apr 2021 16:35:40 GMT");

/// What a query looks like that asks for those who were deprovisioned.
const GONE: &str = "https://example.okta.com/api/v1/users?filter=status%20eq%20%22DEPROVISIONED%22&limit=200";

fn gone(login: &str) -> String {
    user(login).replace("ACTIVE", "DEPROVISIONED")
}

fn logins(outcome: &Outcome) -> Vec<&str> {
    outcome
        .records
        .iter()
        .filter_map(|record| record["login"].as_str())
        .collect()
}

#[test]
fn deprovisioned_users_are_a_second_list_where_they_are_wanted() {
    let first = format!("{URL}/api/v1/users?limit=200");
    let more = format!("{URL}/api/v1/users?after=x&filter=y");
    let next = format!("<{more}>; rel=\"next\"");
    let script = Script::default()
        .get(&first, "token", 200, &[DATE], &list(&["a"]))
        .get(GONE, "token", 200, &[("link", &next)], &format!("[{}]", gone("b")))
        .get(&more, "token", 200, &[], &format!("[{}]", gone("c")));
    let outcome = run::<Okta>(with(URL, "True"), wanted(&[]), script);
    assert_eq!(outcome.error, None);
    assert_eq!(logins(&outcome), ["a", "b", "c"]);
    // Only behind the last page of the last list has everything been read.
    let end = Some("2021-04-14T16:25:40.000Z".to_owned());
    assert_eq!(outcome.cursors, [None, None, end]);
}

#[test]
fn a_later_run_asks_for_what_changed_since_and_takes_the_deprovisioned_only_where_they_are_wanted() {
    let changed = format!("{URL}/api/v1/users?filter=lastUpdated%20ge%20%222021-04-14T16%3A25%3A40.000Z%22&limit=200");
    for (deprovisioned, expected) in [("False", &["a", "c"][..]), ("True", &["a", "b", "c"])] {
        let body = format!("[{},{},{}]", user("a"), gone("b"), user("c"));
        let script = Script::default().get(&changed, "token", 200, &[DATE], &body);
        let cursor = Some("2021-04-14T16:25:40.000Z");
        let outcome = resume::<Okta>(with(URL, deprovisioned), cursor, wanted(&[]), script);
        assert_eq!((outcome.error.as_ref(), logins(&outcome)), (None, expected.to_vec()));
        assert_eq!(outcome.cursors, [Some("2021-04-14T16:25:40.000Z".to_owned())]);
    }
    let stale = resume::<Okta>(settings(URL), Some("{}"), wanted(&[]), Script::default());
    assert_eq!(
        stale.error,
        Some(Error::StaleCursor("`{}` is not a point in time".to_owned()))
    );
}

#[test]
fn a_run_that_does_not_come_to_its_end_leaves_no_cursor() {
    let first = format!("{URL}/api/v1/users?limit=200");
    let next = format!("<{URL}/api/v1/users?after=x>; rel=\"next\"");
    let script = Script::default()
        .get(&first, "token", 200, &[DATE, ("link", &next)], &list(&["a"]))
        .get(&format!("{URL}/api/v1/users?after=x"), "token", 500, &[DATE], "");
    let outcome = run::<Okta>(settings(URL), wanted(&[]), script);
    assert!(outcome.error.is_some());
    assert_eq!(outcome.cursors, [None]);
}
