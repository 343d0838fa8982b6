//! Manners at the terminal: nothing from outside moves a cursor, colours are not forced on anybody, data and talk are kept apart.

use std::process::Command;

use oomnitza_connector::standin::Trouble;
use oomnitza_connector::standin::okta;
use oomnitza_connector::standin::oomnitza::{self, Call, Fault};
use oomnitza_tests::servers::ini;
use oomnitza_tests::{Answer, Fake, Output, Program, Servers};
use serde_json::json;

use crate::configuration::{OKTA, OOMNITZA};

/// Clears the screen, in the old way and in that of C1; rings; turns the text around.
const EVIL: &str = "x\u{1b}[2J\u{9b}2J\u{7}\u{202e}\u{7f}y";

fn assert_plain(output: &Output, what: &str) {
    for text in [&output.stdout, &output.stderr] {
        let evil = text.chars().find(|character| {
            (character.is_control() && *character != '\n') || ('\u{202a}'..='\u{202e}').contains(character)
        });
        assert_eq!(evil, None, "{what}: {text:?}");
    }
    assert!(
        !(output.stdout.is_empty() && output.stderr.is_empty()),
        "{what}: nothing was said"
    );
}

#[test]
fn nothing_in_an_ini_file_moves_a_cursor() {
    for (what, text) in [
        ("a line", format!("{OOMNITZA}[okta]\n{EVIL}\n")),
        ("a section", format!("{OOMNITZA}[{EVIL}]\nenable = True\n")),
        (
            "a name",
            format!("{OOMNITZA}[okta]\nurl = https://x\n{OKTA}{EVIL} = 1\n"),
        ),
        ("a switch", format!("{OOMNITZA}[okta]\nenable = {EVIL}\n")),
        ("an address", format!("{OOMNITZA}[okta]\nurl = https://{EVIL}\n{OKTA}")),
        (
            "a variable",
            format!("{OOMNITZA}[okta]\nurl = https://x\n{OKTA}env_password = {EVIL}\n"),
        ),
        (
            "a mapping",
            format!("{OOMNITZA}[okta]\nurl = https://x\n{OKTA}mapping.{EVIL} = {{\"setting\": \"a{EVIL}\"}}\n"),
        ),
        (
            "a converter",
            format!(
                "{OOMNITZA}[okta]\nurl = https://x\n{OKTA}mapping.A = {{\"source\": \"a\", \"converter\": \"{EVIL}\"}}\n"
            ),
        ),
        (
            "a path",
            format!("{OOMNITZA}[okta]\nurl = https://x\n{OKTA}cacert_file = {EVIL}\n"),
        ),
        (
            "a component",
            format!("{OOMNITZA}[okta]\nurl = https://x\n{OKTA}component = {EVIL}\n"),
        ),
        (
            "a number",
            format!("[oomnitza]\nurl = https://x\napi_token = a-test-token\nretry_seconds = {EVIL}\n"),
        ),
    ] {
        let program = Program::with(&text);
        for arguments in [
            &["validate"][..],
            &["validate", "--json"],
            &["upload", "okta", "--json"],
            &["check", "okta", EVIL],
        ] {
            assert_plain(&program.run(arguments), &format!("{what}: {arguments:?}"));
        }
    }
    for arguments in [
        ["validate", "--ini", EVIL],
        ["generate-ini", "--ini", EVIL],
        ["man", EVIL, "--json"],
    ] {
        assert_plain(&Program::bare().run(&arguments), &format!("{arguments:?}"));
    }
}

#[test]
fn nothing_that_servers_say_moves_a_cursor() {
    let words = json!({"message": EVIL, "error": EVIL, "errorSummary": EVIL, "errorCode": EVIL}).to_string();
    for (status, body) in [(400, words.as_str()), (500, EVIL), (200, EVIL)] {
        let body = body.to_owned();
        let source =
            Fake::start(move |_| Ok(Answer::new(status, "application/json", body.clone()).header("X-Evil", "1")));
        let oomnitza = oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap();
        let program = Program::with(&ini(&oomnitza.url(), &source.url(), "retry_seconds = 0", ""));
        for arguments in [
            &["upload", "okta"][..],
            &["upload", "okta", "--json"],
            &["check", "okta"],
        ] {
            assert_plain(&program.run(arguments), &format!("Okta: {status} {arguments:?}"));
        }
        // And the other way around.
        let program = Program::with(&ini(&source.url(), &oomnitza.url(), "retry_seconds = 0", ""));
        assert_plain(
            &program.run(&["upload", "okta", "--json"]),
            &format!("Oomnitza: {status}"),
        );
    }
    let servers = Servers::with_people(2);
    servers.oomnitza.inject(Fault::Next {
        call: Call::Upload,
        times: 9,
        trouble: Trouble::Json(json!({"errors": [EVIL]}).to_string()),
    });
    assert_plain(
        &servers.program().run(&["upload", "okta", "--json"]),
        "an upload's answer",
    );
}

/// The program at a terminal (`script` gives it one), with these environment variables.
pub(crate) fn at_a_terminal(program: &Program, arguments: &str, environment: &[(&str, &str)]) -> String {
    at_a_terminal_after("", program, arguments, environment)
}

/// The same after this command.
pub(crate) fn at_a_terminal_after(
    before: &str,
    program: &Program,
    arguments: &str,
    environment: &[(&str, &str)],
) -> String {
    let binary = Program::path();
    let output = Command::new("script")
        .args([
            "-qec",
            &format!("{before}{} {arguments}", binary.display()),
            "/dev/null",
        ])
        .current_dir(program.home())
        .env_clear()
        .env("HOME", program.home())
        .env("PATH", "/usr/bin:/bin")
        .envs(environment.iter().copied())
        .output()
        .expect("`script` of util-linux is there");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn no_colour_means_none() {
    let servers = Servers::start(
        okta::Settings {
            people: 3,
            ..okta::Settings::default()
        },
        oomnitza::Settings::default(),
    );
    servers.oomnitza.inject(Fault::Next {
        call: Call::Upload,
        times: 1,
        trouble: Trouble::Status(503, None),
    });
    let program = servers.program();
    // `\x1b[…m` sets colours; what else begins like that moves the cursor of the line that counts.
    let is_coloured = |text: &str| {
        text.split("\u{1b}[").skip(1).any(|rest| {
            let end = rest.find(|character: char| !(character.is_ascii_digit() || character == ';'));
            end.is_some_and(|end| rest[end..].starts_with('m'))
        })
    };
    let plain = at_a_terminal(
        &program,
        "upload okta",
        &[("TERM", "xterm"), ("RUST_LOG", "info"), ("NO_COLOR", "1")],
    );
    assert!(plain.contains("3 records sent") && !is_coloured(&plain), "{plain:?}");
    assert!(is_coloured("\u{1b}[31mred") && !is_coloured("\u{1b}[2K"));
}

#[test]
fn what_is_piped_is_data_alone() {
    let servers = Servers::with_people(3);
    let program = servers.program();
    for arguments in [&["upload", "okta", "--testmode"][..], &["upload", "okta", "--json"]] {
        let output = program.run(arguments);
        assert!(
            !output.stdout.is_empty() && output.stderr.contains("read 3"),
            "{output}"
        );
        for line in output.stdout.lines() {
            assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
        }
    }
    assert_eq!(program.run(&["upload", "okta"]).stdout, "");
}

/// What people have: no `RUST_LOG`. The line that counts is there where a cursor can be moved.
#[test]
fn a_line_counts_where_the_terminal_can_show_it() {
    for (environment, counts) in [
        (&[("TERM", "xterm-256color")][..], true),
        (&[("TERM", "dumb")], false),
        (&[("TERM", "")], false),
        (&[], false),
    ] {
        let servers = Servers::with_people(3);
        let shown = at_a_terminal(&servers.program(), "upload okta", environment);
        assert_eq!(shown.contains("\u{1b}[?7l"), counts, "{environment:?}: {shown:?}");
        assert_eq!(shown.contains('\u{1b}'), counts, "{environment:?}: {shown:?}");
        assert!(
            shown.contains("[okta] 3 records sent in "),
            "{environment:?}: {shown:?}"
        );
        assert!(!shown.contains("INFO"), "{environment:?}: {shown:?}");
    }
}
