//! The built-in converters.
//!
//! Each gets a value and gives one; what it cannot make anything of becomes null and is counted. Empty values pass through as they are: what
//! Python takes for false, as in the old program (missing, null, false, zero, an empty text, list or object).

mod date;
mod zone;

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
    /// A date as seconds since 1970.
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
                    .filter(|value| !is_false(value))
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
        if is_false(value) {
            return Converted::Same(value);
        }
        if let Self::Location { field, label } = self {
            return match value.first() {
                Some(b'[' | b'{') => Converted::Odd("neither a text nor a number"),
                _ => tables.location(field, label, value),
            };
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
            Self::DateFormat => match date::epoch_seconds(&text, &tables.zone) {
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

/// Whether Python takes a value for false.
fn is_false(value: &[u8]) -> bool {
    let holds_nothing = |open: u8, close: u8| {
        let inner = value
            .strip_prefix(&[open])
            .and_then(|value| value.strip_suffix(&[close]));
        inner.is_some_and(|inner| inner.trim_ascii().is_empty())
    };
    let is_zero = || {
        let is_number = value.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-');
        // An exponent does not matter to a zero.
        let mut digits = value.iter().take_while(|byte| !matches!(byte, b'e' | b'E'));
        is_number && digits.all(|byte| matches!(byte, b'-' | b'.' | b'0'))
    };
    is_empty(value) || value == b"false" || holds_nothing(b'[', b']') || holds_nothing(b'{', b'}') || is_zero()
}

fn serial_number(value: &[u8]) -> Option<String> {
    let text = json::text(value).or_else(|| std::str::from_utf8(value).ok().map(str::to_owned))?;
    let text = text.trim();
    (!text.is_empty() && text != "null").then(|| text.to_owned())
}

fn extension_attribute<'a>(attributes: Option<&'a [u8]>, wanted: &str, default: Option<&str>) -> Converted<'a> {
    let mut found = None;
    let mut see = |attribute: &'a [u8]| {
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
    };
    let walked = attributes.map_or(Ok(()), |attributes| each_attribute(attributes, &mut see));
    match (walked, found) {
        (Ok(()), Some(value)) => value.map_or(Converted::Null, Converted::Same),
        (Ok(()), None) => default.map_or(Converted::Null, |default| Converted::Json(json::quoted(default))),
        (Err(Malformed), _) => Converted::Odd("no list of attributes"),
    }
}

/// Calls `see` with each attribute of a list. A list of one may have been collapsed: the attribute stands alone, or alone under its own name.
fn each_attribute<'a>(list: &'a [u8], see: &mut impl FnMut(&'a [u8])) -> Result<(), Malformed> {
    match list.first() {
        Some(b'[') => Cursor::new(list).elements(|attribute| {
            see(attribute);
            Ok(())
        }),
        Some(b'{') => {
            let mut inner = None;
            Cursor::new(list).members(|key, member| {
                if json::is_key(key, "extension_attribute") {
                    inner = Some(member);
                }
            })?;
            match inner {
                Some(inner) => each_attribute(inner, see),
                None => {
                    see(list);
                    Ok(())
                }
            }
        }
        _ => Ok(()),
    }
}

/// What converters look things up in.
pub(crate) struct Tables {
    /// The zone of dates that name none.
    zone: zone::Zone,
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

    /// The tables that `converters` need: the section's time zone, and what is made of Oomnitza's locations.
    pub(crate) fn new<'a>(
        zone: Option<&wit::Zone>,
        locations: Option<&[u8]>,
        converters: impl Iterator<Item = &'a Converter>,
    ) -> Result<Self, String> {
        let mut tables = Self {
            zone: zone::Zone::new(zone),
            locations: BTreeMap::new(),
            models: BTreeMap::new(),
        };
        for converter in converters {
            tables.add(locations, converter)?;
        }
        Ok(tables)
    }

    /// The table that `converter` needs, unless it is there.
    pub(crate) fn add(&mut self, locations: Option<&[u8]>, converter: &Converter) -> Result<(), String> {
        let Converter::Location { field, label } = converter else {
            return Ok(());
        };
        let name = (field.clone(), label.clone());
        if self.locations.contains_key(&name) {
            return Ok(());
        }
        let mut table = BTreeMap::new();
        if let Some(locations) = locations {
            let (field, label) = (vec![field.clone()], vec![label.clone()]);
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
                .map_err(|Malformed| "the list of locations is not JSON".to_owned())?;
        }
        self.locations.insert(name, table);
        Ok(())
    }
}

/// A text in one spelling, whatever its escapes; anything else as it stands.
fn canonical(value: &[u8]) -> Vec<u8> {
    json::text(value).map_or_else(|| value.to_vec(), |text| json::quoted(&text))
}

#[cfg(test)]
mod tests;
