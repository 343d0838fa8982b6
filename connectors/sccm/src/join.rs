//! Two streams of rows, both ordered by computer, as one.

use std::vec::IntoIter;

use oomnitza_sdk::sql::{Row, Rows, Value};
use oomnitza_sdk::{Error, Result};

use crate::explain;
use crate::json;

/// The rows of a query whose first column is the computer they belong to, and which come in its order.
struct Ordered {
    rows: Rows,
    page: IntoIter<Row>,
    id: Option<i64>,
}

impl Ordered {
    fn new(rows: Rows) -> Self {
        Self {
            rows,
            page: Vec::new().into_iter(),
            id: None,
        }
    }

    /// The next row and its computer.
    fn next_row(&mut self) -> Result<Option<(i64, Row)>> {
        let row = loop {
            if let Some(row) = self.page.next() {
                break row;
            }
            match self.rows.next_rows().map_err(explain)? {
                Some(page) => self.page = page.into_iter(),
                None => return Ok(None),
            }
        };
        let Some(Value::Integer(id)) = row.first() else {
            return Err(Error::Unexpected("a row has no ResourceID".to_owned()));
        };
        if self.id > Some(*id) {
            // Joining by order would lose programs without a word.
            return Err(Error::Unexpected(
                "the rows are not in the order that was asked for".to_owned(),
            ));
        }
        self.id = Some(*id);
        Ok(Some((*id, row)))
    }
}

/// The rows of the hardware query.
pub(crate) struct Computers(Ordered);

/// One of them.
pub(crate) struct Computer {
    pub(crate) id: i64,
    /// Its columns as a JSON object.
    pub(crate) json: Vec<u8>,
}

impl Computers {
    pub(crate) fn new(rows: Rows) -> Self {
        Self(Ordered::new(rows))
    }

    /// The computer of the row that was read last.
    pub(crate) fn id(&self) -> Option<i64> {
        self.0.id
    }

    pub(crate) fn next_row(&mut self) -> Result<Option<Computer>> {
        let Some((id, row)) = self.0.next_row()? else {
            return Ok(None);
        };
        let mut json = Vec::with_capacity(512);
        json::object(&mut json, self.0.rows.columns().iter().map(String::as_str).zip(&row));
        Ok(Some(Computer { id, json }))
    }
}

/// The programs of one computer after the other.
pub(crate) struct Programs {
    rows: Ordered,
    /// The row that was read but is of a later computer.
    next: Option<(i64, Row)>,
    /// The computer that was asked for last, and its programs as a JSON array: it may have several rows.
    last: Option<(i64, Vec<u8>)>,
    is_over: bool,
}

impl Programs {
    pub(crate) fn new(rows: Rows) -> Self {
        Self {
            rows: Ordered::new(rows),
            next: None,
            last: None,
            is_over: false,
        }
    }

    /// The programs of a computer, as a JSON array. Computers are asked for in order.
    pub(crate) fn of(&mut self, id: i64) -> Result<&[u8]> {
        if self.last.as_ref().is_none_or(|(last, _)| *last != id) {
            let programs = self.collect(id)?;
            self.last = Some((id, programs));
        }
        Ok(self.last.as_ref().map_or(b"[]", |(_, programs)| programs))
    }

    fn collect(&mut self, id: i64) -> Result<Vec<u8>> {
        let mut json = vec![b'['];
        while let Some((of, row)) = self.take()? {
            if of > id {
                self.next = Some((of, row));
                break;
            }
            // The programs of computers that are not in the hardware inventory are passed over.
            if of == id {
                write(&mut json, &row);
            }
        }
        json.push(b']');
        Ok(json)
    }

    fn take(&mut self) -> Result<Option<(i64, Row)>> {
        if self.next.is_some() || self.is_over {
            return Ok(self.next.take());
        }
        let row = self.rows.next_row()?;
        self.is_over = row.is_none();
        Ok(row)
    }
}

/// Adds a program, unless it has no name.
fn write(json: &mut Vec<u8>, row: &[Value]) {
    let [_, name @ Value::Text(text), version, publisher] = row else {
        return;
    };
    if text.is_empty() {
        return;
    }
    if json.last() != Some(&b'[') {
        json.push(b',');
    }
    let members = [
        ("name", name),
        ("version", version),
        ("publisher", publisher),
        ("path", &Value::Null),
    ];
    json::object(json, members);
}
