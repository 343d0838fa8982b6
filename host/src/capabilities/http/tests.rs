//! Tokens, asked for at a small server on this machine.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderMap;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::Url;

use super::error::Error;
use super::request::Request;
use super::*;
use crate::net::backoff::Backoff;
use crate::net::{self, Egress, Network, Proxies, Reach, Rule, Timeouts, TlsSettings};
use crate::redact::{Redactor, Secret};

/// What the server answers: status and body.
type Answer = (u16, String);

/// A server that hands out `token-number-N` at `/token` and answers whatever else is asked. It keeps account of what was asked.
struct Server {
    url: Url,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers a request for the `nth` token, and requests that carry an `Authorization`.
    async fn start(
        token: impl Fn(usize) -> Answer + Send + Sync + 'static,
        data: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = asked.clone();
        let answers = Arc::new((token, data, AtomicUsize::new(0)));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (log, answers) = (log.clone(), answers.clone());
                tokio::spawn(async move {
                    let request = read(&mut stream).await;
                    let authorization = header(&request, "authorization").unwrap_or_default();
                    let line = request.lines().next().unwrap_or_default().replace(" HTTP/1.1", "");
                    let body = request.split_once("\r\n\r\n").map_or("", |(_, body)| body);
                    log.lock()
                        .unwrap()
                        .push(format!("{line} {authorization} {body}").trim_end().to_owned());
                    let (status, body) = if line == "POST /token" {
                        // Long enough for everybody else to come and want one as well.
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        answers.0(answers.2.fetch_add(1, Ordering::Relaxed) + 1)
                    } else {
                        answers.1(&authorization)
                    };
                    let answer = format!(
                        "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { url, asked }
    }

    /// What was asked since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// How many tokens were asked for, and how much else, since the last time.
    fn counts(&self) -> (usize, usize) {
        let asked = self.asked();
        let tokens = asked.iter().filter(|line| line.starts_with("POST /token")).count();
        (tokens, asked.len() - tokens)
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = header(head, "content-length").and_then(|length| length.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        let mut piece = [0; 4_096];
        match stream.read(&mut piece).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&piece[..count]),
            _ => return text,
        }
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    let lines = head.lines().skip(1).take_while(|line| !line.is_empty());
    let mut headers = lines.filter_map(|line| line.split_once(':'));
    headers
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
}

/// The `nth` token, which says nothing of its end, or that it ends after so many seconds.
fn token(nth: usize, expires_in: &str) -> Answer {
    let rest = if expires_in.is_empty() {
        String::new()
    } else {
        format!(r#","expires_in":{expires_in}"#)
    };
    (200, format!(r#"{{"access_token":"token-number-{nth}"{rest}}}"#))
}

fn ok(_: &str) -> Answer {
    (200, "{}".to_owned())
}

/// Slot `token` with a token from `url` that slot `signer` signs, and slot `basic`.
fn http(places: &[&Url], url: &Url, signer: &str) -> HttpState {
    let retry = Retry {
        budget: Duration::ZERO,
        backoff: Backoff::default(),
        tries: 1,
        tries_at_start: 1,
    };
    repeating(places, url, signer, retry)
}

fn repeating(places: &[&Url], url: &Url, signer: &str, retry: Retry) -> HttpState {
    let rules = places.iter().map(|place| Rule::of(place, Reach::Named).unwrap());
    let tls = TlsSettings {
        verify: true,
        cacert_file: None,
        cacert_dir: None,
        ..TlsSettings::default()
    };
    let network = Network::new(Egress::new(rules.collect()), tls, Proxies::none(), Timeouts::default());
    let form = Some(("application/x-www-form-urlencoded", Secret::new("a=b+c")));
    let source = TokenSource::new(
        url.clone(),
        Some(signer.to_owned()),
        form,
        "access_token".to_owned(),
        "Authorization".to_owned(),
        "Bearer {token}",
    );
    let basic = Credential::Basic {
        username: Secret::new("Aladdin"),
        password: Secret::new("open sesame"),
    };
    let slots = BTreeMap::from([
        (
            "token".to_owned(),
            Slot {
                tokens: vec![source],
                ..Slot::default()
            },
        ),
        (
            "basic".to_owned(),
            Slot {
                credentials: vec![basic],
                ..Slot::default()
            },
        ),
    ]);
    HttpState::new(
        "okta",
        &network,
        slots,
        Places::default(),
        Limits::default(),
        retry,
        Redactor::default(),
    )
}

fn with(server: &Server) -> HttpState {
    http(&[&server.url], &server.url.join("token").unwrap(), "basic")
}

/// The status of a request that the slot signs.
async fn get(http: &HttpState, url: &Url) -> Result<u16, Error> {
    let request = Request {
        method: Method::GET,
        url: url.clone(),
        headers: HeaderMap::new(),
        body: None,
        slot: Some("token".to_owned()),
        is_repeatable: true,
    };
    http.send(request).await.map(|answer| answer.status)
}

/// Many such requests side by side.
async fn get_many(http: &HttpState, url: &Url) -> Vec<Result<u16, Error>> {
    let mut requests = JoinSet::new();
    for _ in 0..20 {
        let (http, url) = (http.clone(), url.clone());
        requests.spawn(async move { get(&http, &url).await });
    }
    requests.join_all().await
}

/// Time passes.
async fn later(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_token_is_asked_for_once_by_many_requests_and_they_all_carry_it() {
    let server = Server::start(|nth| token(nth, ""), ok).await;
    let http = with(&server);
    let answers = get_many(&http, &server.url).await;
    assert!(answers.iter().all(|answer| matches!(answer, Ok(200))), "{answers:?}");
    let asked = server.asked();
    assert_eq!(asked[0], "POST /token Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== a=b+c");
    assert_eq!(asked[1..], vec!["GET / Bearer token-number-1"; 20]);
}

#[tokio::test]
async fn a_refusal_is_shared_by_many_requests_and_asked_about_again_after_half_a_minute() {
    let server = Server::start(|_| (404, String::new()), ok).await;
    let http = with(&server);
    let answers = get_many(&http, &server.url).await;
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer, Err(Error::TokenRefused(404, _)))),
        "{answers:?}"
    );
    assert_eq!(server.counts(), (1, 0), "an account is locked after a few");
    later(29).await;
    assert!(get(&http, &server.url).await.is_err());
    assert_eq!(server.counts(), (0, 0));
    later(2).await;
    assert!(get(&http, &server.url).await.is_err());
    assert_eq!(server.counts(), (1, 0));
}

#[tokio::test]
async fn what_is_said_of_a_refused_token_is_told_without_secrets() {
    let said = r#"{"error":"invalid_client","error_description":"open sesame is disabled\n"}"#;
    let server = Server::start(move |_| (400, said.to_owned()), ok).await;
    let http = with(&server);
    http.learn(&Secret::new("open sesame"));
    for _ in 0..2 {
        let told = match get(&http, &server.url).await {
            Err(Error::TokenRefused(400, said)) => said,
            other => panic!("{other:?}"),
        };
        assert_eq!(told, "invalid_client: [redacted] is disabled\\n");
    }
    assert_eq!(server.counts(), (1, 0));
    let server = Server::start(|_| (400, "x".repeat(1 << 20)), ok).await;
    let told = get(&with(&server), &server.url).await.unwrap_err();
    assert!(
        matches!(&told, Error::TokenRefused(_, said) if said.len() < 310),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_request_for_a_token_that_is_refused_for_now_is_sent_again() {
    let retry = Retry {
        budget: Duration::from_secs(60),
        backoff: Backoff {
            base: Duration::ZERO,
            cap: Duration::ZERO,
        },
        tries: 3,
        tries_at_start: 3,
    };
    for status in [429, 503] {
        let server = Server::start(
            move |nth| {
                if nth < 3 {
                    (status, String::new())
                } else {
                    token(nth, "")
                }
            },
            ok,
        )
        .await;
        let http = repeating(&[&server.url], &server.url.join("token").unwrap(), "basic", retry);
        assert_eq!(get(&http, &server.url).await.unwrap(), 200, "{status}");
        assert_eq!(server.counts(), (3, 1), "{status}");
    }
    let server = Server::start(|_| (429, "later".to_owned()), ok).await;
    let http = repeating(&[&server.url], &server.url.join("token").unwrap(), "basic", retry);
    let told = get(&http, &server.url).await.unwrap_err();
    assert!(
        matches!(&told, Error::TokenRefused(429, said) if said == "later"),
        "{told:?}"
    );
    assert_eq!(server.counts(), (3, 0));
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends_however_soon_that_is() {
    for (expires_in, good_for, over_after) in [
        ("3600", 3_530, 3_545),
        ("\"3600\"", 3_530, 3_545),
        ("60", 25, 35),
        ("3.5", 3, 6),
        ("0", 3, 6),
        ("-100", 3, 6),
        ("null", 1_000_000, 2_000_000),
        ("1e300", 1_000_000, 2_000_000),
    ] {
        let server = Server::start(move |nth| token(nth, expires_in), ok).await;
        let http = with(&server);
        get(&http, &server.url).await.unwrap();
        later(good_for).await;
        get(&http, &server.url).await.unwrap();
        assert_eq!(server.counts(), (1, 2), "{expires_in}");
        later(over_after - good_for).await;
        get(&http, &server.url).await.unwrap();
        let is_endless = over_after > 1_000_000;
        assert_eq!(server.counts(), (usize::from(!is_endless), 1), "{expires_in}");
    }
}

#[tokio::test]
async fn a_token_that_ends_within_the_run_is_renewed_once_for_all_requests() {
    let server = Server::start(
        |nth| token(nth, ""),
        |authorization| {
            (
                if authorization == "Bearer token-number-2" {
                    200
                } else {
                    401
                },
                "{}".to_owned(),
            )
        },
    )
    .await;
    let http = with(&server);
    assert_eq!(get(&http, &server.url).await.unwrap(), 401, "too early to ask again");
    assert_eq!(server.counts(), (1, 1));
    later(31).await;
    let answers = get_many(&http, &server.url).await;
    assert!(answers.iter().all(|answer| matches!(answer, Ok(200))), "{answers:?}");
    assert_eq!(server.counts().0, 1);
}

#[tokio::test]
async fn a_source_that_refuses_every_token_is_not_asked_for_more_than_one_in_half_a_minute() {
    let server = Server::start(|nth| token(nth, ""), |_| (401, String::new())).await;
    let http = with(&server);
    for (wait, tokens, requests) in [(0, 1, 1), (10, 0, 1), (25, 1, 2), (0, 0, 1), (31, 1, 2)] {
        later(wait).await;
        assert_eq!(get(&http, &server.url).await.unwrap(), 401);
        assert_eq!(server.counts(), (tokens, requests), "after {wait} s");
    }
}

#[tokio::test]
async fn an_answer_without_a_usable_token_is_an_error_and_nothing_is_sent_with_it() {
    let long = format!(r#"{{"access_token":"{}"}}"#, "x".repeat(1 << 20));
    for body in [
        "",
        "{}",
        "[]",
        " <html>sign in</html>",
        r#"{"access_token":""}"#,
        r#"{"access_token":7}"#,
        r#"{"access_token":"a\r\nx-evil: yes"}"#,
        r#"{"access_token":"two words"}"#,
        r#"{"access_token":"é"}"#,
        &long,
    ] {
        let owned = body.to_owned();
        let server = Server::start(move |_| (200, owned.clone()), ok).await;
        let error = get(&with(&server), &server.url).await.unwrap_err();
        let what = if body.contains('<') {
            "is a web page"
        } else {
            "holds none"
        };
        assert_eq!(
            error.to_string(),
            format!("the answer to the request for a token {what}"),
            "{body:.40}"
        );
        assert_eq!(server.counts(), (1, 0));
    }
}

#[tokio::test]
async fn a_token_is_masked_wherever_text_leaves_the_host() {
    let server = Server::start(|nth| token(nth, ""), ok).await;
    let http = with(&server);
    get(&http, &server.url).await.unwrap();
    assert_eq!(
        http.redact("it said Bearer token-number-1!"),
        "it said Bearer [redacted]!"
    );
    let source = TokenSource::new(
        server.url.join("token").unwrap(),
        None,
        Some(("application/json", Secret::new("client-secret"))),
        "access_token".to_owned(),
        "Authorization".to_owned(),
        "Bearer {token}",
    );
    let ticket = source.ticket(&http, None).await.unwrap();
    let shown = format!("{source:?} {ticket:?}");
    assert!(
        !shown.contains("token-number") && !shown.contains("client-secret"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_token_is_never_asked_for_where_the_request_or_the_token_s_place_is_denied() {
    let server = Server::start(|nth| token(nth, ""), ok).await;
    let elsewhere = Url::parse("http://127.0.0.2:9/token").unwrap();
    for (http, url) in [
        (with(&server), &elsewhere),
        (http(&[&server.url], &elsewhere, "basic"), &server.url),
    ] {
        let error = get(&http, url).await.unwrap_err();
        assert!(matches!(error, Error::Net(net::Error::Denied { .. })), "{error:?}");
        assert_eq!(server.counts(), (0, 0));
    }
}

#[tokio::test]
async fn a_token_cannot_sign_the_request_for_a_token() {
    let server = Server::start(|nth| token(nth, ""), ok).await;
    for signer in ["token", "nobody"] {
        let http = http(&[&server.url], &server.url.join("token").unwrap(), signer);
        let error = get(&http, &server.url).await.unwrap_err();
        assert!(matches!(error, Error::Denied(_)), "{error:?}");
        assert_eq!(server.counts(), (0, 0));
    }
}
