//! Queries and their rows.

use super::*;

#[tokio::test]
async fn rows_come_a_page_at_a_time_with_the_names_of_their_columns() {
    let server = numbers(12_001);
    let mut guest = Guest::of(&server);
    let connection = guest.open().await.unwrap();
    let rows = guest
        .query(&connection, "SELECT number, name FROM n", vec![])
        .await
        .unwrap();
    assert_eq!(guest.columns(&rows).await, ["number", "name"]);
    let mut pages = Vec::new();
    let mut count = 0;
    while let Some(page) = guest.next(&rows).await.unwrap() {
        assert_eq!(
            shown(&page[..1]),
            [format!("[Value::Integer({count}), Value::Text(\"name {count}\")]")]
        );
        pages.push(page.len());
        count += page.len();
    }
    assert_eq!(pages, [5_000, 5_000, 2_001]);
    assert!(guest.next(&rows).await.unwrap().is_none());
    let ledger = server.ledger();
    assert_eq!(ledger.violations, Vec::<String>::new());
    assert!(ledger.queries[0].is_procedure);
    let statistics = guest.state.statistics();
    assert_eq!((statistics.queries, statistics.rows), (1, 12_001));
    assert!(statistics.received_bytes > 12_001 * 20);
}

#[tokio::test]
async fn nothing_is_read_before_it_is_asked_for() {
    let server = numbers(10_000_000);
    let mut guest = Guest::of(&server);
    let connection = guest.open().await.unwrap();
    let rows = guest.query(&connection, "SELECT number FROM n", vec![]).await.unwrap();
    guest.next(&rows).await.unwrap().unwrap();
    let after_a_page = guest.state.statistics().received_bytes;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(guest.state.statistics().received_bytes, after_a_page);
    // What is beyond it waits in the buffers of the network.
    assert!(server.ledger().rows < 1_000_000, "{}", server.ledger().rows);
}

#[tokio::test]
async fn a_dropped_query_is_stopped_and_the_connection_serves_the_next() {
    let server = numbers(1_000_000);
    let mut guest = Guest::of(&server);
    let connection = guest.open().await.unwrap();
    let rows = guest.query(&connection, "SELECT number FROM n", vec![]).await.unwrap();
    guest.next(&rows).await.unwrap().unwrap();
    let error = guest.query(&connection, "SELECT 2", vec![]).await.unwrap_err();
    assert_eq!(
        error,
        "Error::InvalidInput(\"a query is under way on this connection\")"
    );
    guest.forget(rows).await;
    let rows = guest.query(&connection, "SELECT 3", vec![]).await.unwrap();
    let page = guest.next(&rows).await.unwrap().unwrap();
    assert_eq!(shown(&page[..1]), ["[Value::Integer(0), Value::Text(\"name 0\")]"]);
    assert_eq!(server.ledger().stopped, 1);
    assert_eq!(server.ledger().violations, Vec::<String>::new());
}

/// A server that has sent everything answers the wish to stop by a message of its own.
#[tokio::test]
async fn a_query_that_is_dropped_when_all_its_rows_were_sent_does_not_spoil_the_next() {
    for connections in [2, 1] {
        let server = numbers(6_000);
        let limits = Limits {
            connections,
            ..Limits::default()
        };
        let mut guest = Guest::limited(&server, limits);
        let connection = guest.open().await.unwrap();
        let rows = guest.query(&connection, "SELECT number FROM n", vec![]).await.unwrap();
        guest.next(&rows).await.unwrap().unwrap();
        while server.ledger().rows < 6_000 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // Its last message is on the way.
        tokio::time::sleep(Duration::from_millis(50)).await;
        guest.forget(rows).await;
        let next = guest.query(&connection, "SELECT 2", vec![]).await;
        if connections == 2 {
            let page = guest.next(&next.unwrap()).await.unwrap().unwrap();
            assert_eq!(shown(&page[..1]), ["[Value::Integer(0), Value::Text(\"name 0\")]"]);
        } else {
            // The run has its limits all the same, and says so.
            let said = next.unwrap_err();
            assert!(
                said.contains("the run has opened 1 connections, which is the limit"),
                "{said}"
            );
            let said = guest.query(&connection, "SELECT 3", vec![]).await.unwrap_err();
            assert!(said.contains("the connection is closed"), "{said}");
        }
        assert_eq!(server.ledger().violations, Vec::<String>::new());
    }
}

#[tokio::test]
async fn values_travel_as_parameters() {
    let server = server(|asked| {
        let columns = vec![Column::new("declared", Kind::Text)];
        Answer::rows(columns, vec![vec![Cell::Text(asked.declaration.clone())]])
    });
    let mut guest = Guest::of(&server);
    let connection = guest.open().await.unwrap();
    let parameters = vec![
        Value::Null,
        Value::Boolean(true),
        Value::Integer(-5),
        Value::Number(1.5),
        text("x'; DROP TABLE t --"),
        Value::Bytes(vec![0, 255]),
    ];
    let statement = "SELECT @P1, @P2, @P3, @P4, @P5, @P6";
    let rows = guest.query(&connection, statement, parameters).await.unwrap();
    let page = guest.next(&rows).await.unwrap().unwrap();
    assert_eq!(
        shown(&page),
        [
            r#"[Value::Text("@P1 nvarchar(4000),@P2 bit,@P3 bigint,@P4 float(53),@P5 nvarchar(4000),@P6 varbinary(8000)")]"#
        ]
    );
    let asked = server.ledger().queries[0].clone();
    assert_eq!(asked.statement, statement);
    let values: Vec<Option<&str>> = asked.parameters.iter().map(Option::as_deref).collect();
    assert_eq!(
        values,
        [
            None,
            Some("1"),
            Some("-5"),
            Some("1.5"),
            Some("x'; DROP TABLE t --"),
            Some("00ff")
        ]
    );
}

/// Types and a value of each: the name, TYPE_INFO and the value as they stand on the wire, and what the contract makes of it.
pub(super) fn types() -> Vec<(&'static str, Vec<u8>, Vec<u8>, &'static str)> {
    // TYPE_INFO and a value, as they stand on the wire (MS-TDS sections 2.2.5.4 and 2.2.5.5).
    let collation = [0x09, 0x04, 0xd0, 0x00, 0x34];
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let in_pieces = |bytes: &[u8]| {
        let length = (bytes.len() as u64).to_le_bytes();
        let piece = (bytes.len() as u32).to_le_bytes();
        [&length, piece.as_slice(), bytes, &[0, 0, 0, 0]].concat()
    };
    vec![
        ("tinyint", vec![0x26, 1], vec![1, 255], "Value::Integer(255)"),
        ("smallint", vec![0x26, 2], vec![2, 0xfe, 0xff], "Value::Integer(-2)"),
        (
            "int",
            vec![0x26, 4],
            vec![4, 1, 0, 0, 0x80],
            "Value::Integer(-2147483647)",
        ),
        ("bit", vec![0x68, 1], vec![1, 1], "Value::Boolean(true)"),
        (
            "float",
            vec![0x6d, 8],
            [&[8], 1.5_f64.to_le_bytes().as_slice()].concat(),
            "Value::Number(1.5)",
        ),
        (
            "real",
            vec![0x6d, 4],
            [&[4], 0.5_f32.to_le_bytes().as_slice()].concat(),
            "Value::Number(0.5)",
        ),
        (
            "money",
            vec![0x6e, 8],
            vec![8, 0, 0, 0, 0, 0x39, 0x30, 0, 0],
            r#"Value::Text("1.2345")"#,
        ),
        (
            "smallmoney",
            vec![0x6e, 4],
            vec![4, 0x39, 0x30, 0, 0],
            r#"Value::Text("1.2345")"#,
        ),
        (
            "decimal(9,2)",
            vec![0x6a, 5, 9, 2],
            vec![5, 0, 150, 0, 0, 0],
            r#"Value::Text("-1.50")"#,
        ),
        (
            "datetime",
            vec![0x6f, 8],
            vec![8, 0xea, 0xb0, 0, 0, 0, 0xc1, 0xc5, 0],
            r#"Value::Text("2024-01-01T12:00:00.000")"#,
        ),
        (
            "smalldatetime",
            vec![0x6f, 4],
            vec![4, 0xea, 0xb0, 0xd0, 0x02],
            r#"Value::Text("2024-01-01T12:00:00")"#,
        ),
        (
            "date",
            vec![0x28],
            vec![3, 0x45, 0x46, 0x0b],
            r#"Value::Text("2024-01-01")"#,
        ),
        (
            "time(3)",
            vec![0x29, 3],
            vec![4, 5, 0, 0, 0],
            r#"Value::Text("00:00:00.005")"#,
        ),
        (
            "datetime2(0)",
            vec![0x2a, 0],
            vec![6, 61, 0, 0, 0x45, 0x46, 0x0b],
            r#"Value::Text("2024-01-01T00:01:01")"#,
        ),
        (
            "datetimeoffset(0)",
            vec![0x2b, 0],
            vec![8, 0, 0, 0, 0x45, 0x46, 0x0b, 60, 0],
            r#"Value::Text("2024-01-01T01:00:00+01:00")"#,
        ),
        (
            "uniqueidentifier",
            vec![0x24, 16],
            vec![
                16, 0xff, 0x19, 0x96, 0x6f, 0x86, 0x8b, 0x11, 0xd0, 0xb4, 0x2d, 0, 0xc0, 0x4f, 0xc9, 0x64, 0xff,
            ],
            r#"Value::Text("6f9619ff-8b86-d011-b42d-00c04fc964ff")"#,
        ),
        (
            "varbinary(8)",
            vec![0xa5, 8, 0],
            vec![2, 0, 0xab, 0xcd],
            "Value::Bytes([171, 205])",
        ),
        (
            "varbinary(max)",
            vec![0xa5, 0xff, 0xff],
            in_pieces(&[1, 2]),
            "Value::Bytes([1, 2])",
        ),
        (
            "varchar(9)",
            [&[0xa7, 9, 0], collation.as_slice()].concat(),
            vec![3, 0, b'a', 0xe9, 0x80],
            r#"Value::Text("aé€")"#,
        ),
        (
            "nvarchar(max)",
            [&[0xe7, 0xff, 0xff], collation.as_slice()].concat(),
            in_pieces(&utf16("Łódź 🖥")),
            r#"Value::Text("Łódź 🖥")"#,
        ),
        (
            "xml",
            vec![0xf1, 0],
            in_pieces(&utf16("<a>ß</a>")),
            r#"Value::Text("<a>ß</a>")"#,
        ),
        // sql_variant: length, base type, properties, value.
        (
            "variant of int",
            vec![0x62, 0x49, 0x1f, 0, 0],
            vec![6, 0, 0, 0, 0x38, 0, 7, 0, 0, 0],
            "Value::Integer(7)",
        ),
        (
            "variant of nvarchar",
            vec![0x62, 0x49, 0x1f, 0, 0],
            [&[13, 0, 0, 0, 0xe7, 7], collation.as_slice(), &[8, 0], &utf16("ok")].concat(),
            r#"Value::Text("ok")"#,
        ),
        ("no int", vec![0x26, 4], vec![0], "Value::Null"),
        ("no decimal", vec![0x6a, 5, 9, 2], vec![0], "Value::Null"),
        (
            "no varbinary(max)",
            vec![0xa5, 0xff, 0xff],
            vec![0xff; 8],
            "Value::Null",
        ),
        (
            "no variant",
            vec![0x62, 0x49, 0x1f, 0, 0],
            vec![0, 0, 0, 0],
            "Value::Null",
        ),
    ]
}

#[tokio::test]
async fn every_type_comes_as_the_contract_says() {
    let types = types();
    for (name, kind, value, expected) in types {
        let answered = (kind.clone(), value.clone());
        let server = server(move |_| {
            let (kind, value) = answered.clone();
            Answer::rows(
                vec![Column::new("value", Kind::Raw(kind))],
                vec![vec![Cell::Raw(value)]],
            )
        });
        let rows = Guest::of(&server).all("SELECT value FROM t").await;
        assert_eq!(
            rows.map(|rows| shown(&rows)),
            Ok(vec![format!("[{expected}]")]),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_refusal_names_what_is_missing_and_the_connection_serves_the_next() {
    let server = server(|asked| {
        if asked.statement.contains("missing") {
            Answer::no_such_object("dbo.v_missing")
        } else {
            Answer::no_permission("v_denied", "CM_DCT")
        }
    });
    let mut guest = Guest::of(&server);
    let connection = guest.open().await.unwrap();
    assert_eq!(
        guest
            .query(&connection, "SELECT 1 FROM dbo.v_missing", vec![])
            .await
            .unwrap_err(),
        r#"Error::Refused(Refusal { number: 208, message: "Invalid object name 'dbo.v_missing'." })"#
    );
    let error = guest
        .query(&connection, "SELECT 1 FROM dbo.v_denied", vec![])
        .await
        .unwrap_err();
    assert!(error.contains("number: 229"), "{error}");
}

#[tokio::test]
async fn an_error_after_some_rows_is_an_error() {
    let server = server(|_| {
        let columns = vec![Column::new("number", Kind::Int)];
        let rows = (0..10).map(|number| vec![Cell::Int(number)]).collect();
        Answer::RowsThenError(columns, rows, 8134, "Divide by zero error encountered.".to_owned())
    });
    let error = Guest::of(&server).all("SELECT 1 / number FROM t").await.unwrap_err();
    assert_eq!(
        error,
        r#"Error::Refused(Refusal { number: 8134, message: "Divide by zero error encountered." })"#
    );
}

// H-52
#[tokio::test]
async fn what_is_not_one_query_never_reaches_the_server() {
    let server = numbers(1);
    let limits = Limits {
        statement_bytes: 100,
        parameters: 2,
        parameter_bytes: 100,
        queries: 1,
        ..Limits::default()
    };
    let mut guest = Guest::limited(&server, limits);
    let connection = guest.open().await.unwrap();
    let long = format!("SELECT '{}'", "x".repeat(100));
    for (statement, parameters, expected) in [
        ("SELECT 1; DROP TABLE t", vec![], "Denied"),
        ("EXEC xp_cmdshell 'id'", vec![], "Denied"),
        ("SELECT 1 WAITFOR DELAY '0:10'", vec![], "Denied"),
        (long.as_str(), vec![], "TooLarge"),
        ("SELECT 1", vec![Value::Null, Value::Null, Value::Null], "TooLarge"),
        ("SELECT @P1", vec![text(&"x".repeat(101))], "TooLarge"),
    ] {
        let error = guest.query(&connection, statement, parameters).await.unwrap_err();
        assert!(error.starts_with(&format!("Error::{expected}")), "{statement}: {error}");
    }
    assert_eq!(server.ledger().queries, []);
    let rows = guest.query(&connection, "SELECT 1", vec![]).await.unwrap();
    guest.forget(rows).await;
    let error = guest.query(&connection, "SELECT 1", vec![]).await.unwrap_err();
    assert_eq!(
        error,
        "Error::TooLarge(\"the run has asked 1 queries, which is the limit\")"
    );
}
