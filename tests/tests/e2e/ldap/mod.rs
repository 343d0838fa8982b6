//! LDAP to Oomnitza, with a real OpenLDAP as the source.

mod looking;
mod ranges;
mod refusing;
mod securing;
mod uploading;

use std::sync::OnceLock;

use oomnitza_connector::standin::oomnitza::{Oomnitza, Settings};
use oomnitza_tests::Program;
use oomnitza_tests::directory::{self, Entry};
use oomnitza_tests::slapd::{self, PASSWORD, READER, Slapd};
use serde_json::value::RawValue;

const PEOPLE: &str = "ou=people,dc=example,dc=com";
const CONTRACTORS: &str = "ou=contractors,dc=example,dc=com";

/// A directory and who is in it.
struct Company {
    server: Slapd,
    people: Vec<Entry>,
    contractors: Vec<Entry>,
}

/// A large company, whose directory answers everybody. All tests share it.
fn company() -> &'static Company {
    static COMPANY: OnceLock<Company> = OnceLock::new();
    COMPANY.get_or_init(|| Company::start(5_000, slapd::Settings::default()))
}

/// A small company, whose directory answers only those it knows, with a hundred entries at most. All tests share it.
fn strict_company() -> &'static Company {
    static COMPANY: OnceLock<Company> = OnceLock::new();
    COMPANY.get_or_init(|| {
        Company::start(
            250,
            slapd::Settings {
                anonymous: false,
                size_limit: Some(100),
                ..slapd::Settings::default()
            },
        )
    })
}

impl Company {
    fn start(people: usize, settings: slapd::Settings) -> Self {
        let (people, contractors) = (directory::people("p", people), directory::people("c", 300));
        let mut ldif = directory::unit("people") + &directory::unit("contractors");
        ldif.extend(people.iter().map(|person| person.ldif(PEOPLE)));
        // Among the contractors there is a way to another server, where nobody listens.
        ldif.push_str(&directory::reference(
            "elsewhere",
            CONTRACTORS,
            "ldap://127.0.0.1:9/ou=elsewhere,dc=example,dc=com",
        ));
        ldif.extend(contractors.iter().map(|person| person.ldif(CONTRACTORS)));
        let server = Slapd::start(&slapd::Settings { ldif, ..settings });
        Self {
            server,
            people,
            contractors,
        }
    }
}

/// An Oomnitza without mappings of its own.
fn oomnitza() -> Oomnitza {
    Oomnitza::start(Settings::default()).unwrap()
}

/// The program with these sections besides `[oomnitza]`.
fn program(destination: &Oomnitza, sections: &[String]) -> Program {
    let url = destination.url();
    Program::with(&format!(
        "[oomnitza]\nurl = {url}\napi_token = stand-in-token\n\n{}",
        sections.join("\n")
    ))
}

/// The program with one section and one upload at a time, so that records arrive in the order in which they were read.
fn orderly_program(destination: &Oomnitza, section: &str) -> Program {
    let url = destination.url();
    Program::with(&format!(
        "[oomnitza]\nurl = {url}\napi_token = stand-in-token\nupload_parallel = 1\n\n{section}"
    ))
}

/// A section that reads people. Of a setting that `more` has as well, that one counts.
fn section(name: &str, url: &str, base: &str, more: &str) -> String {
    format!(
        "[{name}]\nenable = True\nurl = {url}\nusername = {READER}\npassword = {PASSWORD}\nbase_dn = {base}\n\
         filter = (objectClass=inetOrgPerson)\ndefault_role = 25\ndefault_position = Employee\n{more}\n"
    )
}

/// What Oomnitza must get for these people.
fn records(people: &[Entry], more: &[(&str, &str)]) -> Vec<String> {
    people.iter().filter_map(|person| person.record(more)).collect()
}

/// The records that Oomnitza got and acknowledged, as their text, in the order of their uploads.
fn arrived(destination: &Oomnitza) -> Vec<String> {
    let ledger = destination.ledger();
    assert_eq!(ledger.violations, Vec::<String>::new());
    let uploads = ledger.requests.iter().filter(|request| request.is_acknowledged);
    uploads.flat_map(|upload| texts(&upload.body)).collect()
}

/// The records of an upload, as their text.
fn texts(body: &[u8]) -> Vec<String> {
    let records: Vec<Box<RawValue>> = match body.first() {
        Some(b'[') => serde_json::from_slice(body).unwrap(),
        _ => vec![serde_json::from_slice(body).unwrap()],
    };
    records.iter().map(|record| record.get().to_owned()).collect()
}

/// How many records each upload had, in the order in which they came.
fn batches(destination: &Oomnitza) -> Vec<usize> {
    let ledger = destination.ledger();
    let uploads = ledger
        .requests
        .iter()
        .filter(|request| request.target.starts_with("/api/v2/bulk/"));
    uploads.map(|upload| texts(&upload.body).len()).collect()
}

/// Whether these are the same records in the same order; says where they part, and not all of them.
#[track_caller]
fn assert_same(arrived: &[String], expected: &[String]) {
    let differ = arrived
        .iter()
        .zip(expected)
        .position(|(arrived, expected)| arrived != expected);
    let at = differ.unwrap_or(arrived.len().min(expected.len()));
    assert_eq!(
        arrived.get(at),
        expected.get(at),
        "record {at} of {} that arrived, {} expected",
        arrived.len(),
        expected.len()
    );
}

/// The same records, whatever their order.
fn sorted(mut records: Vec<String>) -> Vec<String> {
    records.sort_unstable();
    records
}
