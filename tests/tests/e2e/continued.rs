//! Lines that begin with a blank by a slip of the hand, lines that stand twice: what a file says without being meant to.

use insta::assert_snapshot;
use oomnitza_tests::Program;

use crate::configuration::OOMNITZA;

const SECRET: &str = "OktaSecretToken88";

fn okta(lines: &str) -> String {
    format!("{OOMNITZA}\n[okta]\n{lines}default_role = 25\n")
}

/// What a command prints of a file, where its secret must be nowhere.
#[track_caller]
fn told(ini: &str, command: &[&str]) -> String {
    let program = Program::with(ini);
    let output = program.run(command);
    assert!(!output.to_string().contains(SECRET), "{output}");
    for log in ["info.log", "errors.log", "okta.log"] {
        let log = std::fs::read_to_string(program.home().join(log)).unwrap_or_default();
        assert!(!log.contains(SECRET), "{log}");
    }
    output.to_string()
}

#[test]
fn a_setting_behind_a_blank_is_told_and_its_secret_is_not_shown() {
    let url = "url = https://example.okta.com\n";
    for before in [
        "enable = True",
        "enable = True\nverify_ssl = False",
        "enable = True\nproxy = none",
        "enable = True\ntimezone = UTC",
        "enable = True\ncacert_dir = authorities",
        "enable = True\nenv_password = HOME",
        "enable = True\ndefault_position = Employee",
        "enable = True\nmapping.TITLE = title",
    ] {
        for slip in [" api_token = ", "\tAPI_TOKEN: ", "  api_tokn = "] {
            let ini = okta(&format!("{before}\n{slip}{SECRET}\n{url}"));
            for command in [
                &["validate"][..],
                &["validate", "--json"],
                &["check", "okta"],
                &["upload", "okta"],
            ] {
                let told = told(&ini, command);
                // A check that cannot reach Oomnitza says that first.
                assert!(
                    told.starts_with(if command[0] == "check" { "exit: 1" } else { "exit: 2" }),
                    "{told}"
                );
                assert!(told.contains("begins with a blank"), "{told}");
            }
        }
    }
    let ini = okta(&format!(
        "enable = True\n api_token = {SECRET}\n  not a setting {SECRET}\n{url}"
    ));
    assert_snapshot!(told(&ini, &["validate"]) + &told(&ini, &["upload", "okta"]));
}

#[test]
fn so_is_one_of_oomnitza_s_own() {
    let ini = format!(
        "[oomnitza]\nurl = https://acme.oomnitza.com\n api_token = {SECRET}\nretry_seconds = 5\n  {SECRET}\n\n[okta]\nenable = False\n"
    );
    assert_snapshot!(told(&ini, &["validate"]));
}

#[test]
fn values_of_several_lines_stay_what_they_are() {
    let ini = format!(
        "{OOMNITZA}\n[ldap]\nenable = True\nurl = ldap://directory.example.com\nusername = cn=reader,\n  dc=example,dc=com\npassword = sample-password\n\
         base_dn = ou=people,\n  dc=example,\n  dc=com\nfilter = (&(objectClass=person)\n  (mail=*))\ndefault_role = 25\ndefault_position = Employee\n\
         recordfilter =\n  username = record.username\n  return username\nmapping.USER = {{\n  \"source\": \"uid\"\n  }}\nmapping.FIRST_NAME = givenName\n"
    );
    let output = Program::with(&ini).run(&["validate"]);
    assert!(!output.to_string().contains("blank"), "{output}");
    assert!(output.stderr.is_empty() || !output.stderr.contains("error"), "{output}");
}

#[test]
fn a_setting_that_stands_twice_is_told() {
    let ini = okta(&format!(
        "enable = True\nurl = https://old.okta.com\napi_token = {SECRET}\ndefault_position = Employee\nURL = https://example.okta.com\nenable = True\n"
    ));
    assert_snapshot!(told(&ini, &["validate"]));
}

#[test]
fn what_update_only_says_is_true_or_false() {
    let asset = |value: &str| {
        format!(
            "{OOMNITZA}\n[mobileiron]\nenable = True\nurl = https://example.mobileiron.com\nusername = reader\npassword = sample-password\n\
             partitions = All\nsync_field = SERIAL\nupdate_only = {value}\n"
        )
    };
    for good in ["True", "false", "yes", "0", ""] {
        let output = Program::with(&asset(good)).run(&["validate"]);
        assert!(!output.to_string().contains("update_only"), "{output}");
    }
    assert_snapshot!(told(&asset("Ture"), &["upload", "mobileiron"]));
}
