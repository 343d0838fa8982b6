//! `make bench`: what a run costs, in time, processor and memory, in one table.
//!
//! The program is a child; the servers it talks to are stand-ins in this process, which make their answers from nothing. What is
//! compared is measured side by side and in turns, so that what else the machine does meets both, and medians are shown.

mod bed;
mod code;
mod python;
mod sandbox;
mod size;
mod sources;
mod spent;
mod start;
mod table;
mod throughput;

use std::process::ExitCode;

use bed::Source;
use size::Size;
use table::Table;

const HELP: &str = "\
Measures oomnitza-connector: start, throughput, memory, the sandbox, and the same pipeline written natively.

Usage: bench [--quick] [--check] [--only PART]

  --quick      fewer records and fewer repetitions: under a minute, for a first look
  --check      exit with 1 if an aim is missed; without it the exit code is 0
  --only PART  one part: start, okta, ldap, latency, memory, sources, sandbox or code
  --help       print this

Build first: `make bench` does. Times are medians; `CPU` is user and system time of the measured process alone.";

fn main() -> ExitCode {
    let (mut quick, mut check, mut only) = (false, false, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => quick = true,
            "--check" => check = true,
            "--only" => only = arguments.next(),
            "--help" | "-h" => {
                println!("{HELP}");
                return ExitCode::SUCCESS;
            }
            other => {
                eprintln!("error: `{other}` is no option of bench\n\n{HELP}");
                return ExitCode::from(2);
            }
        }
    }
    let size = if quick { Size::quick() } else { Size::full() };
    let mut table = Table::default();
    throughput::check_equality();
    type Part = fn(&Size, &mut Table);
    let parts: [(&str, Part); 8] = [
        ("start", start::measure),
        ("okta", |size, table| throughput::measure(Source::Okta, size, table)),
        ("ldap", |size, table| throughput::measure(Source::Ldap, size, table)),
        ("latency", throughput::measure_latency),
        ("memory", throughput::measure_memory),
        ("sources", sources::measure),
        ("sandbox", sandbox::measure),
        ("code", code::measure),
    ];
    let is_asked = |name: &str| only.as_deref().is_none_or(|only| only == name);
    let asked: Vec<_> = parts.iter().filter(|(name, _)| is_asked(name)).collect();
    if asked.is_empty() {
        eprintln!("error: bench has no part of this name\n\n{HELP}");
        return ExitCode::from(2);
    }
    for (_, measure) in asked {
        measure(&size, &mut table);
    }
    python::compare(&mut table);
    println!("{table}");
    if check && table.missed() > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
