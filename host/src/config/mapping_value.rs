//! `mapping.FIELD = …`: where the value of one of Oomnitza's fields comes from, as the ini file says it.

use serde_json::{Map, Value};

use super::truth;

/// What an ini file says about one field. What it does not say stays as Oomnitza or the connector has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IniMapping {
    /// Oomnitza's field, upper case.
    pub field: String,
    /// The line it stands on.
    pub line: u32,
    /// A path in the source's record.
    pub source: Option<String>,
    /// A setting of the section.
    pub setting: Option<String>,
    /// This value.
    pub hardcoded: Option<Value>,
    /// A converter with its parameters.
    pub converter: Option<String>,
    /// Whether a record without it is left out.
    pub required: Option<bool>,
}

/// What a good one looks like.
pub(super) const REMEDY: &str =
    r#"write it as `mapping.FIELD = {"source": "field", "converter": "name"}`, or with the source's field alone"#;

/// Reads the setting `mapping.FIELD` with its value: a JSON object, a Python one with single quotes, or a source field's name. The
/// error says what is wrong; [`REMEDY`] helps with each.
pub(super) fn parse(key: &str, value: &str, line: u32) -> Result<IniMapping, String> {
    // Only the part up to the next dot is the field: `mapping.A.B` is `A`.
    let field = key.split('.').nth(1).unwrap_or_default().trim().to_uppercase();
    if field.is_empty() {
        return Err("names no field".to_owned());
    }
    let mut mapping = IniMapping {
        field,
        line,
        ..IniMapping::default()
    };
    let value = value.trim();
    if !value.starts_with('{') {
        if value.is_empty() {
            return Err("has no value".to_owned());
        }
        // A source field's name; a JSON string is taken without its quotes.
        mapping.source = Some(serde_json::from_str::<String>(value).unwrap_or_else(|_| value.to_owned()));
        return Ok(mapping);
    }
    let object = object(value).map_err(|error| format!("is not a JSON object ({error})"))?;
    for (key, value) in object {
        match (key.as_str(), value) {
            ("source", Value::String(path)) => mapping.source = Some(path),
            ("setting", Value::String(name)) => mapping.setting = Some(name),
            ("converter", Value::String(converter)) => mapping.converter = Some(converter),
            ("hardcoded", value) => mapping.hardcoded = Some(value),
            ("required", value) => mapping.required = Some(is_true(&value)),
            ("source" | "setting" | "converter", other) => {
                return Err(format!("`{key}` must be a text in quotes, but is {other}"));
            }
            _ => {
                return Err(format!(
                    "`{key}` is none of source, setting, hardcoded, converter, required"
                ));
            }
        }
    }
    Ok(mapping)
}

fn object(value: &str) -> Result<Map<String, Value>, serde_json::Error> {
    serde_json::from_str(value).or_else(|_| serde_json::from_str(&from_python(value)))
}

/// What is surely not meant in a value that [`parse`] takes as the Python connector did, and what to write instead.
pub(super) fn doubt(value: &str) -> Option<(String, String)> {
    let value = value.trim();
    if value.starts_with('[') {
        let what = format!("is taken for the name of the source's field, `{value}`");
        return Some((what, REMEDY.to_owned()));
    }
    let object = object(value).ok().filter(|_| value.starts_with('{'))?;
    let required = object.get("required")?;
    let is_false = match required {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty() || truth(text) == Some(false),
        number => number.as_i64() == Some(0),
    };
    (!is_false && !is_true(required)).then(|| {
        let what = format!("`required` is {required}, which counts as false");
        (what, "write `\"required\": true` or `\"required\": false`".to_owned())
    })
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(truth) => *truth,
        Value::String(text) => matches!(text.as_str(), "True" | "true" | "1" | "Yes" | "yes"),
        Value::Number(number) => number.as_i64() == Some(1),
        _ => false,
    }
}

/// A Python literal as JSON, as far as mappings use it: single quotes, `True`, `False`, `None`, a comma before the closing brace.
fn from_python(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 8);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\'' | '"' => {
                json.push('"');
                while let Some(inner) = characters.next() {
                    match inner {
                        '\\' => match characters.next() {
                            Some('\'') => json.push('\''),
                            Some(escaped) => json.extend(['\\', escaped]),
                            None => {}
                        },
                        end if end == character => break,
                        '"' => json.push_str("\\\""),
                        other => json.push(other),
                    }
                }
                json.push('"');
            }
            ',' => {
                while characters.next_if(|next| next.is_whitespace()).is_some() {}
                if characters.peek() != Some(&'}') {
                    json.push(',');
                }
            }
            letter if letter.is_ascii_alphabetic() => {
                let mut word = String::from(letter);
                while let Some(next) = characters.next_if(|next| next.is_ascii_alphanumeric()) {
                    word.push(next);
                }
                json.push_str(match word.as_str() {
                    "True" => "true",
                    "False" => "false",
                    "None" => "null",
                    other => other,
                });
            }
            other => json.push(other),
        }
    }
    json
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_ways_people_write_mappings_are_understood() {
        let source = |path: &str| IniMapping {
            source: Some(path.to_owned()),
            ..Default::default()
        };
        for (value, expected) in [
            (r#"{"source": "login"}"#, source("login")),
            (r#"{'source': "login"},"#.trim_end_matches(','), source("login")),
            ("{'source': 'it\\'s',}", source("it's")),
            ("login", source("login")),
            ("\"login\"", source("login")),
            (
                "{'setting': 'default_role'}",
                IniMapping {
                    setting: Some("default_role".into()),
                    ..Default::default()
                },
            ),
            (
                "{'hardcoded': 25, 'required': True}",
                IniMapping {
                    hardcoded: Some(json!(25)),
                    required: Some(true),
                    ..Default::default()
                },
            ),
            (
                r#"{"source": "name", "converter": "split:on=-|index=1", "required": "yes"}"#,
                IniMapping {
                    converter: Some("split:on=-|index=1".into()),
                    required: Some(true),
                    ..source("name")
                },
            ),
        ] {
            let parsed = parse("mapping.first_name.ignored", value, 3).unwrap();
            assert_eq!(
                parsed,
                IniMapping {
                    field: "FIRST_NAME".into(),
                    line: 3,
                    ..expected
                },
                "{value}"
            );
        }
    }

    #[test]
    fn what_is_taken_and_surely_not_meant_is_known() {
        for (value, what) in [
            // Whether that is enough is Oomnitza's mappings' to say.
            ("{}", None),
            ("[1]", Some("is taken for the name of the source's field, `[1]`")),
            (
                "{\"source\": \"a\", \"required\": \"perhaps\"}",
                Some("`required` is \"perhaps\", which counts as false"),
            ),
            (
                "{'source': 'a', 'required': 'true '}",
                Some("`required` is \"true \", which counts as false"),
            ),
            (
                "{\"source\": \"a\", \"required\": 2}",
                Some("`required` is 2, which counts as false"),
            ),
            ("{\"source\": \"a\", \"required\": \"No\"}", None),
            ("{'source': 'a', 'required': False}", None),
            ("{\"source\": \"a\", \"required\": \"\"}", None),
            ("{\"source\": \"a\", \"required\": \"Yes\"}", None),
            ("{\"required\": 0}", None),
            ("login", None),
        ] {
            assert_eq!(doubt(value).map(|(what, _)| what).as_deref(), what, "{value}");
        }
    }

    #[test]
    fn what_cannot_be_understood_is_said() {
        for (value, what) in [
            ("", "has no value"),
            ("{\"source\": }", "is not a JSON object"),
            ("{\"source\": 5}", "`source` must be a text in quotes, but is 5"),
            (
                "{\"sauce\": \"a\"}",
                "`sauce` is none of source, setting, hardcoded, converter, required",
            ),
        ] {
            let problem = parse("mapping.a", value, 1).unwrap_err();
            assert!(problem.starts_with(what), "{problem}");
        }
        assert!(parse("mapping.", "a", 1).is_err());
    }
}
