//! Lists as they come out of XML.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Reads a list as programs write it that make JSON of XML: one element stands alone, or alone under its own name, and none at all
/// is `""` or `{}`. null is no list: it would pass for one that is empty. For `#[serde(deserialize_with = "one_or_many")]`.
pub fn one_or_many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    elements(<&RawValue>::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn elements<'a, T: Deserialize<'a>>(list: &'a RawValue) -> serde_json::Result<Vec<T>> {
    match list.get() {
        text if text.starts_with('[') => serde_json::from_str(text),
        "\"\"" | "{}" => Ok(Vec::new()),
        "null" => Err(serde_json::Error::custom("null stands where a list should")),
        text => serde_json::from_str(text).map(|only| vec![only]).or_else(|error| {
            // `{"size": 1, "computer": {…}}`
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(|_| error)?;
            let mut named = members.into_iter().filter(|(name, _)| name != "size");
            match (named.next(), named.next()) {
                (Some((_, inner)), None) => elements(inner),
                _ => Err(serde_json::Error::custom("neither a list nor one element of it")),
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Element {
        id: u32,
    }

    #[derive(Deserialize)]
    struct Answer {
        #[serde(deserialize_with = "one_or_many")]
        list: Vec<Element>,
    }

    #[test]
    fn a_list_is_read_however_it_was_collapsed() {
        for (text, ids) in [
            (r#"{"list":[{"id":1},{"id":2}]}"#, &[1, 2][..]),
            (r#"{"list":{"id":1}}"#, &[1]),
            (r#"{"list":{"size":1,"element":{"id":1}}}"#, &[1]),
            (r#"{"list":{"element":[{"id":1},{"id":2}]}}"#, &[1, 2]),
            (r#"{"list":{}}"#, &[]),
            (r#"{"list":""}"#, &[]),
            (r#"{"list":[]}"#, &[]),
        ] {
            let answer: Answer = serde_json::from_str(text).unwrap();
            let found: Vec<u32> = answer.list.iter().map(|element| element.id).collect();
            assert_eq!(found, ids, "{text}");
        }
        for text in [
            r#"{}"#,
            r#"{"list":null}"#,
            r#"{"list":7}"#,
            r#"{"list":{"a":{"id":1},"b":{"id":2}}}"#,
            r#"{"list":[{}]}"#,
        ] {
            assert!(serde_json::from_str::<Answer>(text).is_err(), "{text}");
        }
    }
}
