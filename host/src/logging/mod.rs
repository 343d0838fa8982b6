//! Where log lines go: to the console, to files that are rotated, to one file a connector; as the Python connector's `logging.json` says it
//! (docs/logging.md).
//!
//! Promises: a log that cannot be written (a directory without rights, a full disk) never ends a run, and is told once; a line is one
//! line, whatever was logged; a secret of the ini file that got this far is masked. Dependencies' own lines are written only where
//! `RUST_LOG` asks for them.

mod config;
mod file;
mod format;
mod layer;
mod moment;
mod read;
mod route;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{FilterExt as _, ParseError, filter_fn};
use tracing_subscriber::layer::{Filter, Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

pub use config::Config;
pub use read::{Problem, ReadError};

use crate::redact::{Redactor, clean};
use config::{Handler, Sink, Stream};
use layer::Log;

/// The target of what is told to people as well: reports, findings, errors. The console has them already.
const REPORT: &str = "oomnitza_connector::report";

/// What an invocation asks of its log.
pub struct Setup {
    /// A logging file; without one, what version 1.0.10 shipped.
    pub config: Option<Config>,
    /// Where files are whose paths are relative: the ini file's directory.
    pub directory: PathBuf,
    /// Whether sections run: the shipped files and those of the connectors are written then. Other commands write what a logging file
    /// asks for, and without one only warn.
    pub is_run: bool,
    /// Whether the command may end for the ini file: see [`goes_on`].
    pub needs_ini: bool,
    /// Lines and reports on the console are JSON, one object a line.
    pub is_json: bool,
    /// What `RUST_LOG` says: it decides about the console, and the shipped files are not written.
    pub filter: Option<String>,
    /// Standard output is for data: console lines go to standard error.
    pub is_stdout_taken: bool,
    /// Makes room on the console for a line, which is then written.
    pub above: fn(&dyn Fn()),
}

/// How much is said on what people look at, where the shipped configuration holds: progress and report take the place of the rest.
const WATCHED: u8 = 30;

/// What all handlers mask.
static SECRETS: OnceLock<Redactor> = OnceLock::new();

/// Whether reports are lines of JSON.
static IS_JSON: OnceLock<bool> = OnceLock::new();

/// Whether it is still open that anything runs whose log would be missed.
static IS_HELD: AtomicBool = AtomicBool::new(false);

/// The sections whose connectors may have files.
static SECTIONS: OnceLock<BTreeSet<String>> = OnceLock::new();

/// The secrets that are masked in every line from now on.
pub fn secrets() -> &'static Redactor {
    SECRETS.get_or_init(Redactor::default)
}

/// Whether what people are told is to be a line of the log instead.
pub fn is_json() -> bool {
    IS_JSON.get().copied().unwrap_or_default()
}

/// Says that the ini file is good enough for the command to go on: until then it is not told that a log cannot be written, because
/// what ends there needs none, and a path that was mistyped needs no directory.
pub fn goes_on() {
    IS_HELD.store(false, Ordering::Relaxed);
}

/// Says which sections there are. Others, that somebody only asked for, get no file for their connectors.
pub fn know_sections<'a>(names: impl IntoIterator<Item = &'a str>) {
    _ = SECTIONS.set(names.into_iter().map(shown).collect());
}

/// Whether there is such a section, by its name as it is shown.
fn is_section(name: &str) -> bool {
    SECTIONS.get().is_some_and(|sections| sections.contains(name))
}

/// A section's name as lines show it.
fn shown(section: &str) -> String {
    clean(section, 200)
}

/// Starts the log. Only the first call has an effect.
pub fn start(setup: Setup) {
    _ = IS_JSON.set(setup.is_json);
    IS_HELD.store(setup.needs_ini, Ordering::Relaxed);
    let filter = setup.filter.as_deref().filter(|filter| !filter.trim().is_empty());
    let has_files = setup.is_run && (filter.is_none() || setup.config.is_some());
    let mut config = setup.config.unwrap_or_else(|| {
        let mut shipped = Config::shipped(if has_files { Some(&setup.directory) } else { None });
        shipped.soften(WATCHED, |stream| !setup.is_run || stream.is_terminal());
        shipped
    });
    if setup.is_stdout_taken || (filter.is_some() && !config.is_from_file) {
        config.redirect(Stream::Error);
    }
    if filter.is_some() {
        config.have_console();
    }
    let reports = setup.is_json.then(|| config.speak_json());
    let sections = has_files.then(|| setup.directory.clone());
    let (console, files): (Vec<_>, Vec<_>) = config
        .handlers
        .iter()
        .enumerate()
        .partition(|(_, handler)| matches!(handler.sink, Sink::Console(_)));
    let log = |only: Vec<(usize, &Handler)>, sections, reports| Log::new(&config, only, sections, reports, setup.above);
    let (first, second) = match filter {
        // `RUST_LOG` decides about the console, the levels of the configuration about the files.
        Some(filter) => {
            let filter = from_environment(filter, setup.is_json);
            let console = log(console, None, reports).at_every_level().with_filter(filter).boxed();
            let files = log(files, sections, None);
            let filter = files.filter();
            (console, Some(files.with_filter(filter)))
        }
        None => {
            let all = log(console.into_iter().chain(files).collect(), sections, reports);
            let filter = all.filter();
            (all.with_filter(filter).boxed(), None)
        }
    };
    _ = tracing_subscriber::registry().with(first).with(second).try_init();
}

/// Whether `RUST_LOG` can be read: what is wrong with it else. Such a one is not to be given to [`start`].
pub fn check_filter(filter: &str) -> Result<(), String> {
    levels(filter).map(drop).map_err(|error| clean(&error.to_string(), 200))
}

fn levels(filter: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::builder()
        .with_default_directive(LevelFilter::WARN.into())
        .parse(filter)
}

/// The levels that `RUST_LOG` names.
fn from_environment<S: Subscriber>(filter: &str, is_json: bool) -> impl Filter<S> + use<S> {
    let filter = levels(filter).unwrap_or_default();
    let reports = is_json.then(|| format!("{REPORT}=info").parse().ok()).flatten();
    let filter = reports.into_iter().fold(filter, EnvFilter::add_directive);
    // tiberius logs the server's texts as they come, and whole rows (0.13; of packets their lengths). It is no directive: one of
    // somebody's own that names a part of it would win.
    let is_said = filter_fn(|metadata| !metadata.target().starts_with("tiberius"));
    filter.and(is_said.with_max_level_hint(LevelFilter::TRACE))
}

/// How grave it is what people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gravity {
    /// As it should be.
    Info,
    /// Worth knowing.
    Warning,
    /// A failure.
    Error,
}

/// Logs what people are told: lines below the first are kept, indented.
pub fn report(gravity: Gravity, section: Option<&str>, text: &str) {
    match gravity {
        Gravity::Info => tracing::info!(target: REPORT, section, "{text}"),
        Gravity::Warning => tracing::warn!(target: REPORT, section, "{text}"),
        Gravity::Error => tracing::error!(target: REPORT, section, "{text}"),
    }
}
