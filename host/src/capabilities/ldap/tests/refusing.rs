//! Servers that refuse, break off, dawdle, lead in circles, or attack (V-13, V-14).

use std::time::Duration;

use super::peer::{Peer, answer, entry, paging, reference, result, sequence, serve, success, text};
use super::*;

/// How a run ends against a server that is bound to, asked once, and then says this.
async fn run_against<F>(
    limits: Limits,
    script: impl FnOnce(Peer) -> F + Send + 'static,
) -> (Vec<Vec<String>>, Option<String>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let (url, _served) = serve(|peer: Peer| async move {
        let mut peer = peer.bound().await;
        peer.request().await.unwrap();
        script(peer).await;
    })
    .await;
    Guest::limited(&url, limits).run(search(2)).await
}

async fn error_of<F>(script: impl FnOnce(Peer) -> F + Send + 'static) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    run_against(Limits::default(), script).await.1.unwrap()
}

#[tokio::test]
async fn what_came_before_a_refusal_is_handed_over_first() {
    let (pages, error) = run_against(Limits::default(), |mut peer: Peer| async move {
        peer.entries(&["cn=a"]).await;
        peer.answer(5, result(4, "size limit"), None).await;
    })
    .await;
    assert_eq!(
        (pages, error.as_deref()),
        (vec![vec!["cn=a".into()]], Some("refused 4: size limit"))
    );

    let (pages, error) = run_against(Limits::default(), |mut peer: Peer| async move {
        peer.entries(&["cn=a", "cn=b"]).await;
    })
    .await;
    let error = error.unwrap();
    assert_eq!(pages, [["cn=a", "cn=b"]]);
    assert!(
        error.starts_with("unreachable: the connection to ldap://127.0.0.1:"),
        "{error}"
    );
}

#[tokio::test]
async fn references_of_version_2_are_passed_over_unless_there_is_nothing_else() {
    const TEXT: &str = "Referral:\nldap://other.example/ou=elsewhere,dc=example,dc=test??sub";
    for (names, text, expected) in [
        (&["cn=a", "cn=b"][..], TEXT, None),
        (&[], TEXT, Some(format!("refused 9: {}", TEXT.replace('\n', "\\n")))),
        (&["cn=a"], "half of it", Some("refused 9: half of it".to_owned())),
    ] {
        let (pages, error) = run_against(Limits::default(), move |mut peer: Peer| async move {
            peer.entries(names).await;
            peer.answer(5, result(9, text), None).await;
        })
        .await;
        assert_eq!(
            (pages.concat().as_slice(), &error),
            (
                names
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect::<Vec<_>>()
                    .as_slice(),
                &expected
            )
        );
    }
}

#[tokio::test]
async fn a_refusal_is_told_with_its_code_and_a_referral_is_not_followed() {
    let refused = |code, text: &'static str| {
        error_of(move |mut peer: Peer| async move { peer.answer(5, result(code, text), None).await })
    };
    assert_eq!(refused(32, "0000208D: NameErr").await, "refused 32: 0000208D: NameErr");
    assert_eq!(
        refused(12, "critical extension").await,
        "refused 12: critical extension"
    );
    let referral = error_of(|mut peer: Peer| async move {
        let mut content = result(10, "");
        let urls = lber::structures::Sequence {
            id: 3,
            class: lber::common::TagClass::Context,
            inner: reference(),
        };
        content.push(lber::structures::Tag::Sequence(urls));
        peer.answer(5, content, None).await;
    });
    assert_eq!(
        referral.await,
        "refused 10: ldap://evil.example/CN=Configuration,DC=example,DC=test"
    );
    // A notice of disconnection, in the shape of Active Directory.
    let notice = error_of(|mut peer: Peer| async move {
        let name = lber::structures::OctetString {
            id: 10,
            class: lber::common::TagClass::Context,
            inner: b"1.3.6.1.4.1.1466.20036".to_vec(),
        };
        let notice = answer(
            0,
            24,
            result(52, "shutting down"),
            Some(lber::structures::Tag::OctetString(name)),
        );
        peer.send(&notice).await;
    });
    assert_eq!(notice.await, "refused 52: shutting down");
}

#[tokio::test]
async fn a_server_that_falls_silent_or_dawdles_is_not_waited_for() {
    let silent = |timeouts| async move {
        let (url, _served) = serve(|peer: Peer| async {
            let mut peer = peer.bound().await;
            peer.request().await;
            peer.entries(&["cn=a"]).await;
            // Half a message.
            peer.send(&[0x30, 0x20, 2, 1]).await;
            peer.wait().await;
        })
        .await;
        Guest::hurried(&url, timeouts).run(search(2)).await
    };
    let (pages, error) = silent(Timeouts {
        between_bytes: Duration::from_millis(20),
        ..timeouts()
    })
    .await;
    assert_eq!(
        (pages, error.as_deref()),
        (vec![vec!["cn=a".into()]], Some("timed-out"))
    );

    // Never silent, and never done.
    let dawdling = run_against(
        Limits {
            answer: Duration::from_millis(20),
            ..Limits::default()
        },
        |mut peer: Peer| async move {
            let reference = answer(peer.id, 19, reference(), None);
            while peer.send(&reference).await {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        },
    );
    assert_eq!(dawdling.await, (vec![], Some("timed-out".to_owned())));
}

/// Answers each page with what `page` makes of its number, until the other side has enough.
async fn pages(mut peer: Peer, page: impl Fn(u32) -> (Vec<String>, Vec<u8>)) {
    for number in 0.. {
        let (names, cookie) = page(number);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        peer.entries(&names).await;
        peer.page_ends(&cookie).await;
        if peer.request().await.is_none() {
            return;
        }
    }
}

#[tokio::test]
async fn pages_that_lead_in_circles_end_the_search() {
    let circles = "protocol: the directory's pages lead in circles";
    // The same page for ever, whatever cookie it comes with.
    let same = run_against(Limits::default(), |peer| {
        pages(peer, |number| (vec!["cn=a".into()], number.to_be_bytes().to_vec()))
    });
    assert_eq!(same.await, (vec![vec!["cn=a".into()]; 2], Some(circles.to_owned())));
    // Nothing, with the same cookie for ever.
    let nothing = run_against(Limits::default(), |peer| pages(peer, |_| (vec![], b"c".to_vec())));
    assert_eq!(nothing.await, (vec![vec![]], Some(circles.to_owned())));
    // Nothing, with another cookie each time.
    let limits = Limits {
        empty_pages: 5,
        ..Limits::default()
    };
    let empty = run_against(limits, |peer| {
        pages(peer, |number| (vec![], number.to_be_bytes().to_vec()))
    });
    assert_eq!(
        empty.await,
        (
            vec![vec![]; 4],
            Some("protocol: the directory sends 5 empty pages in a row".to_owned())
        )
    );
}

#[tokio::test]
async fn a_cookie_that_stays_the_same_while_pages_differ_is_no_circle() {
    // 389 Directory Server.
    let (found, error) = run_against(Limits::default(), |peer| {
        pages(peer, |number| {
            (
                vec![format!("cn={number}")],
                if number < 9 { b"0".to_vec() } else { vec![] },
            )
        })
    })
    .await;
    assert_eq!((found.len(), error), (10, None));
}

#[tokio::test]
async fn entries_without_end_wait_at_the_server_and_end_at_the_limit() {
    async fn flood(mut peer: Peer) {
        let entry = answer(peer.id, 4, entry("cn=a", &[("jpegPhoto", &[&[7; 60_000]])]), None);
        while peer.send(&entry).await {}
    }
    let (url, _served) = serve(|peer: Peer| async move {
        let mut peer = peer.bound().await;
        peer.request().await.unwrap();
        flood(peer).await;
    })
    .await;
    let mut guest = Guest::limited(
        &url,
        Limits {
            entries: 25,
            page_entries: 10,
            ..Limits::default()
        },
    );
    let connection = guest.open().await.unwrap();
    let results = guest.search(&connection, search(2)).await.unwrap();
    assert_eq!(guest.next(&results).await.unwrap().unwrap().len(), 10);
    // Only what was handed over was taken from the connection.
    assert!(guest.state.statistics().received_bytes < 11 * 60_100);
    assert_eq!(guest.next(&results).await.unwrap().unwrap().len(), 10);
    assert_eq!(guest.next(&results).await.unwrap().unwrap().len(), 5);
    assert_eq!(
        guest.next(&results).await.unwrap_err(),
        "too-large: the run has read 25 entries, which is the limit"
    );
    assert!(guest.next(&results).await.unwrap().is_none());

    let references = run_against(
        Limits {
            page_others: 100,
            ..Limits::default()
        },
        |mut peer: Peer| async move {
            let reference = answer(peer.id, 19, reference(), None);
            while peer.send(&reference).await {}
        },
    );
    let expected = "too-large: a page comes with more than 100 messages that are no entries";
    assert_eq!(references.await, (vec![], Some(expected.to_owned())));
}

#[tokio::test]
async fn answers_that_nobody_asked_for_end_the_search() {
    for (id, operation, expected) in [
        (9, 4, "protocol: the server answers request 9, the one it was sent is 2"),
        (0, 5, "protocol: the server answers request 0, the one it was sent is 2"),
        (
            2,
            1,
            "protocol: the server gives an answer of another kind than was asked for",
        ),
        (
            2,
            24,
            "protocol: the server gives an answer of another kind than was asked for",
        ),
        (
            2,
            11,
            "protocol: the server answers with operation 11, which nobody asked for",
        ),
        (2, 3, "protocol: a message has the tag 0x63, which is no answer"),
        (2, 30, "protocol: a message has the tag 0x7e, which is no answer"),
    ] {
        let error = error_of(move |mut peer: Peer| async move {
            let content = if operation == 4 { entry("cn=a", &[]) } else { success() };
            let message = answer(id, operation, content, None);
            peer.send(&message).await;
            peer.wait().await;
        });
        assert_eq!(error.await, expected);
    }
}

#[tokio::test]
async fn messages_that_bring_parsers_down_end_the_connection_and_nothing_else() {
    let nested = |levels: u32| {
        let mut bytes = Vec::new();
        for level in (0..levels).rev() {
            bytes.extend_from_slice(&[0x30, 0x84]);
            bytes.extend_from_slice(&(level * 6 + 2).to_be_bytes());
        }
        [bytes.as_slice(), &[4, 0]].concat()
    };
    let empty = answer(2, 4, vec![text("cn=a"), sequence(vec![text(""); 200_000])], None);
    let photo = answer(2, 4, entry("cn=a", &[("jpegPhoto", &[&vec![0; 5 << 20]])]), None);
    // Behind a control's string, where a walk over the message does not look.
    let mut hidden = answer(2, 5, success(), Some(paging(&nested(10_000))));
    let at = hidden
        .windows(8)
        .position(|window| window == &nested(10_000)[..8])
        .unwrap();
    // The cookie's tag becomes that of something to be parsed.
    let tag = hidden[..at].iter().rposition(|byte| *byte == 4).unwrap();
    hidden[tag] = 0x24;
    for (bytes, expected) in [
        (nested(10_000), "protocol: a message is more than 32 levels deep"),
        (hidden, "protocol: a message is more than 32 levels deep"),
        (empty, "too-large: a message has more than 100000 elements"),
        (photo, "too-large: the server announces a message of 5242"),
        (
            vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 2, 1, 2],
            "too-large: the server announces a message of 4294967295 bytes, the limit is 4194304",
        ),
        (
            vec![0x30, 0x03, 0x04, 0x7f, 0x00],
            "protocol: an element of a message is longer than what it stands in",
        ),
        (
            vec![0x30, 0x80, 2, 1, 2, 0, 0],
            "protocol: an element of a message has no definite length",
        ),
        (
            vec![0x30, 0],
            "protocol: a message is not an id, an operation and perhaps controls",
        ),
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            "protocol: a message begins with 0x48, which is not LDAP",
        ),
    ] {
        // After the bind, and before it, where anybody may be the server.
        let during = bytes.clone();
        let error = error_of(|mut peer: Peer| async move {
            peer.send(&during).await;
            peer.wait().await;
        });
        assert!(error.await.starts_with(expected), "{expected}");
        let (url, _served) = serve(|mut peer: Peer| async move {
            peer.request().await;
            peer.send(&bytes).await;
            peer.wait().await;
        })
        .await;
        let error = Guest::new(&url).open().await.unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}
