//! Command lines that are wrong: what is said leads to what was meant, and never to something that sends.

use std::process::Command;

use oomnitza_tests::{Program, Servers};

/// What a command line that is wrong is told.
fn told(arguments: &[&str]) -> String {
    let output = Program::bare().run(arguments);
    assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{output}");
    output.stderr
}

#[test]
fn words_of_other_programs_lead_to_what_is_meant() {
    let testmode = "`oomnitza-connector upload NAME --testmode` shows what would be sent, and sends nothing";
    let log = "the environment variable RUST_LOG says how much is logged, `RUST_LOG=debug` or `RUST_LOG=error` for example (docs/logging.md)";
    let ini = "`--ini FILE` names the configuration; `oomnitza-connector generate-ini` writes one";
    for (option, hint) in [
        ("--dry-run", testmode),
        ("--dryrun", testmode),
        ("--no-op", testmode),
        ("--preview", testmode),
        ("--what-if", testmode),
        ("-n", testmode),
        ("--verbose", log),
        ("-v", log),
        ("--quiet", log),
        ("--debug", log),
        ("--config", ini),
        ("-c", ini),
        ("--output", "`--json` prints reports as JSON"),
        ("--threads", "`--jobs N` says how many sections run side by side"),
    ] {
        let expected = format!("error: unexpected argument '{option}' found\nhint: {hint}\n");
        assert_eq!(told(&["upload", "okta", option]), expected);
        assert_eq!(told(&[option, "upload", "okta"]), expected);
    }
    assert_eq!(
        told(&["upload", "okta", "--dry-run=true"]),
        format!("error: unexpected argument '--dry-run' found\nhint: {testmode}\n")
    );
    assert_eq!(
        told(&["dry-run", "okta"]),
        format!("error: unrecognized subcommand 'dry-run'\nhint: {testmode}\n")
    );
}

/// clap's measure finds `--record-count`, which sends, near to `--dry-run`.
#[test]
fn what_is_not_near_is_not_proposed() {
    for option in [
        "--records-dry",
        "--connection-test",
        "--verification",
        "--initialise",
        "--save-nothing",
        "--no-upload",
    ] {
        let said = told(&["upload", "okta", option]);
        assert!(
            said.starts_with(&format!("error: unexpected argument '{option}' found\n")) && !said.contains("similar"),
            "{said}"
        );
    }
    let said = told(&["uplink", "okta"]);
    assert!(!said.contains("generate"), "{said}");
}

#[test]
fn an_option_of_one_command_is_said_to_stand_after_it() {
    for (arguments, option, commands) in [
        (&["--comments", "generate-ini"][..], "--comments", "`generate-ini`"),
        (&["upload", "okta", "--comments"], "--comments", "`generate-ini`"),
        (&["--comm", "generate-ini"], "--comments", "`generate-ini`"),
        (&["--strict", "validate"], "--strict", "`validate`"),
        (&["--section", "okta", "filter", "test"], "--section", "`filter test`"),
        (&["--people", "3", "demo"], "--people", "`demo`"),
        (&["--file", "secret", "set", "okta"], "--file", "`secret set`"),
        (
            &["--at", "02:30", "schedule", "install", "okta"],
            "--at",
            "`schedule install`",
        ),
        (
            &["schedule", "--at", "02:30", "print", "okta"],
            "--at",
            "`schedule print`",
        ),
        (
            &["upload", "okta", "--at", "02:30"],
            "--at",
            "`schedule print` and `schedule install`",
        ),
    ] {
        let said = told(arguments);
        let hint = format!("hint: `{option}` is an option of {commands}, and stands after that\n");
        assert!(
            said.ends_with(&hint) && said.lines().count() == 2,
            "{arguments:?}\n{said}"
        );
    }
    let help = Program::bare().run(&["--help"]).stdout.replace('\n', " ");
    let said =
        "These options stand before or after the command; those of one command (`COMMAND --help`) stand after it.";
    assert!(help.contains(said), "{help}");
}

/// The old program wanted an action with it as well.
#[test]
fn options_without_a_command_are_told_which() {
    for (arguments, example) in [
        (&["--show-mappings"][..], "upload --show-mappings"),
        (&["--sh", "--ini", "a.ini"], "upload --show-mappings"),
        (&["--testmode"], "upload okta"),
    ] {
        assert_eq!(
            told(arguments),
            format!(
                "error: no command is named\nhint: name one, for example `oomnitza-connector {example}`; `--help` lists them\n"
            )
        );
    }
}

#[test]
fn every_command_that_wants_sections_says_so_in_the_same_words() {
    for (arguments, command) in [
        (&["upload"][..], "upload"),
        (&["check", "--json"], "check"),
        (&["schedule", "install", "--at", "02:30"], "schedule install"),
        (&["schedule", "remove", "--for", "cron"], "schedule remove"),
    ] {
        assert_eq!(
            told(arguments),
            format!(
                "error: no section is named\nhint: name the sections to run, for example `oomnitza-connector {command} okta`\n"
            )
        );
    }
}

#[test]
fn a_section_that_is_named_twice_is_checked_once() {
    let servers = Servers::with_people(3);
    let output = servers.program().run(&["check", "okta", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(output.stderr, "warning: [okta] is named more than once and runs once\n");
    assert_eq!(output.stdout.matches("[okta] settings").count(), 1, "{output}");
    let program = servers.program();
    program.write("config.ini", b"[okta]\n");
    let output = program.run(&["check", "okta", "okta", "--json"]);
    assert_eq!((output.code, output.reports().len()), (Some(2), 1), "{output}");
}

#[test]
fn standard_input_is_no_ini_file() {
    let program = Program::bare();
    for command in [
        &["upload", "okta"][..],
        &["validate"],
        &["generate-ini"],
        &["schedule", "remove", "okta"],
    ] {
        let output = program.run(&[command, &["--ini", "-"]].concat());
        assert_eq!(output.code, Some(2), "{output}");
        assert_eq!(
            output.stderr,
            "error: `--ini -` names no file: the ini file is not read from standard input\n\
             hint: name a file, since paths in it begin where it is; `./-` is one that is called `-`\n"
        );
    }
    assert!(program.files().is_empty(), "{:?}", program.files());
}

/// A pipe that nobody writes to would hold it up for ever; what a shell hands over ends.
#[test]
fn a_pipe_is_an_ini_file_only_where_a_shell_hands_it_over() {
    let servers = Servers::with_people(3);
    let program = servers.program();
    let sh = |script: &str| {
        let output = Command::new("bash")
            .args(["-c", script])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", program.home())
            .env("PROGRAM", Program::path())
            .current_dir(program.home())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (output.status.code(), text(output.stdout) + &text(output.stderr))
    };
    let (code, said) = sh("mkfifo pipe && exec \"$PROGRAM\" validate --ini pipe");
    assert_eq!(
        (code, said.lines().take(2).collect::<Vec<_>>()),
        (
            Some(2),
            vec![
                "error: pipe: is not a regular file",
                "hint: name a file with `--ini FILE`"
            ]
        )
    );
    for script in [
        "exec \"$PROGRAM\" validate --ini <(cat config.ini)",
        "cat config.ini | \"$PROGRAM\" validate --ini /dev/stdin",
    ] {
        let (code, said) = sh(script);
        assert!(code == Some(0) && said.contains("looked at oomnitza, okta"), "{said}");
    }
}

#[test]
fn a_directory_that_is_called_as_the_logging_file_is_a_warning() {
    let servers = Servers::with_people(3);
    let program = servers.program().with_its_own_log();
    std::fs::create_dir(program.home().join("logging.json")).unwrap();
    let warning = "warning: logging.json: is not a regular file, and no logging file therefore\n\
                   hint: rename it, or name the logging file with `--logging-config FILE`\n";
    for (arguments, code) in [
        (&["upload", "okta"][..], 0),
        (&["check", "okta"], 0),
        (&["validate", "--strict"], 2),
    ] {
        let output = program.run(arguments);
        assert_eq!(output.code, Some(code), "{output}");
        let said = format!("{}{}", output.stdout, output.stderr);
        assert_eq!(said.matches(warning).count(), 1, "{output}");
    }
}
