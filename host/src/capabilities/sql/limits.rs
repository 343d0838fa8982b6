//! What a connector may ask of a database and a server may answer, with units and reasons. Tests use small ones.

use std::time::Duration;

/// What a connector may ask of a database, and a server may answer.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Rows of one page.
    pub page_rows: usize,
    /// Bytes of values after which a page is handed over as it is. A guest has to hold a page, and makes records of it.
    pub page_bytes: usize,
    /// Bytes that are received for one page. No honest page comes near: it is handed over long before.
    pub page_wire_bytes: u64,
    /// Bytes of one value. What Oomnitza stores in a field is a few thousand.
    pub cell_bytes: usize,
    /// Bytes of one row's values.
    pub row_bytes: usize,
    /// Bytes that are received for one row, or before the first one. Text is twice as long on the wire (UTF-16), and a packet of 32 KiB
    /// can hold the beginning of the next row.
    pub row_wire_bytes: u64,
    /// Columns of a result; SQL Server itself selects no more.
    pub columns: usize,
    /// Rows of one run: fifty million records, with some hundred rows that belong to each.
    pub rows: u64,
    /// Bytes of a statement.
    pub statement_bytes: usize,
    /// Parameters of a statement; SQL Server itself takes no more than 2,100.
    pub parameters: usize,
    /// Bytes of a statement's parameters.
    pub parameter_bytes: usize,
    /// Bytes of a URL, and of the name of a database.
    pub name_bytes: usize,
    /// From a connection to a login, TLS included.
    pub login: Duration,
    /// From a statement to its first row, and to each page after: a sort of some million rows takes a minute.
    pub answer: Duration,
    /// How long a server may take to stop a query. Then the connection is closed.
    pub cancel: Duration,
    /// Servers to which a server may send a login on. Azure sends it to one.
    pub routings: u32,
    /// Connections of one run.
    pub connections: u64,
    /// Queries of one run.
    pub queries: u64,
    /// Connections and results that are open at once.
    pub resources: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            page_rows: 5_000,
            page_bytes: 4 << 20,
            page_wire_bytes: 64 << 20,
            cell_bytes: 1 << 20,
            row_bytes: 4 << 20,
            row_wire_bytes: (2 * (4 << 20)) + (64 << 10),
            columns: 4_096,
            rows: 5_000_000_000,
            statement_bytes: 64 << 10,
            parameters: 2_000,
            parameter_bytes: 1 << 20,
            name_bytes: 1 << 10,
            login: Duration::from_secs(30),
            answer: Duration::from_secs(300),
            cancel: Duration::from_secs(5),
            routings: 1,
            connections: 100,
            queries: 100_000,
            resources: 16,
        }
    }
}
