//! Pages that no host should take (H-29, H-30).

use oomnitza_connector::sandbox::Miss;

use crate::attack::Attack;

/// Each limit, with one that is a little too much and one that is just enough.
#[tokio::test]
async fn a_page_is_held_to_its_limits() {
    type Case = (&'static str, usize, usize, fn(&mut Attack), &'static str);
    let cases: [Case; 7] = [
        (
            "long-record",
            100,
            80,
            |attack| attack.sandbox.pages.record_bytes = 100,
            "record 0 has more than 100 bytes",
        ),
        (
            "long-record",
            100,
            80,
            |attack| attack.sandbox.pages.page_bytes = 100,
            "it has 110 bytes, the limit is 100",
        ),
        (
            "deep-record",
            4,
            3,
            |attack| attack.sandbox.pages.record_depth = 4,
            "record 0 is nested more than 4 deep",
        ),
        (
            "wide-record",
            5,
            4,
            |attack| attack.sandbox.pages.record_fields = 4,
            "record 0 has more than 4 fields",
        ),
        (
            "many-records",
            4,
            3,
            |attack| attack.sandbox.pages.page_records = 3,
            "it holds more than 3 records",
        ),
        (
            "long-cursor",
            11,
            10,
            |attack| attack.sandbox.pages.cursor_bytes = 10,
            "its cursor has 11 bytes, the limit is 10",
        ),
        (
            "misses",
            3,
            2,
            |attack| attack.sandbox.pages.misses = 2,
            "it reports more than 2 misses",
        ),
    ];
    for (mode, much, enough, limit, problem) in cases {
        let outcome = Attack::of(mode).size(much).limited(limit).run().await;
        assert_eq!(
            outcome.said(),
            format!("page 1 of the connector cannot be used: {problem}"),
            "{mode}"
        );
        let outcome = Attack::of(mode).size(enough).limited(limit).run().await;
        assert_eq!(outcome.said(), "well", "{mode}");
    }
}

/// The same without a test's help.
#[tokio::test]
async fn a_page_is_held_to_its_limits_by_default() {
    for (mode, size, problem) in [
        ("long-record", 2 << 20, "record 0 has more than 1048576 bytes"),
        ("long-record", 9 << 20, "it has 9437194 bytes, the limit is 8388608"),
        ("deep-record", 100, "record 0 is nested more than 32 deep"),
        ("deep-record", 100_000, "record 0 is nested more than 32 deep"),
        ("wide-record", 50_000, "record 0 has more than 20000 fields"),
        ("many-records", 1_001, "it holds more than 1000 records"),
        ("misses", 1_001, "it reports more than 1000 misses"),
        ("long-cursor", 70_000, "its cursor has 70000 bytes, the limit is 65536"),
        (
            "latin-1",
            0,
            "it is not UTF-8 at byte 10: what the source sent is no JSON, or in another encoding",
        ),
        (
            "not-json",
            0,
            "it is not a JSON array: a closing bracket that nothing opened at byte 6",
        ),
    ] {
        let outcome = Attack::of(mode).size(size).run().await;
        assert_eq!(
            outcome.said(),
            format!("page 1 of the connector cannot be used: {problem}"),
            "{mode} {size}"
        );
    }
}

#[tokio::test]
async fn a_run_that_gets_nowhere_is_stopped() {
    type Case = (&'static str, fn(&mut Attack), &'static str);
    let cases: [Case; 6] = [
        (
            "empty-pages",
            |attack| attack.sandbox.pages.empty_pages = 5,
            "the run makes no progress: 5 empty pages in a row",
        ),
        (
            "empty-pages",
            |_| (),
            "the run makes no progress: 1000 empty pages in a row",
        ),
        (
            "same-page",
            |attack| attack.sandbox.pages.equal_pages = 4,
            "the run makes no progress: 4 equal pages in a row",
        ),
        ("same-page", |_| (), "the run makes no progress: 3 equal pages in a row"),
        (
            "endless-pages",
            |attack| attack.sandbox.pages.run_pages = 20,
            "the run is longer than 20 pages",
        ),
        (
            "endless-pages",
            |attack| attack.sandbox.pages.run_records = 20,
            "the run is longer than 20 records",
        ),
    ];
    for (mode, limit, problem) in cases {
        let outcome = Attack::of(mode).limited(limit).run().await;
        let page = outcome.pages.len() + 1;
        assert_eq!(
            outcome.said(),
            format!("page {page} of the connector cannot be used: {problem}"),
            "{mode}"
        );
    }
}

/// Keys that other parsers stumble over are the mapper's, which reads them in a sandbox of its own.
#[tokio::test]
async fn odd_keys_are_no_business_of_the_host() {
    let outcome = Attack::of("odd-keys").run().await;
    assert_eq!((outcome.said().as_str(), outcome.pages[0].count), ("well", 1));
}

#[tokio::test]
async fn good_pages_before_a_bad_one_are_kept() {
    let outcome = Attack::of("good-then-bad").run().await;
    assert!(
        outcome
            .said()
            .starts_with("page 2 of the connector cannot be used: it is not a JSON array")
    );
    assert_eq!(outcome.pages.len(), 1);
}

/// Names of records end up in messages and files.
#[tokio::test]
async fn what_a_miss_is_called_is_cleaned() {
    let outcome = Attack::of("misses").size(1).run().await;
    let cleaned = Miss {
        id: "../../etc/cron.d/x\\n\\u{1b}[2J".to_owned(),
        reason: "\\u{202e}gone".to_owned(),
        gone: false,
    };
    assert_eq!(outcome.pages[0].misses, [cleaned]);
}
