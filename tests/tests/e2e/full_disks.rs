//! Full disks: what could not be written is not said to be there, and no exit code says that all is well.

use std::path::PathBuf;

use oomnitza_connector::standin::ldap;
use oomnitza_connector::standin::oomnitza::{Fault, Oomnitza, Settings};
use oomnitza_tests::{Disk, Output, Program, Servers};
use serde_json::Value;

use crate::configuration::{OKTA, OOMNITZA};

/// An Oomnitza that refuses everybody, and the program.
fn refusing(people: u64) -> (Servers, Program) {
    let servers = Servers::with_people(people);
    servers.oomnitza.inject(Fault::RefuseRecord {
        member: "POSITION".to_owned(),
        value: "Employee".into(),
    });
    let program = servers.program_with("upload_parallel = 1", "");
    (servers, program)
}

const REJECTS: &str = ".local/state/oomnitza-connector/rejects";

/// What a report says of refused records: the file, and how many are not in it.
fn told(output: &Output) -> (bool, u64) {
    let report = output.report();
    (report["rejects"].is_string(), report["rejects_lost"].as_u64().unwrap())
}

#[test]
fn refused_records_that_cannot_be_kept_are_not_said_to_be() {
    let (_servers, program) = refusing(8);
    let disk = Disk::full(program.home().join(REJECTS));
    let output = program.run(&["upload", "okta", "--json"]);
    assert_eq!(told(&output), (false, 8), "{output}");
    assert!(disk.files().is_empty(), "{:?}", disk.files());
    insta::assert_snapshot!(output.without_stdout());
}

#[test]
fn refused_records_are_kept_as_far_as_there_is_room() {
    let (_servers, program) = refusing(30);
    let disk = Disk::with_pages(1, program.home().join(REJECTS));
    let output = program.run(&["upload", "okta", "--json"]);
    let (is_kept, lost) = told(&output);
    let [file]: [PathBuf; 1] = disk.files().try_into().unwrap();
    let text = std::fs::read_to_string(program.home().join(REJECTS).join(file)).unwrap();
    let kept = text
        .lines()
        .map(serde_json::from_str::<Value>)
        .collect::<Result<Vec<_>, _>>();
    let kept = kept.unwrap().len() as u64;
    assert!(
        is_kept && kept > 10 && lost > 0 && text.ends_with("}\n"),
        "{kept}: {output}"
    );
    assert_eq!(kept + lost, 30, "{output}");
    let said = &output.stderr;
    assert!(said.contains("the rejected records are kept in /"), "{output}");
    assert!(
        said.contains(&format!("\n  {lost} rejected records could NOT be kept in /")),
        "{output}"
    );
}

#[test]
fn refused_records_that_have_no_place_are_told() {
    let (_servers, program) = refusing(2);
    let program = program.env("HOME", "");
    let output = program.run(&["upload", "okta", "--json"]);
    assert_eq!(told(&output), (false, 2), "{output}");
    insta::assert_snapshot!(output.without_stdout());
    // Where a home is named that is none.
    let program = program.env("HOME", "/proc");
    let output = program.run(&["upload", "okta", "--json"]);
    assert_eq!(told(&output), (false, 2), "{output}");
    insta::assert_snapshot!(output.without_stdout());
}

#[test]
fn data_is_saved_until_there_is_no_room_and_the_report_says_so() {
    let servers = Servers::with_people(10);
    let program = servers.program();
    let disk = Disk::with_pages(3, program.home().join("saved_data"));
    let output = program.run(&["upload", "okta", "--save-data", "--json"]);
    servers.assert_arrived(0..10);
    let names = ["okta/0.json", "okta/1.json", "okta/2.json"].map(PathBuf::from);
    assert_eq!(disk.files(), names, "no half of a file");
    let report = output.report();
    assert_eq!(
        (&report["saved"], &report["saved_in_part"]),
        (&"saved_data/okta".into(), &true.into())
    );
    insta::assert_snapshot!(output.without_stdout());
}

#[test]
fn where_nothing_is_saved_nothing_is_said_to_be() {
    let servers = Servers::with_people(1);
    let program = servers.program();
    let disk = Disk::full(program.home().join("saved_data"));
    let output = program.run(&["upload", "okta", "--save-data", "--json"]);
    servers.assert_arrived(0..1);
    assert!(disk.files().is_empty(), "{:?}", disk.files());
    assert_eq!(output.report()["saved"], Value::Null, "{output}");
    insta::assert_snapshot!(output.without_stdout());
}

/// A table needs room beside the entries that it is made of.
#[test]
fn entries_of_a_directory_without_room_for_a_table_stay_as_they_came() {
    let directory = ldap::Ldap::start(ldap::Settings {
        people: 40,
        ..ldap::Settings::default()
    })
    .unwrap();
    let destination = Oomnitza::start(Settings::default()).unwrap();
    let settings = ldap::Settings::default();
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[ldap]\nenable = True\nurl = {}\nusername = {}\npassword = {}\nbase_dn = {}\n\
         filter = (objectClass=inetOrgPerson)\nprotocol_version = 3\ndefault_role = 25\ndefault_position = x\n",
        destination.url(),
        directory.url(),
        settings.bind_dn,
        settings.password,
        settings.base_dn
    ));
    let disk = Disk::with_pages(1, program.home().join("saved_data"));
    let output = program.run(&["upload", "ldap", "--save-data"]);
    assert_eq!((output.code, destination.uploaded().len()), (Some(0), 40), "{output}");
    assert_eq!(disk.files(), [PathBuf::from("ldap/ldap.part")]);
    let text = std::fs::read_to_string(program.home().join("saved_data/ldap/ldap.part")).unwrap();
    let entries = text
        .lines()
        .filter(|line| serde_json::from_str::<Value>(line).is_ok())
        .count();
    assert_eq!((entries, text.ends_with('\n')), (text.lines().count(), true));
    let said =
        format!("only a part of records and payloads is saved in saved_data/ldap: the first {entries} records\n");
    assert!(entries > 3 && output.stderr.contains(&said), "{output}");
    let said = "what came cannot be made a table in saved_data/ldap: No space left on device (os error 28); it is in ldap.part there, an entry a line; make room on the disk\n";
    assert!(output.stderr.contains(said), "{output}");
}

#[test]
fn a_secret_that_cannot_be_kept_says_why() {
    let program = Program::bare().keeping("the-secret-of-okta");
    let disk = Disk::full(program.home().join(".config/oomnitza-connector/secrets"));
    let output = program.run_with_input(&["secret", "set", "okta"], "the-secret-of-okta");
    assert_eq!(output.code, Some(2), "{output}");
    assert!(
        output
            .stderr
            .ends_with("No space left on device (os error 28)\nhint: make room on the disk\n"),
        "{output}"
    );
    assert!(disk.files().is_empty(), "{:?}", disk.files());
}

/// Every command that prints something, and how it ends where that is lost.
#[test]
fn what_standard_output_does_not_take_is_said_by_every_command() {
    const LOST: &str = "error: standard output cannot be written to: No space left on device (os error 28)\nhint: make room on the disk\n";
    let servers = Servers::with_people(3);
    let program = servers.program_with("", "recordfilter =\n    return True");
    program.write("record.json", b"{} {}");
    program.write("wrong.ini", format!("{OOMNITZA}[okta]\n{OKTA}").as_bytes());
    let kept = program.run_with_input(&["secret", "set", "okta"], "the-secret-of-okta");
    assert_eq!(kept.code, Some(0), "{kept}");
    for (code, arguments) in [
        (1, &["upload", "okta", "--json"][..]),
        (1, &["upload", "okta", "--show-mappings"]),
        (1, &["schedule", "print", "okta", "--at", "02:30"]),
        (1, &["secret", "get", "okta", "--show"]),
        (1, &["secret", "list"]),
        (1, &["check", "okta"]),
        (1, &["check", "okta", "--json"]),
        (1, &["filter", "test", "--section", "okta", "--record", "record.json"]),
        (1, &["completions", "bash"]),
        // What is graver stays so.
        (2, &["validate", "--ini", "wrong.ini"]),
        (2, &["validate", "--ini", "wrong.ini", "--json"]),
        (2, &["upload", "okta", "--ini", "nowhere.ini", "--json"]),
        (0, &["check", "okta", "--exit-zero"]),
    ] {
        let output = program.run_onto("/dev/full", arguments);
        assert_eq!(output.code, Some(code), "{arguments:?}\n{output}");
        assert_eq!(output.stderr.matches(LOST).count(), 1, "{arguments:?}\n{output}");
    }
    let output = Program::bare().run_onto("/dev/full", &["demo", "--people", "3"]);
    assert_eq!(
        (output.code, output.stderr.matches(LOST).count()),
        (Some(1), 1),
        "{output}"
    );
    // The requests of a preview say it in their own words.
    let output = program.run_onto("/dev/full", &["upload", "okta", "--testmode"]);
    insta::assert_snapshot!(output);
}

/// A reader that has seen enough is no failure: `… | head`.
#[test]
fn a_reader_that_is_gone_is_nobody_s_fault() {
    let servers = Servers::with_people(3);
    let program = servers.program();
    for arguments in [&["upload", "okta", "--json"][..], &["check", "okta"], &["man"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = program.run_into(writer, arguments);
        assert_eq!(output.code, Some(0), "{arguments:?}\n{output}");
        assert!(!output.stderr.contains("error"), "{arguments:?}\n{output}");
    }
}
