//! `secret`: secrets are set, listed and deleted, and what is typed is not shown.

use std::io::Write as _;
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use oomnitza_tests::{Program, eventually};

#[test]
fn secrets_are_set_shown_on_purpose_listed_and_deleted() {
    let program = Program::bare();
    let set = |name: &str, value: &str| program.run_with_input(&["secret", "set", name], value);
    let mut told = String::new();
    for output in [
        program.run(&["secret", "list"]),
        set("okta", "hidden-value\n"),
        set("b", "x"),
        set("empty", "\n"),
        // Told by its name, before a value was looked at.
        set("a/b", ""),
        program.run(&["secret", "list"]),
        program.run(&["secret", "get", "okta"]),
        program.run(&["secret", "get", "okta", "--show"]),
        program.run(&["secret", "get", "none"]),
        program.run(&["secret", "delete", "okta"]),
        program.run(&["secret", "delete", "okta"]),
        program.run(&["secret", "set", "okta", "hidden-on-the-command-line"]),
        program.run(&["secret", "set", "okta", "--hidden=value"]),
    ] {
        told.push_str(&format!("{output}\n"));
    }
    assert!(
        !told.contains("hidden-on") && told.matches("hidden-value").count() == 1,
        "{told}"
    );
    assert_snapshot!(told);
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &str| {
        std::fs::metadata(program.home().join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode(".config/oomnitza-connector/secrets"), 0o700);
    assert_eq!(mode(".config/oomnitza-connector/secrets/b.secret"), 0o600);
}

#[test]
fn what_cannot_be_a_secret_is_told_with_what_can() {
    let program = Program::bare();
    for (given, what) in [
        ("first\nsecond\n".to_owned(), "holds a line break"),
        ("a\u{1b}[A".to_owned(), "holds a control character"),
        ("x".repeat((64 << 10) + 1), "is longer than 64 KiB"),
        ("\n".to_owned(), "is empty"),
    ] {
        let output = program.run_with_input(&["secret", "set", "okta"], &given);
        assert_eq!(output.code, Some(2), "{output}");
        assert_eq!(
            output.stderr,
            format!(
                "error: what was given as the secret {what}\nhint: give it on standard input, or type it, and nothing else with it: a line of text in UTF-8, of 64 KiB at most\n"
            )
        );
    }
}

#[test]
fn a_name_that_there_is_not_is_told_with_those_that_there_are() {
    let program = Program::bare();
    for name in ["okta", "b"] {
        program.run_with_input(&["secret", "set", name, "--file"], "hidden-value");
    }
    for arguments in [&["secret", "get", "nope"][..], &["secret", "delete", "nope"]] {
        let output = program.run(arguments);
        assert_eq!(output.code, Some(2), "{output}");
        assert!(
            output
                .stderr
                .ends_with("\nhint: the secrets that are kept are called `b`, `okta`\n"),
            "{output}"
        );
    }
}

/// Nothing is kept where it would be refused as soon as it is wanted, and nobody types it in vain.
#[test]
fn a_directory_that_others_may_look_into_takes_no_secret() {
    use std::os::unix::fs::PermissionsExt as _;
    let program = Program::bare();
    let directory = program.home().join(".config/oomnitza-connector/secrets");
    std::fs::create_dir_all(&directory).unwrap();
    let mode = |mode| std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o777);
    for option in [&["--file"][..], &[]] {
        let output = program.run_with_input(&[&["secret", "set", "okta"], option].concat(), "hidden-value");
        let shown = directory.display();
        let expected = format!(
            "error: others may look into the directory `{shown}` (mode 777), and nothing is kept there\nhint: run `chmod 700 {shown}`\n"
        );
        assert_eq!((output.code, output.stderr.as_str()), (Some(2), expected.as_str()));
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0);
    }
    mode(0o700);
    let output = program.run_with_input(&["secret", "set", "okta"], "hidden-value");
    assert_eq!(output.code, Some(0), "{output}");
}

#[test]
fn without_a_home_no_secret_is_kept() {
    let output = Program::bare().env("HOME", "").run(&["secret", "list"]);
    assert_eq!(
        (output.code, output.stderr.as_str()),
        (
            Some(2),
            "error: there is no place where secrets could be kept\nhint: set HOME, or XDG_CONFIG_HOME\n"
        )
    );
}

#[test]
fn what_is_typed_at_a_terminal_is_not_shown() {
    let program = Program::bare();
    let command = format!("tty > terminal; exec {} secret set okta", Program::path().display());
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .env("HOME", program.home())
        // Not into the keyring of whoever runs this.
        .env("XDG_RUNTIME_DIR", program.home())
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .current_dir(program.home())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script of util-linux can be run");
    // The terminal itself shows what comes before the program has asked.
    eventually("the terminal shows no more what is typed", || {
        let terminal = std::fs::read_to_string(program.home().join("terminal")).unwrap_or_default();
        let settings = Command::new("stty")
            .args(["-a", "-F", terminal.trim()])
            .output()
            .unwrap();
        String::from_utf8_lossy(&settings.stdout).contains(" -echo ")
    });
    child.stdin.take().unwrap().write_all(b"typed-secret\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && shown.contains("which is not shown: "),
        "{shown}"
    );
    assert!(
        shown.contains("is kept in a file, 12 characters") && !shown.contains("typed-secret"),
        "{shown}"
    );
    assert_eq!(
        program.run(&["secret", "get", "okta", "--show"]).stdout,
        "typed-secret\n"
    );
}

/// Whoever gives up at the prompt has a terminal that shows again what is typed, and the secret is as it was.
#[test]
fn a_prompt_that_is_interrupted_leaves_the_terminal_as_it_was() {
    for signal in ["^C", "INT", "TERM", "HUP"] {
        let program = Program::bare();
        let script = format!(
            "tty > terminal\nsh -c 'echo $$ > pid; exec {} secret set okta'\necho $? > code\nstty -a > after\n",
            Program::path().display()
        );
        program.write("ask.sh", script.as_bytes());
        let mut child = Command::new("script")
            .args(["--quiet", "--return", "--command", "sh ask.sh", "/dev/null"])
            .env("HOME", program.home())
            .env("XDG_RUNTIME_DIR", program.home())
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .current_dir(program.home())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script of util-linux can be run");
        let read = |name: &str| std::fs::read_to_string(program.home().join(name)).unwrap_or_default();
        eventually("the terminal shows no more what is typed", || {
            let settings = Command::new("stty")
                .args(["-a", "-F", read("terminal").trim()])
                .output();
            String::from_utf8_lossy(&settings.unwrap().stdout).contains(" -echo ")
        });
        let mut stdin = child.stdin.take().unwrap();
        if signal == "^C" {
            stdin.write_all(b"abc\x03").unwrap();
        } else {
            let killed = Command::new("kill").args(["-s", signal, read("pid").trim()]).status();
            assert!(killed.unwrap().success());
        }
        eventually("the shell goes on", || read("after").contains("echo"));
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(read("code"), "3\n", "{signal}: {shown}");
        let after = read("after");
        assert!(
            after.contains(" echo ") && after.contains(" icanon ") && after.contains("isig "),
            "{signal}: {after}"
        );
        assert!(
            shown.contains("interrupted; the secret was not changed") && shown.contains("hint: run it again"),
            "{signal}: {shown}"
        );
        assert_eq!(program.run(&["secret", "list"]).stdout, "", "{signal}");
    }
}
