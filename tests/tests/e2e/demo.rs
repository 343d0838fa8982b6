//! `demo`: it shows a real upload, and nothing stays of it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use oomnitza_tests::Program;

/// The program with a directory for temporary files.
fn program() -> (Program, PathBuf) {
    let program = Program::bare();
    let temporary = program.home().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let path = temporary.display().to_string();
    (program.env("TMPDIR", &path), temporary)
}

fn inside(directory: &PathBuf) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn nothing_stays_of_it() {
    let (program, temporary) = program();
    let output = program.run(&["demo", "--people", "3"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(
        output.stdout.contains("6 people arrived at the stand-in Oomnitza"),
        "{output}"
    );
    let sections: Vec<&str> = output.stdout.lines().filter(|line| !line.starts_with("  ")).collect();
    assert_eq!(sections[sections.len() - 4..], ["[ldap]", "", "[okta]", ""], "{output}");
    assert!(output.stderr.contains("/tmp/oomnitza-demo-"), "{output}");
    assert_eq!(inside(&temporary), <[PathBuf; 0]>::default());
    let output = program.run_onto("/dev/full", &["demo", "--people", "3"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert_eq!(inside(&temporary), <[PathBuf; 0]>::default());
}

#[test]
fn its_directory_is_its_own_and_goes_when_it_is_stopped() {
    for signal in ["INT", "TERM", "HUP"] {
        let (program, temporary) = program();
        let mut running = program.launch(&["demo", "--people", "1000000"]);
        running.wait_to_say("$ oomnitza-connector upload");
        let [directory] = inside(&temporary).try_into().unwrap();
        let mode = std::fs::metadata(&directory).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let name = directory.display().to_string();
        assert!(!name.ends_with(&format!("-{}", running.id())), "{name}");
        running.signal(signal);
        let output = running.end();
        assert_eq!(output.code, Some(3), "{output}");
        assert_eq!(inside(&temporary), <[PathBuf; 0]>::default());
    }
}

/// The sections run one after the other, so the second has sent nothing yet.
#[test]
fn what_arrived_before_it_was_stopped_is_shown_below_its_own_section() {
    let (program, _) = program();
    let program = program.env("RUST_LOG", "info");
    let mut running = program.launch(&["demo", "--people", "1000000"]);
    running.wait_to_say("sending 100 records to oomnitza");
    running.signal("INT");
    let output = running.end();
    assert_eq!(output.code, Some(3), "{output}");
    let (_, shown) = output
        .stdout
        .split_once("The first of each source:\n\n[ldap]\n")
        .unwrap_or_else(|| panic!("{output}"));
    assert_eq!(shown.trim_end().lines().count(), 3, "{output}");
    assert!(
        !shown.contains("[okta]") && output.stderr.contains("[okta] 0 records sent"),
        "{output}"
    );
}

#[test]
fn a_place_that_is_not_there_is_said_with_the_remedy() {
    let output = Program::bare()
        .env("TMPDIR", "/nowhere")
        .run(&["demo", "--people", "3"]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{output}");
    let (first, rest) = output.stderr.split_once('\n').unwrap();
    assert!(
        first.starts_with("error: /nowhere/oomnitza-demo-") && first.ends_with(" cannot be written"),
        "{output}"
    );
    assert_eq!(
        rest,
        "  Caused by: No such file or directory (os error 2)\nhint: see what keeps this machine from it; TMPDIR names the directory for the demo's file\n"
    );
}
