//! `check`: whether sections would run. Reads no record, writes nothing.

use super::args::Common;
use super::exit::Exit;
use super::open::{Opened, open, say_sign_in};
use super::output::{print, say_all, tell};
use super::report;
use crate::catalog::BuiltIn;
use crate::logging::Gravity;
use crate::oomnitza::Oomnitza;
use crate::redact::clean;
use crate::run::{self, Blame, Error, Step};

pub(super) async fn check(names: &[String], common: &Common, built_in: &'static [BuiltIn]) -> Exit {
    let opened = match open(common, built_in) {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    let mut worst: Option<Blame> = None;
    let oomnitza = match opened.sign_in().await {
        Ok(oomnitza) => {
            good(
                "oomnitza",
                "Oomnitza",
                &format!("{} accepts the credentials", oomnitza.address()),
            );
            Some(oomnitza)
        }
        Err(error) => {
            say_sign_in(&error);
            worst = Some(error.blame());
            None
        }
    };
    for name in names {
        for error in section(name, &opened, oomnitza.as_ref()).await {
            worst = worst.max(Some(error.blame()));
            tell(Gravity::Error, Some(name), &report::failure(&clean(name, 80), &error));
        }
    }
    worst.map_or(Exit::Done, Exit::from)
}

/// Looks at one section, says what is good, and returns what is not.
async fn section(name: &str, opened: &Opened, oomnitza: Option<&Oomnitza>) -> Vec<Error> {
    let mut job = match opened.job(name).await {
        Ok(job) => job,
        Err(error) => return vec![error],
    };
    if let Err(error) = opened.fetch(&mut job).await {
        return vec![error];
    }
    good(name, "settings", "complete");
    if let Some(python) = job.python() {
        say_all(python.notes());
        good(name, "Python", "compiles");
    }
    let Some(oomnitza) = oomnitza else { return Vec::new() };
    let mut errors = Vec::new();
    for finished in run::check(&job, &opened.context, oomnitza).await {
        let step = match finished.step {
            Step::Mappings => "mappings",
            Step::Source => "source",
        };
        match finished.result {
            Ok(found) => good(name, step, &found),
            Err(error) => errors.push(error),
        }
    }
    errors
}

fn good(section: &str, step: &str, found: &str) {
    // A reader that is gone does not want to know.
    _ = print(&format!("ok [{}] {step}: {}", clean(section, 80), clean(found, 300)));
}
