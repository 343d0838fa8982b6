//! The stand-in answers a client that is not ours, and goes wrong as asked.

mod wire;

use std::collections::HashSet;

use ldap3::controls::{Control, ControlType, MakeCritical, PagedResults, RawControl};
use ldap3::{LdapConnAsync, LdapError, Mod, ResultEntry, Scope as Depth, SearchEntry, SearchOptions, SearchResult};

use super::*;
use crate::standin::people::{Mobile, person};

const BASE: &str = "dc=acme,dc=example";
const ALL: &str = "(objectClass=*)";

fn start(people: u64) -> Ldap {
    Ldap::start(Settings {
        people,
        ..Settings::default()
    })
    .unwrap()
}

async fn connect(directory: &Ldap) -> ldap3::Ldap {
    let (connection, ldap) = LdapConnAsync::new(&directory.url()).await.unwrap();
    ldap3::drive!(connection);
    ldap
}

async fn bound(directory: &Ldap) -> ldap3::Ldap {
    let mut ldap = connect(directory).await;
    ldap.simple_bind("CN=reader, dc=acme,dc=example", "stand-in-password")
        .await
        .unwrap()
        .success()
        .unwrap();
    ldap
}

async fn search(ldap: &mut ldap3::Ldap, filter: &str, attributes: &[&str]) -> Result<SearchResult, LdapError> {
    ldap.search(BASE, Depth::Subtree, filter, attributes).await
}

/// A page: its entries, and the cookie of the next.
async fn page(ldap: &mut ldap3::Ldap, size: i32, cookie: &[u8]) -> Result<(Vec<SearchEntry>, Vec<u8>), LdapError> {
    let control = PagedResults {
        size,
        cookie: cookie.to_vec(),
    };
    let (entries, result) = search(ldap.with_controls(control.critical()), ALL, &["uid"])
        .await?
        .success()?;
    Ok((
        entries.into_iter().map(SearchEntry::construct).collect(),
        next_cookie(&result.ctrls).unwrap(),
    ))
}

fn next_cookie(controls: &[Control]) -> Option<Vec<u8>> {
    let Control(kind, raw) = controls.first()?;
    assert!(matches!(kind, Some(ControlType::PagedResults)));
    Some(raw.parse::<PagedResults>().cookie)
}

fn names(entries: Vec<ResultEntry>) -> Vec<String> {
    entries
        .into_iter()
        .map(|entry| SearchEntry::construct(entry).dn)
        .collect()
}

/// The result code of an error.
fn code(error: LdapError) -> u32 {
    match error {
        LdapError::LdapResult { result } => result.rc,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn pages_hold_everybody_once_and_end_with_an_empty_cookie() {
    let directory = start(1_200);
    let mut ldap = bound(&directory).await;
    let (mut cookie, mut sizes, mut found) = (Vec::new(), Vec::new(), HashSet::new());
    loop {
        let (entries, next) = page(&mut ldap, 500, &cookie).await.unwrap();
        sizes.push(entries.len());
        found.extend(entries.into_iter().map(|entry| entry.dn));
        if next.is_empty() {
            break;
        }
        assert!(std::str::from_utf8(&next).is_err());
        cookie = next;
    }
    ldap.unbind().await.unwrap();
    assert_eq!(sizes, [500, 500, 201]);
    let everybody = (0..1_200).map(|index| format!("uid={},{BASE}", person(index).login));
    assert_eq!(found, everybody.chain([BASE.to_owned()]).collect());
    let ledger = directory.ledger();
    assert_eq!(
        (ledger.connections, ledger.binds, ledger.entries, ledger.searches.len()),
        (1, 1, 1_201, 3)
    );
    let asked = Asked {
        base: BASE.to_owned(),
        scope: Scope::Subtree,
        attributes: vec!["uid".to_owned()],
        page_size: Some(500),
    };
    assert_eq!(ledger.searches[2], asked);
    assert_eq!(ledger.violations, [""; 0]);
}

#[tokio::test]
async fn without_paging_there_are_a_thousand_entries_and_an_error() {
    let directory = start(1_000);
    let mut ldap = bound(&directory).await;
    let SearchResult(entries, result) = search(&mut ldap, ALL, &["1.1"]).await.unwrap();
    assert_eq!((entries.len(), result.rc), (1_000, 4));
    let SearchResult(entries, result) = ldap.search(BASE, Depth::OneLevel, ALL, ["1.1"]).await.unwrap();
    assert_eq!((entries.len(), result.rc), (1_000, 0));
    let (entries, next) = page(&mut ldap, 5_000, &[]).await.unwrap();
    assert_eq!((entries.len(), next.is_empty()), (1_000, false));
    let SearchResult(entries, result) = search(
        ldap.with_search_options(SearchOptions::new().sizelimit(7)),
        ALL,
        &["1.1"],
    )
    .await
    .unwrap();
    assert_eq!((entries.len(), result.rc), (7, 4));
}

#[tokio::test]
async fn an_entry_has_the_attributes_that_were_asked_for() {
    let directory = start(30);
    let mut ldap = bound(&directory).await;
    for index in [0, 3, 5, 7, 29] {
        let person = person(index);
        let filter = format!("(uid={})", person.login.to_uppercase());
        let (entries, _) = search(&mut ldap, &filter, &["*"]).await.unwrap().success().unwrap();
        let [entry] = <[ResultEntry; 1]>::try_from(entries).unwrap_or_else(|entries| panic!("{}", entries.len()));
        let entry = SearchEntry::construct(entry);
        let value = |name: &str| {
            entry
                .attrs
                .get(name)
                .and_then(|values| values.first())
                .map(String::as_str)
        };
        assert_eq!(
            entry.attrs["objectClass"],
            ["top", "person", "organizationalPerson", "inetOrgPerson"]
        );
        assert_eq!(value("uid"), Some(person.login.as_str()));
        assert_eq!(
            value("cn"),
            Some(format!("{} {}", person.first_name, person.last_name).as_str())
        );
        assert_eq!(
            (value("givenName"), value("sn")),
            (Some(person.first_name), Some(person.last_name))
        );
        assert_eq!(
            (value("title"), value("departmentNumber")),
            (Some(person.title), Some(person.department))
        );
        let mobile = match &person.mobile {
            Mobile::Number(number) => Some(number.as_str()),
            Mobile::Empty | Mobile::Absent => None,
        };
        assert_eq!(value("mobile"), mobile);
        assert_eq!(entry.bin_attrs.contains_key("jpegPhoto"), index % 5 == 0);
        assert_eq!(
            value("description").is_some_and(|text| text.starts_with(r"\\srv\new\")),
            index % 3 == 0
        );
    }
    let (entries, _) = search(&mut ldap, "(uid=*)", &["GIVENNAME", "nothing"])
        .await
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(entries.len(), 30);
    for entry in entries.into_iter().map(SearchEntry::construct) {
        assert_eq!(entry.attrs.keys().collect::<Vec<_>>(), ["givenName"]);
    }
    let (entries, _) = ldap
        .search(BASE, Depth::Base, ALL, ["1.1"])
        .await
        .unwrap()
        .success()
        .unwrap();
    let base = SearchEntry::construct(entries.into_iter().next().unwrap());
    assert_eq!((base.dn.as_str(), base.attrs.len()), (BASE, 0));
    let ledger = directory.ledger();
    assert_eq!((ledger.searches[6].scope, ledger.violations), (Scope::Base, vec![]));
}

#[tokio::test]
async fn filters_are_understood_or_refused() {
    let directory = start(60);
    let mut ldap = bound(&directory).await;
    for (filter, count) in [
        (ALL, 61),
        ("(jpegPhoto=*)", 12),
        ("(objectClass=INETORGPERSON)", 60),
        ("(&(objectClass=person)(jpegPhoto=*)(description=*))", 4),
        ("(|(description=*)(jpegPhoto=*))", 28),
        ("(sAMAccountName=*)", 0),
    ] {
        let (entries, _) = search(&mut ldap, filter, &["1.1"]).await.unwrap().success().unwrap();
        assert_eq!(entries.len(), count, "{filter}");
    }
    assert_eq!(directory.ledger().violations, [""; 0]);
    for (nth, filter) in (1..).zip([
        "(!(uid=a))",
        "(uid=a*)",
        "(uid>=a)",
        "(userAccountControl:1.2.840.113556.1.4.803:=2)",
    ]) {
        let SearchResult(entries, result) = search(&mut ldap, filter, &["1.1"]).await.unwrap();
        assert_eq!(
            (entries.len(), result.rc, directory.ledger().violations.len()),
            (0, 18, nth),
            "{filter}"
        );
    }
    let deep = format!("{}(uid=a){}", "(&".repeat(20), ")".repeat(20));
    assert_eq!(search(&mut ldap, &deep, &["1.1"]).await.unwrap().1.rc, 18);
}

#[tokio::test]
async fn only_who_is_bound_may_search() {
    let directory = start(1);
    let mut ldap = connect(&directory).await;
    assert_eq!(search(&mut ldap, ALL, &["1.1"]).await.unwrap().1.rc, 1);
    // Anonymous, and unauthenticated: both succeed and allow nothing.
    for (name, password) in [("", ""), ("cn=reader,dc=acme,dc=example", "")] {
        assert_eq!(ldap.simple_bind(name, password).await.unwrap().rc, 0);
        assert_eq!(search(&mut ldap, ALL, &["1.1"]).await.unwrap().1.rc, 1);
    }
    for (name, password) in [
        ("cn=reader,dc=acme,dc=example", "other"),
        ("cn=other", "stand-in-password"),
    ] {
        let refused = ldap.simple_bind(name, password).await.unwrap();
        assert_eq!((refused.rc, refused.text.contains("data 52e")), (49, true));
    }
    assert_eq!((directory.ledger().binds, directory.ledger().violations), (0, vec![]));

    let open = Ldap::start(Settings {
        people: 1,
        allows_anonymous: true,
        ..Settings::default()
    })
    .unwrap();
    assert_eq!(
        search(&mut connect(&open).await, ALL, &["1.1"]).await.unwrap().0.len(),
        2
    );
}

#[tokio::test]
async fn another_base_does_not_exist() {
    let directory = start(1);
    let mut ldap = bound(&directory).await;
    let other = ldap
        .search("dc=example,dc=org", Depth::Subtree, ALL, ["1.1"])
        .await
        .unwrap();
    assert_eq!((other.1.rc, directory.ledger().violations), (32, vec![]));
    let same = ldap
        .search("DC=Acme, DC=example", Depth::Subtree, ALL, ["1.1"])
        .await
        .unwrap();
    assert_eq!((same.1.rc, same.0.len()), (0, 2));
}

#[tokio::test]
async fn cookies_hold_once_on_their_own_connection_and_for_the_same_search() {
    let directory = start(100);
    let (mut ldap, mut other) = (bound(&directory).await, bound(&directory).await);
    let (_, first) = page(&mut ldap, 10, &[]).await.unwrap();
    assert_eq!(code(page(&mut other, 10, &first).await.unwrap_err()), 53);
    let (_, second) = page(&mut ldap, 20, &first).await.unwrap();
    assert_eq!(code(page(&mut ldap, 10, &first).await.unwrap_err()), 53);
    // The search is lost with the wrong cookie.
    assert_eq!(code(page(&mut ldap, 10, &second).await.unwrap_err()), 53);
    let (_, cookie) = page(&mut ldap, 10, &[]).await.unwrap();
    let changed = search(ldap.with_controls(PagedResults { size: 10, cookie }), ALL, &["mail"])
        .await
        .unwrap();
    assert_eq!((changed.1.rc, directory.ledger().violations.len()), (53, 4));
    let (_, cookie) = page(&mut ldap, 10, &[]).await.unwrap();
    assert_eq!(page(&mut ldap, 0, &cookie).await.unwrap().1, b"");
    assert_eq!(code(page(&mut ldap, 0, &[]).await.unwrap_err()), 2);
}

#[tokio::test]
async fn references_end_a_search_of_the_whole_base() {
    let reference = "ldap://example.test/CN=Configuration,DC=example,DC=test";
    let directory = Ldap::start(Settings {
        people: 10,
        references: vec![reference.to_owned()],
        ..Settings::default()
    })
    .unwrap();
    let mut ldap = bound(&directory).await;
    let (entries, result) = search(&mut ldap, ALL, &["1.1"]).await.unwrap().success().unwrap();
    let references = entries.iter().filter(|entry| entry.is_ref()).count();
    assert_eq!((entries.len() - references, references + result.refs.len()), (11, 1));
    let (entries, _) = ldap
        .search(BASE, Depth::OneLevel, ALL, ["1.1"])
        .await
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(names(entries).len(), 10);
}

#[tokio::test]
async fn what_is_neither_bind_nor_search_is_refused_and_noted() {
    let directory = start(1);
    let mut ldap = bound(&directory).await;
    let dn = format!("uid={},{BASE}", person(0).login);
    let attributes = vec![("objectClass", HashSet::from(["person"]))];
    assert_eq!(ldap.add("cn=new,dc=acme,dc=example", attributes).await.unwrap().rc, 2);
    let change = vec![Mod::Replace("mail", HashSet::from(["a@example.com"]))];
    assert_eq!(ldap.modify(&dn, change).await.unwrap().rc, 2);
    assert_eq!(ldap.delete(&dn).await.unwrap().rc, 2);
    assert_eq!(ldap.modifydn(&dn, "uid=a", true, None).await.unwrap().rc, 2);
    assert_eq!(ldap.compare(&dn, "mail", "a@example.com").await.unwrap().0.rc, 2);
    assert_eq!(ldap.extended(ldap3::exop::WhoAmI).await.unwrap().1.rc, 2);
    assert_eq!(ldap.sasl_external_bind().await.unwrap().rc, 7);
    ldap.simple_bind(&Settings::default().bind_dn, &Settings::default().password)
        .await
        .unwrap();
    let unknown = RawControl {
        ctype: "1.2.3".to_owned(),
        crit: true,
        val: None,
    };
    assert_eq!(
        search(ldap.with_controls(unknown), ALL, &["1.1"]).await.unwrap().1.rc,
        12
    );
    let options = SearchOptions::new().typesonly(true);
    assert_eq!(
        search(ldap.with_search_options(options), ALL, &["1.1"])
            .await
            .unwrap()
            .1
            .rc,
        53
    );
    assert_eq!(directory.ledger().violations.len(), 9);
    assert_eq!(search(&mut ldap, ALL, &["1.1"]).await.unwrap().1.rc, 0);
}

#[tokio::test]
async fn the_nth_search_meets_its_fault() {
    let directory = start(100);
    directory.inject(
        1,
        Fault::Refuse {
            code: 51,
            message: "busy".to_owned(),
        },
    );
    directory.inject(2, Fault::EmptyPage);
    directory.inject(4, Fault::NoPaging);
    directory.inject(5, Fault::Wait(Duration::from_millis(50)));
    let mut ldap = bound(&directory).await;
    assert_eq!(code(page(&mut ldap, 60, &[]).await.unwrap_err()), 51);
    let (entries, cookie) = page(&mut ldap, 60, &[]).await.unwrap();
    assert_eq!((entries.len(), cookie.is_empty()), (0, false));
    assert_eq!(page(&mut ldap, 60, &cookie).await.unwrap().0.len(), 60);
    let control = PagedResults {
        size: 60,
        cookie: Vec::new(),
    };
    let (entries, result) = search(ldap.with_controls(control), ALL, &["1.1"])
        .await
        .unwrap()
        .success()
        .unwrap();
    assert_eq!((entries.len(), result.ctrls.len()), (101, 0));
    let start = std::time::Instant::now();
    assert_eq!(page(&mut ldap, 60, &[]).await.unwrap().0.len(), 60);
    assert!(start.elapsed() >= Duration::from_millis(50));
    assert_eq!(directory.ledger().violations, [""; 0]);
}

#[tokio::test]
async fn connections_end_as_asked() {
    for fault in [Fault::HangUp, Fault::CutPage, Fault::Garbage] {
        let directory = start(100);
        directory.inject(1, fault.clone());
        let mut ldap = bound(&directory).await;
        assert!(page(&mut ldap, 60, &[]).await.is_err(), "{fault:?}");
        assert_eq!(page(&mut bound(&directory).await, 60, &[]).await.unwrap().0.len(), 60);
        assert_eq!(directory.ledger().violations, [""; 0]);
    }
}
