//! `verify_ssl`, `cacert_file`, `cacert_dir` and `ssl_protocol`, for every kind of connection and for `[oomnitza]`, against OpenSSL.

use std::fmt::Write as _;

use insta::assert_snapshot;
use oomnitza_connector::standin::oomnitza::{Oomnitza, Settings};
use oomnitza_tests::openssl::{Openssl, rehash};
use oomnitza_tests::{Authority, Output, Program};

/// An organisation without people, and an Oomnitza without mappings.
const PAGES: &[(&str, &str)] = &[
    ("api/v1/users?limit=200", "[]"),
    ("api/v2/mappings?name=AuthTest", "{}"),
    ("api/v2/mappings?name=Okta", "{}"),
];

const TLS_1_1: &[&str] = &["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"];

/// `[okta]` at this port.
fn okta(port: u16) -> String {
    format!(
        "[okta]\nenable = True\nurl = https://127.0.0.1:{port}\napi_token = a-token-of-okta\ndefault_role = 25\ndefault_position = x\n"
    )
}

/// The program with an Oomnitza that is not secured, and a section. The machine trusts only an authority that has signed nothing.
fn program(destination: &Oomnitza, section: &str) -> Program {
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n{section}",
        destination.url()
    ));
    let machine = program.write("machine.pem", Authority::new("the machine's").certificate().as_bytes());
    let machine = machine.to_str().unwrap().to_owned();
    program.env("SSL_CERT_FILE", &machine)
}

/// Runs `upload` of the section whose header comes first.
fn upload(section: &str, files: &[(&str, &str)]) -> Output {
    let destination = Oomnitza::start(Settings::default()).unwrap();
    let program = program(&destination, section);
    for (name, text) in files {
        program.write(name, text.as_bytes());
    }
    let name = section.trim_start_matches('[').split(']').next().unwrap_or_default();
    program.run(&["upload", name])
}

/// What is wrong with servers and settings, in the words of each capability.
fn refusals(section: impl Fn(u16) -> String, options: &[&str]) -> String {
    let authority = Authority::new("the company's");
    let good = authority.issue();
    let expired = authority.issue_with(&["127.0.0.1"], |params| {
        params.not_before = rcgen::date_time_ymd(2019, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    });
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let itself = (made.cert.pem(), made.signing_key.serialize_pem());
    let elsewhere = authority.issue_with(&["elsewhere.example"], |_| ());
    let named = "cacert_file = authority.pem\n";
    let mut told = String::new();
    for (case, identity, server, settings) in [
        ("signed by nobody it knows", &good, &[][..], ""),
        ("signed by itself", &itself, &[], named),
        ("made for another name", &elsewhere, &[], named),
        ("expired", &expired, &[], named),
        ("TLS 1.1 only", &good, TLS_1_1, named),
        (
            "TLS 1.2 only, the section wants 1.3",
            &good,
            &["-tls1_2"],
            "cacert_file = authority.pem\nssl_protocol = tls1.3\n",
        ),
        (
            "TLS 1.3 only, the section wants 1.2",
            &good,
            &["-tls1_3"],
            "cacert_file = authority.pem\nssl_protocol = TLS1.2\n",
        ),
    ] {
        let server = Openssl::serve(identity, PAGES, &[server, options].concat());
        let output = upload(
            &(section(server.port) + settings),
            &[("authority.pem", &authority.certificate())],
        );
        assert_eq!(output.code, Some(1), "{case}: {output}");
        writeln!(
            told,
            "{case}:\n{}",
            oomnitza_tests::settled(&output.stderr, "[no home]")
        )
        .unwrap();
    }
    told
}

#[test]
fn a_web_service_that_cannot_be_trusted_is_not_talked_to() {
    assert_snapshot!(refusals(okta, &[]), @"
    signed by nobody it knows:
    error: section [okta] stopped: the source cannot be reached: no secure connection to https://127.0.0.1:[PORT]: its certificate comes from an authority that this machine does not know
    hint: if the server's certificate comes from your own authority, name its file with `cacert_file`; `verify_ssl = False` switches the check off

    signed by itself:
    error: section [okta] stopped: the source cannot be reached: no secure connection to https://127.0.0.1:[PORT]: its certificate comes from an authority that this machine does not know
    hint: if the server's certificate comes from your own authority, name its file with `cacert_file`; `verify_ssl = False` switches the check off

    made for another name:
    error: section [okta] stopped: the source cannot be reached: no secure connection to https://127.0.0.1:[PORT]: its certificate was made for another name
    hint: use the name that the certificate was made for, or let the certificate be made for this one

    expired:
    error: section [okta] stopped: the source cannot be reached: no secure connection to https://127.0.0.1:[PORT]: its certificate has expired
    hint: let the server's certificate be renewed, or correct the clock of this machine

    TLS 1.1 only:
    error: section [okta] stopped: the source cannot be reached: no secure connection to https://127.0.0.1:[PORT]: there is no safe protocol that both sides speak
    hint: the server must speak TLS 1.2 or 1.3; where `ssl_protocol` names one of them, that one

    TLS 1.2 only, the section wants 1.3:
    error: section [okta] stopped: the source cannot be reached: no secure connection to https://127.0.0.1:[PORT]: there is no safe protocol that both sides speak
    hint: the server must speak TLS 1.2 or 1.3; where `ssl_protocol` names one of them, that one

    TLS 1.3 only, the section wants 1.2:
    error: section [okta] stopped: the source cannot be reached: no secure connection to https://127.0.0.1:[PORT]: there is no safe protocol that both sides speak
    hint: the server must speak TLS 1.2 or 1.3; where `ssl_protocol` names one of them, that one
    ");
}

#[test]
fn a_directory_that_cannot_be_trusted_is_not_talked_to() {
    let section = |port| {
        format!(
            "[ldap]\nenable = True\nurl = ldaps://127.0.0.1:{port}\nusername = cn=reader\npassword = a-password-of-ldap\nbase_dn = dc=x\n\
            protocol_version = 3\nfilter = (objectClass=*)\ndefault_role = 25\ndefault_position = x\n"
        )
    };
    assert_snapshot!(refusals(section, &[]), @"
    signed by nobody it knows:
    error: section [ldap] stopped: the source cannot be reached: no secure connection to ldaps://127.0.0.1:[PORT]: its certificate comes from an authority that this machine does not know
    hint: if the server's certificate comes from your own authority, name its file with `cacert_file`; `verify_ssl = False` switches the check off

    signed by itself:
    error: section [ldap] stopped: the source cannot be reached: no secure connection to ldaps://127.0.0.1:[PORT]: its certificate comes from an authority that this machine does not know
    hint: if the server's certificate comes from your own authority, name its file with `cacert_file`; `verify_ssl = False` switches the check off

    made for another name:
    error: section [ldap] stopped: the source cannot be reached: no secure connection to ldaps://127.0.0.1:[PORT]: its certificate was made for another name
    hint: use the name that the certificate was made for, or let the certificate be made for this one

    expired:
    error: section [ldap] stopped: the source cannot be reached: no secure connection to ldaps://127.0.0.1:[PORT]: its certificate has expired
    hint: let the server's certificate be renewed, or correct the clock of this machine

    TLS 1.1 only:
    error: section [ldap] stopped: the source cannot be reached: no secure connection to ldaps://127.0.0.1:[PORT]: there is no safe protocol that both sides speak
    hint: the server must speak TLS 1.2 or 1.3; where `ssl_protocol` names one of them, that one

    TLS 1.2 only, the section wants 1.3:
    error: section [ldap] stopped: the source cannot be reached: no secure connection to ldaps://127.0.0.1:[PORT]: there is no safe protocol that both sides speak
    hint: the server must speak TLS 1.2 or 1.3; where `ssl_protocol` names one of them, that one

    TLS 1.3 only, the section wants 1.2:
    error: section [ldap] stopped: the source cannot be reached: no secure connection to ldaps://127.0.0.1:[PORT]: there is no safe protocol that both sides speak
    hint: the server must speak TLS 1.2 or 1.3; where `ssl_protocol` names one of them, that one
    ");
}

#[test]
fn a_database_that_cannot_be_trusted_is_not_talked_to() {
    let section = |port| {
        format!(
            "[sccm]\nenable = True\nserver = 127.0.0.1,{port}\ndatabase = x\nusername = reader\npassword = a-password-of-sccm\n\
            authentication = SQL Server\nencrypt = strict\nsync_field = SERIAL\nmapping.SERIAL = {{\"source\": \"hardware.serial_number\"}}\n"
        )
    };
    assert_snapshot!(refusals(section, &["-alpn", "tds/8.0"]), @"
    signed by nobody it knows:
    error: section [sccm] stopped: the source cannot be reached: no secure connection to mssql://127.0.0.1:[PORT]: its certificate comes from an authority that this machine does not know
    hint: if the server's certificate comes from your own authority, name its file with `cacert_file`; `verify_ssl = False` switches the check off

    signed by itself:
    error: section [sccm] stopped: the source cannot be reached: no secure connection to mssql://127.0.0.1:[PORT]: its certificate comes from an authority that this machine does not know
    hint: if the server's certificate comes from your own authority, name its file with `cacert_file`; `verify_ssl = False` switches the check off

    made for another name:
    error: section [sccm] stopped: the source cannot be reached: no secure connection to mssql://127.0.0.1:[PORT]: its certificate was made for another name
    hint: use the name that the certificate was made for, or let the certificate be made for this one

    expired:
    error: section [sccm] stopped: the source cannot be reached: no secure connection to mssql://127.0.0.1:[PORT]: its certificate has expired
    hint: let the server's certificate be renewed, or correct the clock of this machine

    TLS 1.1 only:
    error: section [sccm] stopped: the source cannot be reached: no secure connection to mssql://127.0.0.1:[PORT]: there is no safe protocol that both sides speak
    hint: the server must speak TLS 1.2 or 1.3; where `ssl_protocol` names one of them, that one

    TLS 1.2 only, the section wants 1.3:
    error: section [sccm] stopped: the source cannot be reached: no secure connection to mssql://127.0.0.1:[PORT]: there is no safe protocol that both sides speak
    hint: the server must speak TLS 1.2 or 1.3; where `ssl_protocol` names one of them, that one

    TLS 1.3 only, the section wants 1.2:
    error: section [sccm] stopped: the source cannot be reached: no secure connection to mssql://127.0.0.1:[PORT]: there is no safe protocol that both sides speak
    hint: the server must speak TLS 1.2 or 1.3; where `ssl_protocol` names one of them, that one
    ");
}

#[test]
fn whom_the_section_trusts_it_talks_to() {
    let authority = Authority::new("the company's");
    let (good, pem) = (authority.issue(), authority.certificate());
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let itself = (made.cert.pem(), made.signing_key.serialize_pem());
    for (identity, server, settings) in [
        (&good, &[][..], "cacert_file = authority.pem"),
        (&good, &[], "cacert_file = authority.pem\nssl_protocol = ssl"),
        (&good, &[], "cacert_file = authority.pem\nssl_protocol = SSLv23"),
        (&good, &["-tls1_2"], "cacert_file = authority.pem\nssl_protocol = tls"),
        (
            &good,
            &["-tls1_2"],
            "cacert_file = authority.pem\nssl_protocol = tls1.2",
        ),
        (
            &good,
            &["-tls1_3"],
            "cacert_file = authority.pem\nssl_protocol = tls1.3",
        ),
        (&itself, &[], "cacert_file = itself.pem"),
        (&itself, &[], "verify_ssl = False"),
        (&good, &[], "verify_ssl = no\ncacert_file ="),
    ] {
        let server = Openssl::serve(identity, PAGES, server);
        let output = upload(
            &(okta(server.port) + settings),
            &[("authority.pem", &pem), ("itself.pem", &itself.0)],
        );
        assert_eq!(output.code, Some(0), "{settings}: {output}");
        let is_unchecked = settings.starts_with("verify_ssl");
        assert_eq!(output.stderr.contains("warning"), is_unchecked, "{settings}: {output}");
    }
}

/// Wherever the program is started: cron starts it in the user's home.
#[test]
fn authorities_are_looked_for_beside_the_ini_file() {
    let authority = Authority::new("the company's");
    let server = Openssl::serve(&authority.issue(), PAGES, &[]);
    let destination = Oomnitza::start(Settings::default()).unwrap();
    for setting in ["cacert_file = authorities/ours.pem", "cacert_dir = authorities"] {
        let program = program(&destination, &(okta(server.port) + setting));
        let ini = std::fs::read(program.home().join("config.ini")).unwrap();
        program.write("etc/config.ini", &ini);
        program.write("etc/authorities/ours.pem", authority.certificate().as_bytes());
        let output = program.run(&["upload", "okta", "--ini", "etc/config.ini"]);
        assert_eq!(output.code, Some(0), "{setting}\n{output}");
    }
}

#[test]
fn a_directory_as_openssl_wants_it_holds_authorities() {
    let authority = Authority::new("the company's");
    let server = Openssl::serve(&authority.issue(), PAGES, &[]);
    let destination = Oomnitza::start(Settings::default()).unwrap();
    let program = program(&destination, &(okta(server.port) + "cacert_dir = authorities\n"));
    program.write("authorities/company.pem", authority.certificate().as_bytes());
    program.write("authorities/README", b"Not a certificate.");
    rehash(&program.home().join("authorities"));
    // Nobody writes into it: whoever opened it would wait for ever.
    let pipe = program.home().join("authorities/pipe");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let output = program.run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
}

#[test]
fn the_bundle_of_the_environment_holds_where_a_section_names_none() {
    let authority = Authority::new("the company's");
    let server = Openssl::serve(&authority.issue(), PAGES, &[]);
    let destination = Oomnitza::start(Settings::default()).unwrap();
    for (variable, bundle) in [("REQUESTS_CA_BUNDLE", "bundle.pem"), ("CURL_CA_BUNDLE", "bundles")] {
        let program = program(&destination, &okta(server.port));
        program.write("bundle.pem", authority.certificate().as_bytes());
        program.write("bundles/company.pem", authority.certificate().as_bytes());
        let bundle = program.home().join(bundle).display().to_string();
        let output = program.env(variable, &bundle).run(&["upload", "okta"]);
        assert_eq!(output.code, Some(0), "{variable}: {output}");
    }
    let program = program(&destination, &okta(server.port)).env("REQUESTS_CA_BUNDLE", "/not/there.pem");
    assert_snapshot!(program.run(&["upload", "okta"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: `/not/there.pem`, which the environment variable REQUESTS_CA_BUNDLE names, cannot be used: No such file or directory (os error 2)
    hint: name a file or a directory with certificates in PEM form, or unset it
    ");
}

#[test]
fn the_settings_hold_for_oomnitza_as_well() {
    let authority = Authority::new("the company's");
    let server = Openssl::serve(&authority.issue(), PAGES, &["-tls1_2"]);
    let url = format!("https://127.0.0.1:{}", server.port);
    let mut told = String::new();
    for settings in [
        "",
        "ssl_protocol = tls1.3\ncacert_file = authority.pem",
        "ssl_protocol = tls1.2\ncacert_file = authority.pem",
    ] {
        let ini = format!(
            "[oomnitza]\nurl = {url}\napi_token = a-token-of-oomnitza\n{settings}\n\n{}verify_ssl = False\n",
            okta(server.port)
        );
        let program = Program::with(&ini);
        program.write("authority.pem", authority.certificate().as_bytes());
        let machine = program.write("machine.pem", Authority::new("the machine's").certificate().as_bytes());
        let machine = machine.display().to_string();
        let output = program.env("SSL_CERT_FILE", &machine).run(&["upload", "okta"]);
        writeln!(told, "{output}").unwrap();
    }
    assert_snapshot!(told, @"
    exit: 1
    ----- stdout
    ----- stderr
    warning: config.ini:12: [okta] verify_ssl: switches the check of certificates off: whoever is on the way can pass for the server and gets the credentials
    hint: name the authority that signed its certificate with `cacert_file`, and remove this setting
    error: [oomnitza] cannot be used: no secure connection to https://127.0.0.1:[PORT]: its certificate comes from an authority that this machine does not know
    hint: if the server's certificate comes from your own authority, name its file with `cacert_file`; `verify_ssl = False` switches the check off

    exit: 1
    ----- stdout
    ----- stderr
    warning: config.ini:13: [okta] verify_ssl: switches the check of certificates off: whoever is on the way can pass for the server and gets the credentials
    hint: name the authority that signed its certificate with `cacert_file`, and remove this setting
    error: [oomnitza] cannot be used: no secure connection to https://127.0.0.1:[PORT]: there is no safe protocol that both sides speak
    hint: the server must speak TLS 1.2 or 1.3; where `ssl_protocol` names one of them, that one

    exit: 0
    ----- stdout
    ----- stderr
    warning: config.ini:13: [okta] verify_ssl: switches the check of certificates off: whoever is on the way can pass for the server and gets the credentials
    hint: name the authority that signed its certificate with `cacert_file`, and remove this setting
    [okta] 0 records sent in [TIME]
      read 0 = sent 0 + filtered 0 + rejected 0 + failed 0
    ");
}

/// The five values of the old program's, and others.
#[test]
fn what_nobody_speaks_any_more_is_refused_or_warned_of() {
    let authority = Authority::new("the company's");
    let server = Openssl::serve(&authority.issue(), PAGES, &[]);
    let mut told = String::new();
    for protocol in ["tls1", "sslv3", "tls1.1", "best"] {
        let settings = format!("cacert_file = authority.pem\nssl_protocol = {protocol}\n");
        let output = upload(
            &(okta(server.port) + &settings),
            &[("authority.pem", &authority.certificate())],
        );
        writeln!(told, "{output}").unwrap();
    }
    assert_snapshot!(told, @"
    exit: 0
    ----- stdout
    ----- stderr
    warning: config.ini:12: [okta] ssl_protocol: TLS 1.0 is broken (RFC 8996) and not spoken; the best protocol that both sides know is used
    hint: remove the setting; a server that knows no TLS 1.2 has to be brought up to date
    [okta] 0 records sent in [TIME]
      read 0 = sent 0 + filtered 0 + rejected 0 + failed 0

    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:12: [okta] ssl_protocol: SSL 3 is broken (RFC 7568), and no maintained TLS library speaks it
    hint: remove the setting; the best protocol that both sides know is used

    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:12: [okta] ssl_protocol: cannot be `tls1.1`
    hint: it can be ssl, sslv23, tls, tls1, tls1.2, tls1.3; without the setting it is the best that both sides know

    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:12: [okta] ssl_protocol: cannot be `best`
    hint: it can be ssl, sslv23, tls, tls1, tls1.2, tls1.3; without the setting it is the best that both sides know
    ");
}

/// Where certificates are not checked, everybody who looks is told: in `validate`, and once a run.
#[test]
fn a_check_that_is_switched_off_is_warned_of() {
    let authority = Authority::new("the company's");
    let server = Openssl::serve(&authority.issue(), PAGES, &[]);
    let destination = Oomnitza::start(Settings::default()).unwrap();
    let program = program(&destination, &(okta(server.port) + "verify_ssl = False\n"));
    let mut told = String::new();
    for arguments in [&["upload", "okta"][..], &["validate"], &["validate", "--strict"]] {
        writeln!(told, "{}", program.run(arguments)).unwrap();
    }
    let ini = format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\nverify_ssl = no\n",
        destination.url()
    );
    program.write("config.ini", ini.as_bytes());
    writeln!(told, "{}", program.run(&["validate"])).unwrap();
    assert_snapshot!(told, @r"
    exit: 0
    ----- stdout
    ----- stderr
    warning: config.ini:11: [okta] verify_ssl: switches the check of certificates off: whoever is on the way can pass for the server and gets the credentials
    hint: name the authority that signed its certificate with `cacert_file`, and remove this setting
    [okta] 0 records sent in [TIME]
      read 0 = sent 0 + filtered 0 + rejected 0 + failed 0

    exit: 0
    ----- stdout
    warning: config.ini:11: [okta] verify_ssl: switches the check of certificates off: whoever is on the way can pass for the server and gets the credentials
    hint: name the authority that signed its certificate with `cacert_file`, and remove this setting
    ----- stderr
    0 errors and 1 warning; looked at oomnitza, okta

    exit: 2
    ----- stdout
    warning: config.ini:11: [okta] verify_ssl: switches the check of certificates off: whoever is on the way can pass for the server and gets the credentials
    hint: name the authority that signed its certificate with `cacert_file`, and remove this setting
    ----- stderr
    0 errors and 1 warning; looked at oomnitza, okta

    exit: 0
    ----- stdout
    warning: config.ini:4: [oomnitza] verify_ssl: switches the check of certificates off: whoever is on the way can pass for the server and gets the credentials
    hint: name the authority that signed its certificate with `cacert_file`, and remove this setting
    ----- stderr
    0 errors and 1 warning; looked at oomnitza
    ");
}
