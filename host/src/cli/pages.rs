//! `completions` and `man`: made of the definitions that the command line is read by, when they are asked for.

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::Cli;
use super::exit::Exit;
use super::output::{deliver, say};
use crate::config::nearest;
use crate::redact::clean;

/// The program's name, in its own words.
const NAME: &str = "oomnitza-connector";

pub(super) fn completions(shell: Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), NAME, &mut script);
    // For bash clap_complete 4.6 writes the `-` of a program's name in two ways, and no command's options would be completed.
    let script = String::from_utf8_lossy(&script).replace("oomnitza__subcmd__connector", "oomnitza__connector");
    deliver(script.as_bytes());
    Exit::Done
}

pub(super) fn man(of: &[String]) -> Exit {
    let mut program = Cli::command();
    // So that the pages of commands list the options that all of them have.
    program.build();
    let mut command = &program;
    for name in of {
        command = match find(command, name) {
            Ok(command) => command,
            Err(exit) => return exit,
        };
    }
    let mut page = Vec::new();
    match Man::new(command.clone()).render(&mut page) {
        Ok(()) => {
            deliver(&page);
            Exit::Done
        }
        Err(error) => {
            say(&format!(
                "error: the page cannot be written: {error}\nhint: please report this"
            ));
            Exit::Defect
        }
    }
}

fn find<'a>(above: &'a Command, name: &str) -> Result<&'a Command, Exit> {
    let known = || {
        above
            .get_subcommands()
            .map(Command::get_name)
            .filter(|name| *name != "help")
    };
    if let Some(command) = above.get_subcommands().find(|command| command.get_name() == name) {
        return Ok(command);
    }
    let hint = match nearest(name, known()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known().next().is_none() => format!("`{}` has no commands of its own; leave it out", above.get_name()),
        None => format!("the commands are {}", known().collect::<Vec<_>>().join(", ")),
    };
    say(&format!(
        "error: there is no command `{}`\nhint: {hint}",
        clean(name, 80)
    ));
    Err(Exit::Config)
}
