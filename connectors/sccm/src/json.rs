//! Rows as JSON.

use oomnitza_sdk::serde_json;
use oomnitza_sdk::sql::Value;

/// Writes an object.
pub(crate) fn object<'a>(json: &mut Vec<u8>, members: impl IntoIterator<Item = (&'a str, &'a Value)>) {
    let mut separator = b'{';
    for (name, value) in members {
        json.push(separator);
        separator = b',';
        write(json, name);
        json.push(b':');
        match value {
            Value::Null => json.extend_from_slice(b"null"),
            Value::Boolean(value) => write(json, value),
            Value::Integer(value) => write(json, value),
            Value::Number(value) => write(json, value),
            Value::Text(value) => write(json, value),
            // None of the columns holds bytes; as SQL Server's own tools show them.
            Value::Bytes(bytes) => {
                let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
                write(json, &format!("0x{digits}"));
            }
        }
    }
    if separator == b'{' {
        json.push(b'{');
    }
    json.push(b'}');
}

fn write<T: oomnitza_sdk::serde::Serialize + ?Sized>(json: &mut Vec<u8>, value: &T) {
    // Writing into memory does not fail.
    _ = serde_json::to_writer(json, value);
}
