//! Jasper's Terminal service as `docs/connectors/jasper.md` describes it, by script.

use std::io::Write as _;
use std::process::{Command, Stdio};

use oomnitza_sdk::serde_json::json;
use oomnitza_sdk::testing::{self, Outcome, Script, resume, run, wanted};

use super::*;

const SERVICE: &str = "https://api.jasperwireless.com/ws/service/Terminal";

fn settings() -> Settings {
    testing::settings(&[
        ("wsdl_path", "http://api.jasperwireless.com/ws/schema/Terminal.wsdl"),
        ("storage", "storage.db"),
    ])
}

/// What is sent for an operation.
fn sent(operation: &str, elements: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Header>\
         <wsse:Security xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\" soap:mustUnderstand=\"1\">\
         <wsse:UsernameToken><wsse:Username>@USERNAME@</wsse:Username><wsse:Password Type=\"http://docs.oasis-open.org/wss/2004/01/\
         oasis-200401-wss-username-token-profile-1.0#PasswordText\">@PASSWORD@</wsse:Password></wsse:UsernameToken></wsse:Security></soap:Header>\
         <soap:Body>{}</soap:Body></soap:Envelope>",
        payload(operation, elements)
    )
}

fn payload(operation: &str, elements: &str) -> String {
    format!(
        "<{operation}Request xmlns=\"http://api.jasperwireless.com/ws/schema\"><messageId/><version/><licenseKey>@LICENSE_KEY@</licenseKey>\
         {elements}</{operation}Request>"
    )
}

fn since(time: &str) -> String {
    sent("GetModifiedTerminals", &format!("<since>{time}</since>"))
}

fn details_of(iccids: &[String]) -> String {
    let listed: String = iccids.iter().map(|iccid| format!("<iccid>{iccid}</iccid>")).collect();
    sent("GetTerminalDetails", &format!("<iccids>{listed}</iccids>"))
}

fn answer(operation: &str, elements: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"><SOAP-ENV:Header/><SOAP-ENV:Body>\
         <ns2:{operation}Response xmlns:ns2=\"http://api.jasperwireless.com/ws/schema\" ns2:requestId=\"r\"><ns2:correlationId/><ns2:version>5.90</ns2:version>\
         <ns2:build>b</ns2:build><ns2:timestamp>2018-05-18T00:00:00.000Z</ns2:timestamp>{elements}</ns2:{operation}Response></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )
}

fn listed(iccids: &[String]) -> String {
    let listed: String = iccids
        .iter()
        .map(|iccid| format!("<ns2:iccid>{iccid}</ns2:iccid>"))
        .collect();
    answer("GetModifiedTerminals", &format!("<ns2:iccids>{listed}</ns2:iccids>"))
}

fn terminal(iccid: &str, modified: &str) -> String {
    format!(
        "<ns2:terminal msisdn=\"882{iccid}\"><ns2:iccid>{iccid}</ns2:iccid><ns2:status>ACTIVATED_NAME</ns2:status>\
         <ns2:monthToDateUsage>0.500</ns2:monthToDateUsage><ns2:overageLimitReached>false</ns2:overageLimitReached>\
         <ns2:dateModified>{modified}</ns2:dateModified><ns2:custom1/><ns2:rating/><ns2:accountId>100</ns2:accountId>\
         <ns2:fixedIpAddress xsi:nil=\"true\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"/><ns2:ctdSessionCount xsi:nil=\"true\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"/></ns2:terminal>"
    )
}

fn detailed(terminals: &[String]) -> String {
    answer(
        "GetTerminalDetails",
        &format!("<ns2:terminals>{}</ns2:terminals>", terminals.concat()),
    )
}

fn iccids(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| format!("8986{number:016}")).collect()
}

fn read(steps: &[(String, u16, String)]) -> Outcome {
    run::<Jasper>(settings(), wanted(&[]), script(steps))
}

/// A listing by itself; the details of a page are asked for side by side, as many requests as a page has.
fn script(steps: &[(String, u16, String)]) -> Script {
    let is_details = |step: &(String, u16, String)| step.0.contains("GetTerminalDetailsRequest");
    let groups = steps.chunk_by(|one, next| is_details(one) && is_details(next));
    groups
        .flat_map(|group| group.chunks(CHUNKS))
        .fold(Script::default(), |script, group| {
            let requests = group.iter().fold(Script::default(), |script, (sent, status, answer)| {
                script.post(
                    SERVICE,
                    "account",
                    sent,
                    *status,
                    &[("content-type", "text/xml")],
                    answer,
                )
            });
            script.send_all(requests)
        })
}

#[test]
fn a_terminal_is_what_the_old_program_made_of_it() {
    let one = iccids(1..2);
    let modified = "2018-05-17T10:05:09.000+08:00";
    let outcome = read(&[
        (since(BEGINNING), 200, listed(&one)),
        (details_of(&one), 200, detailed(&[terminal(&one[0], modified)])),
    ]);
    assert_eq!(
        (outcome.error, outcome.cursors),
        (None, vec![Some(modified.to_owned())])
    );
    assert_eq!(
        outcome.records,
        [json!({
            "_msisdn": "88289860000000000000001", "iccid": "89860000000000000001", "status": "ACTIVATED_NAME",
            "monthToDateUsage": "0.500", "overageLimitReached": false, "dateModified": modified, "custom1": null, "rating": null,
            "accountId": 100, "fixedIpAddress": null, "ctdSessionCount": null,
        })]
    );
}

#[test]
fn more_than_ten_terminals_are_asked_for_ten_at_a_time_and_come_in_the_order_of_the_list() {
    let all = iccids(0..125);
    let mut steps = vec![(since(BEGINNING), 200, listed(&all))];
    for chunk in all.chunks(10) {
        let terminals = chunk.iter().rev().map(|iccid| terminal(iccid, "2018-05-17T00:00:00Z"));
        steps.push((details_of(chunk), 200, detailed(&terminals.collect::<Vec<_>>())));
    }
    let outcome = read(&steps);
    assert_eq!((outcome.error, outcome.pages), (None, vec![100, 25]));
    let came: Vec<&str> = outcome
        .records
        .iter()
        .map(|record| record["iccid"].as_str().unwrap())
        .collect();
    assert_eq!(came, all);
}

#[test]
fn the_cursor_moves_to_the_newest_modification_that_was_listed() {
    let all = iccids(0..101);
    let mut steps = vec![(since(BEGINNING), 200, listed(&all))];
    for chunk in all.chunks(10) {
        let terminals = chunk.iter().map(|iccid| {
            // The fourth was modified once more after it was listed: it will be listed again.
            let day = if *iccid == all[3] {
                19
            } else {
                10 + u32::from(*iccid >= all[50]) + u32::from(*iccid == all[100])
            };
            terminal(iccid, &format!("2018-05-{day}T00:00:00Z"))
        });
        steps.push((details_of(chunk), 200, detailed(&terminals.collect::<Vec<_>>())));
    }
    let outcome = read(&steps);
    assert_eq!(outcome.error, None);
    let cursors = ["2018-05-10T00:00:00Z", "2018-05-12T00:00:00Z"].map(|time| Some(time.to_owned()));
    assert_eq!(
        outcome.cursors, cursors,
        "the next page may begin at the very time this one ends"
    );
}

#[test]
fn a_run_goes_on_where_the_last_one_ended_and_nothing_new_is_no_page() {
    for none in [listed(&[]), answer("GetModifiedTerminals", "<ns2:iccids/>")] {
        let script = script(&[(since("2018-05-12T00:00:00Z"), 200, none)]);
        let outcome = resume::<Jasper>(settings(), Some("2018-05-12T00:00:00Z"), wanted(&[]), script);
        assert_eq!((outcome.error, outcome.pages), (None, vec![]));
    }
    let without = answer("GetModifiedTerminals", "");
    assert_eq!(
        read(&[(since(BEGINNING), 200, without)]).error,
        Some(Error::Unexpected(
            "GetModifiedTerminals was answered without a list of terminals (`iccids`)".into()
        )),
        "the service's schema demands the list"
    );
    let outcome = resume::<Jasper>(settings(), Some("<x>"), wanted(&[]), Script::default());
    assert_eq!(
        outcome.error,
        Some(Error::StaleCursor("`<x>` is not a point in time".into()))
    );
}

#[test]
fn a_terminal_without_details_is_a_miss_and_a_limit_asks_for_less() {
    let three = iccids(0..3);
    let script = script(&[
        (since(BEGINNING), 200, listed(&iccids(0..30))),
        (details_of(&three), 200, detailed(&[terminal(&three[1], "odd")])),
    ]);
    let wanted = Wanted {
        limit: Some(3),
        ..wanted(&[])
    };
    let outcome = run::<Jasper>(settings(), wanted, script);
    assert_eq!((outcome.error, outcome.pages), (None, vec![1]));
    assert_eq!(outcome.misses.len(), 2);
    assert_eq!(outcome.cursors, [None]);
}

fn fault(code: &str, number: &str, detail: &str) -> String {
    format!(
        "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body><S:Fault><faultcode>S:{code}</faultcode>\
         <faultstring>{number}</faultstring><detail>{detail}</detail></S:Fault></S:Body></S:Envelope>"
    )
}

#[test]
fn faults_are_said_in_words() {
    for (status, body, error) in [
        (
            500,
            fault("Client", "100100", "<e:message xmlns:e=\"u\">Invalid credentials</e:message>"),
            Error::SignIn(
                "GetModifiedTerminals: user name, password or licence key (`api_token`) is not accepted (Client, 100100, Invalid credentials)"
                    .into(),
            ),
        ),
        (
            200,
            fault("Client", "100200", ""),
            Error::Unexpected("GetModifiedTerminals: the service does not accept the request (Client, 100200)".into()),
        ),
        (
            500,
            fault("Server", "1", "down"),
            Error::Failed("GetModifiedTerminals: the service failed (Server, 1, down)".into()),
        ),
        (
            500,
            fault("FailedAuthentication", "no", ""),
            Error::SignIn(
                "GetModifiedTerminals: user name, password or licence key (`api_token`) is not accepted (FailedAuthentication, no)".into(),
            ),
        ),
        (
            403,
            "<html>Your IP</html>".into(),
            Error::Forbidden("POST /ws/service/Terminal answered 403".into()),
        ),
        (
            401,
            String::new(),
            Error::SignIn("POST /ws/service/Terminal answered 401".into()),
        ),
        (
            503,
            "maintenance".into(),
            Error::Failed("POST /ws/service/Terminal answered 503".into()),
        ),
        (
            200,
            String::new(),
            Error::Unexpected("POST /ws/service/Terminal answered 200 with nothing".into()),
        ),
        (
            200,
            "<html></html>".into(),
            Error::NotFound("POST /ws/service/Terminal answered with a web page instead of data".into()),
        ),
        (
            200,
            answer("Other", ""),
            Error::Unexpected("POST /ws/service/Terminal answered without a GetModifiedTerminalsResponse".into()),
        ),
    ] {
        // A service that fails is asked three times.
        let times = if matches!(&error, Error::Failed(said) if said.contains("fail")) { 3 } else { 1 };
        let steps = vec![(since(BEGINNING), status, body); times];
        assert_eq!(read(&steps).error, Some(error));
    }
}

/// The answer to a request for the details of these, where the service answers `odd` to each that asks for the first of them.
fn odd_details(chunk: &[String], odd: &str, answer: &str) -> (String, u16, String) {
    if chunk.iter().any(|iccid| iccid == odd) {
        return (details_of(chunk), 500, answer.to_owned());
    }
    let terminals = chunk.iter().map(|iccid| terminal(iccid, "2018-05-17T00:00:00Z"));
    (details_of(chunk), 200, detailed(&terminals.collect::<Vec<_>>()))
}

/// A run through 25 terminals for whose thirteenth the service answers this.
fn with_one_odd(odd: &str, times: usize) -> Outcome {
    let all = iccids(0..25);
    let rounds: [&[std::ops::Range<usize>]; 5] = [
        &[0..10, 10..20, 20..25],
        &[10..15, 15..20],
        &[10..12, 12..15],
        &[12..13, 13..15],
        &[],
    ];
    let mut script = script(&[(since(BEGINNING), 200, listed(&all))]);
    let post = |script: Script, (sent, status, answer): (String, u16, String)| {
        script.post(SERVICE, "account", &sent, status, &[], &answer)
    };
    for round in rounds.into_iter().filter(|round| !round.is_empty()) {
        let chunks = round.iter().map(|range| &all[range.clone()]);
        let first = chunks.clone().map(|chunk| odd_details(chunk, &all[12], odd));
        script = script.send_all(first.fold(Script::default(), post));
        let failing = chunks.filter(|chunk| chunk.contains(&all[12]));
        for chunk in failing.flat_map(|chunk| std::iter::repeat_n(chunk, times - 1)) {
            script = script.send_all(post(Script::default(), odd_details(chunk, &all[12], odd)));
        }
    }
    run::<Jasper>(settings(), wanted(&[]), script)
}

#[test]
fn a_terminal_for_which_the_service_answers_a_fault_is_missed_and_the_others_arrive() {
    for (code, times, said) in [
        ("Client", 1, "the service does not accept the request (Client, 200001)"),
        ("Server", 3, "the service failed (Server, 200001)"),
    ] {
        let outcome = with_one_odd(&fault(code, "200001", ""), times);
        assert_eq!((outcome.error, outcome.pages), (None, vec![24]), "{code}");
        assert_eq!(
            outcome.misses,
            [(iccids(12..13).remove(0), format!("GetTerminalDetails: {said}"))]
        );
    }
    // One that is alone is missed as well.
    let one = iccids(0..1);
    let outcome = read(&[
        (since(BEGINNING), 200, listed(&one)),
        (details_of(&one), 500, fault("Client", "1", "")),
    ]);
    assert_eq!((outcome.error, outcome.misses.len()), (None, 1));
}

#[test]
fn a_service_that_gives_no_details_at_all_ends_the_run() {
    let two = iccids(0..2);
    let half = |index: usize| (details_of(&two[index..=index]), 500, fault("Client", "1", ""));
    let script = script(&[(since(BEGINNING), 200, listed(&two))])
        .send_all(Script::default().post(
            SERVICE,
            "account",
            &details_of(&two),
            500,
            &[],
            &fault("Client", "1", ""),
        ))
        .send_all([half(0), half(1)].into_iter().fold(Script::default(), |script, step| {
            script.post(SERVICE, "account", &step.0, step.1, &[], &step.2)
        }));
    let said = "GetTerminalDetails: the service does not accept the request (Client, 1)";
    assert_eq!(
        run::<Jasper>(settings(), wanted(&[]), script).error,
        Some(Error::Unexpected(said.into()))
    );
    // Credentials that hold no more are no terminal's fault.
    let outcome = read(&[
        (since(BEGINNING), 200, listed(&two)),
        (details_of(&two), 500, fault("Client", "100100", "")),
    ]);
    assert!(matches!(outcome.error, Some(Error::SignIn(_))), "{:?}", outcome.error);
    let failing = (details_of(&iccids(0..10)), 500, fault("Server", "1", ""));
    let second = (details_of(&iccids(10..12)), 500, fault("Server", "1", ""));
    let round = || {
        [&failing, &second].into_iter().fold(Script::default(), |script, step| {
            script.post(SERVICE, "account", &step.0, step.1, &[], &step.2)
        })
    };
    let script = (0..3).fold(
        Script::default().send_all(Script::default().post(
            SERVICE,
            "account",
            &since(BEGINNING),
            200,
            &[],
            &listed(&iccids(0..12)),
        )),
        |script, _| script.send_all(round()),
    );
    let outcome = run::<Jasper>(settings(), wanted(&[]), script);
    assert!(matches!(outcome.error, Some(Error::Failed(_))), "{:?}", outcome.error);
    assert_eq!(outcome.waits, [2_000, 4_000]);
}

#[test]
fn a_refusal_for_now_and_a_service_that_fails_once_are_waited_for() {
    let one = iccids(0..1);
    let asked = || since(BEGINNING);
    let too_fast = r#"{"errorMessage":"Rate limit exceeded","errorCode":"40000029"}"#;
    let outcome = read(&[
        (asked(), 429, too_fast.to_owned()),
        (asked(), 500, fault("Server", "1", "")),
        (asked(), 200, listed(&one)),
        (
            details_of(&one),
            200,
            detailed(&[terminal(&one[0], "2018-05-17T00:00:00Z")]),
        ),
    ]);
    assert_eq!((outcome.error, outcome.records.len()), (None, 1));
    assert_eq!(outcome.waits, [1_000, 2_000]);
}

#[test]
fn the_service_is_at_an_open_wsdl_s_host_or_where_the_section_or_a_file_says() {
    let at = |pairs: &[(&str, &str)]| service(&testing::settings(pairs));
    for wsdl in ["http://api.jasperwireless.com", "http://api.jasperwireless.com:8080"] {
        let wsdl = format!("{wsdl}/ws/schema/Terminal.wsdl");
        assert_eq!(at(&[("wsdl_path", &wsdl)]).as_deref(), Ok(SERVICE));
    }
    assert_eq!(
        at(&[
            ("wsdl_path", "Terminal.wsdl"),
            ("url", "https://x.example/ws/service/Terminal")
        ])
        .as_deref(),
        Ok("https://x.example/ws/service/Terminal")
    );
    let location = "https://kpn.jasperwireless.com/ws/service/Terminal";
    let file = [("wsdl_path", "Terminal.wsdl"), (LOCATION, location)];
    assert_eq!(at(&file).as_deref(), Ok(location));
    let error = at(&[("wsdl_path", "file://server/Terminal.wsdl")])
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "setting `wsdl_path`: `file://server/Terminal.wsdl` is not an address: it begins with neither https:// nor http://"
    );
}

/// What a check comes to whose WSDL is this, at an address with a port and a query.
fn checked(wsdl: &str, status: u16, service: Option<&str>) -> std::result::Result<(), Error> {
    let address = "https://kpn.example:9101/ws/Terminal?wsdl";
    let script = Script::default().get_unsigned(address, status, wsdl);
    let script = match service {
        Some(service) => script.send_all(Script::default().post(
            service,
            "account",
            &since("2099-01-01T00:00:00Z"),
            200,
            &[],
            &listed(&[]),
        )),
        None => script,
    };
    testing::check::<Jasper>(testing::settings(&[("wsdl_path", address)]), script)
}

#[test]
fn a_wsdl_at_a_secured_address_is_read_and_names_the_service_at_its_own_place() {
    let at = |location: &str| {
        format!(
            "<definitions xmlns=\"http://schemas.xmlsoap.org/wsdl/\" xmlns:soap=\"http://schemas.xmlsoap.org/wsdl/soap/\">\
             <!-- <soap:address location=\"https://old.example/\"/> --><service name=\"TerminalService\">\
             <port name=\"Terminal\"><soap:address location=\"{location}\"/></port></service></definitions>"
        )
    };
    let home = "https://kpn.example:9101/odd/Service";
    assert_eq!(checked(&at(home), 200, Some(home)), Ok(()));
    for (wsdl, status, said) in [
        (
            at(SERVICE),
            200,
            "it names the service at `https://api.jasperwireless.com/ws/service/Terminal`, and credentials go to no other place",
        ),
        (
            at("https://kpn.example/Service"),
            200,
            "it names the service at `https://kpn.example/Service`",
        ),
        (
            at("http://kpn.example:9101/Service"),
            200,
            "it names the service at `http://kpn.example:9101/Service`",
        ),
        (at("/Service"), 200, "it names the service at `/Service`"),
        (
            "<definitions/>".to_owned(),
            200,
            "GET /ws/Terminal answered without a service's address",
        ),
        (
            "<html><br></html>".to_owned(),
            200,
            "GET /ws/Terminal answered with a web page instead of data",
        ),
        (String::new(), 404, "GET /ws/Terminal answered 404"),
    ] {
        let error = checked(&wsdl, status, None).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert!(error.ends_with("write the service's address as `url`"), "{error}");
    }
}

#[test]
fn a_check_asks_for_what_was_modified_in_times_to_come() {
    let script = script(&[(since("2099-01-01T00:00:00Z"), 200, listed(&[]))]);
    assert_eq!(testing::check::<Jasper>(settings(), script), Ok(()));
}

/// With a tool that is not ours, against the service's own schema.
#[test]
fn requests_are_valid_by_the_service_s_schema() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/JasperAPI.xsd");
    for request in [
        payload("GetModifiedTerminals", "<since>2015-03-04T00:00:00Z</since>"),
        payload(
            "GetTerminalDetails",
            "<iccids><iccid>8986</iccid><iccid>8987</iccid></iccids>",
        ),
    ] {
        let mut child = Command::new("xmllint")
            .args(["--nonet", "--noout", "--schema", schema, "-"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("xmllint is installed by `make setup`");
        child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
