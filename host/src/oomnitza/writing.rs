//! JSON in another layout, with nothing else changed: no number is read, so none loses its last places.

/// Blanks of one level.
const STEP: usize = 2;

/// The same JSON, each value on a line of its own, with a line's end. What is no JSON comes out as something that is none either.
pub fn indented(json: &[u8]) -> Vec<u8> {
    let mut written = Vec::with_capacity(json.len() * 2);
    let (mut depth, mut is_text, mut is_escaped, mut is_fresh) = (0usize, false, false, false);
    for byte in json.iter().copied() {
        if is_text {
            written.push(byte);
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => is_text = false,
                _ => {}
            }
            continue;
        }
        if byte.is_ascii_whitespace() {
            continue;
        }
        if matches!(byte, b'}' | b']') {
            depth = depth.saturating_sub(1);
            if !is_fresh {
                break_line(&mut written, depth);
            }
        } else if is_fresh {
            break_line(&mut written, depth);
        }
        is_fresh = false;
        written.push(byte);
        match byte {
            b'"' => is_text = true,
            b'{' | b'[' => {
                depth += 1;
                is_fresh = true;
            }
            b',' => break_line(&mut written, depth),
            b':' => written.push(b' '),
            _ => {}
        }
    }
    written.push(b'\n');
    written
}

/// The same JSON on one line, with its end. In JSON line breaks stand between tokens only, so blanks do as well.
pub fn on_one_line(json: &[u8]) -> Vec<u8> {
    let blank = |byte: &u8| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte };
    json.iter().map(blank).chain([b'\n']).collect()
}

fn break_line(written: &mut Vec<u8>, depth: usize) {
    written.push(b'\n');
    // Records are judged by depth before; the bound keeps anything else from filling the memory with blanks.
    written.extend(std::iter::repeat_n(b' ', STEP * depth.min(64)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::indented;

    #[test]
    fn nothing_but_the_blanks_is_changed() {
        let json = br#"{"a":[],"b":{"c":[1, 2.50,"x\"{,}"]} ,"d":123456789012345678901234567890}"#;
        assert_eq!(
            String::from_utf8(indented(json)).unwrap(),
            "{\n  \"a\": [],\n  \"b\": {\n    \"c\": [\n      1,\n      2.50,\n      \"x\\\"{,}\"\n    ]\n  },\n  \"d\": 123456789012345678901234567890\n}\n"
        );
    }

    proptest! {
        #[test]
        fn it_reads_as_the_same(text in "\\PC{0,30}", number: i64) {
            let value = serde_json::json!({ &text: [number, { "a": &text, "b": [] }, null, true], "x": {} });
            let indented = indented(value.to_string().as_bytes());
            prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(&indented).unwrap(), value);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            _ = indented(&bytes);
        }
    }
}
