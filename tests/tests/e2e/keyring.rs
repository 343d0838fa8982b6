//! Secrets in the system's keyring: a real GNOME Keyring in a D-Bus session of each test's own, with `secret-tool` for a second opinion.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use insta::assert_snapshot;
use oomnitza_connector::standin::{okta, oomnitza};
use oomnitza_tests::keyring::Keyring;
use oomnitza_tests::{Output, Program, Servers};

const TOKEN: &str = "00-okta-token-0123456789";
const PLACE: &str = "[okta] api_token_secret: ";

fn servers() -> Servers {
    let okta = okta::Settings {
        token: TOKEN.to_owned(),
        people: 2,
        ..okta::Settings::default()
    };
    Servers::start(okta, oomnitza::Settings::default())
}

/// The program with an [okta] whose token is kept as `okta`.
fn program(servers: &Servers) -> Program {
    program_with(servers, "stand-in-token")
}

fn program_with(servers: &Servers, oomnitza: &str) -> Program {
    Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = {oomnitza}\n\n[okta]\nenable = True\nurl = {}\ndefault_role = 25\ndefault_position = Employee\napi_token_secret = okta\n",
        servers.oomnitza.url(),
        servers.okta.url()
    ))
}

fn set(program: &Program, arguments: &[&str]) -> Output {
    program.run_with_input(&[&["secret", "set", "okta"], arguments].concat(), &format!("{TOKEN}\n"))
}

fn list(program: &Program) -> String {
    let output = program.run(&["secret", "list"]);
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{output}");
    output.stdout
}

/// What a run of [okta] says is wrong.
fn trouble(program: &Program) -> String {
    let output = program.run(&["upload", "okta", "--json"]);
    let error = &output.report()["error"];
    let finding = &error["findings"][0];
    assert_eq!(finding["setting"], "api_token_secret", "{output}");
    let text = |name: &str| finding[name].as_str().unwrap().to_owned();
    format!(
        "exit {}: {}\nhint: {}",
        output.code.unwrap(),
        text("what"),
        text("remedy")
    )
}

/// A directory for PATH with this script as a program.
fn script(program: &Program, name: &str, text: &str) -> String {
    let path = program.write(&format!("bin/{name}.txt"), format!("#!/bin/sh\n{text}\n").as_bytes());
    // Copied by a process of its own: a program cannot be started while one that another test has just begun holds it open.
    let copied = Command::new("cp").arg(&path).arg(path.with_extension("")).status();
    assert!(copied.unwrap().success());
    std::fs::set_permissions(path.with_extension(""), std::fs::Permissions::from_mode(0o700)).unwrap();
    path.parent().unwrap().display().to_string()
}

#[test]
fn a_secret_is_in_the_keyring_from_set_to_delete() {
    let (servers, keyring) = (servers(), Keyring::unlocked());
    let verbose = || program(&servers).keeping(TOKEN).env("RUST_LOG", "trace");
    let told = keyring.tell(verbose());
    let mut said = format!("{}\n", set(&told, &[]));
    assert_eq!(keyring.value("okta"), TOKEN);
    let label = keyring.tool(&["search", "application", "oomnitza-connector"], "");
    assert!(label.contains("label = oomnitza-connector: okta\n"), "{label}");
    assert!(
        !told
            .home()
            .join(".config/oomnitza-connector/secrets/okta.secret")
            .exists()
    );
    assert_eq!(list(&told), "okta  keyring\n");
    said.push_str(&format!("{}\n", told.run(&["secret", "get", "okta"])));
    let shown = keyring.tell(Program::bare()).run(&["secret", "get", "okta", "--show"]);
    assert_eq!(shown.stdout, format!("{TOKEN}\n"));
    // As cron starts it, which does not say where the session is.
    for program in [&told, &keyring.host(verbose())] {
        let before = servers.oomnitza.ledger().records;
        let output = program.run(&["upload", "okta"]);
        assert_eq!(output.code, Some(0), "{output}");
        assert_eq!(servers.oomnitza.ledger().records, before + 2);
    }
    servers.assert_no_violations();
    said.push_str(&format!("{}\n", told.run(&["secret", "delete", "okta"])));
    assert_eq!(keyring.value("okta"), "");
    assert_eq!(list(&told), "");
    said.push_str(&format!(
        "{}\n{}",
        told.run(&["secret", "delete", "okta"]),
        trouble(&told)
    ));
    assert_snapshot!(said);
    keyring.assert_nobody_was_prompted();
}

#[test]
fn what_others_put_there_is_found() {
    let (servers, keyring) = (servers(), Keyring::unlocked());
    let attributes = ["application", "oomnitza-connector", "name"];
    let store = |name: &str, value: &str| {
        keyring.tool(
            &[&["store", "--label=By hand"], &attributes[..], &[name]].concat(),
            value,
        )
    };
    store("okta", TOKEN);
    // Names that are none of ours are not shown.
    store("not a name", "x");
    keyring.tool(
        &["store", "--label=Another's", "application", "another", "name", "b"],
        "x",
    );
    let program = keyring.tell(program(&servers));
    assert_eq!(list(&program), "okta  keyring\n");
    let output = program.run(&["upload", "okta"]);
    assert_eq!(
        (output.code, servers.oomnitza.ledger().records),
        (Some(0), 2),
        "{output}"
    );
}

#[test]
fn a_name_is_in_one_place() {
    let (servers, keyring) = (servers(), Keyring::unlocked());
    let program = keyring.tell(program(&servers));
    for _ in 0..2 {
        let output = set(&program, &["--file"]);
        assert_eq!(output.stderr, "the secret `okta` is kept in a file, 24 characters\n");
        assert_eq!(
            (list(&program).as_str(), keyring.value("okta").as_str()),
            ("okta  file\n", "")
        );
        let output = set(&program, &["--keyring"]);
        assert!(
            output.stderr.starts_with("the secret `okta` is kept in the keyring, "),
            "{output}"
        );
        assert_eq!(
            (list(&program).as_str(), keyring.value("okta").as_str()),
            ("okta  keyring\n", TOKEN)
        );
    }
    // What others have put there besides is forgotten as well.
    set(&program, &["--file"]);
    keyring.tool(
        &[
            "store",
            "--label=x",
            "application",
            "oomnitza-connector",
            "name",
            "okta",
        ],
        "x",
    );
    assert_eq!(list(&program), "okta  file\nokta  keyring\n");
    let output = program.run(&["secret", "delete", "okta"]);
    assert_eq!((output.code, list(&program).as_str()), (Some(0), ""), "{output}");
    let both = program.run(&["secret", "set", "okta", "--file", "--keyring"]);
    assert_eq!(both.code, Some(2), "{both}");
}

#[test]
fn a_keyring_that_is_locked_asks_nobody() {
    let (servers, mut keyring) = (servers(), Keyring::unlocked());
    let program = keyring.tell(program(&servers));
    set(&program, &[]);
    keyring.lock();
    let mut told = trouble(&program);
    for output in [
        program.run(&["secret", "get", "okta"]),
        program.run(&["secret", "get", "another"]),
        program.run(&["secret", "list"]),
        program.run(&["secret", "delete", "okta"]),
        set(&program, &["--keyring"]),
        set(&program, &["--file"]),
        set(&program, &[]),
        program.run(&["secret", "list"]),
    ] {
        told.push_str(&format!("\n\n{output}"));
    }
    // A file is all that a run needs.
    let output = program.run(&["upload", "okta"]);
    assert_eq!(
        (output.code, servers.oomnitza.ledger().records),
        (Some(0), 2),
        "{output}"
    );
    told.push_str(&format!("\n\n{}", program.run(&["secret", "delete", "okta"])));
    assert_snapshot!(told);
    keyring.assert_nobody_was_prompted();
}

#[test]
fn without_a_keyring_secrets_are_in_files_as_ever() {
    let servers = servers();
    let mut told = String::new();
    let (keyring, empty) = (Keyring::absent(), Keyring::never_set_up());
    for (machine, program) in [
        ("no keyring", keyring.tell(program(&servers))),
        ("never set up", empty.tell(program(&servers))),
        ("no session", program(&servers)),
        ("no client", program(&servers).env("PATH", "/nowhere")),
    ] {
        told.push_str(&format!("# {machine}\n{}\n", trouble(&program)));
        for arguments in [&["secret", "get", "okta"][..], &["secret", "delete", "okta"]] {
            told.push_str(&format!("{}\n", program.run(arguments)));
        }
        told.push_str(&format!("{}\n{}\n", set(&program, &["--keyring"]), set(&program, &[])));
        assert_eq!(list(&program), "okta  file\n");
        let output = program.run(&["upload", "okta"]);
        assert_eq!(output.code, Some(0), "{output}");
        let output = program.run(&["secret", "delete", "okta"]);
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{output}");
    }
    assert_snapshot!(told);
    empty.assert_nobody_was_prompted();
}

#[test]
fn a_session_that_is_gone_is_told() {
    let servers = servers();
    let program = program(&servers).env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus");
    assert_snapshot!(format!("{}\n\n{}", trouble(&program), set(&program, &[])));
}

#[test]
fn a_client_that_does_not_do_its_part_holds_up_nobody() {
    let (servers, keyring) = (servers(), Keyring::unlocked());
    keyring.tool(
        &[
            "store",
            "--label=x",
            "application",
            "oomnitza-connector",
            "name",
            "okta",
        ],
        TOKEN,
    );
    let mut told = String::new();
    for text in [
        "exec sleep 600",
        "head -c 70000 /dev/zero | tr '\\0' x",
        "printf '\\377\\376 and more'",
        "echo 'the keyring is on fire' >&2; exit 1",
        // It repeats what it was given.
        "cat >&2; exit 1",
        // It keeps what it is given in a way of its own.
        "cat >/dev/null; echo something else",
    ] {
        let program = keyring.tell(program(&servers).keeping(TOKEN));
        let program = if text.starts_with("exec sleep") {
            program.env("OOMNITZA_KEYRING_MS", "3000")
        } else {
            program
        };
        let directory = script(&program, "secret-tool", &format!("echo \"$@\" >>calls\n{text}"));
        let program = program.env("PATH", &format!("{directory}:/usr/bin:/bin"));
        // What is "something else" may be a token for all that anybody knows.
        if !text.ends_with("else") {
            told.push_str(&format!("# {text}\n{}\n", trouble(&program)));
        }
        told.push_str(&format!("{}\n", set(&program, &["--keyring"])));
        let calls = std::fs::read_to_string(program.home().join("calls")).unwrap();
        assert!(!calls.contains(TOKEN), "{calls}");
        let store = "store --label=oomnitza-connector: okta application oomnitza-connector name okta\n";
        assert!(calls.contains(store), "{calls}");
    }
    assert_snapshot!(told);
}

#[test]
fn what_secret_tool_would_cut_off_is_kept_in_a_file() {
    let keyring = Keyring::unlocked();
    let program = keyring.tell(Program::bare());
    let set = |length: usize| program.run_with_input(&["secret", "set", "long"], &"x".repeat(length));
    let output = set(8191);
    assert!(
        output.stderr.contains("is kept in the keyring, 8191 characters"),
        "{output}"
    );
    assert_eq!(keyring.value("long").len(), 8191);
    assert_snapshot!(set(8192), @"
    exit: 0
    ----- stdout
    ----- stderr
    the secret `long` is kept in a file, 8192 characters, since `secret-tool` takes 8191 bytes, and the secret is longer
    ");
    assert_eq!(keyring.value("long"), "");
}

#[test]
fn validate_asks_no_keyring() {
    let (servers, keyring) = (servers(), Keyring::absent());
    let program = keyring.tell(program(&servers));
    let directory = script(&program, "secret-tool", "touch was-run");
    script(&program, "dbus-send", "touch was-run");
    let program = program.env("PATH", &directory);
    assert_snapshot!(program.run(&["validate", "--strict"]));
    let output = program.run(&["validate", "--json"]);
    assert!(output.stdout.contains(r#""severity":"note""#), "{output}");
    assert!(!program.home().join("was-run").exists());
    // With neither client nor session it is as wrong as a run would find it.
    for program in [program.env("PATH", "/nowhere"), self::program(&servers)] {
        let output = program.run(&["validate"]);
        let line = output.stdout.lines().find(|line| line.contains(PLACE)).unwrap();
        assert!(line.starts_with("error: ") && output.code == Some(2), "{output}");
        let run = program.run(&["upload", "okta"]);
        assert!(run.stderr.contains(line), "{run}\n{line}");
    }
}

/// That a name is in no file is no reason to say that the section is wrong, where Oomnitza cannot be signed in to.
#[test]
fn a_name_that_the_keyring_may_hold_is_no_mistake() {
    let (servers, keyring) = (servers(), Keyring::unlocked());
    let program = program_with(&servers, "not-the-token");
    let output = keyring.tell(program).run(&["upload", "okta", "--json"]);
    assert_eq!(output.report()["error"]["findings"], serde_json::json!([]), "{output}");
}
