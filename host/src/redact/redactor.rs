//! Masks known secrets in text that somebody else wrote.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::{Secret, short, written};

/// What stands where a secret stood.
const MASK: &str = "[redacted]";

/// Shorter secrets are not looked for: they would be found in innocent text.
pub const SHORTEST_BYTES: usize = 8;

/// Masks secrets: as they are, in base64, URL-encoded, in hexadecimal, and as XML and JSON write them. One under eight bytes is masked only
/// where the text says that a secret stands there. Clones know the same secrets.
#[derive(Clone, Default)]
pub struct Redactor {
    known: Arc<RwLock<Known>>,
}

/// Each longest first, so that one which contains another is masked whole.
#[derive(Default)]
struct Known {
    /// What may stand there with some of its characters encoded.
    written: Vec<Secret>,
    /// What stands there as it is.
    needles: Vec<Secret>,
    /// What is looked for in few places.
    short: Vec<Secret>,
}

impl Redactor {
    /// A redactor that knows these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let redactor = Self::default();
        for secret in secrets {
            redactor.learn(secret);
        }
        redactor
    }

    /// Masks this secret from now on.
    pub fn learn(&self, secret: &Secret) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if secret.expose().len() < SHORTEST_BYTES {
            add(&mut known.short, [secret.clone()]);
            return;
        }
        let secret = secret.expose();
        let hexadecimal: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let base64 = [
            STANDARD.encode(secret),
            STANDARD_NO_PAD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
        ];
        let base64: Vec<String> = base64.into_iter().chain(within_base64(secret.as_bytes())).collect();
        // Letters and digits nobody encodes again.
        let encodable = base64.iter().filter(|text| text.contains(['+', '/', '='])).cloned();
        add(
            &mut known.written,
            encodable.chain([secret.to_owned()]).map(Secret::new),
        );
        let plain = [secret.to_owned(), hexadecimal.to_uppercase(), hexadecimal];
        add(&mut known.needles, base64.into_iter().chain(plain).map(Secret::new));
    }

    /// `text` with each known secret masked.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        // Most text has nothing that could be encoded, and is not read further.
        let is_encoded = memchr::memchr3(b'%', b'\\', b'&', text.as_bytes()).is_some();
        let has_plus = text.contains('+');
        let masked = |text: Cow<'a, str>, masked: Option<String>| masked.map_or(text, Cow::Owned);
        let written = known.written.iter().map(Secret::expose);
        let written = written.filter(|secret| is_encoded || (has_plus && secret.contains(' ')));
        let text = written.fold(Cow::Borrowed(text), |text, secret| {
            let new = written::mask(&text, secret, MASK);
            masked(text, new)
        });
        let text = known.needles.iter().fold(text, |text, needle| {
            let new = text
                .contains(needle.expose())
                .then(|| text.replace(needle.expose(), MASK));
            masked(text, new)
        });
        known.short.iter().fold(text, |text, secret| {
            let new = short::mask(&text, secret.expose(), MASK);
            masked(text, new)
        })
    }
}

fn add(secrets: &mut Vec<Secret>, new: impl IntoIterator<Item = Secret>) {
    secrets.extend(new);
    secrets.sort_by(|a, b| {
        let (a, b) = (a.expose(), b.expose());
        b.len().cmp(&a.len()).then_with(|| a.cmp(b))
    });
    secrets.dedup();
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

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Redactor({} needles)", known.needles.len())
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
    fn what_others_make_of_a_secret_in_an_address_is_masked() {
        let redactor = Redactor::new([&Secret::new("p@ss/Wo(rd)&1!")]);
        for form in [
            // encodeURIComponent, Python's `quote`, lower case, each byte, twice, base64 in an address.
            "p%40ss%2FWo(rd)%261!",
            "p%40ss/Wo%28rd%29%261%21",
            "p%40ss%2fWo%28rd%29%261%21",
            "%70%40%73%73%2F%57%6F%28%72%64%29%26%31%21",
            "p%2540ss%252FWo(rd)%25261!",
            "p@ss\\/Wo(rd)\\u00261!",
            "cEBzcy9XbyhyZCkmMSE%3D",
        ] {
            assert_eq!(redactor.redact(&format!("<{form}>")), "<[redacted]>", "{form}");
        }
    }

    #[test]
    fn a_secret_that_contains_another_is_masked_whole() {
        let redactor = Redactor::new([&Secret::new("password1"), &Secret::new("password1%extra")]);
        assert_eq!(
            redactor.redact("password1%25extra, password1%extra, password1"),
            "[redacted], [redacted], [redacted]"
        );
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
        let redactor = Redactor::new([&Secret::new("an")]);
        assert_eq!(redactor.redact("bananas, password=an"), "bananas, password=[redacted]");
        assert_eq!(Redactor::new([&Secret::default()]).redact("password="), "password=");
    }
}
