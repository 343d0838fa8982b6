//! The queries themselves, asked in SQLite, whose language they keep to but for `TOP`: what they find in `tests/site.sql` is compared with
//! what somebody who reads that file by hand finds.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;

const SITE: &str = include_str!("../../tests/site.sql");

const HARDWARE_ROWS: &str = r"
'resource_id'|'computer_name'|'domain_name'|'make'|'model'|'platform'|'user_name'|'cpu'|'hdd_total_mb'|'ipv4_address'|'mac_address'|'memory_total_kb'|'serial_number'|'os_version'
1|'PC-1'|'EXAMPLE'|'Dell Inc.'|'Precision 7920'|'x64-based PC'|'EXAMPLE\ann'|'Xeon, first'|953869|'10.0.0.2, fe80::1'|'02:00:00:00:01:01'|66846720|'SN-1'|'Microsoft Windows Server 2022 Standard '
1|'PC-1'|'EXAMPLE'|'Dell Inc.'|'Precision 7920'|'x64-based PC'|'EXAMPLE\ann'|'Xeon, first'|953869|'10.0.0.1'|'02:00:00:00:01:02'|66846720|'SN-1'|'Microsoft Windows Server 2022 Standard '
1|'PC-1'|'EXAMPLE'|'Dell Inc.'|'Precision 7920'|'x64-based PC'|'EXAMPLE\ann'|'Xeon, first'|238475|'10.0.0.2, fe80::1'|'02:00:00:00:01:01'|66846720|'SN-1'|'Microsoft Windows Server 2022 Standard '
1|'PC-1'|'EXAMPLE'|'Dell Inc.'|'Precision 7920'|'x64-based PC'|'EXAMPLE\ann'|'Xeon, first'|238475|'10.0.0.1'|'02:00:00:00:01:02'|66846720|'SN-1'|'Microsoft Windows Server 2022 Standard '
2|'PC-2'|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL
3|'PC-3'|'EXAMPLE'|'LENOVO'|'20XW'|'x64-based PC'|'EXAMPLE\cho'|'i7'|488386|'10.0.0.10'|'02:00:00:00:03:01'|16534156|'DOCK-3'|'Microsoft Windows 11 Pro'
3|'PC-3'|'EXAMPLE'|'LENOVO'|'20XW'|'x64-based PC'|'EXAMPLE\cho'|'i7'|488386|'10.0.0.10'|'02:00:00:00:03:01'|16534156|'SN-3'|'Microsoft Windows 11 Pro'
3|'PC-3'|'EXAMPLE'|'LENOVO'|'20XW'|'x64-based PC'|'EXAMPLE\cho'|'i7'|488386|'10.0.0.9'|'02:00:00:00:03:01'|16534156|'DOCK-3'|'Microsoft Windows 11 Pro'
3|'PC-3'|'EXAMPLE'|'LENOVO'|'20XW'|'x64-based PC'|'EXAMPLE\cho'|'i7'|488386|'10.0.0.9'|'02:00:00:00:03:01'|16534156|'SN-3'|'Microsoft Windows 11 Pro'
";

const SOFTWARE_ROWS: &str = "
'resource_id'|'name'|'version'|'publisher'
0|'Gone as well'|'1'|'Example'
1|NULL|'1.0'|'Example'
1|'7-Zip'|'19.00'|'Igor Pavlov'
1|'7-Zip'|'9.20'|'Igor Pavlov'
1|'Agent'|NULL|'Example'
1|'Agent'|'2.0'|'Example'
1|'Agent'|'2.0'|'Maker'
3|'Editor'|'1'|NULL
9|'Gone'|'1'|'Example'
";

/// What SQLite's own program prints: the names of the columns, and the rows, as literals between bars.
fn ask(site: &str, statement: &str) -> std::result::Result<String, String> {
    let mut sqlite = Command::new("sqlite3")
        .args(["-batch", "-bail", "-header", "-quote", "-separator", "|"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("sqlite3 is there: run `make setup`");
    let script = format!("{site}{statement};\n");
    sqlite.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = sqlite.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    if output.status.success() && said.is_empty() {
        Ok(format!("\n{}", String::from_utf8(output.stdout).unwrap()))
    } else {
        Err(said)
    }
}

fn hardware() -> String {
    [HARDWARE, HARDWARE_VIEWS, HARDWARE_ORDER].concat()
}

/// Whether a statement finds exactly what the hardware query should.
fn is_hardware(statement: &str) -> bool {
    ask(SITE, statement).is_ok_and(|rows| rows == HARDWARE_ROWS)
}

/// Whether a statement finds exactly what the software query should. SQLite removes duplicates by sorting, whatever order is asked for; where
/// they stay, the order shows.
fn is_software(statement: &str) -> bool {
    let one = "1|'7-Zip'|'19.00'|'Igor Pavlov'\n";
    let ordered = ask(SITE, &statement.replace("UNION", "UNION ALL"));
    ask(SITE, statement).is_ok_and(|rows| rows == SOFTWARE_ROWS)
        && ordered.is_ok_and(|rows| rows == SOFTWARE_ROWS.replace(one, &one.repeat(3)))
}

#[test]
fn the_queries_find_what_is_in_the_views() {
    assert_eq!(ask(SITE, &hardware()).unwrap(), HARDWARE_ROWS);
    assert_eq!(ask(SITE, SOFTWARE).unwrap(), SOFTWARE_ROWS);
    assert!(is_hardware(&hardware()) && is_software(SOFTWARE));
}

/// The site is awkward enough that each part of a query shows in what it finds.
#[test]
fn no_part_of_a_query_can_be_another_or_be_left_out() {
    let hardware = hardware();
    let aliases = HARDWARE_COLUMNS.map(|column| (format!(" AS {column}"), String::new()));
    let joins = [
        ("v_GS_PROCESSOR", "cpu"),
        ("v_GS_DISK", "disk"),
        ("v_GS_NETWORK_ADAPTER_CONFIGURATION", "net"),
        ("v_GS_X86_PC_MEMORY", "mem"),
        ("v_GS_SYSTEM_ENCLOSURE", "enc"),
        ("v_GS_OPERATING_SYSTEM", "os"),
    ];
    let joins = joins.into_iter().flat_map(|(view, alias)| {
        let join = format!("JOIN dbo.{view} {alias}");
        let on = format!("ON {alias}.ResourceID = cs.ResourceID");
        [(format!("LEFT {join}"), join), (on, "ON 1 = 1".to_owned())]
    });
    let changes = [
        (" AND cpu.GroupID = 1", ""),
        ("AND net.IPAddress0 IS NOT NULL AND", "AND"),
        (" AND net.MACAddress0 IS NOT NULL", ""),
        (
            "ORDER BY cs.ResourceID, disk.Size0 DESC",
            "ORDER BY disk.Size0 DESC, cs.ResourceID",
        ),
        ("disk.Size0 DESC", "disk.Size0"),
        (" disk.Size0 DESC,", ""),
        (" net.MACAddress0,", ""),
        ("net.MACAddress0, net.IPAddress0", "net.IPAddress0, net.MACAddress0"),
        (" net.IPAddress0,", ""),
        (", enc.SerialNumber0\0", "\0"),
    ]
    .map(|(part, other)| (part.to_owned(), other.to_owned()));
    for (part, other) in aliases.into_iter().chain(joins).chain(changes) {
        let changed = format!("{hardware}\0").replacen(&part, &other, 1).replace('\0', "");
        assert_ne!(changed, hardware, "`{part}` is no part of the query");
        assert!(!is_hardware(&changed), "`{part}` can be `{other}`");
    }
    for (part, other) in [
        (" AS resource_id", ""),
        (" AS name", ""),
        (" AS version", ""),
        (" AS publisher", ""),
        ("UNION", "UNION ALL"),
        ("UNION", "EXCEPT"),
        ("_PROGRAMS_64", "_PROGRAMS"),
        ("_PROGRAMS\n", "_PROGRAMS_64\n"),
        ("ORDER BY resource_id, name, version, publisher", ""),
        (
            "resource_id, name, version, publisher",
            "resource_id, version, name, publisher",
        ),
        (
            "resource_id, name, version, publisher",
            "name, version, publisher, resource_id",
        ),
        (
            "resource_id, name, version, publisher",
            "resource_id, version, publisher",
        ),
        ("resource_id, name, version, publisher", "resource_id, name, publisher"),
        ("resource_id, name, version, publisher", "resource_id, name, version"),
    ] {
        let changed = SOFTWARE.replacen(part, other, 1);
        assert_ne!(changed, SOFTWARE, "`{part}` is no part of the query");
        assert!(!is_software(&changed), "`{part}` can be `{other}`");
    }
}

/// The rows of a result as the host gives them to a connector.
fn values(printed: &str) -> Vec<Row> {
    let value = |cell: &str| match cell.strip_prefix('\'').and_then(|cell| cell.strip_suffix('\'')) {
        Some(words) => text(words),
        None if cell == "NULL" => Value::Null,
        None => Value::Integer(cell.parse().unwrap()),
    };
    let rows = printed.lines().skip(2);
    rows.map(|row| row.split('|').map(value).collect()).collect()
}

#[test]
fn what_the_queries_find_becomes_the_computers_that_are_there_with_their_programs() {
    let found = |statement: &str| values(&ask(SITE, statement).unwrap());
    let script = started()
        .sql_next(&HARDWARE_COLUMNS, Ok(Some(found(&hardware()))))
        .sql_next(&SOFTWARE_COLUMNS, Ok(Some(found(SOFTWARE))))
        .sql_next(&HARDWARE_COLUMNS, Ok(None))
        .sql_next(&HARDWARE_COLUMNS, Ok(None));
    let outcome = read(settings(&[("dedupe", "True")]), script);
    let told = records(&outcome).join("\n");
    let expected = [
        r#"{"hardware":{"computer_name":"PC-1","cpu":"Xeon, first","domain_name":"EXAMPLE","hdd_total_mb":953869,"ipv4_address":"10.0.0.2, fe80::1","mac_address":"02:00:00:00:01:01","make":"Dell Inc.","memory_total_kb":66846720,"model":"Precision 7920","os_version":"Microsoft Windows Server 2022 Standard ","platform":"x64-based PC","resource_id":1,"serial_number":"SN-1","user_name":"EXAMPLE\\ann"},"software":[{"name":"7-Zip","path":null,"publisher":"Igor Pavlov","version":"19.00"},{"name":"7-Zip","path":null,"publisher":"Igor Pavlov","version":"9.20"},{"name":"Agent","path":null,"publisher":"Example","version":null},{"name":"Agent","path":null,"publisher":"Example","version":"2.0"},{"name":"Agent","path":null,"publisher":"Maker","version":"2.0"}]}"#,
        r#"{"hardware":{"computer_name":"PC-2","cpu":null,"domain_name":null,"hdd_total_mb":null,"ipv4_address":null,"mac_address":null,"make":null,"memory_total_kb":null,"model":null,"os_version":null,"platform":null,"resource_id":2,"serial_number":null,"user_name":null},"software":[]}"#,
        r#"{"hardware":{"computer_name":"PC-3","cpu":"i7","domain_name":"EXAMPLE","hdd_total_mb":488386,"ipv4_address":"10.0.0.10","mac_address":"02:00:00:00:03:01","make":"LENOVO","memory_total_kb":16534156,"model":"20XW","os_version":"Microsoft Windows 11 Pro","platform":"x64-based PC","resource_id":3,"serial_number":"DOCK-3","user_name":"EXAMPLE\\cho"},"software":[{"name":"Editor","path":null,"publisher":null,"version":"1"}]}"#,
    ];
    assert_eq!(told, expected.join("\n"));
}

/// A check finds every view and column that a run would miss.
#[test]
fn a_check_fails_where_a_view_or_a_column_is_missing() {
    let limited = HARDWARE.replacen("SELECT", "SELECT TOP 1", 1) + HARDWARE_VIEWS;
    let fails = |site: &str| {
        let mut checks = [limited.as_str(), SOFTWARE_CHECK].into_iter();
        // The one word of another language, in which SQLite limits with its last.
        checks.any(|check| ask(site, &check.replacen("SELECT TOP 1", "SELECT", 1)).is_err())
    };
    assert!(!fails(SITE));
    let columns = ask(
        SITE,
        "SELECT view.name, col.name FROM dbo.sqlite_master view, pragma_table_info(view.name, 'dbo') col",
    );
    let columns = values(&columns.unwrap());
    assert_eq!(columns.len(), 29);
    for column in columns {
        let [Value::Text(view), Value::Text(column)] = column.as_slice() else {
            panic!("{column:?}");
        };
        let gone = format!("{SITE}ALTER TABLE dbo.{view} RENAME COLUMN {column} TO gone;\n");
        assert!(fails(&gone), "{view}.{column}");
        let is_asked_for = [hardware().as_str(), SOFTWARE]
            .iter()
            .any(|query| ask(&gone, query).is_err());
        assert!(is_asked_for, "no query asks for {view}.{column}");
        assert!(fails(&format!("{SITE}DROP TABLE dbo.{view};\n")), "{view}");
    }
}
