//! Whole runs: rates, latency and memory.

use std::time::Duration;

use crate::bed::{Bed, Source, Subject};
use crate::size::{Size, thousands};
use crate::spent::{Spent, median};
use crate::table::{Aim, Row, Table};

/// What each answer takes in the run with latency.
const LATENCY: Duration = Duration::from_millis(20);

/// Users on a page of Okta's. A page's link is known only when the page is there, so pages come one after the other.
const OKTA_PAGE: u64 = 200;

/// The native program is a fair measure only if it does the same work.
pub(crate) fn check_equality() {
    for source in [Source::Okta, Source::Ldap] {
        let [product, native] = [Subject::Product, Subject::Native].map(|subject| {
            let bed = Bed::new(source, 1_234, Duration::ZERO, true);
            bed.run(subject);
            bed.uploaded()
        });
        assert_eq!(product.len(), 1_234);
        assert!(product == native, "what is uploaded from {} differs", source.name());
    }
}

pub(crate) fn measure(source: Source, size: &Size, table: &mut Table) {
    let (mut product, mut native) = (Vec::new(), Vec::new());
    let run = |subject| Bed::new(source, size.records, Duration::ZERO, false).run(subject);
    for _ in 0..size.runs {
        product.push(run(Subject::Product));
        native.push(run(Subject::Native));
    }
    let wall = |runs: &[Spent]| median(runs.iter().map(|spent| spent.wall));
    let cpu = |runs: &[Spent]| median(runs.iter().map(|spent| spent.cpu));
    let rate = |runs: &[Spent]| size.records as f64 / wall(runs);
    let (records, runs, name) = (thousands(size.records), size.runs, source.name());
    table.section(&format!("{name}, {records} users, median of {runs}"), "native");
    let row = |what, unit, of: &dyn Fn(&[Spent]) -> f64| {
        let (product, native) = (of(&product), of(&native));
        Row::new(what, unit, product).other(native).factor(product / native)
    };
    table.row(row("rate", "users/s", &rate).aim(Aim::AtLeast(0.7)).wish(0.8));
    table.row(row("wall time", "s", &wall));
    table.row(row("CPU time", "s", &cpu));
    let whole = 100_000.0 / size.records as f64;
    table.keep(&format!("{name} wall"), wall(&product) * whole);
    table.keep(&format!("{name} CPU"), cpu(&product) * whole);
}

pub(crate) fn measure_latency(size: &Size, table: &mut Table) {
    let records = size.late_records;
    let spent = Bed::new(Source::Okta, records, LATENCY, false).run(Subject::Product);
    let pages = records.div_ceil(OKTA_PAGE);
    let floor = LATENCY.as_secs_f64() * pages as f64;
    table.section(
        &format!(
            "okta, {} users, each answer {} ms late",
            thousands(records),
            LATENCY.as_millis()
        ),
        "floor",
    );
    let row = Row::new(
        &format!("wall time; {pages} pages, one after the other"),
        "s",
        spent.wall,
    );
    table.row(row.other(floor).factor(spent.wall / floor).aim(Aim::AtMost(1.25)));
    table.keep("late wall", spent.wall * 100_000.0 / records as f64);
}

pub(crate) fn measure_memory(size: &Size, table: &mut Table) {
    let [few, many] = size.memory;
    for source in [Source::Okta, Source::Ldap] {
        let peak = |people| {
            Bed::new(source, people, Duration::ZERO, false)
                .run(Subject::Product)
                .peak
        };
        let (small, large) = (peak(few), peak(many));
        table.section(&format!("peak memory, {}", source.name()), "");
        table.row(Row::new(&format!("{} users", thousands(few)), "MiB", small).aim(Aim::Below(80.0)));
        table.row(Row::new(&format!("{} users", thousands(many)), "MiB", large).aim(Aim::Below(80.0)));
        let growth = Row::new("growth", "MiB", (large - small).max(0.0));
        table.row(growth.factor(large / small).aim(Aim::AtMost(1.5)));
    }
}
