//! Secrets: not one of them in anything that the program prints or writes, however much it is asked to say and whatever it is
//! told back.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use oomnitza_connector::standin::oomnitza::{Call, Fault, Settings};
use oomnitza_connector::standin::{Trouble, okta};
use oomnitza_tests::{Output, Program, Servers};

const OKTA_TOKEN: &str = "00oKta-S3cret+/token=_42";
const API_TOKEN: &str = "0omn1tza/aPi~token.77";
const PASSWORD: &str = "p&ss =wörd%41 of the admin";
const SESSION_TOKEN: &str = "t0ken-that-a-password-gave";

/// How a secret may be written. In base64 it is what does not depend on what stands around it, wherever it stands.
fn forms(secret: &str) -> Vec<String> {
    let hexadecimal: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        secret.to_owned(),
        // As tracing and JSON write text.
        secret.escape_debug().to_string(),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        url::form_urlencoded::byte_serialize(secret.as_bytes())
            .collect::<String>()
            .replace('+', "%20"),
        hexadecimal.to_uppercase(),
        hexadecimal,
    ];
    for before in ["", "x", "xx"] {
        let text = format!("{before}{secret}");
        for encoded in [STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
            forms.push(encoded[4..encoded.len() - 4].to_owned());
        }
    }
    forms
}

/// Fails where a secret is in what was printed, or in a file of the home other than the ini file.
fn assert_kept(output: &Output, program: &Program, secrets: &[&str]) {
    let mut places = vec![
        ("stdout".to_owned(), output.stdout.clone()),
        ("stderr".to_owned(), output.stderr.clone()),
    ];
    for file in program.files().iter().filter(|file| !file.ends_with("config.ini")) {
        let bytes = std::fs::read(program.home().join(file)).unwrap();
        places.push((file.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
    }
    for form in secrets.iter().flat_map(|secret| forms(secret)) {
        for (place, text) in &places {
            if let Some(at) = text.find(&form) {
                let line = text[..at].lines().count();
                panic!(
                    "`{form}` is in {place}, line {line}: {}",
                    text.lines().nth(line.max(1) - 1).unwrap_or_default()
                );
            }
        }
    }
}

/// What a careless server says of a credential that it was sent.
fn echo(secret: &str) -> Trouble {
    let hexadecimal: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let said = [
        secret.to_owned(),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        hexadecimal,
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(format!("x:{secret}")),
        STANDARD_NO_PAD.encode(format!("ab{secret}c")),
    ];
    Trouble::Json(serde_json::json!({ "errors": [format!("you sent {}", said.join(" and "))] }).to_string())
}

/// Servers with secrets of their own, and the program with a log that says all it can.
fn talkative(people: u64, oomnitza: Settings, sign_in: &str) -> (Servers, Program) {
    let okta = okta::Settings {
        people,
        token: OKTA_TOKEN.to_owned(),
        ..okta::Settings::default()
    };
    let servers = Servers::start(okta, oomnitza);
    let program = servers
        .program_with(sign_in, &format!("api_token = {OKTA_TOKEN}"))
        .env("RUST_LOG", "trace");
    (servers, program)
}

#[test]
fn an_okta_that_repeats_the_credential_does_not_bring_it_to_light() {
    let settings = Settings {
        token: API_TOKEN.to_owned(),
        ..Settings::default()
    };
    let (servers, program) = talkative(450, settings, &format!("api_token = {API_TOKEN}"));
    servers.okta.inject(2, okta::Fault::Echo);
    let output = program.run(&["upload", "okta", "--json"]);
    assert_eq!(output.counts(), [200, 200, 0, 0, 0], "{output}");
    let message = output.report()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("You sent SSWS [redacted] and "), "{message}");
    assert_kept(&output, &program, &[OKTA_TOKEN, API_TOKEN]);
    let output = program.run(&["check", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_kept(&output, &program, &[OKTA_TOKEN, API_TOKEN]);
}

#[test]
fn an_oomnitza_that_repeats_its_token_does_not_bring_it_to_light() {
    let settings = Settings {
        token: API_TOKEN.to_owned(),
        ..Settings::default()
    };
    let (servers, program) = talkative(1, settings, &format!("api_token = {API_TOKEN}"));
    servers.oomnitza.inject(Fault::Next {
        call: Call::Upload,
        times: 1,
        trouble: echo(API_TOKEN),
    });
    let output = program.run(&["upload", "okta", "--json"]);
    assert_eq!(output.counts(), [1, 0, 0, 1, 0], "{output}");
    assert!(output.stderr.contains("you sent [redacted]"), "{output}");
    assert!(
        program
            .files()
            .iter()
            .any(|file| file.extension().is_some_and(|extension| extension == "jsonl"))
    );
    assert_kept(&output, &program, &[OKTA_TOKEN, API_TOKEN]);
}

#[test]
fn neither_a_password_nor_the_token_that_it_gave_comes_to_light() {
    for secret in [PASSWORD, SESSION_TOKEN] {
        let user = Some(("admin".to_owned(), PASSWORD.to_owned()));
        let settings = Settings {
            token: SESSION_TOKEN.to_owned(),
            user,
            ..Settings::default()
        };
        let sign_in = format!("api_token =\nusername = admin\npassword = {PASSWORD}");
        let (servers, program) = talkative(1, settings, &sign_in);
        servers.oomnitza.inject(Fault::Next {
            call: Call::Upload,
            times: 1,
            trouble: echo(secret),
        });
        let output = program.run(&["upload", "okta", "--json"]);
        assert_eq!(output.counts(), [1, 0, 0, 1, 0], "{output}");
        assert!(output.stderr.contains("you sent [redacted]"), "{output}");
        assert_kept(&output, &program, &[OKTA_TOKEN, PASSWORD, SESSION_TOKEN]);
    }
}
