//! What can be done follows from what the system said: nobody is told to permit what is permitted already.

use insta::assert_snapshot;
use oomnitza_tests::Servers;

#[test]
fn a_file_that_is_too_large_is_another_file() {
    let servers = Servers::with_people(1);
    let program = servers.program_with("", "api_token =\napi_token_file = large");
    program.write("large", &[b'x'; (64 << 10) + 1]);
    assert_snapshot!(program.run(&["upload", "okta"]));
    let program = servers.program();
    program.write("large.json", &vec![b' '; (1 << 20) + 1]);
    assert_snapshot!(program.run(&["upload", "okta", "--logging-config", "large.json"]));
}

/// It does not end by itself, and nobody waits for it.
#[test]
fn a_command_that_prints_without_end_is_told_as_that() {
    let servers = Servers::with_people(1);
    let program = servers.program_with("", "api_token =\napi_token_command = yes");
    assert_snapshot!(program.run(&["upload", "okta"]));
}

#[test]
fn a_place_without_locks_and_cursors_is_named() {
    let servers = Servers::with_people(1);
    let program = servers.program_with("", "incremental = True");
    let program = program.env("XDG_STATE_HOME", "/proc");
    let said = program.run(&["upload", "okta"]).stderr;
    for part in [
        "the section runs without a lock in /proc/oomnitza-connector/locks (No such file or directory (os error 2)): nothing keeps another run of it from overlapping with this one; make the directory, or name another place with XDG_STATE_HOME\n",
        "where this run is cannot be kept in /proc/oomnitza-connector/cursors/okta-",
        ".json: No such file or directory (os error 2); the next run reads more than it has to; make the directory\n",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let program = program.env("XDG_STATE_HOME", "").env("HOME", "");
    assert_snapshot!(program.run(&["upload", "okta"]));
}
