//! Okta on one side, Oomnitza on the other, and what should have arrived between them.

use std::ops::Range;

use oomnitza_connector::standin::people::{Mobile, person};
use oomnitza_connector::standin::{okta, oomnitza};
use serde_json::{Value, json};

use crate::program::Program;

/// A source and a destination.
pub struct Servers {
    /// Where people come from.
    pub okta: okta::Okta,
    /// Where they go.
    pub oomnitza: oomnitza::Oomnitza,
}

impl Servers {
    /// An Oomnitza as it is by itself, and an Okta with so many people.
    pub fn with_people(people: u64) -> Self {
        Self::start(
            okta::Settings {
                people,
                ..okta::Settings::default()
            },
            oomnitza::Settings::default(),
        )
    }

    /// Both as described.
    pub fn start(okta: okta::Settings, oomnitza: oomnitza::Settings) -> Self {
        Self {
            okta: okta::Okta::start(okta).expect("Okta can be started"),
            oomnitza: oomnitza::Oomnitza::start(oomnitza).expect("Oomnitza can be started"),
        }
    }

    /// The program with the shortest ini file that leads from one to the other.
    pub fn program(&self) -> Program {
        self.program_with("", "")
    }

    /// The program with further lines in `[oomnitza]` and in `[okta]`. A line replaces one of the same name.
    pub fn program_with(&self, oomnitza: &str, okta: &str) -> Program {
        Program::with(&ini(&self.oomnitza.url(), &self.okta.url(), oomnitza, okta))
    }

    /// Fails where one of the two has something to say against the program.
    pub fn assert_no_violations(&self) {
        assert_eq!(
            self.okta.ledger().violations,
            Vec::<String>::new(),
            "Okta has something to say"
        );
        assert_eq!(
            self.oomnitza.ledger().violations,
            Vec::<String>::new(),
            "Oomnitza has something to say"
        );
    }

    /// Fails unless exactly these people arrived, each once and whole, and nobody has anything to say against the program.
    pub fn assert_arrived(&self, people: Range<u64>) {
        self.assert_no_violations();
        assert_same(
            &in_order(self.oomnitza.uploaded()),
            &people.map(user).collect::<Vec<_>>(),
        );
    }

    /// The uploads that reached Oomnitza, whatever became of them.
    pub fn uploads(&self) -> Vec<oomnitza::Logged> {
        let is_upload = |logged: &oomnitza::Logged| logged.target.starts_with("/api/v2/bulk/");
        self.oomnitza.ledger().requests.into_iter().filter(is_upload).collect()
    }
}

/// An ini file. The last of several settings of one name holds.
pub fn ini(oomnitza_url: &str, okta_url: &str, oomnitza: &str, okta: &str) -> String {
    format!(
        "[oomnitza]\nurl = {oomnitza_url}\napi_token = stand-in-token\n{oomnitza}\n\n\
         [okta]\nenable = True\nurl = {okta_url}\napi_token = stand-in-token\n\
         default_role = 25\ndefault_position = Employee\n{okta}\n"
    )
}

/// What Oomnitza should get of a person by the mappings that Okta has by itself.
pub fn user(index: u64) -> Value {
    let person = person(index);
    json!({
        "USER": person.login,
        "FIRST_NAME": person.first_name,
        "LAST_NAME": person.last_name,
        "EMAIL": person.email,
        "PHONE": match person.mobile {
            Mobile::Number(number) => Some(number),
            Mobile::Empty | Mobile::Absent => None,
        },
        "PERMISSIONS_ID": "25",
        "POSITION": "Employee",
    })
}

/// Records in the order of the people that they are of, since uploads side by side overtake each other: logins end in the number.
pub fn in_order(mut records: Vec<Value>) -> Vec<Value> {
    let number = |record: &Value| {
        let login = record["USER"].as_str().unwrap_or_default();
        login
            .trim_end_matches("@example.com")
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    records.sort_by_key(number);
    records
}

/// Fails with the first record that differs, since all of them would fill the screen.
pub fn assert_same(arrived: &[Value], expected: &[Value]) {
    for (index, (arrived, expected)) in arrived.iter().zip(expected).enumerate() {
        assert_eq!(arrived, expected, "record {index}");
    }
    assert_eq!(arrived.len(), expected.len(), "records arrived");
}
