//! What holds for the repository as a whole, and no single file can show.

mod choosing;
mod contract;
mod dependencies;
mod guests;
mod repository;
mod rooms;
mod sockets;

use std::path::{Path, PathBuf};

/// A file of the repository.
struct File {
    /// Relative to where it was looked for.
    path: PathBuf,
    text: String,
}

impl File {
    /// The code, line by line from 1, without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let without_comment = |line| match str::find(line, "//") {
            // `://` in an address is none.
            Some(at) if !line[..at].ends_with(':') => &line[..at],
            _ => line,
        };
        (1..).zip(self.text.lines().map(without_comment))
    }
}

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files below `directory` whose names `is_wanted` takes, in order. What was built, and what version control keeps, is left out.
fn files(directory: &Path, is_wanted: impl Fn(&Path) -> bool) -> Vec<File> {
    let mut found = Vec::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.unwrap().path();
            let is_ours = !path.ends_with("target") && !path.ends_with(".git");
            if path.is_dir() && is_ours {
                waiting.push(path);
            } else if path.is_file() && is_wanted(&path) {
                let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                found.push(File {
                    path: path.strip_prefix(directory).unwrap().to_owned(),
                    text,
                });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// The host's sources.
fn host() -> Vec<File> {
    files(&root().join("host/src"), |path| has_extension(path, "rs"))
}

/// Fails with each problem on a line of its own.
fn assert_none(problems: &[String]) {
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
}
