//! `upload`: sections side by side, their reports in the order given. One that cannot run does not keep the others from running.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::args::Common;
use super::exit::Exit;
use super::open::{Opened, open, say_sign_in};
use super::output::{print, tell, thousands};
use super::progress::Board;
use super::usage::unnamed;
use super::{machine, preview, report, signals};
use crate::catalog::BuiltIn;
use crate::config::Finding;
use crate::logging::Gravity;
use crate::oomnitza::Oomnitza;
use crate::redact::clean;
use crate::run::{Counters, Error, Job, Options, Report, Stop, run, side_by_side};

/// Where `--save-data` keeps data: in the directory in which the program is started, as it was.
const SAVED_DATA: &str = "saved_data";

pub(super) async fn upload(names: &[String], common: &Common, built_in: &'static [BuiltIn]) -> Exit {
    if names.is_empty() {
        tell(Gravity::Error, None, &unnamed("upload"));
        return Exit::Config;
    }
    let opened = match open(common, built_in) {
        Ok(opened) => opened,
        Err(error) => {
            let exit = error.blame().into();
            let mut report = Report::failed("", error);
            for name in once(names).into_iter().filter(|_| common.json) {
                report.section = name;
                print(&report::for_machines(&report));
            }
            return exit;
        }
    };
    let stop = Stop::default();
    signals::listen(stop.clone());
    tracing::info!("Connector version: {}", env!("CARGO_PKG_VERSION"));
    if common.testmode {
        tracing::info!("Connector started in Test Mode.");
    }
    let reports = sections(&Arc::new(opened), names, common, &stop).await;
    tracing::info!("Done.");
    Exit::of(&reports)
}

/// Runs sections and shows their reports.
pub(super) async fn sections(opened: &Arc<Opened>, names: &[String], common: &Common, stop: &Stop) -> Vec<Report> {
    let names = once(names);
    let mut jobs = Vec::new();
    for name in &names {
        // A connector that is new may take its time; whoever stops meanwhile does not wait for it.
        let job = tokio::select! {
            job = opened.job(name) => job.map(Some),
            () = stop.asked() => Ok(None),
        };
        jobs.push((name.clone(), job));
    }
    // With nothing to run, nobody is signed in anywhere.
    let oomnitza = if jobs.iter().any(|(_, job)| matches!(job, Ok(Some(_)))) {
        tokio::select! {
            signed_in = opened.sign_in() => Some(signed_in.inspect_err(say_sign_in).map_err(Arc::new)),
            // Nothing has begun, so an Oomnitza that does not answer is not waited for.
            () = stop.asked() => None,
        }
    } else {
        None
    };
    let board = Board::default();
    let work = |(place, (name, job)): (usize, (String, Result<Option<Job>, Error>))| {
        let (opened, oomnitza, stop, board) = (opened.clone(), oomnitza.clone(), stop.clone(), board.clone());
        let options = options(&opened, common);
        async move {
            let ended = match (job, oomnitza) {
                (Err(error), _) => Err(error),
                // What is wrong with the section itself it says all the same.
                (Ok(Some(job)), Some(Err(error))) => Err(match opened.look(&job) {
                    findings if !Finding::are_fatal(&findings) => Error::SignIn(error),
                    findings => Error::Config(findings),
                }),
                (Ok(Some(job)), Some(Ok(oomnitza))) if !stop.is_asked() => {
                    section(place, job, &opened, &oomnitza, options, &board, &stop).await
                }
                (Ok(_), _) => Ok(None),
            };
            match ended {
                Ok(Some(report)) => report,
                Ok(None) => Report {
                    is_interrupted: true,
                    ..Report::new(&name)
                },
                Err(error) => Report::failed(&name, error),
            }
        }
    };
    // What is shown of several would be mixed.
    let at_once = if common.testmode { 1 } else { common.jobs };
    let mut reports = Vec::new();
    let mut asked = names.iter();
    let finished = |result: Result<Report, Error>| {
        let name = asked.next().map_or("", String::as_str);
        let report = result.unwrap_or_else(|error| Report::failed(name, error));
        // That nobody can be signed in was said once, for all of them.
        if !matches!(report.error, Some(Error::SignIn(_))) {
            tell(
                report::gravity(&report),
                Some(&report.section),
                &report::for_people(&report),
            );
        }
        if common.json {
            print(&report::for_machines(&report));
        }
        reports.push(report);
    };
    board
        .watch(side_by_side(jobs.into_iter().enumerate(), at_once, work, finished))
        .await;
    if reports.len() > 1 {
        let gravity = if reports.iter().any(|report| report.error.is_some()) {
            Gravity::Error
        } else {
            Gravity::Info
        };
        tell(gravity, None, &together(&reports));
    }
    reports
}

/// The names without those that come again: a section that runs twice at once would be in its own way, and sends the same.
pub(super) fn once(names: &[String]) -> Vec<String> {
    let mut known = BTreeSet::new();
    let (first, again): (Vec<&String>, Vec<&String>) = names.iter().partition(|name| known.insert(*name));
    for name in again {
        let text = format!("warning: [{}] is named more than once and runs once", clean(name, 80));
        tell(Gravity::Warning, Some(name), &text);
    }
    first.into_iter().cloned().collect()
}

fn together(reports: &[Report]) -> String {
    let sum = |count: fn(&Report) -> u64| thousands(reports.iter().map(count).sum());
    let failed = reports.iter().filter(|report| report.error.is_some()).count();
    let failures = if failed > 0 {
        format!(", {failed} of them with an error")
    } else {
        String::new()
    };
    format!(
        "{} sections{failures}: read {}, sent {}",
        reports.len(),
        sum(|report| report.read),
        sum(|report| report.sent)
    )
}

fn options(opened: &Opened, common: &Common) -> Options {
    Options {
        record_count: common.record_count,
        preview: common.testmode.then(preview::on_standard_output),
        save: common.save_data.then(|| PathBuf::from(SAVED_DATA)),
        parallel: opened.destination.upload_parallel,
        retry: opened.retry(),
        grace: machine::grace(),
    }
}

/// Fetches a section's secrets and runs it; nothing where somebody asked to stop before it began.
async fn section(
    place: usize,
    mut job: Job,
    opened: &Opened,
    oomnitza: &Oomnitza,
    options: Options,
    board: &Board,
    stop: &Stop,
) -> Result<Option<Report>, Error> {
    // What gives a secret may take its time; whoever stops meanwhile does not wait for it.
    tokio::select! {
        fetched = opened.fetch(&mut job) => fetched?,
        () = stop.asked() => return Ok(None),
    }
    tracing::info!(section = job.section.name, "Running connector: {}", job.section.name);
    let counters = Arc::new(Counters::default());
    let is_preview = options.preview.is_some();
    let work = run(&job, &opened.context, oomnitza, options, &counters, stop);
    // The table of a preview is what there is to see.
    let report = if is_preview {
        work.await
    } else {
        board.line((place, &job.section.name), &counters, work).await
    };
    Ok(Some(report))
}
