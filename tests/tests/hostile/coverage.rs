//! No limit and no mode without a test.

use std::path::{Path, PathBuf};

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile")
}

/// All tests of this suite but these, and those of the room in which a hostile directory is met.
fn suite() -> String {
    let files = [here(), here().join("../../../host/src/capabilities/ldap/tests")]
        .into_iter()
        .flat_map(|directory| std::fs::read_dir(directory).unwrap())
        .map(|file| file.unwrap().path());
    let is_test =
        |file: &PathBuf| file.extension().is_some_and(|extension| extension == "rs") && !file.ends_with("coverage.rs");
    files
        .filter(is_test)
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect()
}

fn product(file: &str) -> String {
    std::fs::read_to_string(here().join("../../../").join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Each limit is set to a tiny value somewhere: one that nothing reaches any more is none.
#[test]
fn every_limit_is_set_by_a_test() {
    let suite = suite();
    let rooms = [
        ("sandbox", "host/src/sandbox/limits.rs"),
        ("http", "host/src/capabilities/http/limits.rs"),
        ("ldap", "host/src/capabilities/ldap/limits.rs"),
        ("log", "host/src/capabilities/log/mod.rs"),
        ("timeouts", "host/src/net/mod.rs"),
    ];
    let mut missing = Vec::new();
    for (room, file) in rooms {
        let text = product(file);
        let fields = text
            .lines()
            .filter_map(|line| line.strip_prefix("    pub ")?.split_once(": "));
        let fields: Vec<&str> = fields
            .map(|(name, _)| name)
            .filter(|name| !name.contains(' '))
            .collect();
        assert!(fields.len() >= 3, "{file} names limits in another form");
        let is_set = |field: &str| {
            let ways = [format!(".{field} = "), format!(" {field}: ")];
            ways.iter().any(|way| suite.contains(way))
        };
        // A part that has limits of its own, and how long a retry waits, are not limits themselves.
        let unset = fields
            .into_iter()
            .filter(|field| !["pages", "scripts", "backoff", "resolve"].contains(field) && !is_set(field));
        missing.extend(unset.map(|field| format!("{room}.{field}")));
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// Each mode of the guest is used.
#[test]
fn every_misbehaviour_is_tested() {
    let (guest, suite) = (product("guests/hostile/src/lib.rs"), suite());
    let arms = guest
        .lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with('"') && line.contains("=>"));
    let modes: Vec<&str> = arms.filter_map(|line| line.split('"').nth(1)).collect();
    assert!(modes.len() > 30, "{modes:?}");
    let unused: Vec<&&str> = modes
        .iter()
        .filter(|mode| !suite.contains(&format!("\"{mode}\"")))
        .collect();
    assert_eq!(unused, Vec::<&&str>::new());
}
