//! `schedule`: the lines and files with which a scheduler runs `upload`, shown or installed.

mod schedulers;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use super::args::Common;
use super::exit::Exit;
use super::machine;
use super::open;
use super::output::{chain, print, say, say_all};
use super::validate;
use crate::catalog::BuiltIn;
use crate::config::{self, Ini, Severity};
use crate::schedule::{Schedule, When, cron, id, launchd, systemd, windows};
use schedulers::{agent, crontab, delete, homeless, ours, run, start, systemctl, torn, write};

pub(super) const EXAMPLES: &str = "\
Examples:
  oomnitza-connector schedule print okta --at 02:30
  oomnitza-connector schedule install ldap okta --every 6h --days mon-fri
  oomnitza-connector schedule install okta --at 02:30 --for systemd --system
  oomnitza-connector schedule install okta --every 15m --json-log
  oomnitza-connector schedule remove okta";

/// What to do with a schedule.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Show what would be installed, and install nothing
    #[command(after_help = EXAMPLES)]
    Print {
        #[command(flatten)]
        what: What,
        #[command(flatten)]
        timing: Timing,
    },
    /// Install it, in place of what was installed for the same sections before
    #[command(after_help = EXAMPLES)]
    Install {
        #[command(flatten)]
        what: What,
        #[command(flatten)]
        timing: Timing,
    },
    /// Remove what was installed for these sections, and nothing else
    #[command(after_help = EXAMPLES)]
    Remove {
        #[command(flatten)]
        what: What,
    },
}

/// Where systemd looks for the machine's units.
const SYSTEM_UNITS: &str = "/etc/systemd/system";

/// Of what.
#[derive(Debug, Args)]
pub(super) struct What {
    /// Sections of the ini file, run together
    #[arg(required = true)]
    names: Vec<String>,
    /// The scheduler [default: cron; on macOS launchd, on Windows windows]
    #[arg(long = "for", value_enum, value_name = "SCHEDULER")]
    scheduler: Option<Scheduler>,
    /// With systemd: for the whole system instead of for this user
    #[arg(long)]
    system: bool,
}

/// When.
#[derive(Debug, Args)]
pub(super) struct Timing {
    /// Every so often: `15m`, `6h`
    #[arg(long, value_name = "TIME", conflicts_with = "at")]
    every: Option<String>,
    /// Once a day, at this time of the machine's clock: `02:30`
    #[arg(long, value_name = "HH:MM")]
    at: Option<String>,
    /// On these days only: `mon-fri`, `mon,thu`
    #[arg(long, value_name = "DAYS")]
    days: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scheduler {
    Cron,
    Systemd,
    Launchd,
    Windows,
}

/// Why it was not done: what, what can be done about it, and how it ends.
type Refusal = (String, String, Exit);

pub(super) async fn schedule(action: &Action, common: &Common, built_in: &'static [BuiltIn]) -> Exit {
    match done(action, common, built_in).await {
        Ok(()) => Exit::Done,
        Err((what, hint, exit)) => {
            if !what.is_empty() {
                say(&chain(
                    &what,
                    None,
                    Some(&hint).filter(|hint| !hint.is_empty()).map(String::as_str),
                ));
            }
            exit
        }
    }
}

async fn done(action: &Action, common: &Common, built_in: &'static [BuiltIn]) -> Result<(), Refusal> {
    let (Action::Print { what, .. } | Action::Install { what, .. } | Action::Remove { what }) = action;
    if what.system && what.scheduler() != Scheduler::Systemd {
        let hint = "leave it out, or choose systemd with `--for systemd`".to_owned();
        return Err(("`--system` is for systemd alone".to_owned(), hint, Exit::Config));
    }
    match action {
        Action::Print { timing, .. } => show(what, &described(what, timing, common, built_in).await?),
        Action::Install { timing, .. } => install(what, &described(what, timing, common, built_in).await?),
        Action::Remove { .. } => remove(what, &id(&what.names, &absolute(&common.ini)?)),
    }
}

impl What {
    fn scheduler(&self) -> Scheduler {
        self.scheduler.unwrap_or(if cfg!(windows) {
            Scheduler::Windows
        } else if cfg!(target_os = "macos") {
            Scheduler::Launchd
        } else {
            Scheduler::Cron
        })
    }
}

/// What is to run and when, after a look at the ini file: a scheduler would tell of what is wrong only in the night.
async fn described(
    what: &What,
    timing: &Timing,
    common: &Common,
    built_in: &'static [BuiltIn],
) -> Result<Schedule, Refusal> {
    let said = |exit| (String::new(), String::new(), exit);
    let when =
        When::parse(timing.every.as_deref(), timing.at.as_deref(), timing.days.as_deref()).map_err(|problem| {
            (
                problem,
                "`oomnitza-connector schedule print --help` has examples".to_owned(),
                Exit::Config,
            )
        })?;
    let found = Ini::read(&common.ini).and_then(|ini| {
        let select = |name: &String| config::select(&ini, name).err();
        match what.names.iter().filter_map(select).collect::<Vec<_>>() {
            wrong if wrong.is_empty() => Ok(ini),
            wrong => Err(wrong),
        }
    });
    let ini = found.map_err(|findings| {
        say_all(&findings);
        said(Exit::Config)
    })?;
    super::logging::require(common).map_err(said)?;
    let context = open::context(common, built_in).map_err(|error| {
        open::say_shared("", &error);
        said(error.blame().into())
    })?;
    let (mut findings, _) = validate::judge(&what.names, &ini, &context).await;
    findings.retain(|finding| finding.severity == Severity::Error);
    for finding in &mut findings {
        // What lacks here, a variable for example, the scheduler may be going to have.
        finding.severity = Severity::Warning;
    }
    say_all(&findings);
    if !findings.is_empty() {
        say("note: a run would end with this now; `oomnitza-connector validate` says whether it is mended");
    }
    let program = std::env::current_exe().map_err(|error| {
        (
            format!("it is not known where this program is: {error}"),
            String::new(),
            Exit::Failed,
        )
    })?;
    Ok(Schedule {
        program,
        ini: absolute(&common.ini)?,
        options: common
            .typed()
            .map_err(|error| rootless("what an option names", &error))?,
        sections: what.names.clone(),
        when,
    })
}

fn absolute(path: &Path) -> Result<PathBuf, Refusal> {
    std::path::absolute(path).map_err(|error| rootless(&format!("`{}`", path.display()), &error))
}

fn rootless(what: &str, error: &std::io::Error) -> Refusal {
    (
        format!("{what} cannot be made a path from the root: {error}"),
        String::new(),
        Exit::Failed,
    )
}

fn inexpressible(problem: String) -> Refusal {
    (
        problem,
        "use other names, fewer or shorter ones, or another scheduler with `--for`".to_owned(),
        Exit::Config,
    )
}

/// Both files of systemd's, with where they belong.
fn units(what: &What, schedule: &Schedule) -> Result<[(PathBuf, String); 2], Refusal> {
    let directory = unit_directory(what)?;
    let id = schedule.id();
    let home = machine::variable("HOME");
    let service = systemd::service(schedule, what.system, home.as_deref()).map_err(inexpressible)?;
    Ok([
        (directory.join(format!("{id}.service")), service),
        (directory.join(format!("{id}.timer")), systemd::timer(schedule)),
    ])
}

fn unit_directory(what: &What) -> Result<PathBuf, Refusal> {
    if what.system {
        return Ok(PathBuf::from(SYSTEM_UNITS));
    }
    machine::units().ok_or_else(homeless)
}

fn show(what: &What, schedule: &Schedule) -> Result<(), Refusal> {
    let text = match what.scheduler() {
        Scheduler::Cron => cron::block(schedule).map_err(inexpressible)?,
        Scheduler::Systemd => {
            let files = units(what, schedule)?.map(|(path, text)| format!("# {}\n{text}", path.display()));
            files.join("\n")
        }
        Scheduler::Launchd => launchd::plist(schedule).map_err(inexpressible)?,
        Scheduler::Windows => windows::task(schedule).map_err(inexpressible)?,
    };
    print(text.trim_end());
    Ok(())
}

fn install(what: &What, schedule: &Schedule) -> Result<(), Refusal> {
    let id = schedule.id();
    match what.scheduler() {
        Scheduler::Cron => {
            let block = cron::block(schedule).map_err(inexpressible)?;
            let changed = cron::with(&crontab()?, &id, &block).map_err(torn)?;
            run("crontab", &["-"], Some(&changed))?;
        }
        Scheduler::Systemd => {
            let files = units(what, schedule)?;
            let mut before = Vec::new();
            for (path, _) in &files {
                before.push((path, ours(path)?));
            }
            let timer = format!("{id}.timer");
            let started = files
                .iter()
                .try_for_each(|(path, text)| write(path, text.as_bytes()))
                .and_then(|()| systemctl(what.system, &["daemon-reload"]))
                .and_then(|()| systemctl(what.system, &["enable", &timer]))
                // One that runs already would go on by its old times.
                .and_then(|()| systemctl(what.system, &["restart", &timer]));
            // Half of a schedule is none, and nobody would look for it.
            if started.is_err() {
                for (path, text) in before {
                    _ = match text {
                        Some(text) => write(path, text.as_bytes()),
                        None => delete(path),
                    };
                }
            }
            started?;
        }
        Scheduler::Launchd => {
            let plist = launchd::plist(schedule).map_err(inexpressible)?;
            let path = agent(&id)?;
            let name = path.display().to_string();
            let load = || run("launchctl", &["load", "-w", &name], None);
            let before = std::fs::read(&path).ok();
            if before.is_some() {
                run("launchctl", &["unload", &name], None)?;
            }
            write(&path, plist.as_bytes()).and_then(|()| load()).inspect_err(|_| {
                // What is left there would be loaded at the next sign-in.
                _ = match &before {
                    Some(before) => write(&path, before).and_then(|()| load()),
                    None => delete(&path),
                };
            })?;
        }
        Scheduler::Windows => {
            let task = windows::task(schedule).map_err(inexpressible)?;
            let file = std::env::temp_dir().join(format!("{id}.xml"));
            // UTF-16 with its mark, as the scheduler itself exports them.
            let bytes: Vec<u8> = "\u{feff}"
                .encode_utf16()
                .chain(task.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect();
            let name = file.display().to_string();
            let arguments = ["/Create", "/F", "/TN", &windows::path(&id), "/XML", &name];
            let created = write(&file, &bytes).and_then(|()| run("schtasks", &arguments, None));
            _ = std::fs::remove_file(&file);
            created?;
        }
    }
    say(&format!("installed: {id}"));
    Ok(())
}

fn remove(what: &What, id: &str) -> Result<(), Refusal> {
    let is_removed = match what.scheduler() {
        Scheduler::Cron => match cron::without(&crontab()?, id).map_err(torn)? {
            Some(rest) => {
                run("crontab", &["-"], Some(&rest))?;
                true
            }
            None => false,
        },
        Scheduler::Systemd => {
            let directory = unit_directory(what)?;
            let timer = format!("{id}.timer");
            let files = [directory.join(&timer), directory.join(format!("{id}.service"))];
            let mut found = Vec::new();
            for path in &files {
                if ours(path)?.is_some() {
                    found.push(path);
                }
            }
            let has_timer = found.contains(&&files[0]);
            let stopped = if has_timer {
                systemctl(what.system, &["disable", "--now", &timer])
            } else {
                Ok(())
            };
            for path in &found {
                delete(path)?;
            }
            if !found.is_empty() {
                let hint = format!("where systemd runs, stop it with `systemctl stop {timer}`");
                stopped
                    .and_then(|()| systemctl(what.system, &["daemon-reload"]))
                    .map_err(deleted_but(id, hint))?;
            }
            !found.is_empty()
        }
        Scheduler::Launchd => {
            let path = agent(id)?;
            let is_there = path.exists();
            if is_there {
                let stopped = run("launchctl", &["unload", "-w", &path.display().to_string()], None);
                delete(&path)?;
                let hint = format!(
                    "where launchd runs, stop it with `launchctl remove {}`",
                    launchd::label(id)
                );
                stopped.map_err(deleted_but(id, hint))?;
            }
            is_there
        }
        Scheduler::Windows => {
            let path = windows::path(id);
            let deleted = run("schtasks", &["/Delete", "/F", "/TN", &path], None);
            let is_there = deleted.is_ok() || {
                // Why it was not deleted is said in the user's language only.
                let (_, found, _) = start("schtasks", &["/Query", "/FO", "CSV", "/TN", &path], None)?;
                String::from_utf8_lossy(&found).contains(&path)
            };
            if is_there {
                deleted?;
            }
            is_there
        }
    };
    if is_removed {
        say(&format!("removed: {id}"));
    } else {
        say(&format!("nothing to remove: there is no {id}"));
    }
    // Whoever names no scheduler means that nothing is to run any more.
    let others = if what.scheduler.is_none() {
        elsewhere(id)
    } else {
        Vec::new()
    };
    match others.first() {
        None => Ok(()),
        Some(first) => Err((
            format!("{id} is there for {}, and goes on", others.join(" and ")),
            format!("remove it with `--for {first}`"),
            Exit::Failed,
        )),
    }
}

/// Nothing begins any more; what has begun, the scheduler did not stop.
fn deleted_but(id: &str, hint: String) -> impl FnOnce(Refusal) -> Refusal {
    let deleted = format!("the files of {id} are deleted, but ");
    move |(problem, _, exit)| (deleted + &problem, hint, exit)
}

/// Where a schedule is besides with the scheduler that is meant by default, in the words of the options.
fn elsewhere(id: &str) -> Vec<&'static str> {
    let timer = format!("{id}.timer");
    let has_timer = |directory: &Path| ours(&directory.join(&timer)).is_ok_and(|found| found.is_some());
    let places = [
        (
            "systemd",
            machine::units().is_some_and(|directory| has_timer(&directory)),
        ),
        ("systemd --system", has_timer(Path::new(SYSTEM_UNITS))),
        (
            "launchd",
            agent(id).is_ok_and(|path| !cfg!(target_os = "macos") && path.exists()),
        ),
    ];
    places
        .into_iter()
        .filter(|(_, is_there)| *is_there)
        .map(|(option, _)| option)
        .collect()
}
