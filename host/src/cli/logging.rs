//! Which log an invocation has: a logging file that is named, `logging.json` beside the ini file, or what version 1.0.10 shipped.

use std::error::Error as _;
use std::path::Path;

use super::args::{Action, Cli};
use super::exit::Exit;
use super::machine;
use super::output::{chain, say, say_all};
use super::progress::AboveTheLines;
use crate::config::{Finding, Place};
use crate::logging::{self, Config, Setup};

/// The logging file that holds where none is named.
const BESIDE_THE_INI: &str = "logging.json";

/// Starts it. A logging file that cannot be read is a mistake of whoever started the program.
pub(super) fn start(cli: &Cli) -> Result<(), Exit> {
    let common = &cli.common;
    let directory = common.ini.parent().unwrap_or(Path::new("")).to_owned();
    let is_upload = matches!(cli.action, Action::Upload { .. });
    let beside = directory.join(BESIDE_THE_INI);
    let file = match &common.logging_config {
        Some(file) => Some(file.as_path()),
        // The other commands have no ini file, or only write one: what lies beside it is none of their business.
        None if is_upload || matches!(cli.action, Action::Check { .. }) => {
            Some(beside.as_path()).filter(|beside| beside.is_file())
        }
        None => None,
    };
    let read = file.map(|file| Config::read(file, &directory)).transpose();
    let read = read.map_err(|error| {
        say(&chain(&error.to_string(), error.source(), Some(&error.hint())));
        Exit::Config
    })?;
    let (config, problems) = read.unzip();
    logging::start(Setup {
        config,
        directory,
        is_run: is_upload,
        is_json: common.json_log,
        filter: machine::variable("RUST_LOG"),
        is_stdout_taken: !is_upload || common.json || common.testmode || common.show_mappings,
        above: |write| {
            let _lines = AboveTheLines::take();
            write();
        },
    });
    let file = file.unwrap_or(&beside);
    let warnings = problems.into_iter().flatten().map(|problem| {
        let place = Place {
            file: file.to_owned(),
            setting: Some(problem.at),
            ..Place::default()
        };
        Finding::warning(place, problem.what)
    });
    say_all(&warnings.collect::<Vec<_>>());
    Ok(())
}
