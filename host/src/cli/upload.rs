//! `upload`: the sections in the order given. One that cannot run does not keep the others from running.

use super::args::Common;
use super::exit::Exit;
use super::open::{Opened, open, say_sign_in};
use super::output::{print, say, thousands};
use super::{machine, preview, progress, report, signals};
use crate::catalog::BuiltIn;
use crate::oomnitza::Oomnitza;
use crate::run::{Counters, Job, Options, Report, Stop, run};

pub(super) async fn upload(names: &[String], common: &Common, built_in: &'static [BuiltIn]) -> Exit {
    if names.is_empty() {
        say("error: no section is named\nhint: name the sections to run, for example `oomnitza-connector upload okta`");
        return Exit::Config;
    }
    let opened = match open(common, built_in) {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    let stop = Stop::default();
    signals::listen(stop.clone());
    match sections(&opened, names, common, &stop).await {
        Ok(reports) => Exit::of(&reports),
        Err(exit) => exit,
    }
}

/// Runs sections and shows their reports.
pub(super) async fn sections(
    opened: &Opened,
    names: &[String],
    common: &Common,
    stop: &Stop,
) -> Result<Vec<Report>, Exit> {
    let mut jobs = Vec::new();
    for name in names {
        jobs.push((name, opened.job(name).await));
    }
    // With nothing to run, nobody is signed in anywhere.
    let oomnitza = if jobs.iter().any(|(_, job)| job.is_ok()) {
        tokio::select! {
            signed_in = opened.sign_in() => Some(signed_in.map_err(|error| {
                say_sign_in(&error);
                Exit::Failed
            })?),
            // Nothing has begun, so an Oomnitza that does not answer is not waited for.
            () = stop.asked() => None,
        }
    } else {
        None
    };
    let mut reports = Vec::new();
    for (name, job) in jobs {
        let report = match (job, &oomnitza) {
            (Ok(job), Some(oomnitza)) if !stop.is_asked() => section(&job, opened, oomnitza, common, stop).await,
            (Ok(_), _) => Report {
                is_interrupted: true,
                ..Report::new(name)
            },
            (Err(error), _) => Report::failed(name, error),
        };
        say(&report::for_people(&report));
        if common.json {
            // A reader that is gone does not want to know.
            _ = print(&report::for_machines(&report));
        }
        reports.push(report);
    }
    if reports.len() > 1 {
        let sum = |count: fn(&Report) -> u64| thousands(reports.iter().map(count).sum());
        let failed = reports.iter().filter(|report| report.error.is_some()).count();
        let failures = if failed > 0 {
            format!(", {failed} of them with an error")
        } else {
            String::new()
        };
        say(&format!(
            "{} sections{failures}: read {}, sent {}",
            reports.len(),
            sum(|report| report.read),
            sum(|report| report.sent)
        ));
    }
    Ok(reports)
}

async fn section(job: &Job, opened: &Opened, oomnitza: &Oomnitza, common: &Common, stop: &Stop) -> Report {
    let options = Options {
        record_count: common.record_count,
        preview: common.testmode.then(preview::on_standard_output),
        parallel: opened.destination.upload_parallel,
        retry: opened.retry(),
        grace: machine::grace(),
    };
    let counters = Counters::default();
    let work = run(job, &opened.context, oomnitza, options, &counters, stop);
    // The table of a preview is what there is to see.
    if common.testmode {
        work.await
    } else {
        progress::with_progress(&job.section.name, &counters, work).await
    }
}
