//! MobileIron Cloud (Ivanti Neurons for MDM) to Oomnitza.

use std::time::{SystemTime, UNIX_EPOCH};

use oomnitza_tests::Audit;
use oomnitza_tests::source::{Answer, MobileIron, Source};
use serde_json::{Value, json};

const ACCOUNT: &str = "username = api\npassword = correct horse\n";

/// Milliseconds since 1970, so many hours ago.
fn ago(hours: u64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    now - hours * 3_600_000
}

/// A tenant with 12 recent devices in one partition, and in another one that is recent, one that is not and one that never came.
fn tenant() -> MobileIron {
    let recent = (1..=12).map(|id| MobileIron::device(id, Some(ago(1)))).collect();
    let mixed = [(21, Some(ago(35))), (22, Some(ago(37))), (23, None)];
    let mixed = mixed.map(|(id, checkin)| MobileIron::device(id, checkin)).to_vec();
    MobileIron {
        partitions: vec![
            (100001, "Default Space".to_owned(), recent),
            (100002, "Drivers".to_owned(), mixed),
        ],
    }
}

fn audit(source: &Source<MobileIron>, lines: &str) -> Audit {
    let mappings: Value = json!({"serialNumber": "SERIAL_NUMBER", "phoneNumber": "PHONE", "imei": "IMEI",
        "availableCapacity": "FREE", "customAttributes.attrs.cost_centre.0": "COST_CENTRE"});
    let lines = format!("url = {}\nsync_field = SERIAL_NUMBER\n{lines}", source.url());
    Audit::new("mobileiron", &lines, "MobileIron", mappings)
}

#[test]
fn devices_of_all_partitions_arrive_if_they_checked_in_lately() {
    let source = Source::start(tenant());
    let audit = audit(&source, &format!("{ACCOUNT}partitions = All\n"));
    let output = audit.upload();
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(source.violations(), Vec::<String>::new());
    insta::assert_snapshot!("mobileiron_requests", source.requests());
    insta::assert_snapshot!("mobileiron_bodies", audit.bodies());
}

#[test]
fn partitions_are_named_whole_and_the_days_can_be_more() {
    for (lines, read) in [
        ("partitions = [\"Drivers\"]\n", 1),
        ("partitions = [\"Drivers\"]\ncheckin_days = 2\n", 2),
        ("partitions = [\"Drivers\", \"Default Space\"]\n", 13),
    ] {
        let source = Source::start(tenant());
        let output = audit(&source, &format!("{ACCOUNT}{lines}")).upload();
        assert_eq!(output.counts(), [read, read, 0, 0, 0], "{lines}\n{output}");
        assert_eq!(source.violations(), Vec::<String>::new());
    }
}

#[test]
fn a_partition_of_many_pages_ends_with_the_first_page_that_has_no_recent_device() {
    let devices = |recent: u64, old: u64| -> Vec<Value> {
        let checkin = |id| if id <= recent { ago(1) } else { ago(48) };
        (1..=recent + old)
            .map(|id| MobileIron::device(id, Some(checkin(id))))
            .collect()
    };
    for (recent, old, requests) in [(700, 0, 3), (700, 1_300, 4), (500, 2_000, 3)] {
        let source = Source::start(MobileIron {
            partitions: vec![(1, "Drivers".to_owned(), devices(recent, old))],
        });
        let output = audit(&source, &format!("{ACCOUNT}partitions = all\n")).upload();
        assert_eq!(output.counts(), [recent, recent, 0, 0, 0], "{output}");
        assert_eq!(source.requests().lines().count(), requests, "{}", source.requests());
        assert_eq!(source.violations(), Vec::<String>::new());
    }
}

#[test]
fn devices_that_never_checked_in_keep_no_other_from_arriving_and_no_partition_is_an_error() {
    let never = (1..=500).map(|id| MobileIron::device(id, None));
    let devices = never.chain((501..=600).map(|id| MobileIron::device(id, Some(ago(1)))));
    let source = Source::start(MobileIron {
        partitions: vec![(1, "Drivers".to_owned(), devices.collect())],
    });
    let all = format!("{ACCOUNT}partitions = All\n");
    let output = audit(&source, &all).upload();
    assert_eq!(
        (output.code, output.counts()),
        (Some(0), [100, 100, 0, 0, 0]),
        "{output}"
    );
    let output = audit(&Source::start(MobileIron::default()), &all).upload();
    assert_eq!(output.code, Some(1), "{output}");
    assert!(
        output.stderr.contains("the server shows this account no partition")
            && output.stderr.contains("hint: give the account the right to read"),
        "{output}"
    );
}

#[test]
fn refusals_end_the_section_with_mobileiron_s_own_words_and_no_secret() {
    let wrong = "username = api\npassword = incorrect horse\npartitions = All\n";
    let all = &format!("{ACCOUNT}partitions = All\n");
    let role = r#"{"errors":[{"message":"The role CPS is missing","code":"E403"}],"result":null}"#;
    let json = |status, body: &str| Some(Answer::new(status, "application/json", body));
    let mut summaries = Vec::new();
    for (lines, answer) in [
        (wrong, None),
        (&format!("{ACCOUNT}partitions = Drivers\n"), None),
        (&format!("{ACCOUNT}partitions = [\"Riders\"]\n"), None),
        (&format!("{ACCOUNT}partitions = All\ncheckin_days = some\n"), None),
        (all, json(403, role)),
        (all, json(200, role)),
        (all, json(500, "")),
        (all, Some(Answer::new(404, "text/html", "<html>"))),
        (all, json(429, "").map(|answer| answer.header("Retry-After", "0"))),
        (all, json(200, "")),
        (all, json(200, r#"{"errors":null,"result":{"searchResults":[{"id":1"#)),
        (
            all,
            json(
                200,
                r#"{"errors":null,"result":{"searchResults":null,"totalCount":null}}"#,
            ),
        ),
    ] {
        let source = Source::start(tenant());
        if let Some(answer) = answer {
            source.inject("order=DESC", 99, answer);
        }
        let output = audit(&source, lines).upload();
        assert!(!format!("{output}").contains("horse"), "{output}");
        summaries.push(format!("exit {}: {}", output.code.unwrap_or(-1), output.summary()));
    }
    insta::assert_snapshot!(summaries.join("\n\n"));
}

#[test]
fn a_failure_that_passes_loses_nothing() {
    let source = Source::start(tenant());
    source.inject("order=DESC", 3, Answer::new(503, "text/html", "<html>"));
    source.inject("/tenant/partition/device", 1, Answer::new(502, "text/html", "<html>"));
    let output = audit(&source, &format!("{ACCOUNT}partitions = All\n")).upload();
    assert_eq!(output.counts(), [13, 13, 0, 0, 0], "{output}");
    assert_eq!(source.violations(), Vec::<String>::new());
}
