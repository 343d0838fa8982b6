//! The command line: what it says of itself, and what it says when it is used wrongly.

use oomnitza_tests::{Output, Program};

fn run(arguments: &[&str]) -> Output {
    Program::bare().run(arguments)
}

#[test]
fn without_arguments_it_explains_itself() {
    let output = run(&[]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""));
    assert_eq!(output.stderr, run(&["--help"]).stdout);
}

#[test]
fn every_command_explains_itself_with_examples() {
    insta::assert_snapshot!("help", run(&["--help"]));
    for command in [
        "upload",
        "generate-ini",
        "gui",
        "validate",
        "check",
        "demo",
        "completions",
        "man",
        "schedule",
        "secret",
    ] {
        let output = run(&[command, "--help"]);
        assert!(output.stdout.contains("\nExamples:\n"), "{output}");
        insta::assert_snapshot!(format!("help_{command}"), output);
        assert_eq!(output.stdout, run(&[command, "-h"]).stdout);
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
    error: the following required arguments were not provided:
      <CONNECTORS>...
    Usage: oomnitza-connector check <CONNECTORS>...
    hint: `--help` explains every command and option
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
    error: unexpected argument '--c' found
    Usage: oomnitza-connector generate-ini --comments
    hint: a similar argument exists: '--comments'
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
    hint: to pass '--x\u{1b}[2J\u{9b}' as a value, use '-- --x\u{1b}[2J\u{9b}'
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
