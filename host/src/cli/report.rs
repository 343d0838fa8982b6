//! A section's report, for people and for machines.

use std::error::Error as _;
use std::fmt::Write as _;

use serde::Serialize;

use super::output::{LINE_BYTES, chain, finding, json, thousands};
use super::progress::rate;
use crate::config::{Finding, Severity};
use crate::logging::Gravity;
use crate::redact::clean;
use crate::run::{Error, Report, Tally};

/// Things of one sort that are named; the rest is counted.
const NAMED: usize = 5;

/// For people: what was sent, what was not and why.
pub(super) fn for_people(report: &Report) -> String {
    let mut text = String::new();
    let section = clean(&report.section, 80);
    if report.error.is_none() || report.read > 0 {
        let verb = if report.is_preview { "shown" } else { "sent" };
        _ = write!(
            text,
            "[{section}] {} records {verb} in {:.1} s ({}/s)\n  read {} = {verb} {} + filtered {} + rejected {} + failed {}",
            thousands(report.sent),
            report.time.as_secs_f64(),
            rate(report.sent, report.time),
            thousands(report.read),
            thousands(report.sent),
            thousands(report.filtered),
            thousands(report.rejected),
            thousands(report.failed),
        );
        let notes = &report.notes;
        if notes.by_filter > 0 {
            _ = write!(text, "\n  left out by recordfilter: {}", thousands(notes.by_filter));
        }
        note(&mut text, "left out, no value for a required field", &notes.missing);
        note(&mut text, "rejected, cannot be mapped", &notes.unusable);
        note(&mut text, "rejected by Oomnitza", &notes.refused);
        if let Some(path) = &report.rejects {
            _ = write!(text, "\n  the rejected records are kept in {}", path.display());
        }
        if let Some(unkept) = &report.unkept {
            _ = write!(
                text,
                "\n  {} rejected records could NOT be kept {}\n  hint: {}",
                thousands(unkept.count),
                unkept.why,
                unkept.hint
            );
        }
        if let Some(saved) = &report.saved {
            let place = saved.directory.display();
            _ = if saved.is_part {
                write!(
                    text,
                    "\n  only a part of records and payloads is saved in {place}: the first {} records",
                    thousands(saved.records)
                )
            } else {
                write!(text, "\n  records and payloads are saved in {place}")
            };
        }
        note(&mut text, "not given by the source", &notes.misses);
        if report.lacking() > 0 {
            _ = write!(
                text,
                "\n  hint: records that are lacking: {}; the log names them (level INFO): look at them in the source, or run it again",
                thousands(report.lacking())
            );
        }
        note(&mut text, "sent as null", &notes.odd_values);
        note(&mut text, "sent as they are, not in the table", &notes.unknown);
    }
    if report.is_interrupted {
        _ = write!(
            text,
            "{}[{section}] interrupted; it is safe to run it again",
            if text.is_empty() { "" } else { "\n" }
        );
    }
    if let Some(error) = &report.error {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&failure(&section, error));
    }
    text
}

/// How grave it is what a report says.
pub(super) fn gravity(report: &Report) -> Gravity {
    if report.error.is_some() {
        Gravity::Error
    } else if report.is_interrupted || report.rejected + report.lacking() > 0 {
        Gravity::Warning
    } else {
        Gravity::Info
    }
}

/// Why a section stopped.
pub(super) fn failure(section: &str, error: &Error) -> String {
    match error {
        // Each with its own place and remedy.
        Error::Config(findings) | Error::Unavailable(findings) if !findings.is_empty() => {
            findings.iter().map(finding).collect::<Vec<_>>().join("\n")
        }
        error => chain(
            &format!(
                "section [{section}] {}: {error}",
                if matches!(error, Error::Busy(_)) {
                    "did not run"
                } else {
                    "stopped"
                }
            ),
            error.source(),
            error.hint().as_deref(),
        ),
    }
}

fn note(text: &mut String, what: &str, tally: &Tally) {
    if tally.is_empty() {
        return;
    }
    let all = tally.by_count();
    let named: Vec<String> = all
        .iter()
        .take(NAMED)
        .map(|(what, count)| format!("{} ({})", clean(what, 300), thousands(*count)))
        .collect();
    let more = all.len().saturating_sub(NAMED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    _ = write!(text, "\n  {what}: {}{more}", named.join(", "));
}

/// A report as JSON (docs/reports.md).
#[derive(Serialize)]
struct Machine<'a> {
    section: &'a str,
    status: &'static str,
    preview: bool,
    read: u64,
    sent: u64,
    filtered: u64,
    rejected: u64,
    failed: u64,
    missed: u64,
    gone: u64,
    seconds: f64,
    source_requests: u64,
    source_retries: u64,
    upload_retries: u64,
    rejects: Option<String>,
    rejects_lost: u64,
    saved: Option<String>,
    saved_in_part: bool,
    notes: &'a crate::run::Notes,
    error: Option<Failure>,
}

/// Why something failed, as JSON.
#[derive(Serialize)]
pub(super) struct Failure {
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
    findings: Vec<Found>,
}

/// A finding as JSON.
#[derive(Serialize)]
pub(super) struct Found {
    severity: &'static str,
    file: Option<String>,
    line: Option<u32>,
    section: Option<String>,
    setting: Option<String>,
    what: String,
    remedy: Option<String>,
}

/// For machines: one line of JSON.
pub(super) fn for_machines(report: &Report) -> String {
    let status = match report {
        Report {
            error: Some(Error::Busy(_)),
            ..
        } => "busy",
        Report { error: Some(_), .. } => "failed",
        Report {
            is_interrupted: true, ..
        } => "interrupted",
        Report { rejected: 1.., .. } => "rejected",
        report if report.lacking() > 0 => "missed",
        _ => "done",
    };
    let machine = Machine {
        section: &report.section,
        status,
        preview: report.is_preview,
        read: report.read,
        sent: report.sent,
        filtered: report.filtered,
        rejected: report.rejected,
        failed: report.failed,
        missed: report.missed,
        gone: report.gone,
        seconds: report.time.as_secs_f64(),
        source_requests: report.source.requests,
        source_retries: report.source.retries,
        upload_retries: report.upload_retries,
        rejects: report.rejects.as_ref().map(|path| path.display().to_string()),
        rejects_lost: report.unkept.as_ref().map_or(0, |unkept| unkept.count),
        saved: report.saved.as_ref().map(|saved| saved.directory.display().to_string()),
        saved_in_part: report.saved.as_ref().is_some_and(|saved| saved.is_part),
        notes: &report.notes,
        error: report.error.as_ref().map(Failure::of),
    };
    json(&machine)
}

/// That a section was not looked at further, for machines.
#[derive(Serialize)]
struct Failed<'a> {
    section: &'a str,
    status: &'static str,
    error: Failure,
}

/// Why a command that sends nothing has nothing to show of a section: one line of JSON.
pub(super) fn failed_for_machines(section: &str, error: &Error) -> String {
    json(&Failed {
        section,
        status: "failed",
        error: Failure::of(error),
    })
}

impl Failure {
    pub(super) fn of(error: &Error) -> Self {
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        Self {
            message: error.to_string(),
            causes,
            hint: error.hint(),
            findings: error.findings().iter().map(Found::of).collect(),
        }
    }
}

impl Found {
    pub(super) fn of(found: &Finding) -> Self {
        Self {
            severity: match found.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            },
            file: Some(found.place.file.display().to_string()).filter(|file| !file.is_empty()),
            line: found.place.line,
            section: found.place.section.clone(),
            setting: found.place.setting.clone(),
            // In the words of the text, where a line break is written out.
            what: clean(&found.what, LINE_BYTES),
            remedy: found.remedy.as_deref().map(|remedy| clean(remedy, LINE_BYTES)),
        }
    }
}
