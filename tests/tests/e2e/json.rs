//! `--json`: a line for every section that was named, whatever is wrong.

use insta::assert_snapshot;
use oomnitza_tests::{Program, Servers};
use serde_json::Value;

use crate::configuration::OKTA;

/// Sections, their status, and the findings of each.
fn told(lines: &str) -> Vec<(String, String, usize)> {
    let line = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let findings = value["error"]["findings"].as_array().map_or(0, Vec::len);
        (text("section"), text("status"), findings)
    };
    lines.lines().map(line).collect()
}

#[test]
fn where_the_file_or_oomnitza_s_section_is_wrong_each_section_says_so() {
    let okta = format!("[okta]\nurl = http://127.0.0.1:9\n{OKTA}");
    let program = Program::with(&format!("[oomnitza]\nurl = http://127.0.0.1:9\nunknown = 1\n\n{okta}"));
    program.write("torn.ini", format!("[oomnitza\nurl\n{okta}").as_bytes());
    for (ini, findings) in [("config.ini", 1), ("torn.ini", 2), ("nowhere.ini", 1)] {
        for command in ["upload", "check"] {
            let output = program.run(&[command, "okta", "ldap", "--json", "--ini", ini]);
            assert_eq!(output.code, Some(2), "{command} {ini}\n{output}");
            let expected = ["okta", "ldap"].map(|name| (name.to_owned(), "failed".to_owned(), findings));
            assert_eq!(told(&output.stdout), expected, "{command} {ini}\n{output}");
            assert!(output.stderr.contains("error: "), "{output}");
            assert!(program.run(&[command, "okta", "--ini", ini]).stdout.is_empty());
        }
        for (command, expected) in [
            (
                &["upload", "okta", "ldap", "--show-mappings"][..],
                &["okta", "ldap"][..],
            ),
            (&["filter", "test", "--section", "okta"], &["okta"]),
        ] {
            let run = |options: &[&str]| program.run(&[command, &["--ini", ini], options].concat());
            let output = run(&["--json"]);
            assert_eq!(output.code, Some(2), "{output}");
            let failed = |name: &&str| ((*name).to_owned(), "failed".to_owned(), findings);
            let expected: Vec<_> = expected.iter().map(failed).collect();
            assert_eq!(told(&output.stdout), expected, "{command:?} {ini}\n{output}");
            assert!(output.stderr.contains("error: "), "{output}");
            assert!(run(&[]).stdout.is_empty());
        }
    }
    // What is wrong with the environment has no place in the file.
    let program = program.env("HTTPS_PROXY", "socks5://x");
    for command in ["upload", "check"] {
        let output = program.run(&[command, "okta", "--json"]);
        assert_eq!(
            told(&output.stdout),
            [("okta".to_owned(), "failed".to_owned(), 1)],
            "{output}"
        );
    }
    let output = program.run(&["validate", "--json"]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(output.stdout.contains("HTTPS_PROXY does not name a proxy"), "{output}");
}

#[test]
fn a_check_has_a_line_for_every_step() {
    let servers = Servers::with_people(3);
    let good = servers.program().run(&["check", "okta", "--json"]);
    assert_eq!(good.code, Some(0), "{good}");
    let bad = servers
        .program_with("", "api_token = another-token")
        .run(&["check", "okta", "nothing", "--json"]);
    let refused = servers
        .program_with("api_token = another-token", "")
        .run(&["check", "okta", "--json"]);
    assert_snapshot!(format!("{good}\n{bad}\n{refused}"));
}

/// What they show, and what keeps them from it, is JSON either way.
#[test]
fn mappings_and_tried_records_are_json_to_the_end() {
    let servers = Servers::with_people(3);
    let good = servers.program().run(&["upload", "okta", "--show-mappings", "--json"]);
    let bad = servers
        .program_with(
            "",
            "default_position = Employee\nmapping.USER = {\"setting\": \"nothing\"}",
        )
        .run(&["upload", "okta", "none", "--show-mappings", "--json"]);
    let refused =
        servers
            .program_with("api_token = another-token", "")
            .run(&["upload", "okta", "--show-mappings", "--json"]);
    assert_eq!(
        (good.code, bad.code, refused.code),
        (Some(0), Some(2), Some(1)),
        "{good}{bad}{refused}"
    );
    let program = servers.program_with("", "recordfilter = return True");
    let tried = [(servers.program(), "{}"), (program, "[]")]
        .map(|(program, record)| program.run_with_input(&["filter", "test", "--section", "okta", "--json"], record));
    let [plain, empty] = tried;
    assert_eq!((plain.code, empty.code), (Some(2), Some(2)), "{plain}{empty}");
    assert_snapshot!(format!("{good}\n{bad}\n{refused}\n{plain}\n{empty}"));
}
