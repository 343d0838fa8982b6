//! The command line. Knows people, terminals and exit codes; everything else is in the other rooms.

mod args;
mod check;
#[cfg(windows)]
mod console;
mod demo;
mod exit;
mod filter;
mod generate;
mod logging;
mod machine;
mod mappings;
mod open;
mod output;
mod pages;
mod preview;
mod progress;
mod prompt;
mod report;
mod schedule;
mod secret;
mod signals;
mod upload;
mod usage;
mod validate;

use std::any::Any;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use args::{Action, Cli, Filter};
pub use exit::Exit;

use crate::catalog::BuiltIn;
use crate::redact::clean;

/// Runs the program: the arguments, the program's name first, and the components that it carries.
pub fn main(arguments: impl IntoIterator<Item = OsString>, built_in: &'static [BuiltIn]) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let (exit, is_always_zero) = match Cli::read(&arguments) {
        Ok(cli) => {
            let is_always_zero = cli.common.exit_zero;
            let ended = catch_unwind(AssertUnwindSafe(|| run(cli, built_in)));
            (ended.unwrap_or_else(|panic| mistake(said(&*panic))), is_always_zero)
        }
        Err(error) => (usage::answer(&error, &arguments), false),
    };
    match exit {
        _ if is_always_zero => Exit::Done,
        exit if output::is_lost() => exit.unshown(),
        exit => exit,
    }
}

/// Says that a defect of this program ends it.
fn mistake(what: &str) -> Exit {
    output::say(&format!(
        "error: this program made a mistake: {}\nhint: please report this",
        clean(what, 2_000)
    ));
    Exit::Defect
}

/// What a panic says.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it does not say which")
}

fn run(cli: Cli, built_in: &'static [BuiltIn]) -> Exit {
    // Before the first line of a log, which has its time.
    if let Err(what) = machine::check_clock() {
        let hint = "correct the clock: `date` shows it, and a time service (NTP) keeps it right";
        output::say(&output::chain(&what, None, Some(hint)));
        return Exit::Config;
    }
    if cli.common.ini == Path::new("-") {
        output::say(
            "error: `--ini -` names no file: the ini file is not read from standard input\nhint: name a file, since paths in it begin where it is; `./-` is one that is called `-`",
        );
        return Exit::Config;
    }
    if let Err(exit) = logging::start(&cli) {
        return exit;
    }
    machine::keep_memory_private();
    machine::keep_memory_at_hand();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(machine::cores().max(2))
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            output::say(&output::chain(
                &format!("the machine gave no threads to work with: {error}"),
                None,
                None,
            ));
            return Exit::Failed;
        }
    };
    let ends_well = match &cli.action {
        // They listen themselves: what is under way is finished.
        Action::Upload { .. } => !cli.common.show_mappings,
        Action::Demo { .. } => true,
        // A shell puts its terminal right, where nothing that is typed is shown, after a program that a signal has ended.
        Action::Secret(_) => true,
        _ => false,
    };
    let asked_to_end = {
        let _entered = runtime.enter();
        (!ends_well).then(signals::asked_to_end)
    };
    // On a worker, where what it waits for is at hand; on this thread each answer of the network would wake another one.
    let work = runtime.spawn(async move {
        match &cli.action {
            Action::Upload { connectors } if cli.common.show_mappings => {
                mappings::show(connectors, &cli.common, built_in).await
            }
            Action::Upload { connectors } => upload::upload(connectors, &cli.common, built_in).await,
            Action::GenerateIni {
                comments,
                all,
                connectors,
            } => {
                let detail = crate::config::Detail {
                    comments: *comments,
                    all: *all,
                };
                generate::generate(connectors, detail, &cli.common, built_in).await
            }
            Action::Validate { connectors, strict } => {
                validate::validate(connectors, *strict, &cli.common, built_in).await
            }
            Action::Check { connectors } => check::check(connectors, &cli.common, built_in).await,
            Action::Schedule(action) => schedule::schedule(action, &cli.common, built_in).await,
            Action::Secret(action) => secret::secret(action).await,
            Action::Filter(Filter::Test { section, record }) => {
                filter::test(section, record.as_deref(), &cli.common, built_in).await
            }
            Action::Demo { people } => demo::demo(*people, built_in).await,
            Action::Completions { shell } => pages::completions(*shell),
            Action::Man { command } => pages::man(command),
            Action::Gui { .. } => {
                output::tell(
                    crate::logging::Gravity::Error,
                    None,
                    "error: the window is not in this version yet\nhint: `oomnitza-connector generate-ini --comments` writes an ini file that explains itself, for any editor",
                );
                Exit::Config
            }
        }
    });
    let work = async {
        work.await.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => mistake(said(&*panic)),
            Err(error) => mistake(&error.to_string()),
        })
    };
    let exit = runtime.block_on(async {
        match asked_to_end {
            Some(asked) => tokio::select! {
                exit = work => exit,
                () = asked => Exit::Interrupted,
            },
            None => work.await,
        }
    });
    // What still waits (a name that is looked up, a file) is not waited for.
    runtime.shutdown_background();
    exit
}
