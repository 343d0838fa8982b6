//! The log: as version 1.0.10 ships it, as a logging file wants it, as `RUST_LOG` asks for it, and where it cannot be written.

use std::fmt::Write as _;

use insta::assert_snapshot;
use oomnitza_connector::standin::oomnitza::{Call, Fault, Settings};
use oomnitza_connector::standin::{Trouble, okta};
use oomnitza_tests::{Output, Program, Servers};
use serde_json::Value;

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

/// Runs with this logging file, which is named on the command line.
fn with_file(servers: &Servers, logging: &Value) -> (Output, Program) {
    let program = servers.program_with("upload_parallel = 1", "").with_its_own_log();
    program.write("own/logging.json", logging.to_string().as_bytes());
    let output = program.run(&["upload", "okta", "--logging-config", "own/logging.json"]);
    (output, program)
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

/// A logging file says where lines go, not whether people are told: with `--json-log` nobody else tells them.
#[test]
fn reports_as_json_are_told_wherever_a_logging_file_sends_lines() {
    let console = |stream: &str| serde_json::json!({ "class": "logging.StreamHandler", "stream": stream });
    let file = serde_json::json!({ "class": "logging.FileHandler", "filename": "a.log" });
    for (stream, logging) in [
        // No logger has the console.
        (
            "stdout",
            serde_json::json!({ "version": 1, "handlers": { "console": console("ext://sys.stdout"), "file": file },
                "root": { "level": "INFO", "handlers": ["file"] } }),
        ),
        // There is none.
        (
            "stderr",
            serde_json::json!({ "version": 1, "handlers": { "file": file }, "root": { "level": "CRITICAL", "handlers": ["file"] } }),
        ),
        (
            "stdout",
            serde_json::json!({ "version": 1, "handlers": { "console": console("ext://sys.stdout") },
                "root": { "level": "ERROR", "handlers": ["console"] } }),
        ),
        (
            "stderr",
            serde_json::json!({ "version": 1, "handlers": { "console": console("ext://sys.stderr"), "file": file },
                "loggers": { "connectors/okta": { "level": "CRITICAL", "handlers": ["file"], "propagate": false } },
                "root": { "level": "INFO", "handlers": ["console"] } }),
        ),
    ] {
        for fails in [false, true] {
            let servers = Servers::with_people(1);
            if fails {
                servers.okta.inject(1, okta::Fault::Echo);
            }
            let program = servers.program().with_its_own_log();
            program.write("logging.json", logging.to_string().as_bytes());
            let output = program.run(&["upload", "okta", "--json-log"]);
            assert_eq!(output.code, Some(i32::from(fails)), "{logging}\n{output}");
            let told = |text: &str| -> Vec<Value> {
                let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
                lines
                    .filter(|line| {
                        line["message"].as_str().unwrap().contains(if fails {
                            "stopped"
                        } else {
                            "[okta] 1 records sent"
                        })
                    })
                    .collect()
            };
            let (out, err) = (told(&output.stdout), told(&output.stderr));
            let (here, elsewhere) = if stream == "stdout" { (out, err) } else { (err, out) };
            assert_eq!((here.len(), elsewhere.len()), (1, 0), "{logging}\n{output}");
            assert_eq!(here[0]["level"], if fails { "ERROR" } else { "INFO" }, "{output}");
        }
    }
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
fn what_is_wrong_with_the_command_line_is_json_too() {
    let servers = Servers::with_people(1);
    for (arguments, code, said) in [
        (&["upload"][..], 2, "no section is named"),
        (&["upload", "okta", "okta"], 0, "[okta] is named more than once"),
        (&["gui"], 2, "the window is not in this version"),
        (
            &["filter", "test", "--section", "okta"],
            2,
            "config.ini:6: [okta] has no Python to try",
        ),
        (
            &["filter", "test", "--section", "nosuch"],
            2,
            "config.ini: [nosuch] there is no such section",
        ),
    ] {
        let program = servers.program().with_its_own_log();
        let output = program.run(&[arguments, &["--json-log"]].concat());
        assert_eq!(output.code, Some(code), "{output}");
        let lines = output.stdout.lines().chain(output.stderr.lines());
        let lines: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
        let is_said = |line: &Value| line["message"].as_str().unwrap().starts_with(said);
        assert_eq!(lines.into_iter().filter(is_said).count(), 1, "{output}");
    }
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

#[test]
fn all_that_is_said_can_be_lines_of_json() {
    let servers = Servers::start(
        okta::Settings {
            people: 2,
            ..okta::Settings::default()
        },
        Settings::default(),
    );
    servers.oomnitza.inject(Fault::Next {
        call: Call::Upload,
        times: 3,
        trouble: Trouble::Json("{\"errors\": [\"no\"]}".to_owned()),
    });
    let program = servers.program_with("", "unknown = 1").with_its_own_log();
    let output = program.run(&["upload", "okta", "--json-log"]);
    assert_eq!((output.code, output.stderr.as_str()), (Some(4), ""), "{output}");
    let lines: Vec<Value> = output
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<String> = lines
        .iter()
        .map(|line| {
            format!(
                "{} {} {} {}",
                line["level"].as_str().unwrap(),
                line["name"].as_str().unwrap(),
                line["message"],
                line["fields"]
            )
        })
        .collect();
    assert_snapshot!(oomnitza_tests::settled(&told.join("\n"), &program.home().display().to_string()), @r#"
    INFO connector.py "Connector version: 1.1.0" null
    WARNING connectors/okta "config.ini:12: [okta] unknown: is not a setting of this section and has no effect\nhint: remove the line, or correct its name" null
    INFO connectors/okta "Running connector: okta" null
    INFO connectors/okta "sending 2 records to oomnitza..." null
    INFO connectors/okta "Oomnitza refused a record" {"reason":"Oomnitza refused to take people (200): [\"no\"]"}
    INFO connectors/okta "Oomnitza refused a record" {"reason":"Oomnitza refused to take people (200): [\"no\"]"}
    WARNING connectors/okta "[okta] 0 records sent in [TIME]\n  read 2 = sent 0 + filtered 0 + rejected 2 + failed 0\n  rejected by Oomnitza: Oomnitza refused to take people (200): [\"no\"] (2)\n  the rejected records are kept in [HOME]/.local/state/oomnitza-connector/rejects/okta-[TIME].jsonl" null
    INFO connector.py "Done." null
    "#);
    assert!(
        lines
            .iter()
            .all(|line| line["time"].as_str().is_some_and(|time| time.ends_with('Z')))
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
