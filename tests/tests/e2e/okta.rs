//! Okta to Oomnitza: what arrives, and what an admin is told where it does not.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use oomnitza_connector::standin::okta::{Fault, Settings};
use oomnitza_connector::standin::{Trouble, oomnitza};
use oomnitza_tests::servers::{assert_same, in_order, user};
use oomnitza_tests::{Output, Servers};
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

/// A run in which this happens to every request after the first: so many people have arrived by then, the report adds up, and the exit
/// code says that it failed.
fn fails_after(people: u64, fault: &Fault) -> Output {
    let servers = Servers::with_people(450);
    for nth in 2..20 {
        servers.okta.inject(nth, fault.clone());
    }
    let output = servers.program().run(&["upload", "okta", "--json"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert_eq!(output.counts(), [people, people, 0, 0, 0], "{output}");
    assert_eq!(output.report()["status"], "failed");
    servers.assert_arrived(0..people);
    output.without_stdout()
}

#[test]
fn an_okta_that_stays_down_ends_the_section_after_what_was_read() {
    let output = fails_after(200, &Fault::Trouble(Trouble::Status(503, None)));
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 200 records sent in [TIME]
      read 200 = sent 200 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source answered something unexpected: GET /api/v1/users answered 503: Internal Server Error (E0000009)
    ");
}

#[test]
fn a_connection_that_is_reset_every_time_ends_the_section() {
    let output = fails_after(200, &Fault::Trouble(Trouble::Reset));
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 200 records sent in [TIME]
      read 200 = sent 200 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source cannot be reached: the connection to http://127.0.0.1:[PORT] broke: Connection reset by peer (os error 104)
    hint: check the address in this section, and that this machine can reach it
    ");
}

#[test]
fn a_body_that_is_cut_every_time_is_never_half_a_page() {
    let output = fails_after(200, &Fault::Trouble(Trouble::CutBody));
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 200 records sent in [TIME]
      read 200 = sent 200 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source cannot be reached: the connection to http://127.0.0.1:[PORT] broke: end of file before message length reached
    hint: check the address in this section, and that this machine can reach it
    ");
}

#[test]
fn a_login_page_instead_of_data_is_called_one() {
    let output = fails_after(200, &Fault::Trouble(Trouble::Page));
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 200 records sent in [TIME]
      read 200 = sent 200 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source answered something unexpected: GET /api/v1/users answered with a web page instead of data
    ");
}

#[test]
fn a_token_that_is_not_good_is_told_in_okta_s_words() {
    let output = fails_after(200, &Fault::Trouble(Trouble::Status(401, None)));
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 200 records sent in [TIME]
      read 200 = sent 200 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source did not accept the credentials: GET /api/v1/users answered 401: Invalid token provided (E0000011)
    hint: check the user name, password or token in this section
    ");
}

#[test]
fn a_token_that_may_not_read_users_is_told_in_okta_s_words() {
    let output = fails_after(200, &Fault::Trouble(Trouble::Status(403, None)));
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 200 records sent in [TIME]
      read 200 = sent 200 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source does not allow this: GET /api/v1/users answered 403: You do not have permission to perform the requested action (E0000006)
    hint: give the account the right to read, or use another one
    ");
}

#[test]
fn a_link_to_another_host_is_not_followed_and_its_page_arrives() {
    let elsewhere = Settings {
        people: 1,
        ..Settings::default()
    };
    let elsewhere = oomnitza_connector::standin::okta::Okta::start(elsewhere).unwrap();
    let output = fails_after(400, &Fault::NextElsewhere(elsewhere.url()));
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 400 records sent in [TIME]
      read 400 = sent 400 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source answered something unexpected: the link to the next page cannot be followed: it leads to http://127.0.0.1:[PORT]
    ");
    assert_eq!(
        elsewhere.ledger().requests,
        Vec::<String>::new(),
        "the token must not go there"
    );
}

#[test]
fn a_link_that_leads_to_its_own_page_ends_the_run() {
    let output = fails_after(400, &Fault::NextToItself);
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 400 records sent in [TIME]
      read 400 = sent 400 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source answered something unexpected: the link to the next page leads back to http://127.0.0.1:[PORT]/api/v1/users?after=[CURSOR]&limit=200
    ");
}

#[test]
fn data_that_cannot_be_read_ends_the_run() {
    let output = fails_after(
        200,
        &Fault::Trouble(Trouble::Json("[{\"id\": \"00u1\", \"profile\": {]".to_owned())),
    );
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 200 records sent in [TIME]
      read 200 = sent 200 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source answered something unexpected: GET /api/v1/users answered something that cannot be read: key must be a string at line 1 column 29
    ");
}

#[test]
fn a_user_without_a_profile_is_missed_and_the_others_arrive() {
    let servers = Servers::with_people(1);
    let users = "[{\"id\":\"00u1\",\"profile\":null},{\"id\":\"00u2\",\"profile\":{\"login\":\"a\",\"firstName\":\"b\",\"lastName\":\"c\",\"email\":\"d\"}}]";
    servers.okta.inject(1, Fault::Trouble(Trouble::Json(users.to_owned())));
    let output = servers.program().run(&["upload", "okta"]);
    assert_eq!(servers.oomnitza.uploaded().len(), 1);
    assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    ----- stderr
    [okta] 1 records sent in [TIME]
      read 1 = sent 1 + filtered 0 + rejected 0 + failed 0
      not given by the source: it has no profile (1)
    ");
}

#[test]
fn a_redirect_to_another_host_is_not_followed() {
    let elsewhere = Servers::with_people(1);
    let redirect = Trouble::Redirect(format!("{}/api/v1/users", elsewhere.okta.url()));
    let output = fails_after(200, &Fault::Trouble(redirect));
    assert_snapshot!(output, @r#"
    exit: 1
    ----- stdout
    ----- stderr
     WARN a request of the connector was denied what="the source redirects to http://127.0.0.1:[PORT], where its credential must not go"
    [okta] 200 records sent in [TIME]
      read 200 = sent 200 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source cannot be reached: GET /api/v1/users: the source redirects to http://127.0.0.1:[PORT], where its credential must not go
    hint: check the address in this section, and that this machine can reach it
    "#);
    assert_eq!(
        elsewhere.okta.ledger().requests,
        Vec::<String>::new(),
        "the token must not go there"
    );
}

#[test]
fn an_okta_that_is_not_there_is_said_plainly() {
    let servers = Servers::with_people(1);
    let gone = Servers::with_people(1).okta.url();
    let output = servers
        .program_with("", &format!("url = {gone}"))
        .run(&["upload", "okta"]);
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    error: section [okta] stopped: the source cannot be reached: no connection to http://127.0.0.1:[PORT]: Connection refused (os error 111)
    hint: check the address in this section, and that this machine can reach it
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
    let shown: Vec<Value> = output
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
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
    hint: check the user name, password or token in this section
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
      "missed": 0,
      "notes": {
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
