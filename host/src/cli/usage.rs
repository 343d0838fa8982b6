//! Command lines that are a question, and those that cannot be understood.

use clap::error::ErrorKind;

use super::exit::Exit;
use super::output::{deliver, say};
use crate::redact::clean;

/// Bytes of one line of a message.
const LINE_BYTES: usize = 2_000;

/// Answers a command line that asks for help or the version, or says what is wrong with it.
pub(super) fn answer(error: &clap::Error) -> Exit {
    match error.kind() {
        ErrorKind::DisplayVersion => {
            deliver(concat!("oomnitza-connector ", env!("CARGO_PKG_VERSION"), "\n").as_bytes());
            Exit::Done
        }
        ErrorKind::DisplayHelp => {
            deliver(error.render().to_string().as_bytes());
            Exit::Done
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            say(error.render().to_string().trim_end());
            Exit::Config
        }
        _ => {
            say(&wrong(&error.render().to_string()));
            Exit::Config
        }
    }
}

/// What is wrong, as all of the program's messages say it: the mistake, what is possible, and one `hint:`.
fn wrong(rendered: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut hints: Vec<String> = Vec::new();
    for line in rendered.lines().filter(|line| !line.trim().is_empty()) {
        // What was typed stands in it.
        let line = clean(line, LINE_BYTES);
        if let Some(tip) = line.trim_start().strip_prefix("tip: ") {
            hints.push(format!("hint: {tip}"));
        } else if !line.starts_with("For more information") {
            lines.push(line);
        }
    }
    if hints.is_empty() {
        hints.push("hint: `--help` explains every command and option".to_owned());
    }
    lines.append(&mut hints);
    lines.join("\n")
}
