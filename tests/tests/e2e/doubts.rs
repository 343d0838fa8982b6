//! What can stand in an ini file and is hardly meant: values of the generated file, secrets that are too short to be masked everywhere,
//! and programs that are not there.

use std::os::unix::fs::PermissionsExt as _;

use insta::assert_snapshot;
use oomnitza_tests::{Output, Program};

use crate::configuration::{OKTA, OOMNITZA};

/// Its findings that have this in them, a line each.
fn findings<'a>(text: &'a str, what: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.contains(what)).collect()
}

/// Whoever enables a section before it is filled in.
#[test]
fn what_generate_ini_wrote_is_told_where_it_is_used() {
    let program = Program::bare();
    assert_eq!(program.run(&["generate-ini"]).code, Some(0));
    let ini = program.home().join("config.ini");
    let text = std::fs::read_to_string(&ini).unwrap();
    let disabled = program.run(&["validate"]);
    assert_eq!(findings(&disabled.stdout, "generated file").len(), 2, "{disabled}");
    std::fs::write(&ini, text.replace("enable = False", "enable = True")).unwrap();
    let output = program.run(&["validate"]);
    assert_snapshot!(findings(&output.stdout, "generated file").join("\n"));
    assert!(
        output.stdout.contains(
            "which is an example\nhint: put the real value there: A token of an Okta administrator who may read users (Security, API, Tokens)\n"
        ),
        "{output}"
    );
    let json = program.run(&["validate", "okta", "--json"]).stdout;
    let token: Vec<serde_json::Value> = findings(&json, "\"setting\":\"api_token\"")
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(token.len(), 1, "{json}");
    assert_eq!(
        (&token[0]["severity"], &token[0]["line"]),
        (&"warning".into(), &63.into()),
        "{json}"
    );
}

/// Of two ways to sign in to Oomnitza one is used; what the other says is nobody's concern.
#[test]
fn an_example_that_is_not_used_is_not_told() {
    let text = "[oomnitza]\nurl = https://acme.oomnitza.com\napi_token = a-test-token\nusername = oomnitza-sa\npassword = ThePassword\n";
    let output = Program::with(text).run(&["validate", "--strict"]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), ""), "{output}");
}

/// The example's address may be the one that is meant; a run says nothing of it.
#[test]
fn a_place_that_may_be_meant_is_a_note_of_validate_alone() {
    let section = "[mobileiron]\nenable = True\nurl = https://na1.mobileiron.com\nusername = username@example.com\npassword = a-password\npartitions = All\nsync_field = SERIAL\nmapping.SERIAL = a\n";
    let program = Program::with(&format!("{OOMNITZA}{section}"));
    let output = program.run(&["validate"]);
    assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    note: config.ini:7: [mobileiron] url: is the value of the generated file
    hint: if it is not what is meant, put the real value there: The address of the MobileIron Cloud server
    warning: config.ini:8: [mobileiron] username: still has the value of the generated file, which is an example
    hint: put the real value there: A local account with the role Common Platform Services (CPS)
    ----- stderr
    0 errors and 1 warning; looked at oomnitza, mobileiron
    ");
    let told = program.run(&["check", "mobileiron"]).stderr;
    let told = findings(&told, "generated file");
    assert!(
        matches!(told.as_slice(), [only] if only.contains("username: ")),
        "{told:?}"
    );
    let unnamed = section.replace("username@example.com", "reader");
    let output = Program::with(&format!("{OOMNITZA}{unnamed}")).run(&["validate", "--strict"]);
    assert_eq!(output.code, Some(0), "a note is nothing to mend: {output}");
}

/// What a run would say of a command it says before anybody is asked, and `validate` says it in the same words without running it.
#[test]
fn a_program_that_is_not_there_is_told_with_its_line() {
    let run = |line: &str, command: &[&str]| -> Output {
        let section = OKTA.replace("api_token = a-test-token", &format!("url = http://127.0.0.1:9\n{line}"));
        let program = Program::with(&format!("{OOMNITZA}[okta]\n{section}")).env("PATH", "tools:/usr/bin:/bin");
        let tool = program.write("tools/tool", b"#!/bin/sh\necho from-a-tool\ntouch was-run\n");
        std::fs::set_permissions(tool, std::fs::Permissions::from_mode(0o700)).unwrap();
        program.write("tools/data", b"from-a-tool");
        let output = program.run(command);
        assert_eq!(
            program.home().join("was-run").exists(),
            command[0] == "check" && line.contains("tool "),
            "{output}"
        );
        output
    };
    let mut told = String::new();
    for line in [
        "api_token_command = no-such-program --flag",
        "api_token_command = ./tools/no-such-program",
        "api_token_command = tools/data",
        "api_token_command = data",
        "api_token_command = ./tools",
    ] {
        let (looked, ran) = (run(line, &["validate"]), run(line, &["check", "okta"]));
        assert_eq!(looked.code, Some(2), "{looked}{ran}");
        let said = findings(&looked.stdout, "api_token_command: ").join("\n");
        assert!(!said.is_empty() && ran.stderr.contains(&said), "{looked}{ran}");
        told += &looked.to_string();
    }
    assert_snapshot!(told);
    for line in [
        "api_token_command = tool x",
        "api_token_command = ./tools/tool x",
        "api_token_command = sh -c \"exit 1\"",
    ] {
        let looked = run(line, &["validate", "--strict"]);
        assert_eq!((looked.code, looked.stdout.as_str()), (Some(0), ""), "{looked}");
    }
    let ran = run("api_token_command = tool x", &["check", "okta"]);
    assert!(ran.stdout.contains("ok [okta] settings: complete"), "{ran}");
}

#[test]
fn a_secret_that_is_too_short_to_be_masked_everywhere_is_told() {
    let mut told = String::new();
    for (oomnitza, okta) in [
        ("api_token = a-test-token", "api_token = hunter2"),
        ("api_token = hunter2", "api_token = a-test-token"),
        ("username = u\npassword = hunter2", "env_api_token = SHORT"),
        ("username = u\nenv_password = SHORT", "api_token_file = key"),
        ("api_token_file = key", "api_token_secret = kept"),
    ] {
        let ini = OOMNITZA.replace("api_token = a-test-token", oomnitza)
            + "[okta]\nurl = http://127.0.0.1:9\n"
            + &OKTA.replace("api_token = a-test-token", okta);
        let program = Program::with(&ini).env("SHORT", "hunter2");
        program.write("key", b"hunter2\n");
        let kept = program.run_with_input(&["secret", "set", "kept"], "hunter2\n");
        assert_eq!(kept.code, Some(0), "{kept}");
        let output = program.run(&["validate"]);
        assert_eq!(output.code, Some(0), "{output}");
        assert!(!output.stdout.contains("hunter2"), "{output}");
        assert_eq!(program.run(&["validate", "--strict"]).code, Some(2), "{output}");
        let json = program.run(&["validate", "--json"]).stdout;
        let counts = [&json, &output.stdout].map(|text| findings(text, "fewer than 8 characters").len());
        assert_eq!(counts[0], counts[1], "{json}");
        told += &findings(&output.stdout, "fewer than 8 characters").join("\n");
        told += "\n";
        // A run says so as well, whether or not it comes to anything.
        let ran = program.run(&["check", "okta"]).stderr;
        assert_eq!(findings(&ran, "fewer than 8 characters").len(), counts[1], "{ran}");
    }
    assert_snapshot!(told);
}
