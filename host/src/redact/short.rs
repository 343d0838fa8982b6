//! Secrets that are too short to be looked for anywhere: they are masked where a text says that one stands there.

/// What a text calls a secret before it writes one.
const WORDS: [&str; 7] = ["password", "passwd", "pwd", "token", "secret", "authorization", "key"];

/// What stands before a secret in a header.
const SCHEMES: [&str; 4] = ["bearer", "basic", "ssws", "token"];

/// Shorter ones are words of JSON too often.
const SHORTEST_STRING: usize = 4;

/// The text with the secret masked behind `password=` and the like, and where it is a whole string of JSON.
pub(super) fn mask(text: &str, secret: &str, mask: &str) -> Option<String> {
    if secret.is_empty() {
        return None;
    }
    let (mut masked, mut copied) = (String::new(), 0);
    for (at, _) in text.match_indices(secret) {
        let end = at + secret.len();
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(end..).unwrap_or_default());
        let is_whole = !after.starts_with(|next: char| next.is_alphanumeric() || matches!(next, '_' | '-'));
        let is_string =
            secret.len() >= SHORTEST_STRING && before.ends_with('"') && after.trim_start_matches('\\').starts_with('"');
        if (is_whole && is_announced(before)) || is_string {
            masked.push_str(text.get(copied..at).unwrap_or_default());
            masked.push_str(mask);
            copied = end;
        }
    }
    (copied > 0).then(|| masked + text.get(copied..).unwrap_or_default())
}

/// Whether a text ends with `password=`, `"token": "`, `Authorization: Bearer ` or the like.
fn is_announced(before: &str) -> bool {
    let quoting = ['"', '\'', '\\', '`'];
    let value = before.trim_end_matches(quoting);
    let named = SCHEMES
        .iter()
        .find_map(|scheme| without(value.trim_end(), scheme))
        .filter(|_| value.ends_with(' '))
        .unwrap_or(value)
        .trim_end()
        .trim_end_matches(quoting);
    let Some(name) = named.strip_suffix(['=', ':']) else {
        return false;
    };
    let name = name.trim_end().trim_end_matches(quoting);
    WORDS.iter().any(|word| without(name, word).is_some())
}

/// What is left of a text without this word at its end, in letters of either case.
fn without<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (rest, end) = text.split_at_checked(text.len().checked_sub(word.len())?)?;
    end.eq_ignore_ascii_case(word).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn one_is_masked_where_a_text_says_that_it_is_one() {
        for text in [
            "Password=hello",
            "user=x&password=hello&y=1",
            r#"{"api_token": "hello"}"#,
            r#"{\"token\":\"hello\"}"#,
            "Authorization: SSWS hello",
            "authorization: Bearer hello, and",
            r#"["hello"]"#,
            "secret: 'hello'",
        ] {
            assert_eq!(
                mask(text, "hello", "*").as_deref(),
                Some(text.replace("hello", "*").as_str()),
                "{text}"
            );
        }
    }

    #[test]
    fn innocent_text_is_left_alone() {
        for text in [
            "hello",
            "say hello",
            "the password hello",
            "password=hellos",
            "name=hello",
            r#"{"a": "hello you"}"#,
            "Basic hello",
        ] {
            assert_eq!(mask(text, "hello", "*"), None, "{text}");
        }
        assert_eq!(mask(r#"{"is": "on"}"#, "on", "*"), None);
        assert_eq!(mask("anything", "", "*"), None);
    }
}
