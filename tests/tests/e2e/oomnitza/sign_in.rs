//! Signing in, and the requests of a whole run to the letter.

use std::fmt::Write as _;

use insta::assert_snapshot;
use oomnitza_connector::standin::oomnitza::{Call, Fault, Settings};
use oomnitza_connector::standin::{Trouble, okta};
use oomnitza_tests::Servers;

/// Users who may sign in with a password; a token is not given.
fn with_user() -> (Servers, &'static str) {
    let settings = Settings {
        user: Some(("admin@example.com".to_owned(), "p&ss =wörd%41".to_owned())),
        ..Settings::default()
    };
    let servers = Servers::start(
        okta::Settings {
            people: 3,
            ..okta::Settings::default()
        },
        settings,
    );
    (
        servers,
        "api_token =\nusername = admin@example.com\npassword = p&ss =wörd%41",
    )
}

/// All requests to Oomnitza: line, headers that say something, and body.
fn conversation(servers: &Servers) -> String {
    let mut text = String::new();
    for logged in servers.oomnitza.ledger().requests {
        _ = writeln!(text, "{} {}", logged.method, logged.target);
        for (name, value) in &logged.headers {
            _ = writeln!(text, "  {name}: {value}");
        }
        if !logged.body.is_empty() {
            _ = writeln!(text, "  {}", String::from_utf8_lossy(&logged.body));
        }
    }
    text
}

#[test]
fn a_token_is_tried_before_anything_else() {
    let servers = Servers::with_people(2);
    let output = servers.program().run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    servers.assert_arrived(0..2);
    assert_snapshot!(conversation(&servers), @r#"
    GET /api/v2/mappings?name=AuthTest
      accept: application/json
      authorization2: stand-in-token
      content-type: application/json
      contenttype: application/json
      user-agent: oomnitza-connector/1.1.0
    GET /api/v2/mappings?name=Okta
      accept: application/json
      authorization2: stand-in-token
      content-type: application/json
      contenttype: application/json
      user-agent: oomnitza-connector/1.1.0
    POST /api/v2/bulk/users?VERSION=1.1.0
      accept: application/json
      authorization2: stand-in-token
      content-type: application/json
      contenttype: application/json
      user-agent: oomnitza-connector/1.1.0
      [{"USER":"ada.lovelace.000000@example.com","FIRST_NAME":"Ada","LAST_NAME":"Lovelace","EMAIL":"ada.lovelace.000000@example.com","PHONE":"+1 202 555 0100","PERMISSIONS_ID":"25","POSITION":"Employee"},{"USER":"zoe.obrien.000001@example.com","FIRST_NAME":"Zoë","LAST_NAME":"O'Brien","EMAIL":"zoe.obrien.000001@example.com","PHONE":"+1 202 555 0101","PERMISSIONS_ID":"25","POSITION":"Employee"}]
    "#);
}

#[test]
fn user_and_password_are_changed_for_a_token() {
    let (servers, sign_in) = with_user();
    let output = servers.program_with(sign_in, "").run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    servers.assert_arrived(0..3);
    let conversation = conversation(&servers);
    let first = conversation.split_inclusive('\n').take(10).collect::<String>();
    assert_snapshot!(first, @"
    POST /api/request_token
      accept: application/json
      content-type: application/x-www-form-urlencoded
      user-agent: oomnitza-connector/1.1.0
      login=admin%40example.com&password=p%26ss+%3Dw%C3%B6rd%2541
    GET /api/v2/mappings?name=Okta
      accept: application/json
      authorization2: stand-in-token
      content-type: application/json
      contenttype: application/json
    ");
}

#[test]
fn a_password_may_come_from_the_environment() {
    let (servers, _) = with_user();
    let program = servers
        .program_with(
            "api_token =\nusername = admin@example.com\nenv_password = OOMNITZA_PASSWORD",
            "",
        )
        .env("OOMNITZA_PASSWORD", "p&ss =wörd%41");
    let output = program.run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    servers.assert_arrived(0..3);
}

/// A run that cannot sign in: exit code 1, and the source never hears of it.
fn is_refused(servers: &Servers, oomnitza: &str) -> oomnitza_tests::Output {
    let output = servers.program_with(oomnitza, "").run(&["upload", "okta"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert_eq!(servers.okta.ledger().requests, Vec::<String>::new(), "{output}");
    servers.assert_no_violations();
    output
}

#[test]
fn a_wrong_token_is_told_and_the_source_never_contacted() {
    let servers = Servers::with_people(3);
    assert_snapshot!(is_refused(&servers, "api_token = not-the-token"), @"
    exit: 1
    ----- stdout
    ----- stderr
    error: [oomnitza] cannot be used: Oomnitza did not accept the API token (401): it has a wrong token
    hint: check `api_token` (line 4) in config.ini; a new token is made in Oomnitza on the user's page
    ");
    assert_eq!(servers.oomnitza.ledger().requests.len(), 1, "a wrong token stays wrong");
}

#[test]
fn a_wrong_password_is_told_and_tried_only_once() {
    let (servers, _) = with_user();
    let output = is_refused(
        &servers,
        "api_token =\nusername = admin@example.com\npassword = not-the-password",
    );
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    error: [oomnitza] cannot be used: Oomnitza did not accept the user name and password (401): wrong login or password
    hint: check `username` (line 5) and `password` (line 6) in config.ini
    ");
    // Accounts are locked after a few.
    assert_eq!(servers.oomnitza.ledger().requests.len(), 1);
}

#[test]
fn an_oomnitza_that_is_not_there_is_said_plainly() {
    let servers = Servers::with_people(3);
    let gone = Servers::with_people(1).oomnitza.url();
    assert_snapshot!(is_refused(&servers, &format!("url = {gone}")), @"
    exit: 1
    ----- stdout
    ----- stderr
    WARNING - Oomnitza cannot be used now; trying again error=no connection to http://127.0.0.1:[PORT]: Connection refused (os error 111)
    error: [oomnitza] cannot be used: no connection to http://127.0.0.1:[PORT]: Connection refused (os error 111)
    hint: check `url` (line 4) in config.ini, and that this machine can reach it
    ");
}

#[test]
fn an_oomnitza_that_is_down_at_the_start_is_given_up_soon() {
    let servers = Servers::with_people(3);
    let trouble = Trouble::Status(503, None);
    servers.oomnitza.inject(Fault::Next {
        call: Call::SignIn,
        times: 100,
        trouble,
    });
    assert_snapshot!(is_refused(&servers, ""), @"
    exit: 1
    ----- stdout
    ----- stderr
    WARNING - Oomnitza cannot be used now; trying again error=Oomnitza could not check the API token (503): injected
    error: [oomnitza] cannot be used: Oomnitza could not check the API token (503), and trying again for a moment did not help: injected
    hint: run it again later; records that arrived stay, and sending them again does no harm
    ");
    assert_eq!(servers.oomnitza.ledger().requests.len(), 3);
}

#[test]
fn an_oomnitza_that_stumbles_at_the_start_is_asked_again() {
    let (servers, sign_in) = with_user();
    for trouble in [Trouble::Status(503, Some("0".to_owned())), Trouble::Reset] {
        servers.oomnitza.inject(Fault::Next {
            call: Call::SignIn,
            times: 1,
            trouble,
        });
    }
    let output = servers.program_with(sign_in, "").run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    servers.assert_arrived(0..3);
}

#[test]
fn a_login_page_at_the_address_of_oomnitza_is_called_one() {
    let servers = Servers::with_people(3);
    servers.oomnitza.inject(Fault::Next {
        call: Call::SignIn,
        times: 100,
        trouble: Trouble::Page,
    });
    assert_snapshot!(is_refused(&servers, ""), @"
    exit: 1
    ----- stdout
    ----- stderr
    WARNING - Oomnitza cannot be used now; trying again error=what was asked to check the API token answered with a web page instead of data
    error: [oomnitza] cannot be used: what was asked to check the API token answered with a web page instead of data
    hint: check `url` (line 2) in config.ini: the address of your Oomnitza and nothing behind it, for example https://example.oomnitza.com
    ");
}

#[test]
fn a_redirect_is_never_followed_with_the_token() {
    let servers = Servers::with_people(3);
    let elsewhere = Servers::with_people(1);
    let trouble = Trouble::Redirect(format!("{}/login", elsewhere.oomnitza.url()));
    servers.oomnitza.inject(Fault::Next {
        call: Call::SignIn,
        times: 1,
        trouble,
    });
    assert_snapshot!(is_refused(&servers, ""), @"
    exit: 1
    ----- stdout
    ----- stderr
    error: [oomnitza] cannot be used: the address of Oomnitza redirects to http://127.0.0.1:[PORT], where the token must not go
    hint: if http://127.0.0.1:[PORT] is your Oomnitza, write it as `url` (line 2) in config.ini
    ");
    assert!(elsewhere.oomnitza.ledger().requests.is_empty());
}

#[test]
fn an_answer_without_a_token_is_no_sign_in() {
    let (servers, sign_in) = with_user();
    let trouble = Trouble::Json("{\"tokens\": []}".to_owned());
    servers.oomnitza.inject(Fault::Next {
        call: Call::SignIn,
        times: 1,
        trouble,
    });
    assert_snapshot!(is_refused(&servers, sign_in), @"
    exit: 1
    ----- stdout
    ----- stderr
    error: [oomnitza] cannot be used: what was asked to sign in answered without a token
    hint: check `url` (line 2) in config.ini: the address of your Oomnitza and nothing behind it, for example https://example.oomnitza.com
    ");
}
