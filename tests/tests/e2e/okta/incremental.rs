//! Runs that go on where the last one ended, and users whom Okta has deprovisioned.

use std::sync::{Arc, Mutex};

use oomnitza_connector::standin::Trouble;
use oomnitza_connector::standin::oomnitza::{Call, Fault};
use oomnitza_sdk::Moment;
use oomnitza_tests::{Answer, Asked, Fake, Series, Trial, http_date};
use serde_json::{Value, json};

const SETTINGS: &str = "url = URL\napi_token = sample-token\ndefault_role = 25\ndefault_position = Employee\n";

/// Wed, 14 Apr 2021 16:35:40 GMT
const START: i64 = 1_618_418_140;

/// An organisation that changes while tests run: its clock, and its users with their state and the time of their last change. A list
/// without a filter leaves out those who were deprovisioned; a filter knows only what Okta's own does.
#[derive(Clone)]
struct Organisation(Arc<Mutex<(i64, Vec<User>)>>);

#[derive(Clone)]
struct User {
    login: &'static str,
    status: &'static str,
    updated: i64,
}

impl Organisation {
    fn with(logins: &[(&'static str, &'static str)]) -> Self {
        let user = |(login, status): &(&'static str, &'static str)| User {
            login,
            status,
            updated: START - 86_400,
        };
        Self(Arc::new(Mutex::new((START, logins.iter().map(user).collect()))))
    }

    /// So many seconds pass, and then these users change.
    fn pass(&self, seconds: i64, changed: &[(&'static str, &'static str)]) {
        let mut state = self.0.lock().unwrap();
        state.0 += seconds;
        let now = state.0;
        for (login, status) in changed {
            state.1.retain(|user| user.login != *login);
            state.1.push(User {
                login,
                status,
                updated: now,
            });
        }
    }

    fn start(&self) -> Fake {
        let organisation = self.clone();
        Fake::start(move |asked| organisation.answer(asked))
    }

    fn answer(&self, asked: &Asked) -> Result<Answer, String> {
        asked.reads_json()?;
        if asked.header("authorization") != "SSWS sample-token" {
            return Ok(Answer::json(
                401,
                json!({"errorCode": "E0000011", "errorSummary": "Invalid token provided"}),
            ));
        }
        let (path, query) = asked.path_and_query();
        if path != "/api/v1/users" {
            return Err("there is no such path".to_owned());
        }
        let (mut filter, mut after, mut limit) = (None, 0, None);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "filter" => filter = Some(value.into_owned()),
                "after" => after = value.parse::<usize>().map_err(|_| "there is no such cursor")?,
                "limit" => limit = Some(value.into_owned()),
                _ => return Err(format!("nothing is known of the parameter `{name}`")),
            }
        }
        if !["200", "1"].map(Some).contains(&limit.as_deref()) {
            return Err("a page should have 200, or the one that is wanted".to_owned());
        }
        let (now, users) = self.0.lock().unwrap().clone();
        let wanted: Box<dyn Fn(&User) -> bool> = match filter.as_deref() {
            None => Box::new(|user| user.status != "DEPROVISIONED"),
            Some("status eq \"DEPROVISIONED\"") => Box::new(|user| user.status == "DEPROVISIONED"),
            Some(filter) => {
                let from = filter
                    .strip_prefix("lastUpdated ge \"")
                    .and_then(|rest| Moment::parse(rest.strip_suffix('"')?))
                    .ok_or_else(|| format!("Okta does not know the filter `{filter}`"))?;
                Box::new(move |user| user.updated >= from.seconds())
            }
        };
        let found: Vec<&User> = users.iter().filter(|user| wanted(user)).collect();
        // Two a page, whatever is asked for.
        let page: Vec<Value> = found.iter().skip(after).take(2).map(|user| written(user)).collect();
        let answer = Answer::json(200, Value::from(page)).header("Date", &http_date(now));
        let filter = filter.map(|filter| url::form_urlencoded::byte_serialize(filter.as_bytes()).collect::<String>());
        let filter = filter.map(|filter| format!("&filter={filter}")).unwrap_or_default();
        Ok(if after + 2 < found.len() {
            let next = format!(
                "<http://{}/api/v1/users?after={}{filter}&limit=200>; rel=\"next\"",
                asked.header("host"),
                after + 2
            );
            answer.header("Link", &next)
        } else {
            answer
        })
    }
}

fn written(user: &User) -> Value {
    // Okta cannot tell of everybody.
    if user.status == "LOST" {
        return json!({"id": user.login, "status": "ACTIVE", "profile": null});
    }
    let profile =
        json!({"login": user.login, "firstName": "A", "lastName": "B", "email": format!("{}@example.com", user.login)});
    json!({"id": user.login, "status": user.status, "profile": profile})
}

const PEOPLE: [(&str, &str); 5] = [
    ("a", "ACTIVE"),
    ("b", "ACTIVE"),
    ("c", "STAGED"),
    ("d", "DEPROVISIONED"),
    ("e", "ACTIVE"),
];

fn queries(source: &Fake) -> Vec<String> {
    let asked = source.asked().into_iter();
    asked.map(|asked| asked.path_and_query().1.to_owned()).collect()
}

#[test]
fn a_later_run_reads_what_changed_and_every_so_often_everything() {
    let organisation = Organisation::with(&PEOPLE);
    let source = organisation.start();
    let series = Series::of("okta", &format!("{SETTINGS}incremental = True\n"), &source);
    let upload = |more: &[&str], code| series.upload(more, code, "USER");
    assert_eq!(upload(&[], 0), ["a", "b", "c", "e"]);
    assert_eq!(series.cursor().as_deref(), Some("2021-04-14T16:25:40.000Z"));
    organisation.pass(3_600, &[("b", "ACTIVE"), ("f", "ACTIVE"), ("a", "DEPROVISIONED")]);
    assert_eq!(upload(&[], 0), ["b", "f"]);
    // What changed at the time of that run itself comes once more, and so does what another clock of Okta's called a little earlier.
    organisation.pass(0, &[("g", "ACTIVE")]);
    organisation.pass(60, &[]);
    assert_eq!(upload(&[], 0), ["b", "f", "g"]);
    organisation.pass(3_600, &[("h", "ACTIVE")]);
    let before = series.cursor();
    series.inject(Fault::Next {
        call: Call::Upload,
        times: 1,
        trouble: Trouble::Status(503, None),
    });
    let nobody: [&str; 0] = [];
    assert_eq!(upload(&[], 1), nobody);
    assert_eq!(upload(&["--testmode"], 0), nobody);
    assert_eq!(upload(&["--record-count", "1"], 0), ["b"]);
    assert_eq!(
        series.cursor(),
        before,
        "nothing of that moves where the next run goes on"
    );
    assert_eq!(upload(&[], 0), ["b", "f", "g", "h"]);
    series.pass_days(7);
    organisation.pass(7 * 86_400, &[]);
    assert_eq!(upload(&[], 0), ["b", "c", "e", "f", "g", "h"]);
    assert_eq!(upload(&[], 0), nobody);
    assert_eq!(source.violations(), Vec::<String>::new());
}

#[test]
fn a_user_who_does_not_come_is_asked_for_again_until_that_changes() {
    let organisation = Organisation::with(&PEOPLE);
    let source = organisation.start();
    let series = Series::of("okta", &format!("{SETTINGS}incremental = True\n"), &source);
    let upload = |code| series.upload(&[], code, "USER");
    assert_eq!(upload(0), ["a", "b", "c", "e"]);
    let before = series.cursor();
    organisation.pass(3_600, &[("f", "LOST"), ("g", "ACTIVE")]);
    for _ in 0..2 {
        organisation.pass(3_600, &[]);
        assert_eq!(upload(4), ["g"]);
        assert_eq!(series.cursor(), before, "the next run has to see the change again");
    }
    // Whatever ails them, it is no change of theirs when it ends.
    organisation.0.lock().unwrap().1.iter_mut().for_each(|user| {
        if user.status == "LOST" {
            user.status = "ACTIVE";
        }
    });
    assert_eq!(upload(0), ["f", "g"]);
    assert_ne!(series.cursor(), before);
    assert_eq!(source.violations(), Vec::<String>::new());
}

#[test]
fn a_change_that_matters_for_old_records_reads_everything() {
    let organisation = Organisation::with(&PEOPLE);
    let source = organisation.start();
    let series = Series::of("okta", &format!("{SETTINGS}incremental = True\n"), &source);
    let upload = || series.upload(&[], 0, "USER").len();
    organisation.pass(86_400, &[]);
    assert_eq!((upload(), upload()), (4, 0));
    for (line, people) in [
        ("default_role = 26", 4),
        ("mapping.COUNTRY = {\"hardcoded\": \"CH\"}", 4),
        ("mapping.COUNTRY = {\"hardcoded\": \"DE\"}", 4),
        ("mapping.FIRST_NAME = {\"converter\": \"first_from_full\"}", 4),
        ("deprovisioned = True", 5),
        ("full_run_days = 30", 0),
    ] {
        series.add(line);
        assert_eq!((upload(), upload()), (people, 0), "{line}");
    }
    // A section that is not incremental for a while keeps nothing, and what it had kept still holds.
    series.add("incremental = False");
    assert_eq!((upload(), upload()), (5, 5));
    assert_eq!(source.violations(), Vec::<String>::new());
}

#[test]
fn a_run_that_breaks_off_leaves_the_next_one_where_it_was() {
    let organisation = Organisation::with(&PEOPLE);
    // The second page does not come.
    let source = (2..=20).fold(organisation.start(), |source, nth| {
        source.instead(nth, Answer::json(500, "{}"))
    });
    let series = Series::of("okta", &format!("{SETTINGS}incremental = True\n"), &source);
    assert_eq!(series.upload(&[], 1, "USER"), ["a", "b"]);
    assert_eq!(series.cursor(), None);
    let source = organisation.start();
    series.add(&format!("url = {}", source.url()));
    assert_eq!(series.upload(&[], 0, "USER"), ["a", "b", "c", "e"]);
}

#[test]
fn an_okta_that_tells_no_time_is_read_whole_each_time_and_the_admin_is_told() {
    let user = written(&User {
        login: "a",
        status: "ACTIVE",
        updated: 0,
    });
    let source = Fake::start(move |_| Ok(Answer::json(200, json!([user]))));
    let series = Series::of("okta", &format!("{SETTINGS}incremental = True\n"), &source);
    for _ in 0..2 {
        assert_eq!(series.upload(&[], 0, "USER"), ["a"]);
    }
    let output = series.run(&[]);
    assert!(
        output
            .stderr
            .contains("the source did not say where a later run can go on, so the next one reads everything as well"),
        "{output}"
    );
}

#[test]
fn nothing_is_kept_where_nobody_asks_for_it() {
    let organisation = Organisation::with(&PEOPLE);
    let source = organisation.start();
    let series = Series::of("okta", SETTINGS, &source);
    for _ in 0..2 {
        assert_eq!(series.upload(&[], 0, "USER"), ["a", "b", "c", "e"]);
    }
    assert_eq!(series.cursor(), None);
    assert!(queries(&source).iter().all(|query| !query.contains("filter")));
}

#[test]
fn deprovisioned_users_come_along_where_the_section_says_so() {
    let organisation = Organisation::with(&PEOPLE);
    let source = organisation.start();
    let trial = Trial::of("okta", &format!("{SETTINGS}deprovisioned = True\n"), &source);
    assert_eq!(trial.output.counts(), [5, 5, 0, 0, 0], "{}", trial.output);
    assert_eq!(source.violations(), Vec::<String>::new());
    assert_eq!(
        queries(&source),
        [
            "limit=200",
            "after=2&limit=200",
            "filter=status%20eq%20%22DEPROVISIONED%22&limit=200"
        ]
    );
}
