//! Python of the ini file: calls a second through the whole pipeline, what it adds to a start, and memory.

use tempfile::TempDir;

use crate::bed::{Bed, Subject};
use crate::size::{Size, thousands};
use crate::spent::{Spent, median};
use crate::start::start_in;
use crate::table::{Aim, Row, Table};

/// The filter of the README of 1.0.10. No user of Okta has that field, so all are left out.
const FILTER: &str = "recordfilter:\n    return record.asset_type == \"computer\"\n";

/// The same, which lets everybody through.
const OPEN: &str = "recordfilter:\n    return record.asset_type != \"computer\"\n";

/// A converter that does a little.
const CONVERTER: &str = "mapping.FIRST_NAME = {\"source\": \"firstName\", \"converter\": \"upper\"}\n[converters]\nupper:\n    return value.upper()\n";

pub(crate) fn measure(size: &Size, table: &mut Table) {
    let cache = TempDir::new().expect("a temporary directory can be made");
    let people = size.records;
    let run = |code, expected| Bed::with_code(people, code, expected, cache.path()).run(Subject::Product);
    // Unpacks the interpreter, once.
    run(FILTER, 0);
    let (mut filtered, mut open, mut converted, mut plain) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..size.runs {
        filtered.push(run(FILTER, 0));
        open.push(run(OPEN, people));
        converted.push(run(CONVERTER, people));
        plain.push(run("", people));
    }
    let rate = |runs: &[Spent]| people as f64 / median(runs.iter().map(|spent| spent.wall));
    let records = thousands(people);
    table.section(
        &format!("python, {records} users of okta, median of {}", size.runs),
        "without",
    );
    let row = |what: &str, runs: &[Spent]| {
        let (ours, without) = (rate(runs), rate(&plain));
        Row::new(what, "calls/s", ours).other(without).factor(ours / without)
    };
    table.row(row("the README's filter, all left out", &filtered).aim(Aim::Above(80_000.0)));
    table.row(row("a filter, all sent", &open));
    table.row(row("a converter, all sent", &converted));
    let peak = |runs: &[Spent]| median(runs.iter().map(|spent| spent.peak));
    let memory = Row::new("peak memory with the filter", "MiB", peak(&open)).other(peak(&plain));
    table.row(memory.aim(Aim::Below(96.0)));

    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..size.starts {
        let start = |code, expected| start_in(&Bed::with_code(1, code, expected, cache.path()), Subject::Product)[1];
        with.push(start(OPEN, 1));
        without.push(start("", 1));
    }
    let (with, without) = (median(with), median(without));
    table.row(Row::new("start to Okta's first request", "ms", with).other(without));
    table.row(Row::new("which is so much more", "ms", with - without).aim(Aim::Below(20.0)));
}
