//! Oomnitza's own mappings: `{"source field": "FIELD"}`, or a list of fields that one source field fills.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};

/// Field and source of each mapping, in Oomnitza's order, fields in upper case; or what is wrong with the answer.
pub fn read_mappings(answer: &[u8]) -> Result<Vec<(String, String)>, String> {
    let mut reader = serde_json::Deserializer::from_slice(answer);
    let mappings = reader.deserialize_map(Mappings).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    Ok(mappings)
}

/// Keeps the order, which a map would not.
struct Mappings;

#[derive(serde::Deserialize)]
#[serde(
    untagged,
    expecting = "a source field leads to something else than a field or a list of fields"
)]
enum Fields {
    One(String),
    Several(Vec<String>),
}

impl<'de> Visitor<'de> for Mappings {
    type Value = Vec<(String, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of source fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut mappings = Vec::new();
        while let Some((source, fields)) = map.next_entry::<String, Fields>()? {
            let fields = match fields {
                Fields::One(field) => vec![field],
                Fields::Several(fields) => fields,
            };
            mappings.extend(fields.into_iter().map(|field| (field.to_uppercase(), source.clone())));
        }
        Ok(mappings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_source_may_fill_several_fields_and_the_order_is_kept() {
        let mappings = read_mappings(br#"{"z": "user", "a.b": ["EMAIL", "Login"], "c": []}"#).unwrap();
        let expected = [("USER", "z"), ("EMAIL", "a.b"), ("LOGIN", "a.b")];
        assert_eq!(
            mappings,
            expected.map(|(field, source)| (field.to_owned(), source.to_owned()))
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for answer in [&b""[..], b"[]", b"{\"a\": 5}", b"{\"a\": null}", b"{} x", b"<html>"] {
            assert!(read_mappings(answer).is_err(), "{}", String::from_utf8_lossy(answer));
        }
    }
}
