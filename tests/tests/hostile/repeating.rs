//! What is sent again, and what is not (V-07, V-08).

use std::time::{Duration, Instant};

use oomnitza_connector::contract::connector::oomnitza::connector::http::Request;

use crate::client::{Terms, get, post, told};
use crate::server::{Server, Step};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn send(text: &str) -> Step {
    Step::Send(text.as_bytes().to_vec())
}

fn patient(url: &str) -> Terms {
    Terms::to(url).limited(|terms| terms.retry.tries = 3)
}

fn repeatable(request: Request) -> Request {
    Request {
        repeatable: true,
        ..request
    }
}

/// The ways in which a connection can end before its answer does.
fn ends() -> [(&'static str, Vec<Step>); 5] {
    [
        ("closed before the answer", vec![Step::Expect]),
        ("reset before the request was read", vec![Step::Reset]),
        (
            "closed in the head",
            vec![Step::Expect, send("HTTP/1.1 200 OK\r\nConte")],
        ),
        (
            "closed in the body",
            vec![Step::Expect, send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")],
        ),
        (
            "closed in a piece",
            vec![
                Step::Expect,
                send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf"),
            ],
        ),
    ]
}

/// V-07: half an answer is none; a request that changes nothing is sent again, another one is not.
#[tokio::test]
async fn a_request_is_repeated_only_where_that_does_no_harm() {
    for (what, end) in ends() {
        let server = || Server::playing(vec![end.clone(), vec![Step::Expect, send(OK)]]);
        for request in [get, |url: &str| repeatable(post(url, "text"))] {
            let server = server();
            let mut client = patient(&server.url()).client();
            assert_eq!(told(client.send(request(&server.url())).await), "200 ok", "{what}");
            assert_eq!(client.sent(), (2, 1), "{what}");
        }
        let server = server();
        let mut client = patient(&server.url()).client();
        let said = told(client.send(post(&server.url(), "text")).await);
        assert!(said.starts_with("unreachable: "), "{what}: {said}");
        assert_eq!((client.sent(), server.connections()), ((1, 0), 1), "{what}");
    }
}

/// V-07: a connection that was kept open and is not any more.
#[tokio::test]
async fn a_stale_connection_repeats_only_what_may_be_repeated() {
    // The second request arrives, and is not answered.
    let stale = vec![Step::Expect, send(OK), Step::Expect];
    for (second, expected, received) in [
        (get as fn(&str) -> Request, "200 ok", 3),
        (|url| repeatable(post(url, "text")), "200 ok", 3),
        (
            |url| post(url, "text"),
            "unreachable: the connection to http://127.0.0.1:[PORT] broke: connection closed before message completed",
            2,
        ),
    ] {
        let server = Server::playing(vec![stale.clone(), vec![Step::Expect, send(OK)]]);
        let mut client = patient(&server.url()).client();
        assert_eq!(told(client.send(get(&server.url())).await), "200 ok");
        assert_eq!(told(client.send(second(&server.url())).await), expected);
        assert_eq!(server.requests().len(), received);
    }
}

/// V-08: a source that is down for longer than we try.
#[tokio::test]
async fn repeating_comes_to_an_end() {
    let server = Server::answering("HTTP/1.1 503 Unavailable\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndown");
    let mut client = patient(&server.url()).client();
    assert_eq!(told(client.send(get(&server.url())).await), "503 down");
    assert_eq!((client.sent(), server.connections()), ((3, 2), 3));
    let mut client = patient(&server.url())
        .limited(|terms| terms.retry.budget = Duration::ZERO)
        .client();
    assert_eq!(told(client.send(get(&server.url())).await), "503 down");
    assert_eq!(client.sent(), (1, 0), "without a budget nothing is repeated");
    let mut client = patient(&server.url()).client();
    assert_eq!(told(client.send(post(&server.url(), "text")).await), "503 down");
    assert_eq!(client.sent(), (1, 0));
}

/// V-08: `Retry-After` in every form that servers have for it.
#[tokio::test]
async fn what_a_source_asks_to_wait_is_bounded() {
    let long = "1".repeat(100 << 10);
    for (status, value, expected, sent) in [
        (429, "0", "429 ", (3, 2)),
        (429, "Thu, 01 Jan 1970 00:00:00 GMT", "429 ", (3, 2)),
        (429, "-1", "429 ", (1, 0)),
        (429, "soon", "429 ", (1, 0)),
        (429, "", "429 ", (1, 0)),
        (429, long.as_str(), "429 ", (1, 0)),
        (429, "99999999", "rate-limited: Some(900)", (1, 0)),
        (429, "99999999999999999999999", "rate-limited: Some(900)", (1, 0)),
        (503, "99999999", "rate-limited: Some(900)", (1, 0)),
        (503, "-1", "503 ", (3, 2)),
        (501, "0", "501 ", (1, 0)),
        (404, "0", "404 ", (1, 0)),
    ] {
        let answer =
            format!("HTTP/1.1 {status} No\r\nRetry-After: {value}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let server = Server::answering(answer);
        let mut client = patient(&server.url()).client();
        let value = &value[..value.len().min(40)];
        assert_eq!(
            told(client.send(get(&server.url())).await),
            expected,
            "{status} {value}"
        );
        assert_eq!(client.sent(), sent, "{status} {value}");
    }
}

/// V-08: a batch that a source refuses for ever costs the tries of those under way, not of all.
#[tokio::test]
async fn the_rest_of_a_batch_is_not_sent_when_one_was_given_up() {
    let server =
        Server::answering("HTTP/1.1 429 No\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let mut client = patient(&server.url()).client();
    let answers = client.send_all(vec![get(&server.url()); 100]).await;
    let told: Vec<String> = answers.into_iter().map(told).collect();
    assert!(
        told.iter()
            .all(|told| ["429 ", "rate-limited: Some(0)"].contains(&told.as_str())),
        "{told:?}"
    );
    assert!((3..=24).contains(&client.sent().0), "{:?}", client.sent());
    // The next batch is asked for as if nothing had been.
    let before = client.sent().0;
    client.send_all(vec![get(&server.url())]).await;
    assert_eq!(client.sent().0, before + 3);
}

/// V-08: a source that says 0 is not asked again at once.
#[tokio::test]
async fn a_wait_of_nothing_is_as_long_as_the_first_backoff() {
    let server =
        Server::answering("HTTP/1.1 429 No\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let least = Duration::from_millis(20);
    let mut client = patient(&server.url())
        .limited(|terms| terms.retry.backoff.base = least)
        .client();
    let start = Instant::now();
    assert_eq!(told(client.send(get(&server.url())).await), "429 ");
    assert_eq!(client.sent(), (3, 2));
    assert!(start.elapsed() >= 2 * least);
}

/// V-08: a source that asks for more patience than a call has is told as what it is, with its words.
#[tokio::test]
async fn no_wait_outlasts_the_call() {
    for status in [429, 503] {
        let answer =
            format!("HTTP/1.1 {status} No\r\nRetry-After: 310\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy");
        let server = Server::answering(answer);
        let mut client = patient(&server.url())
            .limited(|terms| terms.retry.budget = Duration::from_secs(3_600))
            .client();
        client.begin_call(Duration::from_secs(330));
        assert_eq!(told(client.send(get(&server.url())).await), format!("{status} busy"));
        assert_eq!(client.sent(), (1, 0), "{status}");
    }
}
