//! `generate-ini`: the old program's file word for word, made of what the connectors describe, and nothing that was there is lost.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use oomnitza_connector::config::Ini;
use oomnitza_tests::Program;

use crate::components::component;
use crate::configuration::Places;

/// The example in the README of 1.0.10, as it stands there.
const EXAMPLE: &str = include_str!("data/config-1.0.10.ini");

fn text(program: &Program, name: &str) -> String {
    std::fs::read_to_string(program.home().join(name)).unwrap()
}

#[test]
fn the_file_is_the_old_program_s_example_word_for_word() {
    let program = Program::bare();
    let output = program.run(&["generate-ini"]);
    insta::assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    ----- stderr
    wrote config.ini with sections for 10 connectors
    Fill in [oomnitza] and the sections that you need, give these `enable = True`, and remove the others.
    ");
    assert_eq!(text(&program, "config.ini"), EXAMPLE);
    let mode = std::fs::metadata(program.home().join("config.ini"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600, "it is going to hold credentials");
    assert_eq!(program.files(), [Path::new("config.ini")], "nothing is left behind");
}

/// What comments and further settings add is no setting: the file means the same.
#[test]
fn comments_explain_every_setting_and_change_none() {
    let program = Program::bare();
    assert_eq!(program.run(&["generate-ini", "--comments", "--all"]).code, Some(0));
    let explained = text(&program, "config.ini");
    let settings: String = explained
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(settings, EXAMPLE);
    let is_setting = |line: &str| line.contains(" = ") && !line.starts_with("enable") && !line.starts_with("# One of");
    for (above, line) in explained.lines().zip(explained.lines().skip(1)) {
        assert!(
            !is_setting(line) || above.starts_with("# "),
            "`{line}` is not explained"
        );
    }
    insta::assert_snapshot!(
        "generated_okta",
        explained
            .split("\n\n")
            .find(|section| section.starts_with("[okta]"))
            .unwrap()
    );
    insta::assert_snapshot!("generated_oomnitza", explained.split("\n\n").next().unwrap());
}

/// The settings that are commented out can be used by taking the `#` away.
#[test]
fn what_is_commented_out_is_known_to_its_section() {
    let places = Places::start();
    let program = Program::bare();
    program.run(&["generate-ini", "--all"]);
    let all = text(&program, "config.ini");
    let okta = all.split("\n\n").find(|section| section.starts_with("[okta]")).unwrap();
    // Two that would change the run, one of them to an authority that is not there.
    let uncommented: String = okta
        .lines()
        .map(|line| line.strip_prefix("# ").unwrap_or(line))
        .filter(|line| {
            !["cacert_", "env_password", "component", "recordfilter", "    "]
                .iter()
                .any(|start| line.starts_with(start))
        })
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(uncommented.contains("\npage_size = 200\n"), "{uncommented}");
    let ini = places.destination()
        + &uncommented
            .replace("enable = False", "enable = True")
            .replace("https://example-admin.okta.com", &places.okta.url())
            .replace("YOUR Okta API TOKEN", "stand-in-token");
    let output = Program::with(&ini).run(&["check", "okta"]);
    assert!(!output.stderr.contains("is not a setting"), "{output}");
}

#[test]
fn the_old_file_and_its_older_copies_are_kept() {
    let program = Program::with("one");
    let first = program.run(&["generate-ini"]);
    insta::assert_snapshot!(first, @"
    exit: 0
    ----- stdout
    ----- stderr
    config.ini was there and is kept as config.ini.bak
    wrote config.ini with sections for 10 connectors
    Fill in [oomnitza] and the sections that you need, give these `enable = True`, and remove the others.
    ");
    program.write("config.ini", b"two");
    let second = program.run(&["generate-ini"]);
    assert!(
        second
            .stderr
            .starts_with("config.ini.bak was there and is kept as config.ini.bak.1\n"),
        "{second}"
    );
    program.write("config.ini", b"three");
    program.run(&["generate-ini"]);
    let kept = ["config.ini.bak.1", "config.ini.bak.2", "config.ini.bak"].map(|name| text(&program, name));
    assert_eq!(kept, ["one", "two", "three"]);
    assert_eq!(text(&program, "config.ini"), EXAMPLE);
}

#[test]
fn a_link_is_kept_and_what_it_leads_to_is_not_touched() {
    let program = Program::bare();
    program.write("shared.ini", b"shared");
    std::os::unix::fs::symlink("shared.ini", program.home().join("config.ini")).unwrap();
    assert_eq!(program.run(&["generate-ini"]).code, Some(0));
    assert_eq!(text(&program, "shared.ini"), "shared");
    assert_eq!(text(&program, "config.ini.bak"), "shared");
    assert_eq!(text(&program, "config.ini"), EXAMPLE);
}

#[test]
fn where_no_file_can_be_written_none_is_lost() {
    let program = Program::with("mine");
    insta::assert_snapshot!(program.run(&["generate-ini", "--ini", "no/such.ini"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: no/such.ini cannot be written: its directory is not there
    hint: name a file in a directory that is there with `--ini FILE`
    ");
    insta::assert_snapshot!(program.run(&["generate-ini", "--ini", "."]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: . cannot be written: it is a directory
    hint: name a file in a directory that is there with `--ini FILE`
    ");
    insta::assert_snapshot!(program.run(&["generate-ini", "--ini", "/dev/null"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: /dev/null cannot be written: it is no plain file
    hint: name a file in a directory that is there with `--ini FILE`
    ");
    assert_eq!(text(&program, "config.ini"), "mine");
    assert_eq!(program.files(), [Path::new("config.ini")]);
}

#[test]
fn a_connector_from_the_connectors_directory_has_its_section() {
    let program = Program::bare();
    program.write("connectors/fixture.wasm", &component("fixture"));
    program.write("connectors/broken.wasm", b"no component");
    let output = program.run(&["generate-ini", "okta"]);
    insta::assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    warning: names have no effect here; the file has a section for every connector
    error: connector `broken` (connectors/broken.wasm) cannot be used; the file has no section for it
      Caused by: this is not a WebAssembly component: it is text
    hint: the file must be a whole component, as `make guests` or the connector's vendor builds it
    wrote config.ini with sections for 11 connectors, and without broken
    Fill in [oomnitza] and the sections that you need, give these `enable = True`, and remove the others.
    ");
    let ini = Ini::parse(Path::new("config.ini"), text(&program, "config.ini").into_bytes()).unwrap();
    let names: Vec<&str> = ini.sections.iter().map(|section| section.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "oomnitza",
            "airwatch",
            "bamboohr",
            "casper",
            "fixture",
            "jasper",
            "ldap",
            "mobileiron",
            "okta",
            "onelogin",
            "sccm",
            "zendesk"
        ]
    );
}

/// It takes the place of the one that the program carries, also where it cannot be used.
#[test]
fn a_connector_that_is_missing_in_the_file_is_a_failure() {
    let program = Program::bare();
    program.write("connectors/okta.wasm", b"no component");
    let output = program.run(&["generate-ini"]);
    assert_eq!(output.code, Some(1), "{output}");
    let said = "wrote config.ini with sections for 9 connectors, and without okta\n";
    assert!(output.stderr.contains(said), "{output}");
    assert!(!text(&program, "config.ini").contains("[okta]"));
}
