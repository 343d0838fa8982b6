//! `check`: whether sections would run. Reads no record, writes nothing.

use serde::Serialize;

use super::args::Common;
use super::exit::Exit;
use super::open::{Opened, open, say_sign_in};
use super::output::{json, print, say_all, tell};
use super::report::{self, Failure};
use super::upload::once;
use crate::catalog::BuiltIn;
use crate::logging::Gravity;
use crate::oomnitza::Oomnitza;
use crate::redact::clean;
use crate::run::{self, Blame, Error, Step};

/// The step that everything needs.
const SETTINGS: &str = "settings";

/// A step as JSON (docs/reports.md).
#[derive(Serialize)]
struct Machine<'a> {
    section: &'a str,
    step: &'a str,
    status: &'static str,
    found: Option<&'a str>,
    error: Option<Failure>,
}

pub(super) async fn check(names: &[String], common: &Common, built_in: &'static [BuiltIn]) -> Exit {
    let is_json = common.json;
    let opened = match open(common, built_in) {
        Ok(opened) => opened,
        Err(error) => {
            for name in &once(names) {
                bad(name, SETTINGS, &error, is_json);
            }
            return error.blame().into();
        }
    };
    let mut worst: Option<Blame> = None;
    let oomnitza = match opened.sign_in().await {
        Ok(oomnitza) => {
            let found = format!("{} accepts the credentials", oomnitza.address());
            good("oomnitza", "Oomnitza", &found, is_json);
            Some(oomnitza)
        }
        Err(error) => {
            say_sign_in(&error);
            bad("oomnitza", "Oomnitza", &error, is_json);
            worst = Some(error.blame());
            None
        }
    };
    for name in &once(names) {
        for (step, error) in section(name, &opened, oomnitza.as_ref(), is_json).await {
            worst = worst.max(Some(error.blame()));
            tell(Gravity::Error, Some(name), &report::failure(&clean(name, 80), &error));
            bad(name, step, &error, is_json);
        }
    }
    worst.map_or(Exit::Done, Exit::from)
}

/// Looks at one section, says what is good, and returns what is not.
async fn section(
    name: &str,
    opened: &Opened,
    oomnitza: Option<&Oomnitza>,
    is_json: bool,
) -> Vec<(&'static str, Error)> {
    let mut job = match opened.job(name).await {
        Ok(job) => job,
        Err(error) => return vec![(SETTINGS, error)],
    };
    if let Err(error) = opened.fetch(&mut job).await {
        return vec![(SETTINGS, error)];
    }
    good(name, SETTINGS, "complete", is_json);
    if let Some(python) = job.python() {
        say_all(python.notes());
        good(name, "Python", "compiles", is_json);
    }
    let Some(oomnitza) = oomnitza else { return Vec::new() };
    let mut errors = Vec::new();
    for finished in run::check(&job, &opened.context, oomnitza).await {
        let step = match finished.step {
            Step::Mappings => "mappings",
            Step::Source => "source",
        };
        match finished.result {
            Ok(found) => good(name, step, &found, is_json),
            Err(error) => errors.push((step, error)),
        }
    }
    errors
}

fn good(section: &str, step: &str, found: &str, is_json: bool) {
    if is_json {
        print(&json(&Machine {
            section,
            step,
            status: "ok",
            found: Some(found),
            error: None,
        }));
    } else {
        print(&format!("ok [{}] {step}: {}", clean(section, 80), clean(found, 300)));
    }
}

/// What people are told of on standard error, for machines.
fn bad(section: &str, step: &str, error: &Error, is_json: bool) {
    if is_json {
        print(&json(&Machine {
            section,
            step,
            status: "failed",
            found: None,
            error: Some(Failure::of(error)),
        }));
    }
}
