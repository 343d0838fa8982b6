//! A web service of one test: what it answers is the test's, what it was asked is kept.

pub mod bamboohr;
pub mod onelogin;
pub mod zendesk;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::web::listen;
pub use crate::web::{Answer, Asked};

#[derive(Default)]
struct State {
    asked: Vec<Asked>,
    violations: Vec<String>,
    faults: BTreeMap<usize, Answer>,
}

/// A web service on 127.0.0.1, as long as the test runs.
pub struct Fake {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Fake {
    /// One that answers with what `site` makes of a request. What `site` refuses is answered 400, and noted as a violation.
    pub fn start(site: impl Fn(&Asked) -> Result<Answer, String> + Send + Sync + 'static) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        let answer = move |asked: &Asked| {
            let fault = {
                let mut state = lock(&shared);
                state.asked.push(asked.clone());
                let nth = state.asked.len();
                state.faults.remove(&nth)
            };
            fault.map_or_else(|| site(asked), Ok).unwrap_or_else(|violation| {
                let violation = format!("{} {}: {violation}", asked.method, asked.target);
                lock(&shared).violations.push(violation.clone());
                Answer::new(400, "text/plain", violation)
            })
        };
        let address = listen(answer, || ());
        Self { address, state }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers a request with this instead: the `nth` that arrives, from 1.
    pub fn instead(self, nth: usize, answer: Answer) -> Self {
        lock(&self.state).faults.insert(nth, answer);
        self
    }

    /// What it was asked that it should not have been.
    pub fn violations(&self) -> Vec<String> {
        lock(&self.state).violations.clone()
    }

    /// What it was asked, in the order in which it arrived.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.state).asked.clone()
    }

    /// The same as text: line, headers that matter, body.
    pub fn story(&self) -> String {
        let mut story = String::new();
        for asked in self.asked() {
            writeln!(story, "{} {}", asked.method, asked.target).expect("texts can be written");
            for name in ["accept", "authorization", "content-type", "soapaction"] {
                if !asked.header(name).is_empty() {
                    writeln!(story, "  {name}: {}", asked.header(name)).expect("texts can be written");
                }
            }
            if !asked.body.is_empty() {
                writeln!(story, "  {}", asked.body).expect("texts can be written");
            }
        }
        story
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
