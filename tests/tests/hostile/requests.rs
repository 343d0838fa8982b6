//! Requests that no section grants, and too much of what it grants (H-31 to H-40).

use std::time::Duration;

use oomnitza_connector::net::Reach;
use oomnitza_connector::standin::ldap::{Ldap, Settings};

use crate::attack::{Attack, SECRET};
use crate::child::{in_child, open_files};
use crate::client::{Terms, get, post, told};
use crate::server::{Server, Step};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

/// H-32: what only the host sets, in any spelling, and nothing is sent.
#[tokio::test]
async fn headers_of_the_host_are_denied() {
    let server = Server::answering(OK);
    let mut client = Terms::to(&server.url()).client();
    for name in [
        "Host",
        "TRANSFER-ENCODING",
        "Content-Length",
        "Connection",
        "Authorization",
        "authorization2",
        "X-Forwarded-For",
        "Cookie",
        "Proxy-Authorization",
        "Upgrade",
        "Expect",
        "TE",
        "Trailer",
        "Forwarded",
        "Via",
        "Keep-Alive",
        "HTTP2-Settings",
        "User-Agent",
        "Accept-Encoding",
    ] {
        let mut request = get(&server.url());
        request.headers.push((name.to_owned(), "x".to_owned()));
        let said = told(client.send(request).await);
        assert_eq!(
            said,
            format!("denied: a connector may not set the header `{}`", name.to_lowercase())
        );
    }
    assert_eq!((client.sent(), server.connections()), ((0, 0), 0));
    let outcome = Attack::of("forbidden-header").setting("url", &server.url()).run().await;
    assert_eq!(
        outcome.said(),
        "the source cannot be reached: GET /: a connector may not set the header `authorization`"
    );
    assert_eq!(server.connections(), 0);
}

/// H-31: what would break out of a header or the request's line is refused, and nothing is sent.
#[tokio::test]
async fn what_is_not_a_header_is_refused() {
    let server = Server::answering(OK);
    let mut client = Terms::to(&server.url()).client();
    for (name, value) in [
        ("", "x"),
        ("a b", "x"),
        ("a\r\nb", "x"),
        ("a:", "x"),
        ("a", "x\r\ny: z"),
        ("a", "\0"),
        ("ä", "x"),
    ] {
        let mut request = get(&server.url());
        request.headers.push((name.to_owned(), value.to_owned()));
        let said = told(client.send(request).await);
        assert!(
            said.starts_with("invalid-input: ") && said.ends_with(" is not a header"),
            "{name:?}: {said}"
        );
    }
    assert_eq!(server.connections(), 0);
}

/// H-31, H-38: each limit of a request, with what is just enough beside it.
#[tokio::test]
async fn a_request_is_held_to_its_limits() {
    let server = Server::answering(OK);
    let url = format!("{}/?", server.url());
    let terms = Terms::to(&url).limited(|terms| {
        terms.limits.url_bytes = 60;
        terms.limits.headers = 3;
        terms.limits.header_bytes = 12;
        terms.limits.request_bytes = 5;
    });
    let with_url = |bytes: usize| get(&format!("{url}{}", "x".repeat(bytes - url.len())));
    let with_headers = |count: usize, bytes: usize| {
        let mut request = get(&url);
        request.headers = vec![("a".to_owned(), "x".repeat(bytes)); count];
        request
    };
    for (request, expected) in [
        (with_url(60), "200 ok"),
        (with_url(61), "too-large: the URL has 61 bytes, the limit is 60"),
        (with_headers(3, 3), "200 ok"),
        (
            with_headers(4, 0),
            "too-large: the request has 4 headers, the limit is 3",
        ),
        (
            with_headers(3, 4),
            "too-large: the request's headers have 15 bytes, the limit is 12",
        ),
        (post(&url, "12345"), "200 ok"),
        (
            post(&url, "123456"),
            "too-large: the request's body has 6 bytes, the limit is 5",
        ),
    ] {
        assert_eq!(told(terms.client().send(request).await), expected);
    }
    let by_default = Terms::to(&server.url());
    for (request, expected) in [
        (get(&format!("{url}{}", "x".repeat(100 << 10))), "the URL has "),
        (
            post(&url, &"x".repeat((8 << 20) + 1)),
            "the request's body has 8388609 bytes, the limit is 8388608",
        ),
        (
            with_headers(40_000, 0),
            "the request has 40000 headers, the limit is 100",
        ),
        (
            with_headers(1, 1 << 20),
            "the request's headers have 1048577 bytes, the limit is 65536",
        ),
    ] {
        let said = told(by_default.client().send(request).await);
        assert!(said.starts_with(&format!("too-large: {expected}")), "{said}");
    }
    assert_eq!(server.connections(), 3, "what was refused was not sent");
}

/// H-33: each spelling of another place, and of the granted one. What is denied is not even looked up.
#[tokio::test]
async fn only_the_granted_place_is_reached_however_it_is_spelled() {
    let server = Server::answering(OK);
    let port = server.url().rsplit(':').next().unwrap().to_owned();
    let terms = Terms::to(&server.url()).and("https://allowed.example", Reach::Public);
    let denied = |place: &str| format!("denied: {place} may not be reached: the section does not name this place");
    let userinfo =
        |place: &str| format!("denied: {place} may not be reached: a user name or password in it is not allowed");
    for (url, expected) in [
        (format!("http://127.0.0.1:{port}/"), "200 ok".to_owned()),
        (format!("HTTP://127.0.0.1:{port}"), "200 ok".to_owned()),
        (format!("http://2130706433:{port}/"), "200 ok".to_owned()),
        (format!("http://0x7f.1:{port}/#fragment"), "200 ok".to_owned()),
        (format!("http://0177.0.0.1:{port}/"), "200 ok".to_owned()),
        (format!("http://127.0.0.1.:{port}/"), "200 ok".to_owned()),
        (
            format!("http://127.0.0.1:{port}@evil.example/"),
            userinfo("http://evil.example"),
        ),
        (
            format!("http://user@127.0.0.1:{port}/"),
            userinfo("http://127.0.0.1:PORT"),
        ),
        (
            "https://user@allowed.example@evil.example/".to_owned(),
            userinfo("https://evil.example"),
        ),
        (
            "https://allowed.example.evil.example/".to_owned(),
            denied("https://allowed.example.evil.example"),
        ),
        (
            "https://allowed.example%2eevil.example/".to_owned(),
            denied("https://allowed.example.evil.example"),
        ),
        (
            "https://allowed.example:22/".to_owned(),
            denied("https://allowed.example:22"),
        ),
        ("http://allowed.example/".to_owned(), denied("http://allowed.example")),
        (
            "https://evil.example/https://allowed.example/".to_owned(),
            denied("https://evil.example"),
        ),
        (
            "https://аllowed.example/".to_owned(),
            denied("https://xn--llowed-2nf.example"),
        ),
        (
            "ftp://allowed.example/".to_owned(),
            "denied: `ftp` is neither https nor http".to_owned(),
        ),
        (
            "file:///etc/passwd".to_owned(),
            "denied: `file` is neither https nor http".to_owned(),
        ),
        (
            "gopher://127.0.0.1/".to_owned(),
            "denied: `gopher` is neither https nor http".to_owned(),
        ),
        (
            "https:\\\\allowed.example".to_owned(),
            "invalid-input: the URL holds a character that must be encoded".to_owned(),
        ),
        (
            "https://allowed.example/\t".to_owned(),
            "invalid-input: the URL holds a character that must be encoded".to_owned(),
        ),
        (
            "https://allowed\n.example/".to_owned(),
            "invalid-input: the URL holds a character that must be encoded".to_owned(),
        ),
        (
            "/relative".to_owned(),
            "invalid-input: the URL cannot be read: relative URL without a base".to_owned(),
        ),
        (
            "https://".to_owned(),
            "invalid-input: the URL cannot be read: empty host".to_owned(),
        ),
        (
            String::new(),
            "invalid-input: the URL cannot be read: relative URL without a base".to_owned(),
        ),
    ] {
        let said = told(terms.get(&url).await).replace(&port, "PORT");
        assert_eq!(said, expected, "{url}");
    }
    assert_eq!(server.connections(), 6);
}

/// H-34: addresses inside, in every spelling, where a component names the place; and metadata even where the admin does.
#[tokio::test]
async fn addresses_inside_are_denied_before_anybody_is_dialled() {
    let server = Server::answering(OK);
    let port = server.url().rsplit(':').next().unwrap().to_owned();
    let inside = [
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "10.0.0.1",
        "192.168.0.1",
    ];
    let never = [
        "[fd00:ec2::254]",
        "169.254.169.254",
        "0.0.0.0",
        "[::]",
        "[::ffff:169.254.169.254]",
        "100.100.100.200",
    ];
    let cases = inside
        .iter()
        .map(|host| (host, Reach::Public))
        .chain(never.iter().map(|host| (host, Reach::Named)));
    for (host, reach) in cases {
        let url = format!("http://{host}:{port}/");
        let mut terms = Terms::to(&url);
        terms.places[0].1 = reach;
        let said = told(terms.get(&url).await);
        assert!(
            said.starts_with("denied: ") && said.ends_with("its address is not one that may be reached"),
            "{host}: {said}"
        );
    }
    for name in ["localhost", "localhost."] {
        let url = format!("http://{name}:{port}/");
        let mut terms = Terms::to(&url);
        terms.places[0].1 = Reach::Public;
        let said = told(terms.get(&url).await);
        assert!(
            said.starts_with(&format!("unreachable: {name} has no usable address: ")),
            "{said}"
        );
    }
    assert_eq!(server.connections(), 0);
    let outcome = Attack::of("ask")
        .setting("ask", "http://169.254.169.254/latest/meta-data/")
        .run()
        .await;
    assert_eq!(
        outcome.said(),
        "the source cannot be reached: GET /latest/meta-data/: http://169.254.169.254 may not be reached: the section does not name this place"
    );
}

/// H-40: slots that there are not, and places where a credential must not go.
#[tokio::test]
async fn a_slot_is_the_section_s_own_and_its_credential_stays_at_the_granted_place() {
    let server = Server::answering(OK);
    let outcome = Attack::of("unknown-slot").setting("url", &server.url()).run().await;
    assert_eq!(
        outcome.said(),
        "the source cannot be reached: GET /: there is no auth slot `somebody-else-s`"
    );
    let outcome = Attack::of("ask-with-credential")
        .setting("ask", "http://192.0.2.1/")
        .run()
        .await;
    assert_eq!(
        outcome.said(),
        "the source cannot be reached: GET /: http://192.0.2.1 may not be reached: the section does not name this place"
    );
    assert_eq!(server.connections(), 0);
    let mut request = post(&server.url(), "<p>@@</p>");
    request.auth = Some("body".to_owned());
    assert_eq!(told(Terms::to(&server.url()).client().send(request).await), "200 ok");
    assert!(server.requests()[0].ends_with(&format!("<p>{SECRET}</p>")));
}

/// H-37: a guest may hand over as many as it likes, the source sees so many at once.
#[tokio::test]
async fn requests_side_by_side_wait_for_one_another() {
    side_by_side(|terms| terms.limits.parallel = 3).await;
    side_by_side(|terms| terms.limits.parallel_at_one_place = 3).await;
}

async fn side_by_side(limit: impl FnOnce(&mut Terms)) {
    let server = Server::playing(vec![vec![Step::Expect, Step::Hold]]);
    let terms = Terms::to(&server.url()).limited(|terms| {
        limit(terms);
        terms.timeouts.first_byte = Duration::from_millis(300);
    });
    let mut client = terms.client();
    let requests = vec![get(&server.url()); 6];
    let asking = tokio::spawn(async move { client.send_all(requests).await });
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(server.connections() <= 3, "{}", server.connections());
    let answers: Vec<String> = asking.await.unwrap().into_iter().map(told).collect();
    assert_eq!(answers, ["timed-out"; 6], "nobody waits for ever");
    assert_eq!(server.connections(), 6);
    assert!(server.is_left_alone().await, "connections are closed");
}

/// H-37: more than one call may hand over, and more than a run may send.
/// What was begun is asked for once, whoever waits for it, and once only; however often a guest begins, one request is under way.
#[tokio::test]
async fn a_request_that_is_begun_is_one_of_the_run_s() {
    let server = Server::answering(OK);
    let other = format!("{}/other", server.url());
    let mut client = Terms::to(&server.url()).client();
    client.begin(post(&server.url(), "x")).await;
    for _ in 0..10_000 {
        client.begin(get(&server.url())).await;
        client.begin(get(&other)).await;
    }
    assert!(server.is_asked(1).await);
    assert_eq!(told(client.send(get(&other)).await), "200 ok");
    assert_eq!((client.sent(), server.connections()), ((2, 0), 2));
    assert_eq!(told(client.send(get(&server.url())).await), "200 ok");
    assert_eq!((client.sent(), server.connections()), ((2, 0), 2));
    assert_eq!(told(client.send(get(&server.url())).await), "200 ok");
    assert_eq!((client.sent(), server.connections()), ((3, 0), 3));
    // They count as others do.
    let mut client = Terms::to(&server.url())
        .limited(|terms| terms.limits.requests = 1)
        .client();
    client.begin(get(&server.url())).await;
    assert!(server.is_asked(4).await);
    let said = told(client.send(get(&other)).await);
    assert_eq!(
        said,
        "too-large: the run has sent 1 requests, which is the limit; the setting `max_requests` of its section allows more"
    );
    // Whoever wants a few records only asks for nothing that may not be needed.
    client.stay_behind();
    assert_eq!(told(client.send(get(&server.url())).await), "200 ok");
    client.begin(get(&server.url())).await;
    let said = told(client.send(get(&server.url())).await);
    assert_eq!(
        said,
        "too-large: the run has sent 1 requests, which is the limit; the setting `max_requests` of its section allows more"
    );
    assert_eq!(server.connections(), 4);
}

/// What may not be sent is not begun either, and what is begun ends with the run.
#[tokio::test]
async fn a_request_that_is_begun_is_judged_and_given_up_as_any_other() {
    let denied = Server::answering(OK);
    let slow = Server::playing(vec![vec![Step::Expect, Step::Hold]]);
    let mut client = Terms::to(&slow.url()).client();
    client.begin(get(&denied.url())).await;
    assert!(told(client.send(get(&denied.url())).await).starts_with("denied: "));
    assert_eq!(denied.connections(), 0);
    let mut forged = get(&slow.url());
    forged.headers.push(("Authorization".to_owned(), "x".to_owned()));
    client.begin(forged.clone()).await;
    assert!(told(client.send(forged).await).starts_with("denied: "));
    assert_eq!(slow.connections(), 0);
    client.begin(get(&slow.url())).await;
    assert!(slow.is_asked(1).await);
    drop(client);
    assert!(slow.is_left_alone().await);
}

#[tokio::test]
async fn requests_are_counted() {
    let server = Server::answering(OK);
    let url = server.url();
    let at_once = |count: usize| Attack::of("ask-at-once").setting("url", &url).size(count);
    let outcome = at_once(6).limited(|attack| attack.http.batch = 5).run().await;
    assert_eq!(outcome.said(), "0 of 6: GET /: 5 requests at once are the limit");
    let outcome = at_once(1_001).run().await;
    assert_eq!(outcome.said(), "0 of 1001: GET /: 1000 requests at once are the limit");
    assert_eq!(server.connections(), 0);
    let outcome = at_once(5).limited(|attack| attack.http.requests = 3).run().await;
    assert_eq!(
        outcome.said(),
        "3 of 5: GET /: the run has sent 3 requests, which is the limit; the setting `max_requests` of its section allows more"
    );
    assert_eq!(server.connections(), 3);
}

/// H-22, H-37: what a run had open is closed after it, however it ended.
#[test]
fn nothing_stays_open() {
    in_child("requests::nothing_stays_open", async {
        let silent = Server::playing(vec![vec![Step::Expect, Step::Hold]]);
        let directory = Ldap::start(Settings {
            allows_anonymous: true,
            ..Settings::default()
        })
        .unwrap();
        let attacks = async || {
            let asking = Attack::of("ask-at-once")
                .size(8)
                .setting("url", &silent.url())
                .limited(|attack| {
                    attack.timeouts.first_byte = Duration::from_secs(20);
                    attack.sandbox.call_wall = Duration::from_millis(100);
                });
            assert_eq!(
                asking.run().await.said(),
                "the component did not finish within 100ms for one call"
            );
            let hoarding = Attack::of("hoard-connections")
                .size(5)
                .setting("directory", &directory.url());
            assert_eq!(hoarding.run().await.said(), "it holds 5 connections");
            assert!(silent.is_left_alone().await, "connections are closed");
        };
        // The first time the process opens what it keeps.
        attacks().await;
        let before = open_files();
        for _ in 0..3 {
            attacks().await;
        }
        let mut after = open_files();
        for _ in 0..1_000 {
            if after <= before {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
            after = open_files();
        }
        panic!("{after} files are open, {before} were before");
    });
}
