//! `validate`: everything that is wrong at once, nothing that is good refused, and nobody asked.

use insta::assert_snapshot;
use oomnitza_tests::{Output, Program};

use crate::configuration::OOMNITZA;

fn validate(ini: &str, arguments: &[&str]) -> Output {
    Program::with(ini)
        .env("SET", "from-the-environment")
        .run(&[&["validate"], arguments].concat())
}

/// A file with something wrong in every corner.
const WRONG: &str = r#"[oomnitza]
url = example.oomnitza.com
api_token = a-test-token
retry_seconds = soon

[okta]
enable = True
url = https://example.okta.com
api_tokn = t
default_role = 25
default_position = Employee
env_password = NOT_SET
verify_ssl = perhaps
mapping.FIRST_NAME = {"source": "firstName", "converter": "first_from_ful"}
mapping.LAST_NAME = {"setting": "default_rol"}
mapping.PHONE = {"source": }

[okta.Good]
enable = True
url = https://example.okta.com
api_token = a-test-token
default_role = 25
default_position = Employee
env_password = SET
cacert_file = no-such.pem

[casper]
enable = True
url = ftp://jss.example.com
username = u
password = a-password
sync_field = SERIAL
sync_type = computer

[mobileiron]
enable = False

[otka]
enable = True

[zendesk]
enable = maybe
"#;

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    assert_snapshot!(validate(WRONG, &[]), @r#"
    exit: 2
    ----- stdout
    error: config.ini:2: [oomnitza] url: `example.oomnitza.com` cannot be used: it does not begin with a scheme such as `https://`
    hint: give the address of your Oomnitza, for example `url = https://example.oomnitza.com`
    error: config.ini:4: [oomnitza] retry_seconds: cannot be `soon`
    hint: it is a whole number from 0 to 86400; without the setting it is 3600
    error: config.ini:6: [okta] api_token: is missing
    hint: A token of an Okta administrator who may read users (Security, API, Tokens); for example `api_token = YOUR Okta API TOKEN`
    warning: config.ini:9: [okta] api_tokn: is not a setting of this section and has no effect
    hint: did you mean `api_token`?
    error: config.ini:12: [okta] env_password: the environment variable `NOT_SET` is not set
    hint: set `NOT_SET` where the program is started, for example in the cron line, or remove `env_password`
    error: config.ini:13: [okta] verify_ssl: `perhaps` is neither true nor false
    hint: write `verify_ssl = True` or `verify_ssl = False`
    error: config.ini:14: [okta] mapping.first_name: there is no converter `first_from_ful`
    hint: the built-in ones are casper_extension_attribute, date_format, first_from_full, last_from_full, ldap_user_field, location, mac_model_from_sn, split, split_email
    error: config.ini:15: [okta] mapping.last_name: there is no setting `default_rol`
    hint: did you mean `default_role`?
    error: config.ini:16: [okta] mapping.phone: is not a JSON object (expected value at line 1 column 12)
    hint: write it as `mapping.FIELD = {"source": "field", "converter": "name"}`, or with the source's field alone
    warning: config.ini:24: [okta.Good] env_password: has no effect: this source is not signed in to with a password
    hint: remove the setting
    error: config.ini:25: [okta.Good] cacert_file: `no-such.pem` cannot be used: No such file or directory (os error 2)
    hint: name one that holds certificates in PEM form, or remove the setting to trust the machine's authorities
    error: config.ini:29: [casper] url: `ftp://jss.example.com` cannot be used: its scheme is `ftp`, and only https or http can stand there
    hint: write it like `https://jss.jamfcloud.com/example`
    warning: config.ini:32: [casper] sync_field: field `SERIAL` is mapped neither here nor by the connector, so Oomnitza's own mappings have to
    hint: see them with `check casper`, or add `mapping.SERIAL = {"source": "…"}`
    error: config.ini:33: [casper] sync_type: cannot be `computer`
    hint: did you mean `computers`? It can be computers, mobiledevices
    error: config.ini:38: [otka] there is no connector `otka`
    hint: did you mean `okta`?
    error: config.ini:41: [zendesk] system_name: is missing
    hint: The first part of your account's address, before `.zendesk.com`; for example `system_name = oomnitza`
    error: config.ini:41: [zendesk] api_token: is missing
    hint: An API token (Admin Center, Apps and integrations, Zendesk API); for example `api_token = YOUR Zendesk API TOKEN`
    error: config.ini:41: [zendesk] username: is missing
    hint: The e-mail address of an agent who may read users; for example `username = username@example.com`
    error: config.ini:41: [zendesk] default_role: is missing
    hint: The numeric ID of the role that imported users get; for example `default_role = 25`
    error: config.ini:41: [zendesk] default_position: is missing
    hint: The position that imported users get; `unused` leaves positions to Oomnitza; for example `default_position = Employee`
    error: config.ini:42: [zendesk] enable: `maybe` is neither true nor false
    hint: write `enable = True` or `enable = False`
    ----- stderr
    18 errors and 3 warnings; looked at oomnitza, okta, okta.Good, casper, otka, zendesk; disabled: mobileiron
    "#);
}

/// What the Python connector took in silence and is surely not meant.
#[test]
fn what_is_surely_not_meant_is_a_warning() {
    let more = "env_password = SET\nmapping.FOO = {}\nmapping.PHONE = {\"source\": \"mobilePhone\", \"required\": \"perhaps\"}\nmapping.BAR = [1]\n\n[converters]\nnobodys =\n    return (value\n";
    assert_snapshot!(validate(&format!("{OOMNITZA}{GOOD}{more}"), &[]), @r#"
    exit: 0
    ----- stdout
    warning: config.ini:11: [okta] env_password: has no effect: this source is not signed in to with a password
    hint: remove the setting
    note: config.ini:12: [okta] mapping.foo: does not say where the value comes from, so Oomnitza's own mappings have to
    hint: see them with `check okta`, or add `source`, `setting` or `hardcoded`
    warning: config.ini:13: [okta] mapping.phone: `required` is "perhaps", which counts as false
    hint: write `"required": true` or `"required": false`
    warning: config.ini:14: [okta] mapping.bar: is taken for the name of the source's field, `[1]`
    hint: write it as `mapping.FIELD = {"source": "field", "converter": "name"}`, or with the source's field alone
    warning: config.ini:18: [converters] nobodys: '(' was never closed
        return (value
               ^
    hint: correct the line, and try it with `filter test`
    ----- stderr
    0 errors and 4 warnings; looked at oomnitza, okta
    "#);
    let shell = GOOD.replace("api_token = a-test-token", "env_api_token = ${SET}");
    assert_snapshot!(validate(&format!("{OOMNITZA}{shell}"), &[]), @"
    exit: 2
    ----- stdout
    error: config.ini:8: [okta] env_api_token: the environment variable `${SET}` is not set
    hint: write it without `$`: `env_api_token = SET`
    ----- stderr
    1 error and 0 warnings; looked at oomnitza, okta
    ");
}

/// A line break that nobody meant stands in no finding.
#[test]
fn an_address_of_two_lines_is_told_without_the_second() {
    let what = |ini: &str| {
        let output = validate(ini, &["--json"]);
        let first: serde_json::Value = serde_json::from_str(output.stdout.lines().next().unwrap()).unwrap();
        first["what"].as_str().unwrap().to_owned()
    };
    let broken = "https://a\n  b.example";
    let oomnitza = what(&format!("{}{GOOD}", OOMNITZA.replace("http://127.0.0.1:9", broken)));
    let okta = what(&format!(
        "{OOMNITZA}{}",
        GOOD.replace("https://example.okta.com", broken)
    ));
    // Of the address only its first line is shown: the second may be a secret.
    assert!(
        okta.starts_with("`https://a` cannot be used: it has a second line"),
        "{okta}"
    );
    assert!(
        oomnitza.starts_with("goes on in line 3, which begins with a blank"),
        "{oomnitza}"
    );
}

/// What is wrong with the way to Oomnitza is said with the rest, and to `upload` in the same words.
#[test]
fn everything_that_is_wrong_with_oomnitza_is_said_at_once() {
    let ini = format!(
        "[oomnitza]\nurl = https://acme.oomnitza.com\nproxy = ftp://proxy.example.com\nretry_seconds = soon\ncacert_file = no-such.pem\napi_tokn = t\n\n{GOOD}"
    );
    let output = validate(&ini, &[]);
    assert_snapshot!(output, @"
    exit: 2
    ----- stdout
    error: config.ini:1: [oomnitza] api_token: is missing
    hint: give the API token of an Oomnitza user, or `username` and `password`
    error: config.ini:3: [oomnitza] proxy: `ftp://proxy.example.com` does not name a proxy: `ftp` is neither http nor https
    hint: write it like `http://proxy.example.com:3128`, or `none` to go without one
    error: config.ini:4: [oomnitza] retry_seconds: cannot be `soon`
    hint: it is a whole number from 0 to 86400; without the setting it is 3600
    error: config.ini:5: [oomnitza] cacert_file: `no-such.pem` cannot be used: No such file or directory (os error 2)
    hint: name one that holds certificates in PEM form, or remove the setting to trust the machine's authorities
    warning: config.ini:6: [oomnitza] api_tokn: is not a setting of this section and has no effect
    hint: did you mean `api_token`?
    ----- stderr
    4 errors and 1 warning; looked at oomnitza, okta
    ");
    let uploaded = Program::with(&ini).run(&["upload", "okta"]);
    assert_eq!((uploaded.code, &uploaded.stderr), (Some(2), &output.stdout));
}

/// Where a secret is can be looked at, as long as nobody has to be asked for that.
#[test]
fn a_place_that_has_no_secret_is_a_finding() {
    for line in [
        "password_file = no-such-file",
        "password_command = pass show 'okta",
        "password_secret = none",
        "password_vault = secret/data/okta#password",
        "env_password = EMPTY",
    ] {
        let casper = format!(
            "[casper]\nenable = True\nurl = https://jss.example.com\nusername = u\n{line}\nsync_field = NAME\n"
        );
        let oomnitza = OOMNITZA.replace("api_token = a-test-token", &format!("username = u\n{line}"));
        let run = |ini: &str, arguments: &[&str]| Program::with(ini).env("EMPTY", "").run(arguments);
        let ini = format!("{OOMNITZA}{casper}");
        let (there, here) = (
            run(&ini, &["validate"]),
            run(&format!("{oomnitza}{GOOD}"), &["validate"]),
        );
        let line = |output: &Output| {
            let line = output
                .stdout
                .lines()
                .find(|line| line.starts_with("error: "))
                .unwrap_or_default();
            line.split_once("] ").map(|(_, told)| told.to_owned())
        };
        assert!(
            (there.code, here.code) == (Some(2), Some(2)) && line(&there).is_some(),
            "{there}{here}"
        );
        assert_eq!(line(&there), line(&here));
        // A run has the same words for it.
        let told = run(&ini, &["check", "casper"]).stderr;
        assert!(told.contains(&line(&there).unwrap()), "{there}{told}");
    }
}

#[test]
fn for_machines_each_finding_is_a_line() {
    let output = validate(WRONG, &["--json"]);
    assert_eq!(output.code, Some(2), "{output}");
    for line in output.stdout.lines() {
        let finding: serde_json::Value = serde_json::from_str(line).unwrap();
        let keys: Vec<&str> = finding.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            ["file", "line", "remedy", "section", "setting", "severity", "what"],
            "{line}"
        );
        assert!(finding["remedy"].is_string(), "{line}");
    }
    let first = output.stdout.lines().next().unwrap();
    assert_snapshot!(first, @r#"{"severity":"error","file":"config.ini","line":2,"section":"oomnitza","setting":"url","what":"`example.oomnitza.com` cannot be used: it does not begin with a scheme such as `https://`","remedy":"give the address of your Oomnitza, for example `url = https://example.oomnitza.com`"}"#);
}

const GOOD: &str = "[okta]\nenable = True\nurl = https://example.okta.com\napi_token = a-test-token\ndefault_role = 25\ndefault_position = Employee\n";

#[test]
fn a_good_file_is_called_good_whatever_is_disabled() {
    let ini = format!("{OOMNITZA}{GOOD}\n[ldap]\nenable = False\nnonsense = 1\n\n[unknown]\nx = 1\n");
    assert_snapshot!(validate(&ini, &[]), @"
    exit: 0
    ----- stdout
    ----- stderr
    nothing is wrong; looked at oomnitza, okta; disabled: ldap, unknown
    ");
    assert_snapshot!(validate(&ini, &["okta"]), @"
    exit: 0
    ----- stdout
    ----- stderr
    nothing is wrong; looked at oomnitza, okta
    ");
}

#[test]
fn one_that_is_named_is_looked_at_although_it_is_disabled() {
    let ini = format!("{OOMNITZA}{GOOD}\n[ldap]\nenable = False\nurl = ldap://x\n");
    assert_snapshot!(validate(&ini, &["ldap", "okta", "okta", "lapd", "oomnitza"]), @r#"
    exit: 2
    ----- stdout
    error: config.ini: [lapd] there is no such section
    hint: the sections are okta, ldap
    error: config.ini:12: [ldap] username: is missing
    hint: The distinguished name to sign in as; in Active Directory also user@domain or DOMAIN\user; `anonymous` signs in as nobody; for example `username = cn=read-only-admin,dc=example,dc=com`
    error: config.ini:12: [ldap] base_dn: is missing
    hint: Where to look: this entry and everything below it; for example `base_dn = dc=example,dc=com`
    error: config.ini:12: [ldap] default_role: is missing
    hint: The numeric ID of the role that imported users get; for example `default_role = 25`
    error: config.ini:12: [ldap] default_position: is missing
    hint: The position that imported users get; `unused` leaves positions to Oomnitza; for example `default_position = Employee`
    error: config.ini:13: [ldap] enable: the section is disabled
    hint: set `enable = True` to run it
    ----- stderr
    6 errors and 0 warnings; looked at oomnitza, ldap, okta
    "#);
}

#[test]
fn warnings_count_where_they_are_asked_to() {
    let ini = format!("{OOMNITZA}{GOOD}pagesize = 100\n");
    let output = validate(&ini, &[]);
    assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    warning: config.ini:11: [okta] pagesize: is not a setting of this section and has no effect
    hint: did you mean `page_size`?
    ----- stderr
    0 errors and 1 warning; looked at oomnitza, okta
    ");
    let strict = validate(&ini, &["--strict"]);
    assert_eq!((strict.code, &strict.stdout), (Some(2), &output.stdout));
}

/// Whether Oomnitza maps it, only Oomnitza knows.
#[test]
fn a_sync_field_that_only_oomnitza_can_map_is_a_warning() {
    let casper = "[casper]\nenable = True\nurl = https://jss.example.com\nusername = u\npassword = a-password\nsync_field = SERIAL\n";
    assert_snapshot!(validate(&format!("{OOMNITZA}{casper}"), &[]), @r#"
    exit: 0
    ----- stdout
    warning: config.ini:10: [casper] sync_field: field `SERIAL` is mapped neither here nor by the connector, so Oomnitza's own mappings have to
    hint: see them with `check casper`, or add `mapping.SERIAL = {"source": "…"}`
    ----- stderr
    0 errors and 1 warning; looked at oomnitza, casper
    "#);
    let mapped = format!("{OOMNITZA}{casper}mapping.serial = {{'source': 'general.serial_number'}}\n");
    assert_eq!(validate(&mapped, &["--strict"]).code, Some(0));
    // A converter alone leaves the source to Oomnitza.
    let converted = format!("{mapped}mapping.OWNER = {{\"converter\": \"split_email\"}}\n");
    assert_snapshot!(validate(&converted, &["--strict"]), @"
    exit: 0
    ----- stdout
    note: config.ini:12: [casper] mapping.owner: does not say where the value comes from, so Oomnitza's own mappings have to
    hint: see them with `check casper`, or add `source`, `setting` or `hardcoded`
    ----- stderr
    nothing is wrong; looked at oomnitza, casper
    ");
}

#[test]
fn a_file_that_cannot_be_read_is_told_line_by_line() {
    assert_snapshot!(validate("url = x\n[oomnitza\n[oomnitza]\nurl\n", &[]), @"
    exit: 2
    ----- stdout
    error: config.ini:1: this line stands before the first section's header
    hint: put `[oomnitza]` on a line of its own above it
    error: config.ini:2: this line is a section's header without its closing `]`
    hint: write it as `[name]`
    error: config.ini:4: this line is neither a section, a setting nor a comment
    hint: write it as `name = value`, or put `#` before it
    ----- stderr
    3 errors and 0 warnings; the file cannot be read further
    ");
    assert_snapshot!(Program::bare().run(&["validate"]), @"
    exit: 2
    ----- stdout
    error: config.ini: there is no such file
    hint: name the file with `--ini FILE`, or write one with `oomnitza-connector generate-ini`
    ----- stderr
    1 error and 0 warnings; the file cannot be read further
    ");
}

#[test]
fn a_component_that_is_none_is_a_finding_of_its_section() {
    let program = Program::with(&format!("{OOMNITZA}[vendor]\nenable = True\nparallel = 0\n\n{GOOD}"));
    program.write("connectors/vendor.wasm", b"no component");
    assert_snapshot!(program.run(&["validate"]), @"
    exit: 2
    ----- stdout
    error: config.ini:5: [vendor] connector `vendor` (connectors/vendor.wasm) cannot be used: this is not a WebAssembly component: it is text
    hint: the file must be a whole component, as `make guests` or the connector's vendor builds it
    error: config.ini:7: [vendor] parallel: cannot be `0`
    hint: it is a whole number from 1 to 16; without the setting the connector's own number holds
    ----- stderr
    2 errors and 0 warnings; looked at oomnitza, vendor, okta
    ");
}

/// What `validate` says of a section is what `upload` says of it.
#[test]
fn upload_refuses_with_the_same_words() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    for section in ["okta", "okta.Good", "casper", "zendesk"] {
        let validated = lines(&validate(WRONG, &[section]).stdout);
        let good_oomnitza = WRONG
            .replace("example.oomnitza.com", "https://127.0.0.1:9")
            .replace("soon", "1");
        let uploaded = Program::with(&good_oomnitza)
            .env("SET", "from-the-environment")
            .run(&["upload", section]);
        assert_eq!(uploaded.code, Some(2), "{uploaded}");
        for line in lines(&uploaded.stderr) {
            assert!(validated.contains(&line), "{section}: {line}");
        }
    }
}

/// Looking does nothing: no command is run, and no server asked.
#[test]
fn secrets_that_are_kept_elsewhere_are_not_fetched() {
    let elsewhere = GOOD.replace("api_token = a-test-token", "api_token_command = touch fetched");
    let program = Program::with(&format!("{OOMNITZA}{elsewhere}"));
    let output = program.run(&["validate", "--strict"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(!program.home().join("fetched").exists());
}

#[test]
fn a_file_with_secrets_that_everybody_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let program = Program::with(&format!("{OOMNITZA}{GOOD}")).env("SET", "a-test-token");
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(program.home().join("config.ini"), open).unwrap();
    assert_snapshot!(program.run(&["validate"]), @"
    exit: 0
    ----- stdout
    warning: config.ini: holds secrets, and every user of this machine can read it
    hint: run `chmod o-rwx config.ini`, or keep the secrets elsewhere (docs/secrets.md)
    ----- stderr
    0 errors and 1 warning; looked at oomnitza, okta
    ");
    // One that is of no use while it stands there, and a proxy's, are secrets too.
    let kept = GOOD.replace("api_token = a-test-token", "env_api_token = SET");
    for (oomnitza, okta, is_secret) in [
        ("env_api_token = SET", "", false),
        ("env_api_token = SET\nproxy = http://proxy.example.com", "", false),
        ("env_api_token = SET\nproxy = http://u:p@proxy.example.com", "", true),
        ("env_api_token = SET", "proxy = http://u:p@proxy.example.com\n", true),
        ("username = u\nenv_password = SET\npassword = p", "", true),
        ("api_token = a-test-token\nurl = nowhere", "", true),
    ] {
        let ini = format!("{}{kept}{okta}", OOMNITZA.replace("api_token = a-test-token", oomnitza));
        std::fs::write(program.home().join("config.ini"), ini).unwrap();
        let output = program.run(&["validate"]);
        assert_eq!(
            output.stdout.contains("holds secrets"),
            is_secret,
            "{oomnitza} {okta}\n{output}"
        );
    }
}

/// A run would not begin with it.
#[test]
fn a_logging_file_that_cannot_be_read_is_a_finding() {
    let program = Program::with(&format!("{OOMNITZA}{GOOD}")).with_its_own_log();
    program.write("logging.json", b"{\n  bad\n}");
    let expected = "error: logging.json:2: is not JSON: ";
    let output = program.run(&["validate"]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(output.stdout.starts_with(expected), "{output}");
    assert!(output.stdout.contains("\nhint: correct the file; "), "{output}");
    for arguments in [&["upload", "okta"][..], &["schedule", "print", "okta", "--at", "02:30"]] {
        let output = program.run(arguments);
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{output}");
        assert!(output.stderr.contains("logging.json:2:3: is not JSON: "), "{output}");
    }
    program.write("logging.json", b"");
    let output = program.run(&["upload", "okta"]);
    assert!(
        output.stderr.starts_with("error: logging.json:1:1: is not JSON: "),
        "{output}"
    );
    program.write("logging.json", br#"{"version": 1, "incremental": true}"#);
    let output = program.run(&["validate"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(
        output.stdout.starts_with("warning: logging.json: incremental: "),
        "{output}"
    );
    assert_eq!(program.run(&["validate", "--strict"]).code, Some(2));
}

/// One mistake is one finding: what follows from it is nobody's fault.
#[test]
fn what_follows_from_a_mistake_is_not_told_as_another() {
    let jasper = "[jasper]\nenable = True\nwsdl_path = gone.wsdl\nusername = u\npassword = a-password\napi_token = a-test-token\nsync_field = 24DCF85294E411E38A52066B556BA4EE\n";
    assert_snapshot!(validate(&format!("{OOMNITZA}{jasper}"), &[]), @r#"
    exit: 2
    ----- stdout
    error: config.ini:7: [jasper] wsdl_path: the file gone.wsdl is not there
    hint: give the path of the file that is meant; a relative one begins at the ini file's directory
    warning: config.ini:11: [jasper] sync_field: field `24DCF85294E411E38A52066B556BA4EE` is mapped neither here nor by the connector, so Oomnitza's own mappings have to
    hint: see them with `check jasper`, or add `mapping.24DCF85294E411E38A52066B556BA4EE = {"source": "…"}`
    ----- stderr
    1 error and 1 warning; looked at oomnitza, jasper
    "#);
    let code = "[converters]\nmine:\n    return (\n\n";
    let section = GOOD.to_owned() + "mapping.PHONE = {\"source\": \"profile.mobilePhone\", \"converter\": \"mine\"}\n";
    assert_snapshot!(validate(&format!("{OOMNITZA}{code}{section}"), &[]), @"
    exit: 2
    ----- stdout
    error: config.ini:7: [converters] mine: '(' was never closed
        return (
               ^
    hint: correct the line, and try it with `filter test`
    ----- stderr
    1 error and 0 warnings; looked at oomnitza, okta
    ");
}

#[test]
fn a_file_that_is_no_text_of_bytes_is_called_what_it_is() {
    let text = format!("{OOMNITZA}{GOOD}");
    let utf16 = |mark: &str| -> Vec<u8> {
        format!("{mark}{text}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect()
    };
    let big: Vec<u8> = format!("\u{feff}{text}")
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let what = "error: config.ini: is in UTF-16\nhint: save it as UTF-8: ";
    let mac = text.replace('\n', "\r").into_bytes();
    let of_macs = "error: config.ini: is one line: it has the line ends of old Macs (CR)\nhint: save it ";
    for (bytes, expected) in [
        (utf16("\u{feff}"), what),
        (utf16(""), what),
        (big, what),
        (mac, of_macs),
    ] {
        let program = Program::bare();
        program.write("config.ini", &bytes);
        let output = program.run(&["validate"]);
        assert_eq!(output.code, Some(2), "{output}");
        assert!(output.stdout.starts_with(expected), "{output}");
    }
}
