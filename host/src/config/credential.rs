//! Where the value of a secret setting comes from: its own line, or a place that another line names.

use std::path::PathBuf;

use super::Env;
use super::finding::Place;
use super::ini::Entry;
use super::section::Reading;
use crate::redact::Secret;

/// A secret that is kept elsewhere. It is fetched only for sections that run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// The setting that it is the value of.
    pub setting: String,
    /// The line that names where it is.
    pub place: Place,
    /// Where it is.
    pub from: Elsewhere,
}

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elsewhere {
    /// In a file; relative to the ini file's directory.
    File(PathBuf),
    /// In what a command prints.
    Command(String),
    /// Among those of `secret set NAME`.
    Kept(String),
    /// In HashiCorp Vault: `secret/data/okta#api_token`.
    Vault(String),
}

/// The ways to name a place, each with the name of the line that does for a setting.
const WAYS: [fn(&str) -> String; 5] = [
    environment_line,
    |setting| format!("{setting}_file"),
    |setting| format!("{setting}_command"),
    |setting| format!("{setting}_secret"),
    |setting| format!("{setting}_vault"),
];

/// The name of the line that names an environment variable.
pub(super) fn environment_line(setting: &str) -> String {
    format!("env_{setting}")
}

/// The names of the lines that can give a secret setting its value from elsewhere.
pub fn names(setting: &str) -> impl Iterator<Item = String> {
    WAYS.iter().map(move |way| way(setting))
}

/// What the lines of a section say of a secret.
pub(super) enum Named {
    /// No more than its own line, if that.
    Nothing,
    /// Something that cannot be; it has been noted.
    Wrong,
    /// Where the environment has it: the secret.
    Here(Secret),
    /// Where it is.
    Elsewhere(Fetch),
}

impl Reading<'_> {
    /// Which place the section names for a secret setting. `is_taken` says which names the section's connector uses otherwise.
    pub(super) fn credential(&mut self, setting: &str, is_taken: impl Fn(&str) -> bool, env: &Env) -> Named {
        let raw = self.raw;
        let filled = |name: &str| raw.entry(name).filter(|entry| !entry.value.trim().is_empty());
        let lines: Vec<(usize, &Entry)> = (0..)
            .zip(names(setting))
            .filter(|(_, name)| !is_taken(name))
            .filter_map(|(way, name)| Some((way, filled(&name)?)))
            .collect();
        let first = (!lines.is_empty()).then(|| filled(setting)).flatten();
        // As it has always been: `env_password` goes before `password`.
        let first = first.filter(|_| setting != "password" || lines.iter().any(|(way, _)| *way != 0));
        let lines = lines.into_iter().map(|(way, entry)| (Some(way), entry));
        let mut all: Vec<(Option<usize>, &Entry)> = first.map(|entry| (None, entry)).into_iter().chain(lines).collect();
        // What the section says itself goes before what [DEFAULT] says.
        if all.iter().any(|(_, entry)| !entry.is_default) {
            all.retain(|(_, entry)| !entry.is_default);
        }
        if let [(_, one), (_, other), ..] = all.as_mut_slice() {
            if one.line > other.line {
                std::mem::swap(one, other);
            }
            let what = format!("says what `{}` on line {} says as well", one.name, one.line);
            let remedy = format!("keep one of the two and remove the other; either gives `{setting}` its value");
            let (entry, name) = (*other, other.name.clone());
            self.error(Some(entry), &name, what, remedy);
            return Named::Wrong;
        }
        let Some((Some(way), entry)) = all.pop() else {
            return Named::Nothing;
        };
        let value = entry.value.trim().to_owned();
        let from = match way {
            0 => return self.environment(entry, env).map_or(Named::Wrong, Named::Here),
            1 => Elsewhere::File(PathBuf::from(value)),
            2 => Elsewhere::Command(value),
            3 => Elsewhere::Kept(value),
            _ => Elsewhere::Vault(value),
        };
        Named::Elsewhere(Fetch {
            setting: setting.to_owned(),
            place: self.place.at(entry.line, &raw.name, Some(&entry.name)),
            from,
        })
    }

    /// The secret that an environment variable holds, which the line names.
    pub(super) fn environment(&mut self, entry: &Entry, env: &Env) -> Option<Secret> {
        let value = env(&entry.value).filter(|value| !value.is_empty());
        if value.is_none() {
            let name = entry.name.clone();
            let remedy = match entry.value.strip_prefix('$') {
                // As a shell wants it; here the name alone stands.
                Some(variable) => format!("write it without `$`: `{name} = {}`", variable.trim_matches(['{', '}'])),
                None => format!(
                    "set `{}` where the program is started, for example in the cron line, or remove `{name}`",
                    entry.value
                ),
            };
            let what = format!("the environment variable `{}` is not set", entry.value);
            self.error(Some(entry), &name, what, remedy);
        }
        let secret = value.map(Secret::new)?;
        let is_fit = self.fit(Some(entry), &entry.name, &secret);
        is_fit.then_some(secret)
    }

    /// Whether a secret can be one; what is wrong with it is noted.
    pub(super) fn fit(&mut self, entry: Option<&Entry>, setting: &str, secret: &Secret) -> bool {
        let Some(flaw) = secret.flaw() else { return true };
        let remedy = "a secret is a single line of text: see that nothing else stands there";
        self.error(entry, setting, format!("the secret {flaw}"), remedy.to_owned());
        false
    }
}
