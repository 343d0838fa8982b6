//! `generate-ini`: the example ini file, from what the connectors say of themselves. Nothing that was there is lost.

use std::error::Error as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::args::Common;
use super::exit::Exit;
use super::open;
use super::output::{chain, say};
use crate::catalog::BuiltIn;
use crate::config::{self, Detail};
use crate::files;
use crate::redact::clean;

pub(super) async fn generate(names: &[String], detail: Detail, common: &Common, built_in: &'static [BuiltIn]) -> Exit {
    if !names.is_empty() {
        say("warning: names have no effect here; the file has a section for every connector");
    }
    let catalog = match open::catalog(common, built_in) {
        Ok(catalog) => catalog,
        Err(error) => {
            open::say_shared("", &error);
            return error.blame().into();
        }
    };
    let (mut descriptions, mut missing) = (Vec::new(), Vec::new());
    for name in catalog.names() {
        // No section allows more yet.
        let component_bytes = catalog.loader().limits().component_bytes;
        match catalog.connector(&name, None, component_bytes).await {
            Ok(connector) => descriptions.push(connector.description),
            Err(error) => {
                say(&chain(
                    &format!("{error}; the file has no section for it"),
                    error.source(),
                    error.hint().as_deref(),
                ));
                missing.push(clean(&name, 80));
            }
        }
    }
    let text = config::example(&descriptions, detail);
    let ini = &common.ini;
    match write(ini, text.as_bytes()) {
        Ok(moved) => {
            for (from, to) in moved {
                say(&format!("{} was there and is kept as {}", shown(&from), shown(&to)));
            }
            let (lacking, exit) = if missing.is_empty() {
                (String::new(), Exit::Done)
            } else {
                (format!(", and without {}", missing.join(", ")), Exit::Failed)
            };
            say(&format!(
                "wrote {} with sections for {} connectors{lacking}\nFill in [oomnitza] and the sections that you need, give these `enable = True`, and remove the others.",
                shown(ini),
                descriptions.len()
            ));
            exit
        }
        Err((what, error)) => {
            let (exit, hint) = match error.kind() {
                ErrorKind::NotFound | ErrorKind::IsADirectory | ErrorKind::InvalidInput => (
                    Exit::Config,
                    Some("name a file in a directory that is there with `--ini FILE`"),
                ),
                ErrorKind::PermissionDenied => (
                    Exit::Config,
                    Some("name a file in a directory that you may write to with `--ini FILE`"),
                ),
                _ => (Exit::Failed, Some(files::write_hint(&error))),
            };
            say(&chain(&format!("{what}: {error}"), error.source(), hint));
            exit
        }
    }
}

fn shown(path: &Path) -> String {
    clean(&path.display().to_string(), 500)
}

type Problem = (String, std::io::Error);

/// Writes the file, for its owner alone: it is going to hold credentials. What is there is kept as `.bak`, and an older `.bak` under a
/// number. Says what was moved.
fn write(ini: &Path, text: &[u8]) -> Result<Vec<(PathBuf, PathBuf)>, Problem> {
    let failed = |what: &str, path: &Path| {
        let what = format!("{} {what}", shown(path));
        move |error| (what, error)
    };
    let is_there = |path: &Path| path.symlink_metadata().is_ok();
    let cannot = || failed("cannot be written", ini);
    let refuse = |kind, why: &str| Err(cannot()(std::io::Error::new(kind, why)));
    let directory = match ini.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if ini.is_dir() {
        return refuse(ErrorKind::IsADirectory, "it is a directory");
    }
    if !directory.is_dir() {
        return refuse(ErrorKind::NotFound, "its directory is not there");
    }
    let Some(name) = ini.file_name() else {
        return refuse(ErrorKind::InvalidInput, "it names no file");
    };
    if ini.exists() && !ini.is_file() {
        return refuse(ErrorKind::InvalidInput, "it is no plain file");
    }
    let mut moved = Vec::new();
    let mut aside = |from: &Path, to: &Path| {
        std::fs::rename(from, to).map_err(failed("cannot be moved out of the way", from))?;
        moved.push((from.to_owned(), to.to_owned()));
        Ok(())
    };
    let backup = suffixed(ini, ".bak");
    let is_replaced = is_there(ini);
    if is_replaced {
        if is_there(&backup) {
            let numbered = (1u32..).map(|number| suffixed(&backup, &format!(".{number}")));
            if let Some(free) = numbered.into_iter().find(|path| !is_there(path)) {
                aside(&backup, &free)?;
            }
        }
        aside(ini, &backup)?;
    }
    // With its directory, which a file's name alone does not have.
    files::replace(&directory.join(name), text).map_err(|error| {
        if is_replaced {
            // Better the old file than none.
            _ = std::fs::rename(&backup, ini);
        }
        cannot()(error)
    })?;
    Ok(moved)
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
