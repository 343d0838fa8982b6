//! The stand-in answers as the organisations that were recorded, and goes wrong as asked.

use std::io::Read as _;

use reqwest::{Method, Response};
use serde_json::Value;

use super::*;
use crate::standin::client;
use crate::standin::people::{Mobile, person};

const TOKEN: (&str, &str) = ("Authorization", "SSWS stand-in-token");

fn start(people: u64) -> Okta {
    Okta::start(Settings {
        people,
        ..Settings::default()
    })
    .unwrap()
}

async fn get(url: &str) -> Response {
    client::send(Method::GET, url, &[TOKEN, ("Accept", "application/json")], None)
        .await
        .unwrap()
}

/// The links of an answer: relation and target.
fn links(response: &Response) -> Vec<(String, String)> {
    let links = response.headers().get_all("link").iter().map(|link| {
        let (target, relation) = link.to_str().unwrap().split_once(">; rel=\"").unwrap();
        (
            relation.trim_end_matches('"').to_owned(),
            target.trim_start_matches('<').to_owned(),
        )
    });
    links.collect()
}

fn header(response: &Response, name: &str) -> String {
    response.headers()[name].to_str().unwrap().to_owned()
}

async fn body(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn links_lead_through_all_users_and_end() {
    let okta = start(450);
    let mut next = Some(format!("{}/api/v1/users?limit=200", okta.url()));
    let mut logins = Vec::new();
    let mut sizes = Vec::new();
    while let Some(url) = next {
        let response = get(&url).await;
        assert_eq!(response.status(), 200);
        let links = links(&response);
        assert_eq!(links[0], ("self".to_owned(), url));
        next = links.get(1).map(|(relation, target)| {
            assert_eq!(relation, "next");
            assert!(target.contains("?after=") && target.ends_with("&limit=200"), "{target}");
            target.clone()
        });
        let users = body(response).await;
        let page: Vec<_> = users
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["profile"]["login"].as_str().unwrap().to_owned())
            .collect();
        sizes.push(page.len());
        logins.extend(page);
    }
    assert_eq!(sizes, [200, 200, 50]);
    assert_eq!(logins, (0..450).map(|index| person(index).login).collect::<Vec<_>>());
    let ledger = okta.ledger();
    assert_eq!(
        (ledger.users, ledger.requests.len(), ledger.violations),
        (450, 3, vec![])
    );
}

#[tokio::test]
async fn a_user_has_all_that_okta_s_have() {
    let okta = start(200);
    let response = get(&format!("{}/api/v1/users", okta.url())).await;
    assert_eq!(
        links(&response),
        [("self".to_owned(), format!("{}/api/v1/users?limit=200", okta.url()))]
    );
    let users = body(response).await;
    for (index, user) in (0..).zip(users.as_array().unwrap()) {
        let person = person(index);
        let members = user.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>();
        for name in [
            "id",
            "status",
            "created",
            "activated",
            "lastLogin",
            "type",
            "profile",
            "credentials",
            "_links",
        ] {
            assert!(members.contains(&name), "{name}");
        }
        assert_eq!(user["id"].as_str().unwrap().len(), 20);
        let profile = &user["profile"];
        assert_eq!(profile["firstName"], person.first_name);
        assert_eq!(profile["lastName"], person.last_name);
        assert_eq!(profile["title"], person.title);
        assert_eq!(profile["department"], person.department);
        let mobile = match person.mobile {
            Mobile::Number(number) => Some(Value::from(number)),
            Mobile::Empty => Some(Value::Null),
            Mobile::Absent => None,
        };
        assert_eq!(profile.get("mobilePhone"), mobile.as_ref());
    }
}

#[tokio::test]
async fn every_answer_has_its_rate_limit() {
    let okta = start(1);
    for (headers, status) in [(&[TOKEN][..], 200), (&[], 401)] {
        let response = client::send(
            Method::GET,
            &format!("{}/api/v1/users?limit=1", okta.url()),
            headers,
            None,
        )
        .await
        .unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(header(&response, "x-rate-limit-limit"), "600");
        assert!((1..600).contains(&header(&response, "x-rate-limit-remaining").parse::<u64>().unwrap()));
        let reset: u64 = header(&response, "x-rate-limit-reset").parse().unwrap();
        assert!(reset.abs_diff(epoch_seconds(SystemTime::now())) <= 61);
        assert!(httpdate::parse_http_date(&header(&response, "date")).is_ok());
    }
}

#[tokio::test]
async fn what_okta_does_not_know_is_refused_and_noted() {
    let okta = start(10);
    let list = "/api/v1/users?limit=1";
    for (status, code, method, target, headers, body) in [
        (401, "E0000011", Method::GET, list, &[][..], None),
        (
            401,
            "E0000011",
            Method::GET,
            list,
            &[("Authorization", "Bearer stand-in-token")],
            None,
        ),
        (404, "E0000007", Method::GET, "/api/v1/user", &[TOKEN], None),
        (405, "E0000022", Method::POST, list, &[TOKEN], None),
        (
            400,
            "E0000001",
            Method::GET,
            list,
            &[TOKEN, ("Accept", "text/html")],
            None,
        ),
        (400, "E0000001", Method::GET, list, &[TOKEN], Some("body")),
        (400, "E0000001", Method::GET, "/api/v1/users?limit=201", &[TOKEN], None),
        (
            400,
            "E0000001",
            Method::GET,
            "/api/v1/users?limit=1&after=2",
            &[TOKEN],
            None,
        ),
        (
            400,
            "E0000001",
            Method::GET,
            "/api/v1/users?limit=1&offset=2",
            &[TOKEN],
            None,
        ),
    ] {
        let before = okta.ledger().violations.len();
        let answer = client::json(method.clone(), &format!("{}{target}", okta.url()), headers, body).await;
        assert_eq!(
            (answer.0, answer.1["errorCode"].as_str()),
            (status, Some(code)),
            "{method} {target} {headers:?}"
        );
        assert_eq!(
            okta.ledger().violations.len(),
            before + 1,
            "{method} {target} {headers:?}"
        );
    }
    let wrong = [("Authorization", "SSWS other")];
    let (status, envelope) = client::json(Method::GET, &format!("{}{list}", okta.url()), &wrong, None).await;
    assert_eq!(
        (status, envelope["errorSummary"].as_str()),
        (401, Some("Invalid token provided"))
    );
    assert_eq!((okta.ledger().violations.len(), okta.ledger().users), (9, 0));
}

#[tokio::test]
async fn the_nth_request_meets_its_fault_and_the_others_do_not() {
    let okta = start(10);
    let url = format!("{}/api/v1/users?limit=4", okta.url());
    okta.inject(
        2,
        Fault::RateLimit {
            resets_in: Duration::from_secs(9),
            clock_ahead: Duration::from_secs(3_600),
        },
    );
    okta.inject(3, Fault::TooManyAtOnce);
    okta.inject(4, Fault::Trouble(Trouble::Status(500, None)));
    okta.inject(5, Fault::Trouble(Trouble::Page));
    okta.inject(6, Fault::NextElsewhere("http://127.0.0.2:1".to_owned()));
    okta.inject(7, Fault::NextToItself);
    assert_eq!(get(&url).await.status(), 200);

    let limited = get(&url).await;
    assert_eq!(
        (
            limited.status().as_u16(),
            header(&limited, "x-rate-limit-remaining").as_str()
        ),
        (429, "0")
    );
    assert!(!limited.headers().contains_key("retry-after"));
    let date = epoch_seconds(httpdate::parse_http_date(&header(&limited, "date")).unwrap());
    let reset: u64 = header(&limited, "x-rate-limit-reset").parse().unwrap();
    assert_eq!(reset - date, 9);
    assert!(date > epoch_seconds(SystemTime::now()) + 3_000);
    assert_eq!(body(limited).await["errorCode"], "E0000047");

    let crowded = get(&url).await;
    assert_eq!(
        (
            crowded.status().as_u16(),
            header(&crowded, "x-rate-limit-limit").as_str()
        ),
        (429, "0")
    );
    let broken = get(&url).await;
    assert_eq!(
        (broken.status().as_u16(), body(broken).await["errorCode"].as_str()),
        (500, Some("E0000009"))
    );
    let page = get(&url).await;
    assert_eq!(
        (page.status().as_u16(), header(&page, "content-type").as_str()),
        (200, "text/html; charset=utf-8")
    );
    let elsewhere = links(&get(&url).await);
    assert!(
        elsewhere[1].1.starts_with("http://127.0.0.2:1/api/v1/users?after="),
        "{elsewhere:?}"
    );
    let circle = links(&get(&url).await);
    assert_eq!(circle[1], ("next".to_owned(), url.clone()));
    assert_eq!(
        (get(&url).await.status().as_u16(), okta.ledger().violations),
        (200, vec![])
    );
}

#[tokio::test]
async fn bodies_are_cut_and_connections_end_as_asked() {
    let okta = start(10);
    let url = format!("{}/api/v1/users?limit=4", okta.url());
    okta.inject(1, Fault::Trouble(Trouble::CutBody));
    okta.inject(2, Fault::Trouble(Trouble::HangUp));
    okta.inject(3, Fault::Trouble(Trouble::Reset));
    let mut cut = get(&url).await;
    assert_eq!(cut.status(), 200);
    let promised = cut.content_length().unwrap();
    let first = cut.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"[{\"id\"") && (first.len() as u64) < promised);
    assert!(
        async {
            while cut.chunk().await?.is_some() {}
            reqwest::Result::Ok(())
        }
        .await
        .is_err()
    );
    for _ in 0..2 {
        assert!(client::send(Method::GET, &url, &[TOKEN], None).await.is_err());
    }
    assert_eq!(get(&url).await.status(), 200);
}

#[test]
fn a_reset_is_not_an_end() {
    for (trouble, kind) in [
        (Trouble::HangUp, None),
        (Trouble::Reset, Some(io::ErrorKind::ConnectionReset)),
    ] {
        let okta = start(1);
        okta.inject(1, Fault::Trouble(trouble.clone()));
        let mut stream = std::net::TcpStream::connect(okta.listener.address()).unwrap();
        stream
            .write_all(b"GET /api/v1/users HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        let outcome = stream.read_to_end(&mut Vec::new());
        assert_eq!(outcome.err().map(|error| error.kind()), kind, "{trouble:?}");
    }
}

#[tokio::test]
async fn answers_are_compressed_where_that_is_asked_for() {
    let okta = Okta::start(Settings {
        people: 3,
        compresses: true,
        ..Settings::default()
    })
    .unwrap();
    let url = format!("{}/api/v1/users?limit=3", okta.url());
    let plain = get(&url).await;
    assert!(!plain.headers().contains_key("content-encoding"));
    let plain = plain.bytes().await.unwrap();
    let small = client::send(Method::GET, &url, &[TOKEN, ("Accept-Encoding", "br, GZIP;q=1")], None)
        .await
        .unwrap();
    assert_eq!(header(&small, "content-encoding"), "gzip");
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&*small.bytes().await.unwrap())
        .read_to_end(&mut unpacked)
        .unwrap();
    assert_eq!(unpacked, plain);
}

#[tokio::test]
async fn a_hundred_thousand_users_take_a_moment() {
    let okta = start(100_000);
    let start = std::time::Instant::now();
    let mut next = Some(format!("{}/api/v1/users?limit=200", okta.url()));
    while let Some(url) = next {
        let response = get(&url).await;
        next = links(&response).into_iter().nth(1).map(|(_, target)| target);
        response.bytes().await.unwrap();
    }
    assert_eq!(okta.ledger().users, 100_000);
    // A hundred times what it takes, for machines that are busy.
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[tokio::test]
async fn people_may_come_again_and_links_may_lead_to_another_address() {
    let okta = Okta::start(Settings {
        people: 5,
        different: 2,
        public: Some("http://example.test".to_owned()),
        ..Settings::default()
    })
    .unwrap();
    let response = get(&format!("{}/api/v1/users?limit=4", okta.url())).await;
    assert!(
        links(&response)
            .iter()
            .all(|(_, target)| target.starts_with("http://example.test/api/v1/users?"))
    );
    let users = body(response).await;
    for (index, user) in users.as_array().unwrap().iter().enumerate() {
        assert_eq!(user["profile"]["login"], person(index as u64 % 2).login);
        assert_eq!(user["profile"]["employeeNumber"], index.to_string());
    }
}

#[tokio::test]
async fn a_credential_is_repeated_in_every_form_when_asked() {
    let okta = start(1);
    okta.inject(1, Fault::Echo);
    let response = get(&format!("{}/api/v1/users?limit=1", okta.url())).await;
    assert_eq!(response.status(), 403);
    let said = body(response).await["errorSummary"].as_str().unwrap().to_owned();
    // The last two are `stand-in-token` in base64 and in hexadecimal.
    for form in [
        "SSWS stand-in-token",
        "SSWS+stand-in-token",
        "c3RhbmQtaW4tdG9rZW4=",
        "7374616e642d696e2d746f6b656e",
    ] {
        assert!(said.contains(form), "{form}: {said}");
    }
}
