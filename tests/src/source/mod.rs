//! Source systems that stand in for the vendors', strict as those are: a request that is not what the vendor documents is a violation.
//!
//! Each is a function of the request ([`Api`]); what all of them share is here: a port on loopback, the account of what was asked, and
//! answers that a test puts in place of the right ones.

mod airwatch;
mod casper;
mod mobileiron;

pub use airwatch::AirWatch;
pub use casper::{Casper, Tokens};
pub use mobileiron::MobileIron;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::web::listen;
pub use crate::web::{Answer, Asked};

/// A source system's API.
pub trait Api: Send + 'static {
    /// What it answers. A request that the vendor does not know is an `Err` that says what is wrong with it.
    fn answer(&mut self, asked: &Asked) -> Result<Answer, String>;
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
        let state = Arc::new(Mutex::new(State {
            api,
            requests: Vec::new(),
            violations: Vec::new(),
            faults: Vec::new(),
            in_flight: 0,
            most_in_flight: 0,
        }));
        let (asked, done) = (state.clone(), state.clone());
        let answer = move |request: &Asked| {
            let mut state = lock(&asked);
            state.in_flight += 1;
            state.most_in_flight = state.most_in_flight.max(state.in_flight);
            state.answer(request)
        };
        let address = listen(answer, move || lock(&done).in_flight -= 1);
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

impl<A: Api> State<A> {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let who = match asked.header("authorization") {
            "" => "nobody",
            who => who,
        };
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
