//! Completions and man pages: made of the same definitions as the help, and taken by those who read them.

use std::process::Command;

use oomnitza_tests::Program;

/// What every command has of its own.
const COMMANDS: [(&str, &str); 3] = [
    ("upload", "--testmode"),
    ("generate-ini", "--comments"),
    ("demo", "--people"),
];

#[test]
fn completions_name_every_command_and_option() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = Program::bare().run(&["completions", shell]);
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{shell}");
        for (command, option) in COMMANDS {
            let option = if shell == "fish" { &option[2..] } else { option };
            assert!(
                output.stdout.contains(command) && output.stdout.contains(option),
                "{shell}: {command} {option}"
            );
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
    for (command, option) in COMMANDS {
        let page = program.run(&["man", command]).stdout;
        for part in [
            format!("oomnitza\\-connector\\-{}", roff(command)),
            roff(option),
            "Examples:".to_owned(),
        ] {
            assert!(page.contains(&part), "{command}: {part}\n{page}");
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
            "error: standard output cannot be written to: No space left on device (os error 28)\n"
        );
    }
}
