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

use size::Size;
use table::Table;

const HELP: &str = "\
Measures oomnitza-connector: start, throughput, memory, the sandbox, and the same pipeline written natively.

Usage: bench [--quick] [--check]

  --quick  fewer records and fewer repetitions: under a minute, for a first look
  --check  exit with 1 if an aim is missed; without it the exit code is 0
  --help   print this

Build first: `make bench` does. Times are medians; `CPU` is user and system time of the measured process alone.";

fn main() -> ExitCode {
    let (mut quick, mut check) = (false, false);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" => quick = true,
            "--check" => check = true,
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
    start::measure(&size, &mut table);
    throughput::measure(&size, &mut table);
    throughput::measure_latency(&size, &mut table);
    throughput::measure_memory(&size, &mut table);
    sources::measure(&size, &mut table);
    sandbox::measure(&size, &mut table);
    code::measure(&size, &mut table);
    python::compare(&mut table);
    println!("{table}");
    if check && table.missed() > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
