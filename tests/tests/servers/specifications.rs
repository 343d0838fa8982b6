//! Requests that are made only where a section asks for more, by the vendors' specifications.

use oomnitza_connector::standin::oomnitza;
use oomnitza_tests::Program;
use oomnitza_tests::servers::ini;

use crate::prism::Prism;
use crate::{OKTA, WRONG_LIMIT, WRONG_PATH};

#[test]
fn lists_of_okta_with_a_filter_are_asked_for_as_its_specification_says() {
    let prism = Prism::mock(OKTA);
    let oomnitza = oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap();
    let more = "deprovisioned = True\nincremental = True";
    let program = Program::with(&ini(&oomnitza.url(), &prism.url(), "", more));
    // Everybody and the deprovisioned, two lists; then those who have changed since, one.
    for _ in 0..2 {
        let output = program.run(&["upload", "okta", "--json"]);
        assert_eq!(output.code, Some(0), "{output}\n{}", prism.log());
    }
    prism.assert_kept_to_specification(3, WRONG_LIMIT);
}

#[test]
fn a_report_of_bamboohr_is_asked_for_as_its_specification_says() {
    let prism = Prism::mock("bamboohr/bamboohr.slim.json");
    let oomnitza = oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap();
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[bamboohr]\nenable = True\nurl = {}/api/gateway.php\nsystem_name = acme\n\
         api_token = sample-key\ndefault_role = 25\nmapping.BORN = {{\"source\": \"birthday\"}}\n",
        oomnitza.url(),
        prism.url()
    ));
    let output = program.run(&["upload", "bamboohr", "--json"]);
    assert_eq!(output.code, Some(0), "{output}\n{}", prism.log());
    // The directory, and what it does not have.
    prism.assert_kept_to_specification(2, WRONG_PATH);
}
