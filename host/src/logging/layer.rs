//! From events to lines: who logged them, for which section, and which handlers write them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterFn, filter_fn};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::config::{Config, FileConfig, Handler, Sink, Stream, file_lines};
use super::file::LogFile;
use super::format::{Detail, Format, Line};
use super::route::Routes;
use super::{IS_HELD, REPORT, is_json, is_section, secrets, shown};
use crate::files;
use crate::redact::clean;

/// Bytes of a line; what is beyond is cut. A connector's own lines are cut before (`capabilities/log`).
const LINE_BYTES: usize = 16 << 10;

/// The least level of the connectors' own files, as in version 1.0.10: INFO.
const SECTION_LEVEL: u8 = 20;

/// The least level of what people are told: INFO.
const REPORT_LEVEL: u8 = 20;

/// What this program's own targets begin with.
const OURS: &str = "oomnitza_connector";

/// Writes events.
pub(super) struct Log {
    /// By their places in the configuration.
    handlers: BTreeMap<usize, Output>,
    routes: Routes,
    /// Whether levels are somebody else's decision.
    is_at_every_level: bool,
    sections: Option<Sections>,
    /// Where what people are told goes as JSON, whatever the configuration says: nobody else tells them then.
    reports: Option<Stream>,
    above: fn(&dyn Fn()),
    since: Timestamp,
    told: Mutex<BTreeSet<(PathBuf, io::ErrorKind)>>,
}

struct Output {
    level: u8,
    format: Format,
    to: To,
}

enum To {
    Console(Stream),
    File(LogFile),
}

/// `okta.log` for `[okta]` and `[okta.EU]`.
struct Sections {
    directory: PathBuf,
    format: Format,
    files: Mutex<BTreeMap<String, Arc<LogFile>>>,
}

/// The section that a span is about.
struct SectionOf(String);

/// Python's number of a level.
fn number(level: &Level) -> u8 {
    match *level {
        Level::ERROR => 40,
        Level::WARN => 30,
        Level::INFO => 20,
        Level::DEBUG => 10,
        Level::TRACE => 5,
    }
}

impl Log {
    /// Writes to those handlers of a configuration, with their places in it.
    pub(super) fn new<'a>(
        config: &Config,
        only: impl IntoIterator<Item = (usize, &'a Handler)>,
        sections: Option<PathBuf>,
        reports: Option<Stream>,
        above: fn(&dyn Fn()),
    ) -> Self {
        let output = |handler: &Handler| Output {
            level: handler.level,
            format: handler.format.clone(),
            to: match &handler.sink {
                Sink::Console(stream) => To::Console(*stream),
                Sink::File(file) => To::File(LogFile::new(file.clone())),
            },
        };
        Self {
            handlers: only
                .into_iter()
                .map(|(place, handler)| (place, output(handler)))
                .collect(),
            routes: Routes::new(config),
            is_at_every_level: false,
            sections: sections.map(|directory| Sections {
                directory,
                format: file_lines(),
                files: Mutex::default(),
            }),
            reports,
            above,
            since: Timestamp::now(),
            told: Mutex::default(),
        }
    }

    /// All that gets here is written: a filter in front decides.
    pub(super) fn at_every_level(mut self) -> Self {
        self.is_at_every_level = true;
        self
    }

    /// What is in front of it otherwise: this program's own events, at levels that some handler writes.
    pub(super) fn filter(&self) -> FilterFn<impl Fn(&Metadata<'_>) -> bool + use<>> {
        let handlers = self.handlers.values().map(|handler| handler.level).min();
        let sections = self.sections.as_ref().map(|_| SECTION_LEVEL);
        let written = handlers.into_iter().chain(sections).min();
        let least = written.map_or(u8::MAX, |written| {
            let routed = written.max(self.routes.least_level());
            sections.map_or(routed, |sections| routed.min(sections))
        });
        let least = if self.reports.is_some() {
            least.min(REPORT_LEVEL)
        } else {
            least
        };
        let most = match least {
            0..=5 => LevelFilter::TRACE,
            6..=10 => LevelFilter::DEBUG,
            11..=20 => LevelFilter::INFO,
            21..=30 => LevelFilter::WARN,
            31..=40 => LevelFilter::ERROR,
            // Spans pass all the same: they say which section something is of.
            _ => LevelFilter::ERROR,
        };
        filter_fn(move |metadata| metadata.target().starts_with(OURS) && *metadata.level() <= most)
            .with_max_level_hint(most)
    }

    fn write(&self, line: &Line<'_>, is_report: bool) {
        if is_report && let Some(stream) = self.reports {
            let text = Format::Json.write(line);
            (self.above)(&|| stream.write(&text));
        }
        let mut written = BTreeSet::new();
        let routed = if self.is_at_every_level {
            self.handlers.keys().copied().collect()
        } else {
            self.routes.handlers(line.name, line.level)
        };
        for index in routed {
            let Some(handler) = self.handlers.get(&index) else {
                continue;
            };
            if line.level < handler.level && !self.is_at_every_level {
                continue;
            }
            match &handler.to {
                // The console has it already.
                To::Console(_) if is_report => {}
                // Python writes it twice where two loggers name one console; nobody wants that.
                To::Console(_) if !written.insert(index) => {}
                To::Console(stream) => {
                    let text = handler.format.write(line);
                    (self.above)(&|| stream.write(&text));
                }
                To::File(file) => self.append(file, &handler.format, line),
            }
        }
        if let (Some(sections), Some(section)) = (&self.sections, line.section)
            && line.level >= SECTION_LEVEL
            && is_section(section)
        {
            self.append(&sections.file(section), &sections.format, line);
        }
    }

    fn append(&self, file: &LogFile, format: &Format, line: &Line<'_>) {
        if let Err(error) = file.write(&format.write(line), line.time) {
            self.tell(file.path(), &error);
        }
    }

    /// Says that a file cannot be written: once for all files of a directory.
    fn tell(&self, path: &Path, error: &io::Error) {
        if IS_HELD.load(Ordering::Relaxed) {
            return;
        }
        let directory = path.parent().unwrap_or(path).to_owned();
        let is_new = self
            .told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert((directory, error.kind()));
        if !is_new {
            return;
        }
        let shown = clean(&path.display().to_string(), 500);
        let what = format!("the log `{shown}` cannot be written: {error}; the run goes on without it");
        let hint = format!(
            "{}, or say with `--logging-config` where logs go",
            files::write_hint(error)
        );
        let text = if is_json() {
            let line = Line {
                level: 30,
                name: "connector.py",
                section: None,
                message: &format!("{what}; {hint}"),
                details: &[],
                time: Timestamp::now(),
                file: file!(),
                line: line!(),
                since: self.since,
            };
            Format::Json.write(&line)
        } else {
            format!("warning: {what}\nhint: {hint}\n")
        };
        (self.above)(&|| Stream::Error.write(&text));
    }
}

impl Sections {
    fn file(&self, section: &str) -> Arc<LogFile> {
        let connector = connector(section);
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = files.get(connector) {
            return Arc::clone(file);
        }
        let path = self.directory.join(format!("{}.log", files::plain(connector)));
        let file = Arc::new(LogFile::new(FileConfig::shipped(path)));
        files.insert(connector.to_owned(), Arc::clone(&file));
        file
    }
}

/// The connector of a section: what stands before the first dot.
fn connector(section: &str) -> &str {
    section.split('.').next().unwrap_or(section)
}

/// Who logged something, in the names of version 1.0.10: people have levels for them in their files.
fn name<'a>(metadata: &Metadata<'a>, section: Option<&str>) -> Cow<'a, str> {
    if let Some(section) = section {
        return format!("connectors/{}", connector(section)).into();
    }
    let target = metadata.target();
    match target.strip_prefix(OURS) {
        None => target.into(),
        Some(room) if room.starts_with("::cli") || room.starts_with("::report") => "connector.py".into(),
        Some(room) if room.starts_with("::config") => "lib/config".into(),
        Some(_) => "lib/connector".into(),
    }
}

/// What an event carries.
#[derive(Default)]
struct Carried {
    message: String,
    section: Option<String>,
    details: Vec<Detail>,
}

impl Carried {
    fn put(&mut self, field: &Field, value: String, is_text: bool) {
        match field.name() {
            "message" => self.message = value,
            "section" if is_text => self.section = Some(value),
            name => self.details.push(Detail { name, value, is_text }),
        }
    }
}

impl Visit for Carried {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned(), true);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        // Whoever writes into a string fails only where the value does.
        _ = write!(text, "{value:?}");
        self.put(field, text, false);
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut carried = Carried::default();
        attributes.record(&mut carried);
        if let (Some(section), Some(span)) = (carried.section, context.span(id)) {
            span.extensions_mut().replace(SectionOf(section));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let mut carried = Carried::default();
        event.record(&mut carried);
        if carried.section.is_none() {
            carried.section = context.event_scope(event).and_then(|mut scope| {
                scope.find_map(|span| span.extensions().get::<SectionOf>().map(|section| section.0.clone()))
            });
        }
        let is_report = metadata.target() == REPORT;
        // Masked before anything is cut or escaped: a part of a secret is not found, nor one that is written otherwise.
        let message = secrets().redact(&carried.message);
        let message = if is_report {
            // Its parts were cleaned one by one, and its lines are kept.
            message.into_owned()
        } else {
            clean(&message, LINE_BYTES)
        };
        for detail in &mut carried.details {
            detail.value = clean(&secrets().redact(&detail.value), LINE_BYTES);
        }
        let section = carried.section.as_deref().map(shown);
        let line = Line {
            level: number(metadata.level()),
            name: &name(metadata, section.as_deref()),
            section: section.as_deref(),
            message: &message,
            details: &carried.details,
            time: Timestamp::now(),
            file: metadata.file().unwrap_or_default(),
            line: metadata.line().unwrap_or_default(),
            since: self.since,
        };
        self.write(&line, is_report);
    }
}
