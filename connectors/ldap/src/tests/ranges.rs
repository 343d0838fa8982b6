//! Values beyond the first range of an attribute, which are asked for entry by entry.

use super::*;

/// A part of an entry's values, `cn=N` each.
fn part(name: &str, numbers: std::ops::Range<u32>) -> Entry {
    let values: Vec<Vec<u8>> = numbers.map(|number| format!("cn={number}").into_bytes()).collect();
    let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
    entry("cn=staff", &[("cn", &[b"staff"]), ("member", &[]), (name, &values)])
}

/// A search for the rest of a group's members, and what comes of it.
fn rest(script: Script, range: &str, answer: std::result::Result<Option<Entry>, host::Error>) -> Script {
    script
        .ldap_search(Search {
            base: "cn=staff".to_owned(),
            scope: Scope::Base,
            filter: "(objectClass=*)".to_owned(),
            page_size: 0,
            ..search(&[range])
        })
        .ldap_next(answer.map(|found| found.map(|entry| vec![entry])))
}

/// Runs through one page with this entry, whose members are all wanted; `rest` is what else is asked.
fn members(entry: Entry, rest: impl FnOnce(Script) -> Script) -> Outcome {
    let script = Script::default()
        .ldap_open(target(), Ok(()))
        .ldap_search(search(&["cn", "MEMBER", "sAMAccountName"]))
        .ldap_next(Ok(Some(vec![entry])));
    let script = rest(script).ldap_next(Ok(None));
    let all = settings(&[("all_values", "proxyAddresses, member")]);
    run::<Ldap>(all, wanted(&["cn", "MEMBER"]), script)
}

#[test]
fn values_beyond_the_first_range_are_asked_for_until_no_more_follow() {
    let outcome = members(part("member;range=0-2", 0..3), |script| {
        let script = script.ldap_open(target(), Ok(()));
        let script = rest(script, "member;range=3-*", Ok(Some(part("member;range=3-5", 3..6)))).ldap_next(Ok(None));
        rest(script, "member;range=6-*", Ok(Some(part("member;range=6-*", 6..7)))).ldap_next(Ok(None))
    });
    assert_eq!(outcome.error, None);
    assert_eq!(
        outcome.records[0].to_string(),
        r#"{"MEMBER":["cn=0","cn=1","cn=2","cn=3","cn=4","cn=5","cn=6"],"cn":"staff"}"#
    );
}

#[test]
fn a_connection_that_broke_while_it_was_not_used_is_opened_again_and_one_that_breaks_at_once_is_not() {
    let broken = || host::Error::Unreachable("the server closed it".to_owned());
    let outcome = members(part("member;range=0-2", 0..3), |script| {
        let script = script.ldap_open(target(), Ok(()));
        let script = rest(script, "member;range=3-*", Ok(Some(part("member;range=3-5", 3..6)))).ldap_next(Ok(None));
        let script = rest(script, "member;range=6-*", Err(broken())).ldap_open(target(), Ok(()));
        rest(script, "member;range=6-*", Ok(Some(part("member;range=6-*", 6..7)))).ldap_next(Ok(None))
    });
    assert_eq!(outcome.error, None);
    assert_eq!(outcome.records[0]["MEMBER"].as_array().unwrap().len(), 7);
    let script = Script::default()
        .ldap_open(target(), Ok(()))
        .ldap_search(search(&["member", "sAMAccountName"]))
        .ldap_next(Ok(Some(vec![
            entry("cn=a", &[("member", &[b"a"])]),
            part("member;range=0-2", 0..3),
        ])))
        .ldap_open(target(), Ok(()));
    let script = rest(script, "member;range=3-*", Err(broken()));
    let outcome = run::<Ldap>(settings(&[("all_values", "member")]), wanted(&["member"]), script);
    assert_eq!(
        outcome.error,
        Some(Error::Unreachable("the server closed it".to_owned()))
    );
}

#[test]
fn of_a_range_the_first_value_is_enough_where_no_more_are_wanted() {
    let script = Script::default()
        .ldap_open(target(), Ok(()))
        .ldap_search(search(&["member", "sAMAccountName"]))
        .ldap_next(Ok(Some(vec![part("member;range=0-1499", 0..1_500)])))
        .ldap_next(Ok(None));
    let outcome = run::<Ldap>(settings(&[]), wanted(&["member"]), script);
    assert_eq!(outcome.records[0].to_string(), r#"{"member":"cn=0"}"#);
}

#[test]
fn values_that_do_not_come_to_an_end_are_a_miss_or_an_error() {
    // The group was deleted meanwhile, which directories refuse; one that finds nothing says the same.
    for answer in [Err(host::Error::Refused(refusal(32, ""))), Ok(None)] {
        let gone = members(part("member;range=0-2", 0..3), |script| {
            rest(script.ldap_open(target(), Ok(())), "member;range=3-*", answer)
        });
        assert_eq!((gone.error, gone.gone), (None, 1));
        assert_eq!(
            gone.misses,
            [(
                "cn=staff".to_owned(),
                "it went away while its values were read".to_owned()
            )]
        );
    }
    // Its other members left it.
    let left = members(part("member;range=0-2", 0..3), |script| {
        let script = script.ldap_open(target(), Ok(()));
        rest(
            script,
            "member;range=3-*",
            Ok(Some(entry("cn=staff", &[("member", &[])]))),
        )
        .ldap_next(Ok(None))
    });
    assert_eq!(left.records[0]["MEMBER"].as_array().unwrap().len(), 3);
    let circles = part("member;range=3-2", 3..4);
    let script = Script::default()
        .ldap_open(target(), Ok(()))
        .ldap_search(search(&["member", "sAMAccountName"]))
        .ldap_next(Ok(Some(vec![
            entry("cn=a", &[("cn", &[b"a"])]),
            part("member;range=0-2", 0..3),
        ])))
        .ldap_open(target(), Ok(()));
    let script = rest(script, "member;range=3-*", Ok(Some(circles))).ldap_next(Ok(None));
    let outcome = run::<Ldap>(settings(&[("all_values", "member")]), wanted(&["member"]), script);
    assert_eq!(
        outcome.error.unwrap().to_string(),
        "the values of `member` come in circles"
    );
}
