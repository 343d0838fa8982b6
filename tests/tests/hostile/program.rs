//! The program with a hostile connector among its sections: the others are served, and an admin reads what it was.

use oomnitza_connector::standin::{ldap, okta, oomnitza};
use oomnitza_tests::{Output, Program};

use crate::attack::hostile_bytes;
use crate::compiling::costly;
use crate::server::{Server, Step};

/// Both sections in one run, and how many people of the good one arrived.
fn run(settings: &str) -> (Output, usize) {
    run_with(&hostile_bytes(), settings, |program| program)
}

/// The same with this component.
fn run_with(component: &[u8], settings: &str, change: impl FnOnce(Program) -> Program) -> (Output, usize) {
    let destination = oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap();
    let source = okta::Okta::start(okta::Settings {
        people: 20,
        ..okta::Settings::default()
    })
    .unwrap();
    let directory = ldap::Ldap::start(ldap::Settings::default()).unwrap();
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n\
         [hostile]\nenable = True\ncomponent = hostile.wasm\napi_token = 00-secret-of-the-section\ndirectory = {}\n{settings}\n\n\
         [okta]\nenable = True\nurl = {}\napi_token = stand-in-token\ndefault_role = 25\ndefault_position = Employee\n",
        destination.url(),
        directory.url(),
        source.url(),
    ));
    let program = change(program);
    program.write("hostile.wasm", component);
    let output = program.run(&["upload", "hostile", "okta"]);
    assert_eq!(destination.ledger().violations, Vec::<String>::new());
    (output, destination.uploaded().len())
}

/// H-05, H-07, H-29, H-30, H-34, H-40, H-43.
#[test]
fn a_hostile_section_fails_alone_and_is_told_in_plain_words() {
    for (mode, size) in [
        ("panic", 5),
        ("recurse", 0),
        ("memory", 0),
        ("long-record", 2_000_000),
        ("same-page", 0),
        ("unknown-slot", 0),
    ] {
        let (output, arrived) = run(&format!("mode = {mode}\nsize = {size}\nurl = http://127.0.0.1:1"));
        let expected = if mode == "same-page" { 22 } else { 20 };
        assert_eq!((output.code, arrived), (Some(1), expected), "{mode}\n{output}");
        let filters = [(r"lib\.rs:\d+:\d+", "lib.rs:[LINE]")];
        insta::with_settings!({ snapshot_suffix => mode, filters => filters }, {
            insta::assert_snapshot!(output.to_string());
        });
    }
}

/// H-10: a component that is written for the compiler is compiled no longer than it may, and in no more memory. The other section runs.
#[test]
fn a_component_that_cannot_be_compiled_fails_alone() {
    for (limit, milliseconds) in [("time", "500"), ("memory", "")] {
        let in_a_hurry = |program: Program| program.env("OOMNITZA_COMPILE_MS", milliseconds);
        let (output, arrived) = run_with(&costly(), "url = http://127.0.0.1:1", in_a_hurry);
        assert_eq!((output.code, arrived), (Some(1), 20), "{limit}\n{output}");
        insta::with_settings!({ snapshot_suffix => limit }, {
            insta::assert_snapshot!(output.to_string());
        });
    }
}

/// A section can let its connector have more memory, and no more than a gibibyte.
#[test]
fn a_section_can_let_its_connector_have_more() {
    let settings = "mode = memory\nsize = 0\nurl = http://127.0.0.1:1\nmax_memory = ";
    let (output, _) = run(&format!("{settings}300"));
    assert_eq!(output.code, Some(1), "{output}");
    assert!(output.stderr.contains("it may have 314572800 bytes"), "{output}");
    let (output, arrived) = run(&format!("{settings}2000\nmax_requests = 5"));
    assert_eq!(arrived, 20, "{output}");
    for said in [
        "[hostile] max_requests: cannot be `5`\nhint: it is a whole number from 100000 to 10000000; ",
        "[hostile] max_memory: cannot be `2000`\nhint: it is a whole number from 256 to 1024; ",
    ] {
        assert!(output.stderr.contains(said), "{output}");
    }
}

/// H-42: what a server gives back of the credential is shown nowhere.
#[test]
fn a_credential_that_comes_back_is_shown_nowhere() {
    let server = Server::playing(vec![vec![Step::Expect, Step::Echo(|request| request.to_owned())]]);
    let (output, arrived) = run(&format!("mode = echo\nurl = {}", server.url()));
    assert_eq!((output.code, arrived), (Some(1), 20), "{output}");
    assert!(output.stderr.contains("[redacted]"), "{output}");
    assert!(
        !format!("{}{}", output.stdout, output.stderr).contains("00-secret-of-the-section"),
        "{output}"
    );
}

/// H-11: a file that is no component at all is told before anything is fetched; the other section runs.
#[test]
fn a_file_that_is_no_component_is_told() {
    let destination = oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap();
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[hostile]\nenable = True\ncomponent = hostile.wasm\n",
        destination.url()
    ));
    program.write("hostile.wasm", b"\x7fELF\x02\x01\x01");
    insta::assert_snapshot!(program.run(&["upload", "hostile"]).to_string());
}
