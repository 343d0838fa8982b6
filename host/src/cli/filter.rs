//! `filter test`: what a section's Python does with records, so that people can try before they run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;

use super::args::Common;
use super::exit::Exit;
use super::open::open;
use super::output::{print, say_all, tell};
use super::report;
use crate::catalog::BuiltIn;
use crate::logging::Gravity;
use crate::mapping::{Judgement, Tried};
use crate::redact::clean;
use crate::run::Error;

/// Bytes of records that are tried at once.
const MOST_BYTES: u64 = 64 << 20;

pub(super) async fn test(section: &str, record: Option<&Path>, common: &Common, built_in: &'static [BuiltIn]) -> Exit {
    let opened = match open(common, built_in) {
        Ok(opened) => opened,
        Err(error) => return error.blame().into(),
    };
    let job = match opened.job(section).await {
        Ok(job) => job,
        Err(error) => return failed(section, &error),
    };
    let Some(python) = job.python() else {
        let what = format!(
            "error: [{}] has no Python to try\nhint: give it a `recordfilter`, or name a converter of [converters] in one of its mappings",
            clean(section, 80)
        );
        tell(Gravity::Error, Some(section), &what);
        return Exit::Config;
    };
    say_all(python.notes());
    let records = match records(record) {
        Ok(records) => records,
        Err(problem) => {
            tell(Gravity::Error, Some(section), &format!("error: {problem}"));
            return Exit::Config;
        }
    };
    match python.try_records(&job, &opened.context, &records).await {
        Ok(tried) => show(&tried, common.json),
        Err(error) => failed(section, &error),
    }
}

fn failed(section: &str, error: &Error) -> Exit {
    tell(
        Gravity::Error,
        Some(section),
        &report::failure(&clean(section, 80), error),
    );
    error.blame().into()
}

/// The records of a file, or of standard input, each as JSON.
fn records(path: Option<&Path>) -> Result<Vec<Vec<u8>>, String> {
    let name = path.map_or_else(|| "standard input".to_owned(), |path| path.display().to_string());
    let read = |reader: &mut dyn std::io::Read| {
        let mut text = String::new();
        reader.take(MOST_BYTES).read_to_string(&mut text).map(|_| text)
    };
    let text = match path {
        Some(path) => std::fs::File::open(path).and_then(|mut file| read(&mut file)),
        None => read(&mut std::io::stdin().lock()),
    };
    let text = text.map_err(|error| {
        format!("{name}: cannot be read: {error}\nhint: name a file with `--record FILE`, or give a record on standard input")
    })?;
    let values = serde_json::Deserializer::from_str(&text).into_iter::<Box<RawValue>>();
    let mut records = Vec::new();
    for value in values {
        let value = value.map_err(|error| {
            format!("{name}: is not JSON: {error}\nhint: write a record as `{{\"field\": \"value\"}}`, several as a list or one a line")
        })?;
        match serde_json::from_str::<Vec<Box<RawValue>>>(value.get()) {
            Ok(list) => records.extend(list.into_iter().map(|record| record.get().as_bytes().to_vec())),
            Err(_) => records.push(value.get().as_bytes().to_vec()),
        }
    }
    if let Some(at) = records.iter().position(|record| record.first() != Some(&b'{')) {
        return Err(format!(
            "{name}: record {} is not an object\nhint: write a record as `{{\"field\": \"value\"}}`",
            at + 1
        ));
    }
    if records.is_empty() {
        return Err(format!(
            "{name}: holds no record\nhint: write one as `{{\"field\": \"value\"}}`"
        ));
    }
    Ok(records)
}

/// What became of a record, for machines.
#[derive(Serialize)]
struct Machine<'a> {
    record: usize,
    status: &'static str,
    values: BTreeMap<&'a str, Box<RawValue>>,
    error: Option<&'a str>,
    hint: Option<&'a str>,
    log: &'a [String],
}

fn show(tried: &[Tried], json: bool) -> Exit {
    let mut has_failed = false;
    for (number, one) in (1..).zip(tried) {
        has_failed |= matches!(one.judgement, Judgement::Failed(..));
        let text = if json {
            for_machines(number, one)
        } else {
            for_people(number, one)
        };
        if !print(&text) {
            break;
        }
    }
    if has_failed { Exit::Failed } else { Exit::Done }
}

fn for_people(number: usize, tried: &Tried) -> String {
    let mut text = String::new();
    for line in &tried.lines {
        _ = writeln!(text, "log: {line}");
    }
    _ = match &tried.judgement {
        Judgement::Stays(_) => write!(text, "record {number}: stays"),
        Judgement::LeftOut => write!(text, "record {number}: left out by recordfilter"),
        Judgement::Failed(what, _) => write!(text, "record {number}: failed: {what}"),
    };
    match &tried.judgement {
        Judgement::Stays(values) => {
            for (field, value) in values {
                _ = write!(text, "\n  {field} = {}", clean(value, 2_000));
            }
        }
        Judgement::Failed(_, Some(hint)) => _ = write!(text, "\nhint: {hint}"),
        _ => {}
    }
    text
}

fn for_machines(number: usize, tried: &Tried) -> String {
    let (status, values, error, hint) = match &tried.judgement {
        Judgement::Stays(values) => ("stays", values.as_slice(), None, None),
        Judgement::LeftOut => ("left out", &[][..], None, None),
        Judgement::Failed(what, hint) => ("failed", &[][..], Some(what.as_str()), hint.as_deref()),
    };
    // As the text says it: a number keeps its digits.
    let value = |text: &String| RawValue::from_string(text.clone()).ok();
    let machine = Machine {
        record: number,
        status,
        values: values
            .iter()
            .filter_map(|(field, text)| Some((field.as_str(), value(text)?)))
            .collect(),
        error,
        hint,
        log: &tried.lines,
    };
    // Plain values; this does not fail.
    serde_json::to_string(&machine).unwrap_or_default()
}
