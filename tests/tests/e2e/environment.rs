//! What is wrong with the environment is known before anything is sent, and does not hide what is wrong with the file.

use insta::assert_snapshot;
use oomnitza_tests::{Program, Servers};

use crate::configuration::{OKTA, OOMNITZA};

/// A file with something wrong in it.
fn wrong() -> Program {
    Program::with(&format!(
        "{OOMNITZA}[okta]\nurl = https://example.okta.com\n{OKTA}parallel = 0\n"
    ))
}

#[test]
fn all_of_it_is_said_with_what_is_wrong_with_the_file() {
    let program = wrong()
        .env("HTTPS_PROXY", "http://a:b@h:99999")
        .env("http_proxy", "socks5://p")
        .env("REQUESTS_CA_BUNDLE", "/not/there.pem");
    assert_snapshot!(program.run(&["validate", "--connectors", "/not/there"]), @"
    exit: 2
    ----- stdout
    error: the environment variable http_proxy does not name a proxy: `socks5` is neither http nor https
    hint: write it like `http://proxy.example.com:3128`, or unset it
    error: the environment variable HTTPS_PROXY does not name a proxy: invalid port number
    hint: write it like `http://proxy.example.com:3128`, or unset it
    error: `/not/there.pem`, which the environment variable REQUESTS_CA_BUNDLE names, cannot be used: No such file or directory (os error 2)
    hint: name a file or a directory with certificates in PEM form, or unset it
    error: /not/there: cannot be read as the connectors directory: No such file or directory (os error 2)
    hint: name a directory that is there, and that this program may read, with --connectors
    error: config.ini:11: [okta] parallel: cannot be `0`
    hint: it is a whole number from 1 to 16; without the setting the connector's own number holds
    ----- stderr
    5 errors and 0 warnings; looked at oomnitza, okta
    ");
    let output = program.run(&["validate", "--json"]);
    let first: serde_json::Value = serde_json::from_str(output.stdout.lines().next().unwrap()).unwrap();
    assert!(first["file"].is_null() && first["what"].is_string(), "{output}");
}

/// `SSL_CERT_FILE` and `SSL_CERT_DIR` are where the machine's own authorities are looked for.
#[test]
fn authorities_that_are_none_are_said_before_anything_is_sent() {
    let servers = Servers::with_people(1);
    for (variable, path, says) in [
        (
            "REQUESTS_CA_BUNDLE",
            "/etc/hostname",
            "`/etc/hostname`, which the environment variable REQUESTS_CA_BUNDLE names, cannot be used: it holds no certificate in PEM form",
        ),
        (
            "CURL_CA_BUNDLE",
            "/etc/apt",
            "`/etc/apt`, which the environment variable CURL_CA_BUNDLE names, cannot be used: it holds no certificate that can be used",
        ),
        (
            "SSL_CERT_FILE",
            "/etc/hostname",
            "the environment variable SSL_CERT_FILE (`/etc/hostname`) names no certificate authority",
        ),
        (
            "SSL_CERT_DIR",
            "/nope",
            "the environment variable SSL_CERT_DIR (`/nope`) names no certificate authority",
        ),
    ] {
        let program = servers.program().env(variable, path);
        let expected =
            format!("error: {says}\nhint: name a file or a directory with certificates in PEM form, or unset it\n");
        for arguments in [["check", "okta"], ["upload", "okta"]] {
            let output = program.run(&arguments);
            assert_eq!(
                (output.code, output.stderr.as_str()),
                (Some(2), expected.as_str()),
                "{output}"
            );
        }
        let validated = program.run(&["validate"]);
        assert_eq!(
            (validated.code, validated.stdout.as_str()),
            (Some(2), expected.as_str()),
            "{validated}"
        );
    }
    assert_eq!(servers.oomnitza.ledger().requests.len(), 0);
}
