//! Several sections in one invocation.

mod limits;
mod locks;
mod progress;

use std::time::Duration;

use oomnitza_connector::standin::oomnitza::{Call, Fault, Oomnitza, Settings};
use oomnitza_connector::standin::{Trouble, okta};
use oomnitza_tests::{Output, Program};

/// Okta organisations, each a section `[okta.A]`, `[okta.B]` and so on, and one Oomnitza.
struct Organisations {
    okta: Vec<okta::Okta>,
    oomnitza: Oomnitza,
    program: Program,
}

/// The sections' names.
const NAMES: [&str; 5] = ["okta.A", "okta.B", "okta.C", "okta.D", "okta.E"];

impl Organisations {
    /// So many, with people each, and further lines in `[oomnitza]`.
    fn start(count: usize, people: u64, latency: Duration, lines: &str) -> Self {
        // All have the same people, and which of them is uploaded by whom is of no interest here.
        let oomnitza = Oomnitza::start(Settings {
            latency,
            keep_bodies: false,
            ..Settings::default()
        })
        .unwrap();
        let settings = okta::Settings {
            people,
            ..okta::Settings::default()
        };
        let okta: Vec<okta::Okta> = (0..count)
            .map(|_| okta::Okta::start(settings.clone()).unwrap())
            .collect();
        let mut ini = format!(
            "[oomnitza]\nurl = {}\napi_token = stand-in-token\n{lines}\n",
            oomnitza.url()
        );
        for (name, organisation) in NAMES.iter().zip(&okta) {
            ini.push_str(&format!(
                "\n[{name}]\nenable = True\nurl = {}\napi_token = stand-in-token\ndefault_role = 25\ndefault_position = Employee\n",
                organisation.url()
            ));
        }
        let program = Program::with(&ini);
        Self {
            okta,
            oomnitza,
            program,
        }
    }

    /// `upload` of all of them, with further arguments.
    fn arguments<'a>(&self, more: &[&'a str]) -> Vec<&'a str> {
        let names = &NAMES[..self.okta.len()];
        ["upload"].iter().chain(names).chain(more).copied().collect()
    }

    /// How many requests an organisation has had.
    fn asked(&self, index: usize) -> usize {
        self.okta[index].ledger().requests.len()
    }
}

/// Sections and states of the JSON reports, in the order in which they were printed.
fn told(output: &Output) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let reports = output.reports();
    reports
        .iter()
        .map(|report| (text(&report["section"]), text(&report["status"])))
        .collect()
}

#[test]
fn sections_run_side_by_side_and_are_told_in_the_order_asked() {
    let servers = Organisations::start(3, 20, Duration::ZERO, "");
    // The first one ends last.
    servers.okta[0].inject(1, okta::Fault::Trouble(Trouble::Wait(Duration::from_secs(1))));
    let mut running = servers.program.launch(&servers.arguments(&["--json"]));
    running.wait_until("the two others arrive", || servers.oomnitza.ledger().records == 40);
    assert_eq!(servers.asked(0), 1, "the first one is still being answered");
    let output = running.end();
    assert_eq!(output.code, Some(0), "{output}");
    let done = NAMES[..3].iter().map(|name| ((*name).to_owned(), "done".to_owned()));
    assert_eq!(told(&output), done.collect::<Vec<_>>(), "{output}");
    insta::assert_snapshot!(output.without_stdout(), @"
    exit: 0
    ----- stdout
    ----- stderr
    [okta.A] 20 records sent in [TIME]
      read 20 = sent 20 + filtered 0 + rejected 0 + failed 0
    [okta.B] 20 records sent in [TIME]
      read 20 = sent 20 + filtered 0 + rejected 0 + failed 0
    [okta.C] 20 records sent in [TIME]
      read 20 = sent 20 + filtered 0 + rejected 0 + failed 0
    3 sections: read 60, sent 60
    ");
}

#[test]
fn no_more_run_at_once_than_jobs_says_and_one_job_is_the_old_order() {
    for jobs in ["1", "2"] {
        let servers = Organisations::start(3, 20, Duration::ZERO, "");
        for okta in &servers.okta[..2] {
            okta.inject(1, okta::Fault::Trouble(Trouble::Wait(Duration::from_millis(300))));
        }
        let mut running = servers.program.launch(&servers.arguments(&["--jobs", jobs]));
        running.wait_until("the first one asks", || servers.asked(0) == 1);
        if jobs == "1" {
            running.wait_until("the second one asks", || servers.asked(1) == 1);
            assert_eq!(servers.oomnitza.ledger().records, 20, "the first one was done before");
        } else {
            running.wait_until("the second one asks", || servers.asked(1) == 1);
            assert_eq!((servers.oomnitza.ledger().records, servers.asked(2)), (0, 0));
        }
        let output = running.end();
        assert_eq!(
            (output.code, servers.oomnitza.ledger().records),
            (Some(0), 60),
            "{output}"
        );
    }
    for jobs in ["0", "17", "many"] {
        let output = Program::bare().run(&["upload", "okta", "--jobs", jobs]);
        assert_eq!(output.code, Some(2), "{output}");
        let expected = format!("error: invalid value '{jobs}' for '--jobs <N>': it is a whole number from 1 to 16");
        assert!(output.stderr.starts_with(&expected), "{output}");
    }
}

#[test]
fn by_itself_a_fifth_section_waits() {
    let servers = Organisations::start(5, 20, Duration::ZERO, "");
    for okta in &servers.okta[..4] {
        okta.inject(1, okta::Fault::Trouble(Trouble::Wait(Duration::from_secs(600))));
    }
    let mut running = servers.program.launch(&servers.arguments(&["--json"]));
    running.wait_until("four ask", || (0..4).all(|index| servers.asked(index) == 1));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(servers.asked(4), 0);
    running.signal("TERM");
    assert_eq!(running.end().code, Some(3));
    assert_eq!(servers.asked(4), 0);
}

#[test]
fn one_failing_section_changes_the_exit_code_and_nothing_else() {
    for jobs in ["1", "4"] {
        let servers = Organisations::start(4, 20, Duration::ZERO, "");
        servers.okta[1].inject(1, okta::Fault::Echo);
        let output = servers.program.run(&servers.arguments(&["--json", "--jobs", jobs]));
        assert_eq!(output.code, Some(1), "{output}");
        let told = told(&output);
        let states: Vec<&str> = told.iter().map(|(_, status)| status.as_str()).collect();
        assert_eq!(states, ["done", "failed", "done", "done"], "{output}");
        assert_eq!(servers.oomnitza.ledger().records, 60);
        assert!(
            output
                .stderr
                .ends_with("4 sections, 1 of them with an error: read 60, sent 60\n"),
            "{output}"
        );
    }
}

#[test]
fn a_signal_stops_all_of_them_well() {
    let servers = Organisations::start(3, 100_000, Duration::from_millis(20), "");
    let mut running = servers.program.launch(&servers.arguments(&["--json", "--jobs", "2"]));
    running.wait_until("both upload", || {
        servers.oomnitza.ledger().records > 1_000 && servers.asked(0) > 2 && servers.asked(1) > 2
    });
    running.signal("TERM");
    let output = running.end();
    assert_eq!(output.code, Some(3), "{output}");
    let told = told(&output);
    assert!(
        told.len() == 3 && told.iter().all(|(_, status)| status == "interrupted"),
        "{output}"
    );
    let counts = |name: &str| -> u64 {
        output
            .reports()
            .iter()
            .map(|report| report[name].as_u64().unwrap())
            .sum()
    };
    assert_eq!(counts("sent"), servers.oomnitza.ledger().records, "{output}");
    assert_eq!(counts("read"), counts("sent") + counts("failed"), "{output}");
    assert_eq!(servers.asked(2), 0, "the third one had not begun");
}

#[test]
fn previews_are_shown_one_after_the_other() {
    let servers = Organisations::start(2, 300, Duration::ZERO, "");
    servers.okta[0].inject(2, okta::Fault::Trouble(Trouble::Wait(Duration::from_millis(200))));
    let output = servers.program.run(&servers.arguments(&["--testmode", "--json"]));
    assert_eq!(output.code, Some(0), "{output}");
    let reports: Vec<usize> = (0..)
        .zip(output.stdout.lines())
        .filter(|(_, line)| line.starts_with("{\"section\""))
        .map(|(at, _)| at)
        .collect();
    assert_eq!(reports, [3, 7], "three requests, a report, three requests, a report");
}

#[test]
fn a_section_that_is_named_twice_runs_once() {
    let servers = Organisations::start(2, 20, Duration::ZERO, "");
    let output = servers.program.run(&["upload", "okta.B", "okta.A", "okta.B"]);
    assert_eq!(servers.oomnitza.ledger().records, 40);
    insta::assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    ----- stderr
    warning: [okta.B] is named more than once and runs once
    [okta.B] 20 records sent in [TIME]
      read 20 = sent 20 + filtered 0 + rejected 0 + failed 0
    [okta.A] 20 records sent in [TIME]
      read 20 = sent 20 + filtered 0 + rejected 0 + failed 0
    2 sections: read 40, sent 40
    ");
}

/// Nothing is uploaded before the source has been asked; the first call of Oomnitza serves all sections.
#[test]
fn all_sections_share_one_sign_in() {
    let servers = Organisations::start(4, 20, Duration::ZERO, "");
    servers.oomnitza.inject(Fault::Next {
        call: Call::SignIn,
        times: 1,
        trouble: Trouble::Status(401, None),
    });
    let output = servers.program.run(&servers.arguments(&[]));
    assert_eq!(output.code, Some(1), "{output}");
    assert_eq!(servers.oomnitza.ledger().requests.len(), 1);
    assert_eq!((0..4).map(|index| servers.asked(index)).sum::<usize>(), 0);
}

/// What was known of a section before is not lost because Oomnitza is not there.
#[test]
fn without_a_sign_in_each_section_has_its_report() {
    let servers = Organisations::start(2, 20, Duration::ZERO, "");
    let ini = servers.program.home().join("config.ini");
    let wrong = "\n[okta.Wrong]\nenable = True\nurl = https://example.okta.com\n\n\
        [okta.Gone]\nenable = True\nurl = https://example.okta.com\napi_token_file = gone\ndefault_role = 25\ndefault_position = x\n";
    let ini_text = std::fs::read_to_string(&ini).unwrap() + wrong;
    std::fs::write(&ini, ini_text).unwrap();
    servers.oomnitza.inject(Fault::Next {
        call: Call::SignIn,
        times: 1,
        trouble: Trouble::Status(401, None),
    });
    let output = servers
        .program
        .run(&servers.arguments(&["okta.Wrong", "okta.Gone", "--json"]));
    assert_eq!(output.code, Some(1), "{output}");
    let reports = output.reports();
    let messages = reports.iter().map(|report| {
        let message = report["error"]["message"].as_str().unwrap_or_default();
        (
            report["section"].as_str().unwrap_or_default(),
            report["status"].as_str().unwrap_or_default(),
            message,
        )
    });
    let refused = "[oomnitza] cannot be used: Oomnitza did not accept the API token (401): injected";
    let expected = [
        ("okta.A", "failed", refused),
        ("okta.B", "failed", refused),
        (
            "okta.Wrong",
            "failed",
            "config.ini:20: [okta.Wrong] api_token: is missing (and 2 more)",
        ),
        (
            "okta.Gone",
            "failed",
            "config.ini:27: [okta.Gone] api_token_file: there is no file `gone`",
        ),
    ];
    assert_eq!(messages.collect::<Vec<_>>(), expected);
    // People are told once.
    assert_eq!(
        output.stderr.matches("did not accept the API token").count(),
        1,
        "{output}"
    );
}
