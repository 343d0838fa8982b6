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
        let forms = [
            secret.to_owned(),
            STANDARD.encode(secret),
            STANDARD_NO_PAD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
            percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string(),
            url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
            xml(secret, &['&', '<', '>']),
            xml(secret, &['&', '<', '>', '"', '\'']),
            json(secret),
        ];
        let mut needles = self.needles.write().unwrap_or_else(PoisonError::into_inner);
        needles.extend(forms.map(Secret::new));
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
    fn a_short_secret_does_not_eat_innocent_text() {
        assert_eq!(Redactor::new([&Secret::new("an")]).redact("bananas"), "bananas");
    }
}
