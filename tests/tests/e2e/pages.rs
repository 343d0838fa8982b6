//! Completions and man pages: made of the same definitions as the help, and taken by those who read them.

use std::process::Command;

use oomnitza_tests::Program;

use crate::command_line::{commands, options};

#[test]
fn completions_name_every_command_and_option() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = Program::bare().run(&["completions", shell]);
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{shell}");
        for (command, help) in commands() {
            for word in command.into_iter().chain(options(&help)) {
                let word = if shell == "fish" {
                    word.trim_start_matches("--")
                } else {
                    &word
                };
                assert!(output.stdout.contains(word), "{shell}: {word}");
            }
        }
    }
}

#[test]
fn bash_completes_what_was_begun() {
    let program = Program::bare();
    let script = program.run(&["completions", "bash"]).stdout;
    program.write("completions.bash", script.as_bytes());
    for (words, expected) in [
        ("oomnitza-connector gen", "generate-ini"),
        ("oomnitza-connector upload --testm", "--testmode"),
    ] {
        let ask = format!(
            "source completions.bash; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _oomnitza__connector oomnitza-connector \"${{COMP_WORDS[COMP_CWORD]}}\" oomnitza-connector; echo \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash")
            .args(["-c", &ask])
            .current_dir(program.home())
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout).trim(),
            expected,
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn man_pages_have_what_the_help_has() {
    let program = Program::bare();
    let page = program.run(&["man"]);
    assert_eq!((page.code, page.stderr.as_str()), (Some(0), ""));
    for part in [
        ".TH oomnitza-connector 1",
        "generate\\-ini",
        "\\-\\-record\\-count",
        "Exit codes: 0 all sent",
    ] {
        assert!(page.stdout.contains(part), "{part}\n{}", page.stdout);
    }
    for (command, help) in commands() {
        let words: Vec<&str> = ["man"].into_iter().chain(command.iter().map(String::as_str)).collect();
        let page = program.run(&words).stdout;
        let name = [&["oomnitza-connector".to_owned()], &command[..]].concat().join("-");
        let parts = options(&help).into_iter().map(|option| roff(&option));
        for part in parts.chain([format!(".TH {name} 1"), "Examples:".to_owned()]) {
            assert!(page.contains(&part), "{command:?}: {part}\n{page}");
        }
    }
}

/// As roff writes it.
fn roff(text: &str) -> String {
    text.replace('-', "\\-")
}

#[test]
fn a_page_that_is_not_there() {
    insta::assert_snapshot!(Program::bare().run(&["man", "uplod"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: there is no command `uplod`
    hint: did you mean `upload`?
    ");
    insta::assert_snapshot!(Program::bare().run(&["man", "schedule", "instal"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: there is no command `instal`
    hint: did you mean `install`?
    ");
    insta::assert_snapshot!(Program::bare().run(&["man", "upload", "okta"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: there is no command `okta`
    hint: `upload` has no commands of its own; leave it out
    ");
    insta::assert_snapshot!(Program::bare().run(&["completions", "tcsh"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: invalid value 'tcsh' for '<SHELL>'
      [possible values: bash, elvish, fish, powershell, zsh]
    hint: a similar value exists: 'zsh'
    ");
}

/// Help is data as well: it is written whole, or the exit code says that it was not.
#[test]
fn a_full_disk_is_said() {
    for arguments in [&["man"][..], &["--help"], &["--version"], &["completions", "zsh"]] {
        let output = Program::bare().run_onto("/dev/full", arguments);
        assert_eq!(output.code, Some(1), "{output}");
        assert_eq!(
            output.stderr,
            "error: standard output cannot be written to: No space left on device (os error 28)\nhint: make room on the disk\n"
        );
    }
}

/// PowerShell and elvish are not in Debian: of theirs only the words are looked at.
#[test]
fn shells_can_read_their_completions() {
    let program = Program::bare();
    for shell in ["bash", "zsh", "fish"] {
        let script = program.run(&["completions", shell]).stdout;
        let path = program.write(&format!("completions.{shell}"), script.as_bytes());
        let read = |path: &std::path::Path| {
            let output = Command::new(shell)
                .arg("-n")
                .arg(path)
                .env("HOME", program.home())
                .output();
            output.unwrap_or_else(|error| panic!("{shell}: {error}: tests/setup.sh installs it"))
        };
        let output = read(&path);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.is_empty(), "{shell}: {said}");
        // It does tell.
        let wrong = program.write("wrong", b"if (\n");
        assert!(!read(&wrong).status.success(), "{shell}");
    }
}
