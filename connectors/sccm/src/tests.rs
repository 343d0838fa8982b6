//! Sites as `docs/connectors/sccm.md` describes them, by script.

use oomnitza_sdk::sql::{Error as SqlError, Refusal, Row, Value};
use oomnitza_sdk::testing::{self, Outcome, Script, run, wanted};

use super::*;

mod queries;

const HARDWARE_COLUMNS: [&str; 14] = [
    "resource_id",
    "computer_name",
    "domain_name",
    "make",
    "model",
    "platform",
    "user_name",
    "cpu",
    "hdd_total_mb",
    "ipv4_address",
    "mac_address",
    "memory_total_kb",
    "serial_number",
    "os_version",
];
const SOFTWARE_COLUMNS: [&str; 4] = ["resource_id", "name", "version", "publisher"];

fn settings(changed: &[(&str, &str)]) -> Settings {
    let settings = [
        ("server", r"cm1.example.test\SITE"),
        ("database", "CM_DCT"),
        ("username", "oomnitza"),
        ("authentication", "SQL Server"),
        ("encrypt", "required"),
        ("dedupe", "False"),
    ];
    let value = |name| {
        let changed = changed.iter().find(|(changed, _)| *changed == name);
        changed.map(|(_, value)| *value)
    };
    testing::settings(&settings.map(|(name, default)| (name, value(name).unwrap_or(default))))
}

fn target(auth: Option<&str>) -> Target {
    Target {
        url: r"mssql://cm1.example.test\SITE".to_owned(),
        database: "CM_DCT".to_owned(),
        auth: auth.map(str::to_owned),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// A hardware row with this disk; the rest is null, or the same for all.
fn computer(id: i64, disk: i64) -> Row {
    let mut row = vec![Value::Null; 14];
    row[0] = Value::Integer(id);
    row[1] = Value::Text(format!("PC-{id}"));
    row[8] = Value::Integer(disk);
    row
}

fn program(id: i64, name: Value, version: Value) -> Row {
    vec![Value::Integer(id), name, version, text("Example")]
}

/// The queries of a run; then rows are asked for.
fn started() -> Script {
    let hardware = [HARDWARE, HARDWARE_VIEWS, HARDWARE_ORDER].concat();
    Script::default()
        .sql_open(target(Some("login")), Ok(()))
        .sql_query(&hardware, &[], Ok(&HARDWARE_COLUMNS))
        .sql_open(target(Some("login")), Ok(()))
        .sql_query(SOFTWARE, &[], Ok(&SOFTWARE_COLUMNS))
}

fn read(settings: Settings, script: Script) -> Outcome {
    run::<Sccm>(settings, wanted(&["software", "hardware.serial_number"]), script)
}

fn records(outcome: &Outcome) -> Vec<String> {
    assert_eq!(outcome.error, None);
    outcome.records.iter().map(ToString::to_string).collect()
}

#[test]
fn a_record_is_a_row_of_hardware_and_the_computer_s_programs() {
    let full: Row = vec![
        Value::Integer(16_777_220),
        text("PC-1"),
        text("EXAMPLE"),
        text("Dell Inc."),
        text("OptiPlex “7010”"),
        text("x64-based PC"),
        text(r"EXAMPLE\ann"),
        text("Intel(R) Core(TM) i7-3770 CPU @ 3.40GHz"),
        Value::Integer(476_940),
        text("10.0.0.5, fe80::1c2a:1"),
        text("00:50:56:AB:CD:EF"),
        Value::Integer(8_388_152),
        text("VMware-56 4d 1f"),
        text("Microsoft Windows 10 Enterprise "),
    ];
    let script = started()
        .sql_next(&HARDWARE_COLUMNS, Ok(Some(vec![full])))
        .sql_next(
            &SOFTWARE_COLUMNS,
            Ok(Some(vec![
                program(16_777_220, Value::Null, text("1")),
                program(16_777_220, text(""), text("1")),
                program(16_777_220, text("7-Zip"), text("19.00")),
                program(16_777_220, text("Ökonom"), Value::Null),
            ])),
        )
        .sql_next(&SOFTWARE_COLUMNS, Ok(None))
        .sql_next(&HARDWARE_COLUMNS, Ok(None))
        .sql_next(&HARDWARE_COLUMNS, Ok(None));
    let expected = concat!(
        r#"{"hardware":{"computer_name":"PC-1","cpu":"Intel(R) Core(TM) i7-3770 CPU @ 3.40GHz","domain_name":"EXAMPLE","#,
        r#""hdd_total_mb":476940,"ipv4_address":"10.0.0.5, fe80::1c2a:1","mac_address":"00:50:56:AB:CD:EF","make":"Dell Inc.","#,
        r#""memory_total_kb":8388152,"model":"OptiPlex “7010”","os_version":"Microsoft Windows 10 Enterprise ","#,
        r#""platform":"x64-based PC","resource_id":16777220,"serial_number":"VMware-56 4d 1f","user_name":"EXAMPLE\\ann"},"#,
        r#""software":[{"name":"7-Zip","path":null,"publisher":"Example","version":"19.00"},"#,
        r#"{"name":"Ökonom","path":null,"publisher":"Example","version":null}]}"#,
    );
    assert_eq!(records(&read(settings(&[]), script)), [expected]);
}

/// Programs of the computers 1 to 6 where only 2, 4 and 6 are known, in pages that end anywhere.
fn joined(dedupe: &str) -> Vec<String> {
    let script = started()
        .sql_next(&HARDWARE_COLUMNS, Ok(Some(vec![computer(2, 20), computer(2, 10)])))
        .sql_next(
            &SOFTWARE_COLUMNS,
            Ok(Some(vec![
                program(1, text("a"), text("1")),
                program(2, text("b"), text("1")),
            ])),
        )
        .sql_next(
            &SOFTWARE_COLUMNS,
            Ok(Some(vec![
                program(2, text("c"), text("2")),
                program(3, text("d"), text("1")),
                program(6, text("e"), text("1")),
            ])),
        )
        .sql_next(&HARDWARE_COLUMNS, Ok(Some(vec![computer(4, 30), computer(6, 40)])))
        .sql_next(&SOFTWARE_COLUMNS, Ok(None))
        .sql_next(&HARDWARE_COLUMNS, Ok(None))
        .sql_next(&HARDWARE_COLUMNS, Ok(None));
    let outcome = read(settings(&[("dedupe", dedupe)]), script);
    assert_eq!(outcome.error, None);
    let short = |record: &oomnitza_sdk::serde_json::Value| {
        let names: Vec<&str> = record["software"]
            .as_array()
            .unwrap()
            .iter()
            .map(|program| program["name"].as_str().unwrap())
            .collect();
        format!(
            "{} {} {}",
            record["hardware"]["resource_id"],
            record["hardware"]["hdd_total_mb"],
            names.concat()
        )
    };
    outcome.records.iter().map(short).collect()
}

#[test]
fn programs_find_their_computer_across_pages() {
    assert_eq!(joined("False"), ["2 20 bc", "2 10 bc", "4 30 ", "6 40 e"]);
}

#[test]
fn dedupe_keeps_the_first_row_of_a_computer() {
    assert_eq!(joined("True"), ["2 20 bc", "4 30 ", "6 40 e"]);
}

#[test]
fn programs_that_nothing_maps_are_not_asked_for() {
    let hardware = [HARDWARE, HARDWARE_VIEWS, HARDWARE_ORDER].concat();
    let script = Script::default()
        .sql_open(target(Some("login")), Ok(()))
        .sql_query(&hardware, &[], Ok(&HARDWARE_COLUMNS))
        .sql_next(&HARDWARE_COLUMNS, Ok(Some(vec![computer(2, 20)])))
        .sql_next(&HARDWARE_COLUMNS, Ok(None))
        .sql_next(&HARDWARE_COLUMNS, Ok(None));
    let outcome = run::<Sccm>(settings(&[]), wanted(&["hardware.serial_number"]), script);
    assert!(records(&outcome)[0].ends_with(r#""software":[]}"#));
}

#[test]
fn rows_out_of_order_end_the_run_instead_of_losing_programs() {
    let script = started()
        .sql_next(&HARDWARE_COLUMNS, Ok(Some(vec![computer(4, 1), computer(2, 1)])))
        .sql_next(&SOFTWARE_COLUMNS, Ok(None));
    assert_eq!(
        read(settings(&[]), script).error,
        Some(Error::Unexpected(
            "the rows are not in the order that was asked for".to_owned()
        ))
    );
}

#[test]
fn what_the_server_refuses_is_an_error_that_names_it() {
    let hardware = [HARDWARE, HARDWARE_VIEWS, HARDWARE_ORDER].concat();
    let refusal = |number: u32, message: &str| Refusal {
        number,
        message: message.to_owned(),
    };
    for (number, message, expected) in [
        (
            208,
            "Invalid object name 'dbo.v_GS_X86_PC_MEMORY'.",
            Error::Unexpected("error 208: Invalid object name 'dbo.v_GS_X86_PC_MEMORY'. Such a view is there once its class of the hardware inventory is enabled in the client settings; and `database` must be the site's".to_owned()),
        ),
        (
            229,
            "The SELECT permission was denied on the object 'v_GS_DISK'.",
            Error::Forbidden("error 229: The SELECT permission was denied on the object 'v_GS_DISK'. The login needs SELECT on the views dbo.v_GS_*, as the role db_datareader gives it".to_owned()),
        ),
    ] {
        let script = Script::default()
            .sql_open(target(Some("login")), Ok(()))
            .sql_query(&hardware, &[], Err(SqlError::Refused(refusal(number, message))));
        assert_eq!(read(settings(&[]), script).error, Some(expected));
    }
    let missing = refusal(
        4060,
        "Cannot open database \"CM_DCT\" requested by the login. The login failed.",
    );
    let script = Script::default().sql_open(target(Some("login")), Err(SqlError::Login(missing)));
    assert_eq!(
        read(settings(&[]), script).error,
        Some(Error::Forbidden(
            "error 4060: Cannot open database \"CM_DCT\" requested by the login. The login failed. Is `database` the site's, CM_ and the site code, and is the login a user of it?".to_owned()
        ))
    );
}

#[test]
fn the_check_names_every_view_of_a_run() {
    let hardware = HARDWARE.replacen("SELECT", "SELECT TOP 1", 1) + HARDWARE_VIEWS;
    let script = Script::default()
        .sql_open(target(Some("login")), Ok(()))
        .sql_query(&hardware, &[], Ok(&HARDWARE_COLUMNS))
        .sql_next(&HARDWARE_COLUMNS, Ok(Some(vec![computer(1, 1)])))
        .sql_next(&HARDWARE_COLUMNS, Ok(None))
        .sql_query(SOFTWARE_CHECK, &[], Ok(&["resource_id"]))
        .sql_next(&["resource_id"], Ok(None));
    testing::check::<Sccm>(settings(&[]), script).unwrap();
    for view in SOFTWARE.split_whitespace().filter(|word| word.starts_with("dbo.")) {
        assert!(SOFTWARE_CHECK.contains(view), "{view}");
    }
}

#[test]
fn windows_authentication_signs_in_as_whoever_runs_the_program_unless_it_names_an_account() {
    for (authentication, username, auth) in [
        ("Windows", "", None),
        ("Windows", "change-me", None),
        ("Windows", r"EXAMPLE\oomnitza", Some("login")),
        ("SQL Server", "oomnitza", Some("login")),
    ] {
        let refused = SqlError::Other("no".to_owned());
        let script = Script::default().sql_open(target(auth), Err(refused));
        let settings = settings(&[("authentication", authentication), ("username", username)]);
        assert_eq!(
            read(settings, script).error,
            Some(Error::Other("no".to_owned())),
            "{username}"
        );
    }
    let principal = settings(&[("authentication", "Windows"), ("username", "oomnitza@EXAMPLE.COM")]);
    let Some(Error::Setting(name, problem)) = read(principal, Script::default()).error else {
        panic!("it is none");
    };
    assert!(
        name == "username" && problem.starts_with(r"an account of Windows is written `DOMAIN\user`; "),
        "{problem}"
    );
    let outcome = read(settings(&[("username", "")]), Script::default());
    assert_eq!(
        outcome.error,
        Some(Error::Setting("username".to_owned(), "is missing".to_owned()))
    );
}
