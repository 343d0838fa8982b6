//! Text from outside, made fit for a terminal and a log line.

/// `text` with everything escaped that could move a cursor, forge a line or hide what stands there, cut to `limit` bytes.
///
/// Escaped are C0 and C1 control characters, DEL, bidirectional overrides (U+202A–E, U+2066–9) and zero-width characters.
/// What was cut is said at the end.
pub fn clean(text: &str, limit: usize) -> String {
    let mut cleaned = String::with_capacity(text.len().min(limit));
    for character in text.chars() {
        if cleaned.len() >= limit {
            cleaned.push('…');
            break;
        }
        match character {
            '\n' => cleaned.push_str("\\n"),
            '\r' => cleaned.push_str("\\r"),
            '\t' => cleaned.push_str("\\t"),
            harmful if is_harmful(harmful) => {
                cleaned.push_str(&format!("\\u{{{:x}}}", u32::from(harmful)));
            }
            plain => cleaned.push(plain),
        }
    }
    cleaned
}

/// JSON text with the same characters escaped in its strings as JSON escapes them: it means what it meant.
pub fn clean_json(json: &str) -> String {
    let mut cleaned = String::with_capacity(json.len());
    for character in json.chars() {
        if is_harmful(character) {
            // All of them are in the first plane, where four digits do.
            cleaned.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            cleaned.push(character);
        }
    }
    cleaned
}

fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::{clean, clean_json};

    #[test]
    fn what_could_move_a_cursor_or_forge_a_line_is_escaped() {
        assert_eq!(
            clean("a\x1b[2J\nERROR host: b\u{9b}\u{202e}c\u{200b}", 100),
            "a\\u{1b}[2J\\nERROR host: b\\u{9b}\\u{202e}c\\u{200b}"
        );
    }

    #[test]
    fn json_means_the_same_without_them() {
        let text = "a\x1b[2J\u{7f}\u{9b}\u{202e}\nä\"";
        let json = clean_json(&serde_json::to_string(text).unwrap());
        assert_eq!(json, r#""a\u001b[2J\u007f\u009b\u202e\nä\"""#);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        assert_eq!(clean("ääää", 4), "ää…");
    }
}
