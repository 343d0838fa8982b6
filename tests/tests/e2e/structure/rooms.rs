//! The host's rooms import each other in one direction only, along the edges of one table.

use std::collections::BTreeSet;

use super::{File, assert_none, host};

/// Which room may import which, and why. What is not here is not allowed; what is here is used.
const EDGES: &[(&str, &str, &str)] = &[
    ("cli", "run", "commands run sections and show their reports"),
    (
        "cli",
        "catalog",
        "the components that the program carries are handed in from its entry",
    ),
    ("cli", "mapping", "`--show-mappings` prints what was merged"),
    ("cli", "oomnitza", "one sign-in serves all sections"),
    ("cli", "sandbox", "one engine serves all sections"),
    (
        "cli",
        "capabilities",
        "how requests are repeated is set for all sections",
    ),
    ("cli", "net", "proxies and timeouts are set for all sections"),
    ("cli", "config", "the ini file is read, and what is wrong with it said"),
    ("cli", "files", "a generated ini file is whole, and its owner's alone"),
    ("cli", "redact", "what people read is cleaned"),
    ("cli", "files", "the demo's ini file holds tokens, if of nothing"),
    ("cli", "schedule", "`schedule` shows and installs what is written there"),
    ("cli", "secrets", "`secret` keeps what sections name"),
    ("run", "secrets", "a section that runs may keep its secrets elsewhere"),
    ("secrets", "config", "lines of the ini file say where"),
    ("secrets", "net", "Vault is asked by the one way there is"),
    (
        "secrets",
        "files",
        "those that are kept here are files that nobody else reads",
    ),
    ("secrets", "redact", "each is a secret from when it is there"),
    (
        "cli",
        "logging",
        "an invocation has a log, and says there what people are told",
    ),
    ("logging", "files", "a connector's name becomes that of a file"),
    ("logging", "redact", "lines are cleaned, and searched for secrets"),
    ("cli", "standin", "`demo` uploads to stand-ins"),
    ("run", "catalog", "a section names its connector"),
    ("run", "mapping", "pages go through the mappers"),
    ("run", "oomnitza", "records go to Oomnitza"),
    ("run", "sandbox", "pages come out of a sandbox"),
    ("run", "journal", "a section goes on where its last run ended"),
    ("run", "files", "refused records are kept where nobody else reads them"),
    ("journal", "files", "cursors are kept whole or not at all"),
    (
        "schedule",
        "files",
        "what tells one ini file's schedules from another's is a hash like theirs",
    ),
    ("journal", "redact", "who holds a lock is read from a file, and shown"),
    ("run", "capabilities", "what a section grants is built here"),
    ("run", "net", "where a section may connect to is decided here"),
    ("run", "config", "a section's settings decide what is granted"),
    ("run", "redact", "secrets go into auth slots and the redactor"),
    ("catalog", "sandbox", "a component is loaded and asked what it is"),
    ("catalog", "config", "what it is, is a description"),
    ("catalog", "files", "no connector has the name of a device"),
    ("mapping", "sandbox", "mappers are components"),
    ("mapping", "contract", "a plan is made in the mapper's own types"),
    (
        "mapping",
        "config",
        "descriptions, sections and the ini file's mappings are merged",
    ),
    ("mapping", "redact", "what a component says is cleaned"),
    ("oomnitza", "net", "requests go out by the one way there is"),
    ("oomnitza", "config", "[oomnitza] says where and how"),
    ("oomnitza", "redact", "the token is a secret"),
    ("sandbox", "capabilities", "what was granted is linked"),
    ("sandbox", "contract", "components are called by the contract"),
    ("sandbox", "config", "a component's description becomes plain data"),
    ("sandbox", "files", "compiled components are kept, whole and private"),
    ("sandbox", "redact", "what a component says is cleaned"),
    ("capabilities", "net", "requests go out by the one way there is"),
    (
        "capabilities",
        "contract",
        "each implements an interface of the contract",
    ),
    (
        "capabilities",
        "redact",
        "credentials are secrets, and answers are searched for them",
    ),
    (
        "contract",
        "capabilities",
        "the bindings name the types behind the contract's resources",
    ),
    ("net", "redact", "what a server says is cleaned"),
    ("config", "redact", "a secret is one from the line it was read on"),
    ("standin", "net", "the stand-ins' own client, for their tests"),
];

/// A room, and within `capabilities` which of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Room {
    name: String,
    part: Option<String>,
}

impl Room {
    /// Of a module's path below the crate; none for the crate's own root and its programs.
    fn of(path: &[String]) -> Option<Self> {
        let name = path
            .first()
            .filter(|name| !matches!(name.as_str(), "lib" | "main" | "bin"))?;
        let part = path.get(1).filter(|_| name == "capabilities").cloned();
        Some(Self {
            name: name.clone(),
            part,
        })
    }
}

/// The path of the module that a file holds.
fn module(file: &File) -> Vec<String> {
    let path = file.path.with_extension("");
    let mut path: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if path.last().is_some_and(|last| last == "mod") {
        path.pop();
    }
    path
}

/// The paths that a file names from the crate's root, with their lines.
fn references(file: &File) -> Vec<(usize, Vec<String>)> {
    let own = module(file);
    let mut found = Vec::new();
    let code: Vec<(usize, &str)> = file.code().collect();
    for (index, (number, line)) in code.iter().enumerate() {
        // A list of imports goes on in the lines below.
        let rest_of = |at: usize| {
            let below = code.iter().skip(index + 1).map(|(_, line)| *line);
            std::iter::once(&line[at..])
                .chain(below)
                .take(40)
                .collect::<Vec<_>>()
                .join(" ")
        };
        for (at, _) in line.match_indices("crate::").filter(|(at, _)| is_word_start(line, *at)) {
            found.extend(
                named(&rest_of(at + "crate::".len()), &[])
                    .into_iter()
                    .map(|path| (*number, path)),
            );
        }
        for (at, _) in line.match_indices("super::").filter(|(at, _)| is_word_start(line, *at)) {
            let text = rest_of(at);
            let stripped = text.trim_start_matches("super::");
            let climbs = (text.len() - stripped.len()) / "super::".len();
            // What is indented stands in a module of its own within the file, most often its tests.
            let depth = own.len() + usize::from(line.starts_with(' '));
            let base = &own[..own.len().min(depth.saturating_sub(climbs))];
            found.extend(named(stripped, base).into_iter().map(|path| (*number, path)));
        }
    }
    found
}

fn is_word_start(line: &str, at: usize) -> bool {
    !line[..at].ends_with(|before: char| before.is_alphanumeric() || matches!(before, '_' | ':' | '$'))
}

/// The first two names of each path that `text` begins with, below `base`: of `a::b::C` and of `{a, b::{c, D}}`.
fn named(text: &str, base: &[String]) -> Vec<Vec<String>> {
    let Some(list) = text.strip_prefix('{') else {
        let name: String = text
            .chars()
            .take_while(|character| character.is_alphanumeric() || *character == '_')
            .collect();
        let mut path = base.to_vec();
        path.push(name.clone());
        return match text[name.len()..].strip_prefix("::") {
            Some(rest) if path.len() < 2 => named(rest, &path),
            _ => vec![path],
        };
    };
    let mut depth = 0;
    let mut items = vec![String::new()];
    for character in list.chars() {
        match character {
            '}' if depth == 0 => break,
            ',' if depth == 0 => items.push(String::new()),
            other => {
                depth += i32::from(other == '{') - i32::from(other == '}');
                items.last_mut().unwrap().push(other);
            }
        }
    }
    items
        .iter()
        .map(|item| item.trim())
        .filter(|item| !item.is_empty())
        .flat_map(|item| named(item, base))
        .collect()
}

/// The edges that are used, and each that may not be.
fn judge(files: &[File]) -> (BTreeSet<(String, String)>, Vec<String>) {
    let (mut used, mut violations) = (BTreeSet::new(), Vec::new());
    for file in files {
        let Some(from) = Room::of(&module(file)) else { continue };
        for (line, path) in references(file) {
            let Some(to) = Room::of(&path) else { continue };
            let is_inside = from.name == to.name && (from.part == to.part || from.part.is_none() || to.part.is_none());
            // A room's tests, in a folder of their own, may talk to a stand-in.
            let is_tested = to.name == "standin" && file.path.iter().any(|part| part == "tests");
            if is_inside || is_tested {
                continue;
            }
            let is_allowed = EDGES.iter().any(|(a, b, _)| *a == from.name && *b == to.name) && from.name != to.name;
            if is_allowed {
                used.insert((from.name.clone(), to.name));
            } else {
                let (from, to) = (
                    from.part.as_ref().unwrap_or(&from.name),
                    to.part.as_ref().unwrap_or(&to.name),
                );
                violations.push(format!(
                    "host/src/{}:{line}: `{from}` imports `{to}`",
                    file.path.display()
                ));
            }
        }
    }
    (used, violations)
}

#[test]
fn rooms_import_each_other_along_the_table_only() {
    let (_, violations) = judge(&host());
    assert_none(&violations);
}

#[test]
fn every_edge_of_the_table_is_used() {
    let (used, _) = judge(&host());
    let is_unused = |from: &str, to: &str| !used.contains(&(from.to_owned(), to.to_owned()));
    let unused: Vec<String> = EDGES
        .iter()
        .filter(|(from, to, _)| is_unused(from, to))
        .map(|(from, to, reason)| format!("{from} -> {to} ({reason})"))
        .collect();
    assert_none(&unused);
}

/// `contract` and `capabilities` name each other: the bindings are generated from types that implement them. Nothing else goes round.
#[test]
fn the_table_has_a_direction() {
    let edges: Vec<(&str, &str)> = EDGES.iter().map(|(from, to, _)| (*from, *to)).collect();
    let mut left: Vec<(&str, &str)> = edges
        .into_iter()
        .filter(|edge| *edge != ("contract", "capabilities"))
        .collect();
    // What nothing imports is taken away until nothing is left; a circle would stay.
    loop {
        let before = left.len();
        let imported: BTreeSet<&str> = left.iter().map(|(_, to)| *to).collect();
        left.retain(|(from, _)| imported.contains(from));
        if left.len() == before {
            break;
        }
    }
    assert_eq!(left, []);
}

#[test]
fn an_edge_that_is_not_allowed_is_found_with_file_and_line() {
    for (path, text, expected) in [
        (
            "config/ini.rs",
            "\nuse crate::net::Error;",
            "host/src/config/ini.rs:2: `config` imports `net`",
        ),
        (
            "net/tls.rs",
            "use crate::{redact, sandbox::Limits};",
            "host/src/net/tls.rs:1: `net` imports `sandbox`",
        ),
        (
            "net/tls.rs",
            "use crate::{\n    redact,\n    run,\n};",
            "host/src/net/tls.rs:1: `net` imports `run`",
        ),
        (
            "run/stop.rs",
            "use crate::standin::okta;",
            "host/src/run/stop.rs:1: `run` imports `standin`",
        ),
        (
            "capabilities/sql/state.rs",
            "use crate::standin::tds;",
            "host/src/capabilities/sql/state.rs:1: `sql` imports `standin`",
        ),
        (
            "run/mod.rs",
            "use super::cli;",
            "host/src/run/mod.rs:1: `run` imports `cli`",
        ),
        (
            "capabilities/http/mod.rs",
            "use crate::capabilities::ldap;",
            "host/src/capabilities/http/mod.rs:1: `http` imports `ldap`",
        ),
        (
            "capabilities/http/state.rs",
            "use super::super::{http, ldap::Limits};",
            "host/src/capabilities/http/state.rs:1: `http` imports `ldap`",
        ),
        (
            "capabilities/log/mod.rs",
            "fn of(section: &crate::config::Section) {}",
            "host/src/capabilities/log/mod.rs:1: `log` imports `config`",
        ),
        (
            "capabilities/http/auth.rs",
            "mod tests {\n    use super::super::super::clock;",
            "host/src/capabilities/http/auth.rs:2: `http` imports `clock`",
        ),
    ] {
        let file = File {
            path: path.into(),
            text: text.to_owned(),
        };
        assert_eq!(judge(&[file]).1, [expected], "{text}");
    }
    for (path, text) in [
        ("net/tls.rs", "// use crate::run;\nuse crate::redact::clean;"),
        (
            "capabilities/http/state.rs",
            "use super::{limits, super::error};\nmod tests {\n    use super::super::auth;",
        ),
        ("lib.rs", "pub mod run; use crate::run;"),
        ("capabilities/sql/tests/mod.rs", "use crate::standin::tds;"),
    ] {
        let file = File {
            path: path.into(),
            text: text.to_owned(),
        };
        assert_eq!(judge(&[file]).1, <[String; 0]>::default(), "{text}");
    }
}
