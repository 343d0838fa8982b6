//! Redirects (H-36, V-05): each hop is judged like the first, and neither credential nor body leaves the place they were for.

use oomnitza_connector::contract::connector::oomnitza::connector::http::Request;
use oomnitza_connector::net::Reach;

use crate::attack::SECRET;
use crate::client::{Terms, get, post, settled, told};
use crate::server::{Server, Step};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

fn to(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

/// A server that redirects once and then answers.
fn redirecting(status: u16, location: &str) -> Server {
    let once = vec![Step::Expect, Step::Send(to(status, location).into_bytes())];
    Server::playing(vec![once, vec![Step::Expect, Step::Send(OK.into())]])
}

fn signed(request: Request, slot: &str) -> Request {
    Request {
        auth: Some(slot.to_owned()),
        ..request
    }
}

/// S-8: Oomnitza's own header and others are no `Authorization`, which libraries take care of by themselves.
#[tokio::test]
async fn a_credential_does_not_leave_its_place_even_where_the_other_is_granted() {
    let other = Server::answering(OK);
    let terms = |server: &Server| Terms::to(&server.url()).and(&other.url(), Reach::Named);
    for slot in ["token", "key"] {
        for status in [301, 302, 303, 307, 308] {
            let server = redirecting(status, &other.url());
            let said = told(terms(&server).client().send(signed(get(&server.url()), slot)).await);
            let expected = "denied: the source redirects to http://127.0.0.1:[PORT], where its credential must not go";
            assert_eq!(settled(&said), expected, "{slot} {status}");
            assert!(server.requests()[0].contains(SECRET));
        }
    }
    assert_eq!(other.connections(), 0);
    let server = redirecting(302, &other.url());
    assert_eq!(
        told(terms(&server).get(&server.url()).await),
        "200 ok",
        "without a credential it is followed"
    );
    assert_eq!(other.connections(), 1);
}

#[tokio::test]
async fn a_body_does_not_leave_its_place() {
    let other = Server::answering(OK);
    for status in [301, 302, 303, 307, 308] {
        let server = redirecting(status, &other.url());
        let terms = Terms::to(&server.url()).and(&other.url(), Reach::Named);
        let said = told(terms.client().send(post(&server.url(), "confidential")).await);
        let expected = "denied: the source redirects to http://127.0.0.1:[PORT], where the request's body must not go";
        assert_eq!(settled(&said), expected, "{status}");
    }
    assert_eq!(other.connections(), 0);
}

/// At its own place a request goes on as itself, or becomes one that reads.
#[tokio::test]
async fn at_the_same_place_a_redirect_is_followed() {
    for (status, method, body) in [
        (301, "GET", ""),
        (302, "GET", ""),
        (303, "GET", ""),
        (307, "POST", "text"),
        (308, "POST", "text"),
    ] {
        let server = redirecting(status, "/there?x=1#y");
        let request = signed(post(&format!("{}/here", server.url()), "text"), "token");
        assert_eq!(
            told(Terms::to(&server.url()).client().send(request).await),
            "200 ok",
            "{status}"
        );
        let second = &server.requests()[1];
        assert!(
            second.starts_with(&format!("{method} /there?x=1 HTTP/1.1\r\n")),
            "{second}"
        );
        assert!(
            second.contains(&format!("authorization2: {SECRET}\r\n")) && second.ends_with(&format!("\r\n\r\n{body}")),
            "{second}"
        );
    }
}

#[tokio::test]
async fn a_redirect_to_where_nobody_may_go_is_refused_before_dialling() {
    let unnamed = |place: &str| format!("denied: {place} may not be reached: the section does not name this place");
    for (location, expected) in [
        ("//evil.example/", unnamed("http://evil.example")),
        ("https://evil.example/", unnamed("https://evil.example")),
        ("http://169.254.169.254/latest/", unnamed("http://169.254.169.254")),
        ("http://127.0.0.1:1/", unnamed("http://127.0.0.1:[PORT]")),
        ("http://localhost/", unnamed("http://localhost")),
        ("\\\\evil.example\\", unnamed("http://evil.example")),
        (
            "http://user:word@127.0.0.1:1/",
            "denied: http://127.0.0.1:[PORT] may not be reached: a user name or password in it is not allowed"
                .to_owned(),
        ),
        (
            "file:///etc/passwd",
            "denied: the source redirects to `file:`, which is neither https nor http".to_owned(),
        ),
        (
            "javascript:alert(1)",
            "denied: the source redirects to `javascript:`, which is neither https nor http".to_owned(),
        ),
        (
            "",
            "bad-body: the source redirects to something that is not a URL".to_owned(),
        ),
        (
            "http://[",
            "bad-body: the source redirects to something that is not a URL".to_owned(),
        ),
    ] {
        let server = redirecting(302, location);
        let said = told(Terms::to(&server.url()).get(&server.url()).await);
        assert_eq!((settled(&said), server.connections()), (expected, 1), "{location}");
    }
    let inside = redirecting(302, "http://10.1.2.3/");
    let terms = Terms::to(&inside.url()).and("http://10.1.2.3", Reach::Public);
    let said = told(terms.get(&inside.url()).await);
    assert_eq!(
        said,
        "denied: http://10.1.2.3 may not be reached: its address is not one that may be reached"
    );
}

#[tokio::test]
async fn redirects_come_to_an_end() {
    let server = Server::answering(to(302, "/"));
    let said = told(
        Terms::to(&server.url())
            .limited(|terms| terms.limits.redirects = 2)
            .get(&server.url())
            .await,
    );
    assert_eq!(
        (said.as_str(), server.connections()),
        ("too-large: the source redirects more than 2 times", 3)
    );
    let said = told(Terms::to(&server.url()).get(&server.url()).await);
    assert_eq!(said, "too-large: the source redirects more than 5 times");
    let server = Server::answering(to(301, &"x".repeat(64 << 10)));
    let said = told(Terms::to(&server.url()).get(&server.url()).await);
    assert!(
        said.starts_with("too-large: the source redirects to a URL of 655")
            && said.ends_with(" bytes, the limit is 8192"),
        "{said}"
    );
    let server = Server::answering("HTTP/1.1 302 Found\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!(
        told(Terms::to(&server.url()).get(&server.url()).await),
        "302 ok",
        "one to nowhere is an answer"
    );
}
