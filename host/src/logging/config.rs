//! What is logged where, as plain values.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use super::format::Format;
use super::moment::Schedule;

/// Bytes at which a shipped file is rotated.
const SHIPPED_BYTES: u64 = 10 << 20;

/// Rotated files that are kept of a shipped one.
const SHIPPED_KEPT: u32 = 20;

/// How version 1.0.10 writes lines into files.
const FILE_LINES: &str = "%(name)s: %(asctime)s - %(levelname)s - %(message)s";

/// How version 1.0.10 writes lines on the console.
const CONSOLE_LINES: &str = "%(levelname)s - %(message)s";

/// What is logged where.
#[derive(Debug, Clone)]
pub struct Config {
    pub(super) handlers: Vec<Handler>,
    /// By name; the root's is empty.
    pub(super) loggers: Vec<Logger>,
    pub(super) is_from_file: bool,
}

/// Something that writes lines.
#[derive(Debug, Clone)]
pub(super) struct Handler {
    /// Lines below are not for it; Python's numbers.
    pub(super) level: u8,
    pub(super) format: Format,
    pub(super) sink: Sink,
}

/// Where lines go.
#[derive(Debug, Clone)]
pub(super) enum Sink {
    Console(Stream),
    File(FileConfig),
}

/// A file of lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileConfig {
    pub(super) path: PathBuf,
    pub(super) rotation: Rotation,
    /// What is in it goes when it is opened.
    pub(super) is_fresh: bool,
}

/// When a file makes room for a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rotation {
    Never,
    /// Before it has more bytes than this; so many old ones are kept.
    Size {
        bytes: u64,
        kept: u32,
    },
    Time(Schedule),
}

/// Standard output or standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Output,
    Error,
}

/// What holds for names, and for those below them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Logger {
    pub(super) name: String,
    /// None: as the one above.
    pub(super) level: Option<u8>,
    pub(super) handlers: Vec<usize>,
    /// Whether the handlers of those above get its lines as well.
    pub(super) propagates: bool,
}

impl Stream {
    pub(super) fn is_terminal(self) -> bool {
        match self {
            Self::Output => std::io::stdout().is_terminal(),
            Self::Error => std::io::stderr().is_terminal(),
        }
    }

    /// Writes a line. A reader that is gone, and a disk that is full, are nothing that could be told anywhere.
    pub(super) fn write(self, line: &str) {
        _ = match self {
            Self::Output => std::io::stdout().lock().write_all(line.as_bytes()),
            Self::Error => std::io::stderr().lock().write_all(line.as_bytes()),
        };
    }
}

impl FileConfig {
    /// A file as the old program rotates them.
    pub(super) fn shipped(path: PathBuf) -> Self {
        Self {
            path,
            rotation: Rotation::Size {
                bytes: SHIPPED_BYTES,
                kept: SHIPPED_KEPT,
            },
            is_fresh: false,
        }
    }
}

/// How lines look in files.
pub(super) fn file_lines() -> Format {
    Format::parse(FILE_LINES, None).0
}

impl Config {
    /// What version 1.0.10 ships: the console at INFO, and in the directory `info.log` at DEBUG and `errors.log` at ERROR.
    pub(super) fn shipped(directory: Option<&Path>) -> Self {
        let file = |directory: &Path, level, name| Handler {
            level,
            format: file_lines(),
            sink: Sink::File(FileConfig::shipped(directory.join(name))),
        };
        let console = Handler {
            level: 20,
            format: Format::parse(CONSOLE_LINES, None).0,
            sink: Sink::Console(Stream::Output),
        };
        let files = directory
            .into_iter()
            .flat_map(|directory| [file(directory, 10, "info.log"), file(directory, 40, "errors.log")]);
        let handlers: Vec<_> = std::iter::once(console).chain(files).collect();
        let root = Logger {
            name: String::new(),
            level: Some(10),
            handlers: (0..handlers.len()).collect(),
            propagates: true,
        };
        Self {
            handlers,
            loggers: vec![root],
            is_from_file: false,
        }
    }

    /// Lifts consoles to a level where `is_meant` takes their stream.
    pub(super) fn soften(&mut self, level: u8, is_meant: impl Fn(Stream) -> bool) {
        for handler in &mut self.handlers {
            if let Sink::Console(stream) = handler.sink
                && is_meant(stream)
            {
                handler.level = handler.level.max(level);
            }
        }
    }

    /// Sends all console lines to one stream.
    pub(super) fn redirect(&mut self, to: Stream) {
        for handler in &mut self.handlers {
            if let Sink::Console(stream) = &mut handler.sink {
                *stream = to;
            }
        }
    }

    /// Makes the console one of JSON, and says where the first one is.
    pub(super) fn speak_json(&mut self) -> Stream {
        self.have_console();
        let mut first = None;
        for handler in &mut self.handlers {
            if let Sink::Console(stream) = handler.sink {
                handler.format = Format::Json;
                first.get_or_insert(stream);
            }
        }
        first.unwrap_or(Stream::Error)
    }

    /// Sees to it that there is a console: somebody has asked for lines there.
    pub(super) fn have_console(&mut self) {
        if self
            .handlers
            .iter()
            .any(|handler| matches!(handler.sink, Sink::Console(_)))
        {
            return;
        }
        let console = self.handlers.len();
        self.handlers.push(Handler {
            level: 20,
            format: Format::parse(CONSOLE_LINES, None).0,
            sink: Sink::Console(Stream::Error),
        });
        match self.loggers.iter_mut().find(|logger| logger.name.is_empty()) {
            Some(root) => root.handlers.push(console),
            None => self.loggers.push(Logger {
                name: String::new(),
                level: Some(20),
                handlers: vec![console],
                propagates: true,
            }),
        }
    }
}
