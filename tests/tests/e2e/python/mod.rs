//! Python of the ini file: filters and converters (docs/python.md).

mod corpus;
mod kept;
mod looked_up;
mod running;
mod trying;
mod wrong;

use std::collections::BTreeMap;

use oomnitza_tests::Program;
use serde_json::value::RawValue;

/// An ini file with an Okta that nobody asks, a line for it, code for its `recordfilter` and converters, each indented.
pub(crate) fn ini(okta: &str, filter: &str, converters: &[(&str, &str)]) -> String {
    let mut text = String::from(
        "[oomnitza]\nurl = http://127.0.0.1:9\napi_token = a-test-token\n\n[okta]\nenable = True\nurl = https://example.okta.com\napi_token = a-test-token\n\
         default_role = 25\ndefault_position = Employee\n",
    );
    text.push_str(okta);
    text.push('\n');
    if !filter.is_empty() {
        text.push_str(&format!("recordfilter:\n{filter}\n"));
    }
    text.push_str("[converters]\n");
    for (name, code) in converters {
        text.push_str(&format!("{name}:\n{code}\n"));
    }
    text
}

/// The program with this ini file, and with a cache that all of these tests share, so that the interpreter is unpacked once.
pub(crate) fn program(ini: &str) -> Program {
    Program::with(ini).env("XDG_CACHE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/python-cache"))
}

/// What `filter test` says of a record. Values keep the text that they have: numbers of any size are compared by their digits.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Tried {
    pub(crate) status: String,
    pub(crate) values: BTreeMap<String, Box<RawValue>>,
    pub(crate) error: Option<String>,
}

/// Runs `filter test` on records, one a line.
pub(crate) fn try_records(program: &Program, records: &str) -> Vec<Tried> {
    program.write("records.jsonl", records.as_bytes());
    let output = program.run(&[
        "filter",
        "test",
        "--section",
        "okta",
        "--record",
        "records.jsonl",
        "--json",
    ]);
    let lines = output
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"));
    let tried: Vec<Tried> = lines.collect();
    assert_eq!(tried.len(), records.lines().count(), "{output}");
    tried
}
