//! The shapes of uploads.
//!
//! They are judged by a scan over the bytes that knows strings, brackets and commas, and builds nothing: the benchmark measures the
//! client, and a parser here would take as long as all that the client does. What stands within a record is left to the parser, which
//! runs when bodies are kept.

use serde_json::Value;

use super::route::Bulk;

/// The most records in one upload.
const MAX_RECORDS: u64 = 100;

/// The most in one upload of audits.
const MAX_AUDIT_RECORDS: u64 = 10;

/// How many records an upload has, or what is wrong with its shape.
pub(super) fn count(bulk: Bulk, body: &[u8]) -> Result<u64, String> {
    if std::str::from_utf8(body).is_err() {
        return Err("the body is not UTF-8".to_owned());
    }
    let mut scan = Scan { bytes: body, at: 0 };
    let count = match bulk {
        Bulk::Users => records(&mut scan, true, MAX_RECORDS),
        Bulk::Audit => envelope(&mut scan, "agent_id", "computers", true, MAX_AUDIT_RECORDS),
        Bulk::Assets => envelope(&mut scan, "integration_id", "assets", false, MAX_RECORDS),
    }?;
    match scan.peek() {
        None => Ok(count),
        Some(_) => Err("the body goes on after its end".to_owned()),
    }
}

/// The member that tells records of an upload from each other.
pub(super) fn key(bulk: Bulk, body: &Value) -> &str {
    match bulk {
        Bulk::Users => "USER",
        Bulk::Audit | Bulk::Assets => body.get("sync_field").and_then(Value::as_str).unwrap_or_default(),
    }
}

/// The records of an upload whose shape is right.
pub(super) fn into_records(bulk: Bulk, mut body: Value) -> Vec<Value> {
    let records = match bulk {
        Bulk::Users => body,
        Bulk::Audit => body.get_mut("computers").map(Value::take).unwrap_or_default(),
        Bulk::Assets => body.get_mut("assets").map(Value::take).unwrap_or_default(),
    };
    match records {
        Value::Array(records) => records,
        record => vec![record],
    }
}

/// A list of records, or where that will do a record by itself.
fn records(scan: &mut Scan, allows_one: bool, most: u64) -> Result<u64, String> {
    if allows_one && scan.peek() == Some(b'{') {
        return scan
            .value()
            .map(|_| 1)
            .ok_or_else(|| "a record is not closed".to_owned());
    }
    let count = scan.objects().ok_or("the records are not a list of objects")?;
    match count {
        0 => Err("the list of records is empty".to_owned()),
        count if count > most => Err(format!("{count} records are more than {most}")),
        count => Ok(count),
    }
}

/// An object of exactly four members: who uploads, by what, what, and whether it may only update.
fn envelope(scan: &mut Scan, id: &str, list: &str, allows_one: bool, most: u64) -> Result<u64, String> {
    let broken = || "the body is not an object".to_owned();
    let mut count = None;
    let mut missing = vec![id, "sync_field", list, "update_only"];
    if !scan.take(b'{') {
        return Err(broken());
    }
    loop {
        let name = scan.peek().and_then(|_| scan.string()).ok_or_else(broken)?;
        let Some(place) = missing.iter().position(|member| member.as_bytes() == name) else {
            return Err(format!(
                "`{}` does not belong there, or not twice",
                String::from_utf8_lossy(name)
            ));
        };
        let member = missing.swap_remove(place);
        if !scan.take(b':') {
            return Err(broken());
        }
        if member == list {
            count = Some(records(scan, allows_one, most)?);
        } else if scan.peek().and_then(|_| scan.string()).is_none_or(<[u8]>::is_empty) {
            return Err(format!("`{member}` is not a text, or empty"));
        }
        if scan.take(b'}') {
            break;
        }
        if !scan.take(b',') {
            return Err(broken());
        }
    }
    match (missing.first(), count) {
        (None, Some(count)) => Ok(count),
        (member, _) => Err(format!("`{}` is missing", member.copied().unwrap_or(list))),
    }
}

/// A place in a text of JSON.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The next byte that is not blank.
    fn peek(&mut self) -> Option<u8> {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        self.byte()
    }

    /// Passes this byte, if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Passes a string, and gives what is between its quotation marks.
    fn string(&mut self) -> Option<&'a [u8]> {
        if self.byte()? != b'"' {
            return None;
        }
        self.at += 1;
        let start = self.at;
        loop {
            self.at += memchr::memchr2(b'"', b'\\', self.bytes.get(self.at..)?)?;
            if self.byte()? == b'"' {
                self.at += 1;
                return self.bytes.get(start..self.at - 1);
            }
            self.at += 2;
        }
    }

    /// Passes a value: without recursion, so that depth costs nothing.
    fn value(&mut self) -> Option<()> {
        let mut depth = 0u32;
        loop {
            match self.peek()? {
                b'"' => _ = self.string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                _ => self.at += 1,
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    /// Passes a list of objects, and counts them.
    fn objects(&mut self) -> Option<u64> {
        if !self.take(b'[') {
            return None;
        }
        if self.take(b']') {
            return Some(0);
        }
        let mut count = 0;
        loop {
            if self.peek()? != b'{' {
                return None;
            }
            self.value()?;
            count += 1;
            if self.take(b']') {
                return Some(count);
            }
            if !self.take(b',') {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_a_list_of_objects_or_one_object() {
        let many = |count: usize| format!("[{}]", vec![r#"{"USER":"a"}"#; count].join(","));
        for (body, count) in [
            (r#"[{"USER":"a"}]"#, Some(1)),
            (r#"{"USER":"a"}"#, Some(1)),
            (
                " [ {\"USER\" : \"}]\\\"{\\\\\"} ,\n{\"n\":[{},[{}]],\"x\":-1.5e3}\t] ",
                Some(2),
            ),
            (&many(100), Some(100)),
            (&many(101), None),
            ("[]", None),
            ("", None),
            ("[{}", None),
            ("[{},]", None),
            ("[{} {}]", None),
            ("[[{}]]", None),
            ("[1]", None),
            ("null", None),
            (r#"[{"USER":"a"}]x"#, None),
            (r#"[{"USER":"a}]"#, None),
            (r#"[{"USER":"a\"#, None),
        ] {
            assert_eq!(super::count(Bulk::Users, body.as_bytes()).ok(), count, "{body}");
        }
        assert!(super::count(Bulk::Users, b"[{\"USER\":\"\xff\"}]").is_err());
    }

    #[test]
    fn depth_does_not_exhaust_the_stack() {
        let depth = 1_000_000;
        let body = format!("[{{\"a\":{}{}}}]", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(super::count(Bulk::Users, body.as_bytes()), Ok(1));
    }

    #[test]
    fn envelopes_have_exactly_their_members() {
        let ten = ["{}"; 10].join(",");
        let eleven = ["{}"; 11].join(",");
        let audit = |computers: &str| {
            format!(r#"{{"agent_id":"X","sync_field":"ID","computers":{computers},"update_only":"False"}}"#)
        };
        for (body, count) in [
            (audit(r#"[{"ID":"1"},{"ID":"2"}]"#), Some(2)),
            (audit(r#"{"ID":"1"}"#), Some(1)),
            (audit(&format!("[{ten}]")), Some(10)),
            (audit(&format!("[{eleven}]")), None),
            (audit("[]"), None),
            (audit("null"), None),
            (
                r#"{"update_only":"True","computers":[{}],"agent_id":"X","sync_field":"ID"}"#.to_owned(),
                Some(1),
            ),
            (
                r#"{"agent_id":"X","sync_field":"ID","computers":[{}],"update_only":false}"#.to_owned(),
                None,
            ),
            (
                r#"{"agent_id":"X","sync_field":"","computers":[{}],"update_only":"False"}"#.to_owned(),
                None,
            ),
            (
                r#"{"agent_id":"X","computers":[{}],"update_only":"False"}"#.to_owned(),
                None,
            ),
            (
                r#"{"agent_id":"X","agent_id":"X","sync_field":"ID","computers":[{}],"update_only":"False"}"#
                    .to_owned(),
                None,
            ),
            (
                r#"{"agent_id":"X","more":1,"sync_field":"ID","computers":[{}],"update_only":"False"}"#.to_owned(),
                None,
            ),
            ("{}".to_owned(), None),
            ("[{}]".to_owned(), None),
        ] {
            assert_eq!(super::count(Bulk::Audit, body.as_bytes()).ok(), count, "{body}");
        }
        let assets = r#"{"integration_id":"X","sync_field":"ID","assets":[{},{}],"update_only":"False"}"#;
        assert_eq!(super::count(Bulk::Assets, assets.as_bytes()), Ok(2));
        let one = r#"{"integration_id":"X","sync_field":"ID","assets":{},"update_only":"False"}"#;
        assert!(super::count(Bulk::Assets, one.as_bytes()).is_err());
    }
}
