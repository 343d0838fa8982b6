//! As much of HTTP/1.1 as the sources need.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use super::{Answer, Asked};

/// The next request of a connection; none when its client has closed it.
pub(super) fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        bytes.extend_from_slice(&byte);
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
    let length = asked.header("content-length").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8_lossy(&body).into_owned();
    Some(asked)
}

/// Writes an answer. One without content has no length either (RFC 9110 section 8.6).
pub(super) fn write(stream: &mut TcpStream, answer: &Answer) -> io::Result<()> {
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
