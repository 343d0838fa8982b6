//! Secrets that are kept elsewhere than in the ini file, and that come to light nowhere.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use oomnitza_connector::standin::{okta, oomnitza};
use oomnitza_tests::{Answer, Asked, Authority, Fake, Output, Program, Servers, eventually};
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

#[test]
fn only_sections_that_run_fetch_their_secrets() {
    let servers = servers();
    let program = program(
        &servers,
        &format!("api_token = {OOMNITZA_TOKEN}"),
        &format!(
            "api_token = {OKTA_TOKEN}\n\n[okta.Other]\nenable = True\nurl = https://x.example\ndefault_role = 25\ndefault_position = Employee\napi_token_command = touch was-run\n\n[okta.Off]\nenable = False\napi_token_command = touch was-run"
        ),
    );
    let output = program.run(&["upload", "okta", "okta.Off"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(!program.home().join("was-run").exists());
}

/// `[okta]`, and a section like it with another name and another line for its token.
fn with_another(servers: &Servers, okta: &str, name: &str, other: &str) -> Program {
    let second = format!(
        "{okta}\n\n[{name}]\nenable = True\nurl = {}\ndefault_role = 25\ndefault_position = Employee\n{other}",
        servers.okta.url()
    );
    program(servers, &format!("api_token = {OOMNITZA_TOKEN}"), &second)
}

#[test]
fn a_section_does_not_wait_for_the_secret_of_another() {
    let servers = servers();
    let program = with_another(
        &servers,
        "api_token_command = sh slow.sh",
        "okta.Other",
        &format!("api_token = {OKTA_TOKEN}"),
    );
    program.write(
        "slow.sh",
        format!("until [ -e go-on ]; do sleep 0.05; done; echo {OKTA_TOKEN}\n").as_bytes(),
    );
    let mut running = program.launch(&["upload", "okta", "okta.Other", "--json"]);
    running.wait_until("the other section is through", || {
        servers.oomnitza.ledger().records == 2
    });
    program.write("go-on", b"");
    let output = running.end();
    assert_eq!(
        (kept(&output).code, servers.oomnitza.ledger().records),
        (Some(0), 4),
        "{output}"
    );
}

#[test]
fn a_secret_that_cannot_be_had_is_one_section_s_trouble() {
    let servers = servers();
    let program = with_another(
        &servers,
        "api_token_command = false",
        "okta.Other",
        &format!("api_token = {OKTA_TOKEN}"),
    );
    let output = program.run(&["upload", "okta", "okta.Other", "--json"]);
    let status: Vec<_> = output.reports().iter().map(|report| report["status"].clone()).collect();
    assert_eq!(
        (kept(&output).code, status),
        (Some(1), vec![json!("failed"), json!("done")]),
        "{output}"
    );
    assert!(
        output.stderr.contains("[okta] api_token_command: the command `false` "),
        "{output}"
    );
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

#[test]
fn whoever_stops_while_a_secret_is_fetched_does_not_wait_for_it() {
    let servers = servers();
    let line = "api_token_command = sh -c \"touch begun; exec sleep 20\"";
    let program = program(&servers, &format!("api_token = {OOMNITZA_TOKEN}"), line);
    let mut running = program.launch(&["upload", "okta"]);
    let begun = program.home().join("begun");
    running.wait_until("the command runs", || begun.exists());
    let started = std::time::Instant::now();
    running.signal("TERM");
    let output = running.end();
    assert_eq!(output.code, Some(3), "{output}");
    assert!(started.elapsed().as_secs() < 10, "{output}");
    assert!(
        output
            .stderr
            .ends_with("[okta] interrupted; it is safe to run it again\n"),
        "{output}"
    );
}

#[test]
fn secrets_are_set_shown_on_purpose_listed_and_deleted() {
    let program = Program::bare();
    let set = |name: &str, value: &str| program.run_with_input(&["secret", "set", name], value);
    let mut told = String::new();
    for output in [
        program.run(&["secret", "list"]),
        set("okta", "hidden-value\n"),
        set("b", "x"),
        set("empty", "\n"),
        // Told by its name, before a value was looked at.
        set("a/b", ""),
        program.run(&["secret", "list"]),
        program.run(&["secret", "get", "okta"]),
        program.run(&["secret", "get", "okta", "--show"]),
        program.run(&["secret", "get", "none"]),
        program.run(&["secret", "delete", "okta"]),
        program.run(&["secret", "delete", "okta"]),
        program.run(&["secret", "set", "okta", "hidden-on-the-command-line"]),
        program.run(&["secret", "set", "okta", "--hidden=value"]),
    ] {
        told.push_str(&format!("{output}\n"));
    }
    assert!(
        !told.contains("hidden-on") && told.matches("hidden-value").count() == 1,
        "{told}"
    );
    assert_snapshot!(told);
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &str| {
        std::fs::metadata(program.home().join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode(".config/oomnitza-connector/secrets"), 0o700);
    assert_eq!(mode(".config/oomnitza-connector/secrets/b.secret"), 0o600);
}

#[test]
fn what_is_typed_at_a_terminal_is_not_shown() {
    let program = Program::bare();
    let command = format!("tty > terminal; exec {} secret set okta", Program::path().display());
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .env("HOME", program.home())
        // Not into the keyring of whoever runs this.
        .env("XDG_RUNTIME_DIR", program.home())
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .current_dir(program.home())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script of util-linux can be run");
    // The terminal itself shows what comes before the program has asked.
    eventually("the terminal shows no more what is typed", || {
        let terminal = std::fs::read_to_string(program.home().join("terminal")).unwrap_or_default();
        let settings = Command::new("stty")
            .args(["-a", "-F", terminal.trim()])
            .output()
            .unwrap();
        String::from_utf8_lossy(&settings.stdout).contains(" -echo ")
    });
    child.stdin.take().unwrap().write_all(b"typed-secret\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && shown.contains("which is not shown: "),
        "{shown}"
    );
    assert!(
        shown.contains("is kept in a file, 12 characters") && !shown.contains("typed-secret"),
        "{shown}"
    );
    assert_eq!(
        program.run(&["secret", "get", "okta", "--show"]).stdout,
        "typed-secret\n"
    );
}

/// Whoever gives up at the prompt has a terminal that shows again what is typed, and the secret is as it was.
#[test]
fn a_prompt_that_is_interrupted_leaves_the_terminal_as_it_was() {
    for signal in ["^C", "INT", "TERM", "HUP"] {
        let program = Program::bare();
        let script = format!(
            "tty > terminal\nsh -c 'echo $$ > pid; exec {} secret set okta'\necho $? > code\nstty -a > after\n",
            Program::path().display()
        );
        program.write("ask.sh", script.as_bytes());
        let mut child = Command::new("script")
            .args(["--quiet", "--return", "--command", "sh ask.sh", "/dev/null"])
            .env("HOME", program.home())
            .env("XDG_RUNTIME_DIR", program.home())
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .current_dir(program.home())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script of util-linux can be run");
        let read = |name: &str| std::fs::read_to_string(program.home().join(name)).unwrap_or_default();
        eventually("the terminal shows no more what is typed", || {
            let settings = Command::new("stty")
                .args(["-a", "-F", read("terminal").trim()])
                .output();
            String::from_utf8_lossy(&settings.unwrap().stdout).contains(" -echo ")
        });
        let mut stdin = child.stdin.take().unwrap();
        if signal == "^C" {
            stdin.write_all(b"abc\x03").unwrap();
        } else {
            let killed = Command::new("kill").args(["-s", signal, read("pid").trim()]).status();
            assert!(killed.unwrap().success());
        }
        eventually("the shell goes on", || read("after").contains("echo"));
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(read("code"), "3\n", "{signal}: {shown}");
        let after = read("after");
        assert!(
            after.contains(" echo ") && after.contains(" icanon ") && after.contains("isig "),
            "{signal}: {after}"
        );
        assert!(
            shown.contains("interrupted; the secret was not changed") && shown.contains("hint: run it again"),
            "{signal}: {shown}"
        );
        assert_eq!(program.run(&["secret", "list"]).stdout, "", "{signal}");
    }
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
