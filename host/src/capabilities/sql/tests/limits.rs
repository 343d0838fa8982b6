//! Each of the limits that no other test is about, with a small value.

use super::*;
use crate::standin::tds::Greeting;

#[tokio::test]
async fn names_have_a_limit_and_nobody_is_asked() {
    let server = numbers(1);
    let limits = Limits {
        name_bytes: 40,
        ..Limits::default()
    };
    let mut guest = Guest::limited(&server, limits);
    let url = Target {
        url: format!("mssql://{}", "a".repeat(33)),
        ..guest.target()
    };
    let database = Target {
        database: "x".repeat(41),
        ..guest.target()
    };
    for (target, what) in [(url, "URL"), (database, "name of the database")] {
        assert_eq!(
            guest.open_target(target).await.unwrap_err(),
            format!("Error::TooLarge(\"the {what} has 41 bytes, the limit is 40\")")
        );
    }
    assert_eq!(server.ledger().connections, 0);
}

#[tokio::test]
async fn a_page_has_so_many_rows() {
    let limits = Limits {
        page_rows: 3,
        ..Limits::default()
    };
    let server = numbers(7);
    let mut guest = Guest::limited(&server, limits);
    let connection = guest.open().await.unwrap();
    let rows = guest.query(&connection, "SELECT number FROM n", vec![]).await.unwrap();
    let mut pages = Vec::new();
    while let Some(page) = guest.next(&rows).await.unwrap() {
        pages.push(page.len());
    }
    assert_eq!(pages, [3, 3, 1]);
}

#[tokio::test]
async fn what_is_received_for_a_page_has_a_limit_that_begins_anew_with_the_next() {
    // Each row is small; a page of them is not.
    let limits = Limits {
        page_wire_bytes: 100_000,
        ..Limits::default()
    };
    let server = numbers(20_000);
    let mut guest = Guest::limited(&server, limits.clone());
    let error = guest.all("SELECT number FROM n").await.unwrap_err();
    let row = limits.row_wire_bytes;
    assert_eq!(
        error,
        format!(
            "Error::TooLarge(\"mssql://[SERVER] sends more than {row} bytes for a row or 100000 for a page, which is the limit\")"
        )
    );
    assert!(guest.state.statistics().received_bytes < 110_000);
    let limits = Limits {
        page_rows: 500,
        ..limits
    };
    let mut guest = Guest::limited(&server, limits);
    assert_eq!(guest.all("SELECT number FROM n").await.unwrap().len(), 20_000);
    assert!(guest.state.statistics().received_bytes > 400_000);
}

#[tokio::test]
async fn a_server_sends_its_clients_on_so_many_times() {
    for routings in [0, 3] {
        let mut settings = Settings::with(|_| Answer::Silence);
        settings.greeting = Greeting::RoutingToItself;
        let server = Tds::start(settings).unwrap();
        let limits = Limits {
            routings,
            ..Limits::default()
        };
        let error = Guest::limited(&server, limits).open().await.unwrap_err();
        assert_eq!(
            error,
            "Error::Protocol(\"mssql://[SERVER] sends its clients on and on\")"
        );
        assert_eq!(server.ledger().connections, u64::from(routings) + 1);
    }
}

#[tokio::test]
async fn connections_and_results_have_a_limit_together() {
    let limits = Limits {
        resources: 2,
        ..Limits::default()
    };
    let server = numbers(1_000_000);
    let mut guest = Guest::limited(&server, limits);
    let first = guest.open().await.unwrap();
    let rows = guest.query(&first, "SELECT number FROM n", vec![]).await.unwrap();
    let refused = "Error::TooLarge(\"2 connections and results at once are the limit\")";
    assert_eq!(guest.open().await.unwrap_err(), refused);
    guest.forget(rows).await;
    let second = guest.open().await.unwrap();
    let error = guest.query(&second, "SELECT number FROM n", vec![]).await.unwrap_err();
    assert_eq!(error, refused);
    guest.close(second).await;
    guest.query(&first, "SELECT number FROM n", vec![]).await.unwrap();
    // What was refused was not asked.
    assert_eq!(server.ledger().queries.len(), 2);
}
