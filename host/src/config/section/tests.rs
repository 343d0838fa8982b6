//! Sections and descriptions in, settings and findings out.

use std::path::Path;

use super::*;
use crate::config::Severity;

fn setting(name: &str) -> Setting {
    Setting {
        name: name.to_owned(),
        label: name.to_owned(),
        help: format!("The {name} of the source"),
        example: format!("my-{name}"),
        default: None,
        optional: false,
        choices: Vec::new(),
        secret: false,
        json: false,
        basic: true,
    }
}

fn description() -> Description {
    Description {
        id: "sample".into(),
        title: "Sample".into(),
        version: "1".into(),
        kind: RecordKind::Users,
        mapping_name: "Sample".into(),
        settings: vec![
            setting("url"),
            Setting {
                secret: true,
                ..setting("password")
            },
            Setting {
                default: Some("3".into()),
                choices: vec!["2".into(), "3".into()],
                ..setting("version")
            },
            Setting {
                json: true,
                optional: true,
                ..setting("partitions")
            },
        ],
        mappings: vec![],
        converters: vec![],
        endpoints: vec![],
        auth: vec![],
        incremental: crate::config::schema::Incremental::Never,
        cases: vec![],
    }
}

fn read(text: &str) -> Result<Section, Vec<String>> {
    let ini = Ini::parse(Path::new("config.ini"), text.as_bytes().to_vec()).unwrap();
    let env = |name: &str| (name == "SET").then(|| "from-env".to_owned());
    section(&ini, &ini.sections[0], &description(), &env).map_err(|findings| {
        findings
            .iter()
            .map(|finding| format!("{finding} | {}", finding.remedy.as_deref().unwrap_or("-")))
            .collect()
    })
}

#[test]
fn a_good_section_has_its_defaults_and_keeps_its_secrets_apart() {
    let section = read("[sample.B]\nenable = yes\nurl = https://x\npassword = p%;w\nmapping.a = b\n").unwrap();
    assert_eq!(
        (section.name.as_str(), section.connector.as_str()),
        ("sample.B", "sample")
    );
    assert_eq!(
        section.settings,
        [("url".into(), "https://x".into()), ("version".into(), "3".into())]
    );
    assert_eq!(section.secrets, [("password".into(), Secret::new("p%;w"))]);
    assert_eq!(section.mappings[0].source.as_deref(), Some("b"));
    assert!(section.warnings.is_empty());
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let findings = read(
        "[sample]\nversion = 4\npartitions = [\nverify_ssl = maybe\nssl_protocol = sslv3\nmapping.a = {\nenv_password = UNSET\n",
    );
    let expected = [
        "config.ini:1: [sample] url: is missing | The url of the source; for example `url = my-url`",
        "config.ini:2: [sample] version: cannot be `4` | it can be 2, 3",
        "config.ini:3: [sample] partitions: is not JSON: EOF while parsing a list at line 1 column 1 | for example `my-partitions`",
        "config.ini:4: [sample] verify_ssl: `maybe` is neither true nor false | write `verify_ssl = True` or `verify_ssl = False`",
        "config.ini:5: [sample] ssl_protocol: SSL 3 is broken (RFC 7568), and no maintained TLS library speaks it | remove the setting; the best protocol that both sides know is used",
        "config.ini:6: [sample] mapping.a: is not a JSON object (EOF while parsing an object at line 1 column 1) | write it as `mapping.FIELD = {\"source\": \"field\", \"converter\": \"name\"}`, or with the source's field alone",
        "config.ini:7: [sample] env_password: the environment variable `UNSET` is not set | set `UNSET` where the program is started, for example in the cron line, or remove `env_password`",
    ];
    assert_eq!(findings.unwrap_err(), expected);
}

#[test]
fn an_unknown_setting_is_a_warning_with_the_nearest_name() {
    let section = read("[sample]\nurl = x\npasword = y\npassword = z\n").unwrap();
    let warning = &section.warnings[0];
    assert_eq!(warning.severity, Severity::Warning);
    assert_eq!(
        warning.to_string(),
        "config.ini:3: [sample] pasword: is not a setting of this section and has no effect"
    );
    assert_eq!(warning.remedy.as_deref(), Some("did you mean `password`?"));
}

#[test]
fn the_environment_variable_replaces_the_password() {
    let section = read("[sample]\nurl = x\npassword = ignored\nenv_password = SET\n").unwrap();
    assert_eq!(section.secrets, [("password".into(), Secret::new("from-env"))]);
}
