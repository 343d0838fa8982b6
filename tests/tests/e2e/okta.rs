//! Okta to Oomnitza.

use oomnitza_connector::standin::{okta, oomnitza};
use oomnitza_tests::Program;

#[test]
fn a_thousand_people_arrive_whole() {
    let destination = oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap();
    let source = okta::Okta::start(okta::Settings::default()).unwrap();
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[okta]\nenable = True\nurl = {}\napi_token = stand-in-token\ndefault_role = 25\ndefault_position = Employee\n",
        destination.url(),
        source.url()
    ));
    let output = program.run(&["upload", "okta", "--json"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(output.counts(), [1_000, 1_000, 0, 0, 0]);
    assert_eq!(destination.ledger().violations, Vec::<String>::new());
    assert_eq!(source.ledger().violations, Vec::<String>::new());
    assert_eq!(destination.uploaded().len(), 1_000);
}
