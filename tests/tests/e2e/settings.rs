//! What a connector describes of its settings: what a section must have, what the values may be, and which of them are to blame where
//! a source does not give what is asked.

use insta::assert_snapshot;
use oomnitza_tests::Program;

use crate::configuration::{OKTA, OOMNITZA, Places};

/// Sections that lack something, by name.
const LACKING: &str = "[casper]
enable = True
url = https://jss.example.com
username = u
sync_field = NAME

[casper.Empty]
enable = True
url = https://jss.example.com
username = u
password =
sync_field = NAME

[casper.Nobody]
enable = True
url = https://jss.example.com
sync_field = NAME

[casper.Client]
enable = True
url = https://jss.example.com
client_id = c
client_secret =
sync_field = NAME

[casper.Secret]
enable = True
url = https://jss.example.com
username = u
password = a-password
client_secret = a-client-secret
sync_field = NAME

[airwatch]
enable = True
url = https://aw.example.com
username = u
api_token = a-test-token
sync_field = NAME

[airwatch.Client]
enable = True
url = https://aw.example.com
api_token = a-test-token
client_id = c
client_secret = a-client-secret
sync_field = NAME

[onelogin]
enable = True
default_role = 25
default_position = Employee

[sccm]
enable = True
server = cm1.example.com
sync_field = NAME

[sccm.Alone]
enable = True
server = cm1.example.com
password = a-password
authentication = Windows
sync_field = NAME

";

/// Sections with values that cannot be.
const WRONG: &str = r#"[okta]
enable = True
url = https://example.okta.com
api_token = a-test-token
default_role = 25
default_position = Employee
page_size = many
deprovisioned = perhaps

[mobileiron]
enable = True
url = https://eu1.mobileiron.com
username = u
password = a-password
partitions = Drivers
checkin_days = some
sync_field = NAME

[mobileiron.Numbers]
enable = True
url = https://eu1.mobileiron.com
username = u
password = a-password
partitions = ["Drivers", 7]
checkin_days = -1
sync_field = NAME

[ldap]
enable = True
url = ldap://ldap.example.com
username = anonymous
base_dn = dc=acme,dc=example
filter = (&(objectClass=person)(uid=)
page_size = 5000
start_tls = maybe
allow_anonymous = never
default_role = 25
default_position = Employee

[ldap.Password]
enable = True
url = ldap://ldap.example.com
username = anonymous
base_dn = dc=acme,dc=example
filter = (userPassword=a*)
default_role = 25
default_position = Employee

"#;

/// Sections that have all they need, each in another way.
const GOOD: &str = r#"[casper]
enable = True
url = https://jss.example.com
client_id = c
client_secret = a-client-secret
sync_field = NAME

[casper.Elsewhere]
enable = True
url = https://jss.example.com
username = u
password_command = sh -c "pass show casper"
sync_field = NAME

[airwatch]
enable = True
url = https://aw.example.com
api_token = a-test-token
client_id = c
env_client_secret = SET
token_url = https://na.example.com/token
sync_field = NAME

[onelogin]
enable = True
client_id = c
client_secret = a-client-secret
default_role = 25
default_position = Employee

[mobileiron]
enable = True
url = https://eu1.mobileiron.com
username = u
password = a-password
partitions = "aLL"
checkin_days = 2
sync_field = NAME

[ldap]
enable = True
url = ldap://ldap.example.com
username = anonymous
base_dn = dc=acme,dc=example
start_tls = yes
filter = uid=*
page_size = 1000
default_role = 25
default_position = Employee
"#;

/// A file with these sections, in which it is known where the sync field comes from.
fn ini(sections: &str) -> String {
    let sections = sections.replace("sync_field = NAME\n", "sync_field = NAME\nmapping.NAME = name\n");
    format!("{OOMNITZA}{sections}")
}

/// What `validate` says of these sections. `check` and `upload` say the same, each of its own section, and end with 2 as well.
#[track_caller]
fn told(sections: &str) -> String {
    let program = Program::with(&ini(sections));
    let all = program.run(&["validate"]);
    assert_eq!(all.code, Some(2), "{all}");
    let headers = sections
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    for name in headers {
        let validated = program.run(&["validate", name]).stdout;
        let uploaded = program.run(&["upload", name]);
        assert_eq!((uploaded.code, &uploaded.stderr), (Some(2), &validated), "{name}");
        // The stand-in for Oomnitza that nobody started is told first.
        let checked = program.run(&["check", name]).stderr;
        assert!(checked.ends_with(&validated) && !validated.is_empty(), "{checked}");
    }
    all.to_string()
}

#[test]
fn what_a_section_lacks_is_said_with_its_place_before_anybody_is_asked() {
    assert_snapshot!(told(LACKING));
}

#[test]
fn a_value_that_cannot_be_is_said_with_its_place_before_anybody_is_asked() {
    assert_snapshot!(told(WRONG));
}

#[test]
fn each_way_to_sign_in_is_enough_and_values_are_taken_as_ini_files_write_them() {
    let program = Program::with(&ini(GOOD)).env("SET", "from-the-environment");
    let output = program.run(&["validate"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(!output.stdout.contains("error: "), "{output}");
}

/// Oomnitza is there, so nothing but the section's settings is to blame.
#[test]
fn a_check_with_settings_that_lack_something_ends_with_2() {
    let places = Places::start();
    let section = "[casper]\nenable = True\nurl = http://127.0.0.1:9\nsync_field = NAME\n";
    let output = Program::with(&format!("{}{section}", places.destination())).run(&["check", "casper"]);
    assert_snapshot!(output, @"
    exit: 2
    ----- stdout
    ok [oomnitza] Oomnitza: http://127.0.0.1:[PORT]/ accepts the credentials
    ----- stderr
    error: config.ini:5: [casper] username: is missing
    hint: An account that may read computers and mobile devices; for example `username = username@example.com`; or set `client_id` instead
    error: config.ini:5: [casper] password: is missing
    hint: Its password; for example `password = change-me`; or set `client_id` instead
    ");
}

#[test]
fn hints_name_the_settings_and_their_lines() {
    let places = Places::start();
    let url = places.okta.url();
    let mut told = String::new();
    for (url, token) in [
        (format!("{url}/wrong/path"), "api_token = stand-in-token"),
        (url.clone(), "api_token = another-token"),
        (url.clone(), "env_api_token = SET"),
        (url.clone(), "api_token_file = token"),
        ("http://127.0.0.1:9".to_owned(), "api_token = stand-in-token"),
    ] {
        let section = OKTA.replace("api_token = a-test-token", &format!("{token}\nurl = {url}"));
        let program = Program::with(&format!("{}[okta]\n{section}", places.destination())).env("SET", "another-token");
        program.write("token", b"another-token");
        let mut ends: Vec<String> = Vec::new();
        for command in ["check", "upload"] {
            let output = program.run(&[command, "okta"]);
            assert_eq!(output.code, Some(1), "{output}");
            ends.push(output.without_stdout().to_string());
        }
        assert_eq!(ends[0], ends[1]);
        told += &ends[0];
    }
    assert_snapshot!(told, @r#"
    exit: 1
    ----- stdout
    ----- stderr
    error: section [okta] stopped: the source answered something unexpected: GET /wrong/path/api/v1/users answered 404: Not found: Resource not found: /wrong/path/api/v1/users (E0000007)
    hint: check `url` (line 8) in config.ini: something answers there, but not what is asked for
    exit: 1
    ----- stdout
    ----- stderr
    error: section [okta] stopped: the source did not accept the credentials: GET /api/v1/users answered 401: Invalid token provided (E0000011)
    hint: check `api_token` (line 7) in config.ini
    exit: 1
    ----- stdout
    ----- stderr
    error: section [okta] stopped: the source did not accept the credentials: GET /api/v1/users answered 401: Invalid token provided (E0000011)
    hint: check `env_api_token` (line 7) in config.ini
    exit: 1
    ----- stdout
    ----- stderr
    error: section [okta] stopped: the source did not accept the credentials: GET /api/v1/users answered 401: Invalid token provided (E0000011)
    hint: check `api_token_file` (line 7) in config.ini
    exit: 1
    ----- stdout
    ----- stderr
    WARNING - the source of [okta] cannot be used now; trying again place="http://127.0.0.1:[PORT]" problem="no connection to http://127.0.0.1:[PORT]: Connection refused (os error 111)" tries=3
    error: section [okta] stopped: the source cannot be reached: no connection to http://127.0.0.1:[PORT]: Connection refused (os error 111)
    hint: check `url` (line 8) in config.ini, and that this machine can reach it
    "#);
}
