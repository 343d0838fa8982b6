//! The scripted host.

use std::collections::VecDeque;

use crate::bindings::oomnitza::connector::{http, ldap, sql};
use crate::http::method_name;
use crate::log::Level;

/// What a connector is expected to ask, and the answers it gets.
#[derive(Debug, Default)]
pub struct Script {
    steps: VecDeque<Step>,
    now: u64,
}

#[derive(Debug)]
enum Step {
    Http(Asked, Box<Result<http::Response, http::Error>>),
    HttpAll(VecDeque<Step>),
    LdapOpen(ldap::Target, Result<(), ldap::Error>),
    LdapSearch(Box<ldap::Search>, Result<(), ldap::Error>),
    LdapNext(Result<Option<Vec<ldap::Entry>>, ldap::Error>),
    SqlOpen(sql::Target, Result<(), sql::Error>),
    SqlQuery(String, Vec<sql::Value>, Result<Vec<String>, sql::Error>),
    /// Of which query, by its columns: two can be read side by side.
    SqlNext(Vec<String>, Result<Option<Vec<Vec<sql::Value>>>, sql::Error>),
}

/// An expected request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `GET https://host/path`.
    pub line: String,
    /// The auth slot.
    pub auth: Option<String>,
    /// What it carries.
    pub body: Option<String>,
}

impl Asked {
    fn new(method: &str, url: &str, slot: &str, body: Option<&str>) -> Self {
        Self {
            line: format!("{method} {url}"),
            auth: Some(slot.to_owned()),
            body: body.map(str::to_owned),
        }
    }

    fn of(request: &http::Request) -> Self {
        let body = request.body.as_ref();
        Self {
            line: format!("{} {}", method_name(request.method), request.url),
            auth: request.auth.clone(),
            body: body.map(|body| String::from_utf8_lossy(body).into_owned()),
        }
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> http::Response {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    http::Response {
        status,
        headers: headers.iter().map(owned).collect(),
        body: body.as_bytes().to_vec(),
    }
}

impl Script {
    /// An empty script whose clock shows this many milliseconds since 1970.
    pub fn at(now: u64) -> Self {
        Self { now, ..Self::default() }
    }

    /// Expects a GET of `url` signed with `slot`, and answers with status, headers and body.
    pub fn get(self, url: &str, slot: &str, status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        self.http(Asked::new("GET", url, slot, None), Ok(answer(status, headers, body)))
    }

    /// Expects a GET of `url` that nothing signs, and answers with status and body.
    pub fn get_unsigned(self, url: &str, status: u16, body: &str) -> Self {
        let asked = Asked {
            auth: None,
            ..Asked::new("GET", url, "", None)
        };
        self.http(asked, Ok(answer(status, &[], body)))
    }

    /// Expects a GET of `url` signed with `slot`, and gives no answer.
    pub fn get_fails(self, url: &str, slot: &str, error: http::Error) -> Self {
        self.http(Asked::new("GET", url, slot, None), Err(error))
    }

    /// Expects a POST of `sent` to `url` signed with `slot`, and answers with status, headers and body.
    pub fn post(self, url: &str, slot: &str, sent: &str, status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        self.http(
            Asked::new("POST", url, slot, Some(sent)),
            Ok(answer(status, headers, body)),
        )
    }

    /// Expects the requests of another script side by side, in their order, and no more of them.
    pub fn send_all(mut self, requests: Self) -> Self {
        self.steps.push_back(Step::HttpAll(requests.steps));
        self
    }

    fn http(mut self, asked: Asked, answer: Result<http::Response, http::Error>) -> Self {
        self.steps.push_back(Step::Http(asked, Box::new(answer)));
        self
    }

    /// This script, and then the other.
    pub fn then(mut self, other: Self) -> Self {
        self.steps.extend(other.steps);
        self
    }

    /// Expects a connection.
    pub fn ldap_open(mut self, target: ldap::Target, answer: Result<(), ldap::Error>) -> Self {
        self.steps.push_back(Step::LdapOpen(target, answer));
        self
    }

    /// Expects a search.
    pub fn ldap_search(mut self, search: ldap::Search) -> Self {
        self.steps.push_back(Step::LdapSearch(Box::new(search), Ok(())));
        self
    }

    /// Expects to be asked for entries.
    pub fn ldap_next(mut self, answer: Result<Option<Vec<ldap::Entry>>, ldap::Error>) -> Self {
        self.steps.push_back(Step::LdapNext(answer));
        self
    }

    /// Expects a connection to a database.
    pub fn sql_open(mut self, target: sql::Target, answer: Result<(), sql::Error>) -> Self {
        self.steps.push_back(Step::SqlOpen(target, answer));
        self
    }

    /// Expects a query, white space aside, and answers with the names of its columns.
    pub fn sql_query(
        mut self,
        statement: &str,
        parameters: &[sql::Value],
        answer: Result<&[&str], sql::Error>,
    ) -> Self {
        let columns = answer.map(|columns| columns.iter().map(|name| (*name).to_owned()).collect());
        self.steps
            .push_back(Step::SqlQuery(spaced(statement), parameters.to_vec(), columns));
        self
    }

    /// Expects to be asked for rows of the query with these columns.
    pub fn sql_next(mut self, columns: &[&str], answer: Result<Option<Vec<Vec<sql::Value>>>, sql::Error>) -> Self {
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        self.steps.push_back(Step::SqlNext(columns, answer));
        self
    }
}

/// The scripted host at work.
#[derive(Debug)]
pub(crate) struct Host {
    steps: VecDeque<Step>,
    now: u64,
    /// What was begun and not sent yet.
    begun: Option<Asked>,
    pub(super) waits: Vec<u64>,
    pub(super) log: Vec<String>,
}

#[expect(clippy::panic, reason = "a strict script fails the test")]
impl Host {
    pub(super) fn new(script: Script) -> Self {
        Self {
            steps: script.steps,
            now: script.now,
            begun: None,
            waits: Vec::new(),
            log: Vec::new(),
        }
    }

    /// At the end of a run that came to its end: the source was not asked for anything in vain.
    pub(super) fn is_at_rest(&self) {
        assert_eq!(self.begun, None, "begun, and never sent");
    }

    pub(super) fn finish(&self) {
        assert!(self.steps.is_empty(), "never asked for: {:#?}", self.steps);
    }

    /// What is begun must be what is sent next: the source is asked for it in any case.
    pub(crate) fn begin(&mut self, request: &http::Request) {
        let asked = Asked::of(request);
        assert!(
            asked.line.starts_with("GET ") && self.begun.is_none(),
            "begun in vain: {asked:?} after {:?}",
            self.begun
        );
        self.begun = Some(asked);
    }

    pub(crate) fn http(&mut self, request: &http::Request) -> Result<http::Response, http::Error> {
        if let Some(begun) = self.begun.take() {
            assert_eq!(Asked::of(request), begun, "another request was begun");
        }
        let step = self.steps.pop_front();
        Self::answered(request, step)
    }

    pub(crate) fn http_all(&mut self, requests: &[http::Request]) -> Vec<Result<http::Response, http::Error>> {
        match self.steps.pop_front() {
            Some(Step::HttpAll(mut steps)) => {
                let answers = requests
                    .iter()
                    .map(|request| Self::answered(request, steps.pop_front()))
                    .collect();
                assert!(steps.is_empty(), "not asked for side by side: {steps:#?}");
                answers
            }
            other => {
                let asked: Vec<_> = requests.iter().map(Asked::of).collect();
                panic!("unexpected requests side by side: {asked:?}; the script's next step is {other:?}")
            }
        }
    }

    fn answered(request: &http::Request, step: Option<Step>) -> Result<http::Response, http::Error> {
        let asked = Asked::of(request);
        match step {
            Some(Step::Http(expected, answer)) => {
                assert_eq!(asked, expected, "another request was expected");
                *answer
            }
            other => panic!("an unexpected request: {asked:?}; the script's next step is {other:?}"),
        }
    }

    pub(crate) fn ldap_open(&mut self, target: &ldap::Target) -> Result<(), ldap::Error> {
        match self.steps.pop_front() {
            Some(Step::LdapOpen(expected, answer)) => {
                assert_eq!(
                    format!("{target:?}"),
                    format!("{expected:?}"),
                    "another connection was expected"
                );
                answer
            }
            other => panic!("an unexpected connection: {target:?}; the script's next step is {other:?}"),
        }
    }

    pub(crate) fn ldap_search(&mut self, search: &ldap::Search) -> Result<(), ldap::Error> {
        match self.steps.pop_front() {
            Some(Step::LdapSearch(expected, answer)) => {
                assert_eq!(
                    format!("{search:?}"),
                    format!("{expected:?}"),
                    "another search was expected"
                );
                answer
            }
            other => panic!("an unexpected search: {search:?}; the script's next step is {other:?}"),
        }
    }

    pub(crate) fn ldap_next(&mut self) -> Result<Option<Vec<ldap::Entry>>, ldap::Error> {
        match self.steps.pop_front() {
            Some(Step::LdapNext(answer)) => answer,
            other => panic!("entries were asked for unexpectedly; the script's next step is {other:?}"),
        }
    }

    pub(crate) fn sql_open(&mut self, target: &sql::Target) -> Result<(), sql::Error> {
        match self.steps.pop_front() {
            Some(Step::SqlOpen(expected, answer)) => {
                assert_eq!(
                    format!("{target:?}"),
                    format!("{expected:?}"),
                    "another connection was expected"
                );
                answer
            }
            other => panic!("an unexpected connection: {target:?}; the script's next step is {other:?}"),
        }
    }

    pub(crate) fn sql_query(&mut self, statement: &str, parameters: &[sql::Value]) -> Result<Vec<String>, sql::Error> {
        match self.steps.pop_front() {
            Some(Step::SqlQuery(expected, values, answer)) => {
                assert_eq!(spaced(statement), expected, "another query was expected");
                assert_eq!(
                    format!("{parameters:?}"),
                    format!("{values:?}"),
                    "other parameters were expected"
                );
                answer
            }
            other => panic!("an unexpected query: {statement}; the script's next step is {other:?}"),
        }
    }

    pub(crate) fn sql_next(&mut self, columns: &[String]) -> Result<Option<Vec<Vec<sql::Value>>>, sql::Error> {
        match self.steps.pop_front() {
            Some(Step::SqlNext(expected, answer)) => {
                assert_eq!(columns, expected, "rows of another query were expected");
                answer
            }
            other => panic!("rows of {columns:?} were asked for unexpectedly; the script's next step is {other:?}"),
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    pub(crate) fn sleep(&mut self, milliseconds: u64) -> u64 {
        self.now += milliseconds;
        self.waits.push(milliseconds);
        milliseconds
    }

    pub(crate) fn log(&mut self, level: Level, message: &str) {
        self.log.push(format!("{level:?}: {message}"));
    }
}

/// With single spaces, so that a script may break its lines elsewhere.
fn spaced(statement: &str) -> String {
    statement.split_whitespace().collect::<Vec<_>>().join(" ")
}
