//! Command lines that are a question, and those that cannot be understood.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory as _};

use super::args::Cli;
use super::exit::Exit;
use super::output::{deliver, say};
use crate::config::nearest;
use crate::redact::clean;

/// Bytes of one line of a message.
const LINE_BYTES: usize = 2_000;

/// What is said where nothing better is known.
const HELP: &str = "`--help` explains every command and option";

/// Words of other programs, and what they are called here. Whoever wants a dry run must not come upon an option that sends.
const OF_OTHERS: [(&[&str], &str); 5] = [
    (
        &[
            "dry-run",
            "dryrun",
            "dry_run",
            "dry",
            "n",
            "no-op",
            "noop",
            "no-send",
            "pretend",
            "preview",
            "simulate",
            "test",
            "test-mode",
            "what-if",
            "whatif",
            "plan",
            "diff",
        ],
        "`oomnitza-connector upload NAME --testmode` shows what would be sent, and sends nothing",
    ),
    (
        &[
            "verbose",
            "v",
            "vv",
            "vvv",
            "debug",
            "d",
            "trace",
            "quiet",
            "q",
            "silent",
            "log-level",
            "loglevel",
        ],
        "the environment variable RUST_LOG says how much is logged, `RUST_LOG=debug` or `RUST_LOG=error` for example (docs/logging.md)",
    ),
    (
        &["config", "config-file", "conf", "configuration", "cfg", "c", "f"],
        "`--ini FILE` names the configuration; `oomnitza-connector generate-ini` writes one",
    ),
    (&["format", "output", "o"], "`--json` prints reports as JSON"),
    (
        &["parallel", "threads", "workers", "j"],
        "`--jobs N` says how many sections run side by side",
    ),
];

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
    let mut program = Cli::command();
    program.build();
    let typed = |kind| match error.get(kind) {
        Some(ContextValue::String(typed)) => Some(typed.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let typed = typed(ContextKind::InvalidArg)?;
            let shown = clean(typed, LINE_BYTES);
            let could_be = could_be(typed, &program, arguments);
            if could_be.len() > 1 {
                let could_be = could_be.join(" or ");
                return Some(format!(
                    "error: '{shown}' could be {could_be}\nhint: write out the one that is meant"
                ));
            }
            let hint = option_elsewhere(typed, &program, arguments)
                .or_else(|| is_far(error, typed, ContextKind::SuggestedArg).then(|| HELP.to_owned()))?;
            Some(format!("error: unexpected argument '{shown}' found\nhint: {hint}"))
        }
        ErrorKind::InvalidSubcommand => {
            let typed = typed(ContextKind::InvalidSubcommand)?;
            let hint = called_here(typed)
                .or_else(|| is_far(error, typed, ContextKind::SuggestedSubcommand).then_some(HELP))?;
            Some(format!(
                "error: unrecognized subcommand '{}'\nhint: {hint}",
                clean(typed, LINE_BYTES)
            ))
        }
        ErrorKind::MissingSubcommand if in_force(&program, arguments.iter()).0.is_empty() => {
            let has_mappings = arguments.iter().any(|word| {
                let word = word.to_string_lossy();
                word.len() > 3 && "--show-mappings".starts_with(&*word)
            });
            let example = if has_mappings {
                "upload --show-mappings"
            } else {
                "upload okta"
            };
            Some(format!(
                "error: no command is named\nhint: name one, for example `oomnitza-connector {example}`; `--help` lists them"
            ))
        }
        ErrorKind::MissingRequiredArgument => {
            let Some(ContextValue::Strings(missing)) = error.get(ContextKind::InvalidArg) else {
                return None;
            };
            let is_section = |name: &String| matches!(name.as_str(), "<CONNECTORS>..." | "<NAMES>...");
            missing
                .iter()
                .any(is_section)
                .then(|| unnamed(&in_force(&program, arguments.iter()).0))
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

/// That a command which wants sections was given none.
pub(super) fn unnamed(command: &str) -> String {
    format!(
        "error: no section is named\nhint: name the sections to run, for example `oomnitza-connector {} okta`",
        command.trim_start()
    )
}

/// What a word of other programs is called here.
fn called_here(typed: &str) -> Option<&'static str> {
    let word = typed.trim_start_matches('-');
    let (_, hint) = OF_OTHERS.iter().find(|(words, _)| words.contains(&word))?;
    Some(hint)
}

/// Where an option is that there is not where it was typed: under another name, or after a command of its own.
fn option_elsewhere(typed: &str, program: &Command, arguments: &[OsString]) -> Option<String> {
    if let Some(hint) = called_here(typed).filter(|_| typed.starts_with('-')) {
        return Some(hint.to_owned());
    }
    let begun = typed.strip_prefix("--")?;
    let mut commands = Vec::new();
    below(program, "", &mut commands);
    let mut owners: Vec<(String, &str)> = Vec::new();
    for (words, command) in commands {
        let own = command.get_arguments().filter(|option| !option.is_global_set());
        let names = own.filter_map(|option| option.get_long());
        owners.extend(
            names
                .filter(|name| name.starts_with(begun))
                .map(|name| (words.clone(), name)),
        );
    }
    let is_named = |words: &str| words.split(' ').all(|word| arguments.iter().any(|typed| typed == word));
    if owners.iter().any(|(words, _)| is_named(words)) {
        owners.retain(|(words, _)| is_named(words));
    }
    let (_, name) = *owners.first()?;
    if owners.iter().any(|(_, other)| *other != name) {
        return None;
    }
    let commands: Vec<String> = owners.iter().map(|(words, _)| format!("`{words}`")).collect();
    Some(format!(
        "`--{name}` is an option of {}, and stands after that",
        commands.join(" and ")
    ))
}

/// Every command below this one, with the words that it is called by.
fn below<'p>(above: &'p Command, before: &str, all: &mut Vec<(String, &'p Command)>) {
    for command in above.get_subcommands().filter(|command| command.get_name() != "help") {
        let words = format!("{before}{}", command.get_name());
        below(command, &format!("{words} "), all);
        all.push((words, command));
    }
}

/// Whether clap takes for what was meant what is plainly something else: its measure finds `--version` near to `--verbose`.
fn is_far(error: &clap::Error, typed: &str, kind: ContextKind) -> bool {
    let suggested = match error.get(kind) {
        Some(ContextValue::String(one)) => std::slice::from_ref(one),
        Some(ContextValue::Strings(several)) => several,
        _ => return false,
    };
    let plain = |word: &'_ String| word.trim_start_matches('-').to_owned();
    let suggested: Vec<String> = suggested.iter().map(plain).collect();
    nearest(typed.trim_start_matches('-'), suggested.iter().map(String::as_str)).is_none()
}

/// The command that these words come to, with the words that it is called by.
fn in_force<'p, 'w>(program: &'p Command, words: impl Iterator<Item = &'w OsString>) -> (String, &'p Command) {
    words.fold((String::new(), program), |(words, command), word| {
        match command.find_subcommand(word) {
            Some(below) => (format!("{words} {}", below.get_name()), below),
            None => (words, command),
        }
    })
}

/// The options that an abbreviation could stand for where it was typed.
fn could_be(typed: &str, program: &Command, arguments: &[OsString]) -> Vec<String> {
    let Some(begun) = typed.strip_prefix("--") else {
        return Vec::new();
    };
    let before = arguments.iter().skip(1).take_while(|argument| {
        let argument = argument.to_string_lossy();
        argument.split('=').next() != Some(typed)
    });
    let (_, command) = in_force(program, before);
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
        hints.push(format!("hint: {HELP}"));
    }
    lines.append(&mut hints);
    lines.join("\n")
}
