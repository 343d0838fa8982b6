#![no_main]
//! Pages of records: what the host counts is what the mapper finds, and both agree with a real parser.

use guest_json::{Cursor, Malformed};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

#[path = "../../host/src/sandbox/limits.rs"]
mod limits;
#[path = "../../host/src/sandbox/pages.rs"]
mod pages;

fuzz_target!(|bytes: &[u8]| {
    let counted = pages::count_records(bytes, &limits::Pages::default());
    let found = elements(bytes);
    if let (Ok(counted), Some(found)) = (&counted, &found) {
        assert_eq!(*counted, found.len(), "the host and the mapper see different records");
    }
    if std::str::from_utf8(bytes).is_err() {
        assert!(counted.is_err(), "it is not UTF-8");
        return;
    }
    let value = bytes.trim_ascii();
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(value).is_ok();
    assert_eq!(guest_json::is_valid(value), is_json);
    // It refuses what is nested too deeply, and halves of surrogate pairs.
    let Ok(parsed) = serde_json::from_slice::<Value>(value) else { return };
    assert_eq!(read(value).as_ref(), Some(&parsed));
    if let (Ok(counted), Value::Array(records)) = (counted, parsed) {
        assert_eq!(counted, records.len());
    }
});

fn elements(list: &[u8]) -> Option<Vec<&[u8]>> {
    let mut found = Vec::new();
    let mut cursor = Cursor::new(list);
    cursor
        .elements(|element| {
            found.push(element);
            Ok::<(), Malformed>(())
        })
        .ok()?;
    Some(found)
}

/// The value, read by the walk.
fn read(value: &[u8]) -> Option<Value> {
    Some(match value.first()? {
        b'{' => {
            let mut members = Some(Map::new());
            let visit = |key: &[u8], value: &[u8]| {
                let name = guest_json::unescaped(key).or_else(|| String::from_utf8(key.to_vec()).ok());
                members = members.take().and_then(|mut members| {
                    members.insert(name?, read(value)?);
                    Some(members)
                });
            };
            Cursor::new(value).members(visit).ok()?;
            Value::Object(members?)
        }
        b'[' => Value::Array(elements(value)?.into_iter().map(read).collect::<Option<_>>()?),
        b'"' => Value::String(guest_json::text(value)?),
        _ => serde_json::from_slice(value).ok()?,
    })
}
