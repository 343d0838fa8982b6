//! Casper (Jamf Pro) to Oomnitza.

use std::time::Duration;

use oomnitza_tests::Audit;
use oomnitza_tests::source::{Answer, Casper, Source, Tokens};
use serde_json::{Value, json};

fn mappings() -> Value {
    json!({
        "general.serial_number": "SERIAL_NUMBER", "general.name": "NAME", "general.report_date": "LAST_SEEN",
        "general.initial_entry_date": "FIRST_SEEN", "purchasing.warranty_expires": "WARRANTY",
        "purchasing.lease_expires": "LEASE"
    })
}

fn server(computers: u64, tokens: Tokens) -> Casper {
    let mut server = Casper::new(tokens);
    server.computers = (1..=computers).map(|id| (id, Casper::computer(id))).collect();
    server
}

const ACCOUNT: &str = "username = auditor\npassword = correct horse\n";

fn audit(source: &Source<Casper>, more: &str) -> Audit {
    let lines = format!("url = {}/\nsync_field = SERIAL_NUMBER\n{more}", source.url());
    let name = if more.contains("mobiledevices") {
        "Casper.MDM"
    } else {
        "Casper"
    };
    Audit::new("casper", &lines, name, mappings())
}

#[test]
fn computers_arrive_in_order_with_applications_and_dates_as_seconds() {
    let source = Source::start(server(23, Tokens::Wanted));
    let audit = audit(&source, &format!("{ACCOUNT}update_only = True\n"));
    let output = audit.upload();
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(source.violations(), Vec::<String>::new());
    assert_eq!(
        output.summary(),
        "done: read 23, sent 23, filtered 0, rejected 0, failed 0, missed 0"
    );
    insta::assert_snapshot!("casper_requests", source.requests());
    insta::assert_snapshot!("casper_bodies", audit.bodies());
    assert!(
        (2..=5).contains(&source.most_in_flight()),
        "{}",
        source.most_in_flight()
    );
}

#[test]
fn the_section_says_how_many_requests_are_under_way_at_once() {
    for (line, range) in [
        ("parallel = 1", 1..=1),
        ("parallel = 16", 9..=16),
        ("parallel =", 2..=5),
    ] {
        let mut server = server(60, Tokens::Wanted);
        server.latency = Duration::from_millis(20);
        let source = Source::start(server);
        let output = audit(&source, &format!("{ACCOUNT}{line}\n")).upload();
        assert_eq!(output.code, Some(0), "{output}");
        assert!(
            range.contains(&source.most_in_flight()),
            "{line}: {}",
            source.most_in_flight()
        );
    }
    let source = Source::start(server(1, Tokens::Wanted));
    for line in ["parallel = 17", "parallel = 0", "parallel = many"] {
        let output = audit(&source, &format!("{ACCOUNT}{line}\n")).upload();
        let finding = &output.report()["error"]["findings"][0];
        let number = line.rsplit(' ').next().unwrap_or_default();
        assert_eq!(finding["what"], format!("cannot be `{number}`"), "{output}");
        assert_eq!(
            finding["remedy"],
            "it is a whole number from 1 to 16; without the setting the connector's own number holds"
        );
    }
    assert_eq!(source.requests(), "");
}

#[test]
fn mobile_devices_go_by_another_name_and_carry_no_applications() {
    let mut server = server(0, Tokens::Wanted);
    server.mobile_devices = vec![(7, Casper::computer(7))];
    let source = Source::start(server);
    let audit = audit(&source, &format!("{ACCOUNT}sync_type = mobiledevices\n"));
    let output = audit.upload();
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(source.violations(), Vec::<String>::new());
    insta::assert_snapshot!(
        "casper_mobile_devices",
        format!("{}\n{}", source.requests(), audit.bodies())
    );
}

#[test]
fn a_group_limits_what_is_read_and_one_that_is_missing_is_said() {
    for sync_type in ["computers", "mobiledevices"] {
        let mut server = server(5, Tokens::Wanted);
        server.mobile_devices.clone_from(&server.computers);
        server.group = vec![4, 2];
        let source = Source::start(server);
        let lines = format!("{ACCOUNT}sync_type = {sync_type}\n");
        let output = audit(&source, &format!("{lines}group_name = All Managed\n")).upload();
        assert_eq!(output.counts(), [2, 2, 0, 0, 0], "{output}");
        let output = audit(&source, &format!("{lines}group_name = Nobody\n")).upload();
        assert_eq!(output.code, Some(2), "{output}");
        let what = if sync_type == "computers" {
            "computer"
        } else {
            "mobile device"
        };
        assert!(
            output.summary().contains(&format!("there is no {what} group `Nobody`")),
            "{output}"
        );
        assert_eq!(source.violations(), Vec::<String>::new());
    }
}

#[test]
fn an_api_client_signs_in_instead_of_an_account() {
    for (name, is_older) in [("casper_api_client", false), ("casper_api_client_before", true)] {
        let mut server = server(2, Tokens::Wanted);
        server.is_older = is_older;
        let source = Source::start(server);
        let output = audit(&source, "client_id = client\nclient_secret = battery staple\n").upload();
        assert_eq!(output.counts(), [2, 2, 0, 0, 0], "{output}");
        assert_eq!(source.violations(), Vec::<String>::new());
        insta::assert_snapshot!(name, source.requests());
    }
}

#[test]
fn a_server_that_knows_no_tokens_is_asked_as_the_old_program_did() {
    let source = Source::start(server(2, Tokens::Unknown));
    let output = audit(&source, ACCOUNT).upload();
    assert_eq!(output.counts(), [2, 2, 0, 0, 0], "{output}");
    assert_eq!(source.violations(), Vec::<String>::new());
    insta::assert_snapshot!("casper_without_tokens", source.requests());
}

/// The renewal waits half a minute after the last one, so this takes as long.
#[test]
fn a_token_that_ends_within_the_run_is_renewed_and_nothing_is_lost() {
    let mut server = server(120, Tokens::Wanted);
    server.token_ends_at = Some(("/id/51".to_owned(), Duration::from_secs(31)));
    let source = Source::start(server);
    let output = audit(&source, ACCOUNT).upload();
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(
        output.summary(),
        "done: read 120, sent 120, filtered 0, rejected 0, failed 0, missed 0"
    );
    assert_eq!(source.violations(), Vec::<String>::new());
    assert_eq!(source.requests().matches("POST ").count(), 2);
}

#[test]
fn devices_that_do_not_come_are_missed_and_the_rest_arrives() {
    let source = Source::start(server(6, Tokens::Wanted));
    source.inject("/id/1", 1, Answer::new(503, "text/html", "<html>busy</html>"));
    source.inject(
        "/id/2",
        1,
        Casper::error(
            404,
            "Not Found",
            "The server has not found anything matching the request URI",
        ),
    );
    source.inject("/id/3", 99, Answer::new(500, "text/html", "<html>"));
    source.inject("/id/4", 1, Answer::new(200, "text/plain", ""));
    source.inject("/id/5", 1, Answer::new(429, "text/html", ""));
    source.inject("/id/6", 1, Answer::new(200, "text/plain", r#"{"computer":{"general":"#));
    let audit = audit(&source, ACCOUNT);
    let output = audit.upload();
    assert_eq!(
        (output.code, &output.report()["gone"]),
        (Some(4), &json!(1)),
        "{output}"
    );
    insta::assert_snapshot!(output.summary());
    assert_eq!(source.violations(), Vec::<String>::new());
}

/// Records are lacking, and the run says so, by its exit code and in words; one that is gone lacks nothing.
#[test]
fn a_run_that_lacks_devices_does_not_end_as_if_all_had_come() {
    let gone = || {
        Casper::error(
            404,
            "Not Found",
            "The server has not found anything matching the request URI",
        )
    };
    let mut told = String::new();
    for answer in [gone(), Answer::new(500, "text/html", "<html>")] {
        let source = Source::start(server(3, Tokens::Wanted));
        source.inject("/id/2", 99, answer);
        told.push_str(&format!("{}\n", audit(&source, ACCOUNT).upload_for_people()));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn an_account_that_sees_the_list_alone_is_no_empty_server() {
    let mut server = server(5, Tokens::Wanted);
    server.hides_details = true;
    let source = Source::start(server);
    let output = audit(&source, ACCOUNT).upload();
    insta::assert_snapshot!(format!(
        "exit {:?}: {}\n{}",
        output.code,
        output.summary(),
        output.report()["error"]["hint"]
    ));
}

#[test]
fn a_group_whose_members_are_not_told_is_no_empty_group() {
    for (answer, code) in [
        (r#"{"computer_group":{"id":1,"computers":[]}}"#, 0),
        (r#"{"computer_group":{"id":1,"computers":""}}"#, 0),
        (r#"{"computer_group":{"id":1,"computers":null}}"#, 1),
        (r#"{"computer_group":{"id":1}}"#, 1),
    ] {
        let source = Source::start(server(1, Tokens::Wanted));
        source.inject("/All%20Managed", 1, Answer::new(200, "text/plain", answer));
        let output = audit(&source, &format!("{ACCOUNT}group_name = All Managed\n")).upload();
        assert_eq!(output.code, Some(code), "{answer}: {output}");
    }
}

#[test]
fn the_only_extension_attribute_is_found_however_the_server_collapsed_it() {
    let mut server = server(3, Tokens::Wanted);
    let attribute = json!({"id": 3, "name": "Site", "type": "String", "value": "HQ"});
    let forms = [
        json!([attribute]),
        attribute.clone(),
        json!({"extension_attribute": attribute}),
    ];
    for ((_, computer), form) in server.computers.iter_mut().zip(forms) {
        computer["extension_attributes"] = form;
    }
    let source = Source::start(server);
    let mapping = "mapping.SITE = {\"source\": \"general.id\", \"converter\": \"casper_extension_attribute:attr=Site|default=none\"}\n";
    let audit = audit(&source, &format!("{ACCOUNT}{mapping}"));
    assert_eq!(audit.upload().code, Some(0));
    assert_eq!(
        audit.bodies().matches("\"SITE\":\"HQ\"").count(),
        3,
        "{}",
        audit.bodies()
    );
}

#[test]
fn refusals_end_the_section_with_jamf_s_own_words_and_no_secret() {
    let wrong = "username = auditor\npassword = incorrect horse\n";
    let forbidden = Casper::error(403, "Forbidden", "You do not have permission to view this page");
    let mut summaries = Vec::new();
    for (lines, answer) in [
        (wrong, None),
        ("client_id = client\nclient_secret = wrong staple\n", None),
        ("", None),
        (ACCOUNT, Some(forbidden)),
        (ACCOUNT, Some(Answer::new(500, "text/html", "<html>"))),
        (ACCOUNT, Some(Answer::new(200, "text/html", "<html>sign in</html>"))),
        (ACCOUNT, Some(Answer::new(200, "text/plain", ""))),
        (ACCOUNT, Some(Answer::new(200, "text/plain", r#"{"computers":null}"#))),
    ] {
        let source = Source::start(server(1, Tokens::Wanted));
        if let Some(answer) = answer {
            source.inject("/JSSResource/computers", 99, answer);
        }
        let output = audit(&source, lines).upload();
        let text = format!("{output}");
        for secret in ["horse", "staple", "token-of-jamf"] {
            assert!(!text.contains(secret), "{text}");
        }
        assert!(
            source.requests().matches("POST ").count() <= 1,
            "an account is locked after a few\n{}",
            source.requests()
        );
        summaries.push(format!("exit {}: {}", output.code.unwrap_or(-1), output.summary()));
    }
    insta::assert_snapshot!(summaries.join("\n\n"));
}

#[test]
fn a_check_reads_the_list_and_no_detail() {
    let source = Source::start(server(3, Tokens::Wanted));
    let output = audit(&source, ACCOUNT).check();
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(source.requests().lines().count(), 2);
    assert_eq!(source.violations(), Vec::<String>::new());
}

/// The host repeats and the connector does not repeat that; and a batch ends with the first that is given up.
#[test]
fn a_server_that_asks_for_less_for_ever_is_not_asked_thousands_of_times() {
    let source = Source::start(server(120, Tokens::Wanted));
    for id in 1..=120 {
        let answer = Answer::new(429, "text/html", "").header("Retry-After", "0");
        source.inject(&format!("/id/{id}"), 9_999, answer);
    }
    let output = audit(&source, ACCOUNT).upload();
    assert_eq!(output.code, Some(1), "{output}");
    let error = output.report()["error"].to_string();
    assert!(error.contains("run it later"), "{error}");
    // A token, the list, and eight tries of the eight under way.
    let requests = source.requests().lines().count();
    assert!((10..=66).contains(&requests), "{requests}");
}

#[test]
fn devices_that_are_gone_at_the_end_of_the_list_do_not_end_the_run() {
    let source = Source::start(server(102, Tokens::Wanted));
    for id in [101, 102] {
        let gone = "The server has not found anything matching the request URI";
        source.inject(&format!("/id/{id}"), 1, Casper::error(404, "Not Found", gone));
    }
    let output = audit(&source, ACCOUNT).upload();
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(
        (output.counts()[1], &output.report()["gone"]),
        (100, &json!(2)),
        "{output}"
    );
}

#[test]
fn devices_that_came_beside_a_refused_sign_in_arrive() {
    let source = Source::start(server(100, Tokens::Wanted));
    source.inject(
        "/id/50",
        99,
        Casper::error(401, "Unauthorized", "The request requires user authentication"),
    );
    let output = audit(&source, ACCOUNT).upload();
    assert_eq!((output.code, output.counts()[1]), (Some(1), 99), "{output}");
    let error = output.report()["error"].to_string();
    assert!(error.contains("id/50 answered 401"), "{error}");
}

#[test]
fn why_a_token_is_refused_is_told_in_jamf_s_own_words() {
    let errors =
        json!({"httpStatus": 401, "errors": [{"code": "X", "description": "The account is locked", "id": "0"}]});
    let client = json!({"error": "invalid_client", "error_description": "Client is disabled"});
    for (path, settings, answer, said) in [
        (
            "/auth/token",
            ACCOUNT,
            Answer::json(401, errors),
            "401: The account is locked",
        ),
        (
            "/oauth/token",
            "client_id = client\nclient_secret = battery staple\n",
            Answer::json(400, client),
            "400: invalid_client: Client is disabled",
        ),
    ] {
        let source = Source::start(server(1, Tokens::Wanted));
        source.inject(path, 99, answer);
        let output = audit(&source, settings).upload();
        assert_eq!(output.code, Some(1), "{output}");
        let error = output.report()["error"].to_string();
        assert!(error.contains(said), "{error}");
    }
}
