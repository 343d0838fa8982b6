//! Bulk uploads: what a batch looks like on the wire, and what becomes of its records.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use reqwest::Method;

use super::client::{Call, Oomnitza, Retry, VERSION};
use super::error::Error;
use crate::config::schema::RecordKind;

/// Where records go and how they are wrapped.
#[derive(Debug, Clone)]
pub struct Target {
    /// What they are.
    pub kind: RecordKind,
    /// The name under which Oomnitza keeps the source.
    pub mapping_name: String,
    /// The field that tells assets apart.
    pub sync_field: String,
    /// The ini file's own text.
    pub update_only: String,
    /// People keep the positions that Oomnitza gives them.
    pub normal_position: bool,
    /// Records go one by one, bare.
    pub singly: bool,
}

impl Target {
    /// Records of one batch.
    pub fn batch_size(&self) -> usize {
        match self.kind {
            _ if self.singly => 1,
            RecordKind::Audit => 10,
            RecordKind::Users | RecordKind::Assets => 100,
        }
    }

    fn what(&self) -> &'static str {
        match self.kind {
            RecordKind::Users => "take people",
            RecordKind::Audit | RecordKind::Assets => "take assets",
        }
    }

    /// Path and query.
    pub fn path(&self) -> String {
        let kind = match self.kind {
            RecordKind::Users => "users",
            RecordKind::Audit => "audit",
            RecordKind::Assets => "assets",
        };
        let position = if self.normal_position {
            "&normal_position=True"
        } else {
            ""
        };
        format!("/api/v2/bulk/{kind}?VERSION={VERSION}{position}")
    }

    /// The body for records that are separated by commas.
    pub fn body(&self, records: &[u8]) -> Vec<u8> {
        let mut body = Vec::with_capacity(records.len() + 256);
        let (source, list) = match self.kind {
            RecordKind::Users => {
                self.list(&mut body, records);
                return body;
            }
            RecordKind::Audit => ("agent_id", "computers"),
            RecordKind::Assets => ("integration_id", "assets"),
        };
        let text = |text: &str| serde_json::Value::from(text).to_string();
        body.extend_from_slice(
            format!(
                "{{\"{source}\":{},\"sync_field\":{},\"{list}\":",
                text(&self.mapping_name),
                text(&self.sync_field)
            )
            .as_bytes(),
        );
        self.list(&mut body, records);
        body.extend_from_slice(format!(",\"update_only\":{}}}", text(&self.update_only)).as_bytes());
        body
    }

    fn list(&self, body: &mut Vec<u8>, records: &[u8]) {
        // The old program wraps a single asset in a list all the same.
        if self.singly && self.kind != RecordKind::Assets {
            body.extend_from_slice(records);
        } else {
            body.push(b'[');
            body.extend_from_slice(records);
            body.push(b']');
        }
    }
}

/// Records that go together.
#[derive(Debug, Default)]
pub struct Batch {
    /// JSON objects separated by commas.
    records: Vec<u8>,
    /// Where each begins and ends.
    ranges: Vec<Range<usize>>,
    /// For each a hash of what tells it apart.
    keys: Vec<u64>,
}

impl Batch {
    /// Adds a record.
    pub fn push(&mut self, record: &[u8], key: u64) {
        if !self.records.is_empty() {
            self.records.push(b',');
        }
        let start = self.records.len();
        self.records.extend_from_slice(record);
        self.ranges.push(start..self.records.len());
        self.keys.push(key);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// What tells them apart.
    pub fn keys(&self) -> &[u64] {
        &self.keys
    }

    /// The records, one by one.
    pub fn records(&self) -> Vec<&[u8]> {
        let record = |range: &Range<usize>| self.records.get(range.clone()).unwrap_or_default();
        self.ranges.iter().map(record).collect()
    }

    /// The records, separated by commas.
    pub fn joined(&self) -> &[u8] {
        &self.records
    }

    /// The records of a range, separated by commas.
    fn slice(&self, range: &Range<usize>) -> &[u8] {
        let mut wanted = self.ranges.get(range.clone()).unwrap_or_default().iter();
        let (Some(first), last) = (wanted.next(), wanted.next_back()) else {
            return &[];
        };
        self.records
            .get(first.start..last.unwrap_or(first).end)
            .unwrap_or_default()
    }
}

/// What became of a batch: every record of it is counted once.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Records that Oomnitza took.
    pub sent: u64,
    /// Records that it refused.
    pub rejected: Vec<Rejected>,
    /// Records that were not delivered, and why.
    pub failed: Option<(u64, Error)>,
}

/// A record that Oomnitza refused.
#[derive(Debug)]
pub struct Rejected {
    /// The record as it was sent.
    pub record: Vec<u8>,
    /// Why.
    pub reason: String,
}

/// Uploads of one section.
pub struct Uploader {
    oomnitza: Oomnitza,
    target: Target,
    retry: Retry,
    /// The most records that Oomnitza takes at once, as far as it is known.
    most: AtomicUsize,
}

impl Uploader {
    /// Uploads to `target`, repeating as `retry` says.
    pub fn new(oomnitza: Oomnitza, target: Target, retry: Retry) -> Self {
        let most = AtomicUsize::new(target.batch_size());
        Self {
            oomnitza,
            target,
            retry,
            most,
        }
    }

    /// Where it uploads to.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// How many calls were repeated.
    pub fn repeated(&self) -> u64 {
        self.retry.repeated()
    }

    /// Sends a batch. One that is refused is halved, again and again, until the record that is to blame stands alone.
    pub async fn send(&self, batch: &Batch) -> Outcome {
        let _place = self.oomnitza.place().await;
        let mut outcome = Outcome::default();
        let mut open: Vec<Range<usize>> = Vec::new();
        push_within(&mut open, 0..batch.len(), self.most.load(Ordering::Relaxed));
        while let Some(range) = open.pop() {
            let call = Call {
                what: self.target.what(),
                method: Method::POST,
                target: self.target.path(),
                body: Some(Bytes::from(self.target.body(batch.slice(&range)))),
            };
            match self.oomnitza.call(&call, &self.retry).await {
                Ok(_) => outcome.sent += range.len() as u64,
                Err(error) if error.is_about_records() && range.len() > 1 => {
                    let half = range.len().div_ceil(2);
                    if matches!(error, Error::Refused { status: 413, .. }) {
                        self.most.fetch_min(half, Ordering::Relaxed);
                    }
                    push_within(&mut open, range, half);
                }
                Err(error) if error.is_about_records() => {
                    outcome.rejected.push(Rejected {
                        record: batch.slice(&range).to_vec(),
                        reason: error.to_string(),
                    });
                }
                Err(error) => {
                    let rest: usize = open.iter().map(Range::len).sum::<usize>() + range.len();
                    outcome.failed = Some((rest as u64, error));
                    return outcome;
                }
            }
        }
        outcome
    }
}

/// Puts a range on the stack in pieces of at most `most`, the first on top.
fn push_within(open: &mut Vec<Range<usize>>, range: Range<usize>, most: usize) {
    let starts: Vec<usize> = range.clone().step_by(most.max(1)).collect();
    open.extend(
        starts
            .into_iter()
            .rev()
            .map(|start| start..(start + most.max(1)).min(range.end)),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(kind: RecordKind) -> Target {
        Target {
            kind,
            mapping_name: "Casper".to_owned(),
            sync_field: "SN".to_owned(),
            update_only: "False".to_owned(),
            normal_position: false,
            singly: false,
        }
    }

    #[test]
    fn paths_and_bodies_are_oomnitza_s() {
        let body = |target: &Target| String::from_utf8(target.body(b"{},{}")).unwrap();
        let users = target(RecordKind::Users);
        assert_eq!(
            (users.path().as_str(), body(&users).as_str()),
            ("/api/v2/bulk/users?VERSION=1.1.0", "[{},{}]")
        );
        let positions = Target {
            normal_position: true,
            ..target(RecordKind::Users)
        };
        assert_eq!(
            positions.path(),
            "/api/v2/bulk/users?VERSION=1.1.0&normal_position=True"
        );
        let audit = target(RecordKind::Audit);
        assert_eq!(audit.path(), "/api/v2/bulk/audit?VERSION=1.1.0");
        assert_eq!(
            body(&audit),
            r#"{"agent_id":"Casper","sync_field":"SN","computers":[{},{}],"update_only":"False"}"#
        );
        let assets = target(RecordKind::Assets);
        assert_eq!(assets.path(), "/api/v2/bulk/assets?VERSION=1.1.0");
        assert_eq!(
            body(&assets),
            r#"{"integration_id":"Casper","sync_field":"SN","assets":[{},{}],"update_only":"False"}"#
        );
        let single = Target {
            singly: true,
            ..target(RecordKind::Audit)
        };
        assert_eq!(
            String::from_utf8(single.body(b"{}")).unwrap(),
            r#"{"agent_id":"Casper","sync_field":"SN","computers":{},"update_only":"False"}"#
        );
        let single = Target {
            singly: true,
            ..target(RecordKind::Assets)
        };
        assert!(
            String::from_utf8(single.body(b"{}"))
                .unwrap()
                .contains(r#""assets":[{}]"#)
        );
        assert_eq!(
            [&users, &audit, &assets, &single].map(Target::batch_size),
            [100, 10, 100, 1]
        );
    }

    #[test]
    fn any_part_of_a_batch_can_be_sent_alone() {
        let mut batch = Batch::default();
        for record in ["{\"a\":1}", "{}", "{\"b\":2}"] {
            batch.push(record.as_bytes(), 7);
        }
        let slice = |range: Range<usize>| String::from_utf8(batch.slice(&range).to_vec()).unwrap();
        assert_eq!(slice(0..3), "{\"a\":1},{},{\"b\":2}");
        assert_eq!(
            (slice(1..2).as_str(), slice(1..3).as_str(), slice(3..3).as_str()),
            ("{}", "{},{\"b\":2}", "")
        );
    }

    #[test]
    fn pieces_come_in_order_and_lose_nothing() {
        let mut open = Vec::new();
        push_within(&mut open, 3..10, 3);
        open.reverse();
        assert_eq!(open, [3..6, 6..9, 9..10]);
        let mut none = Vec::new();
        push_within(&mut none, 0..0, 5);
        assert_eq!(none, Vec::<Range<usize>>::new());
    }
}
