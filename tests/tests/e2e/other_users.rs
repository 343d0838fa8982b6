//! The program as a user of its own, whom permissions bind as they do not bind root.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use oomnitza_tests::{Program, Servers};

fn permit(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Runs it in this home, which the user may look into, after a line for the shell.
fn run(program: &Program, user: &str, before: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let home = program.home();
    permit(home, 0o755);
    // Where it was built that user may not get to.
    let copy = home.join("oomnitza-connector");
    // By a process of its own: what this one has open to write, a test beside it may hand on to its child, and then it cannot be run.
    let copied = Command::new("cp").arg(Program::path()).arg(&copy).status().unwrap();
    assert!(copied.success());
    permit(&copy, 0o755);
    let Output { status, stderr, .. } = Command::new("setpriv")
        .args(["--reuid", user, "--regid", user, "--clear-groups", "sh", "-c"])
        .args([format!("{before}\nexec ./oomnitza-connector \"$@\"").as_str(), "sh"])
        .args(arguments)
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("RUST_LOG", "warn")])
        .env("HOME", home)
        .current_dir(home)
        .output()
        .unwrap_or_else(|error| panic!("setpriv: {error}: run `make setup`, and the tests as root"));
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

#[test]
fn what_may_not_be_read_is_told_with_the_remedy() {
    let program = Program::with(
        "[oomnitza]\nurl = https://acme.oomnitza.com\napi_token = a-test-token\n\n[okta]\nenable = True\n",
    );
    let ini = program.home().join("config.ini");
    permit(&ini, 0o600);
    for arguments in [
        &["upload", "okta"][..],
        &["check", "okta"],
        &["schedule", "print", "okta", "--at", "02:30"],
    ] {
        let told = run(&program, "61001", "", arguments);
        let expected = "error: config.ini: cannot be read: Permission denied (os error 13)\n\
                        hint: let the user that runs this program read it, for example with `chmod u+r` or `chown`\n";
        assert_eq!(told, (Some(2), expected.to_owned()), "{arguments:?}");
    }
    permit(&ini, 0o644);
    std::fs::create_dir(program.home().join("private")).unwrap();
    permit(&program.home().join("private"), 0o700);
    for arguments in [&["upload", "okta"][..], &["schedule", "print", "okta", "--at", "02:30"]] {
        let told = run(
            &program,
            "61001",
            "",
            &[arguments, &["--connectors", "private"]].concat(),
        );
        let expected = "error: private: cannot be read as the connectors directory: Permission denied (os error 13)\n\
                        hint: name a directory that is there, and that this program may read, with --connectors\n";
        assert_eq!(told, (Some(2), expected.to_owned()), "{arguments:?}");
    }
}

#[test]
fn a_home_that_may_not_be_written_keeps_nothing_from_arriving() {
    let servers = Servers::with_people(3);
    let program = servers.program();
    permit(&program.home().join("config.ini"), 0o644);
    let (code, said) = run(&program, "61002", "", &["upload", "okta"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("the section runs without a lock in ")
            && said.contains("/.local/state/oomnitza-connector/locks (Permission denied (os error 13))")
            && said
                .contains("let the user that runs this program write there, or name another place with XDG_STATE_HOME"),
        "{said}"
    );
    servers.assert_arrived(0..3);
    let (code, said) = run(
        &program,
        "61002",
        "exec </dev/null",
        &["secret", "set", "okta", "--file"],
    );
    let expected = format!(
        "error: `{}/.config/oomnitza-connector/secrets` cannot be made: Permission denied (os error 13)\n\
         hint: let the user that runs this program write there\n",
        program.home().display()
    );
    assert_eq!((code, said), (Some(2), expected));
}

/// What no section is to blame for, here a machine that gives no thread: the runtime panics.
#[test]
fn a_panic_outside_of_a_section_ends_as_any_defect() {
    let program = Program::with("[oomnitza]\n");
    permit(&program.home().join("config.ini"), 0o644);
    for (arguments, code) in [(&["validate"][..], 70), (&["validate", "--exit-zero"], 0)] {
        let (ended, said) = run(&program, "61003", "ulimit -p 1", arguments);
        assert_eq!(ended, Some(code), "{said}");
        assert!(
            said.contains("\nerror: this program made a mistake: ") && said.ends_with("\nhint: please report this\n"),
            "{said}"
        );
    }
}
