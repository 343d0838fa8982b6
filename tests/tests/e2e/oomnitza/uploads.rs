//! Uploads that go wrong and come right again, and those that do not.

use insta::assert_snapshot;
use oomnitza_connector::standin::oomnitza::{Call, Fault, Settings};
use oomnitza_connector::standin::{Trouble, okta};
use oomnitza_tests::{Output, Servers};

use super::trouble_uploads;

#[test]
fn what_passes_by_itself_is_tried_again_and_loses_nobody() {
    let status = |status, retry_after: Option<&str>| Trouble::Status(status, retry_after.map(str::to_owned));
    for (trouble, times) in [
        (status(503, None), 3),
        (status(503, Some("0")), 3),
        (status(500, None), 3),
        (status(429, None), 3),
        (status(429, Some("0")), 3),
        // The most that nonsense may do is to be passed over.
        (status(429, Some("-1")), 1),
        (status(503, Some("Thu, 01 Jan 1970 00:00:00 GMT")), 1),
        (status(408, None), 1),
        (Trouble::HangUp, 3),
        // It may have been carried out: sending it again does no harm.
        (Trouble::HangUpAfterBody, 3),
        (Trouble::Reset, 3),
        (Trouble::CutBody, 3),
        // A maintenance page is gone soon, or it is no maintenance page.
        (Trouble::Page, 2),
    ] {
        let servers = Servers::with_people(250);
        trouble_uploads(&servers, times, trouble.clone());
        let output = servers
            .program_with("upload_parallel = 1", "")
            .run(&["upload", "okta", "--json"]);
        assert_eq!(output.code, Some(0), "{trouble:?}\n{output}");
        assert_eq!(output.counts(), [250, 250, 0, 0, 0], "{trouble:?}\n{output}");
        assert_eq!(output.report()["upload_retries"], times, "{trouble:?}");
        servers.assert_arrived(0..250);
    }
}

#[test]
fn trouble_is_said_once_and_so_is_its_end() {
    let servers = Servers::with_people(150);
    trouble_uploads(&servers, 3, Trouble::Status(503, None));
    let output = servers.program_with("upload_parallel = 1", "").run(&["upload", "okta"]);
    assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    ----- stderr
    WARNING - Oomnitza cannot be used now; trying again error=Oomnitza could not take people (503): injected
    WARNING - Oomnitza answers again
    [okta] 150 records sent in [TIME]
      read 150 = sent 150 + filtered 0 + rejected 0 + failed 0
    ");
}

#[test]
fn a_wait_that_oomnitza_asks_for_is_kept() {
    let servers = Servers::with_people(1);
    trouble_uploads(&servers, 1, Trouble::Status(429, Some("1".to_owned())));
    let started = std::time::Instant::now();
    let output = servers.program().run(&["upload", "okta"]);
    assert!(started.elapsed() >= std::time::Duration::from_secs(1), "{output}");
    servers.assert_arrived(0..1);
}

/// A run whose second batch goes wrong for good: the first one has arrived, and the report adds up.
fn second_batch_fails(servers: &Servers, oomnitza: &str, trouble: Trouble) -> Output {
    servers.oomnitza.inject(Fault::Next {
        call: Call::Upload,
        times: 1,
        trouble: Trouble::Wait(std::time::Duration::ZERO),
    });
    trouble_uploads(servers, u64::MAX, trouble);
    let oomnitza = format!("upload_parallel = 1\n{oomnitza}");
    let output = servers.program_with(&oomnitza, "").run(&["upload", "okta", "--json"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert_eq!(output.counts(), [200, 100, 0, 0, 100], "{output}");
    servers.assert_arrived(0..100);
    output.without_stdout()
}

#[test]
fn a_web_page_instead_of_the_api_ends_the_section() {
    let servers = Servers::with_people(200);
    assert_snapshot!(second_batch_fails(&servers, "", Trouble::Page), @"
    exit: 1
    ----- stdout
    ----- stderr
    WARNING - Oomnitza cannot be used now; trying again error=what was asked to take people answered with a web page instead of data
    [okta] 100 records sent in [TIME]
      read 200 = sent 100 + filtered 0 + rejected 0 + failed 100
    error: section [okta] stopped: what was asked to take people answered with a web page instead of data
    hint: check `url` in [oomnitza]: the address of your Oomnitza and nothing behind it, for example https://example.oomnitza.com
    ");
    assert_eq!(servers.uploads().len(), 1 + 3);
}

#[test]
fn a_redirect_is_never_followed_with_the_token() {
    let (servers, elsewhere) = (Servers::with_people(200), Servers::with_people(1));
    let trouble = Trouble::Redirect(format!("{}/api/v2/bulk/users", elsewhere.oomnitza.url()));
    assert_snapshot!(second_batch_fails(&servers, "", trouble), @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 100 records sent in [TIME]
      read 200 = sent 100 + filtered 0 + rejected 0 + failed 100
    error: section [okta] stopped: the address of Oomnitza redirects to http://127.0.0.1:[PORT], where the token must not go
    hint: if http://127.0.0.1:[PORT] is your Oomnitza, set `url` in [oomnitza] to it
    ");
    assert!(elsewhere.oomnitza.ledger().requests.is_empty());
}

#[test]
fn an_account_that_may_not_upload_ends_the_section_at_once() {
    let servers = Servers::with_people(200);
    assert_snapshot!(second_batch_fails(&servers, "", Trouble::Status(403, None)), @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 100 records sent in [TIME]
      read 200 = sent 100 + filtered 0 + rejected 0 + failed 100
    error: section [okta] stopped: Oomnitza does not allow this account to take people (403): injected
    hint: give the user of [oomnitza] the right to use the API, or use another user
    ");
    assert_eq!(servers.uploads().len(), 2);
}

#[test]
fn a_token_that_ends_mid_run_ends_the_section() {
    let servers = Servers::with_people(200);
    assert_snapshot!(second_batch_fails(&servers, "", Trouble::Status(401, None)), @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 100 records sent in [TIME]
      read 200 = sent 100 + filtered 0 + rejected 0 + failed 100
    error: section [okta] stopped: Oomnitza did not accept the API token (401): injected
    hint: check `api_token` in [oomnitza]; a new token is made in Oomnitza on the user's page
    ");
    assert_eq!(servers.uploads().len(), 2);
}

#[test]
fn without_time_for_repeating_an_oomnitza_that_is_gone_ends_the_section() {
    for trouble in [Trouble::HangUp, Trouble::Status(503, None)] {
        let servers = Servers::with_people(200);
        let output = second_batch_fails(&servers, "retry_seconds = 0", trouble.clone());
        assert_eq!(servers.uploads().len(), 2, "{output}");
        if trouble == Trouble::HangUp {
            assert_snapshot!(output, @"
            exit: 1
            ----- stdout
            ----- stderr
            [okta] 100 records sent in [TIME]
              read 200 = sent 100 + filtered 0 + rejected 0 + failed 100
            error: section [okta] stopped: the connection to http://127.0.0.1:[PORT] broke: Connection reset by peer (os error 104)
            hint: try again; if it stays, look at the other side or at what lies between
            ");
        } else {
            assert_snapshot!(output, @"
            exit: 1
            ----- stdout
            ----- stderr
            [okta] 100 records sent in [TIME]
              read 200 = sent 100 + filtered 0 + rejected 0 + failed 100
            error: section [okta] stopped: Oomnitza could not take people (503): injected
            hint: run it again later; records that arrived stay, and sending them again does no harm
            ");
        }
    }
}

/// Servers whose Oomnitza is signed in to with user and password, and the lines of `[oomnitza]` for it.
fn with_user(people: u64) -> (Servers, &'static str) {
    let settings = Settings {
        user: Some(("admin".to_owned(), "a-good-password".to_owned())),
        ..Settings::default()
    };
    let servers = Servers::start(
        okta::Settings {
            people,
            ..okta::Settings::default()
        },
        settings,
    );
    (servers, "api_token =\nusername = admin\npassword = a-good-password")
}

fn sign_ins(servers: &Servers) -> usize {
    let requests = servers.oomnitza.ledger().requests;
    requests
        .iter()
        .filter(|logged| logged.target == "/api/request_token")
        .count()
}

#[test]
fn a_token_that_ends_mid_run_is_renewed_once_for_all_uploads() {
    for parallel in [1, 4] {
        let (servers, sign_in) = with_user(1_000);
        servers.oomnitza.inject(Fault::NewToken {
            after: 2,
            token: "another-token".to_owned(),
        });
        let oomnitza = format!("{sign_in}\nupload_parallel = {parallel}");
        let output = servers.program_with(&oomnitza, "").run(&["upload", "okta", "--json"]);
        assert_eq!(output.code, Some(0), "{output}");
        assert_eq!(sign_ins(&servers), 2, "{output}");
        servers.assert_arrived(0..1_000);
    }
}

#[test]
fn a_token_that_is_never_good_is_renewed_once_and_not_for_ever() {
    let (servers, sign_in) = with_user(200);
    assert_snapshot!(second_batch_fails(&servers, sign_in, Trouble::Status(401, None)), @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 100 records sent in [TIME]
      read 200 = sent 100 + filtered 0 + rejected 0 + failed 100
    error: section [okta] stopped: Oomnitza did not accept the user name and password (401): injected
    hint: check `username` and `password` (or `env_password`) in [oomnitza]
    ");
    assert_eq!(sign_ins(&servers), 2);
}
