//! Servers that are broken or worse (V-15). Each ends in an error that says what was wrong, in bounded memory, and soon.

use super::*;
use crate::standin::tds::Greeting;

/// COLMETADATA of one column of this type, named `a`.
fn columns(kind: &[u8]) -> Vec<u8> {
    [&[0x81, 1, 0, 0, 0, 0, 0, 1, 0], kind, &[1, b'a', 0]].concat()
}

const NVARCHAR_MAX: [u8; 8] = [0xe7, 0xff, 0xff, 0x09, 0x04, 0xd0, 0x00, 0x34];

fn hurried() -> Limits {
    Limits {
        answer: Duration::from_secs(2),
        login: Duration::from_secs(2),
        cancel: Duration::from_millis(200),
        ..Limits::default()
    }
}

#[tokio::test]
async fn nonsense_ends_a_query_with_an_error() {
    let answers: Vec<(&str, Vec<u8>, &str)> = vec![
        ("an unknown token", vec![0x00, 1, 2, 3], "Protocol"),
        ("a row before its columns", vec![0xd1, 1, 2, 3, 4], "Protocol"),
        (
            "65,535 columns that are not there",
            [&[0x81, 0xfe, 0xff][..], &[0; 600]].concat(),
            "",
        ),
        ("an unknown type", columns(&[0x99]), "Protocol"),
        (
            "a decimal with a scale of 200",
            [columns(&[0x6a, 17, 38, 200]), vec![0xd1, 5, 1, 1, 0, 0, 0]].concat(),
            "",
        ),
        (
            "half a character",
            [columns(&[0xe7, 8, 0, 9, 4, 0xd0, 0, 0x34]), vec![0xd1, 3, 0, 1, 2, 3]].concat(),
            "",
        ),
        (
            "a length of 10^12",
            [
                columns(&NVARCHAR_MAX),
                vec![0xd1],
                1_000_000_000_000_u64.to_le_bytes().to_vec(),
                vec![4, 0, 0, 0, b'a', 0, b'b', 0],
            ]
            .concat(),
            "",
        ),
        (
            "a piece of 4 GiB",
            [
                columns(&NVARCHAR_MAX),
                vec![0xd1],
                0xffff_ffff_ffff_fffe_u64.to_le_bytes().to_vec(),
                vec![0xff; 4],
                vec![0; 100],
            ]
            .concat(),
            "",
        ),
        (
            "a variant of nothing",
            [
                columns(&[0x62, 0x49, 0x1f, 0, 0]),
                vec![0xd1, 0xff, 0xff, 0xff, 0x7f, 0x99, 0xff],
            ]
            .concat(),
            "",
        ),
        ("an error that is cut short", vec![0xaa, 0xff, 0xff, 1, 2, 3], ""),
        ("nothing at all", vec![], ""),
    ];
    for (name, bytes, expected) in answers {
        let server = server(move |_| Answer::Raw(bytes.clone(), true));
        let result = Guest::limited(&server, hurried()).all("SELECT a FROM t").await;
        match result {
            Ok(rows) => assert!(name == "nothing at all" && rows.is_empty(), "{name}: {}", rows.len()),
            Err(error) => {
                assert!(error.starts_with(&format!("Error::{expected}")), "{name}: {error}");
                assert!(!error.contains("Other"), "{name}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn what_has_no_end_is_cut_off() {
    let info = [
        &[0xab, 0x1c, 0, 1, 0, 0, 0, 1, 0, 4, 0][..],
        &[b'x', 0].repeat(4),
        &[0],
        &[0],
        &[1, 0, 0, 0],
    ]
    .concat();
    let length = u16::try_from(info.len() - 3).unwrap().to_le_bytes();
    let info = [&info[..1], &length, &info[3..]].concat();
    let piece = [&[0x10, 0, 0, 0][..], &[b'x', 0].repeat(8)].concat();
    let unending = [
        columns(&NVARCHAR_MAX),
        vec![0xd1],
        0xffff_ffff_ffff_fffe_u64.to_le_bytes().to_vec(),
    ]
    .concat();
    for (name, first, again) in [
        ("information", Vec::new(), info),
        ("a value in pieces", unending, piece),
    ] {
        let limits = Limits {
            row_wire_bytes: 100_000,
            ..hurried()
        };
        let server = server(move |_| Answer::Endless(first.clone(), again.clone()));
        let mut guest = Guest::limited(&server, limits);
        let error = guest.all("SELECT a FROM t").await.unwrap_err();
        assert!(error.starts_with("Error::TooLarge"), "{name}: {error}");
        assert!(
            error.contains("sends more than 100000 bytes for a row"),
            "{name}: {error}"
        );
        assert!(guest.state.statistics().received_bytes < 200_000);
    }
}

#[tokio::test]
async fn values_rows_and_columns_have_limits() {
    let long = |columns: usize| {
        server(move |_| {
            let names = (0..columns)
                .map(|index| Column::new(&format!("c{index}"), Kind::Text))
                .collect();
            Answer::rows(names, vec![vec![Cell::Text("x".repeat(60)); columns]])
        })
    };
    for (columns, allowed, expected) in [
        (
            1,
            Limits {
                cell_bytes: 50,
                ..Limits::default()
            },
            "a value of column 1 has 60 bytes, the limit is 50",
        ),
        (
            3,
            Limits {
                row_bytes: 150,
                ..Limits::default()
            },
            "a row has 180 bytes, the limit is 150",
        ),
        (
            3,
            Limits {
                columns: 2,
                ..Limits::default()
            },
            "the result has 3 columns, the limit is 2",
        ),
        (
            1,
            Limits {
                rows: 0,
                ..Limits::default()
            },
            "the run has read 0 rows, which is the limit",
        ),
    ] {
        let server = long(columns);
        let error = Guest::limited(&server, allowed)
            .all("SELECT a FROM t")
            .await
            .unwrap_err();
        assert_eq!(error, format!("Error::TooLarge({expected:?})"));
    }
}

#[tokio::test]
async fn a_page_is_handed_over_before_it_grows_too_large() {
    let server = numbers(1_000);
    let limits = Limits {
        page_bytes: 1_000,
        ..Limits::default()
    };
    let mut guest = Guest::limited(&server, limits);
    let connection = guest.open().await.unwrap();
    let rows = guest.query(&connection, "SELECT a FROM t", vec![]).await.unwrap();
    let page = guest.next(&rows).await.unwrap().unwrap();
    assert!((60..70).contains(&page.len()), "{}", page.len());
}

#[tokio::test]
async fn a_connection_that_ends_in_the_middle_of_a_row_is_an_error() {
    let bytes = [columns(&[0x26, 4]), vec![0xd1, 4, 1, 0, 0, 0, 0xd1, 4, 1]].concat();
    let server = server(move |_| Answer::Raw(bytes.clone(), true));
    let error = Guest::limited(&server, hurried())
        .all("SELECT a FROM t")
        .await
        .unwrap_err();
    assert!(
        error.starts_with("Error::Unreachable") || error.starts_with("Error::Protocol"),
        "{error}"
    );
}

#[tokio::test]
async fn silence_ends_with_the_time_for_an_answer() {
    let server = server(|_| Answer::Silence);
    let limits = Limits {
        answer: Duration::from_millis(200),
        ..Limits::default()
    };
    let mut guest = Guest::limited(&server, limits);
    let connection = guest.open().await.unwrap();
    let error = guest.query(&connection, "SELECT 1", vec![]).await.unwrap_err();
    assert_eq!(error, "Error::TimedOut");
    let error = guest.query(&connection, "SELECT 1", vec![]).await.unwrap_err();
    assert_eq!(error, "Error::Other(\"the connection is closed\")");
}

#[tokio::test]
async fn a_login_that_does_not_end_is_cut_off() {
    let mut settings = Settings::with(|_| Answer::Silence);
    settings.greeting = Greeting::EndlessInfo;
    let server = Tds::start(settings.clone()).unwrap();
    let limits = Limits {
        row_wire_bytes: 100_000,
        ..hurried()
    };
    let error = Guest::limited(&server, limits).open().await.unwrap_err();
    assert!(
        error.contains("more than 100000 bytes before it lets us sign in"),
        "{error}"
    );
    for bytes in [
        vec![0x00],
        vec![0xd1, 1],
        vec![0xe3, 0xff, 0xff, 20],
        vec![0xad, 1, 0, 1],
        vec![0xfd],
    ] {
        settings.greeting = Greeting::Raw(bytes.clone());
        let server = Tds::start(settings.clone()).unwrap();
        let error = Guest::limited(&server, hurried()).open().await.unwrap_err();
        assert!(!error.contains("Other"), "{bytes:?}: {error}");
    }
}
