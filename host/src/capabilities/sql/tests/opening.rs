//! Reaching a server and signing in.

use super::*;
use crate::standin::tds::Greeting;

#[tokio::test]
async fn a_login_states_who_asks_and_that_it_only_reads() {
    let server = numbers(1);
    let mut guest = Guest::of(&server);
    let connection = guest.open().await.unwrap();
    let ledger = server.ledger();
    assert_eq!((ledger.connections, ledger.logins), (1, 1));
    assert_eq!(ledger.violations, Vec::<String>::new());
    guest.close(connection).await;
}

#[tokio::test]
async fn a_refused_login_is_told_with_its_number_and_without_the_password() {
    let server = numbers(1);
    let granted = Granted {
        user: "hunter2-hunter2",
        password: "hunter2-hunter2",
        ..Granted::default()
    };
    let error = Guest::with(&server.server(), granted).open().await.unwrap_err();
    assert_eq!(
        error,
        r#"Error::Login(Refusal { number: 18456, message: "Login failed for user '[redacted]'." })"#
    );
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named() {
    let server = numbers(1);
    let mut guest = Guest::of(&server);
    let target = Target {
        database: "CM_XYZ".to_owned(),
        ..guest.target()
    };
    assert_eq!(
        guest.open_target(target).await.unwrap_err(),
        r#"Error::Login(Refusal { number: 4060, message: "Cannot open database \"CM_XYZ\" requested by the login. The login failed." })"#
    );
}

#[tokio::test]
async fn nobody_signs_in_as_the_user_that_the_program_runs_as_unless_the_section_says_so() {
    let server = numbers(1);
    let mut guest = Guest::of(&server);
    let target = Target {
        auth: None,
        ..guest.target()
    };
    let error = guest.open_target(target).await.unwrap_err();
    assert!(
        error.starts_with("Error::Denied") && error.contains("the section does not say `authentication = Windows`"),
        "{error}"
    );
    // Nobody was asked.
    assert_eq!(server.ledger().connections, 0);
}

#[tokio::test]
async fn only_the_servers_of_the_section_are_reached() {
    let server = numbers(1);
    let mut guest = Guest::of(&server);
    for url in [
        "mssql://127.0.0.1",
        "mssql://elsewhere.example",
        r"mssql://127.0.0.1\site",
    ] {
        let target = Target {
            url: url.to_owned(),
            ..guest.target()
        };
        let error = guest.open_target(target).await.unwrap_err();
        assert!(
            error.contains("is not a server that the section names"),
            "{url}: {error}"
        );
    }
    for (url, problem) in [
        (
            "https://127.0.0.1",
            "Error::Denied(\"`https://127.0.0.1` does not begin with mssql://\")",
        ),
        (
            "mssql://a b",
            "Error::InvalidInput(\"the URL cannot be read: `a b` is not the name of a host\")",
        ),
    ] {
        let target = Target {
            url: url.to_owned(),
            ..guest.target()
        };
        assert_eq!(guest.open_target(target).await.unwrap_err(), problem);
    }
    let target = Target {
        auth: Some("other".to_owned()),
        ..guest.target()
    };
    let error = guest.open_target(target).await.unwrap_err();
    assert_eq!(error, "Error::Denied(\"there is no auth slot `other`\")");
    assert_eq!(server.ledger().connections, 0);
}

// V-15: where a server sends its clients goes through the same rules as any other place.
#[tokio::test]
async fn a_server_cannot_send_its_clients_to_places_that_the_section_does_not_name() {
    for (host, port) in [
        ("127.0.0.1", 80),
        ("169.254.169.254", 1433),
        ("evil.example", 1433),
        ("a b", 1),
    ] {
        let mut settings = Settings::with(|_| Answer::Silence);
        settings.greeting = Greeting::Routing(host.to_owned(), port);
        let server = Tds::start(settings).unwrap();
        let error = Guest::of(&server).open().await.unwrap_err();
        let is_refused =
            error.contains("the section does not name this place") || error.contains("a place that is none");
        assert!(is_refused, "{host}: {error}");
    }
}

#[tokio::test]
async fn a_server_that_sends_its_clients_on_and_on_is_given_up() {
    let mut settings = Settings::with(|_| Answer::Silence);
    settings.greeting = Greeting::RoutingToItself;
    let server = Tds::start(settings).unwrap();
    let error = Guest::of(&server).open().await.unwrap_err();
    assert!(error.contains("sends its clients on and on"), "{error}");
    assert_eq!(server.ledger().connections, 2);
}

#[tokio::test]
async fn silence_ends_with_the_time_for_signing_in() {
    let mut settings = Settings::with(|_| Answer::Silence);
    settings.greeting = Greeting::Silence;
    let server = Tds::start(settings).unwrap();
    let limits = Limits {
        login: Duration::from_millis(200),
        ..Limits::default()
    };
    assert_eq!(
        Guest::limited(&server, limits).open().await.unwrap_err(),
        "Error::TimedOut"
    );
}

#[tokio::test]
async fn connections_are_counted_and_closed_when_they_are_dropped() {
    let server = numbers(1);
    let limits = Limits {
        connections: 2,
        ..Limits::default()
    };
    let mut guest = Guest::limited(&server, limits);
    for _ in 0..2 {
        let connection = guest.open().await.unwrap();
        guest.close(connection).await;
    }
    let error = guest.open().await.unwrap_err();
    assert_eq!(
        error,
        "Error::TooLarge(\"the run has opened 2 connections, which is the limit\")"
    );
}

/// A server that knows one account of Windows, and what a guest with this name and password gets there.
async fn windows(user: &'static str, password: &'static str, greeting: Greeting) -> (Tds, Result<usize, String>) {
    let mut settings = Settings::with(|_| Answer::rows(vec![Column::new("a", Kind::Int)], vec![vec![Cell::Int(1)]]));
    settings.user = r"EXAMPLE\Jörg".to_owned();
    settings.greeting = greeting;
    let server = Tds::start(settings).unwrap();
    let granted = Granted {
        user,
        password,
        ..Granted::default()
    };
    let rows = Guest::with(&server.server(), granted).all("SELECT a").await;
    (server, rows.map(|rows| rows.len()))
}

#[tokio::test]
async fn an_account_of_windows_signs_in_and_its_password_is_never_sent() {
    let (server, rows) = windows(r"example\jörg", PASSWORD, Greeting::Welcome).await;
    assert_eq!(rows, Ok(1));
    let ledger = server.ledger();
    assert_eq!((ledger.logins, ledger.violations), (1, vec![]));
    for (user, password) in [
        (r"EXAMPLE\Jörg", "wrong-password"),
        (r"OTHER\Jörg", PASSWORD),
        (r"EXAMPLE\", PASSWORD),
    ] {
        let (server, refused) = windows(user, password, Greeting::Welcome).await;
        let error = refused.unwrap_err();
        assert!(error.contains("Error::Login(Refusal { number: 18456"), "{error}");
        assert_eq!(server.ledger().violations, Vec::<String>::new());
    }
    // A server that knows no accounts of Windows says so in its own words.
    let granted = Granted {
        user: r"EXAMPLE\Jörg",
        ..Granted::default()
    };
    let server = numbers(1);
    let error = Guest::with(&server.server(), granted).open().await.unwrap_err();
    assert!(error.contains("number: 18456"), "{error}");
}

#[tokio::test]
async fn what_a_server_says_after_the_proof_is_held_to_the_same_limits() {
    let (_server, sent_on) = windows(
        r"EXAMPLE\Jörg",
        PASSWORD,
        Greeting::Routing("evil.example".to_owned(), 1433),
    )
    .await;
    assert!(sent_on.unwrap_err().contains("Denied"));
    let (_server, endless) = windows(r"EXAMPLE\Jörg", PASSWORD, Greeting::EndlessInfo).await;
    let error = endless.unwrap_err();
    assert!(
        error.contains("sends more than 65536 bytes before it lets us sign in"),
        "{error}"
    );
    let (_server, nonsense) = windows(r"EXAMPLE\Jörg", PASSWORD, Greeting::Raw(vec![0xed, 1, 0, 7])).await;
    assert!(nonsense.unwrap_err().contains("does not speak TDS as it should"));
}
