//! What people read: data on standard output, everything else on standard error, understandable without colour.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use super::machine;
use super::progress::AboveTheLines;
use crate::config::{Finding, Severity};
use crate::files;
use crate::logging::{self, Gravity};
use crate::redact::{clean, clean_json};

/// Bytes of one line of a message.
pub(super) const LINE_BYTES: usize = 2_000;

/// Whether standard output did not take something. It is kept here, so that no command can forget to look: the exit code follows from
/// it whatever the command makes of it (`Exit::unshown`).
static IS_LOST: AtomicBool = AtomicBool::new(false);

/// Writes to standard error. A reader that is gone is no error.
pub(super) fn say(text: &str) {
    _ = AboveTheLines::take().write_all(format!("{text}\n").as_bytes());
}

/// Tells people something that is worth keeping: on standard error, and in the log. Where the console is one of JSON, it is a line of it.
pub(super) fn tell(gravity: Gravity, section: Option<&str>, text: &str) {
    if !logging::is_json() {
        say(text);
    }
    // The log has levels of its own for these words.
    let plain = text.strip_prefix("error: ").or_else(|| text.strip_prefix("warning: "));
    logging::report(gravity, section, plain.unwrap_or(text));
}

/// Writes lines to standard output, as [`deliver`] does.
pub(super) fn print(text: &str) -> bool {
    deliver(format!("{text}\n").as_bytes())
}

/// Writes what was asked for to standard output, whole; false where more is of no use. A reader that has seen enough is no failure; a
/// full disk is, which is said here once.
pub(super) fn deliver(bytes: &[u8]) -> bool {
    let written = {
        let _above = AboveTheLines::take();
        let mut out = std::io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush())
    };
    let Err(error) = written else { return true };
    if error.kind() != ErrorKind::BrokenPipe && !IS_LOST.swap(true, Ordering::Relaxed) {
        let what = format!("standard output cannot be written to: {error}");
        tell(
            Gravity::Error,
            None,
            &chain(&what, None, Some(files::write_hint(&error))),
        );
    }
    false
}

/// Whether standard output did not take something that somebody would have read.
pub(super) fn is_lost() -> bool {
    IS_LOST.load(Ordering::Relaxed)
}

/// A value as one line of JSON that can be shown on a terminal.
pub(super) fn json(value: &impl serde::Serialize) -> String {
    // Plain values; this does not fail.
    clean_json(&serde_json::to_string(value).unwrap_or_default())
}

/// Whether somebody watches standard error, at a terminal whose cursor can be moved.
pub(super) fn is_watched() -> bool {
    let moves = match machine::variable("TERM").as_deref() {
        Some("" | "dumb") => false,
        Some(_) => true,
        // Windows does not say, and is asked.
        #[cfg(windows)]
        None => super::console::takes_sequences(),
        #[cfg(not(windows))]
        None => false,
    };
    moves && std::io::stderr().is_terminal()
}

/// A chain of errors: what failed, what caused it, and what can be done.
pub(super) fn chain(first: &str, mut cause: Option<&dyn Error>, hint: Option<&str>) -> String {
    let mut text = format!("error: {}", clean(first, LINE_BYTES));
    while let Some(error) = cause {
        _ = write!(text, "\n  Caused by: {}", clean(&error.to_string(), LINE_BYTES));
        cause = error.source();
    }
    if let Some(hint) = hint {
        _ = write!(text, "\nhint: {}", clean(hint, LINE_BYTES));
    }
    text
}

/// One finding with its remedy.
pub(super) fn finding(finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut text = format!("{severity}: {}", clean(&finding.to_string(), LINE_BYTES));
    for line in &finding.excerpt {
        _ = write!(text, "\n    {}", clean(line, LINE_BYTES));
    }
    if let Some(remedy) = &finding.remedy {
        _ = write!(text, "\nhint: {}", clean(remedy, LINE_BYTES));
    }
    text
}

/// Tells each finding.
pub(super) fn say_all(findings: &[Finding]) {
    for each in findings {
        let gravity = match each.severity {
            Severity::Error => Gravity::Error,
            Severity::Warning => Gravity::Warning,
            Severity::Note => Gravity::Info,
        };
        tell(gravity, each.place.section.as_deref(), &finding(each));
    }
}

/// A number with its thousands apart: `12,345`.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_kept_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn nothing_in_a_message_reaches_the_terminal_as_control() {
        let error = std::io::Error::other("x\ny");
        assert_eq!(
            chain("a\x1b[2Jb", Some(&error), Some("c\rd")),
            "error: a\\u{1b}[2Jb\n  Caused by: x\\ny\nhint: c\\rd"
        );
    }
}
