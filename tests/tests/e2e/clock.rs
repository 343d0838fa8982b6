//! A clock that cannot be right ends every command before it does anything.

use std::path::PathBuf;

use oomnitza_tests::{Output, Servers};

/// Runs with the clock at another time, as Debian's faketime sets it.
fn at(time: &str, arguments: &[&str]) -> Output {
    let servers = Servers::with_people(1);
    let program = servers
        .program()
        .env("LD_PRELOAD", library().to_str().unwrap())
        .env("FAKETIME", time)
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("TZ", "UTC");
    let output = program.run(arguments);
    if output.code != Some(0) {
        assert_eq!(servers.oomnitza.ledger().requests.len(), 0, "{output}");
    }
    output
}

fn library() -> PathBuf {
    let directories = std::fs::read_dir("/usr/lib").unwrap().flatten();
    let mut libraries = directories.map(|directory| directory.path().join("faketime/libfaketime.so.1"));
    libraries
        .find(|library| library.is_file())
        .expect("faketime is there: run tests/setup.sh")
}

#[test]
fn a_time_that_nobody_can_write_down_is_said_and_nothing_else() {
    for arguments in [["upload", "okta"], ["check", "okta"], ["validate", "okta"]] {
        for (time, says) in [
            ("@1960-01-02 03:04:05", "1960-01-02T03:04:05Z"),
            ("+8000y", "a time after the year 9999"),
        ] {
            let output = at(time, &arguments);
            let expected = format!(
                "error: the clock of this machine says {says}\nhint: correct the clock: `date` shows it, and a time service (NTP) keeps it right\n"
            );
            assert_eq!(output.code, Some(2), "{output}");
            assert_eq!(
                (output.stdout.as_str(), output.stderr.as_str()),
                ("", expected.as_str()),
                "{output}"
            );
        }
    }
    let output = at("@2030-01-02 03:04:05", &["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
}
