//! A web service of one test: what it answers is the test's, what it was asked is kept.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A request.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET`
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// What it carried.
    pub body: String,
}

impl Asked {
    /// A header's value; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        let header = self.headers.iter().find(|(key, _)| key == name);
        header.map_or("", |(_, value)| value.as_str())
    }

    /// Path without query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    /// With a body of this type.
    pub fn new(status: u16, content_type: &str, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
        }
    }

    /// In JSON.
    pub fn json(status: u16, body: impl ToString) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// In XML.
    pub fn xml(status: u16, body: impl Into<String>) -> Self {
        Self::new(status, "text/xml; charset=utf-8", body)
    }

    /// With a header more.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

type Site = dyn Fn(&Asked) -> Result<Answer, String> + Send + Sync;

#[derive(Default)]
struct State {
    asked: Vec<Asked>,
    violations: Vec<String>,
    faults: BTreeMap<usize, Answer>,
}

/// A web service on 127.0.0.1, as long as the test runs.
pub struct Fake {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Fake {
    /// One that answers with what `site` makes of a request. What `site` refuses is answered 400, and noted as a violation.
    pub fn start(site: impl Fn(&Asked) -> Result<Answer, String> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(Mutex::new(State::default()));
        let (shared, site) = (state.clone(), Arc::new(site));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, site) = (shared.clone(), site.clone());
                std::thread::spawn(move || serve(stream, &state, &*site));
            }
        });
        Self { port, state }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
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

/// Answers the requests of a connection until it ends.
fn serve(stream: TcpStream, state: &Mutex<State>, site: &Site) {
    let Ok(mut writer) = stream.try_clone() else { return };
    let mut reader = BufReader::new(stream);
    while let Some(asked) = read(&mut reader) {
        let fault = {
            let mut state = lock(state);
            state.asked.push(asked.clone());
            let nth = state.asked.len();
            state.faults.remove(&nth)
        };
        let answer = fault.map_or_else(|| site(&asked), Ok).unwrap_or_else(|violation| {
            let violation = format!("{} {}: {violation}", asked.method, asked.target);
            lock(state).violations.push(violation.clone());
            Answer::new(400, "text/plain", violation)
        });
        let mut head = format!(
            "HTTP/1.1 {} x\r\ncontent-length: {}\r\n",
            answer.status,
            answer.body.len()
        );
        for (name, value) in &answer.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if writer
            .write_all(format!("{head}\r\n{}", answer.body).as_bytes())
            .is_err()
        {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = || {
        let mut line = String::new();
        let count = reader.read_line(&mut line).ok()?;
        (count > 0).then(|| line.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut asked = Asked {
        method,
        target,
        headers,
        body: String::new(),
    };
    let mut body = vec![0; asked.header("content-length").parse().unwrap_or_default()];
    reader.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8_lossy(&body).into_owned();
    Some(asked)
}
