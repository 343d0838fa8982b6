//! Reading a logging file: the dictionary of Python's `logging.config.dictConfig`, as JSON.
//!
//! Whatever is in it that means nothing here is a warning that names it, and the rest holds: a handler that sends mail is left out,
//! the files beside it are written.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::config::{Config, FileConfig, Handler, Logger, Rotation, Sink, Stream};
use super::format::Format;
use super::moment::Schedule;
use crate::files;
use crate::redact::clean;

/// Bytes of a logging file: real ones have a thousand.
const MOST_BYTES: u64 = 1 << 20;

/// Why a logging file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It cannot be read.
    #[error("the logging file `{}` cannot be read", path.display())]
    Io {
        /// Its path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not JSON.
    #[error("{}:{line}:{column}: is not JSON: {problem}", path.display())]
    NotJson {
        /// Its path.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
        /// Where in the line, from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// It is JSON, but no dictionary.
    #[error("{}: holds no dictionary of handlers and loggers", path.display())]
    NoDictionary {
        /// Its path.
        path: PathBuf,
    },
}

impl ReadError {
    /// What can be done about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                "correct the path behind `--logging-config`, or leave the option out"
            }
            Self::Io { source, .. } => {
                return format!("{}, or leave `--logging-config` out", files::read_hint(source));
            }
            Self::NotJson { .. } => "correct the file; comments and commas behind the last entry are not JSON",
            Self::NoDictionary { .. } => {
                "write it like Python's dictConfig: `{\"version\": 1, \"handlers\": {…}, \"root\": {…}}`"
            }
        }
        .to_owned()
    }
}

/// Something in a logging file that means nothing here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `handlers.mail.class`.
    pub at: String,
    /// What is wrong.
    pub what: String,
}

impl Config {
    /// Reads a logging file. Paths in it are relative to `directory`.
    pub fn read(path: &Path, directory: &Path) -> Result<(Self, Vec<Problem>), ReadError> {
        let io = |source| ReadError::Io {
            path: path.to_owned(),
            source,
        };
        let bytes = files::read(path, MOST_BYTES).map_err(io)?.ok_or_else(|| {
            io(std::io::Error::new(
                std::io::ErrorKind::NotFound,
                "there is no such file",
            ))
        })?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let value: Value = serde_json::from_slice(bytes).map_err(|error| ReadError::NotJson {
            path: path.to_owned(),
            line: error.line(),
            // Of an empty file it says 0.
            column: error.column().max(1),
            // It ends by saying where once more.
            problem: error
                .to_string()
                .split(" at line ")
                .next()
                .unwrap_or_default()
                .to_owned(),
        })?;
        let Value::Object(dictionary) = value else {
            return Err(ReadError::NoDictionary { path: path.to_owned() });
        };
        let mut reading = Reading {
            directory,
            problems: Vec::new(),
        };
        let config = reading.config(&dictionary);
        Ok((config, reading.problems))
    }
}

struct Reading<'a> {
    directory: &'a Path,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn problem(&mut self, at: impl Into<String>, what: impl Into<String>) {
        self.problems.push(Problem {
            at: clean(&at.into(), 200),
            what: what.into(),
        });
    }

    /// Names the keys of an object that nobody reads.
    fn known(&mut self, at: &str, object: &Map<String, Value>, known: &[&str]) {
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            let at = if at.is_empty() {
                key.clone()
            } else {
                format!("{at}.{key}")
            };
            self.problem(at, "has no meaning here, and no effect");
        }
    }

    /// The entries of an object within another, if there is one.
    fn entries<'v>(&mut self, object: &'v Map<String, Value>, key: &str) -> Vec<(&'v String, &'v Map<String, Value>)> {
        let Some(value) = object.get(key) else {
            return Vec::new();
        };
        let Value::Object(entries) = value else {
            self.problem(key, "is not a dictionary");
            return Vec::new();
        };
        let mut found = Vec::new();
        for (name, entry) in entries {
            match entry {
                Value::Object(entry) => found.push((name, entry)),
                _ => self.problem(format!("{key}.{name}"), "is not a dictionary"),
            }
        }
        found
    }

    fn config(&mut self, dictionary: &Map<String, Value>) -> Config {
        let known = [
            "version",
            "disable_existing_loggers",
            "formatters",
            "handlers",
            "loggers",
            "root",
        ];
        self.known("", dictionary, &known);
        if dictionary.get("version") != Some(&Value::from(1)) {
            self.problem("version", "is not 1; the file is read as if it were");
        }
        let mut formats = Vec::new();
        for (name, entry) in self.entries(dictionary, "formatters") {
            formats.push((name, self.format(&format!("formatters.{name}"), entry)));
        }
        let (mut handlers, mut names) = (Vec::new(), Vec::new());
        for (name, entry) in self.entries(dictionary, "handlers") {
            if let Some(handler) = self.handler(&format!("handlers.{name}"), entry, &formats) {
                handlers.push(handler);
                names.push((name.as_str(), Some(handlers.len() - 1)));
            } else {
                names.push((name.as_str(), None));
            }
        }
        let mut loggers = Vec::new();
        for (name, entry) in self.entries(dictionary, "loggers") {
            let own = if name == "root" { "" } else { name.as_str() };
            loggers.push(self.logger(&format!("loggers.{name}"), own, entry, &names));
        }
        match dictionary.get("root") {
            Some(Value::Object(root)) => {
                loggers.retain(|logger| !logger.name.is_empty());
                loggers.push(self.logger("root", "", root, &names));
            }
            Some(_) => self.problem("root", "is not a dictionary"),
            None => {}
        }
        Config {
            handlers,
            loggers,
            is_from_file: true,
        }
    }

    fn format(&mut self, at: &str, entry: &Map<String, Value>) -> Format {
        self.known(at, entry, &["format", "datefmt", "class", "()", "style", "validate"]);
        let class = ["()", "class"].iter().find_map(|key| entry.get(*key)?.as_str());
        match class {
            Some(class) if class.to_ascii_lowercase().contains("json") => return Format::Json,
            None | Some("logging.Formatter") => {}
            Some(class) => self.problem(
                at,
                format!("formatter `{}` is not there; the plain one is used", clean(class, 80)),
            ),
        }
        let is_foreign = entry.get("style").is_some_and(|style| style != "%");
        if is_foreign {
            let what = format!("is not `%`, the only one that is read; lines are written as `{PLAIN}`");
            self.problem(format!("{at}.style"), what);
        }
        let text = |key: &str| entry.get(key).and_then(Value::as_str);
        let format = text("format").filter(|_| !is_foreign).unwrap_or(PLAIN);
        let (format, problems) = Format::parse(format, text("datefmt"));
        for problem in problems {
            self.problem(at, problem);
        }
        format
    }

    fn level(&mut self, at: &str, entry: &Map<String, Value>) -> Option<u8> {
        let value = entry.get("level")?;
        let number = match value {
            Value::String(name) => match name.to_ascii_uppercase().as_str() {
                "CRITICAL" | "FATAL" => Some(50),
                "ERROR" => Some(40),
                "WARNING" | "WARN" => Some(30),
                "INFO" => Some(20),
                "DEBUG" => Some(10),
                "NOTSET" => Some(0),
                _ => None,
            },
            number => number.as_u64().map(|number| u8::try_from(number).unwrap_or(u8::MAX)),
        };
        if number.is_none() {
            let shown = clean(&value.to_string(), 40);
            self.problem(format!("{at}.level"), format!("{shown} is not a level"));
        }
        number
    }

    fn handler(&mut self, at: &str, entry: &Map<String, Value>, formats: &[(&String, Format)]) -> Option<Handler> {
        let class = ["class", "()"].iter().find_map(|key| entry.get(*key)?.as_str());
        let Some(class) = class else {
            self.problem(format!("{at}.class"), "is missing; the handler is left out");
            return None;
        };
        let shared = ["class", "()", "level", "formatter"];
        let own: &[&str] = match class {
            "logging.StreamHandler" => &["stream"],
            "logging.FileHandler" | "logging.handlers.WatchedFileHandler" => FILE,
            "logging.handlers.RotatingFileHandler"
            // The old program's own, and what people put in its place where several processes write.
            | "lib.config.RotateHandler"
            | "cloghandler.ConcurrentRotatingFileHandler"
            | "concurrent_log_handler.ConcurrentRotatingFileHandler" => ROTATED,
            "logging.handlers.TimedRotatingFileHandler" => TIMED,
            "logging.NullHandler" => return None,
            other => {
                let what = format!("there is no `{}` here; the handler is left out", clean(other, 80));
                self.problem(format!("{at}.class"), what);
                return None;
            }
        };
        self.known(at, entry, &[&shared, own].concat());
        let level = self.level(at, entry).unwrap_or(0);
        let format = match entry.get("formatter").and_then(Value::as_str) {
            Some(wanted) => {
                let found = formats.iter().find(|(name, _)| *name == wanted);
                if found.is_none() {
                    let what = format!(
                        "there is no formatter `{}`; the message alone is written",
                        clean(wanted, 60)
                    );
                    self.problem(format!("{at}.formatter"), what);
                }
                found.map(|(_, format)| format.clone())
            }
            None => None,
        };
        let format = format.unwrap_or_else(|| Format::parse(PLAIN, None).0);
        let sink = if class == "logging.StreamHandler" {
            Sink::Console(self.stream(at, entry))
        } else {
            Sink::File(self.file(at, entry, class)?)
        };
        Some(Handler { level, format, sink })
    }

    fn stream(&mut self, at: &str, entry: &Map<String, Value>) -> Stream {
        match entry.get("stream").map(Value::as_str) {
            None | Some(Some("ext://sys.stderr")) => Stream::Error,
            Some(Some("ext://sys.stdout")) => Stream::Output,
            Some(_) => {
                self.problem(
                    format!("{at}.stream"),
                    "is neither `ext://sys.stdout` nor `ext://sys.stderr`; lines go to standard error",
                );
                Stream::Error
            }
        }
    }

    fn file(&mut self, at: &str, entry: &Map<String, Value>, class: &str) -> Option<FileConfig> {
        let Some(name) = entry
            .get("filename")
            .and_then(Value::as_str)
            .filter(|name| !name.is_empty())
        else {
            self.problem(format!("{at}.filename"), "is missing; the handler is left out");
            return None;
        };
        if let Some(encoding) = entry.get("encoding").and_then(Value::as_str)
            && !["utf8", "utf-8", "utf_8", "ascii"].contains(&encoding.to_ascii_lowercase().as_str())
        {
            let what = format!("`{}` is not written; the file is UTF-8", clean(encoding, 40));
            self.problem(format!("{at}.encoding"), what);
        }
        let number = |reading: &mut Self, key: &str, default: u64| match entry.get(key) {
            None => default,
            Some(value) => value.as_u64().unwrap_or_else(|| {
                reading.problem(
                    format!("{at}.{key}"),
                    format!("is not a whole number; it is taken as {default}"),
                );
                default
            }),
        };
        let kept = u32::try_from(number(self, "backupCount", 0)).unwrap_or(u32::MAX);
        let rotation = if class == "logging.handlers.TimedRotatingFileHandler" {
            let when = entry.get("when").and_then(Value::as_str).unwrap_or("H");
            let interval = u32::try_from(number(self, "interval", 1)).unwrap_or(u32::MAX);
            let is_utc = entry.get("utc") == Some(&Value::Bool(true));
            match Schedule::read(when, interval, kept, is_utc) {
                Some(schedule) => Rotation::Time(schedule),
                None => {
                    let what = format!(
                        "`{}` is not one of S, M, H, D, midnight, W0 to W6; the file is not rotated",
                        clean(when, 40)
                    );
                    self.problem(format!("{at}.when"), what);
                    Rotation::Never
                }
            }
        } else {
            // Python rotates only where both are given.
            match (number(self, "maxBytes", 0), kept) {
                (0, _) | (_, 0) => Rotation::Never,
                (bytes, kept) => Rotation::Size { bytes, kept },
            }
        };
        let mode = entry.get("mode").and_then(Value::as_str).unwrap_or("a");
        Some(FileConfig {
            path: self.directory.join(name),
            is_fresh: mode.starts_with('w') && rotation == Rotation::Never,
            rotation,
        })
    }

    fn logger(
        &mut self,
        at: &str,
        name: &str,
        entry: &Map<String, Value>,
        handlers: &[(&str, Option<usize>)],
    ) -> Logger {
        self.known(at, entry, &["level", "handlers", "propagate"]);
        let mut own = Vec::new();
        let wanted = entry.get("handlers").and_then(Value::as_array);
        for wanted in wanted.into_iter().flatten() {
            let name = wanted.as_str().unwrap_or_default();
            match handlers.iter().find(|(handler, _)| *handler == name) {
                Some((_, handler)) => own.extend(*handler),
                None => {
                    let what = format!("there is no handler `{}`", clean(name, 60));
                    self.problem(format!("{at}.handlers"), what);
                }
            }
        }
        let propagates = match entry.get("propagate") {
            None => true,
            Some(value) => !matches!(value, Value::Bool(false)) && value != &Value::from(0),
        };
        Logger {
            name: name.to_owned(),
            // NOTSET says nothing, except of the root.
            level: self.level(at, entry).filter(|level| *level > 0 || name.is_empty()),
            handlers: own,
            propagates,
        }
    }
}

/// What Python writes where no format is given.
const PLAIN: &str = "%(message)s";

const FILE: &[&str] = &["filename", "mode", "encoding", "delay", "errors"];
const ROTATED: &[&str] = &[
    "filename",
    "mode",
    "encoding",
    "delay",
    "errors",
    "maxBytes",
    "backupCount",
];
const TIMED: &[&str] = &[
    "filename",
    "encoding",
    "delay",
    "errors",
    "when",
    "interval",
    "backupCount",
    "utc",
];

#[cfg(test)]
mod tests;
