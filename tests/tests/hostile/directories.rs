//! Searches that no section grants, and too much of what it grants (H-22, H-50, H-51). A directory that is hostile itself is met in the
//! room's own tests.

use std::time::Duration;

use oomnitza_connector::sandbox::Granted;
use oomnitza_connector::standin::ldap::{Fault, Ldap, Settings};

use crate::attack::Attack;
use crate::child::in_child;

/// A directory with its base and five people, who have two references.
fn directory() -> Ldap {
    let references = vec![
        "ldap://127.0.0.1:1/dc=a".to_owned(),
        "ldap://127.0.0.1:1/dc=b".to_owned(),
    ];
    Ldap::start(Settings {
        people: 5,
        allows_anonymous: true,
        references,
        ..Settings::default()
    })
    .unwrap()
}

fn search(directory: &Ldap) -> Attack {
    Attack::of("search").setting("directory", &directory.url())
}

/// What the guest is told of one search, with a setting and a limit of the test's choice.
async fn told(name: &str, value: &str, limit: impl FnOnce(&mut Attack)) -> String {
    search(&directory())
        .setting(name, value)
        .limited(limit)
        .run()
        .await
        .said()
}

/// The ground that the others stand on.
#[tokio::test]
async fn a_search_within_its_limits_is_answered() {
    let directory = directory();
    assert_eq!(search(&directory).run().await.said(), "6 entries on 3 pages");
    assert_eq!(directory.ledger().violations, Vec::<String>::new());
}

/// Each limit with a tiny value: what the guest asks for, and what an honest directory answers.
#[tokio::test]
async fn a_search_is_held_to_its_limits() {
    type Case = (&'static str, &'static str, fn(&mut Attack), &'static str);
    let cases: [Case; 18] = [
        (
            "filter",
            "(mail=a*)",
            |attack| attack.ldap.filter_bytes = 8,
            "the filter `(mail=a*)` cannot be used: it has 9 bytes, the limit is 8",
        ),
        (
            "filter",
            "(!(!(a=b)))",
            |attack| attack.ldap.filter_depth = 2,
            "the filter `(!(!(a=b)))` cannot be used: it is more than 2 levels deep",
        ),
        (
            "base",
            "dc=acme,dc=example",
            |attack| attack.ldap.base_bytes = 16,
            "the base has 18 bytes, the limit is 16",
        ),
        (
            "attributes",
            "mail,uid",
            |attack| attack.ldap.attributes = 1,
            "the source answered something unexpected: the search asks for 2 attributes, the limit is 1",
        ),
        (
            "attributes",
            "mail",
            |attack| attack.ldap.attribute_bytes = 3,
            "`mail` is not the name of an attribute",
        ),
        (
            "page_size",
            "4",
            |attack| attack.ldap.page_entries = 3,
            "a page of 4 entries is asked for, the limit is 3",
        ),
        (
            "times",
            "1",
            |attack| attack.ldap.url_bytes = 10,
            "the source answered something unexpected: the URL has ",
        ),
        (
            "times",
            "3",
            |attack| attack.ldap.connections = 2,
            "the source answered something unexpected: the run has opened 2 connections, which is the limit",
        ),
        (
            "times",
            "3",
            |attack| attack.ldap.searches = 2,
            "the source answered something unexpected: the run has started 2 searches, which is the limit",
        ),
        (
            "times",
            "3",
            |attack| attack.ldap.entries = 10,
            "the source answered something unexpected: the run has read 10 entries, which is the limit",
        ),
        (
            "times",
            "1",
            |attack| attack.ldap.resources = 1,
            "the source answered something unexpected: 1 connections and results at once are the limit",
        ),
        (
            "times",
            "1",
            |attack| attack.ldap.message_bytes = 40,
            "the source answered something unexpected: the server announces a message of ",
        ),
        (
            "times",
            "1",
            |attack| attack.ldap.message_depth = 3,
            "the source answered something unexpected: a message is more than 3 levels deep",
        ),
        (
            "times",
            "1",
            |attack| attack.ldap.message_elements = 6,
            "the source answered something unexpected: a message has more than 6 elements",
        ),
        (
            "page_size",
            "0",
            |attack| attack.ldap.page_others = 1,
            "the source answered something unexpected: a page comes with more than 1 messages that are no entries",
        ),
        (
            "times",
            "1",
            |attack| attack.ldap.page_bytes = 1,
            "6 entries on 8 pages",
        ),
        (
            "page_size",
            "0",
            |attack| attack.ldap.page_entries = 4,
            "6 entries on 2 pages",
        ),
        (
            "attributes",
            "",
            |attack| attack.ldap.attributes = 0,
            "the source answered something unexpected: the search asks for 1 attributes, the limit is 0",
        ),
    ];
    let mut others = Vec::new();
    for (name, value, limit, expected) in cases {
        let said = told(name, value, limit).await;
        if !said.starts_with(expected) {
            others.push(format!("{name} {value}: {said} instead of {expected}"));
        }
    }
    assert_eq!(others, Vec::<String>::new());
}

#[tokio::test]
async fn a_directory_that_gets_nowhere_is_left() {
    let empty = directory();
    empty.inject(1, Fault::EmptyPage);
    let said = search(&empty)
        .limited(|attack| attack.ldap.empty_pages = 1)
        .run()
        .await
        .said();
    assert_eq!(
        said,
        "the source answered something unexpected: the directory sends 1 empty pages in a row"
    );
    let slow = directory();
    slow.inject(1, Fault::Wait(Duration::from_secs(20)));
    let said = search(&slow)
        .limited(|attack| attack.ldap.answer = Duration::from_millis(100))
        .run()
        .await
        .said();
    assert_eq!(said, "the source did not answer in time: the directory did not answer");
}

/// H-50: in a process of its own, since the parser behind the check would take it along.
#[test]
fn a_filter_that_would_bring_the_parser_down_is_refused() {
    in_child(
        "directories::a_filter_that_would_bring_the_parser_down_is_refused",
        async {
            let deep = |levels: usize| format!("{}(a=b){}", "(!".repeat(levels), ")".repeat(levels));
            for (filter, expected) in [
                (deep(20_000), "cannot be used: it has 60005 bytes, the limit is 8192"),
                (deep(2_000), "cannot be used: it is more than 32 levels deep"),
                (
                    format!("(a={})", "x".repeat(1 << 20)),
                    "cannot be used: it has 1048580 bytes, the limit is 8192",
                ),
                ("(a=b".to_owned(), "cannot be used: its parentheses do not match"),
                ("(a=b))".to_owned(), "cannot be used: its parentheses do not match"),
                (
                    "(a=\0)".to_owned(),
                    "cannot be used: it holds a zero byte, which is written \\00",
                ),
                (
                    "(uid=*)(uid=*)".to_owned(),
                    "cannot be used: it is not a filter (RFC 4515)",
                ),
            ] {
                let said = told("filter", &filter, |_| ()).await;
                assert!(said.starts_with("the filter `") && said.ends_with(expected), "{said}");
            }
        },
    );
}

/// H-51: passwords, neither asked for nor guessed; and places that the section does not name.
#[tokio::test]
async fn passwords_and_other_places_are_denied() {
    for name in [
        "userPassword",
        "UNICODEPWD",
        "ms-Mcs-AdmPwd",
        "msLAPS-Password",
        "userPassword;binary",
    ] {
        let said = told("attributes", name, |_| ()).await;
        assert_eq!(said, format!("the attribute `{name}` holds passwords"));
    }
    let said = told("filter", "(|(uid=a)(userPassword=s*))", |_| ()).await;
    assert_eq!(said, "the attribute `userPassword` holds passwords");
    let said = told("attributes", "2.5.4.4", |_| ()).await;
    assert_eq!(
        said,
        "the attribute `2.5.4.4` is asked for by its number, and not by its name"
    );
    let said = told("base", "dc=\0", |_| ()).await;
    assert_eq!(said, "the base holds a zero byte");
    let directory = directory();
    for (other, expected) in [
        (
            "ldap://192.0.2.1",
            "ldap://192.0.2.1 may not be reached: the section does not name this place",
        ),
        (
            "ldaps://127.0.0.1",
            "ldaps://127.0.0.1 may not be reached: the section does not name this place",
        ),
    ] {
        let said = search(&directory).setting("other_directory", other).run().await.said();
        assert_eq!(said, expected);
    }
    assert_eq!(directory.ledger().connections, 0);
}

/// H-22: what a guest never lets go of is counted, and closed after it.
#[tokio::test]
async fn connections_that_are_hoarded_come_to_an_end() {
    let directory = directory();
    let hoard = |size: usize| {
        Attack::of("hoard-connections")
            .setting("directory", &directory.url())
            .size(size)
    };
    let outcome = hoard(4).limited(|attack| attack.ldap.resources = 3).run().await;
    assert_eq!(
        outcome.said(),
        "the source answered something unexpected: 3 connections and results at once are the limit"
    );
    assert_eq!(hoard(16).run().await.said(), "it holds 16 connections");
    assert_eq!(
        hoard(17).run().await.said(),
        "the source answered something unexpected: 16 connections and results at once are the limit"
    );
}

/// H-12: what the settings do not give, the component cannot have; nothing of it runs.
#[tokio::test]
async fn what_is_not_granted_cannot_be_imported() {
    for (granted, interface) in [
        (
            Granted {
                http: true,
                ..Granted::default()
            },
            "ldap",
        ),
        (
            Granted {
                ldap: true,
                ..Granted::default()
            },
            "http",
        ),
    ] {
        let outcome = Attack::of("good")
            .limited(|attack| attack.granted = granted)
            .run()
            .await;
        assert_eq!(
            outcome.said(),
            format!(
                "the component imports `oomnitza:connector/{interface}@0.1.0`, but its description names no endpoint for it"
            )
        );
    }
}
