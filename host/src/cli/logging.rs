//! Which log an invocation has: a logging file that is named, `logging.json` beside the ini file, or what version 1.0.10 shipped.

use std::error::Error as _;
use std::path::{Path, PathBuf};

use super::args::{Action, Cli, Common};
use super::exit::Exit;
use super::machine;
use super::output::{chain, say, say_all, tell};
use super::progress::AboveTheLines;
use crate::config::{Finding, Place};
use crate::logging::{self, Config, Gravity, Problem, ReadError, Setup};

/// The logging file that holds where none is named.
const BESIDE_THE_INI: &str = "logging.json";

/// The environment variable with levels.
const FILTER: &str = "RUST_LOG";

/// The logging file: the one that is named, else the one beside the ini file, if it is there.
fn file(common: &Common) -> Option<PathBuf> {
    let beside = || Some(common.ini.with_file_name(BESIDE_THE_INI)).filter(|beside| beside.is_file());
    common.logging_config.clone().or_else(beside)
}

/// What is called as the logging file is, and is none: nobody would see why it has no effect.
fn passed_over(common: &Common) -> Option<Finding> {
    let file = common.ini.with_file_name(BESIDE_THE_INI);
    let is_passed_over = common.logging_config.is_none() && file.exists() && !file.is_file();
    let place = Place {
        file,
        ..Place::default()
    };
    let remedy = "rename it, or name the logging file with `--logging-config FILE`";
    is_passed_over
        .then(|| Finding::warning(place, "is not a regular file, and no logging file therefore").remedy(remedy))
}

fn directory(common: &Common) -> &Path {
    common.ini.parent().unwrap_or(Path::new(""))
}

/// Starts it. A logging file that cannot be read is a mistake of whoever started the program.
pub(super) fn start(cli: &Cli) -> Result<(), Exit> {
    let common = &cli.common;
    let is_upload = matches!(cli.action, Action::Upload { .. });
    let file = match &cli.action {
        Action::Upload { .. } | Action::Check { .. } => file(common),
        // It says what it finds.
        Action::Validate { .. } => None,
        // The other commands have no ini file, or only write one: what lies beside it is none of their business.
        _ => common.logging_config.clone(),
    };
    let read = file
        .as_deref()
        .map(|file| Config::read(file, directory(common)))
        .transpose();
    let read = read.map_err(|error| say_unreadable(&error))?;
    let (config, problems) = read.unzip();
    let filter = machine::variable(FILTER);
    let unreadable = filter.as_deref().and_then(|filter| logging::check_filter(filter).err());
    logging::start(Setup {
        config,
        directory: directory(common).to_owned(),
        is_run: is_upload,
        needs_ini: matches!(cli.action, Action::Upload { .. } | Action::Check { .. }),
        is_json: common.json_log,
        filter: filter.filter(|_| unreadable.is_none()),
        is_stdout_taken: !is_upload || common.json || common.testmode || common.show_mappings,
        above: |write| {
            let _lines = AboveTheLines::take();
            write();
        },
    });
    if let Some(problem) = unreadable {
        let hint = format!("write it like `{FILTER}=debug`, or unset it");
        let text = format!("warning: {FILTER} cannot be read, and does nothing: {problem}\nhint: {hint}");
        tell(Gravity::Warning, None, &text);
    }
    if matches!(cli.action, Action::Upload { .. } | Action::Check { .. }) {
        say_all(passed_over(common).as_slice());
    }
    say_all(&warnings(&file.unwrap_or_default(), problems.unwrap_or_default()));
    Ok(())
}

/// Says that a run could not begin, where somebody is about to have it run without them.
pub(super) fn require(common: &Common) -> Result<(), Exit> {
    match file(common).map(|file| Config::read(&file, directory(common))) {
        Some(Err(error)) => Err(say_unreadable(&error)),
        _ => Ok(()),
    }
}

fn say_unreadable(error: &ReadError) -> Exit {
    say(&chain(&error.to_string(), error.source(), Some(&error.hint())));
    Exit::Config
}

/// What is wrong with the logging file that a run would have.
pub(super) fn judge(common: &Common) -> Vec<Finding> {
    let Some(file) = file(common) else {
        return passed_over(common).into_iter().collect();
    };
    match Config::read(&file, directory(common)) {
        Ok((_, problems)) => warnings(&file, problems),
        Err(error) => vec![unreadable(file, &error)],
    }
}

fn unreadable(file: PathBuf, error: &ReadError) -> Finding {
    let (line, what) = match error {
        ReadError::Io { source, .. } => (None, format!("cannot be read: {source}")),
        ReadError::NotJson { line, problem, .. } => (u32::try_from(*line).ok(), format!("is not JSON: {problem}")),
        ReadError::NoDictionary { .. } => (None, "holds no dictionary of handlers and loggers".to_owned()),
    };
    let place = Place {
        file,
        line,
        ..Place::default()
    };
    Finding::error(place, what).remedy(error.hint())
}

fn warnings(file: &Path, problems: Vec<Problem>) -> Vec<Finding> {
    let warning = |problem: Problem| {
        let place = Place {
            file: file.to_owned(),
            setting: Some(problem.at),
            ..Place::default()
        };
        Finding::warning(place, problem.what)
    };
    problems.into_iter().map(warning).collect()
}
