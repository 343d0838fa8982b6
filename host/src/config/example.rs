//! The example ini file: `[oomnitza]`, then a section for each connector, made of what the connectors describe.
//!
//! Without [`Detail`] it is word for word what the old program wrote. What the old program did not know stands in comments and only
//! where it is asked for, so that the file means the same with and without it.

use std::fmt::Write as _;

use super::own;
use super::schema::{Description, Kind, Setting};
use crate::redact::clean;

/// Bytes of one line: descriptions have a limit of their own, this one keeps lines readable.
const LINE_BYTES: usize = 2_000;

/// What is written besides the settings and their examples.
#[derive(Debug, Clone, Copy, Default)]
pub struct Detail {
    /// Each setting's help above it.
    pub comments: bool,
    /// The settings that few need, commented out.
    pub all: bool,
}

/// The text of an example ini file with these connectors, in this order.
pub fn example(connectors: &[Description], detail: Detail) -> String {
    let mut text = String::from("[oomnitza]\n");
    settings(&mut text, &own::destination_settings(), detail);
    for connector in connectors {
        _ = write!(text, "\n[{}]\nenable = False\n", connector.id);
        let described = |name: &str| connector.settings.iter().any(|setting| setting.name == name);
        let own = own::section_settings(connector);
        let own = own.into_iter().filter(|own| !described(&own.name));
        let all: Vec<Setting> = connector.settings.iter().cloned().chain(own).collect();
        settings(&mut text, &all, detail);
    }
    text
}

fn settings(text: &mut String, settings: &[Setting], detail: Detail) {
    for setting in settings.iter().filter(|setting| setting.basic) {
        comment(text, setting, detail);
        text.push_str(&assignment(setting));
    }
    for setting in settings.iter().filter(|setting| detail.all && !setting.basic) {
        comment(text, setting, detail);
        for line in assignment(setting).lines() {
            _ = writeln!(text, "# {line}");
        }
    }
}

fn comment(text: &mut String, setting: &Setting, detail: Detail) {
    if detail.comments {
        // Its line breaks are escaped: it stays one comment.
        _ = writeln!(text, "# {}", clean(&setting.help, LINE_BYTES));
        if let Some(words) = setting.kind.words() {
            let is = if matches!(setting.kind, Kind::Choice(_)) {
                "One of:"
            } else {
                "It is"
            };
            _ = writeln!(text, "# {is} {}", clean(&words, LINE_BYTES));
        }
    }
}

/// `name = value`; a value with line breaks stands below its name.
fn assignment(setting: &Setting) -> String {
    let value = if setting.example.is_empty() {
        setting.default.as_deref().unwrap_or_default()
    } else {
        &setting.example
    };
    let name = setting.name.to_ascii_lowercase();
    if !value.contains('\n') {
        return format!("{name} = {}", clean(value, LINE_BYTES)).trim_end().to_owned() + "\n";
    }
    let mut text = format!("{name}:\n");
    // Indented, none of its lines can be anything but a part of the value.
    for line in value.lines().filter(|line| !line.trim().is_empty()) {
        _ = writeln!(text, "    {}", clean(line, LINE_BYTES));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Ini;
    use crate::config::schema::{Incremental, RecordKind};

    fn connector(settings: Vec<Setting>) -> Description {
        Description {
            id: "sample".into(),
            title: "Sample".into(),
            version: "1".into(),
            kind: RecordKind::Users,
            mapping_name: "Sample".into(),
            settings,
            mappings: vec![],
            converters: vec![],
            endpoints: vec![],
            auth: vec![],
            incremental: Incremental::Never,
            cases: vec![],
        }
    }

    fn setting(name: &str, example: &str, basic: bool) -> Setting {
        Setting {
            name: name.to_owned(),
            label: name.to_owned(),
            help: format!("The {name}"),
            example: example.to_owned(),
            default: None,
            optional: false,
            required_where: Vec::new(),
            kind: Kind::Text,
            secret: false,
            basic,
        }
    }

    /// What stands below `[sample]`.
    fn written(settings: Vec<Setting>, detail: Detail) -> String {
        let text = example(&[connector(settings)], detail);
        text.split_once("[sample]\n").unwrap().1.to_owned()
    }

    #[test]
    fn settings_stand_in_their_order_with_their_examples() {
        let settings = vec![
            setting("url", "https://x.example", true),
            setting("token", "", true),
            Setting {
                default: Some("3".into()),
                ..setting("version", "", true)
            },
            setting("hidden", "1", false),
            setting("filter", "if a:\n    return b\n", true),
        ];
        assert_eq!(
            written(settings, Detail::default()),
            "enable = False\nurl = https://x.example\ntoken =\nversion = 3\nfilter:\n    if a:\n        return b\n"
        );
    }

    #[test]
    fn comments_help_and_the_rest_is_commented_out() {
        let settings = vec![
            Setting {
                kind: Kind::Choice(vec!["2".into(), "3".into()]),
                ..setting("version", "3", true)
            },
            setting("hidden", "a\nb", false),
        ];
        let detail = Detail {
            comments: true,
            all: true,
        };
        let text = written(settings, detail);
        assert!(
            text.starts_with(
                "enable = False\n# The version\n# One of: 2, 3\nversion = 3\n# The hidden\n# hidden:\n#     a\n#     b\n"
            ),
            "{text}"
        );
        assert!(
            text.contains("# default_position = Employee\n") && !text.contains("sync_field"),
            "{text}"
        );
    }

    /// A component from anywhere describes these texts.
    #[test]
    fn no_description_can_write_a_section_or_a_setting_of_its_own() {
        let evil = "x\n[oomnitza]\nurl = https://evil.example\r\n# y\u{1b}[2J";
        let settings = vec![
            Setting {
                help: evil.to_owned(),
                ..setting("a", evil, true)
            },
            Setting {
                kind: Kind::Choice(vec![evil.to_owned()]),
                ..setting("b", "\r[okta]", true)
            },
        ];
        for detail in [(false, false), (true, true)].map(|(comments, all)| Detail { comments, all }) {
            let text = example(&[connector(settings.clone())], detail);
            assert!(!text.contains('\u{1b}'), "{text}");
            let ini = Ini::parse(Path::new("config.ini"), text.into_bytes()).unwrap();
            let names: Vec<&str> = ini.sections.iter().map(|section| section.name.as_str()).collect();
            assert_eq!(names, ["oomnitza", "sample"]);
            assert_eq!(ini.sections[0].value("url"), Some("https://example.oomnitza.com"));
            let keys: Vec<&str> = ini.sections[1]
                .entries
                .iter()
                .map(|entry| entry.name.as_str())
                .collect();
            assert_eq!(keys, ["enable", "a", "b"]);
        }
    }
}
