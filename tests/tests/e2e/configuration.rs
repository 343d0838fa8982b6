//! What is wrong in the ini file: each message names file, line, section and setting, and what to do.

use oomnitza_connector::standin::{okta, oomnitza};
use oomnitza_tests::{Output, Program};

/// An `[oomnitza]` that is in order, where nobody answers: what is wrong is found before anybody is asked.
pub(crate) const OOMNITZA: &str = "[oomnitza]\nurl = http://127.0.0.1:9\napi_token = a-test-token\n\n";

/// The rest of an `[okta]` that is in order.
pub(crate) const OKTA: &str =
    "enable = True\napi_token = a-test-token\ndefault_role = 25\ndefault_position = Employee\n";

/// Runs `upload okta` with this file.
pub(crate) fn upload(ini: &str) -> Output {
    Program::with(ini).run(&["upload", "okta"])
}

/// Runs `upload okta` with this `[okta]`, which begins on line 5.
pub(crate) fn with_okta(section: &str) -> Output {
    upload(&format!("{OOMNITZA}[okta]\n{section}"))
}

/// Oomnitza and Okta on this machine.
pub(crate) struct Places {
    pub(crate) oomnitza: oomnitza::Oomnitza,
    pub(crate) okta: okta::Okta,
}

impl Places {
    pub(crate) fn start() -> Self {
        let settings = okta::Settings {
            people: 3,
            ..okta::Settings::default()
        };
        Self {
            oomnitza: oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap(),
            okta: okta::Okta::start(settings).unwrap(),
        }
    }

    /// `[oomnitza]`, four lines.
    pub(crate) fn destination(&self) -> String {
        format!(
            "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n",
            self.oomnitza.url()
        )
    }

    /// `[NAME]`, seven lines, and what is added to it.
    pub(crate) fn section(&self, name: &str, more: &str) -> String {
        format!(
            "[{name}]\nenable = True\nurl = {}\napi_token = stand-in-token\ndefault_role = 25\ndefault_position = Employee\n{more}\n",
            self.okta.url()
        )
    }

    /// How often Oomnitza was asked anything.
    pub(crate) fn asked(&self) -> usize {
        self.oomnitza.ledger().requests.len()
    }
}

#[test]
fn a_file_that_is_missing() {
    insta::assert_snapshot!(Program::bare().run(&["upload", "okta"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini: there is no such file
    hint: name the file with `--ini FILE`, or write one with `oomnitza-connector generate-ini`
    ");
}

#[test]
fn a_file_that_is_a_directory() {
    let program = Program::bare();
    std::fs::create_dir(program.home().join("config.ini")).unwrap();
    insta::assert_snapshot!(program.run(&["upload", "okta"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini: cannot be read: Is a directory (os error 21)
    hint: name a file with `--ini FILE`
    ");
}

#[test]
fn a_file_that_is_far_too_large() {
    let program = Program::bare();
    std::fs::File::create(program.home().join("config.ini"))
        .unwrap()
        .set_len(5 << 20)
        .unwrap();
    insta::assert_snapshot!(program.run(&["upload", "okta"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini: is larger than 4 MiB
    hint: name the ini file with `--ini FILE`; this is hardly one
    ");
}

#[test]
fn an_empty_file() {
    insta::assert_snapshot!(upload(""), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini: has no section [oomnitza]
    hint: put `[oomnitza]` with `url` and `api_token` (or `username` and `password`) at the top of the file
    ");
}

#[test]
fn a_header_without_its_bracket() {
    insta::assert_snapshot!(upload("[oomnitza]\nurl = http://127.0.0.1:9\n\n[okta\nenable = True\n"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:4: this line is a section's header without its closing `]`
    hint: write it as `[name]`
    ");
}

#[test]
fn a_setting_before_any_section() {
    insta::assert_snapshot!(upload("# Ours\nurl = http://127.0.0.1:9\n[oomnitza]\n"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:2: this line stands before the first section's header
    hint: put `[oomnitza]` on a line of its own above it
    ");
}

#[test]
fn a_line_that_is_nothing() {
    insta::assert_snapshot!(upload("[oomnitza]\nurl\n"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:2: this line is neither a section, a setting nor a comment
    hint: write it as `name = value`, or put `#` before it
    ");
    insta::assert_snapshot!(upload("[oomnitza]\n  url = http://127.0.0.1:9\n"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:2: this line begins with white space, but there is no value above that it could continue
    hint: take the white space away, or put the line below the setting it belongs to
    ");
}

#[test]
fn no_section_oomnitza() {
    insta::assert_snapshot!(upload("[okta]\nenable = True\n"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini: has no section [oomnitza]
    hint: put `[oomnitza]` with `url` and `api_token` (or `username` and `password`) at the top of the file
    ");
}

#[test]
fn oomnitza_is_not_the_first_section() {
    insta::assert_snapshot!(upload(&format!("[okta]\nenable = True\n\n{OOMNITZA}")), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:4: [oomnitza] must be the first section, but [okta] on line 1 comes before it
    hint: move it to the top of the file
    ");
}

#[test]
fn everything_that_is_wrong_with_oomnitza_is_said_at_once() {
    let ini = "[oomnitza]\nurl = example.oomnitza.com\nusername = connector\nupload_parallel = 0\nretry_seconds = soon\napi_tokn = t\n";
    insta::assert_snapshot!(upload(ini), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:1: [oomnitza] password: is missing
    hint: give the user's password, or name the environment variable that holds it with `env_password`, or use `api_token`
    error: config.ini:2: [oomnitza] url: `example.oomnitza.com` cannot be used: it does not begin with a scheme such as `https://`
    hint: give the address of your Oomnitza, for example `url = https://example.oomnitza.com`
    error: config.ini:4: [oomnitza] upload_parallel: cannot be `0`
    hint: it is a whole number from 1 to 16; without the setting it is 4
    error: config.ini:5: [oomnitza] retry_seconds: cannot be `soon`
    hint: it is a whole number from 0 to 86400; without the setting it is 3600
    warning: config.ini:6: [oomnitza] api_tokn: is not a setting of this section and has no effect
    hint: did you mean `api_token`?
    ");
}

#[test]
fn a_section_that_is_not_there() {
    let ini = format!("{OOMNITZA}[okta.Contractors]\n[ldap]\n");
    insta::assert_snapshot!(Program::with(&ini).run(&["upload", "okta.Contractor"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini: [okta.Contractor] there is no such section
    hint: did you mean `okta.Contractors`?
    ");
    insta::assert_snapshot!(Program::with(&ini).run(&["upload", "casper"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini: [casper] there is no such section
    hint: the sections are okta.Contractors, ldap
    ");
    insta::assert_snapshot!(Program::with(&ini).run(&["upload", "oomnitza"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini: [oomnitza] is no section of a connector
    hint: the sections are okta.Contractors, ldap
    ");
    insta::assert_snapshot!(Program::with(OOMNITZA).run(&["upload", "okta"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini: [okta] there is no such section
    hint: the file has no section for a connector yet; `oomnitza-connector generate-ini --ini example.ini` writes all of them
    ");
}

#[test]
fn a_section_that_is_disabled() {
    insta::assert_snapshot!(with_okta("enable = False\n"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:6: [okta] enable: the section is disabled
    hint: set `enable = True` to run it
    ");
    insta::assert_snapshot!(with_okta("url = https://example.okta.com\n"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:5: [okta] enable: the section is disabled
    hint: set `enable = True` to run it
    ");
}

#[test]
fn enable_that_is_neither_true_nor_false() {
    insta::assert_snapshot!(with_okta("enable = maybe\n"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:6: [okta] enable: `maybe` is neither true nor false
    hint: write `enable = True` or `enable = False`
    ");
}

#[test]
fn a_connector_that_is_not_there_names_those_that_are() {
    let ini = format!("{OOMNITZA}[oktaa]\nenable = True\n\n[bigtool.Berlin]\nenable = True\n");
    insta::assert_snapshot!(Program::with(&ini).run(&["upload", "oktaa", "bigtool.Berlin"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:5: [oktaa] there is no connector `oktaa`
    hint: did you mean `okta`?
    error: config.ini:8: [bigtool.Berlin] there is no connector `bigtool`
    hint: the connectors are airwatch, bamboohr, casper, jasper, ldap, mobileiron, okta, onelogin, sccm, zendesk; put another one's .wasm file into the connectors directory, or name it with `component = FILE` in the section
    2 sections, 2 of them with an error: read 0, sent 0
    ");
}

#[test]
fn settings_that_are_missing_or_have_no_value() {
    insta::assert_snapshot!(with_okta("enable = True\napi_token =\nverify_ssl = perhaps\n"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:5: [okta] url: is missing
    hint: The address of your Okta organisation; for example `url = https://example-admin.okta.com`
    error: config.ini:5: [okta] default_role: is missing
    hint: The numeric ID of the role that imported users get; for example `default_role = 25`
    error: config.ini:5: [okta] default_position: is missing
    hint: The position that imported users get; `unused` leaves positions to Oomnitza; for example `default_position = Employee`
    error: config.ini:7: [okta] api_token: has no value
    hint: A token of an Okta administrator who may read users (Security, API, Tokens); for example `api_token = YOUR Okta API TOKEN`
    error: config.ini:8: [okta] verify_ssl: `perhaps` is neither true nor false
    hint: write `verify_ssl = True` or `verify_ssl = False`
    ");
}

#[test]
fn a_choice_that_there_is_not() {
    let ini = format!(
        "{OOMNITZA}[ldap]\nenable = True\nurl = ldaps://dc.example.com\nusername = u\npassword = a-password\nbase_dn = dc=example\nprotocol_version = 33\ndefault_role = 25\ndefault_position = Employee\n"
    );
    insta::assert_snapshot!(Program::with(&ini).run(&["upload", "ldap"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [ldap] protocol_version: cannot be `33`
    hint: did you mean `3`? It can be 2, 3
    ");
}

#[test]
fn an_environment_variable_that_is_not_set() {
    insta::assert_snapshot!(with_okta(&format!("url = https://example.okta.com\n{OKTA}env_password = OKTA_PASSWORD\n")), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] env_password: the environment variable `OKTA_PASSWORD` is not set
    hint: set `OKTA_PASSWORD` where the program is started, for example in the cron line, or remove `env_password`
    ");
}

/// A slip in an optional setting must not stop a nightly run, and must not go unnoticed either.
#[test]
fn an_unknown_setting_is_a_warning_and_the_run_goes_on() {
    let places = Places::start();
    let ini = places.destination() + &places.section("okta", "page_sise = 100\ncolour = red");
    let output = upload(&ini);
    insta::assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    ----- stderr
    warning: config.ini:11: [okta] page_sise: is not a setting of this section and has no effect
    hint: did you mean `page_size`?
    warning: config.ini:12: [okta] colour: is not a setting of this section and has no effect
    hint: remove the line, or correct its name
    [okta] 3 records sent in [TIME]
      read 3 = sent 3 + filtered 0 + rejected 0 + failed 0
    ");
    assert_eq!(places.oomnitza.uploaded().len(), 3);
}

#[test]
fn a_bad_section_does_not_keep_a_good_one_from_running() {
    let places = Places::start();
    let ini = places.destination() + "[okta.Bad]\nenable = True\n\n" + &places.section("okta", "");
    let output = Program::with(&ini).run(&["upload", "okta.Bad", "okta"]);
    insta::assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    error: config.ini:5: [okta.Bad] url: is missing
    hint: The address of your Okta organisation; for example `url = https://example-admin.okta.com`
    error: config.ini:5: [okta.Bad] api_token: is missing
    hint: A token of an Okta administrator who may read users (Security, API, Tokens); for example `api_token = YOUR Okta API TOKEN`
    error: config.ini:5: [okta.Bad] default_role: is missing
    hint: The numeric ID of the role that imported users get; for example `default_role = 25`
    error: config.ini:5: [okta.Bad] default_position: is missing
    hint: The position that imported users get; `unused` leaves positions to Oomnitza; for example `default_position = Employee`
    [okta] 3 records sent in [TIME]
      read 3 = sent 3 + filtered 0 + rejected 0 + failed 0
    2 sections, 1 of them with an error: read 3, sent 3
    ");
    assert_eq!(places.oomnitza.uploaded().len(), 3);
}

#[test]
fn with_nothing_that_can_run_oomnitza_is_not_asked() {
    let places = Places::start();
    let ini = places.destination() + "[okta.A]\nenable = True\n\n[okta.B]\nenable = no\n";
    let output = Program::with(&ini).run(&["upload", "okta.A", "okta.B"]);
    insta::assert_snapshot!(output, @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:5: [okta.A] url: is missing
    hint: The address of your Okta organisation; for example `url = https://example-admin.okta.com`
    error: config.ini:5: [okta.A] api_token: is missing
    hint: A token of an Okta administrator who may read users (Security, API, Tokens); for example `api_token = YOUR Okta API TOKEN`
    error: config.ini:5: [okta.A] default_role: is missing
    hint: The numeric ID of the role that imported users get; for example `default_role = 25`
    error: config.ini:5: [okta.A] default_position: is missing
    hint: The position that imported users get; `unused` leaves positions to Oomnitza; for example `default_position = Employee`
    error: config.ini:9: [okta.B] enable: the section is disabled
    hint: set `enable = True` to run it
    2 sections, 2 of them with an error: read 0, sent 0
    ");
    assert_eq!(places.asked(), 0);
}

#[test]
fn a_file_in_another_place_is_named_as_it_was_given() {
    let program = Program::bare();
    program.write("conf/ours.ini", format!("{OOMNITZA}[okta]\nenable = 2\n").as_bytes());
    insta::assert_snapshot!(program.run(&["upload", "okta", "--ini", "conf/ours.ini"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: conf/ours.ini:6: [okta] enable: `2` is neither true nor false
    hint: write `enable = True` or `enable = False`
    ");
}

/// For machines the same: each finding with its place, and nothing on standard output but JSON.
#[test]
fn findings_are_in_the_json_report() {
    let program = Program::with(&format!("{OOMNITZA}[okta]\nenable = True\n"));
    let output = program.run(&["upload", "okta", "--json"]);
    let report = output.report();
    let findings = report["error"]["findings"].as_array().unwrap();
    assert_eq!(output.stdout.lines().count(), 1);
    assert_eq!(report["status"], "failed");
    for finding in findings {
        assert_eq!(
            (&finding["file"], &finding["line"], &finding["section"]),
            (&"config.ini".into(), &5.into(), &"okta".into())
        );
        assert!(
            finding["setting"].is_string() && finding["remedy"].is_string(),
            "{finding}"
        );
    }
    let settings: Vec<&str> = findings
        .iter()
        .filter_map(|finding| finding["setting"].as_str())
        .collect();
    assert_eq!(settings, ["url", "api_token", "default_role", "default_position"]);
}
