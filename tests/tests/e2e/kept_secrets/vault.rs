//! HashiCorp Vault: what it refuses, what it cannot do now, and whether it is the one that is meant.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use oomnitza_tests::{Answer, Authority, Fake};
use serde_json::json;

use super::{OKTA_TOKEN, OOMNITZA_TOKEN, VAULT_TOKEN, kept, program, servers, vault};

#[test]
fn vault_s_refusals_say_what_is_missing() {
    let servers = servers();
    let vault = vault();
    let url = vault.url();
    let mut told = String::new();
    for (reference, environment) in [
        ("secret/data/others#api_token", &[("VAULT_TOKEN", VAULT_TOKEN)][..]),
        ("secret/okta#api_token", &[("VAULT_TOKEN", VAULT_TOKEN)]),
        ("secret/data/okta#token", &[("VAULT_TOKEN", VAULT_TOKEN)]),
        (
            "secret/data/okta#api_token",
            &[("VAULT_TOKEN", VAULT_TOKEN), ("VAULT_NAMESPACE", "other/")],
        ),
        ("secret/data/okta#api_token", &[("VAULT_TOKEN", "hvs.another-token")]),
        ("secret/data/okta#api_token", &[]),
        (
            "secret/data/okta#api_token",
            &[("VAULT_TOKEN", VAULT_TOKEN), ("VAULT_TOKEN_FILE", "token")],
        ),
        ("secret/data/okta#api_token", &[("VAULT_TOKEN_FILE", "nowhere")]),
        (
            "secret/data/okta#api_token",
            &[("VAULT_TOKEN", VAULT_TOKEN), ("VAULT_CACERT", "nowhere")],
        ),
    ] {
        let program = environment.iter().fold(
            program(
                &servers,
                &format!("api_token = {OOMNITZA_TOKEN}"),
                &format!("api_token_vault = {reference}"),
            )
            .env("VAULT_ADDR", &url),
            |program, (name, value)| program.env(name, value),
        );
        let output = program.run(&["upload", "okta"]);
        told.push_str(&format!("{reference} {environment:?}\n{}\n", kept(&output)));
    }
    assert_snapshot!(told);
    assert_eq!(vault.violations(), Vec::<String>::new());
}

#[test]
fn a_vault_that_cannot_answer_is_asked_again_and_then_told() {
    let servers = servers();
    let sealed = Answer::json(503, json!({ "errors": ["Vault is sealed"] }));
    let reference = "api_token_vault = secret/data/okta#api_token";
    let run = |vault: &Fake| {
        let program = program(&servers, &format!("api_token = {OOMNITZA_TOKEN}"), reference)
            .env("VAULT_ADDR", &vault.url())
            .env("VAULT_TOKEN", VAULT_TOKEN);
        program.run(&["upload", "okta"])
    };
    let once = vault().instead(1, sealed.clone());
    let output = run(&once);
    assert_eq!((kept(&output).code, once.asked().len()), (Some(0), 2), "{output}");
    let always = (1..=3).fold(vault(), |vault, nth| vault.instead(nth, sealed.clone()));
    let output = run(&always);
    assert_eq!(always.asked().len(), 3);
    // Not the configuration's fault: a later run may do better.
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    error: config.ini:10: [okta] api_token_vault: Vault cannot answer now (status 503): Vault is sealed
    hint: see with `vault status` whether it is sealed or on standby
    ");
    let elsewhere = Answer::json(307, json!({})).header("location", "https://active.example:8200/v1/secret/data/okta");
    let output = run(&vault().instead(1, elsewhere));
    assert!(
        output.stderr.contains(
            "Vault sends the request to https://active.example:8200/v1/secret/data/okta, where the token must not go"
        ),
        "{output}"
    );
    let long = Answer::json(200, format!("{{\"data\":\"{}\"}}", "x".repeat(2 << 20)));
    let output = run(&vault().instead(1, long));
    assert_eq!(output.code, Some(2), "{output}");
    assert!(output.stderr.contains("Vault cannot be asked: "), "{output}");
}

/// What answers for Vault over TLS: `openssl s_server`, which hands out files as whole answers.
struct Secured {
    child: std::process::Child,
    _files: tempfile::TempDir,
    url: String,
}

impl Secured {
    fn start(authority: &Authority) -> Self {
        let files = tempfile::tempdir().unwrap();
        let (certificate, key) = authority.issue();
        let body = json!({ "data": { "data": { "api_token": OKTA_TOKEN }, "metadata": {} } }).to_string();
        let answer = format!(
            "HTTP/1.0 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        std::fs::create_dir_all(files.path().join("v1/secret/data")).unwrap();
        for (name, text) in [
            ("c.pem", &certificate),
            ("k.pem", &key),
            ("v1/secret/data/okta", &answer),
        ] {
            std::fs::write(files.path().join(name), text).unwrap();
        }
        let mut child = Command::new("openssl")
            .args([
                "s_server",
                "-accept",
                "127.0.0.1:0",
                "-HTTP",
                "-cert",
                "c.pem",
                "-key",
                "k.pem",
            ])
            .current_dir(files.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl can be run");
        let lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let mut lines = lines.skip_while(|line| !line.starts_with("ACCEPT "));
        let address = lines
            .next()
            .expect("it says where it listens")
            .replace("ACCEPT ", "https://");
        // What else it says is read, so that it never waits for that.
        std::thread::spawn(move || lines.count());
        Self {
            child,
            _files: files,
            url: address,
        }
    }
}

impl Drop for Secured {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

#[test]
fn a_certificate_of_vault_s_is_looked_at() {
    let servers = servers();
    let authority = Authority::new("vault");
    let vault = Secured::start(&authority);
    let run = |certificates: &str| {
        let program = program(
            &servers,
            &format!("api_token = {OOMNITZA_TOKEN}"),
            "api_token_vault = secret/data/okta#api_token",
        )
        .env("VAULT_ADDR", &vault.url)
        .env("VAULT_TOKEN", VAULT_TOKEN)
        .env("VAULT_CACERT", certificates);
        program.write("ca.pem", authority.certificate().as_bytes());
        program.write("other.pem", Authority::new("another").certificate().as_bytes());
        program.run(&["upload", "okta"])
    };
    let output = run("ca.pem");
    assert_eq!(kept(&output).code, Some(0), "{output}");
    let output = run("other.pem");
    assert_eq!(output.code, Some(2), "{output}");
    assert!(
        output.stderr.contains("api_token_vault: Vault cannot be asked: "),
        "{output}"
    );
}
