//! Two runs of one section never overlap.

use oomnitza_connector::standin::Trouble;
use oomnitza_connector::standin::oomnitza::{Call, Fault};
use oomnitza_tests::{Program, Running};
use std::time::Duration;

use super::{NAMES, Organisations, told};

/// Two sections, the first of which is under way and stays so until its run is ended.
fn under_way(arguments: &[&str]) -> (Organisations, Running) {
    let servers = Organisations::start(2, 20, Duration::ZERO, "");
    servers.oomnitza.inject(Fault::Next {
        call: Call::Upload,
        times: 1,
        trouble: Trouble::Wait(Duration::from_secs(600)),
    });
    let mut running = servers.program.launch(&[&["upload", NAMES[0]], arguments].concat());
    let is_upload = |target: &str| target.starts_with("/api/v2/bulk/");
    running.wait_until("it uploads", || {
        servers
            .oomnitza
            .ledger()
            .requests
            .iter()
            .any(|request| is_upload(&request.target))
    });
    (servers, running)
}

/// What it said, with whoever holds the lock named for everybody.
fn settled(output: &oomnitza_tests::Output, holder: u32) -> String {
    let text = output.to_string();
    let Some((before, after)) = text.split_once(&format!("process {holder} on ")) else {
        return text;
    };
    let (host, rest) = after.split_once(", since ").unwrap();
    let (since, rest) = rest.split_once(" GMT").unwrap();
    assert!(
        !host.is_empty() && !host.contains('\n') && since.len() == "Wed, 25 Nov 2026 14:20:07".len(),
        "{text}"
    );
    format!("{before}process [PID] on [HOST], since [TIME]{rest}")
}

#[test]
fn another_run_of_a_section_is_refused_and_the_other_sections_run() {
    let (servers, running) = under_way(&[]);
    let output = servers.program.run(&["upload", "okta.A", "okta.B"]);
    insta::assert_snapshot!(settled(&output, running.id()), @"
    exit: 75
    ----- stdout
    ----- stderr
    error: section [okta.A] did not run: another run of it is under way: process [PID] on [HOST], since [TIME]
    hint: wait until it has ended, or end that process; the lock ends with it, and nothing has to be removed
    [okta.B] 20 records sent in [TIME]
      read 20 = sent 20 + filtered 0 + rejected 0 + failed 0
    2 sections, 1 of them with an error: read 20, sent 20
    ");
    assert_eq!(servers.asked(0), 1, "the source was asked by the first run only");
    let output = servers
        .program
        .run(&["upload", "okta.A", "--record-count", "1", "--json"]);
    assert_eq!(output.code, Some(75), "{output}");
    assert_eq!(told(&output), [("okta.A".to_owned(), "busy".to_owned())]);
}

#[cfg(unix)]
#[test]
fn the_file_is_the_same_by_whatever_path() {
    let (servers, _running) = under_way(&[]);
    let home = servers.program.home();
    std::os::unix::fs::symlink(home.join("config.ini"), home.join("other.ini")).unwrap();
    std::fs::create_dir(home.join("conf")).unwrap();
    let absolute = home.join("config.ini").display().to_string();
    for path in ["other.ini", "conf/../config.ini", &absolute] {
        let output = servers.program.run(&["upload", "okta.A", "--ini", path]);
        assert_eq!(output.code, Some(75), "{path}\n{output}");
    }
    // Another file has sections of its own.
    std::fs::copy(home.join("config.ini"), home.join("copy.ini")).unwrap();
    let output = servers.program.run(&["upload", "okta.A", "--ini", "copy.ini"]);
    assert_eq!(output.code, Some(0), "{output}");
}

#[test]
fn whoever_only_looks_needs_no_lock() {
    let (servers, _running) = under_way(&[]);
    for arguments in [
        &["check", "okta.A"][..],
        &["upload", "okta.A", "--testmode"],
        &["upload", "okta.A", "--show-mappings"],
    ] {
        let output = servers.program.run(arguments);
        assert_eq!(output.code, Some(0), "{arguments:?}\n{output}");
    }
}

#[test]
fn what_a_run_saves_is_not_taken_away_by_another_one() {
    let (servers, _running) = under_way(&["--save-data"]);
    let saved = || {
        let files = servers.program.files();
        files.iter().filter(|file| file.starts_with("saved_data")).count()
    };
    let before = saved();
    assert!(before > 1, "{before}");
    let output = servers.program.run(&["upload", "okta.A", "--testmode", "--save-data"]);
    assert_eq!(output.code, Some(75), "{output}");
    assert!(output.stderr.contains("another run of it is under way"), "{output}");
    assert_eq!(saved(), before);
}

#[test]
fn a_lock_ends_with_its_process_however_that_ends() {
    let (servers, running) = under_way(&[]);
    running.signal("KILL");
    assert_eq!(running.end().code, None);
    let output = servers.program.run(&["upload", "okta.A"]);
    assert_eq!(output.code, Some(0), "{output}");
    let kept: Vec<_> = servers
        .program
        .files()
        .into_iter()
        .filter(|file| file.starts_with(".local/state/oomnitza-connector/locks"))
        .collect();
    assert_eq!(kept.len(), 1, "who held it is forgotten: {kept:?}");
}

#[test]
fn without_a_place_for_locks_the_section_runs_and_it_is_said() {
    let servers = Organisations::start(1, 20, Duration::ZERO, "");
    let program = Program::bare().env("XDG_STATE_HOME", "/dev/null");
    std::fs::copy(
        servers.program.home().join("config.ini"),
        program.home().join("config.ini"),
    )
    .unwrap();
    insta::assert_snapshot!(program.run(&["upload", "okta.A"]), @"
    exit: 0
    ----- stdout
    ----- stderr
    WARNING - the section runs without a lock in /dev/null/oomnitza-connector/locks (Not a directory (os error 20)): nothing keeps another run of it from overlapping with this one; move away what is in its way there, or name another place with XDG_STATE_HOME
    [okta.A] 20 records sent in [TIME]
      read 20 = sent 20 + filtered 0 + rejected 0 + failed 0
    ");
}
