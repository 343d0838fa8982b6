//! A section with its types: what stands in the file, judged by what its connector describes.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use super::Env;
use super::common::Common;
use super::continued;
use super::credential::{self, Fetch};
use super::described;
use super::finding::{Finding, Place, Severity};
use super::ini::{Entry, Ini, RawSection};
use super::mapping_value::{self, IniMapping};
use super::own;
use super::program::{OnError, Program};
use super::schema::{Description, Incremental, RecordKind};
use super::suggest::nearest;
use super::truth;
use super::zone::Zone;
use crate::redact::Secret;

/// A section that can run.
#[derive(Debug, Clone)]
pub struct Section {
    /// Its name: `ldap.Contractors`.
    pub name: String,
    /// Its connector: `ldap`.
    pub connector: String,
    /// The line of its header.
    pub line: u32,
    /// Settings that are no secrets, defaults filled in, in the order of the description.
    pub settings: Vec<(String, String)>,
    /// Secret settings, as far as the file or the environment holds them.
    pub secrets: Vec<(String, Secret)>,
    /// Those that are kept elsewhere.
    pub elsewhere: Vec<Fetch>,
    /// Whether a secret stands in the file.
    pub has_plain_secret: bool,
    /// Its mappings.
    pub mappings: Vec<IniMapping>,
    /// Code that decides which records are left out.
    pub record_filter: Option<Program>,
    /// What becomes of a record on which code fails.
    pub on_error: OnError,
    /// The field by which Oomnitza tells records apart.
    pub sync_field: Option<String>,
    /// Whether only records that Oomnitza knows are updated: the file's own text, `False` where it has none.
    pub update_only: String,
    /// How connections are secured.
    pub common: Common,
    /// Whether a run goes on where the last one ended, where the connector can.
    pub incremental: bool,
    /// How many days after the last full run everything is read again.
    pub full_run_days: u32,
    /// The zone of dates that name none, where it is not UTC.
    pub zone: Option<Zone>,
    /// How many requests may be under way at its source at once, where the section says.
    pub parallel: Option<usize>,
    /// Requests that a run may send to its source.
    pub max_requests: u64,
    /// Memory that its connector may take, MiB.
    pub max_memory: usize,
    /// Hosts that a connector from elsewhere may reach although no setting names them.
    pub allowed_hosts: Vec<String>,
    /// What is worth knowing about it.
    pub warnings: Vec<Finding>,
    /// Its settings and their lines.
    lines: Vec<(String, u32)>,
    place: Place,
}

/// The most days after a full run before everything is read again: what a source does not report as changed (a record that was deleted and
/// came back, a clock that was wrong) is not missed for longer.
const MOST_FULL_RUN_DAYS: u32 = 365;

/// How many requests a run may send: what it may without a word, and what an admin may allow.
const MAX_REQUESTS: RangeInclusive<u64> = 100_000..=10_000_000;

/// MiB that a connector may take: likewise.
const MAX_MEMORY: RangeInclusive<usize> = 256..=1_024;

/// MiB that its component's file may have: likewise.
const MAX_COMPONENT: RangeInclusive<usize> = 16..=64;

/// The most requests that a section may have under way at its source at once: a setting that is wrong by a zero must not take a source down.
const MOST_PARALLEL: usize = 16;

impl Section {
    /// The value of a setting that is no secret.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a setting is one of the section's secrets.
    pub fn is_secret(&self, name: &str) -> bool {
        self.secrets.iter().any(|(key, _)| key == name) || self.elsewhere.iter().any(|fetch| fetch.setting == name)
    }

    /// Whether one of the section's secrets has a value, here or elsewhere.
    pub fn has_secret(&self, name: &str) -> bool {
        let mut here = self.secrets.iter();
        here.any(|(key, secret)| key == name && !secret.is_empty())
            || self.elsewhere.iter().any(|fetch| fetch.setting == name)
    }

    /// The section with what is worth knowing about it, unless some of that keeps it from running.
    pub(crate) fn unless(self, findings: Vec<Finding>) -> Result<Self, Vec<Finding>> {
        if Finding::are_fatal(&findings) {
            Err(findings)
        } else {
            Ok(Self {
                warnings: findings,
                ..self
            })
        }
    }

    /// The line of one of its settings, if the file has it.
    pub fn line(&self, setting: &str) -> Option<u32> {
        let written = self.lines.iter().find(|(name, _)| name == setting);
        written.map(|(_, line)| *line)
    }

    /// Where in the file the section is, or one of its settings; one that it does not have is missed at the header.
    pub fn place(&self, setting: Option<&str>) -> Place {
        let line = setting.and_then(|setting| self.line(setting)).unwrap_or(self.line);
        self.place.at(line, &self.name, setting)
    }

    /// Where the section maps one of Oomnitza's fields.
    pub fn place_of_mapping(&self, field: &str) -> Place {
        let written = self.mappings.iter().rev().find(|mapping| mapping.field == field);
        let setting = format!("mapping.{}", field.to_lowercase());
        self.place.at(
            written.map_or(self.line, |mapping| mapping.line),
            &self.name,
            Some(&setting),
        )
    }
}

/// Whether a section is switched on.
pub fn enabled(ini: &Ini, section: &RawSection) -> Result<bool, Finding> {
    let Some(entry) = section.entry("enable") else {
        return Ok(false);
    };
    truth_of(&ini.place(), section, entry)
}

/// What a setting says that is true or false.
fn truth_of(place: &Place, section: &RawSection, entry: &Entry) -> Result<bool, Finding> {
    let name = &entry.name;
    let value = entry.first_line();
    truth(value).ok_or_else(|| {
        let (what, remedy) = described::no_truth(name, value);
        Finding::error(place.at(entry.line, &section.name, Some(name)), what).remedy(remedy)
    })
}

/// The component that a section names itself, if it does.
pub(crate) fn component_path(section: &RawSection) -> Option<PathBuf> {
    section
        .entry("component")
        .map(Entry::first_line)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

/// Bytes that the section's component may have. A number that cannot be is told by [`read_section`], which needs what the component describes:
/// until then it is taken for the most.
pub(crate) fn component_bytes(section: &RawSection) -> usize {
    let mebibytes = match section.value("max_component").unwrap_or_default() {
        "" => *MAX_COMPONENT.start(),
        written => {
            let number = written.parse().ok().filter(|number| MAX_COMPONENT.contains(number));
            number.unwrap_or(*MAX_COMPONENT.end())
        }
    };
    mebibytes << 20
}

/// Settings that stand in a section twice with two values, of which only the last holds.
pub fn repeated(ini: &Ini, raw: &RawSection) -> Vec<Finding> {
    let warning = |entry: &Entry| {
        let what = format!("replaces another value on line {}", entry.replaces?);
        let place = ini.place().at(entry.line, &raw.name, Some(&entry.name));
        Some(Finding::warning(place, what).remedy("remove one of the two lines"))
    };
    raw.entries.iter().filter_map(|entry| warning(entry)).collect()
}

/// A section with its types, or everything that is wrong with it.
pub fn section(ini: &Ini, raw: &RawSection, description: &Description, env: &Env) -> Result<Section, Vec<Finding>> {
    let (section, findings) = read_section(ini, raw, description, env);
    section.unless(findings)
}

/// A section as far as it can be read, and everything that is worth knowing about it.
pub fn read_section(ini: &Ini, raw: &RawSection, description: &Description, env: &Env) -> (Section, Vec<Finding>) {
    let secrets = description.settings.iter().filter(|setting| setting.secret);
    let elsewhere: Vec<String> = secrets.flat_map(|setting| credential::names(&setting.name)).collect();
    let described = description.settings.iter().map(|setting| setting.name.as_str());
    let known: Vec<&str> = described
        .chain(own::names_of_section())
        .chain(elsewhere.iter().map(String::as_str))
        .collect();
    let is_one_line = |name: &str| match description.settings.iter().find(|setting| setting.name == name) {
        Some(setting) => setting.kind.is_one_line(),
        None => own::is_one_line(name) || elsewhere.iter().any(|known| known == name),
    };
    let (straight, findings) = continued::straightened(raw, &ini.place(), &known, is_one_line);
    let raw = &*straight;
    let mut reading = Reading {
        place: ini.place(),
        raw,
        findings,
    };
    let common = reading.common();
    let values = reading.described(description, env);
    // Every section may have it, whether or not its connector has a use for it.
    let has_password = description
        .settings
        .iter()
        .any(|setting| setting.secret && setting.name == "password");
    if let Some(entry) = raw
        .entry("env_password")
        .filter(|entry| !has_password && !entry.value.is_empty())
    {
        let is_set = reading.environment(entry, env).is_some();
        if is_set && !entry.is_default {
            let what = "has no effect: this source is not signed in to with a password";
            let place = reading.at(Some(entry), "env_password");
            reading
                .findings
                .push(Finding::warning(place, what).remedy("remove the setting"));
        }
    }
    let sync_field = reading.sync_field(description);
    let incremental = reading.incremental(description);
    let full_run_days = reading.number("full_run_days", 1..=MOST_FULL_RUN_DAYS);
    let zone = reading.zone();
    let parallel = reading.number("parallel", 1..=MOST_PARALLEL);
    let max_requests = reading.number("max_requests", MAX_REQUESTS);
    let max_memory = reading.number("max_memory", MAX_MEMORY);
    // It held when the component was loaded, see `component_bytes`.
    reading.number("max_component", MAX_COMPONENT);
    let mappings = reading.mappings();
    let on_error = reading.on_error();
    reading.unknown(&known);
    let described_secrets = description.settings.iter().filter(|setting| setting.secret);
    let has_plain_secret = reading.has_plain_secret(described_secrets.map(|setting| setting.name.as_str()));
    let section = Section {
        name: raw.name.clone(),
        connector: description.id.clone(),
        line: raw.line,
        settings: values.settings,
        secrets: values.secrets,
        elsewhere: values.elsewhere,
        has_plain_secret,
        mappings,
        record_filter: raw
            .entry("recordfilter")
            .and_then(|entry| Program::of(ini, &raw.name, entry)),
        on_error,
        sync_field,
        update_only: reading.update_only(),
        common,
        incremental,
        full_run_days: full_run_days.unwrap_or_default(),
        zone,
        parallel,
        max_requests: max_requests.unwrap_or(*MAX_REQUESTS.start()),
        max_memory: max_memory.unwrap_or(*MAX_MEMORY.start()),
        allowed_hosts: raw
            .value("allowed_hosts")
            .unwrap_or_default()
            .split(|character: char| character == ',' || character.is_whitespace())
            .filter(|host| !host.is_empty())
            .map(str::to_owned)
            .collect(),
        warnings: Vec::new(),
        lines: raw
            .entries
            .iter()
            .map(|entry| (entry.name.clone(), entry.line))
            .collect(),
        place: ini.place(),
    };
    (section, reading.in_order())
}

/// What is wrong with a section as far as that can be known without its connector: with the settings that every section may have.
pub(crate) fn read_own(ini: &Ini, raw: &RawSection, env: &Env) -> Vec<Finding> {
    let nothing = Description {
        id: String::new(),
        title: String::new(),
        version: String::new(),
        // Assets would need a `sync_field`.
        kind: RecordKind::Users,
        mapping_name: String::new(),
        settings: Vec::new(),
        mappings: Vec::new(),
        converters: Vec::new(),
        endpoints: Vec::new(),
        auth: Vec::new(),
        incremental: Incremental::OnRequest,
        cases: Vec::new(),
    };
    let (_, mut findings) = read_section(ini, raw, &nothing, env);
    // A warning is about a setting that the connector may well have.
    findings.retain(|finding| finding.severity == Severity::Error);
    findings
}

/// A section while it is read.
pub(super) struct Reading<'a> {
    pub(super) place: Place,
    pub(super) raw: &'a RawSection,
    pub(super) findings: Vec<Finding>,
}

impl Reading<'_> {
    pub(super) fn at(&self, entry: Option<&Entry>, setting: &str) -> Place {
        self.place.at(
            entry.map_or(self.raw.line, |entry| entry.line),
            &self.raw.name,
            Some(setting),
        )
    }

    /// What was found, from the top of the file to its bottom.
    pub(super) fn in_order(mut self) -> Vec<Finding> {
        self.findings.sort_by_key(|finding| finding.place.line);
        self.findings
    }

    pub(super) fn error(&mut self, entry: Option<&Entry>, setting: &str, what: String, remedy: String) {
        let finding = Finding::error(self.at(entry, setting), what).remedy(remedy);
        self.findings.push(finding);
    }

    fn sync_field(&mut self, description: &Description) -> Option<String> {
        let field = self
            .raw
            .value("sync_field")
            .filter(|field| !field.is_empty())
            .map(str::to_owned);
        if field.is_none() && description.kind != RecordKind::Users {
            self.error(
                self.raw.entry("sync_field"),
                "sync_field",
                "is missing".to_owned(),
                "name Oomnitza's field that tells assets apart, usually the serial number's".to_owned(),
            );
        }
        field
    }

    /// The file's own text, which Oomnitza has always been sent; a slip of the pen would let it add what it is to update only.
    fn update_only(&mut self) -> String {
        self.truth("update_only");
        self.raw.value("update_only").unwrap_or("False").to_owned()
    }

    fn incremental(&mut self, description: &Description) -> bool {
        if let (Incremental::Always, Some(entry)) = (description.incremental, self.raw.entry("full_run_days")) {
            let what = "has no effect: this source only tells what has changed";
            let warning = Finding::warning(self.at(Some(entry), "full_run_days"), what);
            self.findings.push(warning.remedy("remove the setting"));
        }
        let entry = self.raw.entry("incremental");
        let asked = self.truth("incremental");
        match (description.incremental, asked) {
            (Incremental::Always, Some(false)) => {
                let place = self.at(entry, "incremental");
                let what = "has no effect: this source only tells what has changed";
                self.findings
                    .push(Finding::warning(place, what).remedy("remove the setting"));
            }
            (Incremental::Never, Some(true)) => {
                let place = self.at(entry, "incremental");
                let what = "has no effect: this source cannot tell what has changed, and everything is read";
                self.findings
                    .push(Finding::warning(place, what).remedy("remove the setting"));
            }
            _ => {}
        }
        match description.incremental {
            Incremental::Never => false,
            Incremental::OnRequest => asked == Some(true),
            Incremental::Always => true,
        }
    }

    /// What a setting says that is true or false, if it says something; what is wrong with it is noted.
    pub(super) fn truth(&mut self, name: &str) -> Option<bool> {
        let entry = self.raw.entry(name).filter(|entry| !entry.value.is_empty())?;
        let truth = truth_of(&self.place, self.raw, entry);
        truth.map_err(|finding| self.findings.push(finding)).ok()
    }

    /// A whole number of this range, or the setting's default, if it has one; what is wrong with it is noted.
    pub(super) fn number<N: FromStr + PartialOrd + Display>(
        &mut self,
        name: &str,
        range: RangeInclusive<N>,
    ) -> Option<N> {
        let default = own::default(name);
        let entry = self.raw.entry(name).filter(|entry| !entry.value.is_empty());
        let written = entry.map(|entry| entry.value.parse().ok().filter(|number| range.contains(number)));
        if let Some(None) = &written {
            let without = default.map_or("the connector's own number holds".to_owned(), |default| {
                format!("it is {default}")
            });
            let range = described::whole_numbers(range.start(), range.end());
            let remedy = format!("it is {range}; without the setting {without}");
            let value = entry.map_or("", |entry| &entry.value);
            self.error(entry, name, format!("cannot be `{value}`"), remedy);
        }
        written.flatten().or_else(|| default?.parse().ok())
    }

    /// Whether the section's text holds one of these secrets, whether or not it is used, or a proxy's password.
    pub(super) fn has_plain_secret<'n>(&self, secrets: impl IntoIterator<Item = &'n str>) -> bool {
        let is_filled = |name| self.raw.value(name).is_some_and(|value| !value.is_empty());
        // In a proxy's address an `@` ends a user's name and password.
        secrets.into_iter().any(is_filled) || self.raw.value("proxy").is_some_and(|proxy| proxy.contains('@'))
    }

    fn zone(&mut self) -> Option<Zone> {
        let raw = self.raw;
        let entry = raw.entry("timezone").filter(|entry| !entry.value.is_empty())?;
        Zone::named(&entry.value).unwrap_or_else(|(what, remedy)| {
            self.error(Some(entry), "timezone", what, remedy);
            None
        })
    }

    fn on_error(&mut self) -> OnError {
        let raw = self.raw;
        let entry = raw.entry("on_error").filter(|entry| !entry.value.is_empty());
        match entry.map(|entry| entry.value.to_lowercase()).as_deref() {
            None | Some("stop") => OnError::Stop,
            Some("skip") => OnError::Skip,
            Some(other) => {
                let remedy = "write `on_error = skip` to leave out records on which code fails, or `on_error = stop`";
                self.error(entry, "on_error", format!("cannot be `{other}`"), remedy.to_owned());
                OnError::Stop
            }
        }
    }

    fn mappings(&mut self) -> Vec<IniMapping> {
        let mut mappings: Vec<IniMapping> = Vec::new();
        let raw = self.raw;
        let entries = raw.entries.iter().map(Arc::as_ref);
        for entry in entries.filter(|entry| entry.name.starts_with("mapping.")) {
            match mapping_value::parse(&entry.name, &entry.value, entry.line) {
                Ok(mapping) => {
                    if let Some((what, remedy)) = mapping_value::doubt(&entry.value) {
                        let place = self.at(Some(entry), &entry.name);
                        self.findings.push(Finding::warning(place, what).remedy(remedy));
                    }
                    mappings.push(mapping);
                }
                Err(problem) => self.error(Some(entry), &entry.name, problem, mapping_value::REMEDY.to_owned()),
            }
        }
        mappings
    }

    fn unknown(&mut self, known: &[&str]) {
        let raw = self.raw;
        for entry in raw.entries.iter().map(Arc::as_ref) {
            let name = entry.name.as_str();
            if !entry.is_default && !name.starts_with("mapping.") && !known.contains(&name) {
                let place = self.at(Some(entry), name);
                self.findings.push(unknown_setting(place, name, known.iter().copied()));
            }
        }
    }
}

/// The warning about a setting that nobody knows.
pub(super) fn unknown_setting<'a>(place: Place, name: &str, known: impl Iterator<Item = &'a str>) -> Finding {
    let finding = Finding::warning(place, "is not a setting of this section and has no effect");
    match nearest(name, known) {
        Some(meant) => finding.remedy(format!("did you mean `{meant}`?")),
        None => finding.remedy("remove the line, or correct its name"),
    }
}

#[cfg(test)]
mod tests;
