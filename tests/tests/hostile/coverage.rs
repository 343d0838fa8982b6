//! No limit and no mode without a test.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// This suite.
const SUITE: &str = "tests/tests/hostile";

/// Limits of one room.
struct Room {
    name: &'static str,
    file: &'static str,
    structure: &'static str,
    /// How this suite names the room's limits where it sets one of them.
    set_as: &'static [&'static str],
    /// Where no limits but this room's are written out.
    written_in: &'static [&'static str],
    /// What is none: a part that has limits of its own, and how long a retry waits.
    others: &'static [&'static str],
}

const ROOMS: [Room; 9] = [
    Room {
        name: "sandbox",
        file: "host/src/sandbox/limits.rs",
        structure: "Limits",
        set_as: &["sandbox"],
        written_in: &[
            "tests/tests/hostile/border.rs",
            "tests/tests/hostile/loading.rs",
            "tests/tests/hostile/compiling.rs",
        ],
        others: &["pages", "scripts"],
    },
    Room {
        name: "pages",
        file: "host/src/sandbox/limits.rs",
        structure: "Pages",
        set_as: &["sandbox.pages"],
        written_in: &[],
        others: &[],
    },
    Room {
        name: "scripts",
        file: "host/src/sandbox/limits.rs",
        structure: "Scripts",
        set_as: &[],
        written_in: &["tests/tests/hostile/python.rs"],
        others: &[],
    },
    Room {
        name: "http",
        file: "host/src/capabilities/http/limits.rs",
        structure: "Limits",
        set_as: &["http", "terms.limits"],
        written_in: &[],
        others: &[],
    },
    Room {
        name: "retry",
        file: "host/src/capabilities/http/limits.rs",
        structure: "Retry",
        set_as: &["terms.retry"],
        written_in: &["host/src/capabilities/http/tests.rs"],
        others: &["backoff"],
    },
    Room {
        name: "ldap",
        file: "host/src/capabilities/ldap/limits.rs",
        structure: "Limits",
        set_as: &["ldap"],
        written_in: &["host/src/capabilities/ldap/tests"],
        others: &[],
    },
    Room {
        name: "sql",
        file: "host/src/capabilities/sql/limits.rs",
        structure: "Limits",
        set_as: &[],
        written_in: &["host/src/capabilities/sql/tests"],
        others: &[],
    },
    Room {
        name: "log",
        file: "host/src/capabilities/log/mod.rs",
        structure: "Limits",
        set_as: &["log"],
        written_in: &[],
        others: &[],
    },
    Room {
        name: "timeouts",
        file: "host/src/net/mod.rs",
        structure: "Timeouts",
        set_as: &["timeouts"],
        written_in: &[],
        // A name that is slow to resolve takes a resolver of the test's own.
        others: &["resolve"],
    },
];

/// The tests in a file or in the files of a directory, below the repository.
fn tests(place: &str) -> String {
    let place = root().join(place);
    let files: Vec<PathBuf> = if place.is_dir() {
        let files = std::fs::read_dir(&place).unwrap();
        files.map(|file| file.unwrap().path()).collect()
    } else {
        vec![place]
    };
    let is_test =
        |file: &PathBuf| file.extension().is_some_and(|extension| extension == "rs") && !file.ends_with("coverage.rs");
    files
        .iter()
        .filter(|file| is_test(file))
        .map(|file| std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
        .collect()
}

fn product(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Each limit is set to a tiny value somewhere: one that nothing reaches any more is none. Rooms have limits of the same name, and the test of
/// one does not do for another.
#[test]
fn every_limit_is_set_by_a_test() {
    let suite = tests(SUITE);
    let mut missing = Vec::new();
    for room in ROOMS {
        let text = product(room.file);
        let start = format!("pub struct {} {{\n", room.structure);
        let (_, fields) = text.split_once(&start).expect("the room has these limits");
        let fields = fields.split("\n}\n").next().unwrap();
        let fields: Vec<&str> = fields
            .lines()
            .filter_map(|line| Some(line.strip_prefix("    pub ")?.split_once(": ")?.0))
            .collect();
        assert!(fields.len() >= 2, "{} names limits in another form", room.file);
        let written: String = room.written_in.iter().map(|place| tests(place)).collect();
        let is_set = |field: &str| {
            let is_written = [": ", ",\n"]
                .iter()
                .any(|end| written.contains(&format!(" {field}{end}")));
            is_written
                || room
                    .set_as
                    .iter()
                    .any(|way| suite.contains(&format!("{way}.{field} = ")))
        };
        let unset = fields
            .into_iter()
            .filter(|field| !room.others.contains(field) && !is_set(field));
        missing.extend(unset.map(|field| format!("{}.{field}", room.name)));
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// Each mode of the guest is used.
#[test]
fn every_misbehaviour_is_tested() {
    let (guest, suite) = (product("guests/hostile/src/lib.rs"), tests(SUITE));
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
