//! The stand-in against a client that is not ours, `tsql` of FreeTDS: so that it is a SQL Server, and not merely what tiberius expects.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::*;

/// What `tsql` prints when it signs in and asks this.
fn tsql(server: &Tds, password: &str, statement: &str) -> String {
    tsql_as(server, "reader", password, statement)
}

fn tsql_as(server: &Tds, user: &str, password: &str, statement: &str) -> String {
    // A client that waits for ever is to fail its test and no other.
    let mut child = Command::new("timeout")
        .args(["20", "tsql"])
        .args(["-H", "127.0.0.1", "-p", &server.port().to_string(), "-U", user])
        .args(["-P", password, "-D", "CM_DCT", "-o", "q", "-t", "|"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("TDSVER", "7.4")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("tsql is there: run `make setup`");
    let mut input = child.stdin.take().unwrap();
    // It may have been refused, and gone.
    _ = write!(input, "{statement}\ngo\nexit\n");
    drop(input);
    let output = child.wait_with_output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&printed).into_owned()
}

fn settings() -> Settings {
    let mut settings = Settings::with(|asked| {
        if asked.statement.contains("missing") {
            return Answer::no_such_object("dbo.v_missing");
        }
        let columns = vec![
            Column::new("int", Kind::Int),
            Column::new("bigint", Kind::BigInt),
            Column::new("text", Kind::Text),
            Column::new("nothing", Kind::Text),
            Column::new("datetime", Kind::Raw(vec![0x6f, 8])),
            Column::new("decimal", Kind::Raw(vec![0x6a, 5, 9, 2])),
            Column::new("bytes", Kind::Raw(vec![0xa5, 8, 0])),
            Column::new("guid", Kind::Raw(vec![0x24, 16])),
        ];
        let row = |number: i64| {
            vec![
                Cell::Int(number),
                Cell::Int(number << 40),
                "Größe 山田".into(),
                Cell::Null,
                Cell::Raw(vec![8, 0xea, 0xb0, 0, 0, 0, 0xc1, 0xc5, 0]),
                Cell::Raw(vec![5, 0, 150, 0, 0, 0]),
                Cell::Raw(vec![2, 0, 0xab, 0xcd]),
                Cell::Raw(vec![
                    16, 0xff, 0x19, 0x96, 0x6f, 0x86, 0x8b, 0x11, 0xd0, 0xb4, 0x2d, 0, 0xc0, 0x4f, 0xc9, 0x64, 0xff,
                ]),
            ]
        };
        Answer::rows(columns, (1..=1_000).map(row).collect())
    });
    settings.is_strict = false;
    settings
}

#[test]
fn an_independent_client_reads_every_row_as_it_was_meant() {
    let server = Tds::start(settings()).unwrap();
    let printed = tsql(&server, "stand-in-password", "SELECT everything");
    let rows: Vec<&str> = printed.lines().filter(|line| line.contains("Größe")).collect();
    assert_eq!(rows.len(), 1_000, "{printed}");
    let cells: Vec<&str> = rows[2].split('|').collect();
    assert_eq!(
        cells,
        [
            "3",
            "3298534883328",
            "Größe 山田",
            "NULL",
            "Jan  1 2024 12:00PM",
            "-1.50",
            "abcd",
            "6F9619FF-8B86-D011-B42D-00C04FC964FF"
        ]
    );
    let ledger = server.ledger();
    assert_eq!(ledger.violations, Vec::<String>::new());
    assert_eq!((ledger.logins, ledger.rows), (1, 1_000));
    assert_eq!(ledger.queries[0].statement.trim(), "SELECT everything");
}

#[test]
fn an_independent_client_is_told_what_was_refused() {
    let server = Tds::start(settings()).unwrap();
    let printed = tsql(&server, "stand-in-password", "SELECT 1 FROM dbo.v_missing");
    assert!(
        printed.contains("Msg 208") && printed.contains("Invalid object name 'dbo.v_missing'."),
        "{printed}"
    );
    let printed = tsql(&server, "wrong", "SELECT 1");
    assert!(
        printed.contains("18456") && printed.contains("Login failed for user 'reader'."),
        "{printed}"
    );
    assert_eq!(server.ledger().violations, Vec::<String>::new());
}

#[test]
fn an_independent_client_shakes_hands_in_packets() {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        // SQL Server itself speaks TLS 1.3 in TDS 8.0 only.
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let mut settings = settings();
    settings.encryption = Encryption::Required(Arc::new(config));
    let server = Tds::start(settings).unwrap();
    let printed = tsql(&server, "stand-in-password", "SELECT everything");
    assert_eq!(printed.matches("Größe").count(), 1_000, "{printed}");
}

#[test]
fn an_independent_client_proves_that_it_knows_the_password_of_an_account_of_windows() {
    let mut settings = settings();
    settings.user = r"EXAMPLE\Reader".to_owned();
    let server = Tds::start(settings).unwrap();
    let printed = tsql_as(&server, r"EXAMPLE\reader", "stand-in-password", "SELECT everything");
    assert_eq!(printed.matches("Größe").count(), 1_000, "{printed}");
    for (user, password) in [
        (r"EXAMPLE\reader", "wrong"),
        (r"ELSEWHERE\reader", "stand-in-password"),
        (r"EXAMPLE\other", "stand-in-password"),
        ("reader", "stand-in-password"),
    ] {
        let printed = tsql_as(&server, user, password, "SELECT everything");
        assert!(printed.contains("18456") && !printed.contains("Größe"), "{printed}");
    }
    assert_eq!(server.ledger().violations, Vec::<String>::new());
}
