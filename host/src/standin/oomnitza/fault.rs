//! What an Oomnitza can get wrong.

use serde_json::Value;

use crate::standin::trouble::Trouble;

/// Something that goes wrong from now on.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The next calls of a kind do not get their answer. Several faults for the same calls come one after the other.
    Next {
        /// Which calls.
        call: Call,
        /// How many of them.
        times: u64,
        /// What they get.
        trouble: Trouble,
    },
    /// Every upload with a record of which this member has this value is refused with 400, so that only halving the batches finds
    /// the record that is to blame.
    RefuseRecord {
        /// `USER`
        member: String,
        /// The value that Oomnitza does not like.
        value: Value,
    },
    /// Uploads of more records are refused with 413.
    LargestBatch(u64),
    /// The token ends when so many more uploads have come in. From then on another is handed out and asked for.
    NewToken {
        /// How many.
        after: u64,
        /// The other.
        token: String,
    },
}

/// Kinds of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `/api/request_token`, and the mappings named `AuthTest`.
    SignIn,
    /// `/api/v2/mappings` with any other name.
    Mappings,
    /// `/api/v2/bulk/…`
    Upload,
    /// `/api/v3/locations`
    Locations,
}

/// The faults that are still to come.
#[derive(Debug, Default)]
pub(super) struct Faults {
    next: Vec<(Call, u64, Trouble)>,
    records: Vec<(String, Value)>,
    pub(super) largest_batch: Option<u64>,
    new_token: Option<(u64, String)>,
}

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        match fault {
            Fault::Next { call, times, trouble } => self.next.push((call, times, trouble)),
            Fault::RefuseRecord { member, value } => self.records.push((member, value)),
            Fault::LargestBatch(records) => self.largest_batch = Some(records),
            Fault::NewToken { after, token } => self.new_token = Some((after, token)),
        }
    }

    /// What happens to a call that has just come in.
    pub(super) fn take(&mut self, call: Call) -> Option<Trouble> {
        self.next.retain(|(_, times, _)| *times > 0);
        let (_, times, trouble) = self.next.iter_mut().find(|(kind, ..)| *kind == call)?;
        *times -= 1;
        Some(trouble.clone())
    }

    /// The token that is asked for, by this call and what follows it, where it was `first` at the beginning.
    pub(super) fn token(&mut self, call: Call, first: &str) -> String {
        match &mut self.new_token {
            Some((0, token)) => token.clone(),
            Some((left, _)) if call == Call::Upload => {
                *left -= 1;
                first.to_owned()
            }
            _ => first.to_owned(),
        }
    }

    pub(super) fn refuses_records(&self) -> bool {
        !self.records.is_empty()
    }

    /// Why a record is refused, if it is.
    pub(super) fn refusal_of(&self, record: &Value) -> Option<String> {
        let (member, _) = self
            .records
            .iter()
            .find(|(member, value)| record.get(member) == Some(value))?;
        Some(format!("a record has a bad {member}"))
    }
}
