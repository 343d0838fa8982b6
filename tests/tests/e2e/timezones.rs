//! `timezone`: dates as CPython's `time.mktime` takes them, in whichever zone.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use oomnitza_tests::{Answer, Fake, Series, Trial};
use serde_json::{Value, json};

/// Zones of every kind: east and west, half an hour of summer time, two hours of it, summer time that begins at midnight, time that is
/// put back in winter (Dublin, Casablanca), a day that was left out (Apia), offsets with seconds (Monrovia), none at all.
const ZONES: [&str; 18] = [
    "Africa/Casablanca",
    "Africa/Monrovia",
    "America/Caracas",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Etc/GMT+5",
    "Europe/Dublin",
    "Europe/London",
    "Europe/Zurich",
    "Pacific/Apia",
    "Pacific/Chatham",
    "UTC",
];

/// Prints, for each zone, dates as texts and what `time.mktime` makes of them in a program that has not called it before: glibc's remembers
/// the offset that it found last, and a date that comes twice or never depends on that. Dates are the days of every change of some
/// years hour by hour, and some of every decade.
const PYTHON: &str = r#"
import calendar, json, os, sys, time

def at(zone):
    os.environ["TZ"] = zone
    time.tzset()

def mktime(zone, text):
    at("UTC")
    time.mktime((1970, 1, 1, 0, 0, 0, -1, -1, 0))
    at(zone)
    form = "%Y-%m-%d" if len(text) == 10 else "%Y-%m-%dT%H:%M:%S"
    return int(time.mktime(time.strptime(text, form)))

answer = {}
for zone in json.load(sys.stdin):
    at(zone)
    texts = set()
    for year in (1968, 1972, 1981, 1996, 2007, 2011, 2016, 2018, 2024, 2025, 2040):
        first = calendar.timegm((year, 1, 1, 0, 0, 0))
        offsets = [time.localtime(first + day * 86400).tm_gmtoff for day in range(367)]
        for day in range(1, 367):
            if offsets[day] != offsets[day - 1]:
                change = first + day * 86400
                for hour in range(-36, 15):
                    texts.add(time.strftime("%Y-%m-%dT%H:20:07", time.gmtime(change + hour * 3600)))
                texts.add(time.strftime("%Y-%m-%d", time.gmtime(change)))
                texts.add(time.strftime("%Y-%m-%d", time.gmtime(change - 86400)))
    for year in range(1850, 2700, 10):
        for rest in ["-01-01", "-07-01T12:00:00", "-12-31T23:59:59"]:
            texts.add(str(year) + rest)
    texts.update(["9999-12-31", "9999-07-01T00:00:00", "2000-02-29"])
    answer[zone] = {text: mktime(zone, text) for text in sorted(texts)}
json.dump(answer, sys.stdout)
"#;

/// Dates by zone, and their seconds.
fn expected() -> BTreeMap<String, BTreeMap<String, i64>> {
    let mut python = Command::new("python3")
        .args(["-c", PYTHON])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("there is a python3: run `make setup` first");
    let mut zones = python.stdin.take().expect("it is a pipe");
    zones
        .write_all(json!(ZONES).to_string().as_bytes())
        .expect("it reads the zones");
    drop(zones);
    let output = python.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", output.status);
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

const SETTINGS: &str = "url = URL\napi_token = sample-token\ndefault_role = 25\ndefault_position = Employee\n\
    mapping.FIRST_NAME = {\"required\": false}\nmapping.LAST_NAME = {\"required\": false}\nmapping.EMAIL = {\"required\": false}\n\
    mapping.WHEN = {\"source\": \"when\", \"converter\": \"date_format\"}\n";

/// An Okta whose users have these dates, and are called by them.
fn source(dates: Vec<String>) -> Fake {
    let users: Vec<Value> = dates
        .iter()
        .map(|date| json!({"id": "1", "profile": {"login": date, "when": date}}))
        .collect();
    Fake::start(move |asked| {
        let page = asked.target.strip_prefix("/api/v1/users?limit=200");
        let start: usize = page
            .and_then(|rest| rest.strip_prefix("&page="))
            .map_or(0, |start| start.parse().unwrap());
        let end = (start + 200).min(users.len());
        let answer = Answer::json(200, Value::from(users[start..end].to_vec()));
        let next = format!(
            "<http://{}/api/v1/users?limit=200&page={end}>; rel=\"next\"",
            asked.header("host")
        );
        Ok(if end < users.len() {
            answer.header("Link", &next)
        } else {
            answer
        })
    })
}

/// What became of the dates.
fn arrived(trial: &Trial) -> BTreeMap<String, i64> {
    assert_eq!(trial.output.code, Some(0), "{}", trial.output);
    let records = trial
        .uploads
        .iter()
        .flat_map(|(_, body)| body.as_array().into_iter().flatten());
    records
        .map(|record| {
            (
                record["USER"].as_str().unwrap().to_owned(),
                record["WHEN"].as_i64().unwrap(),
            )
        })
        .collect()
}

#[test]
fn dates_of_a_zone_are_what_python_makes_of_them() {
    let expected = expected();
    assert_eq!(expected.len(), ZONES.len());
    for (zone, dates) in &expected {
        let source = source(dates.keys().cloned().collect());
        let trial = Trial::of("okta", &format!("{SETTINGS}timezone = {zone}\n"), &source);
        let arrived = arrived(&trial);
        let wrong: Vec<_> = dates
            .iter()
            .filter(|(date, seconds)| arrived.get(*date) != Some(*seconds))
            .collect();
        assert!(
            wrong.is_empty() && arrived.len() == dates.len(),
            "{zone}: {} of {}: {:?}",
            wrong.len(),
            dates.len(),
            wrong
                .iter()
                .take(5)
                .map(|(date, seconds)| (date, seconds, arrived.get(*date)))
                .collect::<Vec<_>>()
        );
    }
}

#[test]
fn local_is_the_machine_s_own_zone_and_a_date_that_names_its_zone_needs_none() {
    let dates = [
        "2024-07-01",
        "2024-01-01T12:00:00",
        "2024-07-01T12:00:00Z",
        "2024-07-01T12:00:00+02:00",
    ];
    let source = source(dates.map(str::to_owned).to_vec());
    for (zone, line, expected) in [
        (
            "Europe/Zurich",
            "timezone = local",
            [1_719_784_800, 1_704_106_800, 1_719_835_200, 1_719_828_000],
        ),
        (
            "Asia/Tokyo",
            "timezone = Local",
            [1_719_759_600, 1_704_078_000, 1_719_835_200, 1_719_828_000],
        ),
        (
            "Asia/Tokyo",
            "",
            [1_719_792_000, 1_704_110_400, 1_719_835_200, 1_719_828_000],
        ),
        (
            "Asia/Tokyo",
            "timezone =",
            [1_719_792_000, 1_704_110_400, 1_719_835_200, 1_719_828_000],
        ),
    ] {
        let mut series = Series::of("okta", &format!("{SETTINGS}{line}\n"), &source);
        series.program = series.program.env("TZ", zone);
        let mut seconds = series.upload(&[], 0, "WHEN");
        let mut expected = expected.map(Value::from).to_vec();
        seconds.sort_by_key(Value::as_i64);
        expected.sort_by_key(Value::as_i64);
        assert_eq!(seconds, expected, "{zone} {line}");
    }
}

#[test]
fn a_zone_that_does_not_exist_is_told_with_line_and_remedy_before_anything_is_asked() {
    let source = source(vec![]);
    let message = |line: &str, zone: &str| {
        let mut series = Series::of("okta", &format!("{SETTINGS}{line}\n"), &source);
        series.program = series.program.env("TZ", zone);
        let output = series.program.run(&["upload", "okta"]);
        output.to_string()
    };
    assert_snapshot!(message("timezone = Europe/Zürich", "UTC"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:16: [okta] timezone: there is no time zone `Europe/Zürich`
    hint: did you mean `Europe/Zurich`?
    ");
    assert_snapshot!(message("timezone = the moon's", "UTC"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:16: [okta] timezone: there is no time zone `the moon's`
    hint: write a name of the IANA time zone database, such as `Europe/Zurich`, or `local`; without the setting it is UTC
    ");
    let local = message("timezone = local", "Nowhere/AtAll");
    assert!(
        local.contains("config.ini:16: [okta] timezone: this machine does not say which time zone it has: ")
            && local.contains("hint: name it: `timezone = Europe/Zurich`"),
        "{local}"
    );
    assert_eq!(source.asked().len(), 0);
}
