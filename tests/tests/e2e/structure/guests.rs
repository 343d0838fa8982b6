//! Every guest for tests is used by one: each make of the fixture and each mode of the hostile one is named by a test.

use std::collections::BTreeSet;

use super::{assert_none, files, has_extension, root};

/// The texts in quotes in a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2)
}

/// Names that a guest tells apart: in the patterns of its `match`es, and where it compares with `==`.
fn names(source: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in source.lines().map(str::trim) {
        let pattern = line
            .split_once("=>")
            .map(|(pattern, _)| pattern)
            .filter(|pattern| pattern.starts_with('"'));
        names.extend(pattern.into_iter().flat_map(quoted).map(str::to_owned));
        names.extend(
            line.match_indices("== \"")
                .filter_map(|(at, _)| quoted(&line[at..]).next())
                .map(str::to_owned),
        );
    }
    names
}

/// The texts in quotes in the tests, those of this room left out.
fn named_by_tests() -> BTreeSet<String> {
    let tests = root().join("tests/tests");
    let own = tests.join("e2e/structure");
    let sources = files(&tests, |path| has_extension(path, "rs") && !path.starts_with(&own));
    let texts = sources.iter().flat_map(|file| file.text.lines()).flat_map(quoted);
    texts.map(str::to_owned).collect()
}

/// What of the guest in `guests/NAME` no test names.
fn unused(guest: &str) -> Vec<String> {
    let sources = files(&root().join("guests").join(guest).join("src"), |path| {
        has_extension(path, "rs")
    });
    let known: BTreeSet<String> = sources.iter().flat_map(|file| names(&file.text)).collect();
    assert!(!known.is_empty(), "guests/{guest} tells nothing apart");
    let named = named_by_tests();
    known
        .difference(&named)
        .map(|name| format!("guests/{guest}: no test names `{name}`"))
        .collect()
}

#[test]
fn every_make_of_the_fixture_is_used() {
    assert_none(&unused("fixtures"));
}

/// From the first test on that speaks of the hostile guest, all of it is used.
#[test]
fn every_mode_of_the_hostile_guest_is_used() {
    if named_by_tests().iter().any(|text| text.contains("hostile")) {
        assert_none(&unused("hostile"));
    }
}

#[test]
fn names_are_read_from_patterns_and_comparisons() {
    let source = "let id = if make == \"a\" { \"not\" } else { \"these\" };\nmatch m {\n  \"b\" | \"c-d\" => x(\"nor this\"),\n  \"e\" => {\n";
    assert_eq!(names(source).into_iter().collect::<Vec<_>>(), ["a", "b", "c-d", "e"]);
}
