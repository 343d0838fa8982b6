//! Sections and descriptions in, settings and findings out.

use std::path::Path;

use super::*;
use crate::config::Severity;
use crate::config::schema::{Condition, Kind, Setting};

fn setting(name: &str) -> Setting {
    Setting {
        name: name.to_owned(),
        label: name.to_owned(),
        help: format!("The {name} of the source"),
        example: format!("my-{name}"),
        default: None,
        optional: false,
        required_where: Vec::new(),
        kind: Kind::Text,
        secret: false,
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
                kind: Kind::Choice(vec!["2".into(), "3".into()]),
                ..setting("version")
            },
            Setting {
                kind: Kind::Json,
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
    read_by(&description(), text)
}

fn read_by(description: &Description, text: &str) -> Result<Section, Vec<String>> {
    let ini = Ini::parse(Path::new("config.ini"), text.as_bytes().to_vec()).unwrap();
    let env = |name: &str| (name == "SET").then(|| "from-env".to_owned());
    section(&ini, &ini.sections[0], description, &env).map_err(|findings| {
        findings
            .iter()
            .map(|finding| format!("{finding} | {}", finding.remedy.as_deref().unwrap_or("-")))
            .collect()
    })
}

#[test]
fn a_good_section_has_its_defaults_and_keeps_its_secrets_apart() {
    let section = read("[sample.B]\nenable = yes\nurl = https://x\npassword = pass%;word\nmapping.a = b\n").unwrap();
    assert_eq!(
        (section.name.as_str(), section.connector.as_str()),
        ("sample.B", "sample")
    );
    assert_eq!(
        section.settings,
        [("url".into(), "https://x".into()), ("version".into(), "3".into())]
    );
    assert_eq!(section.secrets, [("password".into(), Secret::new("pass%;word"))]);
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

#[test]
fn values_are_judged_by_their_kind() {
    let names = || Kind::Names(Some("All".into()));
    for (kind, good, bad) in [
        (Kind::Truth, &["True", "yes", "ON", "0"][..], &["perhaps", "2"][..]),
        (
            Kind::WholeNumber(1, 200),
            &["1", "200"],
            &["0", "201", "-1", "1.5", "many"],
        ),
        (
            Kind::Number(0, 365),
            &["0", "1.5", "365"],
            &["-0.1", "365.5", "nan", "inf", "some"],
        ),
        (Kind::Json, &["{}", "[1]"], &["{", "word"]),
        (
            names(),
            &["all", "\"ALL\"", "[]", "[\"a\"]"],
            &["Drivers", "{}", "[1]", "["],
        ),
        (Kind::Names(None), &["[\"a\"]"], &["All"]),
        (Kind::Text, &["anything"], &[]),
    ] {
        let described = Description {
            settings: vec![Setting {
                kind: kind.clone(),
                ..setting("own")
            }],
            ..description()
        };
        let findings = |value: &&str| read_by(&described, &format!("[sample]\nown = {value}\n")).map(drop);
        for value in good {
            assert_eq!(findings(value), Ok(()), "{kind:?} {value}");
        }
        for value in bad {
            let found = findings(value).unwrap_err();
            assert!(
                found.len() == 1 && found[0].starts_with("config.ini:2: [sample] own: "),
                "{kind:?} {found:?}"
            );
        }
    }
}

#[test]
fn what_is_required_hangs_on_other_settings() {
    let optional = |name: &str, required_where: Vec<Condition>| Setting {
        optional: true,
        required_where,
        ..setting(name)
    };
    let present = |name: &str| Condition::Present(name.into());
    let described = Description {
        settings: vec![
            optional("way", vec![]),
            Setting {
                secret: true,
                ..optional("password", vec![Condition::Absent("client".into()), present("user")])
            },
            optional("client", vec![]),
            optional("user", vec![Condition::Equal("way".into(), "account".into())]),
        ],
        ..description()
    };
    let missing = |text: &str| -> Vec<String> {
        let read = read_by(&described, &format!("[sample]\n{text}"));
        let findings = read.err().unwrap_or_default();
        let what = findings
            .iter()
            .filter_map(|found| found.split_once("] ")?.1.split_once(" | "));
        what.map(|(what, _)| what.to_owned()).collect()
    };
    assert_eq!(missing(""), ["password: is missing"]);
    assert_eq!(missing("password = a-password\n"), Vec::<String>::new());
    assert_eq!(missing("password_file = p\n"), Vec::<String>::new());
    assert_eq!(missing("client = c\n"), Vec::<String>::new());
    assert_eq!(
        missing("client = c\nuser = u\n"),
        ["password: is missing beside `user`"]
    );
    assert_eq!(
        missing("client = c\nuser = u\npassword =\n"),
        ["password: has no value beside `user`"]
    );
    assert_eq!(
        missing("client = c\nway = account\n"),
        ["user: is missing, which `way = account` needs"]
    );
    assert_eq!(missing("client = c\nway = other\n"), Vec::<String>::new());
}

#[test]
fn the_example_s_values_are_told_where_they_lead_somewhere_or_say_what_they_are() {
    use crate::config::schema::{Auth, AuthSlot, Endpoint, Token, TokenBody};
    let example = |name: &str, example: &str| Setting {
        example: example.to_owned(),
        ..setting(name)
    };
    let endpoint = |url: &str| Endpoint {
        url: url.into(),
        purpose: "it".into(),
        parallel: None,
        cookies: false,
    };
    let token = Token {
        url: "{token_url}".into(),
        auth: None,
        body: TokenBody::Form(vec![("id".into(), "{client}".into())]),
        member: "token".into(),
        header: ("a".into(), "{token}".into()),
    };
    let description = Description {
        settings: vec![
            example("url", "https://na1.vendor.com"),
            example("system", "YOUR SYSTEM NAME"),
            example("token_url", "https://login.vendor.com"),
            example("client", "me@example.com"),
            example("role", "All of them"),
            example("base", "dc=example"),
            Setting {
                default: Some("https://vendor.com/example".into()),
                ..example("path", "https://vendor.com/example")
            },
        ],
        endpoints: vec![endpoint("{url.host}/{system}"), endpoint("{token_url}")],
        auth: vec![AuthSlot {
            name: "a".into(),
            how: vec![Auth::Token(token)],
        }],
        ..description()
    };
    let lines = description.settings.iter();
    let lines: String = lines
        .map(|setting| format!("{} = {}\n", setting.name, setting.example))
        .collect();
    let section = read_by(&description, &format!("[sample]\n{lines}")).unwrap();
    let told: Vec<_> = section
        .warnings
        .iter()
        .map(|found| (found.place.setting.as_deref().unwrap_or_default(), found.severity))
        .collect();
    let (note, warning) = (Severity::Note, Severity::Warning);
    assert_eq!(
        told,
        [
            ("url", note),
            ("system", warning),
            ("token_url", note),
            ("client", warning),
            ("base", warning)
        ]
    );
}
