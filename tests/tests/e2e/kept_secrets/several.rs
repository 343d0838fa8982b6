//! Several sections, each with a secret of its own: none waits for another's, and none fetches what it does not need.

use oomnitza_tests::{Program, Servers};
use serde_json::json;

use super::{OKTA_TOKEN, OOMNITZA_TOKEN, kept, program, servers};

#[test]
fn only_sections_that_run_fetch_their_secrets() {
    let servers = servers();
    let program = program(
        &servers,
        &format!("api_token = {OOMNITZA_TOKEN}"),
        &format!(
            "api_token = {OKTA_TOKEN}\n\n[okta.Other]\nenable = True\nurl = https://x.example\ndefault_role = 25\ndefault_position = Employee\napi_token_command = touch was-run\n\n[okta.Off]\nenable = False\napi_token_command = touch was-run"
        ),
    );
    let output = program.run(&["upload", "okta", "okta.Off"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(!program.home().join("was-run").exists());
}

/// `[okta]`, and a section like it with another name and another line for its token.
fn with_another(servers: &Servers, okta: &str, name: &str, other: &str) -> Program {
    let second = format!(
        "{okta}\n\n[{name}]\nenable = True\nurl = {}\ndefault_role = 25\ndefault_position = Employee\n{other}",
        servers.okta.url()
    );
    program(servers, &format!("api_token = {OOMNITZA_TOKEN}"), &second)
}

#[test]
fn a_section_does_not_wait_for_the_secret_of_another() {
    let servers = servers();
    let program = with_another(
        &servers,
        "api_token_command = sh slow.sh",
        "okta.Other",
        &format!("api_token = {OKTA_TOKEN}"),
    );
    program.write(
        "slow.sh",
        format!("until [ -e go-on ]; do sleep 0.05; done; echo {OKTA_TOKEN}\n").as_bytes(),
    );
    let mut running = program.launch(&["upload", "okta", "okta.Other", "--json"]);
    running.wait_until("the other section is through", || {
        servers.oomnitza.ledger().records == 2
    });
    program.write("go-on", b"");
    let output = running.end();
    assert_eq!(
        (kept(&output).code, servers.oomnitza.ledger().records),
        (Some(0), 4),
        "{output}"
    );
}

#[test]
fn a_secret_that_cannot_be_had_is_one_section_s_trouble() {
    let servers = servers();
    let program = with_another(
        &servers,
        "api_token_command = false",
        "okta.Other",
        &format!("api_token = {OKTA_TOKEN}"),
    );
    let output = program.run(&["upload", "okta", "okta.Other", "--json"]);
    let status: Vec<_> = output.reports().iter().map(|report| report["status"].clone()).collect();
    assert_eq!(
        (kept(&output).code, status),
        (Some(1), vec![json!("failed"), json!("done")]),
        "{output}"
    );
    assert!(
        output.stderr.contains("[okta] api_token_command: the command `false` "),
        "{output}"
    );
}

#[test]
fn whoever_stops_while_a_secret_is_fetched_does_not_wait_for_it() {
    let servers = servers();
    let line = "api_token_command = sh -c \"touch begun; exec sleep 20\"";
    let program = program(&servers, &format!("api_token = {OOMNITZA_TOKEN}"), line);
    let mut running = program.launch(&["upload", "okta"]);
    let begun = program.home().join("begun");
    running.wait_until("the command runs", || begun.exists());
    let started = std::time::Instant::now();
    running.signal("TERM");
    let output = running.end();
    assert_eq!(output.code, Some(3), "{output}");
    assert!(started.elapsed().as_secs() < 10, "{output}");
    assert!(
        output
            .stderr
            .ends_with("[okta] interrupted; it is safe to run it again\n"),
        "{output}"
    );
}
