//! The settings that a connector describes: whether a section has those that it must have, and whether each value is of its kind. Judged
//! here and nowhere else, for `validate`, `check` and `upload` alike; a filter of LDAP alone is judged by who sends it.

use std::fmt::Display;

use super::credential::{self, Fetch, Named};
use super::ini::Entry;
use super::schema::{Condition, Description, Kind, Setting};
use super::section::Reading;
use super::suggest::nearest;
use super::{Env, truth};
use crate::redact::Secret;

/// The values of a section's described settings.
#[derive(Default)]
pub(super) struct Values {
    /// Those that are no secrets, defaults filled in, in the order of the description.
    pub(super) settings: Vec<(String, String)>,
    /// Secrets that are here.
    pub(super) secrets: Vec<(String, Secret)>,
    /// Secrets that are kept elsewhere.
    pub(super) elsewhere: Vec<Fetch>,
    /// The names of settings that have a value, be it a wrong one.
    present: Vec<String>,
}

impl Values {
    fn has(&self, name: &str) -> bool {
        self.present.iter().any(|present| present == name)
    }

    fn fulfil(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Present(name) => self.has(name),
            Condition::Absent(name) => !self.has(name),
            Condition::Equal(name, value) => self.settings.iter().any(|(own, is)| own == name && is == value),
        }
    }
}

impl Reading<'_> {
    /// Reads the described settings; what is missing or wrong is noted.
    pub(super) fn described(&mut self, description: &Description, env: &Env) -> Values {
        let is_described = |name: &str| description.settings.iter().any(|setting| setting.name == name);
        let mut values = Values::default();
        let raw = self.raw;
        let leads_in = |name: &str| {
            let mut leading = description.addresses().chain(description.credentials());
            leading.any(|leading| leading == name)
        };
        for setting in &description.settings {
            let name = || setting.name.clone();
            let named = if setting.secret {
                self.credential(&setting.name, is_described, env)
            } else {
                Named::Nothing
            };
            let is_present = match named {
                Named::Here(secret) => {
                    let line = credential::environment_line(&setting.name);
                    self.doubt_secret(raw.entry(&line), &line, setting, &secret);
                    values.secrets.push((name(), secret));
                    true
                }
                Named::Elsewhere(fetch) => {
                    values.elsewhere.push(fetch);
                    true
                }
                Named::Wrong => true,
                Named::Nothing => self.value(setting).is_some_and(|value| {
                    let is_present = !value.is_empty();
                    let entry = raw.entry(&setting.name);
                    if setting.secret {
                        let secret = Secret::new(value);
                        if self.fit(entry, &setting.name, &secret) {
                            self.doubt_secret(entry, &setting.name, setting, &secret);
                        }
                        values.secrets.push((name(), secret));
                    } else {
                        self.doubt(entry, setting, leads_in(&setting.name));
                        values.settings.push((name(), value));
                    }
                    is_present
                }),
            };
            values.present.extend(is_present.then(name));
        }
        for setting in description.settings.iter().filter(|setting| !values.has(&setting.name)) {
            self.require(setting, &values);
        }
        values
    }

    /// The value of a setting; what is wrong with it is noted.
    fn value(&mut self, setting: &Setting) -> Option<String> {
        let raw = self.raw;
        let entry = raw.entry(&setting.name);
        // `key =` of a setting with a default is as good as no line; of a secret that may be missing it says that there is none.
        let given = entry
            .map(|entry| entry.value.as_str())
            .filter(|value| !value.is_empty() || (setting.secret && setting.optional));
        let value = given.or(setting.default.as_deref())?;
        if let Some((what, remedy)) = setting.refuse(value) {
            self.error(entry, &setting.name, what, remedy);
        }
        Some(value.to_owned())
    }

    /// Notes that a setting without a value must have one, where it must.
    fn require(&mut self, setting: &Setting, values: &Values) {
        let raw = self.raw;
        let entry: Option<&Entry> = raw.entry(&setting.name);
        let reason = setting.required_where.iter().find(|condition| values.fulfil(condition));
        if setting.optional && reason.is_none() {
            return;
        }
        let missing = if entry.is_some() { "has no value" } else { "is missing" };
        let (why, otherwise) = match reason {
            Some(Condition::Present(other)) => (format!(" beside `{other}`"), format!("; or remove `{other}`")),
            Some(Condition::Absent(other)) => (String::new(), format!("; or set `{other}` instead")),
            Some(Condition::Equal(other, value)) => (format!(", which `{other} = {value}` needs"), String::new()),
            None => (String::new(), String::new()),
        };
        let remedy = setting.explanation() + &otherwise;
        self.error(entry, &setting.name, format!("{missing}{why}"), remedy);
    }
}

impl Setting {
    /// What it is, and an example.
    pub fn explanation(&self) -> String {
        let Self {
            name, help, example, ..
        } = self;
        if example.is_empty() {
            help.clone()
        } else {
            format!("{help}; for example `{name} = {example}`")
        }
    }

    /// What is wrong with a value, and what it can be, if it is not of the setting's kind.
    fn refuse(&self, value: &str) -> Option<(String, String)> {
        let cannot_be = || format!("cannot be `{value}`");
        let for_example = || format!("for example `{}`", self.example);
        match &self.kind {
            Kind::Choice(choices) if !choices.iter().any(|choice| choice == value) => {
                let all = choices.join(", ");
                let remedy = match nearest(value, choices.iter().map(String::as_str)) {
                    Some(meant) => format!("did you mean `{meant}`? It can be {all}"),
                    None => format!("it can be {all}"),
                };
                Some((cannot_be(), remedy))
            }
            Kind::Truth if truth(value).is_none() => Some(no_truth(&self.name, value)),
            Kind::WholeNumber(least, most)
                if !value
                    .parse::<u32>()
                    .is_ok_and(|number| (*least..=*most).contains(&number)) =>
            {
                Some((cannot_be(), self.can_be()))
            }
            Kind::Number(least, most)
                if !value
                    .parse::<f64>()
                    .is_ok_and(|number| (f64::from(*least)..=f64::from(*most)).contains(&number)) =>
            {
                Some((cannot_be(), self.can_be()))
            }
            Kind::Json => {
                let problem = serde_json::from_str::<serde::de::IgnoredAny>(value).err()?;
                Some((format!("is not JSON: {problem}"), for_example()))
            }
            Kind::Names(word) => {
                let is_word = |word: &String| value.trim().trim_matches('"').eq_ignore_ascii_case(word);
                if word.as_ref().is_some_and(is_word) {
                    return None;
                }
                let problem = serde_json::from_str::<Vec<String>>(value).err()?;
                let is = match word {
                    Some(word) => format!("is neither `{word}` nor a JSON list of texts: {problem}"),
                    None => format!("is no JSON list of texts: {problem}"),
                };
                Some((is, for_example()))
            }
            _ => None,
        }
    }

    /// What it can be, and what it is where the section does not say.
    fn can_be(&self) -> String {
        let words = self.kind.words().unwrap_or_default();
        match &self.default {
            Some(default) => format!("it is {words}; without the setting it is {default}"),
            None => format!("it is {words}"),
        }
    }
}

impl Kind {
    /// Whether no value of this kind has more than one line.
    pub(super) fn is_one_line(&self) -> bool {
        matches!(
            self,
            Self::Choice(_) | Self::Truth | Self::WholeNumber(..) | Self::Number(..)
        )
    }

    /// What a value of this kind is, for those who write one; nothing where anything can stand.
    pub(super) fn words(&self) -> Option<String> {
        Some(match self {
            Self::Text => return None,
            Self::Choice(choices) => choices.join(", "),
            Self::Truth => "True or False".to_owned(),
            Self::WholeNumber(least, most) => whole_numbers(least, most),
            Self::Number(least, most) => format!("a number from {least} to {most}"),
            Self::Json => "JSON".to_owned(),
            Self::Names(None) => "a JSON list of texts".to_owned(),
            Self::Names(Some(word)) => format!("a JSON list of texts, or {word}"),
            Self::LdapFilter => "a filter of LDAP (RFC 4515)".to_owned(),
        })
    }
}

/// Whole numbers of a range, in words.
pub(super) fn whole_numbers(least: impl Display, most: impl Display) -> String {
    format!("a whole number from {least} to {most}")
}

/// That a value is no truth value, and what is one.
pub(super) fn no_truth(name: &str, value: &str) -> (String, String) {
    let what = format!("`{value}` is neither true nor false");
    (what, format!("write `{name} = True` or `{name} = False`"))
}
