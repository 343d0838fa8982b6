//! What a server's messages are made of (MS-TDS section 2.2.7).

/// The collation SQL_Latin1_General_CP1_CI_AS, which Configuration Manager wants.
const COLLATION: [u8; 5] = [0x09, 0x04, 0xd0, 0x00, 0x34];

/// Bits of a DONE token.
pub(super) const DONE_ERROR: u16 = 0x02;
pub(super) const DONE_COUNT: u16 = 0x10;
pub(super) const DONE_ATTENTION: u16 = 0x20;

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Kind,
}

/// A column's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `int`
    Int,
    /// `bigint`
    BigInt,
    /// `nvarchar(255)`
    Text,
    /// Any other: TYPE_INFO as it stands on the wire.
    Raw(Vec<u8>),
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// NULL, of a type that is a length and bytes or, where this is longer than 8,000 bytes, text.
    Null,
    /// Of an `int` or `bigint`.
    Int(i64),
    /// Of an `nvarchar`.
    Text(String),
    /// Of any other type: as it stands on the wire, its length included.
    Raw(Vec<u8>),
}

impl Column {
    /// A column.
    pub fn new(name: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(cell: Option<T>) -> Self {
        cell.map_or(Self::Null, Into::into)
    }
}

/// Writes what a message is made of.
#[derive(Debug, Default)]
pub(super) struct Tokens(pub(super) Vec<u8>);

impl Tokens {
    pub(super) fn columns(&mut self, columns: &[Column]) {
        self.0.push(0x81);
        self.short(columns.len());
        for column in columns {
            // User type; flags: nullable.
            self.0.extend_from_slice(&[0, 0, 0, 0, 0x01, 0x00]);
            match &column.kind {
                Kind::Int => self.0.extend_from_slice(&[0x26, 4]),
                Kind::BigInt => self.0.extend_from_slice(&[0x26, 8]),
                Kind::Text => {
                    self.0.push(0xe7);
                    self.short(2 * 255);
                    self.0.extend_from_slice(&COLLATION);
                }
                Kind::Raw(kind) => self.0.extend_from_slice(kind),
            }
            self.name(&column.name);
        }
    }

    pub(super) fn row(&mut self, columns: &[Column], row: &[Cell]) {
        self.0.push(0xd1);
        for (cell, column) in row.iter().zip(columns) {
            match (cell, &column.kind) {
                (Cell::Null, Kind::Text) => self.0.extend_from_slice(&[0xff, 0xff]),
                (Cell::Null, _) => self.0.push(0),
                (Cell::Int(number), Kind::BigInt) => {
                    self.0.push(8);
                    self.0.extend_from_slice(&number.to_le_bytes());
                }
                (Cell::Int(number), _) => {
                    self.0.push(4);
                    let number = i32::try_from(*number).unwrap_or(i32::MAX);
                    self.0.extend_from_slice(&number.to_le_bytes());
                }
                (Cell::Text(text), _) => {
                    let text = utf16(text);
                    self.short(text.len());
                    self.0.extend_from_slice(&text);
                }
                (Cell::Raw(bytes), _) => self.0.extend_from_slice(bytes),
            }
        }
    }

    /// The end of a batch.
    pub(super) fn done(&mut self, status: u16, rows: u64) {
        self.end(0xfd, status, rows);
    }

    /// The end of a procedure that holds one statement.
    pub(super) fn done_procedure(&mut self, status: u16, rows: u64) {
        self.end(0xff, status | 0x01, rows);
        // Return status.
        self.0.extend_from_slice(&[0x79, 0, 0, 0, 0]);
        self.end(0xfe, status & !DONE_COUNT, 0);
    }

    fn end(&mut self, token: u8, status: u16, rows: u64) {
        self.0.push(token);
        self.0.extend_from_slice(&status.to_le_bytes());
        // The command that ended: SELECT.
        self.0.extend_from_slice(&[0xc1, 0x00]);
        self.0.extend_from_slice(&rows.to_le_bytes());
    }

    pub(super) fn error(&mut self, number: i32, class: u8, text: &str) {
        self.report(0xaa, number, class, text);
    }

    pub(super) fn info(&mut self, number: i32, text: &str) {
        self.report(0xab, number, 0, text);
    }

    fn report(&mut self, token: u8, number: i32, class: u8, text: &str) {
        let mut body = Self::default();
        body.0.extend_from_slice(&number.to_le_bytes());
        body.0.extend_from_slice(&[1, class]);
        body.short(text.encode_utf16().count());
        body.0.extend_from_slice(&utf16(text));
        body.name("STANDIN");
        body.name("");
        body.0.extend_from_slice(&1_u32.to_le_bytes());
        self.counted(token, &body.0);
    }

    pub(super) fn login_ack(&mut self) {
        let mut body = Self::default();
        // SQL with TDS 7.4.
        body.0.extend_from_slice(&[1, 0x74, 0, 0, 0x04]);
        body.name("Microsoft SQL Server");
        body.0.extend_from_slice(&[15, 0, 0x07, 0xd0]);
        self.counted(0xad, &body.0);
    }

    pub(super) fn environment(&mut self, what: u8, new: &str, old: &str) {
        let mut body = Self(vec![what]);
        body.name(new);
        body.name(old);
        self.counted(0xe3, &body.0);
    }

    pub(super) fn collation(&mut self) {
        let body = [&[7, 5], COLLATION.as_slice(), &[0]].concat();
        self.counted(0xe3, &body);
    }

    /// What the client is asked to prove.
    pub(super) fn sspi(&mut self, challenge: &[u8]) {
        self.counted(0xed, challenge);
    }

    /// That the client is to sign in elsewhere.
    pub(super) fn routing(&mut self, host: &str, port: u16) {
        let mut place = Self(vec![0]);
        place.0.extend_from_slice(&port.to_le_bytes());
        place.short(host.encode_utf16().count());
        place.0.extend_from_slice(&utf16(host));
        let mut body = Self(vec![20]);
        body.short(place.0.len());
        body.0.extend_from_slice(&place.0);
        body.short(0);
        self.counted(0xe3, &body.0);
    }

    fn counted(&mut self, token: u8, body: &[u8]) {
        self.0.push(token);
        self.short(body.len());
        self.0.extend_from_slice(body);
    }

    fn short(&mut self, number: usize) {
        let number = u16::try_from(number).unwrap_or(u16::MAX);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// A text whose length is one byte.
    fn name(&mut self, text: &str) {
        let units: Vec<u16> = text.encode_utf16().take(255).collect();
        self.0.push(u8::try_from(units.len()).unwrap_or(u8::MAX));
        self.0.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    }
}

pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}
