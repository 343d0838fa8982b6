//! Source systems that stand in for the vendors', strict as those are: a request that is not what the vendor documents is a violation.
//!
//! Each is a function of the request ([`Api`]); what all of them share is here: a port on loopback, the account of what was asked, and
//! answers that a test puts in place of the right ones.

mod airwatch;
mod casper;
mod mobileiron;
mod web;

pub use airwatch::AirWatch;
pub use casper::{Casper, Tokens};
pub use mobileiron::MobileIron;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A source system's API.
pub trait Api: Send + 'static {
    /// What it answers. A request that the vendor does not know is an `Err` that says what is wrong with it.
    fn answer(&mut self, asked: &Asked) -> Result<Answer, String>;
}

/// A request.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// `GET`
    pub method: String,
    /// Path and query, as they came.
    pub target: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// What it carries.
    pub body: String,
}

impl Asked {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Path and query.
    pub fn path_and_query(&self) -> (&str, &str) {
        self.target.split_once('?').unwrap_or((&self.target, ""))
    }

    /// Fails unless it is a GET that accepts JSON only: the vendors' servers answer XML, or what they like, to others.
    pub fn reads_json(&self) -> Result<(), String> {
        if self.method != "GET" || !self.body.is_empty() {
            return Err("it should be a GET without a body".to_owned());
        }
        match self.header("accept") {
            Some("application/json") => Ok(()),
            other => Err(format!("it accepts {other:?}")),
        }
    }
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Names and values, `Content-Type` among them.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// How long it takes.
    pub delay: Duration,
}

impl Answer {
    /// An answer of this type.
    pub fn new(status: u16, content_type: &str, body: impl Into<String>) -> Self {
        Self {
            status,
            body: body.into(),
            ..Self::default()
        }
        .header("content-type", content_type)
    }

    /// An answer in JSON.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json;charset=UTF-8", body.to_string())
    }

    /// With a header more.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A running source system.
pub struct Source<A> {
    address: SocketAddr,
    state: Arc<Mutex<State<A>>>,
}

struct State<A> {
    api: A,
    requests: Vec<String>,
    violations: Vec<String>,
    faults: Vec<(String, usize, Answer)>,
    in_flight: usize,
    most_in_flight: usize,
}

impl<A: Api> Source<A> {
    /// Starts one. It runs until the test ends.
    pub fn start(api: A) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let address = listener.local_addr().expect("it has an address");
        let state = Arc::new(Mutex::new(State {
            api,
            requests: Vec::new(),
            violations: Vec::new(),
            faults: Vec::new(),
            in_flight: 0,
            most_in_flight: 0,
        }));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                std::thread::spawn(move || serve(&shared, stream));
            }
        });
        Self { address, state }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers the next `times` requests whose target ends so with this.
    pub fn inject(&self, target_end: &str, times: usize, answer: Answer) {
        lock(&self.state).faults.push((target_end.to_owned(), times, answer));
    }

    /// What the client got wrong: nothing, if all is well.
    pub fn violations(&self) -> Vec<String> {
        lock(&self.state).violations.clone()
    }

    /// The most requests that were under way at one time.
    pub fn most_in_flight(&self) -> usize {
        lock(&self.state).most_in_flight
    }

    /// What was asked, a request a line. Requests side by side, which are those of one folder, stand in the order of their names.
    pub fn requests(&self) -> String {
        let requests = lock(&self.state).requests.clone();
        let folder = |line: &String| line.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        let mut lines: Vec<String> = Vec::new();
        for block in requests.chunk_by(|left, right| folder(left) == folder(right)) {
            let mut block = block.to_vec();
            block.sort_by_key(|line| (line.split(' ').nth(1).map(str::len), line.clone()));
            lines.extend(block);
        }
        lines.join("\n")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves a connection until its client closes it.
fn serve<A: Api>(state: &Mutex<State<A>>, mut stream: TcpStream) {
    while let Some(asked) = web::read(&mut stream) {
        let answer = {
            let mut state = lock(state);
            state.in_flight += 1;
            state.most_in_flight = state.most_in_flight.max(state.in_flight);
            state.answer(&asked)
        };
        std::thread::sleep(answer.delay);
        let is_sent = web::write(&mut stream, &answer).is_ok();
        lock(state).in_flight -= 1;
        if !is_sent {
            return;
        }
    }
}

impl<A: Api> State<A> {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let who = asked.header("authorization").unwrap_or("nobody");
        let (line, body) = (format!("{} {}", asked.method, asked.target), &asked.body);
        self.requests
            .push(format!("{line} as {who} {body}").trim_end().to_owned());
        let right = self.api.answer(asked).unwrap_or_else(|violation| {
            self.violations.push(format!("{line}: {violation}"));
            Answer::new(400, "text/plain", violation)
        });
        let mut faults = self.faults.iter_mut();
        match faults.find(|(end, times, _)| *times > 0 && asked.target.ends_with(end.as_str())) {
            Some((_, times, answer)) => {
                *times -= 1;
                answer.clone()
            }
            None => right,
        }
    }
}
