//! Being stopped: what is under way is finished, the report adds up, and nobody waits longer than needed.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use oomnitza_connector::standin::oomnitza::{Call, Fault, Settings};
use oomnitza_connector::standin::{Trouble, okta};
use oomnitza_tests::{Output, Program, Running, Servers, eventually};

/// An answer that no test waits for.
const NEVER: Duration = Duration::from_secs(600);

/// Far below any time-out, far above what a busy machine takes.
const SOON: Duration = Duration::from_secs(25);

/// Sends the signal, and waits for the end, which must come soon and with exit code 3.
fn stop(running: Running, signal: &str) -> Output {
    let started = Instant::now();
    running.signal(signal);
    let output = running.end();
    assert_eq!(output.code, Some(3), "{output}");
    assert!(started.elapsed() < SOON, "{:?}\n{output}", started.elapsed());
    output
}

#[test]
fn a_signal_ends_the_reading_and_what_is_under_way_arrives() {
    for signal in ["TERM", "INT", "HUP"] {
        let settings = Settings {
            latency: Duration::from_millis(20),
            ..Settings::default()
        };
        let servers = Servers::start(
            okta::Settings {
                people: 100_000,
                ..okta::Settings::default()
            },
            settings,
        );
        let mut running = servers.program().launch(&["upload", "okta", "--json"]);
        running.wait_until("a few uploads", || servers.uploads().len() > 5);
        let output = stop(running, signal);
        let [read, sent, filtered, rejected, failed] = output.counts();
        assert_eq!(output.report()["status"], "interrupted", "{output}");
        assert!(sent > 500 && read < 100_000, "{output}");
        // A page that was read while the signal came may stay behind, and is counted.
        assert_eq!((filtered, rejected, read - sent), (0, 0, failed), "{output}");
        servers.assert_arrived(0..sent);
        let said = &output.stderr;
        assert!(
            said.contains("stopping: nothing more is read, and uploads that are under way are finished"),
            "{said}"
        );
        assert!(
            said.ends_with("[okta] interrupted; it is safe to run it again\n"),
            "{said}"
        );
    }
}

#[test]
fn sections_that_have_not_begun_are_told_to_have_been_interrupted() {
    let servers = Servers::with_people(200);
    let program = servers.program();
    let ini = std::fs::read_to_string(program.home().join("config.ini")).unwrap();
    let (_, section) = ini.split_once("[okta]").unwrap();
    program.write("config.ini", format!("{ini}\n[okta.Second]{section}").as_bytes());
    let trouble = Trouble::Wait(Duration::from_secs(2));
    servers.oomnitza.inject(Fault::Next {
        call: Call::Upload,
        times: 1,
        trouble,
    });
    let mut running = program.launch(&["upload", "okta", "okta.Second", "--jobs", "1"]);
    running.wait_until("an upload", || !servers.uploads().is_empty());
    let output = stop(running, "TERM");
    servers.assert_arrived(0..200);
    assert_snapshot!(output, @"
    exit: 3
    ----- stdout
    ----- stderr
    stopping: nothing more is read, and uploads that are under way are finished (once more to end at once)
    [okta] 200 records sent in [TIME]
      read 200 = sent 200 + filtered 0 + rejected 0 + failed 0
    [okta] interrupted; it is safe to run it again
    [okta.Second] 0 records sent in [TIME]
      read 0 = sent 0 + filtered 0 + rejected 0 + failed 0
    [okta.Second] interrupted; it is safe to run it again
    2 sections: read 200, sent 200
    ");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let servers = Servers::with_people(200);
    servers.oomnitza.inject(Fault::Next {
        call: Call::Upload,
        times: u64::MAX,
        trouble: Trouble::Wait(NEVER),
    });
    let mut running = servers.program().launch(&["upload", "okta"]);
    running.wait_until("an upload", || !servers.uploads().is_empty());
    running.signal("TERM");
    running.wait_to_say("stopping");
    assert_snapshot!(stop(running, "TERM"), @"
    exit: 3
    ----- stdout
    ----- stderr
    stopping: nothing more is read, and uploads that are under way are finished (once more to end at once)
    ");
}

#[test]
fn uploads_that_do_not_end_are_given_up_after_the_grace() {
    let servers = Servers::with_people(200);
    servers.oomnitza.inject(Fault::Next {
        call: Call::Upload,
        times: u64::MAX,
        trouble: Trouble::Wait(NEVER),
    });
    let program = servers.program().env("OOMNITZA_STOP_GRACE_MS", "50");
    let mut running = program.launch(&["upload", "okta"]);
    running.wait_until("both uploads", || servers.uploads().len() == 2);
    assert_snapshot!(stop(running, "TERM"), @r#"
    exit: 3
    ----- stdout
    ----- stderr
    stopping: nothing more is read, and uploads that are under way are finished (once more to end at once)
    WARNING - uploads did not end within 50ms and are given up
    [okta] 0 records sent in [TIME]
      read 200 = sent 0 + filtered 0 + rejected 0 + failed 200
    [okta] interrupted; it is safe to run it again
    "#);
}

#[test]
fn an_oomnitza_that_does_not_answer_at_the_start_is_not_waited_for() {
    for call in [Call::SignIn, Call::Mappings] {
        let servers = Servers::with_people(200);
        servers.oomnitza.inject(Fault::Next {
            call,
            times: 1,
            trouble: Trouble::Wait(NEVER),
        });
        let mut running = servers.program().launch(&["upload", "okta", "--json"]);
        let requests = if call == Call::SignIn { 1 } else { 2 };
        running.wait_until("the request", || servers.oomnitza.ledger().requests.len() == requests);
        let output = stop(running, "TERM");
        assert_eq!(output.report()["status"], "interrupted", "{output}");
        assert!(servers.okta.ledger().requests.is_empty());
    }
}

#[test]
fn a_source_that_makes_everybody_wait_is_not_waited_for() {
    let rate_limit = okta::Fault::RateLimit {
        resets_in: NEVER,
        clock_ahead: Duration::ZERO,
    };
    let retry_after = okta::Fault::Trouble(Trouble::Status(503, Some("600".to_owned())));
    for fault in [rate_limit, retry_after, okta::Fault::Trouble(Trouble::Wait(NEVER))] {
        let servers = Servers::with_people(450);
        servers.okta.inject(2, fault);
        let mut running = servers.program().launch(&["upload", "okta", "--json"]);
        running.wait_until("the first page in Oomnitza", || {
            servers.oomnitza.ledger().records == 200
        });
        running.wait_until("the second page asked for", || {
            servers.okta.ledger().requests.len() == 2
        });
        let output = stop(running, "TERM");
        assert_eq!(output.counts(), [200, 200, 0, 0, 0], "{output}");
        servers.assert_arrived(0..200);
    }
}

/// Runs it to its end with a reader of its standard output that goes away after so many lines.
fn with_reader_of(program: &Program, arguments: &[&str], lines: usize) -> (Option<i32>, String) {
    let mut child = program.start(arguments);
    let stdout = BufReader::new(child.stdout.take().unwrap());
    assert_eq!(stdout.lines().take(lines).filter(Result::is_ok).count(), lines);
    let output = child.wait_with_output().unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn a_reader_who_has_seen_enough_ends_a_preview_quietly() {
    let servers = Servers::with_people(5_000);
    let (code, said) = with_reader_of(&servers.program(), &["upload", "okta", "--testmode"], 3);
    assert_eq!(code, Some(3), "{said}");
    let lines: Vec<&str> = said.lines().collect();
    assert!(
        lines[0].starts_with("[okta] ") && lines[0].contains(" records shown in "),
        "{said}"
    );
    assert_eq!(lines[2..], ["[okta] interrupted; it is safe to run it again"], "{said}");
    servers.assert_no_violations();
}

#[test]
fn an_upload_goes_on_without_anybody_who_reads_its_output() {
    let servers = Servers::with_people(450);
    let program = servers.program().env("RUST_LOG", "info");
    let (code, said) = with_reader_of(&program, &["upload", "okta", "--json"], 0);
    assert_eq!(code, Some(0), "{said}");
    servers.assert_arrived(0..450);

    let servers = Servers::with_people(450);
    let program = servers.program().env("RUST_LOG", "info");
    let mut child = program.start(&["upload", "okta", "--json"]);
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    servers.assert_arrived(0..450);
}

/// The shell of an `ssh` that was dropped sends one, and so does the system.
#[test]
fn a_second_hang_up_is_no_hurry() {
    let servers = Servers::with_people(200);
    servers.oomnitza.inject(Fault::Next {
        call: Call::Upload,
        times: u64::MAX,
        trouble: Trouble::Wait(Duration::from_secs(1)),
    });
    let mut running = servers.program().launch(&["upload", "okta"]);
    running.wait_until("both uploads", || servers.uploads().len() == 2);
    running.signal("HUP");
    running.wait_to_say("stopping");
    let output = stop(running, "HUP");
    assert!(
        output
            .stderr
            .contains("read 200 = sent 200 + filtered 0 + rejected 0 + failed 0"),
        "{output}"
    );
}

#[test]
fn whoever_starts_it_with_nohup_may_hang_up() {
    let settings = Settings {
        latency: Duration::from_millis(20),
        ..Settings::default()
    };
    let people = okta::Settings {
        people: 10_000,
        ..okta::Settings::default()
    };
    let servers = Servers::start(people, settings);
    let program = servers.program();
    let mut child = Command::new("nohup")
        .arg(Program::path())
        .args(["upload", "okta"])
        .current_dir(program.home())
        .env_clear()
        .env("HOME", program.home())
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("an upload", || !servers.uploads().is_empty());
    let killed = Command::new("sh")
        .args(["-c", &format!("kill -s HUP {}", child.id())])
        .status();
    assert!(killed.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    servers.assert_arrived(0..10_000);
}

/// What asks servers and writes nothing does not wait for them, and ends as an upload does.
#[test]
fn a_check_that_is_stopped_says_so() {
    for signal in ["TERM", "INT", "HUP"] {
        let servers = Servers::with_people(3);
        servers.okta.inject(1, okta::Fault::Trouble(Trouble::Wait(NEVER)));
        let mut running = servers.program().launch(&["check", "okta"]);
        running.wait_until("it asks Okta", || !servers.okta.ledger().requests.is_empty());
        let output = stop(running, signal);
        assert!(output.stdout.ends_with("\nok [okta] settings: complete\n"), "{output}");
        assert_eq!(output.stderr, "interrupted; it is safe to run it again\n", "{output}");
    }
    for arguments in [&["check", "okta", "--json"][..], &["upload", "okta", "--show-mappings"]] {
        let servers = Servers::with_people(3);
        servers.oomnitza.inject(Fault::Next {
            call: Call::SignIn,
            times: 1,
            trouble: Trouble::Wait(NEVER),
        });
        let mut running = servers.program().launch(arguments);
        running.wait_until("it signs in", || !servers.oomnitza.ledger().requests.is_empty());
        let output = stop(running, "TERM");
        assert_eq!(
            (output.stdout.as_str(), output.stderr.as_str()),
            ("", "interrupted; it is safe to run it again\n"),
            "{arguments:?}"
        );
    }
}
