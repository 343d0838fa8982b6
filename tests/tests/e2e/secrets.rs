//! Secrets: not one of them in anything that the program prints or writes, however much it is asked to say and whatever it is
//! told back. The search itself is made after every run of every test (`oomnitza_tests::Program`), with a log of all that is logged; here
//! are the servers that make it hard.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use oomnitza_connector::standin::oomnitza::{self, Call, Fault, Settings};
use oomnitza_connector::standin::sccm::Site;
use oomnitza_connector::standin::tds::Tds;
use oomnitza_connector::standin::{Trouble, ldap, okta};
use oomnitza_tests::{Answer, Fake, Program, Servers};

const OKTA_TOKEN: &str = "00oKta-S3cret+/token=_42";
const API_TOKEN: &str = "0omn1tza/aPi~token.77";
const PASSWORD: &str = "p&ss =wörd%41 of the admin";
const SESSION_TOKEN: &str = "t0ken-that-a-password-gave";

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
    let output = program.run(&["check", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
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
        let program = program.keeping(SESSION_TOKEN);
        servers.oomnitza.inject(Fault::Next {
            call: Call::Upload,
            times: 1,
            trouble: echo(secret),
        });
        let output = program.run(&["upload", "okta", "--json"]);
        assert_eq!(output.counts(), [1, 0, 0, 1, 0], "{output}");
        assert!(output.stderr.contains("you sent [redacted]"), "{output}");
    }
}

/// Neither how a server writes a password nor that the password is short brings it to light.
#[test]
fn a_password_is_masked_however_a_server_writes_it() {
    for (password, said, masked) in [
        (
            "p@ss/Wo(rd)&1!",
            "p%40ss%2FWo(rd)%261! p%40ss%2fWo%28rd%29%261! p%40ss/Wo%28rd%29%261%21 %70%40%73%73%2F%57%6F%28%72%64%29%26%31%21 p%2540ss%252FWo(rd)%25261! p@ss\\/Wo(rd)\\u00261!",
            ["[redacted]"; 6].join(" "),
        ),
        (
            "pw4-x!",
            "password=pw4-x! \"pw4-x!\" pw4-x!more",
            r#"password=[redacted] \"[redacted]\" pw4-x!more"#.to_owned(),
        ),
    ] {
        let settings = Settings {
            token: SESSION_TOKEN.to_owned(),
            user: Some(("admin".to_owned(), password.to_owned())),
            ..Settings::default()
        };
        let sign_in = format!("api_token =\nusername = admin\npassword = {password}");
        let (servers, program) = talkative(1, settings, &sign_in);
        servers.oomnitza.inject(Fault::Next {
            call: Call::Upload,
            times: 1,
            trouble: Trouble::Json(serde_json::json!({ "errors": [format!("you sent {said}")] }).to_string()),
        });
        let output = program.run(&["upload", "okta", "--json"]);
        assert_eq!(output.counts(), [1, 0, 0, 1, 0], "{output}");
        assert!(output.stderr.contains(&format!("you sent {masked}")), "{output}");
    }
}

const SECRET: &str = "s3cret of the+source/42=";

/// A source that refuses everybody, and says what it was sent, in every form.
fn parrot() -> Fake {
    Fake::start(|asked| {
        let headers: Vec<String> = asked
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let said = format!(
            "{} {}\n{}\n{}",
            asked.method,
            asked.target,
            headers.join("\n"),
            asked.body
        );
        let text = format!(
            "you sent {said}; in short {} or {}",
            STANDARD_NO_PAD.encode(SECRET),
            SECRET
        );
        Ok(Answer::json(
            403,
            serde_json::json!({ "error": { "message": text }, "errorSummary": text, "message": text }),
        ))
    })
}

/// Every connector against a source that repeats what it was sent, with everything logged that there is.
#[test]
fn no_connector_brings_a_credential_to_light() {
    let users = "default_role = 25\ndefault_position = Employee\n";
    let audit = "sync_field = SERIAL\nmapping.SERIAL = serial\n";
    let login = format!("username = reader\npassword = {SECRET}\n");
    let token = format!("api_token = {SECRET}\n");
    for (section, settings) in [
        ("airwatch", format!("url = URL\n{login}api_token = {SECRET}\n{audit}")),
        ("bamboohr", format!("url = URL\nsystem_name = acme\n{token}{users}")),
        ("casper", format!("url = URL\n{login}sync_type = computers\n{audit}")),
        (
            "jasper",
            format!("url = URL\nwsdl_path = URL/Terminal.wsdl\nstorage = x\n{login}{token}{audit}"),
        ),
        ("mobileiron", format!("url = URL\npartitions = [\"A\"]\n{login}{audit}")),
        ("okta", format!("url = URL\n{token}{users}")),
        ("onelogin", format!("url = URL/users.xml\n{token}{users}")),
        (
            "zendesk",
            format!("url = URL\nsystem_name = acme\nusername = reader\n{token}{users}"),
        ),
    ] {
        let source = parrot();
        let destination = oomnitza::Oomnitza::start(Settings::default()).unwrap();
        let settings = settings.replace("URL", &source.url());
        let program = Program::with(&format!(
            "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[{section}]\nenable = True\n{settings}",
            destination.url()
        ));
        let output = program.env("RUST_LOG", "trace").run(&["upload", section, "--json"]);
        assert_eq!(output.code, Some(1), "{output}");
        assert!(!source.asked().is_empty(), "{section} asked nothing\n{output}");
    }
    // The two that speak something else, against servers that refuse the password.
    let site = Tds::start(Site::default().settings()).unwrap();
    let directory = ldap::Ldap::start(ldap::Settings::default()).unwrap();
    for (section, settings) in [
        (
            "sccm",
            format!(
                "server = {}\ndatabase = x\nauthentication = SQL Server\nencrypt = off\n{login}{audit}",
                site.server()
            ),
        ),
        (
            "ldap",
            format!(
                "url = {}\nbase_dn = dc=x\nfilter = (objectClass=*)\nprotocol_version = 3\n{login}{users}",
                directory.url()
            ),
        ),
    ] {
        let destination = oomnitza::Oomnitza::start(Settings::default()).unwrap();
        let program = Program::with(&format!(
            "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[{section}]\nenable = True\n{settings}",
            destination.url()
        ));
        let output = program.env("RUST_LOG", "trace").run(&["upload", section, "--json"]);
        assert_eq!(output.code, Some(1), "{output}");
        assert!(output.stderr.contains("did not accept the credentials"), "{output}");
    }
}
