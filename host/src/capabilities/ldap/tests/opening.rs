//! Reaching, securing and binding.

use std::io::Write as _;
use std::time::Duration;

use super::peer::{Identity, Peer, Request, answer, nobody, result, serve, serve_with, success};
use super::*;

/// Version, name and password of a bind.
fn credential(request: Request) -> (u8, String, String) {
    assert!(!request.has_controls);
    let mut parts = request
        .content
        .expect_constructed()
        .unwrap()
        .into_iter()
        .map(|part| part.expect_primitive().unwrap());
    let version = parts.next().unwrap()[0];
    let mut text = || String::from_utf8(parts.next().unwrap()).unwrap();
    (version, text(), text())
}

async fn answer_bind(mut peer: Peer) -> (u8, String, String) {
    let request = peer.request().await.unwrap();
    peer.answer(1, success(), None).await;
    credential(request)
}

#[tokio::test]
async fn a_slot_binds_with_its_name_and_password_in_the_version_asked_for() {
    for (auth, version, expected) in [
        (Some("bind"), Version::V3, (3, NAME, PASSWORD)),
        (Some("bind"), Version::V2, (2, NAME, PASSWORD)),
        (Some("nobody"), Version::V3, (3, "", "")),
        (Some("bare"), Version::V3, (3, NAME, "")),
        (None, Version::V2, (2, "", "")),
    ] {
        let (url, served) = serve(answer_bind).await;
        let mut guest = Guest::new(&url);
        let target = Target {
            auth: auth.map(str::to_owned),
            version,
            ..guest.target()
        };
        guest.open_target(target).await.unwrap();
        let (version, name, password) = served.await.unwrap();
        assert_eq!((version, name.as_str(), password.as_str()), expected);
    }
}

#[tokio::test]
async fn a_refused_bind_is_told_with_the_servers_words_and_without_the_secret() {
    let refuse = |code, message: &'static str| async move {
        let (url, _served) = serve(move |mut peer: Peer| async move {
            peer.request().await;
            peer.answer(1, result(code, message), None).await;
        })
        .await;
        Guest::new(&url).open().await.unwrap_err()
    };
    let active_directory = "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e, v1db1";
    assert_eq!(
        refuse(49, active_directory).await,
        format!("bind 49: {active_directory}")
    );
    assert_eq!(refuse(8, "").await, "bind 8: ");
    assert_eq!(
        refuse(49, "no `correct horse`\n\x1b[2J").await,
        "bind 49: no `[redacted]`\\n\\u{1b}[2J"
    );
    let long: &'static str = "x".repeat(5_000).leak();
    assert_eq!(refuse(53, long).await, format!("bind 53: {}…", "x".repeat(1_000)));
}

#[tokio::test]
async fn a_secured_connection_is_with_whom_the_certificate_names() {
    let identity = Identity::new();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(identity.pem.as_bytes()).unwrap();
    let trusting = TlsSettings {
        cacert_file: Some(file.path().to_owned()),
        ..TlsSettings::default()
    };
    let (url, served) = serve_with(Some(identity), answer_bind).await;
    Guest::with(&url, Limits::default(), timeouts(), trusting.clone())
        .open()
        .await
        .unwrap();
    assert_eq!(served.await.unwrap().2, PASSWORD);

    let (url, _served) = serve_with(Some(Identity::new()), answer_bind).await;
    let error = Guest::with(&url, Limits::default(), timeouts(), trusting)
        .open()
        .await
        .unwrap_err();
    assert!(
        error.starts_with("unreachable: no secure connection to ldaps://127.0.0.1:"),
        "{error}"
    );
    assert!(error.contains(": its certificate "), "{error}");
}

fn unverified() -> TlsSettings {
    TlsSettings {
        verify: false,
        ..TlsSettings::default()
    }
}

async fn open_with_start_tls(url: &str) -> Result<Resource<Connection>, String> {
    let mut guest = Guest::with(url, Limits::default(), timeouts(), unverified());
    let target = Target {
        start_tls: true,
        ..guest.target()
    };
    guest.open_target(target).await
}

#[tokio::test]
async fn start_tls_secures_the_connection_before_the_bind() {
    let (url, served) = serve(|mut peer: Peer| async move {
        let request = peer.request().await.unwrap();
        assert_eq!(request.operation, 23);
        let name = request
            .content
            .expect_constructed()
            .unwrap()
            .remove(0)
            .expect_primitive()
            .unwrap();
        assert_eq!(name, b"1.3.6.1.4.1.1466.20037");
        peer.answer(24, success(), None).await;
        answer_bind(peer.secured(&Identity::new()).await).await
    })
    .await;
    open_with_start_tls(&url).await.unwrap();
    assert_eq!(served.await.unwrap(), (3, NAME.to_owned(), PASSWORD.to_owned()));
}

#[tokio::test]
async fn without_start_tls_there_is_no_bind() {
    type Say = fn(u32) -> Vec<u8>;
    let cases: [(Say, &str); 6] = [
        (
            |id| answer(id, 24, result(2, "unsupported extended operation"), None),
            "refused 2: unsupported extended operation",
        ),
        (|id| answer(id, 24, result(52, ""), None), "refused 52: "),
        // A bind's answer, slipped in before TLS: it would be the first thing read over what passes for secured.
        (
            |id| [answer(id, 24, success(), None), answer(id + 1, 1, success(), None)].concat(),
            "protocol: the server sends more before the connection is secured than its answer",
        ),
        (
            |id| answer(id + 1, 24, success(), None),
            "protocol: the server answers request 2, the one it was sent is 1",
        ),
        (
            |id| answer(id, 1, success(), None),
            "protocol: the server gives an answer of another kind than was asked for",
        ),
        (
            |_| b"+OK\r\n".to_vec(),
            "protocol: a message begins with 0x2b, which is not LDAP",
        ),
    ];
    for (say, expected) in cases {
        let (url, served) = serve(move |mut peer: Peer| async move {
            peer.request().await.unwrap();
            let said = say(peer.id);
            peer.send(&said).await;
            peer.request().await.is_none()
        })
        .await;
        assert_eq!(open_with_start_tls(&url).await.unwrap_err(), expected);
        assert!(served.await.unwrap(), "nothing more was sent");
    }
}

#[tokio::test]
async fn targets_that_are_not_granted_or_not_well_formed_are_refused_before_anything_is_dialled() {
    let mut guest = Guest::new("ldap://127.0.0.1:1");
    let target = |url: &str| Target {
        url: url.to_owned(),
        auth: None,
        version: Version::V3,
        start_tls: false,
    };
    for (target, expected) in [
        (
            target("ldap://127.0.0.1:2"),
            "denied: ldap://127.0.0.1:2 may not be reached: the section does not name this place",
        ),
        (
            target("ldaps://127.0.0.1:1"),
            "denied: ldaps://127.0.0.1:1 may not be reached: the section does not name this place",
        ),
        (
            target("ldap://u:p@127.0.0.1:1"),
            "denied: ldap://127.0.0.1:1 may not be reached: a user name or password in it is not allowed",
        ),
        (
            target("https://127.0.0.1:1"),
            "denied: `https` is neither ldaps nor ldap",
        ),
        (
            target("ldapi:///var/run/slapd"),
            "denied: `ldapi` is neither ldaps nor ldap",
        ),
        (
            target("127.0.0.1"),
            "invalid-input: the URL cannot be read: relative URL without a base",
        ),
        (
            target("ldap://127.0.0.1:1 ldap://b"),
            "invalid-input: the URL holds a character that must be encoded",
        ),
        (
            Target {
                auth: Some("other".into()),
                ..target("ldap://127.0.0.1:1")
            },
            "denied: there is no auth slot `other`",
        ),
        (
            Target {
                start_tls: true,
                ..target("ldaps://127.0.0.1:1")
            },
            "invalid-input: StartTLS secures an ldap:// connection; ldaps:// is secured already",
        ),
        (
            Target {
                start_tls: true,
                version: Version::V2,
                ..target("ldap://127.0.0.1:1")
            },
            "invalid-input: version 2 knows no StartTLS",
        ),
    ] {
        assert_eq!(guest.open_target(target).await.unwrap_err(), expected);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_or_says_nothing_is_told_as_that() {
    let error = Guest::new(&nobody().await).open().await.unwrap_err();
    assert!(
        error.starts_with("unreachable: no connection to ldap://127.0.0.1:"),
        "{error}"
    );

    let (url, _served) = serve(|_peer: Peer| async {}).await;
    let error = Guest::new(&url).open().await.unwrap_err();
    assert!(
        error.starts_with("unreachable: the connection to ldap://127.0.0.1:"),
        "{error}"
    );

    let (url, _served) = serve(Peer::wait).await;
    let hurried = Timeouts {
        first_byte: Duration::from_millis(5),
        ..timeouts()
    };
    assert_eq!(Guest::hurried(&url, hurried).open().await.unwrap_err(), "timed-out");
}

#[tokio::test]
async fn a_run_opens_so_many_connections_and_holds_so_many() {
    let mut guest = Guest::limited(
        "ldap://127.0.0.1:1",
        Limits {
            connections: 0,
            ..Limits::default()
        },
    );
    assert_eq!(
        guest.open().await.unwrap_err(),
        "too-large: the run has opened 0 connections, which is the limit"
    );
    let (url, _served) = serve(|peer: Peer| async { peer.bound().await.wait().await }).await;
    let mut guest = Guest::limited(
        &url,
        Limits {
            resources: 1,
            ..Limits::default()
        },
    );
    let connection = guest.open().await.unwrap();
    let error = guest.search(&connection, search(0)).await.unwrap_err();
    assert_eq!(error, "too-large: 1 connections and results at once are the limit");
}

#[tokio::test]
async fn a_connection_that_is_dropped_says_goodbye() {
    let (url, served) = serve(|peer: Peer| async {
        let mut peer = peer.bound().await;
        (
            peer.request().await.map(|request| request.operation),
            peer.request().await.is_none(),
        )
    })
    .await;
    let mut guest = Guest::new(&url);
    let connection = guest.open().await.unwrap();
    guest.close(connection).await;
    assert_eq!(served.await.unwrap(), (Some(2), true));
}
