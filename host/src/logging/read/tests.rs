use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Result<(Config, Vec<Problem>), ReadError> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("logging.json");
    std::fs::write(&path, text).unwrap();
    Config::read(&path, Path::new("/etc/oomnitza"))
}

fn problems(text: &str) -> Vec<String> {
    let (_, problems) = read(text).unwrap();
    problems
        .iter()
        .map(|problem| format!("{}: {}", problem.at, problem.what))
        .collect()
}

/// The page shows the file that holds where there is none; 1.0.10's has the old program's own class in it.
#[test]
fn the_file_of_version_1_0_10_is_what_is_shipped() {
    let page = include_str!("../../../../docs/logging.md");
    let (_, block) = page.split_once("```json\n").unwrap();
    let (text, _) = block.split_once("```").unwrap();
    for text in [
        text.to_owned(),
        text.replace("logging.handlers.RotatingFileHandler", "lib.config.RotateHandler"),
    ] {
        let (config, problems) = read(&text).unwrap();
        assert_eq!(problems, []);
        let sorted = |config: &Config| {
            let mut handlers: Vec<String> = config.handlers.iter().map(|handler| format!("{handler:?}")).collect();
            handlers.sort();
            handlers
        };
        let shipped = Config::shipped(Some(Path::new("/etc/oomnitza")));
        assert_eq!(sorted(&config), sorted(&shipped));
        assert_eq!(
            (config.loggers.len(), config.loggers[0].level),
            (1, shipped.loggers[0].level)
        );
        assert_eq!(config.loggers[0].handlers.len(), 3);
    }
}

#[test]
fn files_of_all_kinds_are_read() {
    let (config, problems) = read(
        r#"{"version": 1, "handlers": {
            "a": {"class": "logging.FileHandler", "filename": "/var/log/a.log", "mode": "w", "delay": true},
            "b": {"class": "logging.handlers.TimedRotatingFileHandler", "filename": "b.log", "when": "midnight", "backupCount": 7, "utc": true},
            "c": {"class": "logging.handlers.RotatingFileHandler", "filename": "c.log", "maxBytes": 5},
            "d": {"class": "logging.NullHandler"}},
        "loggers": {"": {"level": 15, "handlers": ["a", "b", "d"]}, "connectors/okta": {"level": "NOTSET", "propagate": false, "handlers": ["c"]}}}"#,
    )
    .unwrap();
    assert_eq!(problems, []);
    let sinks: Vec<String> = config
        .handlers
        .iter()
        .map(|handler| format!("{:?}", handler.sink))
        .collect();
    insta::assert_snapshot!(sinks.join("\n"), @r#"
    File(FileConfig { path: "/var/log/a.log", rotation: Never, is_fresh: true })
    File(FileConfig { path: "/etc/oomnitza/b.log", rotation: Time(Schedule { unit: Day, interval: 1, kept: 7, is_utc: true }), is_fresh: false })
    File(FileConfig { path: "/etc/oomnitza/c.log", rotation: Never, is_fresh: false })
    "#);
    insta::assert_snapshot!(format!("{:?}", config.loggers), @r#"[Logger { name: "", level: Some(15), handlers: [0, 1], propagates: true }, Logger { name: "connectors/okta", level: None, handlers: [2], propagates: false }]"#);
}

#[test]
fn whatever_is_not_understood_is_named_once() {
    for (text, expected) in [
        ("{}", &["version: is not 1; the file is read as if it were"][..]),
        (
            r#"{"version": 1, "filters": {}, "incremental": true}"#,
            &[
                "filters: has no meaning here, and no effect",
                "incremental: has no meaning here, and no effect",
            ],
        ),
        (
            r#"{"version": 1, "handlers": {"mail": {"class": "logging.handlers.SMTPHandler", "mailhost": "x"}}, "root": {"handlers": ["mail"]}}"#,
            &["handlers.mail.class: there is no `logging.handlers.SMTPHandler` here; the handler is left out"],
        ),
        (
            r#"{"version": 1, "handlers": {"a": {"class": "logging.StreamHandler", "level": "LOUD", "formatter": "x", "stream": "cfg://a", "filters": []}}}"#,
            &[
                "handlers.a.filters: has no meaning here, and no effect",
                "handlers.a.level: \"LOUD\" is not a level",
                "handlers.a.formatter: there is no formatter `x`; the message alone is written",
                "handlers.a.stream: is neither `ext://sys.stdout` nor `ext://sys.stderr`; lines go to standard error",
            ],
        ),
        (
            r#"{"version": 1, "handlers": {"a": {"class": "logging.FileHandler"}, "b": {}, "c": 5}, "root": {"level": "INFO", "handlers": ["z"]}}"#,
            &[
                "handlers.c: is not a dictionary",
                "handlers.a.filename: is missing; the handler is left out",
                "handlers.b.class: is missing; the handler is left out",
                "root.handlers: there is no handler `z`",
            ],
        ),
        (
            r#"{"version": 1, "formatters": {"a": {"format": "%(user)s", "datefmt": "%!", "style": "%"}, "b": {"()": "my.Own"}, "c": {"format": "{message}", "style": "{"}}, "loggers": 5, "root": []}"#,
            &[
                "formatters.a: `%(user)` is not a field that there is here",
                "formatters.a: `%!` is not a form of dates (strftime)",
                "formatters.b: formatter `my.Own` is not there; the plain one is used",
                "formatters.c.style: is not `%`, the only one that is read; lines are written as `%(message)s`",
                "loggers: is not a dictionary",
                "root: is not a dictionary",
            ],
        ),
        (
            r#"{"version": 1, "handlers": {"a": {"class": "logging.handlers.TimedRotatingFileHandler", "filename": "x", "when": "noon", "backupCount": "7", "encoding": "cp1252"}}}"#,
            &[
                "handlers.a.encoding: `cp1252` is not written; the file is UTF-8",
                "handlers.a.backupCount: is not a whole number; it is taken as 0",
                "handlers.a.when: `noon` is not one of S, M, H, D, midnight, W0 to W6; the file is not rotated",
            ],
        ),
    ] {
        assert_eq!(problems(text), expected, "{text}");
    }
}

#[test]
fn a_formatter_that_writes_json_is_taken_by_its_name() {
    let (config, problems) = read(
        r#"{"version": 1, "formatters": {"j": {"()": "pythonjsonlogger.jsonlogger.JsonFormatter", "format": "%(message)s"}},
            "handlers": {"a": {"class": "logging.StreamHandler", "formatter": "j"}}}"#,
    )
    .unwrap();
    assert_eq!(problems, []);
    assert_eq!(config.handlers[0].format, Format::Json);
}

#[test]
fn what_is_no_logging_file_is_said_with_its_place() {
    let error = |text: &str| read(text).unwrap_err();
    for (text, expected) in [
        ("", "logging.json:1:1: is not JSON: EOF while parsing a value"),
        (
            "{\n  \"version\": 1,\n}",
            "logging.json:3:1: is not JSON: trailing comma",
        ),
        ("[]", "logging.json: holds no dictionary of handlers and loggers"),
    ] {
        let error = error(text);
        assert!(error.to_string().ends_with(expected), "{error}");
        assert!(!error.hint().is_empty());
    }
    let deep = "[".repeat(100_000);
    assert!(matches!(error(&deep), ReadError::NotJson { .. }));
    let long = " ".repeat(2 << 20);
    assert!(matches!(error(&long), ReadError::Io { .. }));
    assert!(
        Config::read(Path::new("/nowhere/logging.json"), Path::new("/"))
            .unwrap_err()
            .hint()
            .contains("--logging-config")
    );
}

proptest! {
    /// Whatever the values are, reading ends with a configuration that can be worked with.
    #[test]
    fn no_dictionary_makes_it_panic(key in "[a-z.]{0,6}", text in "\\PC{0,20}", number: i64) {
        let entries = serde_json::json!({ "class": "logging.handlers.TimedRotatingFileHandler", "filename": text, "interval": number,
            "backupCount": number, "when": key, "level": number, "formatter": key, "maxBytes": number });
        let dictionary = serde_json::json!({ "version": number, "formatters": { &key: { "format": text, "datefmt": text } },
            "handlers": { &key: entries, "x": number }, "loggers": { &key: { "level": text, "handlers": [key, number] } } });
        let (config, _) = read(&dictionary.to_string()).unwrap();
        for handler in &config.handlers {
            if let Sink::File(FileConfig { rotation: Rotation::Time(schedule), .. }) = &handler.sink {
                _ = schedule.suffix(schedule.end(jiff::Timestamp::now()));
            }
        }
    }
}
