//! Pages that no host should take.

use oomnitza_sdk::prelude::*;

/// One record.
pub(crate) fn page(record: &str) -> Page {
    of(1, record)
}

/// One record in an encoding that JSON does not know.
pub(crate) fn latin1() -> Page {
    let mut page = Page::default();
    page.push_slice(b"{\"u\":\"caf\xe9\"}");
    page
}

/// The same record so many times.
pub(crate) fn of(count: usize, record: &str) -> Page {
    let mut page = Page::default();
    for _ in 0..count {
        page.push_with(|json| json.extend_from_slice(record.as_bytes()));
    }
    page
}

/// A text of `bytes` bytes.
pub(crate) fn long(bytes: usize) -> Page {
    page(&format!("{{\"u\":\"{}\"}}", "x".repeat(bytes)))
}

/// Lists inside one another.
pub(crate) fn deep(levels: usize) -> Page {
    page(&format!("{{\"u\":{}1{}}}", "[".repeat(levels), "]".repeat(levels)))
}

/// So many fields.
pub(crate) fn wide(fields: usize) -> Page {
    let fields: Vec<String> = (0..fields).map(|number| format!("\"f{number}\":0")).collect();
    page(&format!("{{{}}}", fields.join(",")))
}

/// So many records that the source did not give, with names that would like to be something else.
pub(crate) fn missing(count: usize) -> Page {
    let mut page = Page::default();
    for _ in 0..count {
        page.miss("../../etc/cron.d/x\n\u{1b}[2J", "\u{202e}gone");
    }
    page
}

/// Keys that other parsers stumble over.
pub(crate) const ODD_KEYS: &str = r#"{"u":"a","u":"b","__proto__":{"x":1},"\u0000":0,"\u001b[2J":0,"":0}"#;
