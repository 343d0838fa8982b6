//! From the start of a program to its first requests.

use std::thread;
use std::time::{Duration, Instant};

use crate::bed::{Bed, Source, Subject};
use crate::size::Size;
use crate::spent::{Spent, median};
use crate::table::{Aim, Row, Table};

/// How often the servers are looked at: a hundredth of what is measured, and too seldom to take a core away from it.
const LOOK: Duration = Duration::from_micros(50);

/// Milliseconds to Oomnitza's and to Okta's first request.
fn start(subject: Subject) -> [f64; 2] {
    start_in(&Bed::new(Source::Okta, 1, Duration::ZERO, false), subject)
}

/// The same in a bed that was made.
pub(crate) fn start_in(bed: &Bed, subject: Subject) -> [f64; 2] {
    let started = Instant::now();
    let child = bed.start(subject);
    let until = |is_reached: &dyn Fn() -> bool| {
        while !is_reached() {
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "{subject:?} does not start"
            );
            thread::sleep(LOOK);
        }
        started.elapsed().as_secs_f64() * 1_000.0
    };
    let times = [until(&|| bed.is_signed_in()), until(&|| bed.is_reading())];
    Spent::by(child, started);
    times
}

pub(crate) fn measure(size: &Size, table: &mut Table) {
    let (mut product, mut native) = (Vec::new(), Vec::new());
    for _ in 0..size.starts {
        product.push(start(Subject::Product));
        native.push(start(Subject::Native));
    }
    let at = |times: &[[f64; 2]], index: usize| median(times.iter().map(|times| times[index]));
    table.section(&format!("start, okta built in, median of {}", size.starts), "native");
    table.row(Row::new("until Oomnitza sees the sign-in", "ms", at(&product, 0)).other(at(&native, 0)));
    let first = at(&product, 1);
    table.row(
        Row::new("until Okta sees the first request", "ms", first)
            .other(at(&native, 1))
            .aim(Aim::Below(25.0)),
    );
    table.keep("start", first / 1_000.0);
}
