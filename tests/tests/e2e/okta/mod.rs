//! Okta to Oomnitza: what arrives, and what an admin is told where it does not.

mod failures;
mod incremental;

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use oomnitza_connector::standin::okta::{Fault, Settings};
use oomnitza_connector::standin::{Trouble, oomnitza};
use oomnitza_tests::Servers;
use oomnitza_tests::servers::{assert_same, in_order, user};
use serde_json::Value;

#[test]
fn people_arrive_whole_page_after_page_to_the_last() {
    for (people, pages) in [(1, 1), (200, 1), (201, 2), (1_000, 5)] {
        let servers = Servers::with_people(people);
        let output = servers.program().run(&["upload", "okta", "--json"]);
        assert_eq!(output.code, Some(0), "{output}");
        assert_eq!(output.counts(), [people, people, 0, 0, 0], "{output}");
        servers.assert_arrived(0..people);
        let requests = servers.okta.ledger().requests;
        assert_eq!(requests.len(), pages, "{requests:?}");
        assert_eq!(requests[0], "/api/v1/users?limit=200");
        // The stand-in refuses any cursor that it did not give out, and answers none of them with people it has given before.
        let is_next = |request: &String| request.starts_with("/api/v1/users?after=") && request.ends_with("&limit=200");
        assert!(requests[1..].iter().all(is_next), "{requests:?}");
        assert_eq!(servers.okta.ledger().users, people);
    }
}

#[test]
fn people_arrive_in_the_order_of_the_source_where_one_batch_follows_the_other() {
    let servers = Servers::with_people(450);
    let output = servers.program_with("upload_parallel = 1", "").run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    servers.assert_no_violations();
    assert_same(&servers.oomnitza.uploaded(), &(0..450).map(user).collect::<Vec<_>>());
    assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    ----- stderr
    [okta] 450 records sent in [TIME]
      read 450 = sent 450 + filtered 0 + rejected 0 + failed 0
    ");
}

#[test]
fn compressed_answers_are_read() {
    let settings = Settings {
        people: 450,
        compresses: true,
        ..Settings::default()
    };
    let servers = Servers::start(settings, oomnitza::Settings::default());
    let output = servers.program().run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    servers.assert_arrived(0..450);
}

#[test]
fn a_telephone_that_is_null_and_one_that_is_not_there_are_both_sent_as_null() {
    let servers = Servers::with_people(11);
    let output = servers.program().run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    let arrived = in_order(servers.oomnitza.uploaded());
    for index in [3, 7] {
        assert_eq!(arrived[index].get("PHONE"), Some(&Value::Null), "{}", arrived[index]);
    }
    servers.assert_arrived(0..11);
}

#[test]
fn people_who_lack_a_required_field_are_left_out_and_counted() {
    let servers = Servers::with_people(22);
    let program = servers.program_with("", "mapping.PHONE = {\"required\": true}");
    let output = program.run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    servers.assert_no_violations();
    let expected: Vec<Value> = (0..22).filter(|index| !matches!(index % 11, 3 | 7)).map(user).collect();
    assert_same(&in_order(servers.oomnitza.uploaded()), &expected);
    assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    ----- stderr
    [okta] 18 records sent in [TIME]
      read 22 = sent 18 + filtered 4 + rejected 0 + failed 0
      left out, no value for a required field: PHONE (4)
    ");
}

#[test]
fn the_page_size_is_the_admin_s_to_choose() {
    let servers = Servers::with_people(101);
    let output = servers.program_with("", "page_size = 100").run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    let requests = servers.okta.ledger().requests;
    assert_eq!((requests.len(), requests[0].as_str()), (2, "/api/v1/users?limit=100"));
    servers.assert_arrived(0..101);
}

/// Okta sends no `Retry-After`: its headers say when to come back, by a clock that may be far from this machine's.
#[test]
fn a_rate_limit_is_waited_out_by_okta_s_own_clock() {
    let servers = Servers::with_people(250);
    let fault = Fault::RateLimit {
        resets_in: Duration::from_secs(1),
        clock_ahead: Duration::from_secs(3_600),
    };
    servers.okta.inject(2, fault);
    let started = Instant::now();
    let output = servers.program().run(&["upload", "okta", "--json"]);
    let took = started.elapsed();
    assert_eq!(output.code, Some(0), "{output}");
    // A second until the reset, in whole seconds, and one more for good measure; by this machine's clock it would be an hour.
    assert!(
        took >= Duration::from_secs(1) && took < Duration::from_secs(60),
        "{took:?}"
    );
    assert_eq!(output.report()["source_requests"], 3);
    servers.assert_arrived(0..250);
}

#[test]
fn too_many_requests_at_once_are_no_reason_to_wait_for_the_reset() {
    let servers = Servers::with_people(250);
    servers.okta.inject(2, Fault::TooManyAtOnce);
    let output = servers.program().run(&["upload", "okta", "--json"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(output.report()["source_requests"], 3);
    servers.assert_arrived(0..250);
}

#[test]
fn what_passes_by_itself_is_tried_again_and_loses_nobody() {
    let servers = Servers::with_people(450);
    let status = |status, retry_after: Option<&str>| Trouble::Status(status, retry_after.map(str::to_owned));
    let troubles = [
        status(503, None),
        status(500, None),
        status(429, Some("0")),
        Trouble::Reset,
        Trouble::HangUp,
        Trouble::CutBody,
        status(502, Some("0")),
    ];
    for (nth, trouble) in (2..).zip(troubles) {
        servers.okta.inject(nth, Fault::Trouble(trouble));
    }
    let output = servers.program().run(&["upload", "okta", "--json"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(
        (
            output.report()["source_requests"].as_u64(),
            output.report()["source_retries"].as_u64()
        ),
        (Some(10), Some(7))
    );
    servers.assert_arrived(0..450);
}

#[test]
fn a_user_without_a_profile_is_missed_and_the_others_arrive() {
    let servers = Servers::with_people(1);
    let users = "[{\"id\":\"00u1\",\"profile\":null},{\"id\":\"00u2\",\"profile\":{\"login\":\"a\",\"firstName\":\"b\",\"lastName\":\"c\",\"email\":\"d\"}}]";
    servers.okta.inject(1, Fault::Trouble(Trouble::Json(users.to_owned())));
    let output = servers.program().run(&["upload", "okta"]);
    assert_eq!(servers.oomnitza.uploaded().len(), 1);
    assert_snapshot!(output, @"
    exit: 4
    ----- stdout
    ----- stderr
    [okta] 1 records sent in [TIME]
      read 1 = sent 1 + filtered 0 + rejected 0 + failed 0
      not given by the source: it has no profile (1)
      hint: records that are lacking: 1; the log names them (level INFO): look at them in the source, or run it again
    ");
}

#[test]
fn a_record_count_is_the_limit_of_the_request_and_records_go_one_by_one() {
    let servers = Servers::with_people(450);
    let output = servers
        .program()
        .run(&["upload", "okta", "--record-count", "5", "--json"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(output.counts(), [5, 5, 0, 0, 0], "{output}");
    assert_eq!(servers.okta.ledger().requests, ["/api/v1/users?limit=5"]);
    let uploads = servers.uploads();
    assert_eq!(uploads.len(), 5);
    for upload in uploads {
        let body: Value = serde_json::from_slice(&upload.body).unwrap();
        assert!(body.is_object(), "{body}");
    }
    servers.assert_arrived(0..5);
}

#[test]
fn a_record_count_above_a_page_is_read_page_by_page() {
    let servers = Servers::with_people(450);
    let output = servers
        .program()
        .run(&["upload", "okta", "--record-count", "201", "--json"]);
    assert_eq!(output.counts(), [201, 201, 0, 0, 0], "{output}");
    assert_eq!(servers.okta.ledger().requests.len(), 2);
    servers.assert_arrived(0..201);
}

#[test]
fn test_mode_prints_what_would_be_sent_and_sends_nothing() {
    let servers = Servers::with_people(250);
    let output = servers.program().run(&["upload", "okta", "--testmode"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(output.stdout.lines().count(), 3, "a line for each request");
    let shown: Vec<Value> = output
        .shown()
        .iter()
        .map(|record| serde_json::from_str(record).expect("a record is JSON"))
        .collect();
    assert_same(&shown, &(0..250).map(user).collect::<Vec<_>>());
    assert!(servers.uploads().is_empty());
    servers.assert_no_violations();
    assert_snapshot!(output.without_stdout(), @"
    exit: 0
    ----- stdout
    ----- stderr
    [okta] 250 records shown in [TIME]
      read 250 = shown 250 + filtered 0 + rejected 0 + failed 0
    ");
}

#[test]
fn mappings_are_shown_as_one_would_write_them() {
    let servers = Servers::with_people(1);
    let output = servers.program().run(&["upload", "okta", "--show-mappings"]);
    assert_eq!(servers.okta.ledger().requests, Vec::<String>::new());
    servers.assert_no_violations();
    assert_snapshot!(output, @r#"
    exit: 0
    ----- stdout
    # okta: Okta
    [okta]
    mapping.USER           = {"required":true,"source":"login"}
    mapping.FIRST_NAME     = {"required":true,"source":"firstName"}
    mapping.LAST_NAME      = {"required":true,"source":"lastName"}
    mapping.EMAIL          = {"required":true,"source":"email"}
    mapping.PHONE          = {"source":"mobilePhone"}
    mapping.PERMISSIONS_ID = {"setting":"default_role"}
    mapping.POSITION       = {"setting":"default_position"}

    ----- stderr
    "#);
}

#[test]
fn a_check_asks_both_sides_and_writes_nothing() {
    let servers = Servers::with_people(450);
    let program = servers.program();
    let output = program.run(&["check", "okta"]);
    assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    ok [oomnitza] Oomnitza: http://127.0.0.1:[PORT]/ accepts the credentials
    ok [okta] settings: complete
    ok [okta] mappings: 7 fields are mapped for Okta
    ok [okta] source: Okta accepts the settings and credentials
    ----- stderr
    ");
    assert_eq!(servers.okta.ledger().requests, ["/api/v1/users?limit=1"]);
    let requests: Vec<String> = servers
        .oomnitza
        .ledger()
        .requests
        .into_iter()
        .map(|logged| logged.target)
        .collect();
    assert_eq!(
        requests,
        ["/api/v2/mappings?name=AuthTest", "/api/v2/mappings?name=Okta"]
    );
    assert_eq!(program.files(), [std::path::PathBuf::from("config.ini")]);
    servers.assert_no_violations();
}

#[test]
fn a_check_says_what_okta_does_not_like() {
    let servers = Servers::with_people(450);
    let output = servers
        .program_with("", "api_token = a-token-of-somebody-else")
        .run(&["check", "okta"]);
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ok [oomnitza] Oomnitza: http://127.0.0.1:[PORT]/ accepts the credentials
    ok [okta] settings: complete
    ok [okta] mappings: 7 fields are mapped for Okta
    ----- stderr
    error: section [okta] stopped: the source did not accept the credentials: GET /api/v1/users answered 401: Invalid token provided (E0000011)
    hint: check `api_token` (line 12) in config.ini
    ");
    servers.assert_no_violations();
}

#[test]
fn a_report_for_machines_is_one_line_of_json() {
    let servers = Servers::with_people(450);
    servers.okta.inject(2, Fault::Trouble(Trouble::Status(503, None)));
    let output = servers.program().run(&["upload", "okta", "--json"]);
    assert_eq!(output.stdout.lines().count(), 1, "{output}");
    let mut report = output.report();
    assert!(report["seconds"].take().as_f64().is_some_and(|seconds| seconds > 0.0));
    assert_snapshot!(serde_json::to_string_pretty(&report).unwrap(), @r#"
    {
      "error": null,
      "failed": 0,
      "filtered": 0,
      "gone": 0,
      "missed": 0,
      "notes": {
        "by_filter": 0,
        "misses": {},
        "missing": {},
        "odd_values": {},
        "refused": {},
        "unknown": {},
        "unusable": {}
      },
      "preview": false,
      "read": 450,
      "rejected": 0,
      "rejects": null,
      "rejects_lost": 0,
      "saved": null,
      "saved_in_part": false,
      "seconds": null,
      "section": "okta",
      "sent": 450,
      "source_requests": 4,
      "source_retries": 1,
      "status": "done",
      "upload_retries": 0
    }
    "#);
}
