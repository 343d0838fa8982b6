//! What holds for one section holds for all of them together.

use std::time::Duration;

use oomnitza_tests::Program;
use oomnitza_tests::source::{Answer, Api, Asked, Casper, Source, Tokens};
use serde_json::json;

use super::Organisations;

#[test]
fn batches_under_way_are_counted_over_all_sections() {
    for parallel in [1, 3] {
        let lines = format!("upload_parallel = {parallel}");
        let servers = Organisations::start(4, 600, Duration::from_millis(20), &lines);
        let output = servers.program.run(&servers.arguments(&[]));
        assert_eq!(output.code, Some(0), "{output}");
        let ledger = servers.oomnitza.ledger();
        assert_eq!((ledger.most_in_flight, ledger.records), (parallel, 2_400), "{output}");
    }
}

/// A Casper that takes its time, so that requests meet.
struct Slow(Casper);

impl Api for Slow {
    fn answer(&mut self, asked: &Asked) -> Result<Answer, String> {
        let mut answer = self.0.answer(asked)?;
        answer.delay = Duration::from_millis(10);
        Ok(answer)
    }
}

#[test]
fn requests_to_one_place_are_counted_over_all_sections() {
    let mut casper = Casper::new(Tokens::Unknown);
    casper.computers = (1..=40).map(|id| (id, Casper::computer(id))).collect();
    let source = Source::start(Slow(casper));
    let oomnitza = super::Oomnitza::start(super::Settings {
        mappings: ["casper.A", "casper.B", "casper.C"]
            .map(|name| (name.to_owned(), json!({"general.serial_number": "SERIAL_NUMBER"})))
            .into(),
        keep_bodies: false,
        ..super::Settings::default()
    })
    .unwrap();
    let sections = ["A", "B", "C"].map(|name| {
        format!(
            "[casper.{name}]\nenable = True\nurl = {}\nusername = auditor\npassword = correct horse\nsync_field = SERIAL_NUMBER\n",
            source.url()
        )
    });
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n{}",
        oomnitza.url(),
        sections.join("\n")
    ));
    let output = program.run(&["upload", "casper.A", "casper.B", "casper.C"]);
    assert_eq!((output.code, oomnitza.ledger().records), (Some(0), 120), "{output}");
    // Four, and as many whose answers are out and not yet counted so; three sections by themselves would have twelve.
    assert!(
        (3..=8).contains(&source.most_in_flight()),
        "{}",
        source.most_in_flight()
    );
}

#[test]
fn memory_stays_bounded_with_four_sections() {
    let people = 10_000;
    let servers = Organisations::start(4, people, Duration::ZERO, "");
    let mut running = servers.program.launch(&servers.arguments(&[]));
    running.wait_until("nearly all arrive", || {
        servers.oomnitza.ledger().records > 4 * people * 9 / 10
    });
    let most = running.most_memory();
    let output = running.end();
    assert_eq!(
        (output.code, servers.oomnitza.ledger().records),
        (Some(0), 4 * people),
        "{output}"
    );
    assert!(most < 80 << 20, "{most} bytes");
}
