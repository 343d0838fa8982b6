//! Paths and answers of the Classic API.

use std::collections::{BTreeMap, VecDeque};

use oomnitza_sdk::prelude::*;
use oomnitza_sdk::serde_json;

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Computers,
    MobileDevices,
}

/// The members of an object. Their order does not matter here.
type Object<'a> = BTreeMap<String, &'a RawValue>;

impl Kind {
    /// The kind that `sync_type` names.
    pub(crate) fn of(sync_type: &str) -> Self {
        match sync_type {
            "mobiledevices" => Self::MobileDevices,
            _ => Self::Computers,
        }
    }

    fn is_computers(self) -> bool {
        self == Self::Computers
    }

    /// The path of the list of all.
    pub(crate) fn list(self) -> &'static str {
        if self.is_computers() {
            "computers"
        } else {
            "mobiledevices"
        }
    }

    /// The path of one's detail.
    pub(crate) fn detail(self, id: &str) -> String {
        format!("{}/id/{id}", self.list())
    }

    /// The path of a group.
    pub(crate) fn group(self, name: &str) -> String {
        let groups = if self.is_computers() {
            "computergroups"
        } else {
            "mobiledevicegroups"
        };
        format!("{groups}/name/{}", encode(name))
    }

    /// A group in words.
    pub(crate) fn group_words(self) -> &'static str {
        if self.is_computers() {
            "computer group"
        } else {
            "mobile device group"
        }
    }

    /// The ids of a list of all.
    pub(crate) fn all(self, answer: &Response) -> Result<VecDeque<String>> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(alias = "mobile_devices", deserialize_with = "one_or_many")]
            computers: Vec<Listed>,
        }
        ids(answer.json::<Answer>()?.computers)
    }

    /// The ids of a group's members.
    pub(crate) fn members(self, answer: &Response) -> Result<VecDeque<String>> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(alias = "mobile_device_group")]
            computer_group: Group,
        }
        #[derive(Deserialize)]
        struct Group {
            #[serde(alias = "mobile_devices", deserialize_with = "one_or_many")]
            computers: Vec<Listed>,
        }
        ids(answer.json::<Answer>()?.computer_group.computers)
    }

    /// The record in an answer.
    pub(crate) fn record(self, answer: &Response) -> Result<Record<'_>> {
        let member = if self.is_computers() {
            "computer"
        } else {
            "mobile_device"
        };
        let answer: Object<'_> = answer.json()?;
        let found = answer.get(member).map(|record| record.get()).unwrap_or_default();
        if !found.starts_with('{') {
            return Err(Error::Unexpected(format!("the answer holds no {member}")));
        }
        if found.len() > Page::LARGEST_RECORD {
            return Err(Error::Unexpected(format!(
                "its detail is too large: {} bytes",
                found.len()
            )));
        }
        Ok(Record(found))
    }
}

/// An element of a list.
#[derive(Deserialize)]
struct Listed {
    id: serde_json::Value,
}

/// Ids are numbers, sometimes as text.
fn ids(listed: Vec<Listed>) -> Result<VecDeque<String>> {
    let id = |listed: Listed| {
        let text = match listed.id {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::Unexpected(format!(
                "the list holds an id that is no number: `{text}`"
            )));
        }
        Ok(text)
    };
    listed.into_iter().map(id).collect()
}

/// A device's detail as it stands in the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a>(&'a str);

impl Record<'_> {
    /// Writes it. A computer's applications are a list however the server collapsed it.
    pub(crate) fn write(self, json: &mut Vec<u8>) {
        let text = self.0;
        match self.collapsed_applications() {
            Some((start, end, list)) => {
                let pieces = [text.get(..start), Some(list.as_str()), text.get(end..)];
                for piece in pieces.into_iter().flatten() {
                    json.extend_from_slice(piece.as_bytes());
                }
            }
            None => json.extend_from_slice(text.as_bytes()),
        }
    }

    /// Where in the text the applications stand that are no list, and the list that they are.
    fn collapsed_applications(self) -> Option<(usize, usize, String)> {
        let record: Object<'_> = serde_json::from_str(self.0).ok()?;
        let software: Object<'_> = serde_json::from_str(record.get("software")?.get()).ok()?;
        let applications = software.get("applications")?.get();
        // Both borrow from the same text.
        let start = (applications.as_ptr() as usize).checked_sub(self.0.as_ptr() as usize)?;
        Some((start, start + applications.len(), list_of(applications)?))
    }
}

/// A collapsed list as a list, by the rules of [`one_or_many`]: an element stands alone, or alone under its own name. None where the value
/// is a list, or null, which is no list.
fn list_of(value: &str) -> Option<String> {
    if value == "\"\"" {
        return Some("[]".to_owned());
    }
    let members: Object<'_> = serde_json::from_str(value).ok()?;
    let mut named = members.iter().filter(|(name, _)| *name != "size");
    Some(match (named.next(), named.next()) {
        (None, _) => "[]".to_owned(),
        (Some((_, inner)), None) if inner.get().starts_with('[') => inner.get().to_owned(),
        (Some((name, inner)), None) if inner.get().starts_with('{') || name == "application" => list_of(inner.get())?,
        _ => format!("[{value}]"),
    })
}

/// What Jamf says of an error: the second paragraph of a page. What it says where it refuses a token the host reads.
pub(crate) fn explain(body: &[u8]) -> Option<String> {
    let page = std::str::from_utf8(body).ok()?;
    let said = page.split_once("<p>")?.1.split_once("</p>")?.0.trim();
    (!said.is_empty() && said.len() <= 200 && !said.contains('<')).then(|| said.to_owned())
}
