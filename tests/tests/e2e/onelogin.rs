//! OneLogin to Oomnitza.

use oomnitza_tests::fake::onelogin::{rest, xml};
use oomnitza_tests::{Answer, Asked, Fake, Series, Trial, http_date, troubles};
use serde_json::{Value, json};

const SETTINGS: &str = "url = URL/api/v2/users.xml\napi_token = sample-api-key\ndefault_role = 25\ndefault_position = Employee\n\
    mapping.TITLE = {\"source\": \"title\"}\n";

const REST: &str = "api_url = URL\nclient_id = sample-id\nclient_secret = sample-client-secret\ndefault_role = 25\n\
    default_position = Employee\nmapping.TITLE = {\"source\": \"title\"}\n";

#[test]
fn users_of_the_xml_api_arrive_whole() {
    let source = xml(5);
    insta::assert_snapshot!(Trial::of("onelogin", SETTINGS, &source).story(&source));
}

#[test]
fn one_user_and_no_users_arrive() {
    for users in [0, 1] {
        let source = xml(users);
        let trial = Trial::of("onelogin", SETTINGS, &source);
        assert_eq!(
            trial.output.counts(),
            [users.into(), users.into(), 0, 0, 0],
            "{}",
            trial.output
        );
        assert_eq!(source.violations(), Vec::<String>::new());
    }
}

#[test]
fn users_of_the_current_api_arrive_whole() {
    let source = rest(Value::Null);
    insta::assert_snapshot!(Trial::of("onelogin", REST, &source).story(&source));
}

#[test]
fn what_onelogin_refuses_is_told() {
    let page = "<!DOCTYPE html><html><body>Sign in</body></html>";
    insta::assert_snapshot!(troubles(
        "onelogin",
        SETTINGS,
        || xml(5),
        &[
            (
                "401",
                Answer::xml(
                    401,
                    "<error><title>Unauthorized Access</title><message>Your IP is not allowed</message></error>"
                )
            ),
            ("403", Answer::xml(403, "")),
            ("404", Answer::new(404, "text/html", page)),
            ("503", Answer::new(503, "text/html", page)),
            ("a page", Answer::new(200, "text/html", page)),
            ("nothing", Answer::xml(200, "")),
            ("half", Answer::xml(200, "<users type=\"array\"><user><id>1</id>")),
            (
                "laughs",
                Answer::xml(200, "<!DOCTYPE lolz [<!ENTITY lol \"lol\">]><users>&lol;</users>")
            ),
        ]
    ));
}

#[test]
fn what_the_current_api_refuses_is_told() {
    let mut told = String::new();
    for (name, answer) in [
        ("401", Answer::json(401, json!({"message": "Unauthorized"}))),
        (
            "403",
            Answer::json(403, json!({"message": "Insufficient Permission", "statusCode": 403})),
        ),
        ("404", Answer::new(404, "text/html", "<html></html>")),
        ("429", Answer::json(429, "").header("Retry-After", "0")),
        ("503", Answer::new(503, "text/html", "<html></html>")),
        ("a page", Answer::new(200, "text/html", "<html></html>")),
        ("nothing", Answer::json(200, "")),
        ("half", Answer::json(200, "[{\"id\":1,")),
        ("no list", Answer::json(200, json!({"data": []}))),
    ] {
        let source = Fake::start(move |asked: &Asked| {
            Ok(match asked.path() {
                "/auth/oauth2/v2/token" => Answer::json(
                    200,
                    json!({"access_token": "stand-in-access-token", "expires_in": 36000}),
                ),
                _ => answer.clone(),
            })
        });
        let trial = Trial::of("onelogin", REST, &source);
        assert_eq!(trial.uploads, [], "{name}: {}", trial.output);
        let (code, asked) = (trial.output.code.unwrap_or(-1), source.asked().len());
        told += &format!(
            "{name}: exit {code}, {asked} requests: {}\n",
            trial.output.report()["error"]
        );
    }
    insta::assert_snapshot!(told);
}

#[test]
fn what_passes_is_asked_for_again() {
    let source = xml(3)
        .instead(1, Answer::new(502, "text/html", ""))
        .instead(3, Answer::xml(429, "").header("Retry-After", "0"));
    let trial = Trial::of("onelogin", SETTINGS, &source);
    assert_eq!(trial.output.counts(), [3, 3, 0, 0, 0], "{}", trial.output);
}

#[test]
fn a_token_that_is_refused_for_now_is_asked_for_again() {
    let source = rest(Value::Null).instead(1, Answer::json(429, json!({"message": "Too many requests"})));
    let trial = Trial::of("onelogin", REST, &source);
    assert_eq!(trial.output.code, Some(0), "{}", trial.output);
}

#[test]
fn a_quota_that_is_used_up_is_told_as_that() {
    let answer = Answer::json(400, json!({"message": "Rate limit exceeded"}))
        .header("X-RateLimit-Limit", "5000")
        .header("X-RateLimit-Remaining", "0")
        .header("X-RateLimit-Reset", "1197");
    let source = rest(Value::Null).instead(2, answer);
    let trial = Trial::of("onelogin", REST, &source);
    assert_eq!(
        (trial.output.code, source.asked().len()),
        (Some(1), 2),
        "{}",
        trial.output
    );
    let error = trial.output.report()["error"].to_string();
    assert!(
        error.contains("its rate limit is reached") && error.contains("run it later"),
        "{error}"
    );
}

#[test]
fn a_list_that_ends_short_of_its_own_total_is_no_success() {
    let users = Answer::json(200, json!([{"id": 1, "username": "user1"}])).header("Total-Count", "3");
    let source = rest(Value::Null).instead(2, users);
    let trial = Trial::of("onelogin", REST, &source);
    assert_eq!(
        (trial.output.code, trial.output.counts()[1]),
        (Some(4), 1),
        "{}",
        trial.output
    );
    let said = "the source ended its list after 1 records, of 3 that it said there are";
    // In the log and in the report.
    assert!(trial.output.to_string().matches(said).count() >= 2, "{}", trial.output);
}

#[test]
fn a_check_says_what_is_wrong_with_the_credentials() {
    let source = xml(1);
    let check = |settings: &str| {
        Trial::run(&["check", "onelogin"], "onelogin", settings, &source)
            .output
            .to_string()
    };
    insta::assert_snapshot!(check(SETTINGS) + &check(&SETTINGS.replace("sample-api-key", "another-api-key")));
}

/// Wed, 14 Apr 2021 16:35:40 GMT
const NOW: i64 = 1_618_418_140;

#[test]
fn a_later_run_of_the_current_api_asks_for_what_was_updated_since() {
    let source = Fake::start(move |asked: &Asked| {
        if asked.path() == "/auth/oauth2/v2/token" {
            return Ok(Answer::json(
                200,
                json!({"access_token": "stand-in-access-token", "expires_in": 36000}),
            ));
        }
        asked.reads_json()?;
        let fields = "/api/2/users?limit=100&fields=email,firstname,id,lastname,phone,username,title,custom_attributes";
        let users: &[u32] = match asked.target.strip_prefix(fields) {
            Some("") => &[1, 2, 3],
            Some("&updated_since=2021-04-14T16%3A25%3A40.000Z") => &[2],
            _ => return Err("its query is not the one that is documented".to_owned()),
        };
        let users: Vec<Value> = users
            .iter()
            .map(|id| json!({"id": id, "username": format!("user{id}")}))
            .collect();
        Ok(Answer::json(200, Value::from(users)).header("Date", &http_date(NOW)))
    });
    let series = Series::of("onelogin", &format!("{REST}incremental = True\n"), &source);
    let upload = || series.upload(&[], 0, "USER");
    assert_eq!(upload(), ["user1", "user2", "user3"]);
    assert_eq!(upload(), ["user2"]);
    series.pass_days(7);
    assert_eq!(upload().len(), 3);
    assert_eq!(source.violations(), Vec::<String>::new());
}

#[test]
fn a_later_run_of_the_xml_api_sends_those_who_were_updated_since() {
    let source = Fake::start(move |asked: &Asked| {
        let user = |id: u32, updated: &str| {
            format!(
                "<user><id type=\"integer\">{id}</id><username>user{id}</username><updated-at type=\"datetime\">{updated}</updated-at></user>"
            )
        };
        let page = match asked
            .target
            .strip_prefix("/api/v2/users.xml?include_custom_attributes=true&from_id=")
        {
            Some("0") => user(1, "2021-04-14T09:25:39-07:00") + &user(2, "2021-04-14T09:25:40-07:00"),
            Some("2") => String::new(),
            _ => return Err("its query is not the one that is documented".to_owned()),
        };
        Ok(Answer::xml(200, format!("<users type=\"array\">{page}</users>")).header("Date", &http_date(NOW)))
    });
    let series = Series::of("onelogin", &format!("{SETTINGS}incremental = True\n"), &source);
    assert_eq!(series.upload(&[], 0, "USER"), ["user1", "user2"]);
    assert_eq!(series.upload(&[], 0, "USER"), ["user2"]);
    assert_eq!(source.asked().len(), 4, "everybody is asked for each time");
    // A run that has to begin anew counts what it asks, and keeps what it is answered.
    series.set_cursor("soon");
    let output = series.run(&["--save-data"]);
    assert!(
        output
            .stderr
            .contains("does not know any more where the last run ended"),
        "{output}"
    );
    let report = output.report();
    assert_eq!(
        (&report["sent"], &report["source_requests"]),
        (&json!(2), &json!(2)),
        "{output}"
    );
    for page in ["page000.xml", "page001.xml"] {
        assert!(
            series.program.home().join("saved_data/onelogin").join(page).is_file(),
            "{page}"
        );
    }
    assert_eq!(source.violations(), Vec::<String>::new());
}
