//! The contract in `wit/`: every item says what it is, nothing in it is of a kind that widens the trusted base, and what was released
//! is never changed unnoticed (wit/PENDING.md).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use wit_parser::{Docs, Function, Resolve, TypeDefKind};

use super::{assert_none, files, has_extension, root};

/// What the package `oomnitza:connector` in `directory` does not say, or should not have.
fn problems(directory: &Path) -> Vec<String> {
    let mut resolve = Resolve::default();
    resolve
        .push_dir(directory)
        .unwrap_or_else(|error| panic!("{}: {error:#}", directory.display()));
    let mut problems = Vec::new();
    let mut documented = |what: &str, docs: &Docs| {
        if docs.contents.as_ref().is_none_or(|text| text.trim().is_empty()) {
            problems.push(format!("{what} has no doc comment"));
        }
    };
    for (_, package) in &resolve.packages {
        documented(&format!("package {}", package.name), &package.docs);
    }
    for (_, world) in &resolve.worlds {
        documented(&format!("world {}", world.name), &world.docs);
    }
    for (_, interface) in &resolve.interfaces {
        let name = interface.name.as_deref().unwrap_or("(inline)");
        documented(&format!("interface {name}"), &interface.docs);
        for Function {
            name: function, docs, ..
        } in interface.functions.values()
        {
            documented(&format!("{name}: func {function}"), docs);
        }
        for (kind, id) in &interface.types {
            let found = &resolve.types[*id];
            documented(&format!("{name}: {} {kind}", found.kind.as_str()), &found.docs);
            let parts: Vec<(&String, &Docs)> = match &found.kind {
                TypeDefKind::Record(record) => record.fields.iter().map(|field| (&field.name, &field.docs)).collect(),
                TypeDefKind::Variant(variant) => variant.cases.iter().map(|case| (&case.name, &case.docs)).collect(),
                TypeDefKind::Enum(cases) => cases.cases.iter().map(|case| (&case.name, &case.docs)).collect(),
                _ => Vec::new(),
            };
            for (part, docs) in parts {
                documented(&format!("{name}: {kind}.{part}"), docs);
            }
        }
    }
    for (_, found) in &resolve.types {
        if let TypeDefKind::Flags(_) | TypeDefKind::Future(_) | TypeDefKind::Stream(_) = found.kind {
            problems.push(format!(
                "{} {} is not to be used",
                found.kind.as_str(),
                found.name.as_deref().unwrap_or("(inline)")
            ));
        }
    }
    let functions = resolve
        .interfaces
        .iter()
        .flat_map(|(_, interface)| interface.functions.values());
    let waiting = functions.filter(|function| function.kind.is_async());
    problems.extend(waiting.map(|function| format!("async func {} is not to be used", function.name)));
    problems
}

/// The newest frozen version below `wit`: `since-0.10.0` is newer than `since-0.9.0`.
fn newest(wit: &Path) -> Option<PathBuf> {
    let version = |path: &Path| -> Option<Vec<u32>> {
        let version = path.file_name()?.to_str()?.strip_prefix("since-")?;
        version.split('.').map(|number| number.parse().ok()).collect()
    };
    let entries = std::fs::read_dir(wit).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter_map(|path| Some((version(&path)?, path)))
        .max()
        .map(|(_, path)| path)
}

/// What was changed since the newest frozen version and is not noted, or noted and not changed.
fn unnoted(wit: &Path) -> Vec<String> {
    let Some(frozen) = newest(wit) else { return Vec::new() };
    let texts = |directory: &Path| -> BTreeSet<(PathBuf, String)> {
        let found = files(directory, |path| {
            has_extension(path, "wit") && path.parent() == Some(directory)
        });
        found.into_iter().map(|file| (file.path, file.text)).collect()
    };
    let (then, now) = (texts(&frozen), texts(wit));
    let changed: BTreeSet<String> = then
        .symmetric_difference(&now)
        .map(|(path, _)| path.display().to_string())
        .collect();
    let pending = std::fs::read_to_string(wit.join("PENDING.md")).unwrap_or_default();
    let noted: BTreeSet<String> = pending
        .lines()
        .filter_map(|line| line.strip_prefix("- `")?.split_once("`: "))
        .filter(|(_, what)| !what.trim().is_empty())
        .map(|(file, _)| file.to_owned())
        .collect();
    let frozen = frozen.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let missing = changed
        .difference(&noted)
        .map(|file| format!("{file} differs from {frozen}, and wit/PENDING.md does not say why"));
    let stale = noted
        .difference(&changed)
        .map(|file| format!("wit/PENDING.md notes {file}, which is as in {frozen}"));
    missing.chain(stale).collect()
}

#[test]
fn every_item_says_what_it_is_and_none_is_of_a_refused_kind() {
    assert_none(&problems(&root().join("wit")));
}

#[test]
fn what_differs_from_the_last_release_is_noted() {
    assert_none(&unnoted(&root().join("wit")));
}

/// A `wit` directory with these files.
fn wit(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    directory
}

#[test]
fn an_item_without_words_or_of_a_refused_kind_is_found() {
    let directory = wit(&[(
        "a.wit",
        "/// P.\npackage a:b@0.1.0;\n/// I.\ninterface i {\n  /// R.\n  record r { f: u8 }\n  /// V.\n  variant v { /// C.\n c, d }\n  \
         enum e { /// E.\n e }\n  /// X.\n  resource x { m: func(); }\n  /// F.\n  flags g { a }\n  /// S.\n  s: func() -> stream<u8>;\n  \
         /// W.\n  w: async func();\n}\n",
    )]);
    let expected = [
        "i: func [method]x.m has no doc comment",
        "i: record r.f",
        "i: variant v.d",
        "i: enum e",
        "flags g",
        "stream",
        "async func w",
    ];
    let mut found = problems(directory.path());
    for part in ["r.f", "v.d"] {
        assert!(
            found
                .iter()
                .any(|problem| problem == &format!("i: {part} has no doc comment")),
            "{part}: {found:#?}"
        );
    }
    for part in [expected[0], "i: enum e has no doc comment"] {
        assert!(found.iter().any(|problem| problem == part), "{part}: {found:#?}");
    }
    for part in &expected[4..] {
        assert!(
            found
                .iter()
                .any(|problem| problem.starts_with(part) && problem.ends_with("not to be used")),
            "{part}: {found:#?}"
        );
    }
    found.dedup();
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn before_the_first_release_nothing_has_to_be_noted() {
    assert_eq!(unnoted(wit(&[("a.wit", "one")]).path()), <[String; 0]>::default());
}

#[test]
fn a_difference_has_to_be_noted() {
    let frozen = [
        ("since-0.1.0/a.wit", "one"),
        ("since-0.1.0/b.wit", "two"),
        ("a.wit", "one"),
        ("b.wit", "two"),
    ];
    assert_eq!(unnoted(wit(&frozen).path()), <[String; 0]>::default());
    let changed = [&frozen[..], &[("a.wit", "other"), ("c.wit", "new")]].concat();
    assert_eq!(
        unnoted(wit(&changed).path()),
        [
            "a.wit differs from since-0.1.0, and wit/PENDING.md does not say why",
            "c.wit differs from since-0.1.0, and wit/PENDING.md does not say why",
        ]
    );
    let noted = [
        &changed[..],
        &[(
            "PENDING.md",
            "# Pending\n\n- `a.wit`: more words\n- `c.wit`: a capability\n",
        )],
    ]
    .concat();
    assert_eq!(unnoted(wit(&noted).path()), <[String; 0]>::default());
    let empty = [
        &changed[..],
        &[("PENDING.md", "- `a.wit`: \n- `c.wit`: a capability\n")],
    ]
    .concat();
    assert_eq!(
        unnoted(wit(&empty).path()),
        ["a.wit differs from since-0.1.0, and wit/PENDING.md does not say why"]
    );
}

#[test]
fn a_removed_file_is_a_difference_and_a_note_without_one_is_stale() {
    let removed = [("since-0.1.0/a.wit", "one"), ("PENDING.md", "- `b.wit`: gone\n")];
    assert_eq!(
        unnoted(wit(&removed).path()),
        [
            "a.wit differs from since-0.1.0, and wit/PENDING.md does not say why",
            "wit/PENDING.md notes b.wit, which is as in since-0.1.0",
        ]
    );
}

#[test]
fn the_newest_release_counts() {
    let releases = [
        ("since-0.9.0/a.wit", "old"),
        ("since-0.10.0/a.wit", "new"),
        ("since-then/a.wit", "x"),
        ("a.wit", "new"),
    ];
    assert_eq!(unnoted(wit(&releases).path()), <[String; 0]>::default());
}
