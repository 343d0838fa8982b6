//! As much of a web service as tests need: a port on loopback, requests, and answers that are a function of them.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

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
    /// The value of a header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// Path without query.
    pub fn path(&self) -> &str {
        self.path_and_query().0
    }

    /// Path and query.
    pub fn path_and_query(&self) -> (&str, &str) {
        self.target.split_once('?').unwrap_or((&self.target, ""))
    }

    /// Path and query as they are meant, whichever characters are written as `%XX`: not every server between keeps the spelling.
    pub fn decoded(&self) -> String {
        let (path, query) = self.path_and_query();
        let pairs = url::form_urlencoded::parse(query.as_bytes()).map(|(name, value)| format!("{name}={value}"));
        format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
    }

    /// Fails unless it is a GET that accepts JSON only: the vendors' servers answer XML, or what they like, to others.
    pub fn reads_json(&self) -> Result<(), String> {
        if self.method != "GET" || !self.body.is_empty() {
            return Err("it should be a GET without a body".to_owned());
        }
        match self.header("accept") {
            "application/json" => Ok(()),
            other => Err(format!("it accepts `{other}`")),
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
    pub fn json(status: u16, body: impl ToString) -> Self {
        Self::new(status, "application/json;charset=UTF-8", body.to_string())
    }

    /// An answer in XML.
    pub fn xml(status: u16, body: impl Into<String>) -> Self {
        Self::new(status, "text/xml; charset=utf-8", body)
    }

    /// With a header more.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A point in time, seconds since 1970, as HTTP writes it.
pub fn http_date(seconds: i64) -> String {
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs()))
}

/// Listens on a port of loopback until the test ends. Each request is answered with what `answer` makes of it, requests of several
/// connections side by side; `done` is called when an answer is out.
pub(crate) fn listen(
    answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    done: impl Fn() + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
    let address = listener.local_addr().expect("it has an address");
    let site = Arc::new((answer, done));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let site = site.clone();
            std::thread::spawn(move || {
                let mut stream = BufReader::new(stream);
                while let Some(asked) = read(&mut stream) {
                    let answer = site.0(&asked);
                    std::thread::sleep(answer.delay);
                    let is_sent = write(stream.get_mut(), &answer).is_ok();
                    site.1();
                    if !is_sent {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// The next request of a connection; none when its client has closed it.
fn read(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        if stream.read_until(b'\n', &mut bytes).ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8(bytes).ok()?;
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ').map(str::to_owned);
    let mut asked = Asked {
        method: words.next()?,
        target: words.next()?,
        ..Asked::default()
    };
    let headers = lines.filter_map(|line| line.split_once(':'));
    asked.headers = headers
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = asked.header("content-length").parse().unwrap_or_default();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8_lossy(&body).into_owned();
    Some(asked)
}

/// Writes an answer. One without content has no length either (RFC 9110 section 8.6).
fn write(stream: &mut TcpStream, answer: &Answer) -> io::Result<()> {
    let mut text = format!("HTTP/1.1 {} x\r\n", answer.status);
    for (name, value) in &answer.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if answer.status != 204 {
        text.push_str(&format!("content-length: {}\r\n", answer.body.len()));
    }
    text.push_str("\r\n");
    text.push_str(&answer.body);
    stream.write_all(text.as_bytes())
}
