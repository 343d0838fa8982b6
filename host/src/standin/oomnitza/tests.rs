//! The stand-in refuses what Oomnitza refuses, and goes wrong as asked.

use std::time::Instant;

use reqwest::Method;

use super::*;
use crate::standin::client;

const USERS: &str = "/api/v2/bulk/users?VERSION=1.1.0";
const TOKEN: (&str, &str) = ("Authorization2", "stand-in-token");
const UPLOAD: [(&str, &str); 3] = [
    TOKEN,
    ("contentType", "application/json"),
    ("Content-Type", "application/json"),
];

fn start() -> Oomnitza {
    Oomnitza::start(Settings::default()).unwrap()
}

async fn get(oomnitza: &Oomnitza, target: &str) -> (u16, Value) {
    client::json(Method::GET, &format!("{}{target}", oomnitza.url()), &[TOKEN], None).await
}

async fn upload(oomnitza: &Oomnitza, target: &str, body: &str) -> u16 {
    client::json(
        Method::POST,
        &format!("{}{target}", oomnitza.url()),
        &UPLOAD,
        Some(body),
    )
    .await
    .0
}

async fn inject_once(oomnitza: &Oomnitza, trouble: Trouble) -> Result<reqwest::Response, crate::net::Error> {
    oomnitza.inject(Fault::Next {
        call: Call::Upload,
        times: 1,
        trouble,
    });
    client::send(
        Method::POST,
        &format!("{}{USERS}", oomnitza.url()),
        &UPLOAD,
        Some(r#"[{"USER":"a"}]"#),
    )
    .await
}

#[tokio::test]
async fn what_the_program_asks_is_answered() {
    let oomnitza = Oomnitza::start(Settings {
        user: Some(("ada".to_owned(), "p&ss wörd".to_owned())),
        mappings: BTreeMap::from([("LDAP.Über uns".to_owned(), json!({"mail": ["EMAIL", "USER"]}))]),
        locations: json!([{"id": "1"}]),
        ..Settings::default()
    })
    .unwrap();
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let sign_in = format!("{}/api/request_token", oomnitza.url());
    let signed_in = client::json(
        Method::POST,
        &sign_in,
        &form,
        Some("login=ada&password=p%26ss+w%C3%B6rd"),
    )
    .await;
    assert_eq!(signed_in, (200, json!({"token": "stand-in-token"})));
    let refused = client::json(Method::POST, &sign_in, &form, Some("login=ada&password=other")).await;
    assert_eq!(refused.0, 401);
    assert_eq!(get(&oomnitza, "/api/v2/mappings?name=AuthTest").await, (200, json!({})));
    let mapping = get(&oomnitza, "/api/v2/mappings?name=LDAP.%C3%9Cber%20uns").await;
    assert_eq!(mapping, (200, json!({"mail": ["EMAIL", "USER"]})));
    assert_eq!(get(&oomnitza, "/api/v2/mappings?name=Okta").await, (200, json!({})));
    assert_eq!(get(&oomnitza, "/api/v3/locations").await, (200, json!([{"id": "1"}])));
    assert_eq!(upload(&oomnitza, USERS, r#"[{"USER":"a"},{"USER":"b"}]"#).await, 200);
    assert_eq!(
        upload(&oomnitza, &format!("{USERS}&normal_position=True"), r#"{"USER":"c"}"#).await,
        200
    );
    let audit = r#"{"agent_id":"X","sync_field":"ID","computers":[{"ID":1}],"update_only":"False"}"#;
    assert_eq!(upload(&oomnitza, "/api/v2/bulk/audit?VERSION=1.1.0", audit).await, 200);
    let assets = r#"{"integration_id":"X","sync_field":"ID","assets":[{"ID":2}],"update_only":"False"}"#;
    assert_eq!(
        upload(&oomnitza, "/api/v2/bulk/assets?VERSION=1.1.0", assets).await,
        200
    );

    let ledger = oomnitza.ledger();
    assert_eq!(ledger.violations, [""; 0]);
    assert_eq!(
        (
            ledger.records,
            ledger.batches,
            ledger.most_in_flight,
            ledger.requests.len()
        ),
        (5, 4, 1, 10)
    );
    let records = [
        json!({"USER": "a"}),
        json!({"USER": "b"}),
        json!({"USER": "c"}),
        json!({"ID": 1}),
        json!({"ID": 2}),
    ];
    assert_eq!(oomnitza.uploaded(), records);
    let logged = &ledger.requests[6];
    assert_eq!(
        (logged.method.as_str(), logged.target.as_str(), logged.is_acknowledged),
        ("POST", USERS, true)
    );
    assert!(
        logged
            .headers
            .contains(&("contenttype".to_owned(), "application/json".to_owned()))
    );
}

#[tokio::test]
async fn what_it_should_not_ask_is_refused_and_noted() {
    let oomnitza = start();
    let users = r#"[{"USER":"a"}]"#;
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let token_as_json = [("Content-Type", "application/json")];
    for (status, method, target, headers, body) in [
        (404, Method::GET, "/", &[TOKEN][..], None),
        (404, Method::GET, "/api/v2/mappings/?name=Okta", &[TOKEN], None),
        (405, Method::POST, "/api/v2/mappings?name=Okta", &[TOKEN], None),
        (400, Method::GET, "/api/v2/mappings", &[TOKEN], None),
        (400, Method::GET, "/api/v2/mappings?name=", &[TOKEN], None),
        (400, Method::GET, "/api/v2/mappings?name=Okta&more=1", &[TOKEN], None),
        (401, Method::GET, "/api/v2/mappings?name=Okta", &[], None),
        (400, Method::GET, "/api/v2/mappings?name=Okta", &[TOKEN], Some("body")),
        (400, Method::GET, "/api/v2/mappings?name=Okta", &[TOKEN, TOKEN], None),
        (400, Method::GET, "/api/v3/locations?name=x", &[TOKEN], None),
        (
            400,
            Method::POST,
            "/api/request_token",
            &token_as_json,
            Some("login=a&password=b"),
        ),
        (400, Method::POST, "/api/request_token", &form, Some("login=a")),
        (
            400,
            Method::POST,
            "/api/request_token",
            &form,
            Some("password=b&login=a"),
        ),
        (405, Method::PUT, USERS, &UPLOAD, Some(users)),
        (401, Method::POST, USERS, &UPLOAD[1..], Some(users)),
        (400, Method::POST, USERS, &UPLOAD[..2], Some(users)),
        (400, Method::POST, USERS, &[UPLOAD[0], UPLOAD[2]], Some(users)),
        (400, Method::POST, "/api/v2/bulk/users", &UPLOAD, Some(users)),
        (
            400,
            Method::POST,
            "/api/v2/bulk/users?VERSION=1.0.10",
            &UPLOAD,
            Some(users),
        ),
        (
            400,
            Method::POST,
            "/api/v2/bulk/users?VERSION=1.1.0&normal_position=False",
            &UPLOAD,
            Some(users),
        ),
        (
            400,
            Method::POST,
            "/api/v2/bulk/assets?VERSION=1.1.0&normal_position=True",
            &UPLOAD,
            Some(users),
        ),
        (400, Method::POST, USERS, &UPLOAD, None),
        (400, Method::POST, USERS, &UPLOAD, Some("[]")),
        (400, Method::POST, USERS, &UPLOAD, Some(r#"{"users":[{}]"#)),
        (400, Method::POST, USERS, &UPLOAD, Some(r#"[{"USER" "a"}]"#)),
        (
            400,
            Method::POST,
            "/api/v2/bulk/audit?VERSION=1.1.0",
            &UPLOAD,
            Some(users),
        ),
    ] {
        let before = oomnitza.ledger().violations.len();
        let answer = client::json(method.clone(), &format!("{}{target}", oomnitza.url()), headers, body).await;
        assert_eq!(answer.0, status, "{method} {target} {headers:?} {body:?}: {answer:?}");
        assert_eq!(
            oomnitza.ledger().violations.len(),
            before + 1,
            "{method} {target} {headers:?} {body:?}"
        );
    }
    let ledger = oomnitza.ledger();
    assert_eq!((ledger.records, ledger.batches, oomnitza.uploaded().len()), (0, 0, 0));
}

#[tokio::test]
async fn a_wrong_token_is_refused_and_no_violation() {
    let oomnitza = start();
    let target = format!("{}/api/v2/mappings?name=AuthTest", oomnitza.url());
    let (status, _) = client::json(Method::GET, &target, &[("Authorization2", "other")], None).await;
    assert_eq!((status, oomnitza.ledger().violations.len()), (401, 0));
}

#[tokio::test]
async fn without_bodies_records_are_counted_and_not_kept() {
    let oomnitza = Oomnitza::start(Settings {
        keep_bodies: false,
        ..Settings::default()
    })
    .unwrap();
    assert_eq!(upload(&oomnitza, USERS, r#"[{"USER":"a"},{"USER":"b"}]"#).await, 200);
    assert_eq!(upload(&oomnitza, USERS, "[1]").await, 400);
    let ledger = oomnitza.ledger();
    assert_eq!((ledger.records, ledger.batches, ledger.violations.len()), (2, 1, 1));
    assert!(ledger.requests.iter().all(|logged| logged.body.is_empty()));
}

#[tokio::test]
async fn the_python_program_is_understood_when_it_is_the_one_that_calls() {
    let oomnitza = Oomnitza::start(Settings {
        dialect: Dialect::Legacy,
        ..Settings::default()
    })
    .unwrap();
    let target = format!("{}/api/v2/bulk/users?VERSION=1.0.10", oomnitza.url());
    assert_eq!(
        client::json(Method::POST, &target, &UPLOAD[..2], Some(r#"[{"USER":"a"}]"#))
            .await
            .0,
        200
    );
    assert_eq!(oomnitza.ledger().violations, [""; 0]);
}

#[tokio::test]
async fn answers_that_are_not_oomnitza_s_own_acknowledge_nothing() {
    let oomnitza = start();
    let busy = inject_once(&oomnitza, Trouble::Status(503, Some("7".to_owned())))
        .await
        .unwrap();
    assert_eq!(
        (busy.status().as_u16(), busy.headers()["retry-after"].to_str().unwrap()),
        (503, "7")
    );
    let page = inject_once(&oomnitza, Trouble::Page).await.unwrap();
    assert_eq!(
        (page.status().as_u16(), page.headers()["content-type"].to_str().unwrap()),
        (200, "text/html; charset=utf-8")
    );
    assert!(page.text().await.unwrap().starts_with("<!DOCTYPE html>"));
    let errors = r#"{"errors":["USER is not unique"]}"#;
    let told = inject_once(&oomnitza, Trouble::Json(errors.to_owned())).await.unwrap();
    assert_eq!(
        (told.status().as_u16(), told.text().await.unwrap().as_str()),
        (200, errors)
    );
    let moved = inject_once(&oomnitza, Trouble::Redirect("http://127.0.0.2:1/".to_owned()))
        .await
        .unwrap();
    assert_eq!(
        (moved.status().as_u16(), moved.headers()["location"].to_str().unwrap()),
        (302, "http://127.0.0.2:1/")
    );
    for trouble in [Trouble::HangUp, Trouble::HangUpAfterBody, Trouble::Reset] {
        assert!(inject_once(&oomnitza, trouble.clone()).await.is_err(), "{trouble:?}");
    }
    let cut = inject_once(&oomnitza, Trouble::CutBody).await.unwrap();
    assert_eq!((cut.status().as_u16(), cut.content_length()), (200, Some(2)));
    assert!(cut.bytes().await.is_err());
    let ledger = oomnitza.ledger();
    assert_eq!((ledger.records, ledger.batches, ledger.requests.len()), (0, 0, 8));
    assert_eq!(ledger.violations, [""; 0]);
    // What was closed before its body was read has none.
    let bodies = ledger.requests.iter().filter(|logged| !logged.body.is_empty());
    assert_eq!(bodies.count(), 7);
}

#[tokio::test]
async fn an_answer_that_comes_late_is_an_acknowledgement() {
    let oomnitza = start();
    let start = Instant::now();
    let wait = Duration::from_millis(50);
    assert_eq!(inject_once(&oomnitza, Trouble::Wait(wait)).await.unwrap().status(), 200);
    assert!(start.elapsed() >= wait);
    assert_eq!(oomnitza.ledger().records, 1);
}

#[tokio::test]
async fn faults_meet_their_calls_in_turn_and_as_often_as_asked() {
    let oomnitza = start();
    for (call, times, status) in [
        (Call::SignIn, 1, 500),
        (Call::SignIn, 2, 502),
        (Call::Mappings, 1, 503),
        (Call::Locations, 1, 504),
    ] {
        oomnitza.inject(Fault::Next {
            call,
            times,
            trouble: Trouble::Status(status, None),
        });
    }
    for (target, statuses) in [
        ("/api/v2/mappings?name=AuthTest", &[500, 502, 502, 200][..]),
        ("/api/v2/mappings?name=Okta", &[503, 200]),
        ("/api/v3/locations", &[504, 200]),
    ] {
        for status in statuses {
            assert_eq!(get(&oomnitza, target).await.0, *status, "{target}");
        }
    }
}

#[tokio::test]
async fn a_record_that_is_refused_takes_its_batch_with_it() {
    let oomnitza = start();
    oomnitza.inject(Fault::RefuseRecord {
        member: "USER".to_owned(),
        value: json!("b"),
    });
    assert_eq!(upload(&oomnitza, USERS, r#"[{"USER":"a"},{"USER":"b"}]"#).await, 400);
    assert_eq!(upload(&oomnitza, USERS, r#"[{"USER":"a"}]"#).await, 200);
    assert_eq!(upload(&oomnitza, USERS, r#"[{"USER":"b"}]"#).await, 400);
    assert_eq!(
        (oomnitza.uploaded(), oomnitza.ledger().violations.len()),
        (vec![json!({"USER": "a"})], 0)
    );
}

#[tokio::test]
async fn a_batch_can_be_too_large() {
    let oomnitza = start();
    oomnitza.inject(Fault::LargestBatch(1));
    assert_eq!(upload(&oomnitza, USERS, r#"[{"USER":"a"},{"USER":"b"}]"#).await, 413);
    assert_eq!(upload(&oomnitza, USERS, r#"[{"USER":"a"}]"#).await, 200);
    assert_eq!((oomnitza.ledger().records, oomnitza.ledger().violations.len()), (1, 0));
}

/// Does something while an upload is in flight, which is never answered.
async fn during(oomnitza: &Oomnitza, target: &str, body: &str, then: impl Future<Output = ()>) {
    let trouble = Trouble::Wait(Duration::from_secs(3_600));
    oomnitza.inject(Fault::Next {
        call: Call::Upload,
        times: 1,
        trouble,
    });
    let before = oomnitza.ledger().requests.len();
    let arrived = async {
        // Its body is kept and looked into at one go.
        while oomnitza
            .ledger()
            .requests
            .get(before)
            .is_none_or(|logged| logged.body.is_empty())
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        status = upload(oomnitza, target, body) => panic!("the upload was answered with {status}"),
        () = async { arrived.await; then.await } => (),
    }
}

#[tokio::test]
async fn the_same_record_in_two_uploads_in_flight_is_noted() {
    let oomnitza = start();
    let first = r#"[{"USER":"a"},{"USER":"b"},{"USER":null}]"#;
    during(&oomnitza, USERS, first, async {
        assert_eq!(upload(&oomnitza, USERS, r#"[{"USER":"c"},{"USER":null}]"#).await, 200);
        assert_eq!(oomnitza.ledger().violations, [""; 0]);
        assert_eq!(upload(&oomnitza, USERS, r#"{"USER":"b"}"#).await, 200);
    })
    .await;
    let ledger = oomnitza.ledger();
    assert_eq!(ledger.violations, [r#"two uploads in flight have a record of "b""#]);
    assert_eq!((ledger.most_in_flight, ledger.records), (2, 3));
}

#[tokio::test]
async fn one_after_the_other_is_how_it_should_be() {
    let oomnitza = start();
    for _ in 0..2 {
        assert_eq!(upload(&oomnitza, USERS, r#"[{"USER":"a"}]"#).await, 200);
    }
    assert_eq!(
        (oomnitza.ledger().violations, oomnitza.ledger().most_in_flight),
        (vec![], 1)
    );
}

#[tokio::test]
async fn an_upload_whose_client_has_gone_is_no_longer_in_flight() {
    let oomnitza = start();
    during(&oomnitza, USERS, r#"[{"USER":"a"}]"#, async {}).await;
    while !lock(&oomnitza.site.state).is_quiet() {
        tokio::task::yield_now().await;
    }
    assert_eq!(upload(&oomnitza, USERS, r#"[{"USER":"a"}]"#).await, 200);
    assert_eq!((oomnitza.ledger().violations, oomnitza.ledger().records), (vec![], 1));
}

#[tokio::test]
async fn a_client_that_dies_while_it_uploads_is_no_violation() {
    let oomnitza = start();
    let mut stream = std::net::TcpStream::connect(oomnitza.listener.address()).unwrap();
    let head = format!(
        "POST {USERS} HTTP/1.1\r\nHost: x\r\nAuthorization2: stand-in-token\r\ncontentType: application/json\r\n"
    );
    let body = "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n[{\"USER\":";
    std::io::Write::write_all(&mut stream, format!("{head}{body}").as_bytes()).unwrap();
    while oomnitza.ledger().most_in_flight == 0 {
        tokio::task::yield_now().await;
    }
    drop(stream);
    while !lock(&oomnitza.site.state).is_quiet() {
        tokio::task::yield_now().await;
    }
    assert_eq!((oomnitza.ledger().violations, oomnitza.ledger().records), (vec![], 0));
}

#[tokio::test]
async fn a_body_that_nobody_sends_is_not_read_to_its_end() {
    let oomnitza = start();
    let body = format!("[{{\"USER\":\"{}\"}}]", "x".repeat(33 << 20));
    // The answer, or a reset when it comes too early for the client.
    _ = client::send(
        Method::POST,
        &format!("{}{USERS}", oomnitza.url()),
        &UPLOAD,
        Some(&body),
    )
    .await;
    let ledger = oomnitza.ledger();
    assert_eq!(
        (ledger.violations, ledger.records),
        (vec![format!("POST {USERS}: its body is too large")], 0)
    );
}

#[tokio::test]
async fn assets_are_told_apart_by_their_sync_field() {
    let oomnitza = start();
    let assets = r#"{"integration_id":"X","sync_field":"ID","assets":[{"ID":"7","USER":"a"}],"update_only":"False"}"#;
    let target = "/api/v2/bulk/assets?VERSION=1.1.0";
    during(&oomnitza, target, assets, async {
        assert_eq!(upload(&oomnitza, target, assets).await, 200);
    })
    .await;
    assert_eq!(
        oomnitza.ledger().violations,
        [r#"two uploads in flight have a record of "7""#]
    );
}

#[test]
fn dropping_the_handle_closes_the_port() {
    let oomnitza = start();
    let address = oomnitza.listener.address();
    assert!(address.ip().is_loopback());
    let open = std::net::TcpStream::connect(address).unwrap();
    drop(oomnitza);
    assert!(std::net::TcpStream::connect(address).is_err());
    let mut rest = Vec::new();
    // An end or a reset, but no waiting.
    _ = std::io::Read::read_to_end(&mut &open, &mut rest);
    assert!(rest.is_empty());
}
