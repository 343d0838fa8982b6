//! The schedulers of the machine: their programs, which are run, and their files, which are read and written.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Refusal;
use crate::cli::exit::Exit;
use crate::cli::machine;
use crate::redact::clean;
use crate::schedule::{launchd, systemd};

pub(super) fn homeless() -> Refusal {
    (
        "there is no home directory for it".to_owned(),
        "set HOME".to_owned(),
        Exit::Failed,
    )
}

/// This user's crontab; empty where there is none.
pub(super) fn crontab() -> Result<String, Refusal> {
    match start("crontab", &["-l"], None)? {
        (true, text, _) => String::from_utf8(text).map_err(|_| torn("the crontab is not text in UTF-8".to_owned())),
        (false, _, said) if said.contains("no crontab for") => Ok(String::new()),
        (false, _, said) => Err(failed("crontab", &["-l"], &said)),
    }
}

pub(super) fn torn(problem: String) -> Refusal {
    (
        problem,
        "put it right with `crontab -e`; nothing was changed".to_owned(),
        Exit::Failed,
    )
}

pub(super) fn agent(id: &str) -> Result<PathBuf, Refusal> {
    let home = machine::variable("HOME").ok_or_else(homeless)?;
    Ok(Path::new(&home)
        .join("Library/LaunchAgents")
        .join(format!("{}.plist", launchd::label(id))))
}

pub(super) fn systemctl(is_system: bool, arguments: &[&str]) -> Result<(), Refusal> {
    let manager = if is_system { "--system" } else { "--user" };
    run("systemctl", &[&[manager], arguments].concat(), None)
}

/// What a file of systemd's holds, if it is there, and this program's own. Another's is an error.
pub(super) fn ours(path: &Path) -> Result<Option<String>, Refusal> {
    match std::fs::read_to_string(path) {
        // An empty one is what a full disk left of ours.
        Ok(text) if text.is_empty() || text.starts_with(systemd::MARK) => Ok(Some(text)),
        Ok(_) => Err((
            format!("`{}` was not written by this program", path.display()),
            "move it away, or write the schedule by hand".to_owned(),
            Exit::Failed,
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(path, "read", &error)),
    }
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Refusal> {
    let directory = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory)
        .and_then(|()| std::fs::write(path, bytes))
        .map_err(|error| unusable(path, "written", &error))
}

pub(super) fn delete(path: &Path) -> Result<(), Refusal> {
    std::fs::remove_file(path).map_err(|error| unusable(path, "removed", &error))
}

fn unusable(path: &Path, what: &str, error: &std::io::Error) -> Refusal {
    (
        format!("`{}` cannot be {what}: {error}", path.display()),
        "`schedule print` shows what would be there; with `--system` this is for root".to_owned(),
        Exit::Failed,
    )
}

/// Runs a scheduler's own program.
pub(super) fn run(program: &str, arguments: &[&str], input: Option<&str>) -> Result<(), Refusal> {
    match start(program, arguments, input)? {
        (true, ..) => Ok(()),
        (false, _, said) => Err(failed(program, arguments, &said)),
    }
}

fn failed(program: &str, arguments: &[&str], said: &str) -> Refusal {
    (
        format!(
            "`{program} {}` failed: {}",
            arguments.join(" "),
            clean(said.trim(), 300)
        ),
        "`schedule print` shows what would be installed, to be put in place by hand".to_owned(),
        Exit::Failed,
    )
}

/// Whether it went well, what it printed and what it said.
pub(super) fn start(
    program: &str,
    arguments: &[&str],
    input: Option<&str>,
) -> Result<(bool, Vec<u8>, String), Refusal> {
    let unstartable = |error: std::io::Error| {
        (
            format!("`{program}` cannot be run: {error}"),
            "choose another scheduler with `--for`, or put in place by hand what `schedule print` shows".to_owned(),
            Exit::Failed,
        )
    };
    let mut child = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(unstartable)?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        // One that does not read it says why by its end.
        _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(unstartable)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((output.status.success(), output.stdout, said))
}
