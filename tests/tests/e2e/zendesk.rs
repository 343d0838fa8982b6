//! Zendesk to Oomnitza.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use oomnitza_tests::fake::zendesk::{TOKEN, account, user};
use oomnitza_tests::{Answer, Asked, Fake, Series, Trial, http_date, troubles};
use serde_json::{Value, json};

const SETTINGS: &str = "url = URL\nsystem_name = oomnitza\nusername = agent@example.com\napi_token = sample-api-token\ndefault_role = 25\n\
    default_position = Employee\n";

#[test]
fn users_arrive_whole() {
    let source = account(5);
    insta::assert_snapshot!(Trial::of("zendesk", SETTINGS, &source).story(&source));
}

#[test]
fn ids_and_organizations_arrive_where_mappings_name_them() {
    let source = account(3);
    let settings = format!(
        "{SETTINGS}mapping.ZENDESK_ID = {{\"source\": \"id\"}}\nmapping.COMPANY = {{\"source\": \"organization.name\"}}\n"
    );
    insta::assert_snapshot!(Trial::of("zendesk", &settings, &source).story(&source));
}

#[test]
fn users_of_a_large_organization_arrive() {
    let member = |id| {
        let mut user = user(id);
        user["organization_id"] = json!(7);
        user
    };
    let users: Vec<Value> = (0..100).map(member).collect();
    let organization = json!({"id": 7, "name": "Labs", "notes": "x".repeat(200_000)});
    let page = json!({"users": users, "organizations": [organization], "meta": {"has_more": false}});
    let source = Fake::start(move |_| Ok(Answer::json(200, page.clone())));
    let settings = format!("{SETTINGS}mapping.COMPANY = {{\"source\": \"organization.name\"}}\n");
    let trial = Trial::of("zendesk", &settings, &source);
    assert_eq!(
        (trial.output.code, trial.output.counts()),
        (Some(0), [100, 100, 0, 0, 0]),
        "{}",
        trial.output
    );
    assert_eq!(source.asked().len(), 1);
}

#[test]
fn one_user_and_no_users_arrive() {
    for users in [0, 1] {
        let source = account(users);
        let trial = Trial::of("zendesk", SETTINGS, &source);
        assert_eq!(trial.output.counts(), [users, users, 0, 0, 0], "{}", trial.output);
        assert_eq!(source.violations(), Vec::<String>::new());
    }
}

#[test]
fn what_zendesk_refuses_is_told() {
    let depth = json!({"errors": [{"code": "InvalidPaginationDepth", "title": "Pagination requests are limited", "detail": "x"}]});
    insta::assert_snapshot!(troubles(
        "zendesk",
        SETTINGS,
        || account(5),
        &[
            ("401", Answer::json(401, json!({"error": "Couldn't authenticate you"}))),
            (
                "403",
                Answer::json(
                    403,
                    json!({"error": {"title": "Forbidden", "message": "You do not have access to this page."}})
                )
            ),
            (
                "404",
                Answer::json(404, json!({"error": "RecordNotFound", "description": "Not found"}))
            ),
            ("400", Answer::json(400, depth)),
            ("503", Answer::new(503, "text/html", "maintenance")),
            (
                "another account's place",
                Answer::json(302, "").header("Location", "https://www.zendesk.com/")
            ),
            ("a page", Answer::new(200, "text/html", "<html></html>")),
            ("nothing", Answer::json(200, "")),
            ("half", Answer::json(200, "{\"users\":[{\"id\":1")),
            ("no users", Answer::json(200, "{}")),
            ("null", Answer::json(200, "{\"users\":null}")),
        ]
    ));
}

#[test]
fn what_passes_is_asked_for_again() {
    let source = account(3)
        .instead(1, Answer::json(429, "").header("Retry-After", "0"))
        .instead(3, Answer::new(503, "text/html", "").header("Retry-After", "0"));
    let trial = Trial::of("zendesk", SETTINGS, &source);
    assert_eq!(trial.output.counts(), [3, 3, 0, 0, 0], "{}", trial.output);
}

#[test]
fn a_wait_that_outlasts_a_call_ends_the_section_as_what_it_is() {
    let source = Fake::start(|_| Ok(Answer::new(503, "text/html", "maintenance").header("Retry-After", "850")));
    let trial = Trial::of("zendesk", SETTINGS, &source);
    assert_eq!(
        (trial.output.code, source.asked().len()),
        (Some(1), 1),
        "{}",
        trial.output
    );
    let error = trial.output.report()["error"].to_string();
    assert!(
        error.contains("answered 503") && error.contains("it asks to wait 850 s"),
        "{error}"
    );
    assert!(error.contains("try again later"), "{error}");
}

#[test]
fn an_account_that_asks_for_less_for_ever_is_asked_eight_times() {
    let source = Fake::start(|_| Ok(Answer::json(429, "").header("Retry-After", "0")));
    let trial = Trial::of("zendesk", SETTINGS, &source);
    assert_eq!(
        (trial.output.code, source.asked().len()),
        (Some(1), 8),
        "{}",
        trial.output
    );
    let error = trial.output.report()["error"].to_string();
    assert!(
        error.contains("answered 429") && error.contains("run it later"),
        "{error}"
    );
}

/// Wed, 14 Apr 2021 16:35:40 GMT
const NOW: i64 = 1_618_418_140;

/// An account whose users, two a page of the export, changed so many times since; every third change is that a user was deleted.
/// Cursors from before `oldest` are not known any more.
fn changing(changes: &Arc<AtomicU64>, oldest: &Arc<AtomicU64>) -> Fake {
    let (changes, oldest) = (changes.clone(), oldest.clone());
    let change = |index: u64| {
        let mut user = user(index);
        user["active"] = json!(index % 3 != 2);
        user["name"] = json!(format!("Change {index}"));
        user["email"] = json!(format!("change{index}@example.com"));
        user
    };
    Fake::start(move |asked: &Asked| {
        asked.reads_json()?;
        if asked.header("authorization") != TOKEN {
            return Err("it is not signed".to_owned());
        }
        if asked.target == "/api/v2/users.json?page[size]=100" {
            let page = json!({"users": [user(0), user(1)], "meta": {"has_more": false}});
            return Ok(Answer::json(200, page).header("Date", &http_date(NOW)));
        }
        let start = asked
            .target
            .strip_prefix("/api/v2/incremental/users/cursor.json?per_page=500&")
            .ok_or("there is no such path")?;
        // Ten minutes before the first answer of the full run.
        let start = match start.strip_prefix("cursor=after%2F") {
            Some(place) => place.parse().map_err(|_| "there is no such cursor")?,
            None if start == format!("start_time={}", NOW - 600) => 0,
            None => return Err("its query is not the one that is documented".to_owned()),
        };
        if start < oldest.load(Ordering::SeqCst) {
            return Ok(Answer::json(
                400,
                json!({"error": "InvalidValue", "description": "Cursor is invalid"}),
            ));
        }
        let all = changes.load(Ordering::SeqCst);
        let end = (start + 2).min(all);
        Ok(Answer::json(
            200,
            json!({
                "users": (start..end).map(change).collect::<Vec<_>>(),
                "after_url": "https://z3n-other.zendesk.com/elsewhere", "after_cursor": format!("after/{end}"),
                "before_url": null, "before_cursor": null, "end_of_stream": end == all,
            }),
        ))
    })
}

#[test]
fn a_later_run_goes_on_with_the_export_and_a_cursor_that_is_not_known_any_more_reads_everything() {
    let (changes, oldest) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
    let source = changing(&changes, &oldest);
    let series = Series::of("zendesk", &format!("{SETTINGS}incremental = True\n"), &source);
    let upload = || series.upload(&[], 0, "FIRST_NAME").len();
    let last_names = || series.upload(&[], 0, "LAST_NAME");
    assert_eq!(upload(), 2);
    changes.store(4, Ordering::SeqCst);
    assert_eq!(last_names(), ["0", "1", "3"], "the third was deleted");
    assert_eq!(series.cursor().as_deref(), Some("export:after/4"));
    assert_eq!(upload(), 0);
    changes.store(5, Ordering::SeqCst);
    assert_eq!(last_names(), ["4"]);
    oldest.store(6, Ordering::SeqCst);
    let output = series.run(&[]);
    assert_eq!((output.code, output.counts()), (Some(0), [2, 2, 0, 0, 0]), "{output}");
    assert!(
        output
            .stderr
            .contains("the source does not know any more where the last run ended; everything is read"),
        "{output}"
    );
    assert_eq!(series.cursor().as_deref(), Some("2021-04-14T16:25:40.000Z"));
    assert_eq!(source.violations(), Vec::<String>::new());
}
