//! `validate`: everything that can be known about the ini file without a network, all of it at once.
//!
//! It judges by the same functions as `upload`, so that what it calls good is not refused later for a reason that stood in the file. What it
//! adds is no reason to refuse anything: a setting that stands twice, code that nobody uses.

use std::error::Error as _;

use super::args::Common;
use super::exit::Exit;
use super::output::{finding, json, print, say};
use super::report::Found;
use super::{logging, machine, open};
use crate::catalog::BuiltIn;
use crate::config::{self, Finding, Ini, Place, RawSection, Severity};
use crate::redact::clean;
use crate::run::{self, Context, Error};

pub(super) async fn validate(names: &[String], is_strict: bool, common: &Common, built_in: &'static [BuiltIn]) -> Exit {
    let (mut findings, summary) = match Ini::read(&common.ini) {
        Err(findings) => (findings, "the file cannot be read further".to_owned()),
        Ok(ini) => match open::surroundings(common, built_in) {
            Ok((context, mut wrong)) => {
                let (findings, summary) = judge(names, &ini, &context).await;
                wrong.extend(findings);
                (wrong, summary)
            }
            Err(error) => {
                let exit = error.blame().into();
                show(&of(error, ini.place()), common.json);
                return exit;
            }
        },
    };
    findings.extend(logging::judge(common));
    show(&findings, common.json);
    let count = |severity| findings.iter().filter(|found| found.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    say(&format!(
        "{}; {summary}",
        match (errors, warnings) {
            (0, 0) => "nothing is wrong".to_owned(),
            _ => format!("{} and {}", counted(errors, "error"), counted(warnings, "warning")),
        }
    ));
    if errors > 0 || (is_strict && warnings > 0) {
        Exit::Config
    } else {
        Exit::Done
    }
}

fn show(findings: &[Finding], is_json: bool) {
    for found in findings {
        let text = if is_json {
            json(&Found::of(found))
        } else {
            finding(found)
        };
        if !print(&text) {
            break;
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Everything about `[oomnitza]` and these sections, or those that are enabled; and which these are.
pub(super) async fn judge(names: &[String], ini: &Ini, context: &Context) -> (Vec<Finding>, String) {
    let destination = run::judge_destination(ini, &context.proxies, &machine::variable);
    let (mut findings, mut has_plain_secret) = (destination.findings, destination.has_plain_secret);
    findings.extend(run::look(destination.elsewhere.as_slice(), context, &machine::variable));
    findings.extend(run::doubts(
        destination.elsewhere.as_slice(),
        context,
        &machine::variable,
    ));
    let (mut sections, mut disabled): (Vec<&RawSection>, Vec<&str>) = (Vec::new(), Vec::new());
    if names.is_empty() {
        for section in config::connector_sections(ini) {
            match config::enabled(ini, section) {
                Ok(false) => disabled.push(&section.name),
                Ok(true) => sections.push(section),
                Err(finding) => {
                    findings.push(finding);
                    sections.push(section);
                }
            }
        }
    } else {
        // [oomnitza] is looked at in any case.
        for name in names.iter().filter(|name| *name != "oomnitza") {
            findings.extend(config::select(ini, name).err());
            let known = config::connector_sections(ini).find(|section| section.name == *name);
            sections.extend(known.filter(|known| !sections.contains(known)));
        }
    }
    for section in &sections {
        let (found, has_one) = judge_section(section, ini, context).await;
        findings.extend(found);
        has_plain_secret |= has_one;
    }
    if let Ok(unused) = run::judge_converters(ini, context).await {
        let is_told = |new: &Finding| {
            findings
                .iter()
                .any(|told| told.place == new.place && told.what == new.what)
        };
        let new: Vec<Finding> = unused.into_iter().filter(|new| !is_told(new)).collect();
        findings.extend(new);
    }
    let looked_into = ini.section("oomnitza").into_iter().chain(sections.iter().copied());
    findings.extend(looked_into.flat_map(|section| config::repeated(ini, section)));
    findings.extend(open::readers(ini).filter(|_| has_plain_secret));
    findings.sort_by_key(|found| found.place.line);
    let listed = |names: &mut dyn Iterator<Item = &str>| clean(&names.collect::<Vec<_>>().join(", "), 1_000);
    let looked_at = std::iter::once("oomnitza").chain(sections.iter().map(|section| section.name.as_str()));
    let mut summary = format!("looked at {}", listed(&mut looked_at.into_iter()));
    if !disabled.is_empty() {
        summary += &format!("; disabled: {}", listed(&mut disabled.into_iter()));
    }
    (findings, summary)
}

/// Everything about a section, and whether a secret of it stands in the file.
async fn judge_section(raw: &RawSection, ini: &Ini, context: &Context) -> (Vec<Finding>, bool) {
    let place = || ini.place().at(raw.line, &raw.name, None);
    let judged = match run::judge(ini, raw, context, &machine::variable).await {
        Ok(judged) => judged,
        Err(error) => {
            // Else it has them with it.
            let mut findings = match &error {
                Error::Catalog(_) => config::read_own(ini, raw, &machine::variable),
                _ => Vec::new(),
            };
            findings.extend(of(error, place()));
            return (findings, false);
        }
    };
    let mut findings = judged.findings;
    findings.extend(
        judged
            .job
            .python()
            .into_iter()
            .flat_map(|python| python.notes().to_vec()),
    );
    findings.extend(run::look(&judged.job.section.elsewhere, context, &machine::variable));
    findings.extend(run::doubts(&judged.job.section.elsewhere, context, &machine::variable));
    // Where a setting is wrong there may be no place for the connector to go, for which it is not to blame.
    let unfit = judged.unfit.filter(|_| !Finding::are_fatal(&findings));
    findings.extend(unfit.into_iter().flat_map(|error| of(error, place())));
    findings.extend(match run::judge_mappings(&judged.job, context).await {
        Ok(findings) => findings,
        Err(error) => of(error, place()),
    });
    (findings, judged.job.section.has_plain_secret)
}

/// What keeps a section from running, as findings.
fn of(error: Error, place: Place) -> Vec<Finding> {
    if let Error::Config(findings) = error {
        return findings;
    }
    let mut what = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        what += &format!(": {error}");
        cause = error.source();
    }
    let found = Finding::error(place, what);
    vec![match error.hint() {
        Some(hint) => found.remedy(hint),
        None => found,
    }]
}
