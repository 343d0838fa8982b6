//! The Python program's figures, for scale.
//!
//! They were measured elsewhere, on a quiet machine, and are not measured again here: version 1.0.10 against the same stand-ins, with
//! the same people.

use crate::table::{Aim, Row, Table};

/// What was measured, in seconds, and how many times better we want to be.
const FIGURES: [(&str, &str, f64, Option<f64>); 6] = [
    ("start", "start to the first request", 0.17, Some(10.0)),
    ("okta wall", "okta, 100,000 users, wall time", 11.6, None),
    ("okta CPU", "okta, 100,000 users, CPU time", 10.9, Some(30.0)),
    ("ldap wall", "ldap, 100,000 people, wall time", 20.3, None),
    ("ldap CPU", "ldap, 100,000 people, CPU time", 18.2, Some(30.0)),
    (
        "late wall",
        "okta, 100,000 users, answers 20 ms late, wall time",
        59.7,
        None,
    ),
];

pub(crate) fn compare(table: &mut Table) {
    table.section(
        "against the Python program, measured elsewhere on a quiet machine",
        "Python",
    );
    for (name, what, theirs, times) in FIGURES {
        let Some(ours) = table.kept(name) else { continue };
        let row = Row::new(what, "s", ours).other(theirs).factor(theirs / ours);
        table.row(match times {
            Some(times) => row.aim(Aim::AtLeast(times)),
            None => row,
        });
    }
}
