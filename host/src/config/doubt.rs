//! Values that can stand there and are hardly meant: those of the generated file, and secrets that are too short to be masked everywhere.

use super::finding::{Finding, Place};
use super::ini::Entry;
use super::schema::Setting;
use super::section::Reading;
use crate::redact::{SHORTEST_BYTES, Secret};

impl Reading<'_> {
    /// Notes that a setting that is no secret still has the value that the generated file has. `leads_in` says whether it is a part of where
    /// the section goes, or as whom.
    pub(super) fn doubt(&mut self, entry: Option<&Entry>, setting: &Setting, leads_in: bool) {
        let Some(entry) = entry.filter(|entry| setting.is_example(&entry.value)) else {
            return;
        };
        let place = self.at(Some(entry), &setting.name);
        // No address and no name to sign in with has a blank; a role or a group of that name there may be.
        let is_made_up = says_example(&entry.value) || (leads_in && entry.value.contains(' '));
        if is_made_up {
            self.findings.push(left(place, setting));
        } else if leads_in {
            // The address of a vendor's own server may be the one that is meant.
            let remedy = format!("if it is not what is meant, put the real value there: {}", setting.help);
            let found = Finding::note(place, "is the value of the generated file").remedy(remedy);
            self.findings.push(found);
        }
    }

    /// Notes what is doubtful about a secret that is used.
    pub(super) fn doubt_secret(&mut self, entry: Option<&Entry>, name: &str, setting: &Setting, secret: &Secret) {
        let place = self.at(entry, name);
        if setting.is_example(secret.expose()) {
            self.findings.push(left(place, setting));
        } else {
            self.findings.extend(short(place, secret));
        }
    }
}

impl Setting {
    /// Whether this is the value that the generated file has, and no one that holds by itself.
    fn is_example(&self, value: &str) -> bool {
        !value.is_empty() && value == self.example && self.default.as_deref() != Some(value)
    }
}

fn left(place: Place, setting: &Setting) -> Finding {
    Finding::warning(place, "still has the value of the generated file, which is an example")
        .remedy(format!("put the real value there: {}", setting.help))
}

/// Whether a value says of itself that it is one: `example.com`, `dc=example`.
fn says_example(value: &str) -> bool {
    value
        .split(|character: char| !character.is_ascii_alphanumeric())
        .any(|word| word.eq_ignore_ascii_case("example"))
}

/// That a secret is not masked wherever it may come up.
pub(crate) fn short(place: Place, secret: &Secret) -> Option<Finding> {
    let what = format!(
        "the secret has fewer than {SHORTEST_BYTES} characters, and is masked only where a text says that it is one: it would be found in innocent words"
    );
    let is_short = !secret.is_empty() && secret.expose().len() < SHORTEST_BYTES;
    is_short.then(|| Finding::warning(place, what).remedy("give the account a longer one"))
}
