//! Uploads side by side.

use std::collections::BTreeMap;
use std::time::Duration;

use oomnitza_connector::standin::okta;
use oomnitza_connector::standin::oomnitza::Settings;
use oomnitza_tests::Servers;

#[test]
fn so_many_uploads_are_under_way_at_once_as_the_admin_says() {
    for parallel in [1, 4] {
        let settings = Settings {
            latency: Duration::from_millis(30),
            ..Settings::default()
        };
        let servers = Servers::start(okta::Settings::default(), settings);
        let output = servers
            .program_with(&format!("upload_parallel = {parallel}"), "")
            .run(&["upload", "okta"]);
        assert_eq!(output.code, Some(0), "{output}");
        assert_eq!(servers.oomnitza.ledger().most_in_flight, parallel, "{output}");
        servers.assert_arrived(0..1_000);
    }
}

#[test]
fn people_who_come_again_never_overtake_themselves() {
    let okta = okta::Settings {
        people: 1_500,
        different: 250,
        ..okta::Settings::default()
    };
    let settings = Settings {
        latency: Duration::from_millis(10),
        ..Settings::default()
    };
    let servers = Servers::start(okta, settings);
    let output = servers
        .program_with("upload_parallel = 4", "mapping.NUMBER = employeeNumber")
        .run(&["upload", "okta", "--json"]);
    assert_eq!(output.counts(), [1_500, 1_500, 0, 0, 0], "{output}");
    // Oomnitza notes two uploads in flight that have the same USER.
    servers.assert_no_violations();
    assert!(
        servers.oomnitza.ledger().most_in_flight > 1,
        "otherwise this shows nothing"
    );
    let mut last: BTreeMap<String, u64> = BTreeMap::new();
    for record in servers.oomnitza.uploaded() {
        let number = record["NUMBER"].as_str().unwrap().parse().unwrap();
        let earlier = last.insert(record["USER"].as_str().unwrap().to_owned(), number);
        assert!(earlier < Some(number), "{record} came after {earlier:?}");
    }
    assert_eq!(last.len(), 250);
    assert!(last.values().all(|number| *number >= 1_250), "the last of each wins");
}
