//! Sources that do not answer: whoever waits is told soon, and what is waited for.

use oomnitza_tests::source::{Answer as Reply, Casper, Source, Tokens};
use oomnitza_tests::{Answer, Audit, Fake, Program, Trial};
use serde_json::json;

const SETTINGS: &str = "url = URL\napi_token = sample-token-of-okta\ndefault_role = 25\ndefault_position = x\n";

/// What is said of a source that is sent a request again.
const COMPLAINT: &str = "] cannot be used now; trying again";

#[test]
fn a_source_that_is_down_at_the_start_is_tried_three_times_and_told_at_once() {
    let mut told = String::new();
    for command in ["check", "upload"] {
        let source = Fake::start(|_| Ok(Answer::new(503, "text/html", "maintenance")));
        let trial = Trial::run(&[command, "okta"], "okta", SETTINGS, &source);
        assert_eq!(source.asked().len(), 3, "{}", trial.output);
        // Nobody listens.
        let gone = Trial::run(
            &[command, "okta"],
            "okta",
            &SETTINGS.replace("URL", "http://127.0.0.1:1"),
            &source,
        );
        told.push_str(&format!("{}\n{}\n", trial.output, gone.output));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn how_long_a_source_asks_to_wait_is_told() {
    let busy = Answer::new(503, "text/html", "").header("Retry-After", "0");
    let source = Fake::start(|_| Ok(Answer::json(200, "[]"))).instead(1, busy);
    let output = Trial::run(&["upload", "okta"], "okta", SETTINGS, &source).output;
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stderr.contains("asks_to_wait_seconds=0"), "{output}");
}

/// The log that people have who set nothing.
#[test]
fn it_is_told_without_any_setting_of_the_log() {
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[okta]\nenable = True\n{}",
        Fake::start(|_| Ok(Answer::json(200, "{}"))).url(),
        SETTINGS.replace("URL", "http://127.0.0.1:1")
    ));
    let output = program.with_its_own_log().run(&["check", "okta"]);
    assert_eq!(output.stderr.matches(COMPLAINT).count(), 1, "{output}");
}

fn jamf() -> Source<Casper> {
    let mut server = Casper::new(Tokens::Wanted);
    server.computers = (1..=20).map(|id| (id, Casper::computer(id))).collect();
    Source::start(server)
}

fn audit(source: &Source<Casper>) -> Audit {
    let lines = format!(
        "url = {}\nsync_field = SERIAL_NUMBER\nusername = auditor\npassword = correct horse\n",
        source.url()
    );
    Audit::new(
        "casper",
        &lines,
        "Casper",
        json!({"general.serial_number": "SERIAL_NUMBER"}),
    )
}

#[test]
fn many_requests_that_are_sent_again_are_told_once() {
    let source = jamf();
    for id in 1..=20 {
        source.inject(&format!("/id/{id}"), 1, Reply::new(503, "text/html", "busy"));
    }
    let output = audit(&source).upload();
    assert_eq!((output.code, output.counts()), (Some(0), [20, 20, 0, 0, 0]), "{output}");
    assert_eq!(output.stderr.matches(COMPLAINT).count(), 1, "{output}");
}

#[test]
fn a_check_gives_up_soon_though_the_source_has_answered_something() {
    let source = jamf();
    source.inject("/computers", 99, Reply::new(503, "text/html", "busy"));
    let output = audit(&source).check();
    assert_eq!(output.code, Some(1), "{output}");
    // The token was given.
    assert_eq!(source.requests().lines().count(), 1 + 3, "{output}");
    // A run that has begun waits longer, as it has something to lose.
    let output = audit(&source).upload();
    assert_eq!(output.code, Some(1), "{output}");
    assert_eq!(source.requests().lines().count(), (1 + 3) + (1 + 8), "{output}");
}
