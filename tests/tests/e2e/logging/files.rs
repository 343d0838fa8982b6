//! A logging file: what it says is followed, and what it has that means nothing is named.

use std::fmt::Write as _;

use insta::assert_snapshot;
use oomnitza_tests::{Output, Program, Servers};
use serde_json::Value;

use super::{logs, servers};

/// Runs with this logging file, which is named on the command line.
fn with_file(servers: &Servers, logging: &Value) -> (Output, Program) {
    let program = servers.program_with("upload_parallel = 1", "").with_its_own_log();
    program.write("own/logging.json", logging.to_string().as_bytes());
    let output = program.run(&["upload", "okta", "--logging-config", "own/logging.json"]);
    (output, program)
}

#[test]
fn a_logging_file_is_followed() {
    let servers = Servers::with_people(250);
    let (output, program) = with_file(
        &servers,
        &serde_json::json!({
            "version": 1,
            "formatters": {
                "wide": { "format": "%(levelname)-8s|%(name)s|%(section)s|%(message).30s" },
                "json": { "()": "pythonjsonlogger.jsonlogger.JsonFormatter" },
            },
            "handlers": {
                "console": { "class": "logging.StreamHandler", "level": "WARNING", "stream": "ext://sys.stderr" },
                "small": { "class": "logging.handlers.RotatingFileHandler", "filename": "small.log", "formatter": "wide",
                    "maxBytes": 100, "backupCount": 2 },
                "days": { "class": "logging.handlers.TimedRotatingFileHandler", "filename": "days.log", "formatter": "json", "level": "INFO",
                    "when": "midnight", "backupCount": 5 },
            },
            "loggers": { "connectors/okta": { "level": "INFO", "handlers": ["small"] } },
            "root": { "level": "ERROR", "handlers": ["console", "days"] },
        }),
    );
    assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    ----- stderr
    [okta] 250 records sent in [TIME]
      read 250 = sent 250 + filtered 0 + rejected 0 + failed 0
    ");
    let files = logs(&program);
    let text = |name: &str| std::fs::read_to_string(program.home().join(name)).unwrap();
    assert!(
        text("small.log.1").len() <= 100 && text("small.log").starts_with("INFO    |connectors/okta|okta|"),
        "{files}"
    );
    assert!(!program.home().join("small.log.3").exists(), "{files}");
    for line in text("days.log").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&line["level"], &line["section"]),
            (&Value::from("INFO"), &Value::from("okta")),
            "{files}"
        );
    }
    // The connector's own file is there beside them, as it was.
    assert!(
        text("okta.log").contains(" - INFO - sending 100 records to oomnitza...\n"),
        "{files}"
    );
    assert!(!program.home().join("info.log").exists(), "{files}");
}

#[test]
fn a_logging_file_beside_the_ini_file_holds_unless_another_is_named() {
    let (_servers, program) = servers(1);
    let quiet = serde_json::json!({ "version": 1, "handlers": {}, "root": { "level": "INFO" } }).to_string();
    program.write("logging.json", quiet.as_bytes());
    let output = program.run(&["upload", "okta"]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), ""), "{output}");
    assert!(!program.home().join("info.log").exists());
    let other = serde_json::json!({ "version": 1, "handlers": { "a": { "class": "logging.StreamHandler", "stream": "ext://sys.stdout" } },
        "root": { "level": "INFO", "handlers": ["a"] } });
    program.write("other.json", other.to_string().as_bytes());
    let output = program.run(&["--logging-config", "other.json", "upload", "okta"]);
    assert!(output.stdout.starts_with("Connector version: "), "{output}");
}

#[test]
fn what_a_logging_file_has_that_means_nothing_is_named_and_the_rest_holds() {
    let servers = Servers::with_people(1);
    let (output, program) = with_file(
        &servers,
        &serde_json::json!({
            "version": 1,
            "filters": { "mine": {} },
            "formatters": { "a": { "format": "%(levelname)s %(user)s" } },
            "handlers": {
                "mail": { "class": "logging.handlers.SMTPHandler", "mailhost": "localhost" },
                "file": { "class": "logging.FileHandler", "filename": "a.log", "level": "CHATTY", "formatter": "a" },
            },
            "root": { "level": "INFO", "handlers": ["mail", "file", "fax"] },
        }),
    );
    assert_snapshot!(output.without_stdout(), @r#"
    exit: 0
    ----- stdout
    ----- stderr
    warning: own/logging.json: filters: has no meaning here, and no effect
    warning: own/logging.json: formatters.a: `%(user)` is not a field that there is here
    warning: own/logging.json: handlers.file.level: "CHATTY" is not a level
    warning: own/logging.json: handlers.mail.class: there is no `logging.handlers.SMTPHandler` here; the handler is left out
    warning: own/logging.json: root.handlers: there is no handler `fax`
    [okta] 1 records sent in [TIME]
      read 1 = sent 1 + filtered 0 + rejected 0 + failed 0
    "#);
    let log = std::fs::read_to_string(program.home().join("a.log")).unwrap();
    assert!(log.contains("INFO %(user)s\n"), "{log}");
}

#[test]
fn what_is_no_logging_file_stops_the_program_with_its_place() {
    let (servers, program) = servers(1);
    program.write("broken.json", b"{\n  \"version\": 1,\n}\n");
    program.write("list.json", b"[]");
    let mut told = String::new();
    for file in ["missing.json", "broken.json", "list.json", "."] {
        let output = program.run(&["upload", "okta", "--logging-config", file]);
        writeln!(told, "{output}").unwrap();
    }
    assert_snapshot!(told, @r#"
    exit: 2
    ----- stdout
    ----- stderr
    error: the logging file `missing.json` cannot be read
      Caused by: there is no such file
    hint: correct the path behind `--logging-config`, or leave the option out

    exit: 2
    ----- stdout
    ----- stderr
    error: broken.json:3:1: is not JSON: trailing comma
    hint: correct the file; comments and commas behind the last entry are not JSON

    exit: 2
    ----- stdout
    ----- stderr
    error: list.json: holds no dictionary of handlers and loggers
    hint: write it like Python's dictConfig: `{"version": 1, "handlers": {…}, "root": {…}}`

    exit: 2
    ----- stdout
    ----- stderr
    error: the logging file `.` cannot be read
      Caused by: Is a directory (os error 21)
    hint: name a plain file that is there, or leave `--logging-config` out
    "#);
    assert_eq!(servers.uploads().len(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_once_and_ends_nothing() {
    let servers = Servers::with_people(450);
    let file = |name: &str| serde_json::json!({ "class": "logging.FileHandler", "filename": name });
    let (output, _) = with_file(
        &servers,
        &serde_json::json!({
            "version": 1,
            "handlers": { "full": file("/dev/full"), "nowhere": file("not/there/a.log") },
            "root": { "level": "DEBUG", "handlers": ["full", "nowhere"] },
        }),
    );
    servers.assert_arrived(0..450);
    assert_snapshot!(output.without_stdout(), @"
    exit: 0
    ----- stdout
    ----- stderr
    warning: the log `/dev/full` cannot be written: No space left on device (os error 28); the run goes on without it
    hint: make room on the disk, or say with `--logging-config` where logs go
    warning: the log `not/there/a.log` cannot be written: No such file or directory (os error 2); the run goes on without it
    hint: make the directory, or say with `--logging-config` where logs go
    [okta] 450 records sent in [TIME]
      read 450 = sent 450 + filtered 0 + rejected 0 + failed 0
    ");
}

#[test]
fn rust_log_decides_about_the_console_and_a_logging_file_about_files() {
    let (_servers, program) = servers(1);
    let program = program.env("RUST_LOG", "oomnitza_connector=info");
    let output = program.run(&["upload", "okta"]);
    assert!(
        output.stderr.contains("INFO - sending 1 records to oomnitza...\n"),
        "{output}"
    );
    assert_eq!(output.stdout, "");
    assert_eq!(logs(&program), "");
    let logging = serde_json::json!({ "version": 1, "handlers": {
            "a": { "class": "logging.FileHandler", "filename": "a.log" }, "b": { "class": "logging.StreamHandler", "level": "ERROR" } },
        "root": { "level": "INFO", "handlers": ["a", "b"] } });
    program.write("logging.json", logging.to_string().as_bytes());
    let program = program.env("RUST_LOG", "off");
    let output = program.run(&["upload", "okta"]);
    assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    ----- stderr
    [okta] 1 records sent in [TIME]
      read 1 = sent 1 + filtered 0 + rejected 0 + failed 0
    ");
    let log = std::fs::read_to_string(program.home().join("a.log")).unwrap();
    assert!(log.contains("sending 1 records"), "{log}");
}

#[test]
fn the_old_program_s_own_handlers_write_and_rotate() {
    let servers = Servers::with_people(250);
    let file = |class: &str, name: &str| serde_json::json!({ "class": class, "filename": name, "maxBytes": 100, "backupCount": 2 });
    let (output, program) = with_file(
        &servers,
        &serde_json::json!({
            "version": 1,
            "handlers": {
                "a": file("lib.config.RotateHandler", "a.log"),
                "b": file("cloghandler.ConcurrentRotatingFileHandler", "b.log"),
                "c": file("concurrent_log_handler.ConcurrentRotatingFileHandler", "c.log"),
            },
            "root": { "level": "INFO", "handlers": ["a", "b", "c"] },
        }),
    );
    assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    ----- stderr
    [okta] 250 records sent in [TIME]
      read 250 = sent 250 + filtered 0 + rejected 0 + failed 0
    ");
    for name in ["a.log", "b.log", "c.log"] {
        let text = |suffix: &str| std::fs::read_to_string(program.home().join(format!("{name}{suffix}"))).unwrap();
        assert!(text("").ends_with("Done.\n"), "{name}");
        assert!(
            text(".1").len() <= 100 || text(".1").contains("250 records sent"),
            "{name}"
        );
        assert!(
            text(".2").contains("sending ") && !program.home().join(format!("{name}.3")).exists(),
            "{name}"
        );
    }
}
