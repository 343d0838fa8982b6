//! The log: as version 1.0.10 ships it, as `RUST_LOG` asks for it, and where it cannot be written.

mod files;
mod json;

use std::fmt::Write as _;

use insta::assert_snapshot;
use oomnitza_connector::standin::oomnitza::{Call, Fault, Settings};
use oomnitza_connector::standin::{Trouble, okta};
use oomnitza_tests::{Program, Servers};

/// A source with so many people, and the program with the log that it has by itself.
fn servers(people: u64) -> (Servers, Program) {
    let servers = Servers::with_people(people);
    let program = servers.program_with("upload_parallel = 1", "").with_its_own_log();
    (servers, program)
}

/// The log files of the home with what is in them, without times.
fn logs(program: &Program) -> String {
    let mut files = program.files();
    files.retain(|file| file.to_string_lossy().contains(".log"));
    files.sort();
    let mut shown = String::new();
    for file in files {
        writeln!(shown, "----- {}", file.display()).unwrap();
        let text = std::fs::read_to_string(program.home().join(&file)).unwrap();
        shown.push_str(&oomnitza_tests::settled(
            &timeless(&text),
            &program.home().display().to_string(),
        ));
    }
    shown
}

/// Puts `[WHEN]` where a time stands: `2026-11-25 14:20:05,123`.
fn timeless(text: &str) -> String {
    let mut parts = text.split(": 20");
    let mut settled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        settled.push_str(": [WHEN]");
        settled.push_str(part.get("26-11-25 14:20:05,123".len()..).unwrap_or_default());
    }
    settled
}

#[test]
fn by_itself_it_logs_what_the_old_program_did() {
    let (_servers, program) = servers(250);
    let output = program.run(&["upload", "okta"]);
    assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    INFO - Connector version: 1.1.0
    INFO - Running connector: okta
    INFO - sending 100 records to oomnitza...
    INFO - sending 100 records to oomnitza...
    INFO - sending 50 records to oomnitza...
    INFO - Done.
    ----- stderr
    [okta] 250 records sent in [TIME]
      read 250 = sent 250 + filtered 0 + rejected 0 + failed 0
    ");
    assert_snapshot!(logs(&program), @"
    ----- info.log
    connector.py: [WHEN] - INFO - Connector version: 1.1.0
    connectors/okta: [WHEN] - INFO - Running connector: okta
    connectors/okta: [WHEN] - INFO - sending 100 records to oomnitza...
    connectors/okta: [WHEN] - INFO - sending 100 records to oomnitza...
    connectors/okta: [WHEN] - INFO - sending 50 records to oomnitza...
    connectors/okta: [WHEN] - INFO - [okta] 250 records sent in [TIME]
          read 250 = sent 250 + filtered 0 + rejected 0 + failed 0
    connector.py: [WHEN] - INFO - Done.
    ----- okta.log
    connectors/okta: [WHEN] - INFO - Running connector: okta
    connectors/okta: [WHEN] - INFO - sending 100 records to oomnitza...
    connectors/okta: [WHEN] - INFO - sending 100 records to oomnitza...
    connectors/okta: [WHEN] - INFO - sending 50 records to oomnitza...
    connectors/okta: [WHEN] - INFO - [okta] 250 records sent in [TIME]
          read 250 = sent 250 + filtered 0 + rejected 0 + failed 0
    ");
}

#[test]
fn a_section_that_fails_is_told_once_and_is_in_the_log_of_errors() {
    let (servers, program) = servers(10);
    servers.okta.inject(1, okta::Fault::Echo);
    let output = program.run(&["upload", "okta"]);
    assert_eq!(output.code, Some(1), "{output}");
    let said = format!("{}{}", output.stdout, output.stderr);
    assert_eq!(said.matches("section [okta] stopped").count(), 1, "{output}");
    let errors = std::fs::read_to_string(program.home().join("errors.log")).unwrap();
    assert_snapshot!(timeless(&errors), @"
    connectors/okta: [WHEN] - ERROR - section [okta] stopped: the source does not allow this: GET /api/v1/users answered 403: You sent SSWS [redacted] and U1NXUyB[redacted]g== and U1NXUyB[redacted]g and SSWS+[redacted] and 5353575320[redacted] and 5353575320[redacted] and [redacted] and [redacted] and [redacted] and [redacted] and [redacted] and [redacted] (E0000006)
        hint: give the account the right to read, or use another one: `api_token` (line 9) in config.ini
    ");
    assert!(
        std::fs::read_to_string(program.home().join("okta.log"))
            .unwrap()
            .contains("stopped")
    );
}

#[test]
fn standard_output_is_left_to_data() {
    let (_servers, program) = servers(1);
    let output = program.run(&["upload", "okta", "--json"]);
    assert_eq!(output.stdout.lines().count(), 1, "{output}");
    assert!(
        output.stderr.contains("INFO - sending 1 records to oomnitza...\n"),
        "{output}"
    );
    let output = program.run(&["upload", "okta", "--testmode"]);
    assert!(output.stdout.lines().all(|line| line.starts_with('{')), "{output}");
    assert!(
        output.stderr.contains("INFO - Connector started in Test Mode.\n"),
        "{output}"
    );
}

#[test]
fn a_check_writes_nothing() {
    let (_servers, program) = servers(1);
    let output = program.run(&["check", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(output.stderr, "", "{output}");
    assert_eq!(program.files(), [std::path::PathBuf::from("config.ini")]);
}

#[test]
fn a_log_that_cannot_be_written_is_told_once_and_ends_nothing() {
    let (servers, program) = servers(250);
    for name in ["info.log", "errors.log", "okta.log"] {
        std::fs::create_dir(program.home().join(name)).unwrap();
    }
    let output = program.run(&["upload", "okta"]);
    servers.assert_arrived(0..250);
    assert_snapshot!(output.without_stdout(), @"
    exit: 0
    ----- stdout
    ----- stderr
    warning: the log `info.log` cannot be written: Is a directory (os error 21); the run goes on without it
    hint: move away what is in its way there, or say with `--logging-config` where logs go
    [okta] 250 records sent in [TIME]
      read 250 = sent 250 + filtered 0 + rejected 0 + failed 0
    ");
}

/// Nothing goes on without the log there, and a path that was mistyped needs no directory.
#[test]
fn where_the_run_ends_for_the_ini_file_its_log_is_not_missed() {
    let (_servers, program) = servers(1);
    assert_snapshot!(program.run(&["upload", "okta", "--ini", "/nonexist/config.ini"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: /nonexist/config.ini: there is no such file
    hint: name the file with `--ini FILE`, or write one with `oomnitza-connector generate-ini`
    ");
    std::fs::create_dir(program.home().join("info.log")).unwrap();
    program.write("config.ini", b"[oomnitza]\nurl = x\napi_token = t\n");
    let output = program.run(&["upload", "okta"]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(!output.stderr.contains("info.log"), "{output}");
}

/// Whatever a line does to it: quotes it, writes it as JSON, cuts it.
#[test]
fn a_secret_with_quotes_is_masked_in_every_line() {
    const TOKEN: &str = "00-\"quoted\\token\"-0123456789";
    let servers = Servers::start(
        okta::Settings {
            people: 2,
            token: TOKEN.to_owned(),
            ..okta::Settings::default()
        },
        Settings::default(),
    );
    servers.oomnitza.inject(Fault::Next {
        call: Call::Upload,
        times: 3,
        trouble: Trouble::Json(serde_json::json!({ "errors": TOKEN }).to_string()),
    });
    let program = servers
        .program_with("", &format!("api_token = {TOKEN}"))
        .with_its_own_log();
    let file = |name: &str| serde_json::json!({ "class": "logging.FileHandler", "filename": format!("{name}.log"), "formatter": name });
    // What is cut at 84 is cut within the token, where it is not masked yet.
    let logging = serde_json::json!({
        "version": 1,
        "formatters": { "json": { "class": "x.JsonFormatter" }, "text": { "format": "%(message)s" }, "cut": { "format": "%(message).84s" } },
        "handlers": { "console": { "class": "logging.StreamHandler" }, "json": file("json"), "text": file("text"), "cut": file("cut") },
        "root": { "level": "INFO", "handlers": ["console", "json", "text", "cut"] },
    });
    program.write("logging.json", logging.to_string().as_bytes());
    let output = program.run(&["upload", "okta", "--json-log"]);
    assert_eq!(output.code, Some(4), "{output}");
    let text = |name: &str| std::fs::read_to_string(program.home().join(name)).unwrap();
    for said in [&output.stderr, &text("json.log"), &text("text.log"), &text("cut.log")] {
        assert!(
            said.contains("people (200): [redacted]") || said.contains("people (200): [reda"),
            "{said}"
        );
        assert!(!said.contains("quoted") && !said.contains("00-"), "{said}");
    }
    assert!(
        text("text.log")
            .contains("Oomnitza refused a record reason=\"Oomnitza refused to take people (200): [redacted]\"\n"),
        "{}",
        text("text.log")
    );
    assert!(
        output
            .stderr
            .contains(r#""fields":{"reason":"Oomnitza refused to take people (200): [redacted]"}"#),
        "{output}"
    );
}

#[test]
fn a_section_that_does_not_exist_has_no_log_of_its_own() {
    let (_servers, program) = servers(1);
    for name in ["nosuch", "../evil", "okta.nosuch", "oomnitza"] {
        let output = program.run(&["upload", name]);
        assert_eq!(output.code, Some(2), "{output}");
    }
    let mut files = program.files();
    files.sort();
    assert_eq!(
        files,
        ["config.ini", "errors.log", "info.log"].map(std::path::PathBuf::from)
    );
}

/// A name from the ini file leads nowhere: what stands behind the first dot is no part of the file's name.
#[test]
fn a_section_s_name_cannot_make_a_file_elsewhere() {
    let servers = Servers::with_people(1);
    let ini = oomnitza_tests::servers::ini(&servers.oomnitza.url(), &servers.okta.url(), "", "");
    let program = Program::with(&ini.replace("[okta]", "[okta./../../evil]")).with_its_own_log();
    let output = program.run(&["upload", "okta./../../evil"]);
    assert_eq!(output.code, Some(0), "{output}");
    let mut files = program.files();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "log"));
    files.sort();
    assert_eq!(
        files,
        ["info.log", "okta.log"].map(std::path::PathBuf::from),
        "{output}"
    );
}

#[test]
fn levels_that_cannot_be_read_are_told_and_change_nothing() {
    let (_servers, program) = servers(2);
    let program = program.env("RUST_LOG", "foo=bar=\u{1b}[31mbaz");
    let output = program.run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(
        output
            .stderr
            .starts_with("warning: RUST_LOG cannot be read, and does nothing: ")
            && output
                .stderr
                .contains("\nhint: write it like `RUST_LOG=debug`, or unset it\n"),
        "{output}"
    );
    assert!(!output.stderr.contains('\u{1b}'), "{output}");
    assert!(program.home().join("info.log").exists());
}
