//! A server that follows a script, on a raw socket and threads of its own: it does what no HTTP library would.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What happens on a connection, step by step. After the last step it is closed.
#[derive(Clone)]
pub(crate) enum Step {
    /// Waits for a request, its body included where it has a length.
    Expect,
    Send(Vec<u8>),
    /// Answers with what this makes of the last request.
    Echo(fn(&str) -> String),
    /// Sends this over and over, with a pause, until the client has had enough.
    Repeat(Vec<u8>, Duration),
    /// Leaves the connection open and says nothing until the client has had enough.
    Hold,
    /// Closes in such a way that the client sees a reset.
    Reset,
}

/// A running script.
pub(crate) struct Server {
    port: u16,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    ends: AtomicBool,
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
    open: AtomicUsize,
}

impl Server {
    /// Plays the scripts, one a connection, the last one again and again.
    pub(crate) fn playing(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let serving = shared.clone();
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.ends.load(Ordering::SeqCst) {
                    return;
                }
                let number = serving.connections.fetch_add(1, Ordering::SeqCst);
                let script = scripts.get(number).or(scripts.last()).cloned().unwrap_or_default();
                let (stream, serving) = (stream.unwrap(), serving.clone());
                std::thread::spawn(move || {
                    serving.open.fetch_add(1, Ordering::SeqCst);
                    play(&stream, script, &serving);
                    serving.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self {
            port,
            shared,
            accepting: Some(accepting),
        }
    }

    /// Answers each request with this, a connection each.
    pub(crate) fn answering(answer: impl Into<Vec<u8>>) -> Self {
        Self::playing(vec![vec![Step::Expect, Step::Send(answer.into())]])
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The heads of the requests, and their bodies, as they came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Waits until so many requests have come.
    pub(crate) async fn is_asked(&self, times: usize) -> bool {
        for _ in 0..1_000 {
            if self.shared.requests.lock().unwrap().len() >= times {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        false
    }

    /// Waits until the client has closed all connections.
    pub(crate) async fn is_left_alone(&self) -> bool {
        for _ in 0..1_000 {
            if self.shared.open.load(Ordering::SeqCst) == 0 {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::SeqCst);
        // Only to wake the thread that waits for a connection.
        _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(accepting) = self.accepting.take() {
            _ = accepting.join();
        }
    }
}

fn play(mut stream: &TcpStream, script: Vec<Step>, shared: &Shared) {
    let tick = Duration::from_millis(5);
    stream.set_nodelay(true).unwrap();
    for step in script {
        match step {
            Step::Expect => match request(stream) {
                Some(request) => shared.requests.lock().unwrap().push(request),
                None => return,
            },
            Step::Send(bytes) => {
                if stream.write_all(&bytes).is_err() {
                    return;
                }
            }
            Step::Echo(make) => {
                let body = make(shared.requests.lock().unwrap().last().unwrap());
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                if stream.write_all((head + &body).as_bytes()).is_err() {
                    return;
                }
            }
            Step::Repeat(bytes, pause) => {
                while !shared.ends.load(Ordering::SeqCst) && stream.write_all(&bytes).is_ok() {
                    std::thread::sleep(pause);
                }
                return;
            }
            Step::Hold => {
                stream.set_read_timeout(Some(tick)).unwrap();
                while !shared.ends.load(Ordering::SeqCst) {
                    match stream.read(&mut [0; 1024]) {
                        Ok(0) => return,
                        Err(error) if !matches!(error.kind(), std::io::ErrorKind::WouldBlock) => return,
                        _ => {}
                    }
                }
                return;
            }
            // What was sent and not read by the time a socket closes makes it a reset.
            Step::Reset => {
                let mut one = [0];
                _ = stream.peek(&mut one);
                return;
            }
        }
    }
    _ = stream.shutdown(Shutdown::Write);
    // Read to the end, so that the client is not told of a reset instead of the end.
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    while matches!(stream.read(&mut [0; 1024]), Ok(1..)) {}
}

/// The next request, none at the end of the connection.
fn request(mut stream: &TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut one = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        if stream.read(&mut one).ok()? == 0 {
            return None;
        }
        bytes.extend_from_slice(&one);
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(head + &String::from_utf8_lossy(&body))
}
