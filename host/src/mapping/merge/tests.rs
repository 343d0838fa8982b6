//! Layers in, fields out.

use std::path::Path;

use super::*;
use crate::config::schema::{DefaultMapping, Kind, Setting};
use crate::config::{self, Ini};

fn description(kind: RecordKind) -> Description {
    let setting = |name: &str| Setting {
        name: name.to_owned(),
        label: name.to_owned(),
        help: String::new(),
        example: String::new(),
        default: None,
        optional: true,
        required_where: Vec::new(),
        kind: Kind::Text,
        secret: name == "api_token",
        basic: true,
    };
    let mapping = |field: &str, origin, converter: Option<&str>, required| DefaultMapping {
        field: field.to_owned(),
        origin,
        converter: converter.map(str::to_owned),
        required,
    };
    let source = |path: &str| schema::Origin::Source(path.to_owned());
    Description {
        id: "sample".into(),
        title: "Sample".into(),
        version: "1".into(),
        kind,
        mapping_name: "Sample".into(),
        settings: vec![
            setting("api_token"),
            setting("default_role"),
            setting("default_position"),
        ],
        mappings: vec![
            mapping("USER", source("uid"), Some("ldap_user_field"), true),
            mapping(
                "POSITION",
                schema::Origin::Setting("default_position".into()),
                None,
                false,
            ),
        ],
        converters: vec![("general.date".into(), "date_format".into())],
        endpoints: vec![],
        auth: vec![],
        incremental: crate::config::schema::Incremental::Never,
        cases: vec![],
    }
}

fn merged(kind: RecordKind, server: &[(&str, &str)], ini: &str) -> Result<Merged, Vec<String>> {
    let ini = Ini::parse(Path::new("config.ini"), format!("[sample]\n{ini}").into_bytes()).unwrap();
    let description = description(kind);
    let section = config::section(&ini, &ini.sections[0], &description, &|_| None).unwrap();
    let server: Vec<_> = server
        .iter()
        .map(|(source, field)| ServerMapping {
            source: (*source).to_owned(),
            field: (*field).to_owned(),
        })
        .collect();
    let (merged, findings) = merge(&Inputs {
        description: &description,
        server: Some(&server),
        section: &section,
    });
    if findings.is_empty() {
        return Ok(merged);
    }
    Err(findings
        .iter()
        .map(|found| format!("{found} | {}", found.remedy.as_deref().unwrap()))
        .collect())
}

fn show(merged: &Merged) -> Vec<String> {
    let field = |field: &Field| {
        let converter = field
            .converter
            .as_ref()
            .map(|converter| format!(" through {converter}"))
            .unwrap_or_default();
        format!(
            "{} {:?}{converter}{}",
            field.name,
            field.origin,
            if field.required { " required" } else { "" }
        )
    };
    merged.fields.iter().map(field).collect()
}

#[test]
fn later_layers_replace_key_by_key_and_keep_the_rest() {
    let merged = merged(
        RecordKind::Users,
        &[("login", "USER"), ("title", "TITLE"), ("work", "PHONE")],
        "default_position = Clerk\nmapping.USER = {\"required\": false}\nmapping.PHONE = {\"hardcoded\": [1]}\nmapping.NEW = x.0\n",
    )
    .unwrap();
    assert_eq!(
        show(&merged),
        [
            r#"USER Source("login") through ldap_user_field"#,
            r#"POSITION Setting("default_position")"#,
            r#"TITLE Source("title")"#,
            r#"PHONE Hardcoded("[1]")"#,
            r#"NEW Source("x.0")"#,
        ]
    );
    assert_eq!(merged.sources(), ["login", "title", "x.0"]);
    assert!(merged.uses("ldap_user_field") && !merged.uses("location") && !merged.normal_position);
}

#[test]
fn an_unused_position_is_left_to_oomnitza() {
    for spelling in ["unused", "Unused", "UNUSED"] {
        let merged = merged(RecordKind::Users, &[], &format!("default_position = {spelling}\n")).unwrap();
        assert!(merged.normal_position);
        assert_eq!(
            show(&merged),
            [r#"USER Source("uid") through ldap_user_field required"#]
        );
    }
}

#[test]
fn assets_need_their_sync_field_mapped() {
    let error = merged(RecordKind::Audit, &[("serial", "SN")], "sync_field = SERIAL\n").unwrap_err();
    assert_eq!(
        error,
        [
            "config.ini:2: [sample] sync_field: field `SERIAL` is not mapped, and Oomnitza could not tell records apart | map it in Oomnitza (System Settings, Integrations, Sample) or with `mapping.SERIAL = {\"source\": \"…\"}` in this section"
        ]
    );
    assert!(merged(RecordKind::Audit, &[("serial", "SERIAL")], "sync_field = SERIAL\n").is_ok());
}

#[test]
fn what_cannot_be_mapped_is_said_with_its_line() {
    let error = merged(
        RecordKind::Users,
        &[],
        "mapping.A = {\"required\": true}\nmapping.B = {\"setting\": \"api_token\"}\nmapping.C = {\"setting\": \"default_rol\"}\n",
    )
    .unwrap_err();
    assert_eq!(
        error,
        [
            "config.ini:2: [sample] mapping.a: says nothing of where the value comes from | add `source`, `setting` or `hardcoded`",
            "config.ini:3: [sample] mapping.b: setting `api_token` is a secret, and secrets are not sent to Oomnitza as data | map another setting, or use `hardcoded`",
            "config.ini:4: [sample] mapping.c: there is no setting `default_rol` | did you mean `default_role`?",
        ]
    );
}

#[test]
fn converters_by_path_count_as_used() {
    let merged = merged(RecordKind::Users, &[("general.date", "WHEN")], "").unwrap();
    assert!(merged.uses("date_format"));
}
