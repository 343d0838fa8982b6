//! Answers that are too much, too slow, or not HTTP (V-02, V-03, V-06).

use std::time::Duration;

use crate::client::{Terms, told};
use crate::server::{Server, Step};

const SHORT: Duration = Duration::from_millis(150);
const PAUSE: Duration = Duration::from_millis(10);

/// What is told of an answer to a client with such terms.
async fn answered(script: Vec<Step>, limit: impl FnOnce(&mut Terms)) -> String {
    let server = Server::playing(vec![[vec![Step::Expect], script].concat()]);
    let said = told(Terms::to(&server.url()).limited(limit).get(&server.url()).await);
    assert!(server.is_left_alone().await, "the connection is closed");
    said
}

fn send(text: &str) -> Step {
    Step::Send(text.as_bytes().to_vec())
}

fn repeat(text: &str) -> Step {
    Step::Repeat(text.as_bytes().to_vec(), PAUSE)
}

/// V-03: each wait has an end of its own.
#[tokio::test]
async fn what_comes_too_slowly_is_given_up() {
    let head = || send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    let first_byte = |terms: &mut Terms| terms.timeouts.first_byte = SHORT;
    assert_eq!(answered(vec![Step::Hold], first_byte).await, "timed-out");
    assert_eq!(
        answered(vec![send("HTTP/1.1 200 OK\r\n"), repeat("A: b\r\n")], first_byte).await,
        "timed-out"
    );
    assert_eq!(
        answered(vec![repeat("HTTP/1.1 103 Early Hints\r\n\r\n")], first_byte).await,
        "timed-out"
    );
    let between = |terms: &mut Terms| terms.timeouts.between_bytes = SHORT;
    assert_eq!(
        answered(vec![head(), send("x"), Step::Hold], between).await,
        "timed-out"
    );
    let total = answered(vec![head(), repeat("x")], |terms| terms.timeouts.total = SHORT).await;
    assert!(total.starts_with("bad-body: the answer comes too slowly: "), "{total}");
    let rate = answered(vec![head(), repeat("x")], |terms| {
        terms.limits.slow_after = SHORT;
        terms.limits.slowest = 1 << 20;
    });
    let rate = rate.await;
    assert!(
        rate.starts_with("bad-body: the answer comes too slowly: ") && rate.ends_with(" bytes in 1 s"),
        "{rate}"
    );
}

/// V-03: a port that takes connections and never says a word of TLS.
#[tokio::test]
async fn a_handshake_that_does_not_begin_is_given_up() {
    let server = Server::playing(vec![vec![Step::Hold]]);
    let url = server.url().replace("http:", "https:");
    let said = told(
        Terms::to(&url)
            .limited(|terms| terms.timeouts.connect = SHORT)
            .get(&url)
            .await,
    );
    assert_eq!(said, "timed-out");
    assert!(server.is_left_alone().await);
}

/// V-02: ten gigabytes, announced or not.
#[tokio::test]
async fn an_answer_that_is_too_long_is_not_read() {
    let limit = |terms: &mut Terms| terms.limits.wire_bytes = 100_000;
    let long = "too-large: the answer has more than 100000 bytes";
    let piece = "x".repeat(16 << 10);
    let chunk = format!("4000\r\n{piece}\r\n");
    for (what, head, body) in [
        (
            "announced",
            "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n",
            Step::Hold,
        ),
        (
            "in pieces",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            repeat(&chunk),
        ),
        ("until the end", "HTTP/1.0 200 OK\r\n\r\n", repeat(&piece)),
    ] {
        assert_eq!(answered(vec![send(head), body], limit).await, long, "{what}");
    }
    let by_default = answered(
        vec![
            send("HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n"),
            Step::Hold,
        ],
        |_| (),
    )
    .await;
    assert_eq!(by_default, "too-large: the answer has more than 33554432 bytes");
}

/// V-06: what is not framed as it should is refused. What is told says no more than that.
#[tokio::test]
async fn broken_framing_is_refused() {
    let broke = |reason: &str| format!("unreachable: the connection to http://127.0.0.1:[PORT] broke: {reason}");
    let header = "A: b\r\n".repeat(10_000);
    let long = format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(1 << 20));
    for (what, answer, expected) in [
        (
            "two lengths",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk",
            broke("invalid content-length parsed"),
        ),
        (
            "a length with a sign",
            "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
            broke("invalid content-length parsed"),
        ),
        (
            "a negative length",
            "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
            broke("invalid content-length parsed"),
        ),
        (
            "a length beyond numbers",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok",
            broke("invalid content-length parsed"),
        ),
        (
            "a folded header",
            "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
            broke("invalid HTTP header parsed"),
        ),
        (
            "a zero byte",
            "HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n",
            broke("invalid HTTP header parsed"),
        ),
        (
            "a header without name",
            "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
            broke("invalid HTTP header parsed"),
        ),
        (
            "ten thousand headers",
            &format!("HTTP/1.1 200 OK\r\n{header}\r\n"),
            broke("message head is too large"),
        ),
        ("a header of a megabyte", &long, broke("message head is too large")),
        (
            "a negative piece",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nok\r\n",
            broke("Invalid chunk size line: missing size digit"),
        ),
        (
            "a piece beyond numbers",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n",
            broke("invalid chunk size: overflow"),
        ),
        (
            "no HTTP",
            "220 mail.example ESMTP\r\n",
            broke("invalid HTTP version parsed"),
        ),
        (
            "another HTTP",
            "HTTP/9.9 200 OK\r\n\r\n",
            broke("invalid HTTP version parsed"),
        ),
        (
            "a status beyond numbers",
            "HTTP/1.1 9999 OK\r\n\r\n",
            broke("invalid HTTP status-code parsed"),
        ),
        ("nothing", "", broke("connection closed before message completed")),
        (
            "half a head",
            "HTTP/1.1 200 OK\r\nA:",
            broke("connection closed before message completed"),
        ),
        (
            "half a body",
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
            broke("end of file before message length reached"),
        ),
        (
            "half a piece",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha",
            broke("end of file before message length reached"),
        ),
    ] {
        assert_eq!(answered(vec![send(answer)], |_| ()).await, expected, "{what}");
    }
    let trailers = answered(
        vec![
            send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"),
            Step::Repeat(b"A: b\r\n".repeat(100), PAUSE),
        ],
        |_| (),
    );
    assert_eq!(trailers.await, broke("chunk trailers count overflow"));
}

/// V-06, V-08: what is odd, and still an answer.
#[tokio::test]
async fn odd_answers_are_the_connector_s_to_judge() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n".repeat(100);
    for (what, answer, expected) in [
        (
            "hints before it",
            format!("{hints}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
            "200 ok",
        ),
        (
            "the same length twice",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok".to_owned(),
            "200 ok",
        ),
        (
            "pieces and a length",
            "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
                .to_owned(),
            "200 ok",
        ),
        (
            "lines without returns",
            "HTTP/1.1 200 OK\nContent-Length: 2\n\nok".to_owned(),
            "200 ok",
        ),
        ("no content", "HTTP/1.1 204 No Content\r\n\r\n".to_owned(), "204 "),
        (
            "a part",
            "HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\n\r\nok".to_owned(),
            "206 ok",
        ),
        ("not modified", "HTTP/1.1 304 Not Modified\r\n\r\n".to_owned(), "304 "),
        (
            "a page to sign in",
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>".to_owned(),
            "200 <html>",
        ),
    ] {
        assert_eq!(answered(vec![send(&answer)], |_| ()).await, expected, "{what}");
    }
}
