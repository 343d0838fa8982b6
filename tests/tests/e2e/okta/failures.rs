//! An Okta that goes wrong for good: what was read by then arrives, and an admin is told why there is no more.

use insta::assert_snapshot;
use oomnitza_connector::standin::Trouble;
use oomnitza_connector::standin::okta::{Fault, Okta, Settings};
use oomnitza_tests::{Output, Servers};

/// A run in which this happens to every request after the first: so many people have arrived by then, the report adds up, and the exit
/// code says that it failed.
fn fails_after(people: u64, fault: &Fault) -> Output {
    let servers = Servers::with_people(450);
    for nth in 2..20 {
        servers.okta.inject(nth, fault.clone());
    }
    let output = servers.program().run(&["upload", "okta", "--json"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert_eq!(output.counts(), [people, people, 0, 0, 0], "{output}");
    assert_eq!(output.report()["status"], "failed");
    servers.assert_arrived(0..people);
    output.without_stdout()
}

#[test]
fn an_okta_that_stays_down_ends_the_section_after_what_was_read() {
    let output = fails_after(200, &Fault::Trouble(Trouble::Status(503, None)));
    assert_snapshot!(output, @r#"
    exit: 1
    ----- stdout
    ----- stderr
    WARNING - the source of [okta] cannot be used now; trying again place="http://127.0.0.1:[PORT]" problem="it answered 503" tries=8
    [okta] 200 records sent in [TIME]
      read 200 = sent 200 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source has failed: GET /api/v1/users answered 503: Internal Server Error (E0000009)
    hint: try again later; if it stays, look at the source system
    "#);
}

#[test]
fn a_connection_that_is_reset_every_time_ends_the_section() {
    let output = fails_after(200, &Fault::Trouble(Trouble::Reset));
    assert_snapshot!(output, @r#"
    exit: 1
    ----- stdout
    ----- stderr
    WARNING - the source of [okta] cannot be used now; trying again place="http://127.0.0.1:[PORT]" problem="the connection to http://127.0.0.1:[PORT] broke: Connection reset by peer (os error 104)" tries=8
    [okta] 200 records sent in [TIME]
      read 200 = sent 200 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source cannot be reached: the connection to http://127.0.0.1:[PORT] broke: Connection reset by peer (os error 104)
    hint: check `url` (line 8) in config.ini, and that this machine can reach it
    "#);
}

#[test]
fn a_body_that_is_cut_every_time_is_never_half_a_page() {
    let output = fails_after(200, &Fault::Trouble(Trouble::CutBody));
    assert_snapshot!(output, @r#"
    exit: 1
    ----- stdout
    ----- stderr
    WARNING - the source of [okta] cannot be used now; trying again place="http://127.0.0.1:[PORT]" problem="the connection to http://127.0.0.1:[PORT] broke: end of file before message length reached" tries=8
    [okta] 200 records sent in [TIME]
      read 200 = sent 200 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source cannot be reached: the connection to http://127.0.0.1:[PORT] broke: end of file before message length reached
    hint: check `url` (line 8) in config.ini, and that this machine can reach it
    "#);
}

#[test]
fn a_login_page_instead_of_data_is_called_one() {
    let output = fails_after(200, &Fault::Trouble(Trouble::Page));
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 200 records sent in [TIME]
      read 200 = sent 200 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source answered something unexpected: GET /api/v1/users answered with a web page instead of data
    hint: check `url` (line 8) in config.ini: something answers there, but not what is asked for
    ");
}

#[test]
fn a_token_that_is_not_good_is_told_in_okta_s_words() {
    let output = fails_after(200, &Fault::Trouble(Trouble::Status(401, None)));
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 200 records sent in [TIME]
      read 200 = sent 200 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source did not accept the credentials: GET /api/v1/users answered 401: Invalid token provided (E0000011)
    hint: check `api_token` (line 9) in config.ini
    ");
}

#[test]
fn a_token_that_may_not_read_users_is_told_in_okta_s_words() {
    let output = fails_after(200, &Fault::Trouble(Trouble::Status(403, None)));
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 200 records sent in [TIME]
      read 200 = sent 200 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source does not allow this: GET /api/v1/users answered 403: You do not have permission to perform the requested action (E0000006)
    hint: give the account the right to read, or use another one: `api_token` (line 9) in config.ini
    ");
}

#[test]
fn a_link_to_another_host_is_not_followed_and_its_page_arrives() {
    let elsewhere = Settings {
        people: 1,
        ..Settings::default()
    };
    let elsewhere = Okta::start(elsewhere).unwrap();
    let output = fails_after(400, &Fault::NextElsewhere(elsewhere.url()));
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 400 records sent in [TIME]
      read 400 = sent 400 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source answered something unexpected: the link to the next page cannot be followed: it leads to http://127.0.0.1:[PORT]
    hint: check `url` (line 8) in config.ini; if that is right, report this to whoever made the connector
    ");
    assert_eq!(
        elsewhere.ledger().requests,
        Vec::<String>::new(),
        "the token must not go there"
    );
}

#[test]
fn a_link_that_leads_to_its_own_page_ends_the_run() {
    let output = fails_after(400, &Fault::NextToItself);
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 400 records sent in [TIME]
      read 400 = sent 400 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source answered something unexpected: the link to the next page leads back to http://127.0.0.1:[PORT]/api/v1/users?after=[CURSOR]&limit=200
    hint: check `url` (line 8) in config.ini; if that is right, report this to whoever made the connector
    ");
}

#[test]
fn data_that_cannot_be_read_ends_the_run() {
    let output = fails_after(
        200,
        &Fault::Trouble(Trouble::Json("[{\"id\": \"00u1\", \"profile\": {]".to_owned())),
    );
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 200 records sent in [TIME]
      read 200 = sent 200 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source answered something unexpected: GET /api/v1/users answered something that cannot be read: it is not well-formed JSON at byte 29
    hint: check `url` (line 8) in config.ini; if that is right, report this to whoever made the connector
    ");
}

#[test]
fn a_redirect_to_another_host_is_not_followed() {
    let elsewhere = Servers::with_people(1);
    let redirect = Trouble::Redirect(format!("{}/api/v1/users", elsewhere.okta.url()));
    let output = fails_after(200, &Fault::Trouble(redirect));
    assert_snapshot!(output, @r#"
    exit: 1
    ----- stdout
    ----- stderr
    WARNING - a request of the connector was denied what="the source redirects to http://127.0.0.1:[PORT], where its credential must not go"
    [okta] 200 records sent in [TIME]
      read 200 = sent 200 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source cannot be reached: GET /api/v1/users: the source redirects to http://127.0.0.1:[PORT], where its credential must not go
    hint: check `url` (line 8) in config.ini, and that this machine can reach it
    "#);
    assert_eq!(
        elsewhere.okta.ledger().requests,
        Vec::<String>::new(),
        "the token must not go there"
    );
}

#[test]
fn an_okta_that_is_not_there_is_said_plainly() {
    let servers = Servers::with_people(1);
    let gone = Servers::with_people(1).okta.url();
    let output = servers
        .program_with("", &format!("url = {gone}"))
        .run(&["upload", "okta"]);
    assert_snapshot!(output, @r#"
    exit: 1
    ----- stdout
    ----- stderr
    WARNING - the source of [okta] cannot be used now; trying again place="http://127.0.0.1:[PORT]" problem="no connection to http://127.0.0.1:[PORT]: Connection refused (os error 111)" tries=3
    error: section [okta] stopped: the source cannot be reached: no connection to http://127.0.0.1:[PORT]: Connection refused (os error 111)
    hint: check `url` (line 12) in config.ini, and that this machine can reach it
    "#);
}
