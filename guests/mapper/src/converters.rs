//! The built-in converters.
//!
//! Each gets a value and gives one; what it cannot make anything of becomes null and is counted. Empty values (missing, null, an empty
//! text) pass through as they are.

mod date;

use std::collections::BTreeMap;

use crate::bindings::exports::oomnitza::connector::mapping as wit;
use guest_json::{self as json, Cursor, Malformed};

/// The names of the built-in converters, for messages.
const NAMES: &str = "casper_extension_attribute, date_format, first_from_full, last_from_full, ldap_user_field, location, mac_model_from_sn, split, split_email";

/// A converter with its parameters.
pub(crate) enum Converter {
    /// A named entry of the record's `extension_attributes`.
    ExtensionAttribute {
        attributes: usize,
        name: String,
        default: Option<String>,
    },
    /// A date as seconds since 1970, UTC.
    DateFormat,
    /// What stands before the first blank.
    FirstFromFull,
    /// What stands after the last blank.
    LastFromFull,
    /// The value, else the record's `sAMAccountName`.
    LdapUserField { fallback: usize },
    /// A location by one of its fields.
    Location { field: String, label: String },
    /// An Apple computer's model by the record's serial number.
    MacModel { serial: usize },
    /// A part of the value.
    Split { on: Option<String>, index: i64 },
    /// What stands before the `@`.
    SplitEmail,
}

/// What a converter makes of a value.
pub(crate) enum Converted<'a> {
    /// The value, as it stands.
    Same(&'a [u8]),
    /// Another JSON value.
    Json(Vec<u8>),
    /// Nothing there.
    Null,
    /// Nothing can be made of it: what is odd about it.
    Odd(&'static str),
    /// The value as it stands, because a table does not have it.
    Unknown(&'a [u8]),
}

impl Converter {
    /// A converter; `slot` gives the slot of a path that it reads besides the value.
    pub(crate) fn new(converter: &wit::Converter, slot: &mut impl FnMut(&str) -> usize) -> Result<Self, String> {
        let name = converter.name.as_str();
        let known: &[&str] = match name {
            "casper_extension_attribute" => &["attr", "default"],
            "location" => &["field", "label"],
            "split" => &["on", "index"],
            "date_format" | "first_from_full" | "last_from_full" | "ldap_user_field" | "mac_model_from_sn"
            | "split_email" => &[],
            _ => return Err(format!("there is no converter `{name}`; the built-in ones are {NAMES}")),
        };
        if let Some((other, _)) = converter
            .parameters
            .iter()
            .find(|(key, _)| !known.contains(&key.as_str()))
        {
            return Err(match known {
                [] => format!("converter `{name}` has no parameters, but `{other}` is given; write `{name}` alone"),
                known => format!(
                    "converter `{name}` has no parameter `{other}`; it has {}",
                    known.join(", ")
                ),
            });
        }
        let parameter = |key: &str| {
            converter
                .parameters
                .iter()
                .find(|(name, _)| name == key)
                .and_then(|(_, value)| value.clone())
        };
        Ok(match name {
            "casper_extension_attribute" => Self::ExtensionAttribute {
                attributes: slot("extension_attributes"),
                name: parameter("attr").ok_or_else(|| {
                    format!("converter `{name}` needs its parameter `attr`; write `{name}:attr=NAME`")
                })?,
                default: parameter("default"),
            },
            "date_format" => Self::DateFormat,
            "first_from_full" => Self::FirstFromFull,
            "last_from_full" => Self::LastFromFull,
            "ldap_user_field" => Self::LdapUserField {
                fallback: slot("sAMAccountName"),
            },
            "location" => Self::Location {
                field: parameter("field").unwrap_or_else(|| "location_id".to_owned()),
                label: parameter("label").unwrap_or_else(|| "name".to_owned()),
            },
            "mac_model_from_sn" => Self::MacModel {
                serial: slot("general.serial_number"),
            },
            "split" => {
                let index = parameter("index").unwrap_or_else(|| "0".to_owned());
                let index = index
                    .trim()
                    .parse()
                    .map_err(|_| format!("`index` of converter `split` is `{index}`, which is not a number; write it like `split:on=-|index=1`"))?;
                Self::Split {
                    on: parameter("on").filter(|on| !on.is_empty()),
                    index,
                }
            }
            _ => Self::SplitEmail,
        })
    }

    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::ExtensionAttribute { .. } => "casper_extension_attribute",
            Self::DateFormat => "date_format",
            Self::FirstFromFull => "first_from_full",
            Self::LastFromFull => "last_from_full",
            Self::LdapUserField { .. } => "ldap_user_field",
            Self::Location { .. } => "location",
            Self::MacModel { .. } => "mac_model_from_sn",
            Self::Split { .. } => "split",
            Self::SplitEmail => "split_email",
        }
    }

    /// What it makes of `value`, in a record whose other values stand in `slots`.
    pub(crate) fn convert<'a>(
        &self,
        value: Option<&'a [u8]>,
        slots: &[Option<&'a [u8]>],
        tables: &Tables,
    ) -> Converted<'a> {
        let slot = |index: usize| slots.get(index).copied().flatten();
        match self {
            Self::ExtensionAttribute {
                attributes,
                name,
                default,
            } => {
                return extension_attribute(slot(*attributes), name, default.as_deref());
            }
            Self::LdapUserField { fallback } => {
                return value
                    .filter(|value| !is_empty(value))
                    .or(slot(*fallback))
                    .map_or(Converted::Null, Converted::Same);
            }
            Self::MacModel { serial } => {
                let model = slot(*serial)
                    .and_then(serial_number)
                    .and_then(|serial| tables.models.get(&serial)?.as_deref());
                return match (model, value) {
                    (Some(model), _) => Converted::Json(json::quoted(model)),
                    (None, value) => value.map_or(Converted::Null, Converted::Same),
                };
            }
            _ => {}
        }
        let Some(value) = value else { return Converted::Null };
        if is_empty(value) {
            return Converted::Same(value);
        }
        if let Self::Location { field, label } = self {
            return tables.location(field, label, value);
        }
        let Some(text) = json::text(value) else {
            return Converted::Odd("not a text");
        };
        let part = |part: Option<&str>| {
            part.map_or(Converted::Odd("no such part"), |part| {
                Converted::Json(json::quoted(part))
            })
        };
        match self {
            Self::DateFormat => match date::epoch_seconds(&text) {
                Some(seconds) => Converted::Json(seconds.to_string().into_bytes()),
                None if date::is_never(&text) => Converted::Null,
                None => Converted::Odd("not a date"),
            },
            Self::FirstFromFull => part(text.trim().split(' ').next()),
            Self::LastFromFull => part(text.trim().rsplit(' ').next()),
            Self::SplitEmail => part(text.split('@').next()),
            Self::Split { on, index } => {
                let parts: Vec<&str> = match on {
                    Some(on) => text.split(on.as_str()).collect(),
                    // As Python splits where it is not told on what.
                    None => text.split_whitespace().collect(),
                };
                let index = if *index < 0 {
                    parts.len().checked_sub(index.unsigned_abs() as usize)
                } else {
                    usize::try_from(*index).ok()
                };
                part(index.and_then(|index| parts.get(index)).copied())
            }
            _ => Converted::Same(value),
        }
    }

    /// The serial number that it would like to look up.
    pub(crate) fn question(&self, slots: &[Option<&[u8]>]) -> Option<String> {
        match self {
            Self::MacModel { serial } => slots.get(*serial).copied().flatten().and_then(serial_number),
            _ => None,
        }
    }
}

/// Whether there is nothing to a value.
pub(crate) fn is_empty(value: &[u8]) -> bool {
    matches!(value, b"null" | b"\"\"")
}

fn serial_number(value: &[u8]) -> Option<String> {
    let text = json::text(value).or_else(|| std::str::from_utf8(value).ok().map(str::to_owned))?;
    let text = text.trim();
    (!text.is_empty() && text != "null").then(|| text.to_owned())
}

fn extension_attribute<'a>(attributes: Option<&'a [u8]>, wanted: &str, default: Option<&str>) -> Converted<'a> {
    let mut found = None;
    let walked = attributes
        .filter(|attributes| attributes.first() == Some(&b'['))
        .map_or(Ok(()), |attributes| {
            Cursor::new(attributes).elements(|attribute| {
                let (mut name, mut value) = (None, None);
                // Something else in the list is not an attribute, and passed over.
                _ = Cursor::new(attribute).members(|key, member| {
                    if json::is_key(key, "name") {
                        name = json::text(member);
                    } else if json::is_key(key, "value") {
                        value = Some(member);
                    }
                });
                if found.is_none() && name.as_deref() == Some(wanted) {
                    found = Some(value);
                }
                Ok::<(), Malformed>(())
            })
        });
    match (walked, found) {
        (Ok(()), Some(value)) => value.map_or(Converted::Null, Converted::Same),
        (Ok(()), None) => default.map_or(Converted::Null, |default| Converted::Json(json::quoted(default))),
        (Err(Malformed), _) => Converted::Odd("no list of attributes"),
    }
}

/// What converters look things up in.
#[derive(Default)]
pub(crate) struct Tables {
    /// By field and label: JSON text of the field's value to JSON of the label's.
    locations: BTreeMap<(String, String), BTreeMap<Vec<u8>, Vec<u8>>>,
    /// By serial number; nothing where the look-up failed.
    pub(crate) models: BTreeMap<String, Option<String>>,
}

impl Tables {
    fn location<'a>(&self, field: &str, label: &str, value: &'a [u8]) -> Converted<'a> {
        let table = self.locations.get(&(field.to_owned(), label.to_owned()));
        match table.and_then(|table| table.get(&canonical(value))) {
            Some(label) => Converted::Json(label.clone()),
            None => Converted::Unknown(value),
        }
    }

    /// The tables that `converters` need, made of Oomnitza's locations.
    pub(crate) fn new<'a>(
        locations: Option<&[u8]>,
        converters: impl Iterator<Item = &'a Converter>,
    ) -> Result<Self, String> {
        let mut tables = Self::default();
        for converter in converters {
            if let Converter::Location { field, label } = converter {
                let mut table = BTreeMap::new();
                let malformed = |Malformed| "the list of locations is not JSON".to_owned();
                if let Some(locations) = locations {
                    let path = |name: &String| vec![name.clone()];
                    let (field, label) = (path(field), path(label));
                    Cursor::new(locations)
                        .elements(|location| {
                            let found = (json::descend(location, &field), json::descend(location, &label));
                            if let (Some(key), Some(name)) = found
                                && !is_empty(key)
                                && !is_empty(name)
                                && json::is_valid(name)
                            {
                                table.insert(canonical(key), name.to_vec());
                            }
                            Ok(())
                        })
                        .map_err(malformed)?;
                }
                tables.locations.insert((field.clone(), label.clone()), table);
            }
        }
        Ok(tables)
    }
}

/// A text in one spelling, whatever its escapes; anything else as it stands.
fn canonical(value: &[u8]) -> Vec<u8> {
    json::text(value).map_or_else(|| value.to_vec(), |text| json::quoted(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a converter makes of a value, in a record where every other path leads to `other`.
    fn convert(name: &str, parameters: &[(&str, &str)], value: Option<&str>, other: Option<&str>) -> String {
        let parameters = parameters
            .iter()
            .map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned())))
            .collect();
        let converter = Converter::new(
            &wit::Converter {
                name: name.to_owned(),
                parameters,
            },
            &mut |_| 0,
        )
        .unwrap();
        let locations = br#"[{"location_id":"L1","name":"Gen\u00e8ve"},{"location_id":7,"name":"Bonn"},{"location_id":null,"name":"x"}]"#;
        let mut tables = Tables::new(Some(locations), std::iter::once(&converter)).unwrap();
        tables.models.insert("C02X".into(), Some("MacBook \"Pro\"".into()));
        let text = match converter.convert(value.map(str::as_bytes), &[other.map(str::as_bytes)], &tables) {
            Converted::Same(value) => return String::from_utf8(value.to_vec()).unwrap(),
            Converted::Json(value) => return String::from_utf8(value).unwrap(),
            Converted::Null => "(null)",
            Converted::Odd(problem) => problem,
            Converted::Unknown(value) => return format!("unknown {}", String::from_utf8_lossy(value)),
        };
        text.to_owned()
    }

    #[test]
    fn texts_are_split() {
        for (name, parameters, value, expected) in [
            ("first_from_full", &[][..], r#""Ada King Lovelace""#, r#""Ada""#),
            ("last_from_full", &[], r#""Ada King Lovelace""#, r#""Lovelace""#),
            ("last_from_full", &[], r#""Ada""#, r#""Ada""#),
            ("first_from_full", &[], r#"" Ada ""#, r#""Ada""#),
            ("split_email", &[], r#""ada@x.example""#, r#""ada""#),
            ("split_email", &[], r#""ada""#, r#""ada""#),
            ("split", &[("on", "-"), ("index", "1")], r#""a-b-c""#, r#""b""#),
            ("split", &[("on", "-"), ("index", "-1")], r#""a-b-c""#, r#""c""#),
            ("split", &[], r#""a  b""#, r#""a""#),
            ("split", &[("on", "-"), ("index", "9")], r#""a-b""#, "no such part"),
            ("split", &[("on", "-")], "17", "not a text"),
            ("first_from_full", &[], "[1]", "not a text"),
            ("first_from_full", &[], "null", "null"),
            ("split_email", &[], r#""""#, r#""""#),
            ("split", &[("on", "\u{e9}")], r#""a\u00e9b""#, r#""a""#),
        ] {
            assert_eq!(
                convert(name, parameters, Some(value), None),
                expected,
                "{name} {parameters:?} {value}"
            );
        }
        assert_eq!(convert("split", &[], None, None), "(null)");
    }

    #[test]
    fn values_are_found_elsewhere_in_the_record() {
        let attributes = Some(r#"[{"name":"Site","value":"HQ"},5,{"name":"Empty"}]"#);
        let attribute = |name: &str, attributes| {
            convert(
                "casper_extension_attribute",
                &[("attr", name), ("default", "none")],
                None,
                attributes,
            )
        };
        assert_eq!(attribute("Site", attributes), r#""HQ""#);
        assert_eq!(attribute("Empty", attributes), "(null)");
        assert_eq!(attribute("Other", attributes), r#""none""#);
        assert_eq!(attribute("Other", Some("{}")), r#""none""#);
        assert_eq!(attribute("Other", None), r#""none""#);
        assert_eq!(
            convert("ldap_user_field", &[], Some(r#""ada""#), Some(r#""AL""#)),
            r#""ada""#
        );
        assert_eq!(
            convert("ldap_user_field", &[], Some("null"), Some(r#""AL""#)),
            r#""AL""#
        );
        assert_eq!(convert("ldap_user_field", &[], None, None), "(null)");
    }

    #[test]
    fn tables_are_looked_up_and_misses_are_kept() {
        assert_eq!(convert("location", &[], Some(r#""L1""#), None), r#""Gen\u00e8ve""#);
        assert_eq!(convert("location", &[], Some("7"), None), r#""Bonn""#);
        assert_eq!(
            convert(
                "location",
                &[("field", "name"), ("label", "location_id")],
                Some("\"Genève\""),
                None
            ),
            r#""L1""#
        );
        assert_eq!(convert("location", &[], Some(r#""L9""#), None), r#"unknown "L9""#);
        assert_eq!(
            convert("mac_model_from_sn", &[], Some(r#""Mac""#), Some(r#"" C02X ""#)),
            r#""MacBook \"Pro\"""#
        );
        assert_eq!(
            convert("mac_model_from_sn", &[], Some(r#""Mac""#), Some(r#""?""#)),
            r#""Mac""#
        );
        assert_eq!(convert("mac_model_from_sn", &[], None, None), "(null)");
    }

    #[test]
    fn wrong_converters_are_refused_with_what_would_be_right() {
        let new = |name: &str, parameters: &[(&str, &str)]| {
            let parameters = parameters
                .iter()
                .map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned())))
                .collect();
            Converter::new(
                &wit::Converter {
                    name: name.to_owned(),
                    parameters,
                },
                &mut |_| 0,
            )
            .err()
            .unwrap()
        };
        assert_eq!(
            new("slpit", &[]),
            format!("there is no converter `slpit`; the built-in ones are {NAMES}")
        );
        assert_eq!(
            new("split", &[("at", "x")]),
            "converter `split` has no parameter `at`; it has on, index"
        );
        assert_eq!(
            new("date_format", &[("x", "y")]),
            "converter `date_format` has no parameters, but `x` is given; write `date_format` alone"
        );
        assert_eq!(
            new("split", &[("index", "one")]),
            "`index` of converter `split` is `one`, which is not a number; write it like `split:on=-|index=1`"
        );
        assert_eq!(
            new("casper_extension_attribute", &[]),
            "converter `casper_extension_attribute` needs its parameter `attr`; write `casper_extension_attribute:attr=NAME`"
        );
    }
}
