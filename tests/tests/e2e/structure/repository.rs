//! Links lead somewhere, commands explain themselves, scripts can be read by their shell.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{File, assert_none, files, has_extension, root};

/// The relative links of a page, without what they point to within the other one.
fn links(page: &str) -> Vec<&str> {
    let mut is_code = false;
    let prose = page.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    prose
        .flat_map(|line| line.split("](").skip(1))
        .filter_map(|rest| rest.split([')', ' ', '#']).next())
        .filter(|target| !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:"))
        .collect()
}

/// Links of pages below `directory` that lead nowhere.
fn dead_links(directory: &Path) -> Vec<String> {
    let mut dead = Vec::new();
    for File { path, text } in files(directory, |path| has_extension(path, "md")) {
        let beside = directory.join(&path);
        let beside = beside.parent().unwrap_or(directory);
        let missing = links(&text).into_iter().filter(|target| !beside.join(target).exists());
        dead.extend(missing.map(|target| format!("{}: {target}", path.display())));
    }
    dead
}

/// The pages `docs/….md` that a text names.
fn pages(text: &str) -> Vec<&str> {
    let mut pages = Vec::new();
    for (at, _) in text.match_indices("docs/") {
        let is_path = |character: char| character.is_ascii_alphanumeric() || "/._-".contains(character);
        let path = &text[at..];
        let path = &path[..path.find(|character| !is_path(character)).unwrap_or(path.len())];
        if let Some(end) = path.rfind(".md") {
            pages.push(&path[..end + ".md".len()]);
        }
    }
    pages
}

#[test]
fn links_between_pages_lead_somewhere() {
    assert_none(&dead_links(&root()));
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("docs")).unwrap();
    std::fs::write(
        directory.path().join("docs/a.md"),
        "[itself](a.md#top), [up](../b.md) and [out](https://x.example/c.md)\n```\n[code](d.md)\n```\n[above](#top)\n",
    )
    .unwrap();
    assert_eq!(dead_links(directory.path()), ["docs/a.md: ../b.md"]);
}

#[test]
fn pages_that_are_named_are_there() {
    let is_source = |path: &Path| {
        ["rs", "md", "toml", "wit"]
            .iter()
            .any(|extension| has_extension(path, extension))
    };
    let own = Path::new("tests/tests/e2e/structure/repository.rs");
    let mut missing = Vec::new();
    for File { path, text } in files(&root(), is_source).iter().filter(|file| file.path != own) {
        let unknown = pages(text).into_iter().filter(|page| !root().join(page).exists());
        missing.extend(unknown.map(|page| format!("{}: {page}", path.display())));
    }
    assert_none(&missing);
    assert_eq!(
        pages("(docs/a-b/0003-c.md). `docs/x.md`: docs/y docs/"),
        ["docs/a-b/0003-c.md", "docs/x.md"]
    );
}

/// The targets of a Makefile, each with its line.
fn targets(makefile: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_name = |name: &str| {
        name.chars()
            .all(|character| character.is_ascii_lowercase() || character == '-')
    };
    makefile
        .lines()
        .filter(|line| !line.contains(":="))
        .filter_map(|line| Some((line.split_once(':')?.0, line)))
        .filter(move |(name, _)| !name.is_empty() && is_name(name))
}

#[test]
fn every_target_of_make_is_explained() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    let phony = makefile
        .lines()
        .find_map(|line| line.strip_prefix(".PHONY:"))
        .unwrap_or_default();
    let mut problems = Vec::new();
    for (name, line) in targets(&makefile) {
        if line.split_once("## ").is_none_or(|(_, help)| help.trim().is_empty()) {
            problems.push(format!("`make {name}` has no `## help`"));
        }
        if !phony.split_whitespace().any(|phony| phony == name) {
            problems.push(format!(
                "`make {name}` is not .PHONY: a file of that name would switch it off"
            ));
        }
    }
    assert_none(&problems);
    assert!(targets(&makefile).count() > 5);
}

/// `make` alone, and what it prints: the same list.
#[test]
fn make_prints_every_target() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    let output = Command::new("make").current_dir(root()).output().unwrap();
    let index = String::from_utf8(output.stdout).unwrap();
    for (name, _) in targets(&makefile) {
        assert!(index.contains(&format!("  make {name} ")), "{name} is missing\n{index}");
    }
}

#[test]
fn scripts_can_be_read_by_their_shell() {
    let scripts: Vec<PathBuf> = files(&root(), |_| true)
        .into_iter()
        .filter(|file| file.text.starts_with("#!") && file.text.lines().next().is_some_and(|line| line.contains("sh")))
        .map(|file| file.path)
        .collect();
    assert!(scripts.contains(&PathBuf::from("guests/build.sh")), "{scripts:?}");
    for script in scripts {
        let output = Command::new("bash")
            .arg("-n")
            .arg(root().join(&script))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}: {}",
            script.display(),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// The fuzz targets build some of the host's modules by themselves, which nothing of the workspace does: those must not reach for the rest
/// of the host.
#[test]
fn the_fuzz_targets_have_all_that_their_modules_use() {
    for (target, expected) in [
        ("ini", &["config/edit", "config/finding", "config/ini"][..]),
        ("json", &["sandbox/limits", "sandbox/pages"]),
    ] {
        let target = std::fs::read_to_string(root().join(format!("fuzz/fuzz_targets/{target}.rs"))).unwrap();
        let paths: Vec<&str> = target
            .lines()
            .filter_map(|line| line.strip_prefix("#[path = \"../../host/src/")?.strip_suffix(".rs\"]"))
            .collect();
        assert_eq!(paths, expected);
        let modules: Vec<&str> = paths.iter().filter_map(|path| Some(path.split_once('/')?.1)).collect();
        for path in &paths {
            let text = std::fs::read_to_string(root().join(format!("host/src/{path}.rs"))).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            for (at, word) in code.match_indices("super::").chain(code.match_indices("crate::")) {
                let rest = &code[at + word.len()..];
                let used = rest
                    .split(|character: char| !character.is_alphanumeric() && character != '_')
                    .next();
                let is_there = word == "super::" && used.is_some_and(|used| modules.contains(&used));
                assert!(is_there, "{path}.rs uses {word}{}", used.unwrap_or_default());
            }
        }
    }
}
