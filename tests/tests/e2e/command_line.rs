//! The command line: what it says of itself, and what it says when it is used wrongly.

use oomnitza_tests::{Output, Program, Servers};

fn run(arguments: &[&str]) -> Output {
    Program::bare().run(arguments)
}

#[test]
fn without_arguments_it_explains_itself() {
    let output = run(&[]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""));
    assert_eq!(output.stderr, run(&["--help"]).stdout);
}

/// Every command that the help lists, with those below it, and its own help; the program itself comes first.
pub(crate) fn commands() -> Vec<(Vec<String>, Output)> {
    let mut commands: Vec<(Vec<String>, Output)> = Vec::new();
    let mut open = vec![Vec::new()];
    while let Some(command) = open.pop() {
        let output = help(&command, "--help");
        let (_, listed) = output.stdout.split_once("\nCommands:\n").unwrap_or_default();
        let lines = listed.lines().take_while(|line| !line.is_empty());
        // A description that is long goes on further to the right.
        let names = lines.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
        for name in names
            .filter_map(|line| line.split(' ').next())
            .filter(|name| *name != "help")
        {
            open.push([&command[..], &[name.to_owned()]].concat());
        }
        commands.push((command, output));
    }
    assert!(commands.iter().any(|(command, _)| *command == ["schedule", "print"]));
    commands
}

fn help(command: &[String], option: &str) -> Output {
    let words = command.iter().map(String::as_str).chain([option]);
    run(&words.collect::<Vec<_>>())
}

/// The options that a help has, by their whole names.
pub(crate) fn options(help: &Output) -> Vec<String> {
    let lines = help
        .stdout
        .lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with('-'));
    let option = |line: &str| line.split(' ').find(|word| word.starts_with("--")).map(str::to_owned);
    lines.filter_map(option).collect()
}

#[test]
fn every_command_explains_itself_with_examples() {
    for (command, output) in commands() {
        assert!(output.stdout.contains("\nExamples:\n"), "{output}");
        assert_eq!(output.stdout, help(&command, "-h").stdout);
        // What is below them has the same options again, and few of its own.
        match command.as_slice() {
            [] => insta::assert_snapshot!("help", output),
            [command] => insta::assert_snapshot!(format!("help_{command}"), output),
            _ => {}
        }
    }
}

#[test]
fn the_readme_names_every_option() {
    let readme = include_str!("../../../README.md");
    for (command, help) in commands() {
        for option in options(&help) {
            let names = [format!("`{option}`"), format!("`{option} ")];
            assert!(names.iter().any(|name| readme.contains(name)), "{command:?} {option}");
        }
    }
}

#[test]
fn it_says_its_version() {
    for arguments in [
        &["--version"][..],
        &["-V"],
        &["--version", "upload"],
        &["upload", "okta", "--version"],
    ] {
        let version = run(arguments);
        assert_eq!(version.code, Some(0), "{version}");
        assert_eq!(
            version.stdout,
            format!("oomnitza-connector {}\n", env!("CARGO_PKG_VERSION"))
        );
    }
}

#[test]
fn a_mistyped_option_is_recognised() {
    insta::assert_snapshot!(run(&["upload", "okta", "--testmod", "--jsn"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: unexpected argument '--jsn' found
    Usage: oomnitza-connector upload --testmode --json <CONNECTORS>...
    hint: a similar argument exists: '--json'
    ");
}

/// `-- -5` would make the name of a section of it, or of a file.
#[test]
fn what_is_no_option_is_not_said_to_be_a_value() {
    for arguments in [
        &["upload", "okta", "-5"][..],
        &["upload", "okta", "--nonsense"],
        &["--ini", "-x.ini", "upload", "okta"],
        &["upload", "--nonsense=1", "okta"],
        &["validate", "-x"],
        &["secret", "set", "okta", "--nonsense"],
        &["schedule", "print", "okta", "--nonsense"],
        &["generate-ini", "-c"],
    ] {
        let output = run(arguments);
        assert_eq!(output.code, Some(2), "{output}");
        assert!(
            !output.stderr.contains("'-- ") && !output.stderr.contains(" -- "),
            "{output}"
        );
        assert_eq!(output.stderr.matches("hint: ").count(), 1, "{output}");
    }
}

#[test]
fn an_unknown_command_is_refused() {
    insta::assert_snapshot!(run(&["uplaod", "okta"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: unrecognized subcommand 'uplaod'
    Usage: oomnitza-connector [OPTIONS] <COMMAND>
    hint: a similar subcommand exists: 'upload'
    ");
}

#[test]
fn a_record_count_must_be_a_number_above_zero() {
    insta::assert_snapshot!(run(&["upload", "okta", "--record-count", "0"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: invalid value '0' for '--record-count <N>': it is a whole number from 1
    hint: `--help` explains every command and option
    ");
    insta::assert_snapshot!(run(&["upload", "okta", "--record-count", "five"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: invalid value 'five' for '--record-count <N>': it is a whole number from 1
    hint: `--help` explains every command and option
    ");
}

/// Said before the file is looked for: naming the file would not help.
#[test]
fn upload_without_a_name_says_what_is_missing() {
    insta::assert_snapshot!(run(&["upload"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: no section is named
    hint: name the sections to run, for example `oomnitza-connector upload okta`
    ");
}

#[test]
fn check_without_a_name_says_what_is_missing() {
    insta::assert_snapshot!(run(&["check"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: no section is named
    hint: name the sections to run, for example `oomnitza-connector check okta`
    ");
}

/// An option that could be two is refused, as the old program refused it.
#[test]
fn an_option_that_is_shortened_too_far() {
    insta::assert_snapshot!(run(&["upload", "okta", "--c"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: a value is required for '--connectors <DIR>' but none was supplied
    hint: `--help` explains every command and option
    ");
    insta::assert_snapshot!(run(&["generate-ini", "--c"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: '--c' could be '--comments' or '--connectors'
    hint: write out the one that is meant
    ");
}

#[test]
fn nothing_that_was_typed_reaches_the_terminal_as_control() {
    insta::assert_snapshot!(run(&["upload", "okta", "--x\u{1b}[2J\u{9b}"]), @r#"
    exit: 2
    ----- stdout
    ----- stderr
    error: unexpected argument '--x\u{1b}[2J\u{9b}' found
    Usage: oomnitza-connector upload <CONNECTORS>...
    hint: `--help` explains every command and option
    "#);
    insta::assert_snapshot!(run(&["\u{1b}]0;title\u{7}"]), @r#"
    exit: 2
    ----- stdout
    ----- stderr
    error: unrecognized subcommand '\u{1b}]0;title\u{7}'
    Usage: oomnitza-connector [OPTIONS] <COMMAND>
    hint: `--help` explains every command and option
    "#);
}

#[test]
fn the_window_is_not_there_yet() {
    insta::assert_snapshot!(run(&["gui"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: the window is not in this version yet
    hint: `oomnitza-connector generate-ini --comments` writes an ini file that explains itself, for any editor
    ");
}

/// As argparse says it, with the candidates.
#[test]
fn an_option_that_could_be_two_names_both() {
    insta::assert_snapshot!(run(&["--s", "upload", "okta"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: '--s' could be '--show-mappings' or '--save-data'
    hint: write out the one that is meant
    ");
    insta::assert_snapshot!(run(&["upload", "okta", "--jso=1", "--sa"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: '--jso' could be '--json-log' or '--json'
    hint: write out the one that is meant
    ");
}

/// `-- -1` would make a section's name of it.
#[test]
fn a_negative_number_is_a_number() {
    for (arguments, range) in [
        (
            &["upload", "okta", "--record-count", "-1"][..],
            "'--record-count <N>': it is a whole number from 1",
        ),
        (
            &["--jobs", "-1", "upload", "okta"],
            "'--jobs <N>': it is a whole number from 1 to 16",
        ),
        (
            &["demo", "--people", "-1"],
            "'--people <N>': it is a whole number from 1",
        ),
    ] {
        let output = run(arguments);
        assert_eq!(output.code, Some(2), "{output}");
        assert_eq!(
            output.stderr,
            format!("error: invalid value '-1' for {range}\nhint: `--help` explains every command and option\n")
        );
    }
}

#[test]
fn a_name_in_another_encoding_is_said() {
    use std::os::unix::ffi::OsStrExt as _;
    let output = std::process::Command::new(Program::path())
        .arg("upload")
        .arg(std::ffi::OsStr::from_bytes(b"ldap.B\xfcro"))
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: 'ldap.B\u{fffd}ro' is not UTF-8\n\
         hint: write it in UTF-8, as names are in the ini file; a terminal or a file in another encoding, Latin-1 for example, gives other bytes\n"
    );
}

/// Old cron lines have them there, whole or shortened.
#[test]
fn options_stand_before_the_action_as_they_do_after_it() {
    let servers = Servers::with_people(3);
    for (options, is_saved) in [
        (&["--testmode", "--record-count", "2"][..], false),
        (&["--t", "--r", "2"], false),
        (&["--show-mappings"], false),
        (&["--sh"], false),
        (&["--testmode", "--save-data"], true),
        (&["--t", "--sa"], true),
        (&["--t", "--l", "log.json"], false),
    ] {
        let run = |arguments: [&[&str]; 2]| {
            let program = servers.program();
            program.write("log.json", br#"{"version": 1}"#);
            let output = program.run(&arguments.concat());
            assert_eq!(output.code, Some(0), "{output}");
            assert_eq!(program.home().join("saved_data").is_dir(), is_saved, "{output}");
            output.stdout
        };
        let before = run([options, &["upload", "okta"]]);
        assert!(!before.is_empty(), "{options:?}");
        assert_eq!(before, run([&["upload", "okta"], options]), "{options:?}");
    }
    assert!(servers.uploads().is_empty());
}
