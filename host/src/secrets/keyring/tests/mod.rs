//! `security`, played by a script, since macOS cannot be had; `secret-tool` and a keyring are tested for real by the end-to-end tests.
#![cfg(unix)]

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use super::*;

/// Enough for a script, however busy the machine is.
const LONG: Duration = child::LONGEST;

/// A keyring whose client is this script, and the directory that it is in.
fn played(script: &str, longest: Duration) -> (tempfile::TempDir, Keyring) {
    let directory = tempfile::tempdir().unwrap();
    let security = directory.path().join("security");
    // Written by a process of its own: a program cannot be started while one that another test has just begun holds it open.
    let mut writer = std::process::Command::new("tee")
        .arg(&security)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    writer.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    writer.wait().unwrap();
    std::fs::set_permissions(&security, std::fs::Permissions::from_mode(0o700)).unwrap();
    let client = Ok(Client::Keychain(Keychain::new(security, longest)));
    (directory, Keyring { client })
}

#[tokio::test]
async fn a_keychain_keeps_secrets_that_are_on_no_command_line() {
    let (directory, keyring) = played(include_str!("security.py"), LONG);
    keyring.ready().await.unwrap();
    assert_eq!(keyring.get("okta").await, Err(Error::Unknown));
    assert_eq!(keyring.names().await.unwrap(), <[String; 0]>::default());
    for (name, value) in [("okta", "first-value"), ("b.2", "x"), ("okta", r#"se'c"ret \ $HOME;"#)] {
        keyring.set(name, &Secret::new(value)).await.unwrap();
        assert_eq!(keyring.get(name).await.unwrap().expose(), value);
    }
    assert_eq!(keyring.names().await.unwrap(), ["b.2", "okta"]);
    // What its client shows in another form, or has no room for, is not left there.
    for (value, said) in [
        ("sécret", "the keyring does not keep this secret as it is"),
        ("two\nlines", "the keyring does not keep this secret as it is"),
        (
            &"x".repeat(1901),
            "`security` takes 1900 bytes, and the secret is longer",
        ),
    ] {
        let refused = keyring.set("unfit", &Secret::new(value)).await;
        assert_eq!(refused, Err(Error::Failed(said.to_owned())));
        assert_eq!(keyring.get("unfit").await, Err(Error::Unknown));
    }
    keyring.set("b.2", &Secret::new("y".repeat(1900))).await.unwrap();
    keyring.delete("okta").await.unwrap();
    assert_eq!(keyring.delete("okta").await, Err(Error::Unknown));
    assert_eq!(keyring.names().await.unwrap(), ["b.2"]);

    let arguments = std::fs::read_to_string(directory.path().join("arguments")).unwrap();
    let secrets = ["first-value", "se'c", "yyyy", "7979", "two", "sécret"];
    assert!(!secrets.iter().any(|secret| arguments.contains(secret)), "{arguments}");

    std::fs::write(directory.path().join("locked"), "").unwrap();
    assert_eq!(keyring.get("b.2").await, Err(Error::Locked));
    assert_eq!(keyring.set("b.2", &Secret::new("z")).await, Err(Error::Locked));
    assert_eq!(keyring.names().await, Err(Error::Locked));
}

#[tokio::test]
async fn windows_is_told_where_its_secrets_are() {
    let keyring = Keyring {
        client: Err(Absent::Windows),
    };
    let error = keyring.ready().await.unwrap_err();
    let said = format!("{error}; {}", error.hint("okta"));
    assert_eq!(said, "on Windows secrets are kept in files; leave `--keyring` out");
}

#[tokio::test]
async fn a_client_that_repeats_a_secret_waits_or_is_not_there_says_none_of_it() {
    let secret = Secret::new("hidden-value");
    let failed = |what: &str| Err(Error::Failed(what.to_owned()));
    let (_directory, keyring) = played("#!/bin/sh\ncat >&2; exit 3\n", LONG);
    assert_eq!(
        keyring.set("okta", &secret).await,
        failed(
            "`security` ended with exit code 3: add-generic-password -U -s oomnitza-connector -a okta -l \"oomnitza-connector: okta\" -X [redacted]"
        )
    );
    let (_directory, keyring) = played("#!/bin/sh\nexec sleep 60\n", Duration::from_millis(100));
    let slow = keyring.get("okta").await.map(drop);
    assert_eq!(slow, failed("`security` did not end within 100ms"));
    let (directory, keyring) = played("", LONG);
    std::fs::remove_file(directory.path().join("security")).unwrap();
    assert_eq!(
        keyring.get("okta").await.map(drop),
        failed("`security` cannot be started: No such file or directory (os error 2)")
    );
}
