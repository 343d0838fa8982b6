//! Masks known secrets in text that somebody else wrote.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::Secret;

/// What stands where a secret stood.
const MASK: &str = "[redacted]";

/// Shorter secrets are not looked for: they would be found in innocent text.
const SHORTEST_BYTES: usize = 8;

/// Masks secrets: as they are, base64 encoded, URL encoded, in hexadecimal, and as XML and JSON write them. Clones know the same secrets.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Longest first, so that a form which contains another is masked whole.
    needles: Arc<RwLock<Vec<Secret>>>,
}

impl Redactor {
    /// A redactor that knows these secrets. Those under eight bytes are passed over.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let redactor = Self::default();
        for secret in secrets {
            redactor.learn(secret);
        }
        redactor
    }

    /// Masks this secret from now on.
    pub fn learn(&self, secret: &Secret) {
        let secret = secret.expose();
        if secret.len() < SHORTEST_BYTES {
            return;
        }
        let hexadecimal: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let forms = [
            secret.to_owned(),
            STANDARD.encode(secret),
            STANDARD_NO_PAD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
            percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string(),
            url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            hexadecimal.to_uppercase(),
            hexadecimal,
            xml(secret, &['&', '<', '>']),
            xml(secret, &['&', '<', '>', '"', '\'']),
            json(secret),
        ];
        let mut needles = self.needles.write().unwrap_or_else(PoisonError::into_inner);
        needles.extend(
            forms
                .into_iter()
                .chain(within_base64(secret.as_bytes()))
                .map(Secret::new),
        );
        needles.sort_by(|a, b| {
            b.expose()
                .len()
                .cmp(&a.expose().len())
                .then_with(|| a.expose().cmp(b.expose()))
        });
        needles.dedup();
    }

    /// `text` with each known secret masked.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let needles = self.needles.read().unwrap_or_else(PoisonError::into_inner);
        needles.iter().fold(Cow::Borrowed(text), |text, needle| {
            if text.contains(needle.expose()) {
                Cow::Owned(text.replace(needle.expose(), MASK))
            } else {
                text
            }
        })
    }
}

/// What base64 makes of a secret that stands in the middle of something, `SSWS token` or `user:password`: the characters that
/// depend on nothing around it, for each of the three ways in which its bytes can fall into groups of three.
fn within_base64(secret: &[u8]) -> impl Iterator<Item = String> {
    (0..3usize).flat_map(move |before| {
        let mut padded = vec![0; before];
        padded.extend_from_slice(secret);
        // Of the first character that has bits of the secret, and of the last, some bits are the neighbours'.
        let (first, last) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)]
            .into_iter()
            .filter_map(move |text| text.get(first..last).map(str::to_owned))
    })
}

/// A text as XML writes it, with these characters as entities.
fn xml(text: &str, special: &[char]) -> String {
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            _ if !special.contains(&character) => written.push(character),
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            _ => written.push_str("&apos;"),
        }
    }
    written
}

/// A text as JSON writes it, without the quotation marks around it.
fn json(text: &str) -> String {
    // Texts only: this does not fail.
    let quoted = serde_json::to_string(text).unwrap_or_default();
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or_default().to_owned()
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let needles = self.needles.read().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Redactor({} needles)", needles.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_secret_is_masked() {
        let redactor = Redactor::new([&Secret::new("p@ss word+1")]);
        for form in [
            "p@ss word+1",
            "cEBzcyB3b3JkKzE=",
            "p%40ss%20word%2B1",
            "p%40ss+word%2B1",
            "7040737320776f72642b31",
            "7040737320776F72642B31",
        ] {
            assert_eq!(redactor.redact(&format!("<{form}>")), "<[redacted]>", "{form}");
        }
    }

    #[test]
    fn a_secret_that_was_placed_in_a_body_is_masked_as_it_stands_there() {
        let redactor = Redactor::new([&Secret::new("it's <p&ss> \"word\"")]);
        for form in [
            "it&apos;s &lt;p&amp;ss&gt; &quot;word&quot;",
            "it's &lt;p&amp;ss&gt; \"word\"",
            "it's <p&ss> \\\"word\\\"",
        ] {
            assert_eq!(redactor.redact(form), "[redacted]", "{form}");
        }
    }

    #[test]
    fn what_one_clone_learns_all_of_them_mask() {
        let redactor = Redactor::default();
        let clone = redactor.clone();
        redactor.learn(&Secret::new("a-new-token"));
        assert_eq!(clone.redact("a-new-token!"), "[redacted]!");
    }

    #[test]
    fn a_secret_within_something_that_is_base64_leaves_no_more_than_its_edges() {
        let redactor = Redactor::new([&Secret::new("00AbCdEfGh-token_1")]);
        for before in ["", "a", "ab", "SSWS ", "user:"] {
            for after in ["", "z", "zz"] {
                let text = STANDARD.encode(format!("{before}00AbCdEfGh-token_1{after}"));
                let masked = redactor.redact(&text).into_owned();
                assert!(masked.contains(MASK), "{before} {after}: {text}");
                assert!(
                    masked.replace(MASK, "").len() <= before.len() * 4 / 3 + 8,
                    "{before} {after}: {masked}"
                );
            }
        }
    }

    #[test]
    fn a_short_secret_does_not_eat_innocent_text() {
        assert_eq!(Redactor::new([&Secret::new("an")]).redact("bananas"), "bananas");
    }
}
