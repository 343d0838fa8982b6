//! Secrets that are kept elsewhere than in the ini file, and that come to light nowhere.

mod command;
mod several;
mod vault;

use insta::assert_snapshot;
use oomnitza_connector::standin::{okta, oomnitza};
use oomnitza_tests::{Answer, Asked, Fake, Output, Program, Servers};
use serde_json::json;

/// What Okta and Oomnitza want.
const OKTA_TOKEN: &str = "00-okta-token-0123456789";
const OOMNITZA_TOKEN: &str = "oomnitza-token-0123456789";
const VAULT_TOKEN: &str = "hvs.vault-token-0123456789";

fn servers() -> Servers {
    let okta = okta::Settings {
        token: OKTA_TOKEN.to_owned(),
        people: 2,
        ..okta::Settings::default()
    };
    let oomnitza = oomnitza::Settings {
        token: OOMNITZA_TOKEN.to_owned(),
        ..oomnitza::Settings::default()
    };
    Servers::start(okta, oomnitza)
}

/// The program with these lines for the two tokens.
fn program(servers: &Servers, oomnitza: &str, okta: &str) -> Program {
    Program::with(&format!(
        "[oomnitza]\nurl = {}\n{oomnitza}\n\n[okta]\nenable = True\nurl = {}\ndefault_role = 25\ndefault_position = Employee\n{okta}\n",
        servers.oomnitza.url(),
        servers.okta.url()
    ))
}

/// Fails where one of the tokens stands in what was printed.
fn kept(output: &Output) -> &Output {
    for token in [OKTA_TOKEN, OOMNITZA_TOKEN, VAULT_TOKEN] {
        assert!(
            !format!("{}{}", output.stdout, output.stderr).contains(token),
            "{output}"
        );
    }
    output
}

/// A Vault with one secret for each version of its engine, as strict as its API documentation.
fn vault() -> Fake {
    Fake::start(|asked: &Asked| {
        if asked.method != "GET" || !asked.body.is_empty() {
            return Err("a secret is read with GET".to_owned());
        }
        if asked.header("x-vault-request") != "true" {
            return Err("it lacks X-Vault-Request".to_owned());
        }
        let refuse = |status: u16, errors: &[&str]| Ok(Answer::json(status, json!({ "errors": errors })));
        if asked.header("x-vault-token") != VAULT_TOKEN {
            return refuse(
                403,
                &["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"],
            );
        }
        let envelope = |data| {
            Ok(Answer::json(
                200,
                json!({ "request_id": "1", "lease_duration": 0, "data": data, "warnings": null }),
            ))
        };
        match (asked.target.as_str(), asked.header("x-vault-namespace")) {
            ("/v1/secret/data/okta", "") => {
                envelope(json!({ "data": { "api_token": OKTA_TOKEN }, "metadata": { "version": 2 } }))
            }
            ("/v1/kv/oomnitza", "") | ("/v1/kv/oomnitza", "team/") => envelope(json!({ "api_token": OOMNITZA_TOKEN })),
            ("/v1/secret/data/others", _) => refuse(403, &["1 error occurred:\n\t* permission denied\n\n"]),
            _ => refuse(404, &[]),
        }
    })
}

#[test]
fn each_place_gives_the_tokens() {
    let servers = servers();
    let vault = vault();
    for (place, oomnitza, okta) in [
        ("environment", "env_api_token = TOKEN_A", "env_api_token = TOKEN_B"),
        ("file", "api_token_file = keys/a", "api_token_file = keys/b"),
        (
            "command",
            "api_token_command = cat keys/a",
            "api_token_command = sh -c \"cat 'keys/b'\"",
        ),
        ("store", "api_token_secret = a", "api_token_secret = okta.token"),
        (
            "vault",
            "api_token_vault = kv/oomnitza#api_token",
            "api_token_vault = secret/data/okta#api_token",
        ),
    ] {
        // Relative paths begin where the ini file is.
        let program = program(&servers, oomnitza, okta)
            .env("TOKEN_A", OOMNITZA_TOKEN)
            .env("TOKEN_B", OKTA_TOKEN)
            .env("VAULT_ADDR", &vault.url())
            .env("VAULT_TOKEN", VAULT_TOKEN)
            .env("RUST_LOG", "trace");
        program.write("keys/a", format!("{OOMNITZA_TOKEN}\n").as_bytes());
        program.write("keys/b", OKTA_TOKEN.as_bytes());
        for (name, value) in [("a", OOMNITZA_TOKEN), ("okta.token", OKTA_TOKEN)] {
            let output = program.run_with_input(&["secret", "set", name], &format!("{value}\n"));
            assert_eq!(kept(&output).code, Some(0), "{output}");
        }
        let ini = program.home().join("config.ini").display().to_string();
        let before = servers.oomnitza.ledger().records;
        let output = program.run(&["upload", "okta", "--ini", &ini]);
        assert_eq!(kept(&output).code, Some(0), "{place}\n{output}");
        assert_eq!(servers.oomnitza.ledger().records, before + 2, "{place}");
        servers.assert_no_violations();
    }
    assert_eq!(vault.violations(), Vec::<String>::new());
}

#[test]
fn what_is_wrong_with_a_place_is_told_with_its_line() {
    let servers = servers();
    let mut told = String::new();
    for line in [
        "api_token = a-test-token\napi_token_file = keys/a",
        "api_token_command = cat keys/a\nenv_api_token = TOKEN",
        "env_api_token = TOKEN",
        "api_token_file = nowhere",
        "api_token_file = .",
        "api_token_file = empty",
        "api_token_command = sh -c \"echo the vault is locked >&2; exit 7\"",
        "api_token_command = no-such-program --flag",
        "api_token_command = cat 'keys/a",
        "api_token_secret = nothing",
        "api_token_secret = ../x",
        "api_token_vault = secret/data/okta",
        "api_token_vault = secret/data/okta#api_token",
        "api_token_fil = keys/a",
    ] {
        let program = program(&servers, &format!("api_token = {OOMNITZA_TOKEN}"), line);
        let empty = program.write("empty", b"\n");
        // That everybody can read it is another test's.
        std::fs::set_permissions(empty, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let output = program.run(&["upload", "okta"]);
        told.push_str(&format!("{line}\n{}\n", kept(&output).clone().without_stdout()));
    }
    assert_snapshot!(told);
    // The same for [oomnitza].
    let program = program(
        &servers,
        "api_token_file = nowhere",
        &format!("api_token = {OKTA_TOKEN}"),
    );
    assert_snapshot!(program.run(&["check", "okta"]), @"
    exit: 2
    ----- stdout
    ok [okta] settings: complete
    ----- stderr
    error: config.ini:3: [oomnitza] api_token_file: there is no file `nowhere`
    hint: name a file that holds nothing but the secret; a relative path begins where the ini file is
    ");
    assert!(servers.okta.ledger().requests.is_empty());
}

#[test]
fn a_password_in_the_file_gives_way_to_the_environment_as_it_always_has() {
    let servers = Servers::start(
        okta::Settings {
            people: 2,
            ..okta::Settings::default()
        },
        oomnitza::Settings {
            user: Some(("admin".to_owned(), "right-password".to_owned())),
            ..oomnitza::Settings::default()
        },
    );
    let program = program(
        &servers,
        "username = admin\npassword = wrong-password\nenv_password = PASSWORD",
        "api_token = stand-in-token\nenv_password = PASSWORD",
    )
    .env("PASSWORD", "right-password");
    let output = program.run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
}

/// A program that is named by a path is the one beside the ini file, wherever that is seen from.
#[test]
fn a_program_beside_the_ini_file_is_run_from_anywhere() {
    use std::os::unix::fs::PermissionsExt as _;
    let servers = servers();
    let program = program(
        &servers,
        &format!("api_token = {OOMNITZA_TOKEN}"),
        "api_token_command = ./token",
    );
    let ini = std::fs::read(program.home().join("config.ini")).unwrap();
    program.write("etc/config.ini", &ini);
    let token = program.write("etc/token", format!("#!/bin/sh\necho {OKTA_TOKEN}\n").as_bytes());
    std::fs::set_permissions(token, std::fs::Permissions::from_mode(0o700)).unwrap();
    let absolute = program.home().join("etc/config.ini").display().to_string();
    for ini in ["etc/config.ini", "./etc/../etc/config.ini", &absolute] {
        let output = program.run(&["upload", "okta", "--ini", ini]);
        assert_eq!(kept(&output).code, Some(0), "{ini}\n{output}");
    }
}

#[test]
fn what_a_section_says_itself_goes_before_what_default_says() {
    let servers = servers();
    for (default, own) in [
        ("api_token = not-it", "api_token_file = keys/b".to_owned()),
        ("api_token_command = false", format!("api_token = {OKTA_TOKEN}")),
        ("env_api_token = NOT_SET", "api_token_file = keys/b".to_owned()),
        ("api_token_file = keys/b", String::new()),
    ] {
        let program = program(
            &servers,
            &format!("api_token = {OOMNITZA_TOKEN}"),
            &format!("{own}\n\n[DEFAULT]\n{default}"),
        );
        program.write("keys/b", OKTA_TOKEN.as_bytes());
        let output = program.run(&["upload", "okta"]);
        assert_eq!(kept(&output).code, Some(0), "{default}, {own}\n{output}");
    }
}

#[test]
fn an_empty_environment_variable_is_none() {
    let servers = servers();
    let program = program(
        &servers,
        &format!("api_token = {OOMNITZA_TOKEN}"),
        "env_api_token = EMPTY",
    )
    .env("EMPTY", "");
    let output = program.run(&["upload", "okta"]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(
        output.stderr.contains("the environment variable `EMPTY` is not set"),
        "{output}"
    );
    assert!(servers.oomnitza.ledger().requests.is_empty());
}

/// What no header can carry is told where the secret comes from, and nobody is asked.
#[test]
fn a_secret_with_a_line_break_is_told_with_its_setting() {
    let servers = servers();
    for (line, setting, whose) in [
        (
            "api_token_file = three-lines",
            "api_token_file",
            "the file `three-lines`",
        ),
        (
            "api_token_command = cat three-lines",
            "api_token_command",
            "what the command `cat` prints",
        ),
        ("env_api_token = LINES", "env_api_token", "the secret"),
        ("api_token = first-line\n  second-line", "api_token", "the secret"),
    ] {
        let program = program(&servers, &format!("api_token = {OOMNITZA_TOKEN}"), line).env("LINES", "one\ntwo");
        program.write("three-lines", b"a\nb\nc\n");
        let output = program.run(&["upload", "okta"]);
        assert_eq!(output.code, Some(2), "{line}\n{output}");
        let told = format!("[okta] {setting}: {whose} holds a line break\nhint: ");
        assert!(output.stderr.contains(&told), "{line}\n{output}");
    }
    let oomnitza = program(
        &servers,
        "api_token = first-line\n  second-line",
        &format!("api_token = {OKTA_TOKEN}"),
    );
    let output = oomnitza.run(&["validate"]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(
        output
            .stdout
            .contains("[oomnitza] api_token: the secret holds a line break\nhint: a secret is a single line"),
        "{output}"
    );
    let output = oomnitza.run_with_input(&["secret", "set", "okta"], "a\nb\n");
    assert_eq!(output.code, Some(2), "{output}");
    assert!(
        output
            .stderr
            .contains("what was given as the secret holds a line break\nhint: "),
        "{output}"
    );
    assert!(servers.okta.ledger().requests.is_empty());
}

#[test]
fn a_file_of_a_secret_that_everybody_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let servers = servers();
    let program = program(&servers, "api_token_file = keys/a", "api_token_file = keys/b");
    let files =
        [("keys/a", OOMNITZA_TOKEN), ("keys/b", OKTA_TOKEN)].map(|(name, text)| program.write(name, text.as_bytes()));
    let set = |mode: u32| {
        for file in &files {
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    let warning = |place: &str, file: &str| {
        format!(
            "{place} api_token_file: the file `{file}` holds a secret, and every user of this machine can read it\nhint: run `chmod go-rwx {file}`\n"
        )
    };
    for (mode, is_told) in [(0o644, true), (0o640, false)] {
        set(mode);
        let judged = program.run(&["validate", "--strict"]);
        assert_eq!(judged.code, Some(if is_told { 2 } else { 0 }), "{judged}");
        let run = program.run(&["upload", "okta"]);
        assert_eq!(kept(&run).code, Some(0), "{run}");
        for (place, file) in [("[oomnitza]", "keys/a"), ("[okta]", "keys/b")] {
            for said in [&judged.stdout, &run.stderr] {
                assert_eq!(
                    said.matches(&warning(place, file)).count(),
                    usize::from(is_told),
                    "{said}"
                );
            }
        }
    }
}

#[test]
fn a_secret_in_a_file_that_everybody_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let servers = servers();
    let both = format!(
        "api_token = {OKTA_TOKEN}\n\n[okta.Second]\nenable = True\nurl = {}\ndefault_role = 25\ndefault_position = Employee\napi_token = {OKTA_TOKEN}",
        servers.okta.url()
    );
    let program = program(&servers, &format!("api_token = {OOMNITZA_TOKEN}"), &both);
    let ini = program.home().join("config.ini");
    let warnings = |mode: u32| {
        std::fs::set_permissions(&ini, std::fs::Permissions::from_mode(mode)).unwrap();
        let output = program.run(&["check", "okta", "okta.Second"]);
        assert_eq!(output.code, Some(0), "{output}");
        output.stderr
    };
    assert_eq!(
        warnings(0o644),
        "warning: config.ini: holds secrets, and every user of this machine can read it\nhint: run `chmod o-rwx config.ini`, or keep the secrets elsewhere (docs/secrets.md)\n"
    );
    assert_eq!(warnings(0o640), "");
    // Where no secret stands in it, anybody may read it.
    let text = std::fs::read_to_string(&ini)
        .unwrap()
        .replace("api_token = ", "api_token_command = echo ");
    std::fs::write(&ini, text).unwrap();
    assert_eq!(warnings(0o644), "");
}
