//! `--json-log`: all that is said is lines of JSON, and is told wherever a logging file sends lines.

use insta::assert_snapshot;
use oomnitza_connector::standin::oomnitza::{Call, Fault, Settings};
use oomnitza_connector::standin::{Trouble, okta};
use oomnitza_tests::Servers;
use serde_json::Value;

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
