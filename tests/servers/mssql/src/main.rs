//! A Configuration Manager site's database at Microsoft's `mssql-mock-tds`.
//!
//! `mssql-server required|strict CERTIFICATE KEY` prints its port, and once its standard input ends, a line for each connection that it had.
//!
//! The server finds a query by a text in it, in capitals, and lets anybody in; its answer is one packet.

use std::io::Error;

use mssql_mock_tds::{
    ColumnDefinition, ColumnValue, MockTdsServer, QueryResponse, Row, SqlDataType, create_test_identity,
};
use tokio::io::AsyncReadExt as _;

/// A text in pieces that end anywhere, in the middle of a character too.
fn text(text: &str) -> ColumnValue {
    let units: Vec<u16> = text.encode_utf16().collect();
    ColumnValue::NVarCharMax(units.chunks(5).map(<[u16]>::to_vec).collect())
}

fn name(text: &str) -> ColumnValue {
    ColumnValue::NVarChar(text.to_owned())
}

fn columns(columns: &[(&str, SqlDataType)]) -> Vec<ColumnDefinition> {
    columns
        .iter()
        .map(|(name, kind)| ColumnDefinition::new(*name, *kind))
        .collect()
}

/// One computer with everything, and one with nothing but its name.
fn computers() -> QueryResponse {
    use ColumnValue::{BigInt, Int, NVarCharMaxNull, Null};
    use SqlDataType::{BigInt as Big, Int as Whole, NVarChar as Short, NVarCharMax as Long};
    let columns = columns(&[
        ("resource_id", Whole),
        ("computer_name", Short),
        ("domain_name", Short),
        ("make", Long),
        ("model", Long),
        ("platform", Long),
        ("user_name", Long),
        ("cpu", Long),
        ("hdd_total_mb", Big),
        ("ipv4_address", Long),
        ("mac_address", Long),
        ("memory_total_kb", Big),
        ("serial_number", Long),
        ("os_version", Long),
    ]);
    let whole = vec![
        Int(16_777_220),
        name("PC-Größe-L"),
        name("EXAMPLE"),
        text("Dell Inc."),
        text("OptiPlex “7010” 💻💻💻"),
        text("x64-based PC"),
        text("EXAMPLE\\ann"),
        text("Intel(R) Core(TM) i7-3770 CPU @ 3.40GHz"),
        BigInt(5_000_000_000),
        text("10.0.0.5, fe80::1c2a:1"),
        text("00:50:56:AB:CD:EF"),
        BigInt(8_388_152),
        text("VMware-56 4d 1f"),
        text("Microsoft Windows 10 Enterprise "),
    ];
    let mut bare = vec![Int(16_777_221), name("PC-2"), name("")];
    bare.extend(columns[3..].iter().map(|column| match column.data_type {
        Long => NVarCharMaxNull,
        _ => Null,
    }));
    QueryResponse::new(columns, vec![Row::new(whole), Row::new(bare)])
}

/// Programs, one of a computer that is not in the hardware inventory.
fn programs() -> QueryResponse {
    use SqlDataType::{Int, NVarCharMax};
    let columns = columns(&[
        ("resource_id", Int),
        ("name", NVarCharMax),
        ("version", NVarCharMax),
        ("publisher", NVarCharMax),
    ]);
    let rows = [
        (16_777_219, "Alien", text("1")),
        (16_777_220, "7-Zip", text("19.00")),
        (16_777_220, "Ökonom 💶", ColumnValue::NVarCharMaxNull),
        (16_777_221, "Zip", text("")),
    ];
    let rows =
        rows.map(|(id, name, version)| Row::new(vec![ColumnValue::Int(id), text(name), version, text("Example")]));
    QueryResponse::new(columns, rows.into())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, certificate, key] = arguments.as_slice() else {
        return Err("usage: mssql-server required|strict CERTIFICATE KEY".into());
    };
    let identity = create_test_identity(&std::fs::read(certificate)?, &std::fs::read(key)?)?;
    let server = match mode.as_str() {
        "required" => MockTdsServer::new_with_tls("127.0.0.1:0", Some(identity)).await?,
        "strict" => MockTdsServer::new_with_strict_tls("127.0.0.1:0", identity).await?,
        _ => return Err(Error::other("there is no such mode").into()),
    };
    {
        let registry = server.query_registry();
        let mut registry = registry.lock().await;
        registry.register("LEFT JOIN", computers());
        registry.register("UNION", programs());
    }
    println!("{}", server.local_addr().port());
    let connections = server.connection_store();
    let serving = tokio::spawn(server.run());
    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    serving.abort();
    for connection in connections.lock().await.all().values() {
        println!(
            "database {:?}, server {:?}, let in {}, transaction and outstanding requests {:?}",
            connection.received_database,
            connection.received_server_name,
            connection.authenticated,
            connection.transaction_descriptor_headers
        );
    }
    Ok(())
}
