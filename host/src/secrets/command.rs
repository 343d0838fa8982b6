//! `<setting>_command`: what a program prints, a password manager's most often.
//!
//! The program is started as it is, without a shell: words are divided by blanks, quotation marks of either kind keep them together, and
//! nothing else has a meaning. It runs in the ini file's directory with this program's environment and without input.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;
#[cfg(unix)]
use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Command;

use super::child::{self, Failed, LONGEST};
use super::{MOST_BYTES, Problem, text};
use crate::redact::{Secret, clean};

const START: &str = "name a program that is there, and that may be run, where the program is started (cron has a PATH of its own); no shell reads the line, so write `sh -c \"…\"` for what needs one";

const REMEDY: &str =
    "run the command by hand, as the user that runs this program, and see that it prints the secret and nothing else";

pub(super) async fn run(line: &str, base: &Path) -> Result<Secret, Problem> {
    run_within(line, base, LONGEST).await
}

/// What is wrong with a line, without running it.
pub(super) fn look(line: &str, base: &Path) -> Result<(), Problem> {
    let (program, _) = split(line)?;
    find(&program, base, std::env::var_os("PATH").as_deref())
}

/// Whether a program is there, as the system looks for it that is to start it.
#[cfg(unix)]
fn find(program: &str, base: &Path, path: Option<&OsStr>) -> Result<(), Problem> {
    use std::os::unix::fs::PermissionsExt as _;
    let shown = clean(program, 80);
    let places: Vec<PathBuf> = match path {
        _ if is_path(program) => vec![base.join(program)],
        // What is relative there begins in the directory that it is run in.
        Some(path) => std::env::split_paths(path)
            .map(|directory| base.join(directory).join(program))
            .collect(),
        // Then the system has a list of its own.
        None => return Ok(()),
    };
    let files: Vec<_> = places.iter().filter_map(|place| place.metadata().ok()).collect();
    if files
        .iter()
        .any(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    {
        return Ok(());
    }
    let what = match (files.as_slice(), places.as_slice()) {
        ([], [place]) if is_path(program) => {
            format!("there is no program `{}`", clean(&place.display().to_string(), 200))
        }
        ([], _) => format!("there is no program `{shown}` in any directory of PATH"),
        _ => format!("`{shown}` is no program that may be run"),
    };
    Err(Problem::new(what, START))
}

/// Windows looks in more places, and for more names.
#[cfg(not(unix))]
fn find(_program: &str, _base: &Path, _path: Option<&OsStr>) -> Result<(), Problem> {
    Ok(())
}

/// Whether it is the admin's own, beside the ini file; the others are looked for in PATH.
fn is_path(program: &str) -> bool {
    program.contains(std::path::is_separator)
}

async fn run_within(line: &str, base: &Path, longest: Duration) -> Result<Secret, Problem> {
    let (program, arguments) = &split(line)?;
    find(program, base, std::env::var_os("PATH").as_deref())?;
    let shown = clean(program, 80);
    // From the root, since the directory that it is run in is another one.
    let path = if is_path(program) {
        std::path::absolute(base.join(program))
    } else {
        Ok(program.into())
    };
    let directory = if base.as_os_str().is_empty() {
        Path::new(".")
    } else {
        base
    };
    let run = async {
        let mut command = Command::new(path.map_err(Failed::Start)?);
        command.args(arguments).current_dir(directory);
        child::run(command, &[], MOST_BYTES, longest).await
    };
    let mut ended = run.await.map_err(|failed| match failed {
        Failed::Start(error) => Problem::new(format!("the command `{shown}` cannot be started: {error}"), START),
        Failed::Slow(longest) => {
            Problem::passing(format!("the command `{shown}` did not end within {longest:?}"), REMEDY)
        }
        Failed::Read(error) if error.kind() == ErrorKind::FileTooLarge => {
            Problem::new(format!("what the command `{shown}` prints {error}"), REMEDY)
        }
        Failed::Read(error) => Problem::passing(
            format!("what the command `{shown}` prints cannot be read: {error}"),
            REMEDY,
        ),
    })?;
    if !ended.status.success() {
        return Err(Problem::passing(
            format!("the command `{shown}` {}", ended.how()),
            REMEDY,
        ));
    }
    text(std::mem::take(&mut *ended.printed))
        .map_err(|what| Problem::new(format!("what the command `{shown}` prints {what}"), REMEDY))
}

/// The program that a line names, and its arguments.
fn split(line: &str) -> Result<(String, Vec<String>), Problem> {
    let words = words(line).map_err(|what| Problem::new(what, "close it, or write the command without it"))?;
    let mut words = words.into_iter();
    match words.next() {
        Some(program) => Ok((program, words.collect())),
        None => Err(Problem::new("names no command", "write the program and its arguments")),
    }
}

/// The words of a line.
fn words(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    if let Some(open) = quote {
        return Err(format!("a quotation mark `{open}` is not closed"));
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_divide_words_and_quotation_marks_keep_them_together() {
        for (line, expected) in [
            ("pass show okta", vec!["pass", "show", "okta"]),
            (" a  'b c'\n\"d 'e'\" ", vec!["a", "b c", "d 'e'"]),
            (r"C:\bin\x.exe $HOME *;|", vec![r"C:\bin\x.exe", "$HOME", "*;|"]),
            ("a'' ''", vec!["a", ""]),
            ("  ", vec![]),
        ] {
            assert_eq!(words(line).unwrap(), expected, "{line}");
        }
        assert_eq!(words("a \"b").unwrap_err(), "a quotation mark `\"` is not closed");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_command_has_so_long_and_may_print_so_much() {
        let base = Path::new("");
        let run = async |line: &str| run_within(line, base, Duration::from_millis(500)).await;
        assert_eq!(
            run("printf 'a b\\n'")
                .await
                .map_err(|problem| problem.what)
                .unwrap()
                .expose(),
            "a b"
        );
        for (line, expected) in [
            ("sleep 30", "the command `sleep` did not end within 500ms"),
            ("sh -c 'sleep 30 & echo x'", "the command `sh` did not end within 500ms"),
            (
                "head -c 70000 /dev/zero",
                "what the command `head` prints is longer than 64 KiB",
            ),
            ("yes", "what the command `yes` prints is longer than 64 KiB"),
            ("true", "what the command `true` prints is empty"),
            ("false", "the command `false` ended with exit code 1"),
            ("sh -c 'kill -9 $$'", "the command `sh` was ended by a signal"),
            (
                "sh -c 'printf \"no\\033[2J key\\n\" >&2; exit 3'",
                "the command `sh` ended with exit code 3: no\\u{1b}[2J key",
            ),
            ("./no-such-program", "there is no program `./no-such-program`"),
            (
                "no-such-program",
                "there is no program `no-such-program` in any directory of PATH",
            ),
        ] {
            let started = std::time::Instant::now();
            assert_eq!(
                run(line).await.err().map(|problem| problem.what).as_deref(),
                Some(expected),
                "{line}"
            );
            assert!(started.elapsed() < Duration::from_secs(5), "{line}");
        }
    }
}
