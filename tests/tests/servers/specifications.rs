//! What is asked for only where a section wants more, and what the tests' fakes answer, by the vendors' specifications.

use oomnitza_connector::standin::oomnitza;
use oomnitza_tests::fake::{bamboohr, onelogin};
use oomnitza_tests::servers::ini;
use oomnitza_tests::{Fake, Program};

use crate::prism::Prism;
use crate::{
    BAMBOOHR, OKTA, ONELOGIN, WRONG_LIMIT, WRONG_PATH, WRONG_PATH_BEFORE_ANOTHER, check_and_upload, free_port,
};

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
    let prism = Prism::mock(BAMBOOHR);
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

/// The fake behind Prism, which judges what the program asks and what the fake answers: a check and an upload of so many records.
pub fn assert_fake_keeps_to(
    specification: &str,
    fake: &Fake,
    section: &str,
    settings: &str,
    records: u64,
    requests: usize,
) {
    let prism = Prism::proxy(specification, free_port(), &fake.url());
    let (output, _) = check_and_upload(section, &settings.replace("URL", &prism.url()));
    assert_eq!(
        output.counts(),
        [records, records, 0, 0, 0],
        "{output}\n{}",
        prism.log()
    );
    assert_eq!(fake.violations(), Vec::<String>::new());
    prism.assert_kept_to_specification(requests, WRONG_PATH_BEFORE_ANOTHER);
}

#[test]
fn the_fake_of_bamboohr_answers_as_its_specification_says() {
    let settings = "url = URL/api/gateway.php\nsystem_name = acme\napi_token = sample-api-key\ndefault_role = 25\n\
        mapping.HIRED = {\"source\": \"hireDate\"}";
    // The directory for each of the two, and for the upload what the directory does not have.
    assert_fake_keeps_to(BAMBOOHR, &bamboohr::company(3), "bamboohr", settings, 3, 3);
}

#[test]
fn the_fake_of_onelogin_answers_as_its_specification_says() {
    let settings = "api_url = URL\nclient_id = sample-id\nclient_secret = sample-client-secret\ndefault_role = 25\n\
        default_position = Employee\nmapping.TITLE = {\"source\": \"title\"}";
    // A token and the first page for each of the two, and the upload's second page.
    assert_fake_keeps_to(ONELOGIN, &onelogin::rest("Lovelace".into()), "onelogin", settings, 3, 5);
}
