//! JSON (RFC 8259), walked without building anything: values are slices of the text.
//!
//! The walk follows strings and brackets and believes the rest; what goes out is checked by [`is_valid`].

/// The text is not what it should be, at this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// A place in a text.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// The next byte that is not white space, not consumed.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    /// Consumes `byte`, if it is next.
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.eat(byte) { Ok(()) } else { Err(Malformed) }
    }

    /// The next value, whole.
    pub(crate) fn value(&mut self) -> Result<&'a [u8], Malformed> {
        let start = match self.peek() {
            Some(b',' | b':' | b']' | b'}') | None => return Err(Malformed),
            Some(_) => self.at,
        };
        match self.text.get(start) {
            Some(b'"') => self.skip_string()?,
            Some(b'{' | b'[') => self.skip_nested()?,
            _ => self.skip_scalar(),
        }
        self.text.get(start..self.at).ok_or(Malformed)
    }

    /// The next string, without its quotes and with its escapes.
    fn string(&mut self) -> Result<&'a [u8], Malformed> {
        self.peek();
        let start = self.at;
        self.skip_string()?;
        self.text.get(start + 1..self.at - 1).ok_or(Malformed)
    }

    fn skip_string(&mut self) -> Result<(), Malformed> {
        if self.text.get(self.at) != Some(&b'"') {
            return Err(Malformed);
        }
        self.at += 1;
        loop {
            let rest = self.text.get(self.at..).ok_or(Malformed)?;
            let distance = memchr::memchr2(b'"', b'\\', rest).ok_or(Malformed)?;
            if rest.get(distance) == Some(&b'"') {
                self.at += distance + 1;
                return Ok(());
            }
            self.at += distance + 2;
        }
    }

    fn skip_nested(&mut self) -> Result<(), Malformed> {
        // Brackets are counted, not matched: what goes out is checked as a whole.
        let mut depth = 0usize;
        loop {
            match self.text.get(self.at).ok_or(Malformed)? {
                b'"' => {
                    self.skip_string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
    }

    fn skip_scalar(&mut self) {
        while let Some(byte) = self.text.get(self.at) {
            if matches!(byte, b',' | b'}' | b']' | b':' | b' ' | b'\n' | b'\r' | b'\t') {
                return;
            }
            self.at += 1;
        }
    }

    /// Calls `visit` with each key (without quotes) and value of the object that is next.
    pub(crate) fn members(&mut self, mut visit: impl FnMut(&'a [u8], &'a [u8])) -> Result<(), Malformed> {
        self.expect(b'{')?;
        if self.eat(b'}') {
            return Ok(());
        }
        loop {
            let key = self.string()?;
            self.expect(b':')?;
            visit(key, self.value()?);
            if !self.eat(b',') {
                return self.expect(b'}');
            }
        }
    }

    /// Calls `visit` with each element of the list that is next.
    pub(crate) fn elements<E: From<Malformed>>(
        &mut self,
        mut visit: impl FnMut(&'a [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.expect(b'[')?;
        if self.eat(b']') {
            return Ok(());
        }
        loop {
            visit(self.value()?)?;
            if !self.eat(b',') {
                self.expect(b']')?;
                return Ok(());
            }
        }
    }
}

/// Whether a member's key is `name`.
pub(crate) fn is_key(key: &[u8], name: &str) -> bool {
    key == name.as_bytes() || (key.contains(&b'\\') && text_between(key).is_some_and(|key| key == name))
}

/// What stands at `path` in a value; nothing where the path leads past or into something that has no parts.
pub(crate) fn descend<'a>(value: &'a [u8], path: &[String]) -> Option<&'a [u8]> {
    let Some((step, rest)) = path.split_first() else {
        return Some(value);
    };
    let mut cursor = Cursor::new(value);
    let mut found = None;
    match value.first()? {
        // The last of equal keys counts, as in Python.
        b'{' => cursor.members(|key, value| {
            if is_key(key, step) {
                found = Some(value);
            }
        }),
        b'[' => {
            let index: usize = step.parse().ok()?;
            let mut at = 0;
            cursor.elements(|value| {
                if at == index {
                    found = Some(value);
                }
                at += 1;
                Ok::<(), Malformed>(())
            })
        }
        _ => return None,
    }
    .ok()?;
    descend(found?, rest)
}

/// The text of a string value; nothing for any other.
pub(crate) fn text(value: &[u8]) -> Option<String> {
    let inner = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    text_between(inner)
}

fn text_between(inner: &[u8]) -> Option<String> {
    if memchr::memchr(b'\\', inner).is_none() {
        return std::str::from_utf8(inner).ok().map(str::to_owned);
    }
    let mut quoted = Vec::with_capacity(inner.len() + 2);
    quoted.push(b'"');
    quoted.extend_from_slice(inner);
    quoted.push(b'"');
    serde_json::from_slice(&quoted).ok()
}

/// A text as a string value.
pub(crate) fn quoted(text: &str) -> Vec<u8> {
    serde_json::to_vec(text).unwrap_or_else(|_| b"null".to_vec())
}

/// Whether a slice is a JSON value through and through. The page it comes from is valid UTF-8.
pub(crate) fn is_valid(value: &[u8]) -> bool {
    match value {
        b"null" | b"true" | b"false" => true,
        [b'"', inner @ .., b'"']
            if inner
                .iter()
                .all(|byte| *byte >= 0x20 && *byte != b'\\' && *byte != b'"') =>
        {
            true
        }
        [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit) => true,
        _ => serde_json::from_slice::<&serde_json::value::RawValue>(value).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, path: &str) -> Option<String> {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        descend(text.as_bytes(), &path).map(|value| String::from_utf8(value.to_vec()).unwrap())
    }

    #[test]
    fn paths_lead_into_objects_and_lists() {
        let record =
            r#"{"a":{"b":[10,{"c":"x]}\""}]},"a\u0062":1,"d":12345678901234567890123,"e":"text","d2":{"k":1,"k":2}}"#;
        for (path, found) in [
            ("a.b.0", Some("10")),
            ("a.b.1.c", Some(r#""x]}\"""#)),
            ("ab", Some("1")),
            ("d", Some("12345678901234567890123")),
            ("d2.k", Some("2")),
            ("a.b.2", None),
            ("a.b.x", None),
            ("e.0", None),
            ("e.x", None),
            ("missing.x", None),
        ] {
            assert_eq!(at(record, path).as_deref(), found, "{path}");
        }
    }

    #[test]
    fn validity_is_judged_through_and_through() {
        for value in [
            "null",
            "true",
            "0",
            "12",
            "-1.5e3",
            "\"a\"",
            "\"\\u00e9\"",
            "{\"a\":[1]}",
            "\"é\"",
        ] {
            assert!(is_valid(value.as_bytes()), "{value}");
        }
        for value in [
            "",
            "nul",
            "01",
            "1x",
            "+1",
            "\"\\x\"",
            "\"a\nb\"",
            "[1,]",
            "[1}",
            "{\"a\"}",
            "\"a\"\"b\"",
            "1 2",
        ] {
            assert!(!is_valid(value.as_bytes()), "{value}");
        }
    }
}
