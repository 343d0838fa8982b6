//! Records that Oomnitza refuses: found one by one, kept, and told; the others arrive.

use insta::assert_snapshot;
use oomnitza_connector::standin::Trouble;
use oomnitza_connector::standin::oomnitza::Fault;
use oomnitza_tests::servers::{assert_same, in_order, user};
use oomnitza_tests::{Program, Servers};
use serde_json::{Value, json};

use super::{sizes, trouble_uploads};

fn refuse(servers: &Servers, person: u64) {
    let value = user(person)["USER"].clone();
    servers.oomnitza.inject(Fault::RefuseRecord {
        member: "USER".to_owned(),
        value,
    });
}

/// The lines of the only file of rejected records, which nobody else may read.
fn rejects(program: &Program) -> Vec<Value> {
    let mut files = program.files();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    let [file] = files.as_slice() else {
        panic!("one file was expected: {files:?}")
    };
    let path = program.home().join(file);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }
    std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn one_bad_record_of_a_hundred_is_found_and_kept_and_the_others_arrive() {
    let servers = Servers::with_people(100);
    refuse(&servers, 42);
    let program = servers.program();
    let output = program.run(&["upload", "okta", "--json"]);
    assert_eq!(output.code, Some(4), "{output}");
    assert_eq!(output.counts(), [100, 99, 0, 1, 0], "{output}");
    assert_eq!(output.report()["status"], "rejected");
    servers.assert_no_violations();
    let expected: Vec<Value> = (0..100).filter(|index| *index != 42).map(user).collect();
    assert_same(&in_order(servers.oomnitza.uploaded()), &expected);
    let kept = rejects(&program);
    assert_eq!(
        kept,
        [json!({ "reason": "Oomnitza refused to take people (400): a record has a bad USER", "record": user(42) })]
    );
    // A search, not a hundred uploads.
    assert!(servers.uploads().len() <= 15, "{:?}", sizes(&servers));
    assert_snapshot!(output.without_stdout(), @"
    exit: 4
    ----- stdout
    ----- stderr
    [okta] 99 records sent in [TIME]
      read 100 = sent 99 + filtered 0 + rejected 1 + failed 0
      rejected by Oomnitza: Oomnitza refused to take people (400): a record has a bad USER (1)
      the rejected records are kept in [HOME]/.local/state/oomnitza-connector/rejects/okta-[TIME].jsonl
    ");
}

#[test]
fn bad_records_of_several_batches_are_all_found() {
    let servers = Servers::with_people(450);
    let bad = [0, 99, 100, 333, 449];
    for person in bad {
        refuse(&servers, person);
    }
    let program = servers.program();
    let output = program.run(&["upload", "okta", "--json"]);
    assert_eq!(output.code, Some(4), "{output}");
    assert_eq!(output.counts(), [450, 445, 0, 5, 0], "{output}");
    let expected: Vec<Value> = (0..450).filter(|index| !bad.contains(index)).map(user).collect();
    assert_same(&in_order(servers.oomnitza.uploaded()), &expected);
    let kept = rejects(&program)
        .into_iter()
        .map(|mut line| line["record"].take())
        .collect();
    assert_same(&in_order(kept), &bad.map(user));
}

#[test]
fn a_record_alone_that_is_bad_is_rejected_too() {
    let servers = Servers::with_people(3);
    refuse(&servers, 1);
    let output = servers
        .program()
        .run(&["upload", "okta", "--record-count", "3", "--json"]);
    assert_eq!(output.code, Some(4), "{output}");
    assert_eq!(output.counts(), [3, 2, 0, 1, 0], "{output}");
    servers.assert_no_violations();
}

#[test]
fn where_every_record_is_refused_the_section_stops_and_says_so() {
    let servers = Servers::with_people(150);
    servers.oomnitza.inject(Fault::RefuseRecord {
        member: "POSITION".to_owned(),
        value: "Employee".into(),
    });
    let program = servers.program_with("upload_parallel = 1", "");
    let output = program.run(&["upload", "okta", "--json"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert_eq!(output.counts(), [150, 0, 0, 100, 50], "{output}");
    assert_eq!(rejects(&program).len(), 100);
    assert!(servers.oomnitza.uploaded().is_empty());
    assert_snapshot!(output.without_stdout(), @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 0 records sent in [TIME]
      read 150 = sent 0 + filtered 0 + rejected 100 + failed 50
      rejected by Oomnitza: Oomnitza refused to take people (400): a record has a bad POSITION (100)
      the rejected records are kept in [HOME]/.local/state/oomnitza-connector/rejects/okta-[TIME].jsonl
    error: section [okta] stopped: Oomnitza refused each of the first 100 records; the last time: Oomnitza refused to take people (400): a record has a bad POSITION
    hint: look at the mappings with `--show-mappings` and at the records with `--testmode`
    ");
}

#[test]
fn a_good_status_that_speaks_of_errors_is_no_acknowledgement() {
    let servers = Servers::with_people(100);
    trouble_uploads(
        &servers,
        1,
        Trouble::Json("{\"errors\": [\"USER is not unique\"]}".to_owned()),
    );
    let output = servers.program().run(&["upload", "okta", "--json"]);
    assert_eq!(output.counts(), [100, 100, 0, 0, 0], "{output}");
    assert_eq!(sizes(&servers), [100, 50, 50]);
    servers.assert_arrived(0..100);
}

#[test]
fn batches_that_are_too_large_are_halved_and_the_smaller_size_is_remembered() {
    let servers = Servers::with_people(300);
    servers.oomnitza.inject(Fault::LargestBatch(30));
    let output = servers
        .program_with("upload_parallel = 1", "")
        .run(&["upload", "okta", "--json"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(output.counts(), [300, 300, 0, 0, 0], "{output}");
    let sizes = sizes(&servers);
    let (first, later) = sizes.split_at(sizes.len() - 8);
    assert_eq!(first, [100, 50, 25, 25, 50, 25, 25]);
    assert_eq!(later, [25; 8]);
    servers.assert_arrived(0..300);
}

#[test]
fn a_single_record_that_is_too_large_is_rejected() {
    let servers = Servers::with_people(1);
    trouble_uploads(&servers, 1, Trouble::Status(413, None));
    let output = servers.program().run(&["upload", "okta"]);
    assert_snapshot!(output, @"
    exit: 4
    ----- stdout
    ----- stderr
    [okta] 0 records sent in [TIME]
      read 1 = sent 0 + filtered 0 + rejected 1 + failed 0
      rejected by Oomnitza: Oomnitza refused to take people (413): injected (1)
      the rejected records are kept in [HOME]/.local/state/oomnitza-connector/rejects/okta-[TIME].jsonl
    ");
}
