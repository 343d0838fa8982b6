//! What is wrong with addresses, certificates and proxies.

use oomnitza_tests::{Output, Program};

use crate::configuration::{OKTA, OOMNITZA, upload, with_okta};

/// Runs with this address of Oomnitza, on line 2.
fn oomnitza_at(url: &str) -> Output {
    upload(&format!("[oomnitza]\nurl = {url}\napi_token = a-test-token\n"))
}

/// Runs with this address of Okta, on line 6.
fn okta_at(url: &str) -> Output {
    with_okta(&format!("url = {url}\n{OKTA}"))
}

#[test]
fn an_address_of_oomnitza_that_cannot_be_used() {
    insta::assert_snapshot!(oomnitza_at("example.oomnitza.com"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:2: [oomnitza] url: `example.oomnitza.com` cannot be used: it does not begin with a scheme such as `https://`
    hint: give the address of your Oomnitza, for example `url = https://example.oomnitza.com`
    ");
    insta::assert_snapshot!(oomnitza_at("ftp://example.oomnitza.com"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:2: [oomnitza] url: `ftp://example.oomnitza.com` cannot be used: `ftp` is neither https nor http
    hint: give the address of your Oomnitza, for example `url = https://example.oomnitza.com`
    ");
    insta::assert_snapshot!(oomnitza_at("https://"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:2: [oomnitza] url: `https://` cannot be used: it names no host
    hint: give the address of your Oomnitza, for example `url = https://example.oomnitza.com`
    ");
}

#[test]
fn an_address_of_a_source_that_cannot_be_used() {
    insta::assert_snapshot!(okta_at("example.okta.com:443"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:6: [okta] url: `example.okta.com:443` cannot be used: it does not begin with a scheme such as `https://`
    hint: write it like `https://example-admin.okta.com`
    ");
    insta::assert_snapshot!(okta_at("ftp://example.okta.com:21"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:6: [okta] url: `ftp://example.okta.com:21` cannot be used: its scheme is `ftp`, and only https or http can stand there
    hint: write it like `https://example-admin.okta.com`
    ");
    insta::assert_snapshot!(okta_at("ldaps://example.okta.com"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:6: [okta] url: `ldaps://example.okta.com` cannot be used: its scheme is `ldaps`, and only https or http can stand there
    hint: write it like `https://example-admin.okta.com`
    ");
    insta::assert_snapshot!(okta_at("https://exa mple.okta.com"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:6: [okta] url: `https://exa mple.okta.com` cannot be used: its host has a blank or a line break in it
    hint: write it like `https://example-admin.okta.com`
    ");
}

#[test]
fn an_address_is_told_in_the_words_of_its_setting() {
    let quoted = "it stands in quotation marks, which count as a part of it: take them away";
    for output in [
        okta_at("\"http://127.0.0.1\""),
        okta_at("'http://127.0.0.1'"),
        oomnitza_at("\"http://127.0.0.1\""),
    ] {
        assert!(output.code == Some(2) && output.stderr.contains(quoted), "{output}");
    }
    let with = |section: &str| Program::with(&format!("{OOMNITZA}{section}")).run(&["validate"]);
    let ldap = with(
        "[ldap]\nenable = True\nurl = 127.0.0.1\nusername = u\npassword = p\nbase_dn = dc=x\nfilter = (a=*)\nprotocol_version = 3\ndefault_role = 25\ndefault_position = x\n",
    );
    assert!(
        ldap.stdout.contains(
            "config.ini:7: [ldap] url: `127.0.0.1` cannot be used: it does not begin with `ldaps://` or `ldap://`\n"
        ),
        "{ldap}"
    );
    // Nobody wrote `mssql://`.
    let sccm = with(
        "[sccm]\nenable = True\nserver = srv\\inst:99999\ndatabase = CM\nusername = u\npassword = p\nauthentication = SQL Server\nsync_field = SERIAL\n",
    );
    assert!(
        sccm.stdout
            .contains("config.ini:7: [sccm] server: `srv\\inst:99999` cannot be used: "),
        "{sccm}"
    );
}

/// It works, and whoever wrote it may think that it does more.
#[test]
fn what_is_left_out_of_an_address_is_a_warning() {
    let ini = format!(
        "[oomnitza]\nurl = http://127.0.0.1:9/?y=2\napi_token = a-test-token\n\n[okta]\nurl = http://127.0.0.1:1?x=1#frag\n{OKTA}"
    );
    insta::assert_snapshot!(Program::with(&ini).run(&["validate"]), @"
    exit: 0
    ----- stdout
    warning: config.ini:2: [oomnitza] url: `?y=2` is left out: only scheme, host and path count
    hint: remove it
    warning: config.ini:6: [okta] url: `?x=1#frag` is left out: only scheme, host and path count
    hint: remove it
    ----- stderr
    0 errors and 2 warnings; looked at oomnitza, okta
    ");
}

#[test]
fn a_password_in_an_address_is_refused_and_not_shown() {
    for output in [
        oomnitza_at("https://connector:hunter2@example.oomnitza.com"),
        oomnitza_at("connector:hunter2@example.oomnitza.com"),
        oomnitza_at("https://connector:hunter2/@example.oomnitza.com"),
        okta_at("https://connector:hunter2@example.okta.com"),
        okta_at("connector:hunter2@example.okta.com"),
        okta_at("https://connector:hunter2#@example.okta.com"),
    ] {
        assert_eq!(output.code, Some(2), "{output}");
        assert!(
            output.stderr.contains("url: `") && !output.stderr.contains("hunter2"),
            "{output}"
        );
    }
    insta::assert_snapshot!(oomnitza_at("https://connector:hunter2@example.oomnitza.com"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:2: [oomnitza] url: `https://…@example.oomnitza.com` cannot be used: user name and password do not belong into the address
    hint: give the address of your Oomnitza, for example `url = https://example.oomnitza.com`
    ");
    insta::assert_snapshot!(okta_at("https://connector:hunter2@example.okta.com"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:6: [okta] url: `https://…@example.okta.com` cannot be used: user name and password do not belong into the address
    hint: write it like `https://example-admin.okta.com`
    ");
}

#[test]
fn protocols_that_nobody_should_speak() {
    insta::assert_snapshot!(with_okta(&format!("url = https://example.okta.com\n{OKTA}ssl_protocol = sslv3\n")), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] ssl_protocol: SSL 3 is broken (RFC 7568), and no maintained TLS library speaks it
    hint: remove the setting; the best protocol that both sides know is used
    ");
    insta::assert_snapshot!(with_okta(&format!("url = https://example.okta.com\n{OKTA}ssl_protocol = tls9\n")), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] ssl_protocol: cannot be `tls9`
    hint: it can be ssl, sslv23, tls, tls1, tls1.2, tls1.3; without the setting it is the best that both sides know
    ");
}

#[test]
fn verify_ssl_that_is_neither_true_nor_false() {
    insta::assert_snapshot!(upload("[oomnitza]\nurl = https://acme.oomnitza.com\napi_token = a-test-token\nverify_ssl = sometimes\n"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:4: [oomnitza] verify_ssl: `sometimes` is neither true nor false
    hint: write `verify_ssl = True` or `verify_ssl = False`
    ");
}

#[test]
fn certificate_authorities_that_cannot_be_read() {
    let section = |lines: &str| format!("{OOMNITZA}[okta]\nurl = https://example.okta.com\n{OKTA}{lines}\n");
    let program = Program::with(&section("cacert_file = ours.pem"));
    insta::assert_snapshot!(program.run(&["upload", "okta"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] cacert_file: `ours.pem` cannot be used: No such file or directory (os error 2)
    hint: name one that holds certificates in PEM form, or remove the setting to trust the machine's authorities
    ");
    program.write("ours.pem", b"no certificate\n");
    insta::assert_snapshot!(program.run(&["upload", "okta"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] cacert_file: `ours.pem` cannot be used: it holds no certificate in PEM form
    hint: name one that holds certificates in PEM form, or remove the setting to trust the machine's authorities
    ");
    program.write(
        "ours.pem",
        b"-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n",
    );
    insta::assert_snapshot!(program.run(&["upload", "okta"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] cacert_file: `ours.pem` cannot be used: a certificate in it is damaged (base64 decode error: InvalidCharacter(33))
    hint: name one that holds certificates in PEM form, or remove the setting to trust the machine's authorities
    ");
    program.write("config.ini", section("cacert_dir = authorities").as_bytes());
    insta::assert_snapshot!(program.run(&["upload", "okta"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] cacert_dir: `authorities` cannot be used: No such file or directory (os error 2)
    hint: name one that holds certificates in PEM form, or remove the setting to trust the machine's authorities
    ");
    std::fs::create_dir(program.home().join("authorities")).unwrap();
    insta::assert_snapshot!(program.run(&["upload", "okta"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] cacert_dir: `authorities` holds no certificate that can be used
    hint: name one that holds certificates in PEM form, or remove the setting to trust the machine's authorities
    ");
}

#[test]
fn certificate_authorities_of_oomnitza_that_cannot_be_read() {
    let ini = format!(
        "{}cacert_file = ours.pem\n\n[okta]\n{OKTA}",
        OOMNITZA.trim_end().to_owned() + "\n"
    );
    insta::assert_snapshot!(upload(&ini), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:4: [oomnitza] cacert_file: `ours.pem` cannot be used: No such file or directory (os error 2)
    hint: name one that holds certificates in PEM form, or remove the setting to trust the machine's authorities
    ");
}

#[test]
fn a_proxy_that_is_none() {
    let ini = format!("{OOMNITZA}[okta]\nurl = https://example.okta.com\n{OKTA}");
    let run = |proxy: &str| Program::with(&ini).env("HTTPS_PROXY", proxy).run(&["upload", "okta"]);
    insta::assert_snapshot!(run("socks5://proxy.example.com:1080"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: the environment variable HTTPS_PROXY does not name a proxy: `socks5` is neither http nor https
    hint: write it like `http://proxy.example.com:3128`, or unset it
    ");
    insta::assert_snapshot!(run("http://"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: the environment variable HTTPS_PROXY does not name a proxy: empty host
    hint: write it like `http://proxy.example.com:3128`, or unset it
    ");
    let output = run("socks5://user:hunter2@proxy.example.com");
    assert!(output.code == Some(2) && !output.stderr.contains("hunter2"), "{output}");
}
