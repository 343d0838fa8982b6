//! Searches as they should go.

use std::time::Duration;

use super::peer::{Peer, Request, entry, reference, result, serve, success};
use super::*;

/// A server that is bound to and then follows `script`.
async fn directory<F, T>(script: impl FnOnce(Peer) -> F + Send + 'static) -> (String, tokio::task::JoinHandle<T>)
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    serve(|peer: Peer| async move { script(peer.bound().await).await }).await
}

#[tokio::test]
async fn pages_are_asked_for_one_after_the_other_and_an_empty_one_is_not_the_end() {
    let (url, served) = directory(|mut peer: Peer| async move {
        let mut asked = Vec::new();
        for (names, cookie) in [
            (&["cn=a", "cn=b"][..], &b"\x00\xffone"[..]),
            (&[], b"two"),
            (&["cn=c"], b""),
        ] {
            asked.push(peer.request().await.unwrap().page.unwrap());
            peer.entries(names).await;
            peer.page_ends(cookie).await;
        }
        asked
    })
    .await;
    let mut guest = Guest::new(&url);
    let (pages, error) = guest.run(search(2)).await;
    assert_eq!(error, None);
    assert_eq!(pages, [vec!["cn=a", "cn=b"], vec![], vec!["cn=c"]]);
    assert_eq!(
        served.await.unwrap(),
        [(2, b"".to_vec()), (2, b"\x00\xffone".to_vec()), (2, b"two".to_vec())]
    );
    let statistics = guest.state.statistics();
    assert_eq!((statistics.searches, statistics.entries), (1, 3));
    assert!(statistics.received_bytes > 100);
}

#[tokio::test]
async fn a_search_says_what_the_guest_asked_for_and_version_2_sends_no_control() {
    let (url, served) = directory(|mut peer: Peer| async move {
        let request = peer.request().await.unwrap();
        peer.entries(&["cn=a"]).await;
        peer.answer(5, success(), None).await;
        request
    })
    .await;
    let mut guest = Guest::new(&url);
    let connection = guest
        .open_target(Target {
            version: Version::V2,
            ..guest.target()
        })
        .await
        .unwrap();
    let refused = guest.search(&connection, search(500)).await.unwrap_err();
    assert_eq!(refused, "invalid-input: version 2 knows no paging");
    let wanted = Search {
        scope: Scope::OneLevel,
        attributes: vec!["mail".into(), "sn".into()],
        ..search(0)
    };
    let results = guest.search(&connection, wanted).await.unwrap();
    assert_eq!(guest.next(&results).await.unwrap().unwrap().len(), 1);
    assert!(guest.next(&results).await.unwrap().is_none());
    let Request {
        operation,
        content,
        has_controls,
        ..
    } = served.await.unwrap();
    assert_eq!((operation, has_controls), (3, false));
    let content = format!("{:?}", content.expect_constructed().unwrap());
    let base = format!("P({:?})", b"dc=example,dc=test");
    assert!(
        content.contains(&base) && content.contains(&format!("P({:?})", b"sn")),
        "{content}"
    );
}

#[tokio::test]
async fn entries_come_as_they_are_but_for_passwords_and_references() {
    let (url, _served) = directory(|mut peer: Peer| async move {
        peer.request().await;
        peer.answer(19, reference(), None).await;
        let attributes: [(&str, &[&[u8]]); 6] = [
            ("objectGUID", &[&[0x96, 0x28, 0x00, 0xff]]),
            ("userPassword", &[b"{SSHA}x"]),
            ("member;range=0-1499", &[b"cn=b", b"cn=a"]),
            ("UNICODEPWD;x", &[b"x"]),
            ("empty", &[]),
            ("homeDirectory", &[br"\\srv\share"]),
        ];
        peer.answer(4, entry("cn=Doe\\, John", &attributes), None).await;
        peer.answer(19, reference(), None).await;
        peer.answer(25, vec![], None).await;
        peer.page_ends(b"").await;
    })
    .await;
    let mut guest = Guest::new(&url);
    let connection = guest.open().await.unwrap();
    let results = guest
        .search(
            &connection,
            Search {
                attributes: vec![],
                ..search(500)
            },
        )
        .await
        .unwrap();
    let entries = guest.next(&results).await.unwrap().unwrap();
    assert!(guest.next(&results).await.unwrap().is_none());
    let [entry] = entries.as_slice() else {
        panic!("{entries:?}")
    };
    assert_eq!(entry.dn, "cn=Doe\\, John");
    let attributes: Vec<(&str, &[Vec<u8>])> = entry
        .attributes
        .iter()
        .map(|attribute| (attribute.name.as_str(), attribute.values.as_slice()))
        .collect();
    let expected: [(&str, &[Vec<u8>]); 4] = [
        ("objectGUID", &[vec![0x96, 0x28, 0x00, 0xff]]),
        ("member;range=0-1499", &[b"cn=b".to_vec(), b"cn=a".to_vec()]),
        ("empty", &[]),
        ("homeDirectory", &[br"\\srv\share".to_vec()]),
    ];
    assert_eq!(attributes, expected);
}

#[tokio::test]
async fn a_server_that_ignores_paging_has_sent_everything_and_is_read_in_pages_all_the_same() {
    let (url, _served) = directory(|mut peer: Peer| async move {
        peer.request().await;
        peer.entries(&["cn=a", "cn=b", "cn=c", "cn=d", "cn=e"]).await;
        peer.answer(5, success(), None).await;
    })
    .await;
    let (pages, error) = Guest::limited(
        &url,
        Limits {
            page_entries: 2,
            ..Limits::default()
        },
    )
    .run(search(2))
    .await;
    assert_eq!(
        (pages, error),
        (
            vec![
                vec!["cn=a".into(), "cn=b".into()],
                vec!["cn=c".into(), "cn=d".into()],
                vec!["cn=e".into()]
            ],
            None
        )
    );
}

#[tokio::test]
async fn a_page_of_large_entries_is_handed_over_in_pieces() {
    let (url, _served) = directory(|mut peer: Peer| async move {
        peer.request().await;
        for name in ["cn=a", "cn=b", "cn=c"] {
            peer.answer(4, entry(name, &[("jpegPhoto", &[&[7; 600]])]), None).await;
        }
        peer.page_ends(b"").await;
    })
    .await;
    let (pages, error) = Guest::limited(
        &url,
        Limits {
            page_bytes: 1_000,
            ..Limits::default()
        },
    )
    .run(search(500))
    .await;
    assert_eq!(
        (pages, error),
        (vec![vec!["cn=a".into(), "cn=b".into()], vec!["cn=c".into()]], None)
    );
}

#[tokio::test]
async fn no_more_entries_are_asked_for_than_are_wanted() {
    // With paging: pages are as small as what is left.
    let (url, served) = directory(|mut peer: Peer| async move {
        let first = peer.request().await.unwrap().page.unwrap().0;
        peer.entries(&["cn=a", "cn=b"]).await;
        peer.page_ends(b"more").await;
        let second = peer.request().await.unwrap().page.unwrap().0;
        peer.entries(&["cn=c", "cn=d"]).await;
        (first, second, peer.request().await.unwrap().operation)
    })
    .await;
    let (pages, error) = Guest::new(&url)
        .run(Search {
            limit: Some(3),
            ..search(2)
        })
        .await;
    assert_eq!(
        (pages, error),
        (vec![vec!["cn=a".into(), "cn=b".into()], vec!["cn=c".into()]], None)
    );
    // What the server sends beyond is abandoned.
    assert_eq!(served.await.unwrap(), (2, 1, 16));

    // Without: the server is told, and that it stops there is no failure.
    let (url, served) = directory(|mut peer: Peer| async move {
        let request = peer.request().await.unwrap();
        peer.entries(&["cn=a", "cn=b"]).await;
        peer.answer(5, result(4, ""), None).await;
        request
            .content
            .expect_constructed()
            .unwrap()
            .remove(3)
            .expect_primitive()
            .unwrap()
    })
    .await;
    let (pages, error) = Guest::new(&url)
        .run(Search {
            limit: Some(2),
            ..search(0)
        })
        .await;
    assert_eq!((pages, error), (vec![vec!["cn=a".into(), "cn=b".into()]], None));
    assert_eq!(served.await.unwrap(), [2]);

    let (url, _served) = directory(Peer::wait).await;
    assert_eq!(
        Guest::new(&url)
            .run(Search {
                limit: Some(0),
                ..search(2)
            })
            .await,
        (vec![], None)
    );
}

#[tokio::test]
async fn a_search_that_is_dropped_is_abandoned_and_the_next_one_gets_its_own_answers() {
    let (url, served) = directory(|mut peer: Peer| async move {
        peer.request().await;
        let first = peer.id;
        peer.entries(&["cn=old"]).await;
        peer.page_ends(b"more").await;
        let ahead = peer.request().await.unwrap();
        let abandoned = peer.request().await.unwrap();
        let second = peer.request().await.unwrap();
        let now = peer.id;
        // What was on its way.
        peer.id = now - 2;
        peer.entries(&["cn=late"]).await;
        peer.page_ends(b"even more").await;
        peer.id = now;
        peer.entries(&["cn=new"]).await;
        peer.page_ends(b"").await;
        (
            first,
            ahead.page.unwrap().1,
            abandoned.content.expect_primitive().unwrap(),
            second.operation,
        )
    })
    .await;
    let mut guest = Guest::new(&url);
    let connection = guest.open().await.unwrap();
    let results = guest.search(&connection, search(1)).await.unwrap();
    assert_eq!(
        guest.search(&connection, search(1)).await.unwrap_err(),
        "invalid-input: a search is under way on this connection"
    );
    assert_eq!(guest.next(&results).await.unwrap().unwrap()[0].dn, "cn=old");
    guest.forget(results).await;
    let results = guest.search(&connection, search(1)).await.unwrap();
    assert_eq!(guest.next(&results).await.unwrap().unwrap()[0].dn, "cn=new");
    assert!(guest.next(&results).await.unwrap().is_none());
    assert_eq!(served.await.unwrap(), (2, b"more".to_vec(), vec![3], 3));
}

#[tokio::test]
async fn results_end_with_their_connection() {
    let (url, _served) = directory(Peer::wait).await;
    let mut guest = Guest::new(&url);
    let connection = guest.open().await.unwrap();
    let results = guest.search(&connection, search(1)).await.unwrap();
    guest.close(connection).await;
    assert_eq!(
        guest.next(&results).await.unwrap_err(),
        "other: the connection is closed"
    );
    guest.forget(results).await;
}

#[tokio::test]
async fn a_call_that_is_given_up_takes_the_search_and_its_connection_with_it() {
    let (url, _served) = directory(Peer::wait).await;
    let mut guest = Guest::new(&url);
    let connection = guest.open().await.unwrap();
    let results = guest.search(&connection, search(1)).await.unwrap();
    assert!(
        tokio::time::timeout(Duration::from_millis(5), guest.next(&results))
            .await
            .is_err()
    );
    assert_eq!(guest.next(&results).await.unwrap_err(), "other: the search was lost");
    guest.forget(results).await;
    assert_eq!(
        guest.search(&connection, search(1)).await.unwrap_err(),
        "other: the connection is closed"
    );
}

#[tokio::test]
async fn searches_that_may_not_be_are_refused_and_nothing_is_sent() {
    let (url, served) = directory(|mut peer: Peer| async move { peer.request().await.is_none() }).await;
    let mut guest = Guest::new(&url);
    let connection = guest.open().await.unwrap();
    for (wanted, expected) in [
        (
            Search {
                filter: "(uid=*)(uid=*)".into(),
                ..search(1)
            },
            "invalid-input: the filter `(uid=*)(uid=*)` cannot be used: it is not a filter (RFC 4515)",
        ),
        (
            Search {
                filter: "(userPassword=a*)".into(),
                ..search(1)
            },
            "denied: the attribute `userPassword` holds passwords",
        ),
        (
            Search {
                attributes: vec!["ms-Mcs-AdmPwd".into()],
                ..search(1)
            },
            "denied: the attribute `ms-Mcs-AdmPwd` holds passwords",
        ),
        (
            Search {
                base: "dc=\0".into(),
                ..search(1)
            },
            "invalid-input: the base holds a zero byte",
        ),
        (
            Search {
                base: "x".repeat(9_000),
                ..search(1)
            },
            "invalid-input: the base has 9000 bytes, the limit is 8192",
        ),
        (
            search(1_001),
            "invalid-input: a page of 1001 entries is asked for, the limit is 1000",
        ),
    ] {
        assert_eq!(guest.search(&connection, wanted).await.unwrap_err(), expected);
    }
    drop(guest);
    assert!(served.await.unwrap());
}

#[tokio::test]
async fn a_search_that_the_directory_has_forgotten_begins_again_and_not_without_end() {
    /// Two entries, and then what a directory says that was restarted, so often; then both pages.
    async fn forgetful(times: u32, limits: Limits) -> (Vec<Vec<String>>, Option<String>) {
        let (url, _served) = directory(move |mut peer: Peer| async move {
            for _ in 0..times {
                assert_eq!(peer.request().await.unwrap().page.unwrap(), (2, vec![]));
                peer.entries(&["cn=a", "cn=b"]).await;
                peer.page_ends(b"one").await;
                assert_eq!(peer.request().await.unwrap().page.unwrap().1, b"one");
                peer.answer(5, result(53, "paged results cookie is invalid or old"), None)
                    .await;
            }
            peer.request().await;
            peer.entries(&["cn=a", "cn=b"]).await;
            peer.page_ends(b"two").await;
            peer.request().await;
            peer.entries(&["cn=c"]).await;
            peer.page_ends(b"").await;
        })
        .await;
        Guest::limited(&url, limits).run(search(2)).await
    }
    let (pages, error) = forgetful(1, Limits::default()).await;
    assert_eq!(
        (pages.concat(), error),
        (
            ["cn=a", "cn=b", "cn=a", "cn=b", "cn=c"].map(str::to_owned).to_vec(),
            None
        )
    );
    let (pages, error) = forgetful(4, Limits::default()).await;
    assert_eq!(pages.concat().len(), 8);
    let strict = Limits {
        restarts: 1,
        ..Limits::default()
    };
    let (few, same) = forgetful(2, strict).await;
    assert_eq!((few.concat().len(), &same), (4, &error));
    assert_eq!(
        error.as_deref(),
        Some("refused 53: paged results cookie is invalid or old")
    );
    // Without a page before there is nothing to be forgotten.
    let (url, _served) = directory(|mut peer: Peer| async move {
        peer.request().await;
        peer.answer(5, result(12, "no paging"), None).await;
        peer.wait().await;
    })
    .await;
    let (pages, error) = Guest::new(&url).run(search(2)).await;
    assert_eq!((pages.len(), error.as_deref()), (0, Some("refused 12: no paging")));
}
