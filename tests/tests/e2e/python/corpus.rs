//! Filters and converters as people write them, and what CPython makes of them: `oracle.py` wrote the results into `corpus/`, and is asked
//! again here.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Tried, ini, try_records};

/// The least that there are.
const AT_LEAST: usize = 60;

/// The line of the ini file on which a filter's or a converter's first line of code stands.
const FIRST_LINE: u64 = 14;

struct Case {
    name: String,
    is_filter: bool,
    parameters: String,
    code: String,
    /// Records and what CPython makes of them.
    records: Vec<(String, String)>,
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/python")
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for file in std::fs::read_dir(here().join("corpus")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        cases.extend(text.trim().trim_start_matches("# ").split("\n\n# ").map(case));
    }
    cases
}

fn case(text: &str) -> Case {
    let (head, tail) = text.split_once("\n---\n").unwrap();
    let (name, rest) = head.split_once('\n').unwrap();
    let (kind, code) = rest.split_once('\n').unwrap();
    // Behind it stands what the code of Python 2 means today, for the oracle.
    let code = code.split("\ntoday\n").next().unwrap();
    let (kind, parameters) = kind.split_once(' ').unwrap_or((kind, ""));
    let records = tail.lines().map(|line| {
        let (record, result) = line
            .rsplit_once(" => ")
            .unwrap_or_else(|| panic!("{name}: run oracle.py"));
        (record.to_owned(), result.to_owned())
    });
    Case {
        name: name.to_owned(),
        is_filter: kind == "filter",
        parameters: parameters.to_owned(),
        code: code.to_owned(),
        records: records.collect(),
    }
}

/// What the program makes of a case's records, written as the oracle writes it.
fn made(case: &Case) -> Vec<String> {
    let text = if case.is_filter {
        // A line for each line that a converter's section has more.
        ini("page_size = 100\npage_size = 100", &case.code, &[])
    } else {
        let mapping = format!(
            r#"mapping.OUT = {{"source": "value", "converter": "mine:{}"}}"#,
            case.parameters
        );
        ini(&mapping, "", &[("mine", &case.code)])
    };
    let first = text
        .lines()
        .position(|line| line == case.code.lines().next().unwrap())
        .unwrap() as u64
        + 1;
    assert_eq!(first, FIRST_LINE, "{}", case.name);
    let program = super::program(&text);
    let records: Vec<&str> = case.records.iter().map(|(record, _)| record.as_str()).collect();
    let tried = try_records(&program, &(records.join("\n") + "\n"));
    let shown = |tried: &Tried| match tried.status.as_str() {
        "stays" if case.is_filter => "true".to_owned(),
        "left out" => "false".to_owned(),
        "stays" => tried.values["OUT"].get().to_owned(),
        _ => {
            let error = tried.error.as_deref().unwrap();
            let line: u64 = error.split(':').nth(1).unwrap().parse().unwrap();
            let what = error.split(": ").nth(2).unwrap();
            let kind = what.split(':').next().unwrap();
            format!("raises {kind} {}", line + 1 - FIRST_LINE)
        }
    };
    tried.iter().map(shown).collect()
}

#[test]
fn code_makes_of_records_what_cpython_makes_of_them() {
    let cases = cases();
    assert!(cases.len() >= AT_LEAST, "{} cases", cases.len());
    let mut differences = Vec::new();
    for case in &cases {
        for ((record, expected), made) in case.records.iter().zip(made(case)) {
            if made != *expected {
                differences.push(format!(
                    "{}: {record}\n  made     {made}\n  expected {expected}",
                    case.name
                ));
            }
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// The results in the corpus are CPython's: this machine's says the same.
#[test]
fn cpython_still_makes_the_same_of_them() {
    let output = Command::new("python3")
        .arg(here().join("oracle.py"))
        .arg("--check")
        .output()
        .expect("there is a python3: run `make setup`");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
