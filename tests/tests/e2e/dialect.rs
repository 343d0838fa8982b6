//! The dialect of ini files, held against Python 2.7's own reader (tests/ini) and against its own promises.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oomnitza_connector::config::{EditError, Entry, Finding, Ini};
use serde::Deserialize;

#[path = "../../../fuzz/promises.rs"]
mod promises;

/// What Python made of a file, byte for byte as Latin-1.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reading {
    /// Sections, settings, values.
    Sections(BTreeMap<String, BTreeMap<String, String>>),
    /// The line that no header stands above.
    NoHeader(u32),
    /// The lines that are nothing.
    Wrong(Vec<u32>),
}

#[derive(Deserialize)]
struct Readings {
    files: BTreeMap<String, Reading>,
    random: Vec<Random>,
}

#[derive(Deserialize)]
struct Random {
    text: String,
    reading: Reading,
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ini")
}

fn readings() -> Readings {
    serde_json::from_slice(&std::fs::read(directory().join("python.json")).unwrap()).unwrap()
}

fn corpus() -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(directory().join("corpus")).unwrap();
    let mut files: Vec<_> = files
        .map(|file| file.unwrap())
        .map(|file| {
            (
                file.file_name().into_string().unwrap(),
                std::fs::read(file.path()).unwrap(),
            )
        })
        .collect();
    files.sort();
    files
}

fn parse(bytes: &[u8]) -> Result<Ini, Vec<Finding>> {
    Ini::parse(Path::new("config.ini"), bytes.to_vec())
}

fn latin(text: &str) -> Vec<u8> {
    text.chars()
        .map(|character| u8::try_from(u32::from(character)).unwrap())
        .collect()
}

/// A text that we read, as the file's bytes.
fn bytes(text: &str, is_utf8: bool) -> Vec<u8> {
    if is_utf8 { text.as_bytes().to_vec() } else { latin(text) }
}

/// Without the indents that the standard class takes away.
fn flush(value: &[u8]) -> Vec<u8> {
    let trimmed = value.split(|byte| *byte == b'\n').map(|line| {
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
        let start = line.iter().position(|byte| !is_space(byte)).unwrap_or(line.len());
        &line[start..]
    });
    trimmed.collect::<Vec<_>>().join(&b'\n')
}

fn assert_same(name: &str, text: &[u8], python: &Reading) {
    let shown = String::from_utf8_lossy(text);
    match (parse(text), python) {
        (Ok(ini), Reading::Sections(expected)) => {
            let is_utf8 = std::str::from_utf8(text).is_ok();
            let entry = |entry: &Arc<Entry>| (bytes(&entry.name, is_utf8), flush(&bytes(&entry.value, is_utf8)));
            let ours: BTreeMap<_, BTreeMap<_, _>> = ini
                .sections
                .iter()
                .map(|section| {
                    (
                        bytes(&section.name, is_utf8),
                        section.entries.iter().map(entry).collect(),
                    )
                })
                .collect();
            let theirs: BTreeMap<_, BTreeMap<_, _>> = expected
                .iter()
                .map(|(section, entries)| {
                    let entries = entries.iter().map(|(name, value)| (latin(name), flush(&latin(value))));
                    (latin(section), entries.collect())
                })
                .collect();
            assert_eq!(ours, theirs, "{name}:\n{shown}");
        }
        (Err(findings), Reading::NoHeader(line)) => {
            assert_eq!(findings[0].place.line, Some(*line), "{name}:\n{shown}");
        }
        (Err(findings), Reading::Wrong(lines)) => {
            let ours: Vec<u32> = findings.iter().filter_map(|finding| finding.place.line).collect();
            assert_eq!(&ours, lines, "{name}:\n{shown}");
        }
        (Ok(_), _) => panic!("{name}: Python refuses it\n{shown}"),
        (Err(findings), _) => panic!("{name}: Python reads it, ours says {}\n{shown}", findings[0]),
    }
}

#[test]
fn files_as_people_have_them_are_read_as_python_2_7_reads_them() {
    let readings = readings();
    let corpus = corpus();
    assert_eq!(
        corpus.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        readings.files.keys().collect::<Vec<_>>(),
        "run tests/ini/python.py again"
    );
    for (name, text) in corpus {
        assert_same(&name, &text, &readings.files[&name]);
    }
}

#[test]
fn random_files_are_read_as_python_2_7_reads_them() {
    let readings = readings();
    assert!(readings.random.len() > 900, "{}", readings.random.len());
    for random in readings.random {
        assert_same("random", &latin(&random.text), &random.reading);
    }
}

/// What the fuzzer looks for, for the files that it starts from.
#[test]
fn the_fuzzer_s_promises_hold_for_its_corpus() {
    for (_, text) in corpus() {
        promises::hold(&text);
    }
    for random in readings().random {
        promises::hold(&latin(&random.text));
    }
    promises::hold(include_bytes!("data/config-1.0.10.ini"));
}
