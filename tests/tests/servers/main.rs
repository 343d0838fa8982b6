//! The program against servers that others made: Prism, which answers by a vendor's published specification and says where a request
//! or an answer does not keep to it.
//!
//! `make test-servers` runs this. It is no part of `cargo test --workspace`: Prism comes from npm.

mod prism;

use oomnitza_connector::standin::{okta, oomnitza};
use oomnitza_tests::servers::ini;
use oomnitza_tests::{Program, Servers};

use prism::Prism;

const OKTA: &str = "okta/okta-users-2026.06.3.slim.json";

#[test]
fn the_requests_to_okta_are_those_of_its_specification() {
    let prism = Prism::mock(OKTA);
    let oomnitza = oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap();
    let program = Program::with(&ini(&oomnitza.url(), &prism.url(), "", ""));
    let output = program.run(&["check", "okta"]);
    assert_eq!(output.code, Some(0), "{output}\n{}", prism.log());
    let output = program.run(&["upload", "okta", "--json"]);
    assert_eq!(output.code, Some(0), "{output}\n{}", prism.log());
    assert_eq!(output.counts(), [1, 1, 0, 0, 0], "{output}");
    assert_eq!(oomnitza.ledger().violations, Vec::<String>::new());
    prism.assert_kept_to_specification(2);
}

#[test]
fn the_stand_in_for_okta_answers_as_its_specification_says() {
    let port = prism::free_port();
    let public = format!("http://127.0.0.1:{port}");
    let settings = okta::Settings {
        people: 450,
        public: Some(public),
        ..okta::Settings::default()
    };
    let servers = Servers::start(settings, oomnitza::Settings::default());
    let prism = Prism::proxy(OKTA, port, &servers.okta.url());
    let program = Program::with(&ini(&servers.oomnitza.url(), &prism.url(), "", ""));
    let output = program.run(&["check", "okta"]);
    assert_eq!(output.code, Some(0), "{output}\n{}", prism.log());
    let output = program.run(&["upload", "okta", "--json"]);
    assert_eq!(output.code, Some(0), "{output}\n{}", prism.log());
    servers.assert_arrived(0..450);
    prism.assert_kept_to_specification(4);
}
