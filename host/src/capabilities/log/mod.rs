//! `oomnitza:connector/log`: lines in the host's log.
//!
//! Grants: every connector has it. Limits: [`Limits`]. A guest's words are a *field* of the host's line: they cannot forge a line, move a
//! cursor or show a secret that the section knows.

use std::time::{Duration, Instant};

use wasmtime::component::{HasData, Linker};

use crate::contract::connector::oomnitza::connector::log::{self, Host, Level};
use crate::redact::{Redactor, clean};

/// How much a guest may say.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of one line; what is beyond is cut.
    pub line_bytes: usize,
    /// Lines within one second; what is beyond is counted.
    pub lines_per_second: u32,
    /// Bytes of one run; what is beyond is counted.
    pub run_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line_bytes: 8 << 10,
            lines_per_second: 100,
            run_bytes: 16 << 20,
        }
    }
}

/// The log of one run.
#[derive(Debug)]
pub struct LogState {
    section: String,
    redactor: Redactor,
    limits: Limits,
    second_started: Instant,
    lines_this_second: u32,
    run_bytes: usize,
    suppressed: u64,
    last_error: Option<String>,
}

impl LogState {
    /// The log of a section.
    pub fn new(section: &str, redactor: Redactor, limits: Limits) -> Self {
        Self {
            section: section.to_owned(),
            redactor,
            limits,
            second_started: Instant::now(),
            lines_this_second: 0,
            run_bytes: 0,
            suppressed: 0,
            last_error: None,
        }
    }

    /// The last line at level error. A guest's panic message is such a line.
    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// Text of a guest, without the section's secrets.
    pub fn masked(&self, text: &str) -> String {
        self.redactor.redact(text).into_owned()
    }

    /// How many lines were too many.
    pub fn suppressed(&self) -> u64 {
        self.suppressed
    }

    /// The line to write, if it is within the limits.
    fn admit(&mut self, message: &str, now: Instant) -> Option<String> {
        if now.duration_since(self.second_started) >= Duration::from_secs(1) {
            self.second_started = now;
            self.lines_this_second = 0;
        }
        let line = clean(&self.redactor.redact(message), self.limits.line_bytes);
        let run_bytes = self.run_bytes.saturating_add(line.len());
        if self.lines_this_second >= self.limits.lines_per_second || run_bytes > self.limits.run_bytes {
            self.suppressed += 1;
            return None;
        }
        self.lines_this_second += 1;
        self.run_bytes = run_bytes;
        Some(line)
    }
}

impl Host for &mut LogState {
    async fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        if level == Level::Error {
            self.last_error = Some(clean(&self.redactor.redact(&message), self.limits.line_bytes));
        }
        let Some(line) = self.admit(&message, Instant::now()) else {
            return Ok(());
        };
        let section = self.section.as_str();
        match level {
            Level::Debug => tracing::debug!(section, guest.message = line, "connector"),
            Level::Info => tracing::info!(section, guest.message = line, "connector"),
            Level::Warning => tracing::warn!(section, guest.message = line, "connector"),
            Level::Error => tracing::error!(section, guest.message = line, "connector"),
        }
        Ok(())
    }
}

/// One line says how many were too many.
impl Drop for LogState {
    fn drop(&mut self) {
        if self.suppressed > 0 {
            tracing::warn!(
                section = self.section,
                lines = self.suppressed,
                "the connector wrote more than it may; suppressed"
            );
        }
    }
}

/// Links the log.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    get: fn(&mut T) -> &mut LogState,
) -> wasmtime::Result<()> {
    struct View;
    impl HasData for View {
        type Data<'a> = &'a mut LogState;
    }
    log::add_to_linker::<T, View>(linker, get)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Secret;

    fn state(limits: Limits) -> LogState {
        LogState::new("okta", Redactor::new([&Secret::new("00-secret-token")]), limits)
    }

    #[test]
    fn a_line_can_neither_show_a_secret_nor_forge_another() {
        let mut state = state(Limits::default());
        let line = state.admit("token 00-secret-token\nERROR host: \x1b[2J", Instant::now());
        assert_eq!(line.as_deref(), Some("token [redacted]\\nERROR host: \\u{1b}[2J"));
    }

    #[test]
    fn a_flood_is_counted_and_a_later_line_comes_through() {
        let mut state = state(Limits {
            lines_per_second: 2,
            ..Limits::default()
        });
        let start = state.second_started;
        let admitted = (0..1_000).filter(|_| state.admit("flood", start).is_some()).count();
        assert_eq!((admitted, state.suppressed()), (2, 998));
        assert!(state.admit("later", start + Duration::from_secs(1)).is_some());
    }

    #[test]
    fn a_run_has_a_budget_and_a_line_a_length() {
        let mut state = state(Limits {
            line_bytes: 10,
            run_bytes: 30,
            ..Limits::default()
        });
        let now = Instant::now();
        assert_eq!(state.admit(&"x".repeat(100), now).as_deref(), Some("xxxxxxxxxx…"));
        assert!(state.admit(&"x".repeat(100), now).is_some());
        assert!(state.admit(&"x".repeat(100), now).is_none());
    }
}
