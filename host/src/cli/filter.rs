//! `filter test`: what a section's Python does with records, so that people can try before they run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;

use super::args::Common;
use super::exit::Exit;
use super::open::{Opened, open};
use super::output::{print, say_all, tell};
use super::report;
use crate::catalog::BuiltIn;
use crate::config::{Finding, Place};
use crate::logging::Gravity;
use crate::mapping::{Judgement, Tried};
use crate::redact::clean;
use crate::run::Error;

/// Bytes of records that are tried at once.
const MOST_BYTES: u64 = 64 << 20;

pub(super) async fn test(section: &str, record: Option<&Path>, common: &Common, built_in: &'static [BuiltIn]) -> Exit {
    let error = match open(common, built_in) {
        Ok(opened) => match tried(section, record, &opened).await {
            Ok(tried) => return show(&tried, common.json),
            Err(error) => {
                let text = report::failure(&clean(section, 80), &error);
                tell(Gravity::Error, Some(section), &text);
                error
            }
        },
        Err(error) => error,
    };
    if common.json {
        print(&report::failed_for_machines(section, &error));
    }
    error.blame().into()
}

async fn tried(section: &str, record: Option<&Path>, opened: &Opened) -> Result<Vec<Tried>, Error> {
    let job = opened.job(section).await?;
    let Some(python) = job.python() else {
        let finding = Finding::error(job.section.place(None), "has no Python to try")
            .remedy("give it a `recordfilter`, or name a converter of [converters] in one of its mappings");
        return Err(Error::Config(vec![finding]));
    };
    say_all(python.notes());
    let records = records(record).map_err(|finding| Error::Config(vec![*finding]))?;
    python.try_records(&job, &opened.context, &records).await
}

/// The records of a file, or of standard input, each as JSON.
fn records(path: Option<&Path>) -> Result<Vec<Vec<u8>>, Box<Finding>> {
    let wrong = |what: String, remedy: &str| {
        let file = path.unwrap_or(Path::new("standard input")).to_owned();
        let place = Place {
            file,
            ..Place::default()
        };
        Box::new(Finding::error(place, what).remedy(remedy))
    };
    let read = |reader: &mut dyn std::io::Read| {
        let mut text = String::new();
        reader.take(MOST_BYTES).read_to_string(&mut text).map(|_| text)
    };
    let text = match path {
        Some(path) => std::fs::File::open(path).and_then(|mut file| read(&mut file)),
        None => read(&mut std::io::stdin().lock()),
    };
    let text = text.map_err(|error| {
        let remedy = "name a file with `--record FILE`, or give a record on standard input";
        wrong(format!("cannot be read: {error}"), remedy)
    })?;
    let values = serde_json::Deserializer::from_str(&text).into_iter::<Box<RawValue>>();
    let mut records = Vec::new();
    for value in values {
        let value = value.map_err(|error| {
            let remedy = "write a record as `{\"field\": \"value\"}`, several as a list or one a line";
            wrong(format!("is not JSON: {error}"), remedy)
        })?;
        match serde_json::from_str::<Vec<Box<RawValue>>>(value.get()) {
            Ok(list) => records.extend(list.into_iter().map(|record| record.get().as_bytes().to_vec())),
            Err(_) => records.push(value.get().as_bytes().to_vec()),
        }
    }
    if let Some(at) = records.iter().position(|record| record.first() != Some(&b'{')) {
        let what = format!("record {} is not an object", at + 1);
        return Err(wrong(what, "write a record as `{\"field\": \"value\"}`"));
    }
    if records.is_empty() {
        return Err(wrong(
            "holds no record".to_owned(),
            "write one as `{\"field\": \"value\"}`",
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
