//! Command lines that are a question, and those that cannot be understood.

use std::ffi::OsString;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::args::Cli;
use super::exit::Exit;
use super::output::{deliver, say};
use crate::redact::clean;

/// Bytes of one line of a message.
const LINE_BYTES: usize = 2_000;

/// Answers a command line, the program's name first, that asks for help or the version, or says what is wrong with it.
pub(super) fn answer(error: &clap::Error, arguments: &[OsString]) -> Exit {
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
            let own = own_words(error, arguments);
            say(&own.unwrap_or_else(|| wrong(&error.render().to_string())));
            Exit::Config
        }
    }
}

/// What clap does not know, or not well enough to say what helps.
fn own_words(error: &clap::Error, arguments: &[OsString]) -> Option<String> {
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidArg) else {
                return None;
            };
            let could_be = could_be(typed, arguments);
            (could_be.len() > 1).then(|| {
                format!(
                    "error: '{}' could be {}\nhint: write out the one that is meant",
                    clean(typed, LINE_BYTES),
                    could_be.join(" or ")
                )
            })
        }
        ErrorKind::InvalidUtf8 => {
            let typed = arguments.iter().find(|argument| argument.to_str().is_none())?;
            Some(format!(
                "error: '{}' is not UTF-8\nhint: write it in UTF-8, as names are in the ini file; a terminal or a file in another encoding, Latin-1 for example, gives other bytes",
                clean(&typed.to_string_lossy(), LINE_BYTES)
            ))
        }
        _ => None,
    }
}

/// The options that an abbreviation could stand for where it was typed.
fn could_be(typed: &str, arguments: &[OsString]) -> Vec<String> {
    let Some(begun) = typed.strip_prefix("--") else {
        return Vec::new();
    };
    let mut program = Cli::command();
    program.build();
    let before = arguments.iter().skip(1).take_while(|argument| {
        let argument = argument.to_string_lossy();
        argument.split('=').next() != Some(typed)
    });
    let command = before.fold(&program, |command, word| {
        command.find_subcommand(word).unwrap_or(command)
    });
    let names = command.get_arguments().filter_map(|option| option.get_long());
    names
        .filter(|name| name.starts_with(begun))
        .map(|name| format!("'--{name}'"))
        .collect()
}

/// What is wrong, as all of the program's messages say it: the mistake, what is possible, and one `hint:`.
fn wrong(rendered: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut hints: Vec<String> = Vec::new();
    for line in rendered.lines().filter(|line| !line.trim().is_empty()) {
        // What was typed stands in it.
        let line = clean(line, LINE_BYTES);
        if let Some(tip) = line.trim_start().strip_prefix("tip: ") {
            // Nobody has a section or a file that is called as an option is: behind `--` it would be looked for.
            hints.extend((!tip.starts_with("to pass '")).then(|| format!("hint: {tip}")));
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
