//! The command line: the old program's, word for word, and what is new. Help, completions and man pages are made of these definitions.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

/// What was typed.
#[derive(Debug, Parser)]
#[command(
    name = "oomnitza-connector",
    version,
    propagate_version = true,
    about = "Pulls people and assets out of the systems a company has and uploads them to Oomnitza",
    after_help = EXAMPLES,
    arg_required_else_help = true,
    infer_long_args = true,
    // As argparse has it: of an option that comes twice the last one holds.
    args_override_self = true,
    max_term_width = 100
)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) action: Action,
    /// For every action.
    #[command(flatten)]
    pub(super) common: Common,
}

const EXAMPLES: &str = "\
These options stand before or after the command; those of one command (`COMMAND --help`) stand after it.

Examples:
  oomnitza-connector generate-ini                 write an example config.ini
  oomnitza-connector validate                     say everything that is wrong with config.ini
  oomnitza-connector check okta                   see whether [okta] would run; reads no record
  oomnitza-connector upload okta --testmode       show what would be sent
  oomnitza-connector upload okta ldap             run the sections [okta] and [ldap] of config.ini
  oomnitza-connector upload okta --show-mappings  show which field comes from where
  oomnitza-connector filter test --section okta   try its recordfilter and converters on a record
  oomnitza-connector demo                         see it work, without any account

Exit codes: 0 all sent, 1 a section failed, 2 wrong usage or configuration (nothing ran),
3 interrupted (safe to run again), 4 done but some records were rejected,
70 a defect of this program, 75 another run of a section is under way";

const UPLOAD_EXAMPLES: &str = "\
Examples:
  oomnitza-connector upload ldap ldap.Contractors
  oomnitza-connector upload okta --ini /etc/oomnitza/config.ini --json
  oomnitza-connector upload okta --testmode --record-count 5";

const GENERATE_EXAMPLES: &str = "\
Examples:
  oomnitza-connector generate-ini
  oomnitza-connector generate-ini --comments --ini /etc/oomnitza/config.ini
  oomnitza-connector generate-ini --comments --all --ini reference.ini";

const VALIDATE_EXAMPLES: &str = "\
Examples:
  oomnitza-connector validate
  oomnitza-connector validate okta ldap --strict
  oomnitza-connector validate --json --ini /etc/oomnitza/config.ini";

const CHECK_EXAMPLES: &str = "\
Examples:
  oomnitza-connector check okta
  oomnitza-connector check ldap ldap.Contractors --ini /etc/oomnitza/config.ini";

const FILTER_EXAMPLES: &str = "\
Examples:
  oomnitza-connector filter test --section okta --record record.json
  echo '{\"login\": \"ada\"}' | oomnitza-connector filter test --section okta";

const DEMO_EXAMPLES: &str = "\
Examples:
  oomnitza-connector demo
  oomnitza-connector demo --people 100000";

const GUI_EXAMPLES: &str = "\
Examples:
  oomnitza-connector gui --ini /etc/oomnitza/config.ini";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  oomnitza-connector completions bash > /etc/bash_completion.d/oomnitza-connector
  oomnitza-connector completions zsh > ~/.zfunc/_oomnitza-connector
  oomnitza-connector completions fish > ~/.config/fish/completions/oomnitza-connector.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  oomnitza-connector man | man -l -
  oomnitza-connector man upload > oomnitza-connector-upload.1
  oomnitza-connector man schedule print | man -l -";

/// The most sections side by side: each has components and pages of its own in memory.
const MAX_JOBS: usize = 16;

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Upload the people and assets of these sections to Oomnitza
    #[command(after_help = UPLOAD_EXAMPLES)]
    Upload {
        /// Sections of the ini file; their reports come in this order
        connectors: Vec<String>,
    },
    /// Write an example ini file with a section for every connector; a file that is there is kept as .bak
    #[command(after_help = GENERATE_EXAMPLES)]
    GenerateIni {
        /// Write what each setting is above it
        #[arg(long)]
        comments: bool,
        /// Add the settings that few need, commented out
        #[arg(long)]
        all: bool,
        /// Taken, as the old program took it, and of no effect
        #[arg(hide = true)]
        connectors: Vec<String>,
    },
    /// Open the configuration in a window (not in this version yet)
    #[command(after_help = GUI_EXAMPLES)]
    Gui {
        /// Taken, as the old program took it, and of no effect
        #[arg(hide = true)]
        connectors: Vec<String>,
    },
    /// Say everything that is wrong with the ini file, without asking anybody
    #[command(after_help = VALIDATE_EXAMPLES)]
    Validate {
        /// Sections of the ini file; those that are enabled where none is named
        connectors: Vec<String>,
        /// Let warnings count as errors
        #[arg(long)]
        strict: bool,
    },
    /// See whether sections would run: sign in to source and Oomnitza, look at mappings, write nothing
    #[command(after_help = CHECK_EXAMPLES)]
    Check {
        /// Sections of the ini file
        #[arg(required = true)]
        connectors: Vec<String>,
    },
    /// Have sections run by cron, systemd, launchd or the Windows Task Scheduler
    #[command(subcommand, after_help = super::schedule::EXAMPLES)]
    Schedule(super::schedule::Action),
    /// Keep secrets outside of the ini file, for lines such as `api_token_secret = NAME`
    #[command(subcommand, after_help = super::secret::EXAMPLES)]
    Secret(super::secret::Action),
    /// Try the Python of a section: its recordfilter, and the converters that its mappings name
    #[command(subcommand, after_help = FILTER_EXAMPLES)]
    Filter(Filter),
    /// See it work: a stand-in Oomnitza and sample sources on this machine, and a real upload between them
    #[command(after_help = DEMO_EXAMPLES)]
    Demo {
        /// How many people each sample source has
        #[arg(long, default_value_t = 3_000, value_name = "N", value_parser = count, allow_negative_numbers = true)]
        people: u64,
    },
    /// Print a script that completes commands and options in a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print a manual page
    #[command(after_help = MAN_EXAMPLES)]
    Man {
        /// The command that it is about; the program itself where none is named
        command: Vec<String>,
    },
}

/// What to do with a section's Python.
#[derive(Debug, Subcommand)]
pub(super) enum Filter {
    /// Show what it does with records; asks neither the source nor Oomnitza
    #[command(after_help = FILTER_EXAMPLES)]
    Test {
        /// The section of the ini file
        #[arg(long, value_name = "NAME")]
        section: String,
        /// A file with a record, a list of records, or a record a line, as JSON [default: standard input]
        #[arg(long, value_name = "FILE")]
        record: Option<PathBuf>,
    },
}

/// Options of every action, which stand before or after it; those of one action stand after it.
#[derive(Debug, Default, Args)]
pub(super) struct Common {
    /// Config file to use
    #[arg(long, global = true, default_value = "config.ini", value_name = "INI")]
    pub(super) ini: PathBuf,
    /// Show the mappings which would be used by the connector, and stop
    #[arg(long, global = true)]
    pub(super) show_mappings: bool,
    /// Show the requests which would be sent, and send nothing
    #[arg(long, global = true)]
    pub(super) testmode: bool,
    /// Save the data loaded from the other system, and what is sent of it, in `saved_data`
    #[arg(long, global = true)]
    pub(super) save_data: bool,
    /// Number of records to pull and process from each connection; they are sent one by one
    #[arg(long, global = true, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub(super) record_count: Option<u64>,
    /// Sections that run side by side; 1 runs one after the other
    #[arg(long, global = true, value_name = "N", default_value_t = 4, value_parser = jobs, allow_negative_numbers = true)]
    pub(super) jobs: usize,
    /// Logging config file to use (Python's dictConfig, JSON) [default: `logging.json` beside the ini file, where there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) logging_config: Option<PathBuf>,
    /// Write log lines and reports on the console as JSON, one object a line
    #[arg(long, global = true)]
    pub(super) json_log: bool,
    /// Print reports, and what a command finds, as JSON on standard output, one a line
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Directory with further connectors, NAME.wasm [default: OOMNITZA_CONNECTORS, else `connectors` beside the ini file]
    #[arg(long = "connectors", global = true, value_name = "DIR")]
    pub(super) connectors_directory: Option<PathBuf>,
    /// End with exit code 0 whatever came of it, as the old program did; a command line that is wrong still ends with 2
    #[arg(long, global = true)]
    pub(super) exit_zero: bool,
    /// What was typed, as it was.
    #[arg(skip)]
    pub(super) matches: ArgMatches,
}

impl Cli {
    /// Reads a command line, the program's name first.
    pub(super) fn read(arguments: &[OsString]) -> Result<Self, clap::Error> {
        let matches = Self::command().try_get_matches_from(arguments)?;
        let mut cli = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut Self::command()))?;
        cli.common.matches = matches;
        Ok(cli)
    }
}

impl Common {
    /// The options for every action that were typed, `--ini` apart, with their whole names, and paths from the root: as a line has them that
    /// means the same wherever it is run.
    pub(super) fn typed(&self) -> io::Result<Vec<OsString>> {
        let mut words = Vec::new();
        let options = Self::augment_args(Command::new(""));
        let is_typed = |id| self.matches.value_source(id) == Some(ValueSource::CommandLine);
        for option in options
            .get_arguments()
            .filter(|option| is_typed(option.get_id().as_str()))
        {
            let Some(name) = option.get_long().filter(|name| *name != "ini") else {
                continue;
            };
            words.push(format!("--{name}").into());
            if !option.get_action().takes_values() {
                continue;
            }
            for value in self.matches.get_raw(option.get_id().as_str()).into_iter().flatten() {
                words.push(match option.get_value_hint() {
                    ValueHint::AnyPath => std::path::absolute(value)?.into(),
                    _ => value.to_owned(),
                });
            }
        }
        Ok(words)
    }
}

fn count(text: &str) -> Result<u64, &'static str> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err("it is a whole number from 1"),
    }
}

fn jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=MAX_JOBS).contains(&count) => Ok(count),
        _ => Err(format!("it is a whole number from 1 to {MAX_JOBS}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        let words = std::iter::once("oomnitza-connector").chain(line.split_whitespace());
        Cli::read(&words.map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn options_stand_before_or_after_the_action_and_may_be_shortened() {
        for line in [
            "--ini a.ini --record-count 5 upload okta ldap",
            "upload okta ldap --ini a.ini --rec 5",
            "--ini=a.ini upload okta --record-count=5 ldap",
            "--record-count 5 upload --ini a.ini okta ldap",
        ] {
            let cli = parse(line).unwrap();
            assert_eq!(
                (cli.common.ini.to_str(), cli.common.record_count),
                (Some("a.ini"), Some(5)),
                "{line}"
            );
            assert!(matches!(cli.action, Action::Upload { connectors } if connectors == ["okta", "ldap"]));
        }
        assert!(parse("upload okta --record-count 0").is_err());
        assert!(parse("check").is_err());
    }

    /// As argparse had it: a wrapper adds its own at the end.
    #[test]
    fn of_an_option_that_comes_twice_the_last_one_holds() {
        for line in [
            "upload okta --ini b.ini --json --ini a.ini --json",
            "--ini b.ini --json upload okta --ini a.ini",
        ] {
            let cli = parse(line).unwrap();
            assert_eq!(
                (cli.common.ini.to_str(), cli.common.json),
                (Some("a.ini"), true),
                "{line}"
            );
            assert_eq!(cli.common.typed().unwrap(), ["--json"], "{line}");
        }
    }

    /// Cron lines have them: a new option must not make one of them mean two things.
    #[test]
    fn what_was_short_for_one_option_of_the_old_program_still_is() {
        for (option, shortest, value) in [
            ("--show-mappings", "--sh", ""),
            ("--testmode", "--t", ""),
            ("--ini", "--i", " x"),
            ("--record-count", "--r", " 1"),
        ] {
            for length in shortest.len()..=option.len() {
                let line = format!("upload okta {}{value}", &option[..length]);
                let common = parse(&line).unwrap_or_else(|error| panic!("{line}: {error}")).common;
                let is_meant = match option {
                    "--show-mappings" => common.show_mappings,
                    "--testmode" => common.testmode,
                    "--ini" => common.ini.to_str() == Some("x"),
                    _ => common.record_count == Some(1),
                };
                assert!(is_meant, "{line}");
            }
        }
        for line in ["--version", "upload okta --version", "--v", "check --ver"] {
            assert_eq!(
                parse(line).unwrap_err().kind(),
                clap::error::ErrorKind::DisplayVersion,
                "{line}"
            );
        }
    }

    /// The old program took names with every action.
    #[test]
    fn every_action_of_the_old_program_takes_names() {
        for line in [
            "upload",
            "upload a b",
            "generate-ini a",
            "gui a",
            "--ini x generate-ini",
        ] {
            assert!(parse(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }
}
