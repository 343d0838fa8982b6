//! A secret as others may write it: each of its characters as it is, percent-encoded, escaped as JSON and Python do it, or as an entity of
//! XML and HTML, in any mixture, and the latter two within the first.
//!
//! What is looked for is read along the text; the text is not decoded, since a secret may itself look like something that is encoded.

/// How often something that is encoded is looked for encoded once more: `%2541`, `&amp;lt;`.
const MOST_LAYERS: usize = 4;

/// Backslashes before an escaped character: a quotation mark in four layers of JSON has fifteen.
const MOST_BACKSLASHES: usize = 15;

/// The text with the secret masked, where it is there.
pub(super) fn mask(text: &str, secret: &str, mask: &str) -> Option<String> {
    let (bytes, &first) = (text.as_bytes(), secret.as_bytes().first()?);
    let is_start = |byte: u8| byte == first || matches!(byte, b'%' | b'\\' | b'&') || (byte == b'+' && first == b' ');
    let (mut masked, mut copied) = (String::new(), 0);
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| is_start(**byte)) {
        if at < copied {
            continue;
        }
        if let Some(end) = end(bytes, at, secret) {
            masked.push_str(text.get(copied..at).unwrap_or_default());
            masked.push_str(mask);
            copied = end;
        }
    }
    (copied > 0).then(|| masked + text.get(copied..).unwrap_or_default())
}

/// Where the secret ends that begins here.
fn end(text: &[u8], at: usize, secret: &str) -> Option<usize> {
    let mut ends = vec![at];
    for wanted in secret.chars() {
        let mut next = Vec::new();
        for at in ends {
            character(text, at, wanted, &mut next);
        }
        next.sort_unstable();
        next.dedup();
        if next.is_empty() {
            return None;
        }
        ends = next;
    }
    ends.pop()
}

/// Where this character ends, in each way in which it may be written here.
fn character(text: &[u8], at: usize, wanted: char, ends: &mut Vec<usize>) {
    plain(text, at, wanted, ends);
    match read(text, at) {
        Some((b'\\', _)) => {
            let mut after = at;
            for _ in 0..MOST_BACKSLASHES {
                let Some(next) = literal(text, after, b"\\") else { break };
                after = next;
                if wanted == '\\' {
                    ends.push(after);
                }
            }
            match wanted {
                '\\' => {}
                '\t' => ends.extend(literal(text, after, b"t")),
                _ => plain(text, after, wanted, ends),
            }
            ends.extend(units(text, at, wanted));
        }
        Some((b'&', after)) => entity(text, after, wanted, ends),
        _ => {}
    }
}

/// The character byte by byte, each raw, percent-encoded or as `\x41`.
fn plain(text: &[u8], at: usize, wanted: char, ends: &mut Vec<usize>) {
    let mut starts = vec![at];
    for byte in wanted.encode_utf8(&mut [0; 4]).bytes() {
        let mut next = Vec::new();
        for at in starts {
            let read = read(text, at);
            match read {
                // As it is, or encoded any number of times: what follows tells which.
                Some(_) if byte == b'%' && text.get(at) == Some(&b'%') => {
                    next.push(at + 1);
                    let layers = (1..=MOST_LAYERS).map(|layer| at + 1 + 2 * layer);
                    next.extend(layers.take_while(|end| text.get(end - 2..*end) == Some(b"25")));
                }
                Some((b'+', end)) if byte == b' ' => next.push(end),
                Some((read, end)) if read == byte => next.push(end),
                _ => {}
            }
            if let Some((b'\\', _)) = read {
                let escaped = number(text, backslashes(text, at), b"x", 2);
                next.extend(
                    escaped
                        .filter(|(value, _)| *value == u32::from(byte))
                        .map(|(_, end)| end),
                );
            }
        }
        starts = next;
    }
    ends.extend(starts);
}

/// As JSON writes it in ASCII: `\u00f6`, with two of these for what is beyond the first plane.
fn units(text: &[u8], at: usize, wanted: char) -> Option<usize> {
    wanted.encode_utf16(&mut [0; 2]).iter().try_fold(at, |at, unit| {
        let after = backslashes(text, at);
        let (value, end) = number(text, after, b"u", 4).filter(|_| after > at)?;
        (value == u32::from(*unit)).then_some(end)
    })
}

/// As an entity, whose `&` has been read and may be one itself.
fn entity(text: &[u8], mut at: usize, wanted: char, ends: &mut Vec<usize>) {
    let name: &[u8] = match wanted {
        '<' => b"lt;",
        '>' => b"gt;",
        '"' => b"quot;",
        '\'' => b"apos;",
        _ => b"#",
    };
    for _ in 0..=MOST_LAYERS {
        ends.extend(literal(text, at, name).filter(|_| name != b"#"));
        ends.extend(numbered(text, at, wanted));
        let Some(after) = literal(text, at, b"amp;") else {
            return;
        };
        if wanted == '&' {
            ends.push(after);
        }
        at = after;
    }
}

/// `#38;` or `#x26;`.
fn numbered(text: &[u8], at: usize, wanted: char) -> Option<usize> {
    let at = literal(text, at, b"#")?;
    let (radix, mut at) = match read(text, at)? {
        (b'x' | b'X', after) => (16, after),
        _ => (10, at),
    };
    let mut value: u32 = 0;
    loop {
        let (byte, after) = read(text, at)?;
        at = after;
        match char::from(byte).to_digit(radix) {
            Some(digit) => value = value.checked_mul(radix)?.checked_add(digit)?,
            None => return (byte == b';' && value == u32::from(wanted)).then_some(at),
        }
    }
}

/// The byte that is written here, percent-encoded or not, and where it ends.
fn read(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let byte = *text.get(at)?;
    if byte != b'%' {
        return Some((byte, at + 1));
    }
    let mut digits = at + 1;
    for _ in 1..MOST_LAYERS {
        if text.get(digits..digits + 2) != Some(b"25") || pair(text, digits + 2).is_none() {
            break;
        }
        digits += 2;
    }
    Some(pair(text, digits).map_or((byte, at + 1), |decoded| (decoded, digits + 2)))
}

/// The byte that two hexadecimal digits are.
fn pair(text: &[u8], at: usize) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    u8::try_from(digit(at)? * 16 + digit(at + 1)?).ok()
}

/// The end of this word.
fn literal(text: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    word.iter().try_fold(at, |at, wanted| {
        let (byte, end) = read(text, at)?;
        (byte == *wanted).then_some(end)
    })
}

/// Where the backslashes end that begin here.
fn backslashes(text: &[u8], at: usize) -> usize {
    (0..MOST_BACKSLASHES)
        .try_fold(at, |at, _| literal(text, at, b"\\").ok_or(at))
        .unwrap_or_else(|end| end)
}

/// The number of so many hexadecimal digits behind a prefix, and its end.
fn number(text: &[u8], at: usize, prefix: &[u8], digits: usize) -> Option<(u32, usize)> {
    let start = literal(text, at, prefix)?;
    (0..digits).try_fold((0, start), |(value, at), _| {
        let (byte, end) = read(text, at)?;
        Some((value * 16 + char::from(byte).to_digit(16)?, end))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::mask;

    fn percent(text: &str, is_upper: bool) -> String {
        let byte = |byte| {
            if is_upper {
                format!("%{byte:02X}")
            } else {
                format!("%{byte:02x}")
            }
        };
        text.bytes().map(byte).collect()
    }

    /// The character in one of the ways of writing it.
    fn written(character: char, way: u8) -> String {
        let plain = character.to_string();
        let json = serde_json::to_string(&plain).unwrap();
        let units = |before: &str| -> String {
            let mut units = [0; 2];
            let units = character.encode_utf16(&mut units).iter();
            units.map(|unit| format!("{before}u{unit:04x}")).collect()
        };
        let entity = match character {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            '\'' => "&#39;".to_owned(),
            other => format!("&#x{:X};", u32::from(other)),
        };
        match way % 14 {
            0 => percent(&plain, true),
            1 => percent(&plain, false),
            2 => percent(&plain, true).replace('%', "%25"),
            3 => percent(&plain, false).replace('%', "%25"),
            4 => percent(&plain, true).replace('%', "%2525"),
            5 if character == ' ' => "+".to_owned(),
            6 => json
                .strip_prefix('"')
                .and_then(|json| json.strip_suffix('"'))
                .unwrap()
                .to_owned(),
            7 => units("\\"),
            8 => units("\\\\"),
            9 => entity,
            10 => percent(&entity, false),
            11 => plain.bytes().map(|byte| format!("\\x{byte:02x}")).collect(),
            12 => percent(&units("\\"), true),
            13 if character == '/' => "\\/".to_owned(),
            _ => plain,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn any_mixture_of_ways_to_write_it_is_masked(
            characters in proptest::collection::vec((r#"[a-f0-9ux%&;#+/\\"'<> (@öß€😀]"#, any::<u8>()), 8..24),
        ) {
            let secret: String = characters.iter().map(|(character, _)| character.as_str()).collect();
            let form: String = characters
                .iter()
                .flat_map(|(text, way)| text.chars().map(|character| written(character, *way)))
                .collect();
            prop_assert_eq!(mask(&format!("|{form}|"), &secret, "*"), Some("|*|".to_owned()), "{}", form);
        }

        #[test]
        fn nothing_else_is_masked(text in r#"[ab%&;#+\\ux0-9öé]{0,60}"#) {
            prop_assert_eq!(mask(&text, "never+in/it", "*"), None);
        }
    }

    #[test]
    fn each_occurrence_is_masked() {
        assert_eq!(
            mask("p%40ss-word, p@ss-word; p%2540ss%2Dword%", "p@ss-word", "*").as_deref(),
            Some("*, *; *%")
        );
    }

    #[test]
    fn text_that_is_made_for_it_takes_no_longer() {
        let text = "%2525252525\\\\\\\\&amp;amp;".repeat(20_000);
        let started = std::time::Instant::now();
        assert_eq!(mask(&text, "%%%%\\\\\\\\&&&&x", "*"), None);
        assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
    }
}
