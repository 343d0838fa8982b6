//! A page of records.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::bindings::exports::oomnitza::connector::source as wit;
use crate::{Error, Result};

/// A page of records in the source's order, each a JSON object. Records are copied once, as they stand in the answer.
#[derive(Debug, Clone, Default)]
pub struct Page {
    json: Vec<u8>,
    count: usize,
    cursor: Option<String>,
    misses: Vec<wit::Miss>,
}

impl Page {
    /// A page to which records will be added; `bytes` is about how long they will be together.
    pub fn with_capacity(bytes: usize) -> Self {
        let mut json = Vec::with_capacity(bytes + 2);
        json.push(b'[');
        Self {
            json,
            ..Self::default()
        }
    }

    /// A page of these records.
    pub fn of<'a>(records: impl IntoIterator<Item = &'a RawValue>) -> Self {
        let mut page = Self::with_capacity(0);
        for record in records {
            page.push(record);
        }
        page
    }

    /// Adds a record as it stands.
    pub fn push(&mut self, record: &RawValue) {
        self.push_with(|json| json.extend_from_slice(record.get().as_bytes()));
    }

    /// Adds a record with one member more, whose value is JSON.
    pub fn push_and(&mut self, record: &RawValue, member: &str, value: &str) {
        let members = record.get().trim_end().strip_suffix('}').unwrap_or_default().trim_end();
        let comma = if members.ends_with('{') { "" } else { "," };
        self.push_with(|json| json.extend_from_slice(format!("{members}{comma}\"{member}\":{value}}}").as_bytes()));
    }

    /// Adds a record as it stands in an answer that is walked with [`Response::each`](crate::Response::each). Whether it is UTF-8 is
    /// judged by the host, for the page as a whole.
    pub fn push_slice(&mut self, record: &[u8]) {
        self.push_with(|json| json.extend_from_slice(record));
    }

    /// Adds a record that was built.
    pub fn push_value(&mut self, record: &impl Serialize) -> Result<()> {
        let record = serde_json::to_vec(record).map_err(|error| Error::Other(error.to_string()))?;
        self.push_with(|json| json.extend_from_slice(&record));
        Ok(())
    }

    /// Adds a record that `write` appends as JSON.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.json.is_empty() {
            self.json.push(b'[');
        }
        if self.count > 0 {
            self.json.push(b',');
        }
        write(&mut self.json);
        self.count += 1;
    }

    /// Notes a record that the source lists but did not give: the run ends as one that lacks records.
    pub fn miss(&mut self, id: impl Into<String>, reason: impl Into<String>) {
        self.misses.push(wit::Miss {
            id: id.into(),
            reason: reason.into(),
            gone: false,
        });
    }

    /// Notes a record that the source lists but does not have any more.
    pub fn gone(&mut self, id: impl Into<String>, reason: impl Into<String>) {
        self.misses.push(wit::Miss {
            id: id.into(),
            reason: reason.into(),
            gone: true,
        });
    }

    /// Notes that the source's list has ended after `came` records, although the source itself named a total of `total`: the run warns, and
    /// ends as one that lacks records.
    pub fn ended(&mut self, came: u64, total: u64) {
        if let Some(reason) = warn_of_end(came, total) {
            self.miss("", reason);
        }
    }

    /// Where a later run goes on when everything up to this page has arrived.
    pub fn cursor(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether the next record should begin another page: the host takes pages of 8 MiB and 1,000 records at most, and records of
    /// [`Page::LARGEST_RECORD`].
    pub fn is_full(&self) -> bool {
        self.json.len() > (7 << 20) - 1_024 || self.count >= 1_000 || self.misses.len() >= 1_000
    }

    /// Bytes of the largest record that the host takes.
    pub const LARGEST_RECORD: usize = 1 << 20;

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn into_wit(mut self) -> wit::Page {
        if self.json.is_empty() {
            self.json.push(b'[');
        }
        self.json.push(b']');
        wit::Page {
            records: self.json,
            cursor: self.cursor,
            misses: self.misses,
        }
    }
}
/// Warns of a list that ended after `came` records although its source named a total of `total`, and says what it warned of.
pub(crate) fn warn_of_end(came: u64, total: u64) -> Option<String> {
    (came < total).then(|| {
        let reason = format!("the source ended its list after {came} records, of {total} that it said there are");
        crate::warning!("{reason}");
        reason
    })
}
