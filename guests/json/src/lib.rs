//! JSON (RFC 8259), walked without building anything: values are slices of the text.
//!
//! The walk follows strings and brackets and believes the rest; what goes out is checked by [`is_valid`].
#![warn(missing_docs)]

mod block;
mod outline;

use std::fmt;

pub use outline::{Outline, Outside, blocks};

/// The text is not what it should be, at this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is not well-formed JSON")
    }
}

/// A place in a text.
#[derive(Clone)]
pub struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The beginning of a text.
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// Bytes before it.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The next byte that is not white space, not consumed.
    pub fn peek(&mut self) -> Option<u8> {
        self.at = past_blanks(self.text, self.at);
        self.text.get(self.at).copied()
    }

    /// Consumes `byte`, if it is next.
    pub fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.eat(byte) { Ok(()) } else { Err(Malformed) }
    }

    /// The next value, whole.
    pub fn value(&mut self) -> Result<&'a [u8], Malformed> {
        let start = past_blanks(self.text, self.at);
        self.reach(past_value(self.text, start))?;
        self.text.get(start..self.at).ok_or(Malformed)
    }

    /// Goes on to what was found, or to where something is wrong.
    fn reach(&mut self, place: Result<usize, usize>) -> Result<(), Malformed> {
        let (Ok(at) | Err(at)) = place;
        self.at = at;
        place.map(drop).map_err(|_| Malformed)
    }

    /// Calls `visit` with each key (without quotes) and value of the object that is next.
    pub fn members(&mut self, mut visit: impl FnMut(&'a [u8], &'a [u8])) -> Result<(), Malformed> {
        self.members_as_seen(|key, value, _| visit(key, value))
    }

    /// Calls `visit` with each key, each value, and whether the value was seen to be a string without anything special in it: what
    /// [`is_valid`] would say of it is known.
    pub fn members_as_seen(&mut self, visit: impl FnMut(&'a [u8], &'a [u8], bool)) -> Result<(), Malformed> {
        self.expect(b'{')?;
        if self.eat(b'}') {
            return Ok(());
        }
        let place = past_members(self.text, self.at, visit);
        self.reach(place)
    }

    /// Calls `visit` with each element of the list that is next.
    pub fn elements<E: From<Malformed>>(&mut self, mut visit: impl FnMut(&'a [u8]) -> Result<(), E>) -> Result<(), E> {
        self.each(|cursor| visit(cursor.value()?))
    }

    /// Calls `visit` before each element of the list that is next, for it to consume the element.
    pub fn each<E: From<Malformed>>(&mut self, mut visit: impl FnMut(&mut Self) -> Result<(), E>) -> Result<(), E> {
        self.expect(b'[')?;
        if self.eat(b']') {
            return Ok(());
        }
        loop {
            visit(self)?;
            if !self.eat(b',') {
                self.expect(b']')?;
                return Ok(());
            }
        }
    }
}

// Walking from place to place. The place is kept at hand while it moves: in a cursor it would be written back at each step. What goes
// wrong is told by where it does.

/// Past the members of an object and its closing bracket; `at` is that of the first key.
#[inline]
fn past_members<'a>(
    text: &'a [u8],
    mut at: usize,
    mut visit: impl FnMut(&'a [u8], &'a [u8], bool),
) -> Result<usize, usize> {
    loop {
        let key = past_blanks(text, at);
        let colon = past_string(text, key)?;
        let value = past_blanks(text, past(text, colon, b':')?);
        let is_plain;
        (at, is_plain) = match text.get(value) {
            Some(b'"') => past_string_as_seen(text, value)?,
            _ => (past_value(text, value)?, false),
        };
        if let (Some(key), Some(value)) = (text.get(key + 1..colon - 1), text.get(value..at)) {
            visit(key, value, is_plain);
        }
        match past(text, at, b',') {
            Ok(next) => at = next,
            Err(_) => return past(text, at, b'}'),
        }
    }
}

/// The first place from `at` on that is not white space.
#[inline]
fn past_blanks(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = text.get(at) {
        at += 1;
    }
    at
}

/// Past `byte`, if it is what comes next.
#[inline]
fn past(text: &[u8], at: usize, byte: u8) -> Result<usize, usize> {
    let at = past_blanks(text, at);
    if text.get(at) == Some(&byte) {
        Ok(at + 1)
    } else {
        Err(at)
    }
}

/// Past the value that begins at `at`.
#[inline]
fn past_value(text: &[u8], at: usize) -> Result<usize, usize> {
    match text.get(at) {
        Some(b'"') => past_string(text, at),
        Some(b'{' | b'[') => past_nested(text, at),
        Some(b',' | b':' | b']' | b'}') | None => Err(at),
        Some(_) => Ok(past_scalar(text, at)),
    }
}

/// Past the string whose opening quote is at `at`.
#[inline]
fn past_string(text: &[u8], at: usize) -> Result<usize, usize> {
    past_string_as_seen(text, at).map(|(at, _)| at)
}

/// Past the string whose opening quote is at `at`, and whether nothing special was in it.
#[inline]
fn past_string_as_seen(text: &[u8], at: usize) -> Result<(usize, bool), usize> {
    let mut at = past(text, at, b'"')?;
    let mut is_plain = true;
    loop {
        let (distance, byte) = text.get(at..).and_then(special).ok_or(text.len())?;
        at += distance + 1;
        match byte {
            b'"' => return Ok((at, is_plain)),
            b'\\' => at += 1,
            // No string may hold it, which is not judged here.
            _ => {}
        }
        is_plain = false;
    }
}

/// Past the object or list that begins at `at`. Brackets are counted, not matched: what goes out is checked as a whole.
fn past_nested(text: &[u8], at: usize) -> Result<usize, usize> {
    let (mut outline, mut depth) = (Outline::default(), 0u32);
    for (nth, block) in blocks(text.get(at..).ok_or(at)?).enumerate() {
        let Outside {
            opens,
            closes,
            backslashes,
            ..
        } = outline.enter(&block);
        if backslashes != 0 {
            return past_odd(text, at);
        }
        // Most blocks hold too few brackets to end it.
        if depth > closes.count_ones() {
            depth = depth + opens.count_ones() - closes.count_ones();
            continue;
        }
        let mut brackets = opens | closes;
        while brackets != 0 {
            let bit = brackets & brackets.wrapping_neg();
            depth = if opens & bit != 0 {
                depth + 1
            } else {
                depth.saturating_sub(1)
            };
            if depth == 0 {
                return Ok(at + nth * Outline::BYTES + bit.trailing_zeros() as usize + 1);
            }
            brackets ^= bit;
        }
    }
    Err(text.len())
}

/// Past an object or a list with a backslash outside of strings. It is no JSON, and ends where everybody else sees its end.
#[cold]
fn past_odd(text: &[u8], mut at: usize) -> Result<usize, usize> {
    let mut depth = 0usize;
    loop {
        match text.get(at).ok_or(text.len())? {
            b'"' => {
                at = past_string(text, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Ok(at);
        }
    }
}

/// Past the number or word that begins at `at`. A bracket or a string that begins behind it is no part of it, and not swallowed.
fn past_scalar(text: &[u8], mut at: usize) -> usize {
    while let Some(byte) = text.get(at)
        && !matches!(
            byte,
            b',' | b'}' | b']' | b':' | b' ' | b'\n' | b'\r' | b'\t' | b'"' | b'{' | b'['
        )
    {
        at += 1;
    }
    at
}

/// Whether two short texts are the same. Eight bytes at a time: in a sandbox a comparison of unknown length is a loop over bytes.
pub fn is_same(one: &[u8], other: &[u8]) -> bool {
    let (words, rest) = one.as_chunks::<8>();
    let (others, other_rest) = other.as_chunks::<8>();
    let word = |word: &[u8; 8]| u64::from_le_bytes(*word);
    one.len() == other.len()
        && words.iter().zip(others).all(|(a, b)| word(a) == word(b))
        && match (one.last_chunk(), other.last_chunk()) {
            // The end once more, over what is there of it.
            (Some(a), Some(b)) => word(a) == word(b),
            _ => rest.iter().eq(other_rest),
        }
}

/// Whether a member's key is `name`.
pub fn is_key(key: &[u8], name: &str) -> bool {
    key == name.as_bytes() || unescaped(key).is_some_and(|key| key == name)
}

/// A key without its escapes; nothing if it has none.
pub fn unescaped(key: &[u8]) -> Option<String> {
    special(key).and_then(|_| text_between(key))
}

/// The first byte that ends a string or may not stand in one by itself: a quote, a backslash or a control character.
#[inline]
fn special(text: &[u8]) -> Option<(usize, u8)> {
    let (mut at, mut rest) = (0, text);
    while let Some((block, behind)) = rest.split_first_chunk() {
        let found = block::specials(block);
        if found != 0 {
            at += found.trailing_zeros() as usize;
            return Some((at, *text.get(at)?));
        }
        (at, rest) = (at + block::BYTES, behind);
    }
    let within = rest.iter().position(|byte| matches!(byte, 0..b' ' | b'"' | b'\\'))?;
    Some((at + within, *rest.get(within)?))
}

/// What stands at `path` in a value; nothing where the path leads past or into something that has no parts.
pub fn descend<'a>(value: &'a [u8], path: &[String]) -> Option<&'a [u8]> {
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
pub fn text(value: &[u8]) -> Option<String> {
    let inner = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    text_between(inner)
}

fn text_between(inner: &[u8]) -> Option<String> {
    if !inner.contains(&b'\\') {
        return std::str::from_utf8(inner).ok().map(str::to_owned);
    }
    let mut quoted = Vec::with_capacity(inner.len() + 2);
    quoted.push(b'"');
    quoted.extend_from_slice(inner);
    quoted.push(b'"');
    serde_json::from_slice(&quoted).ok()
}

/// A text as a string value.
pub fn quoted(text: &str) -> Vec<u8> {
    serde_json::to_vec(text).unwrap_or_else(|_| b"null".to_vec())
}

/// Whether a slice is a JSON value through and through. The page it comes from is valid UTF-8.
pub fn is_valid(value: &[u8]) -> bool {
    match value {
        b"null" | b"true" | b"false" => true,
        [b'"', inner @ .., b'"'] if special(inner).is_none() => true,
        [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit) => true,
        _ => serde_json::from_slice::<&serde_json::value::RawValue>(value).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
    fn each_element_is_consumed_where_it_stands() {
        let walk = |text: &str| {
            let mut keys = Vec::new();
            let mut cursor = Cursor::new(text.as_bytes());
            cursor.each(|cursor| cursor.members(|key, _| keys.push(String::from_utf8(key.to_vec()).unwrap())))?;
            Ok::<_, Malformed>((keys, cursor.position()))
        };
        assert_eq!(walk(r#"[{"a":1},{"b":[{}],"c":"]"}]"#).unwrap().0, ["a", "b", "c"]);
        assert_eq!(walk(" [ ] ").unwrap(), (vec![], 4));
        // What is swallowed by a number would move the end of the record.
        for text in [r#"[{"a":1{"b":2}}]"#, r#"[{"a":1"b"}]"#, "[1]", "[{}", "[{},]", "{}"] {
            assert_eq!(walk(text), Err(Malformed), "{text}");
        }
    }

    #[test]
    fn a_backslash_outside_of_strings_moves_no_end() {
        for (text, end) in [
            (r#"{"a":\"x"},{"b":1}"#, 10),
            (r#"[\\"]"],1"#, 7),
            (r#"{"a\"":{}}"#, 10),
        ] {
            let mut cursor = Cursor::new(text.as_bytes());
            assert_eq!(cursor.value().map(<[u8]>::len), Ok(end), "{text}");
        }
    }

    proptest! {
        #[test]
        fn texts_are_the_same_byte_by_byte(one in "[ab]{0,20}", place in 0usize..20) {
            let mut other = one.clone().into_bytes();
            assert!(is_same(one.as_bytes(), &other) && !is_same(one.as_bytes(), &[&other[..], b"a"].concat()));
            if let Some(byte) = other.get_mut(place) {
                *byte = b'c';
                assert!(!is_same(one.as_bytes(), &other));
            }
        }

        #[test]
        fn special_bytes_are_found_wherever_they_stand(text in "[a\"\\\\\u{0}\u{1f} é\u{7f}]{0,40}", start in 0usize..8) {
            let text = [vec![b'x'; start], text.into_bytes()].concat();
            let expected = text.iter().position(|byte| *byte < b' ' || *byte == b'"' || *byte == b'\\');
            prop_assert_eq!(special(&text), expected.map(|at| (at, text[at])));
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
