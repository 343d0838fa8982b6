//! Every exit code of docs/exit-codes.md, each from a run that ends with it, and what `--exit-zero` makes of them.

use std::ffi::OsString;
use std::time::Duration;

use oomnitza_connector::catalog::BuiltIn;
use oomnitza_connector::cli;
use oomnitza_connector::sandbox::Digest;
use oomnitza_connector::standin::Trouble;
use oomnitza_connector::standin::oomnitza::{Call, Fault};
use oomnitza_tests::servers::user;
use oomnitza_tests::{Output, Program, Servers};

use crate::components::component;

const PAGE: &str = include_str!("../../../docs/exit-codes.md");

/// The run that ends with a code, with these arguments besides.
fn run(code: u8, more: &[&str]) -> Output {
    let servers = Servers::with_people(3);
    let arguments = [&["upload", "okta"], more].concat();
    match code {
        0 => {}
        1 => servers.oomnitza.inject(Fault::Next {
            call: Call::Mappings,
            times: 1,
            trouble: Trouble::Status(404, None),
        }),
        2 => return Program::bare().run(&arguments),
        3 => {
            servers.oomnitza.inject(Fault::Next {
                call: Call::SignIn,
                times: 1,
                trouble: Trouble::Wait(Duration::from_secs(600)),
            });
            let mut running = servers.program().launch(&arguments);
            running.wait_until("it signs in", || !servers.oomnitza.ledger().requests.is_empty());
            running.signal("TERM");
            return running.end();
        }
        4 => servers.oomnitza.inject(Fault::RefuseRecord {
            member: "USER".to_owned(),
            value: user(1)["USER"].clone(),
        }),
        75 => {
            servers.oomnitza.inject(Fault::Next {
                call: Call::Upload,
                times: 1,
                trouble: Trouble::Wait(Duration::from_secs(600)),
            });
            let program = servers.program();
            let mut running = program.launch(&["upload", "okta"]);
            running.wait_until("it uploads", || !servers.uploads().is_empty());
            return program.run(&arguments);
        }
        other => panic!("no run ends with {other}"),
    }
    servers.program().run(&arguments)
}

#[test]
fn every_code_that_is_documented_is_one_that_runs_end_with() {
    let documented: Vec<u8> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok())
        .collect();
    assert_eq!(documented, [0, 1, 2, 3, 4, 70, 75]);
    for code in documented.into_iter().filter(|code| *code != 70) {
        let output = run(code, &[]);
        assert_eq!(output.code, Some(code.into()), "{output}");
    }
}

/// A defect is what no user can cause: here a program that was built without its mapper.
#[test]
fn a_defect_ends_with_70() {
    let servers = Servers::with_people(3);
    let home = servers.program();
    let okta: &[u8] = component_compiled("okta").leak();
    let built_in: &'static [BuiltIn] = vec![BuiltIn {
        name: "okta",
        digest: Digest::of(&component("okta")),
        compiled: okta,
    }]
    .leak();
    let ini = home.home().join("config.ini");
    let end = |more: &[&str]| {
        let arguments = ["oomnitza-connector", "check", "okta", "--ini"].map(OsString::from);
        let arguments = arguments.into_iter().chain([ini.clone().into_os_string()]);
        cli::main(arguments.chain(more.iter().map(OsString::from)), built_in).code()
    };
    assert_eq!(end(&[]), 70);
    assert_eq!(end(&["--exit-zero"]), 0);
}

/// Machine code of a component, as the build made it.
fn component_compiled(name: &str) -> Vec<u8> {
    let path = format!("{}/../target/components/{name}.cwasm", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}: run `make build` first"))
}

#[test]
fn old_wrappers_get_0_and_the_same_words() {
    for code in [1, 2, 3, 4, 75] {
        let output = run(code, &["--exit-zero"]);
        assert_eq!(output.code, Some(0), "{output}");
        assert!(!output.stderr.is_empty(), "{output}");
    }
    // A command line that cannot be read does not say what it wants.
    let output = Program::bare().run(&["upload", "okta", "--exit-zero", "--nonsense"]);
    assert_eq!(output.code, Some(2), "{output}");
}
