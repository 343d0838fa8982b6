//! The stand-in against another client that is not ours, python-tds: so that what the room is tested with is a SQL Server, and not merely
//! what tiberius and FreeTDS expect.

use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};

use super::querying::types;
use super::*;

/// What python-tds makes of these steps, with this login.
fn python(server: &Tds, login: &[(&str, &str)], steps: Json) -> Json {
    let mut all = json!({"port": server.port(), "user": "reader", "password": PASSWORD, "database": "CM_DCT"});
    for (name, value) in login {
        all[*name] = json!(value);
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // A client that waits for ever is to fail its test and no other.
    let output = Command::new("timeout")
        .arg("30")
        .arg(here.join("../target/clients/bin/python"))
        .arg(here.join("src/capabilities/sql/tests/client.py"))
        .arg(json!({"login": all, "steps": steps}).to_string())
        .env_clear()
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{said}\npython-tds is there once `make setup` has been run"
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A server that serves others than our client as well.
fn patient(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Tds {
    let mut settings = Settings::with(answer);
    settings.is_strict = false;
    Tds::start(settings).unwrap()
}

#[test]
fn another_client_is_told_what_was_refused_and_the_connection_serves_the_next() {
    let server = patient(|asked| match asked.statement.as_str() {
        "SELECT missing" => Answer::no_such_object("dbo.v_missing"),
        "SELECT denied" => Answer::no_permission("v_denied", "CM_DCT"),
        _ => Answer::rows(vec![Column::new("a", Kind::Int)], vec![vec![Cell::Int(1)]]),
    });
    let asked = |statement: &str| json!({"statement": statement});
    assert_eq!(
        python(
            &server,
            &[],
            json!([asked("SELECT missing"), asked("SELECT denied"), asked("SELECT a")])
        ),
        json!([
            {"error": [208, "Invalid object name 'dbo.v_missing'."]},
            {"error": [229, "The SELECT permission was denied on the object 'v_denied', database 'CM_DCT', schema 'dbo'."]},
            {"columns": ["a"], "rows": [["1"]]},
        ])
    );
    let login = "Login failed for user 'reader'.";
    let wrong = python(&server, &[("password", "wrong")], json!([]));
    assert_eq!(wrong, json!({"error": [18456, login]}));
    let elsewhere = python(&server, &[("database", "CM_XYZ")], json!([]));
    let database = "Cannot open database \"CM_XYZ\" requested by the login. The login failed.";
    assert_eq!(elsewhere, json!({"error": [18456, format!("{database} {login}")]}));
    let ledger = server.ledger();
    assert_eq!((ledger.connections, ledger.logins), (3, 1));
    assert_eq!(ledger.violations, Vec::<String>::new());
}

#[test]
fn parameters_of_another_client_are_understood() {
    let server = patient(|asked| {
        let columns = vec![Column::new("declared", Kind::Text)];
        Answer::rows(columns, vec![vec![Cell::Text(asked.declaration.clone())]])
    });
    let long = "long ".repeat(2_000);
    let step = json!({
        "statement": "SELECT %s, %s, %s, %s, %s, %s",
        "parameters": [true, -5, 1_i64 << 40, 1.5, "Größe 山田'; --", long],
    });
    let told = python(&server, &[], json!([step]));
    assert_eq!(told[0]["columns"], json!(["declared"]), "{told}");
    let ledger = server.ledger();
    assert_eq!(ledger.violations, Vec::<String>::new());
    let asked = &ledger.queries[0];
    assert!(asked.is_procedure);
    assert_eq!(asked.statement, "SELECT @P1, @P2, @P3, @P4, @P5, @P6");
    assert!(
        asked.declaration.starts_with("@P1 ") && asked.declaration.contains(",@P6 NVARCHAR("),
        "{asked:?}"
    );
    let values: Vec<Option<&str>> = asked.parameters.iter().map(Option::as_deref).collect();
    assert_eq!(
        values,
        ["1", "-5", "1099511627776", "1.5", "Größe 山田'; --", long.as_str()].map(Some)
    );
}

/// What our client is tested with is what another one takes it for.
#[test]
fn values_of_all_types_are_to_another_client_what_they_were_meant_to_be() {
    let of = |asked: &str| types().into_iter().find(|(name, ..)| *name == asked).unwrap();
    let server = patient(move |asked| {
        let (_, kind, value, _) = of(&asked.statement);
        let columns = vec![Column::new("value", Kind::Raw(kind))];
        Answer::rows(columns, vec![vec![Cell::Raw(value)]])
    });
    let steps: Vec<Json> = types().iter().map(|(name, ..)| json!({"statement": name})).collect();
    let told = python(&server, &[], json!(steps));
    let told: Vec<String> = types()
        .iter()
        .zip(told.as_array().unwrap())
        .map(|((name, ..), told)| match told["rows"][0][0].as_str() {
            Some(value) => format!("{name}: {value}"),
            None => format!("{name}: {told}"),
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn another_client_can_stop_a_query_and_ask_the_next() {
    let server = patient(|asked| match asked.statement.as_str() {
        "SELECT much" => {
            let row = |number: i64| vec![Cell::Int(number), Cell::Text("x".repeat(200))];
            let columns = vec![Column::new("number", Kind::Int), Column::new("text", Kind::Text)];
            Answer::Rows(columns, Box::new((0..1_000_000).map(row)))
        }
        _ => Answer::rows(vec![Column::new("a", Kind::Int)], vec![vec![Cell::Int(1)]]),
    });
    let steps = json!([{"statement": "SELECT much", "stop_after": 1}, {"statement": "SELECT a"}]);
    let told = python(&server, &[], steps);
    assert_eq!(told[0]["rows"][0][0], json!("0"), "{told}");
    assert_eq!(told[1], json!({"columns": ["a"], "rows": [["1"]]}));
    let ledger = server.ledger();
    assert_eq!((ledger.stopped, ledger.violations), (1, vec![]));
    assert!(ledger.rows < 1_000_000, "{}", ledger.rows);
}
