//! Active Directory to Oomnitza, with Samba's domain controller as the source.

use std::fmt::Write as _;
use std::sync::OnceLock;

use oomnitza_connector::standin::oomnitza::{Oomnitza, Settings};
use oomnitza_tests::samba::{PASSWORD, SUFFIX, Samba};
use oomnitza_tests::{Output, Program};
use serde_json::{Value, json};

/// More than a page of Active Directory's holds.
const PEOPLE: usize = 1_200;

/// More than it gives values at once.
const MEMBERS: usize = 1_600;

/// People of whom one is changed while the tests run.
const CHANGING: usize = 20;

/// The domain, which all tests share. People and members are contacts, which are quick to make; who signs in is an account.
fn domain() -> &'static Samba {
    static DOMAIN: OnceLock<Samba> = OnceLock::new();
    DOMAIN.get_or_init(|| {
        let mut ldif = String::new();
        for unit in ["people", "members", "changing", "staff"] {
            writeln!(ldif, "dn: OU={unit},{SUFFIX}\nobjectClass: organizationalUnit\n").unwrap();
        }
        let contact = |unit: &str, number: usize| {
            format!(
                "dn: CN={unit}{number:04},OU={unit},{SUFFIX}\nobjectClass: contact\ngivenName: Given{number}\nsn: Family\\new {number}\n\
                 mail: {unit}{number:04}@example.test\n\n"
            )
        };
        ldif.extend((0..PEOPLE).map(|number| contact("people", number)));
        ldif.extend((0..MEMBERS).map(|number| contact("members", number)));
        ldif.extend((0..CHANGING).map(|number| contact("changing", number)));
        write!(ldif, "dn: CN=everybody,OU=staff,{SUFFIX}\nobjectClass: group\nsAMAccountName: everybody\n").unwrap();
        for number in 0..MEMBERS {
            writeln!(ldif, "member: CN=members{number:04},OU=members,{SUFFIX}").unwrap();
        }
        ldif.push('\n');
        for (account, more) in [
            ("reader", "userAccountControl: 66048"),
            ("disabled", "userAccountControl: 514"),
            ("expired", "userAccountControl: 512\naccountExpires: 1"),
            ("new", "userAccountControl: 512\npwdLastSet: 0"),
            ("early", "userAccountControl: 512\nlogonHours:: AAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ] {
            writeln!(
                ldif,
                "dn: CN={account},OU=staff,{SUFFIX}\nobjectClass: user\nsAMAccountName: {account}\n{more}\nunicodePwd:: {}\n",
                quoted_password()
            )
            .unwrap();
        }
        let old = (0..CHANGING).map(|number| {
            let time = if number == 0 { "20200601000000.0Z" } else { "20200101000000.0Z" };
            (format!("CN=changing{number:04},OU=changing,{SUFFIX}"), time)
        });
        Samba::start(&ldif, &old.collect::<Vec<_>>())
    })
}

/// The password as a domain controller takes it: in quotation marks, UTF-16, base 64.
fn quoted_password() -> String {
    use base64::Engine as _;
    let bytes: Vec<u8> = format!("\"{PASSWORD}\"")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// The program with a section that reads the domain. Of a setting that `more` has as well, that one counts.
fn program(destination: &Oomnitza, more: &str) -> Program {
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[ldap]\nenable = True\nurl = {}\nusername = EXAMPLE\\reader\npassword = {PASSWORD}\n\
         cacert_file = authority.pem\nbase_dn = OU=people,{SUFFIX}\nfilter = (objectClass=contact)\ndefault_role = 25\ndefault_position = Employee\n\
         mapping.USER = {{\"source\": \"mail\", \"converter\": \"split_email\"}}\n{more}\n",
        destination.url(),
        domain().secure_url(),
    ));
    program.write("authority.pem", domain().certificate().as_bytes());
    program
}

fn oomnitza() -> Oomnitza {
    Oomnitza::start(Settings::default()).unwrap()
}

/// What a run printed, whatever the domain's address.
fn said(output: &Output) -> String {
    output.to_string().replace(&domain().address(), "[DOMAIN]")
}

/// The only record that arrived.
fn record(destination: &Oomnitza) -> Value {
    let mut records = destination.uploaded();
    assert_eq!(records.len(), 1);
    records.remove(0)
}

#[test]
fn more_people_than_a_page_holds_arrive_over_a_secured_connection() {
    let destination = oomnitza();
    let output = program(&destination, "").run(&["upload", "ldap", "--json"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(output.counts(), [PEOPLE as u64, PEOPLE as u64, 0, 0, 0]);
    let mut arrived = destination.uploaded();
    arrived.sort_by_key(|record| record["USER"].to_string());
    for (number, record) in arrived.iter().enumerate() {
        let expected = json!({
            "USER": format!("people{number:04}"),
            "FIRST_NAME": format!("Given{number}"),
            "LAST_NAME": format!("Family\\new {number}"),
            "EMAIL": format!("people{number:04}@example.test"),
            "PERMISSIONS_ID": "25",
            "POSITION": "Employee",
        });
        assert_eq!(*record, expected);
    }
}

#[test]
fn a_plain_connection_is_refused_with_the_remedy_and_start_tls_is_one() {
    let destination = oomnitza();
    let plain = format!("url = {}", domain().url());
    insta::assert_snapshot!(said(&program(&destination, &plain).run(&["check", "ldap"])));
    let secured = program(&destination, &format!("{plain}\nstart_tls = True")).run(&["check", "ldap"]);
    assert_eq!(secured.code, Some(0), "{secured}");
}

#[test]
fn all_members_of_a_large_group_arrive_and_its_identifiers_are_readable() {
    let destination = oomnitza();
    // Samba gives a range only where one is asked for.
    let more = format!(
        "base_dn = CN=everybody,OU=staff,{SUFFIX}\nfilter = (objectClass=group)\nall_values = member\n\
         mapping.USER = sAMAccountName\nmapping.FIRST_NAME = cn\nmapping.LAST_NAME = objectSid\nmapping.EMAIL = objectGUID\n\
         mapping.MEMBERS = member;range=0-999\nmapping.CREATED = whenCreated"
    );
    let output = program(&destination, &more).run(&["upload", "ldap", "--json"]);
    assert_eq!(output.code, Some(0), "{output}");
    let record = record(&destination);
    let mut members: Vec<&str> = record["MEMBERS"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    members.sort_unstable();
    let expected: Vec<String> = (0..MEMBERS)
        .map(|number| format!("CN=members{number:04},OU=members,{SUFFIX}"))
        .collect();
    assert_eq!(members, expected);
    for (field, attribute) in [
        ("LAST_NAME", "objectSid"),
        ("EMAIL", "objectGUID"),
        ("CREATED", "whenCreated"),
    ] {
        let shown = domain().shows("(cn=everybody)", attribute);
        assert_eq!(shown, [record[field].as_str().unwrap()], "{attribute}");
    }
}

#[test]
fn why_a_domain_lets_nobody_in_is_said() {
    let destination = oomnitza();
    let mut told = String::new();
    for (account, password) in [
        ("reader", "wrong-one"),
        ("nobody", PASSWORD),
        ("disabled", PASSWORD),
        ("expired", PASSWORD),
        ("new", PASSWORD),
        ("early", PASSWORD),
    ] {
        let more = format!("username = EXAMPLE\\{account}\npassword = {password}");
        let output = program(&destination, &more).run(&["upload", "ldap", "--json"]);
        writeln!(
            told,
            "{account}: exit {:?}: {}",
            output.code.unwrap(),
            output.report()["error"]
        )
        .unwrap();
    }
    let anonymous = program(&destination, "username = anonymous").run(&["upload", "ldap", "--json"]);
    writeln!(
        told,
        "anonymous: exit {:?}: {}",
        anonymous.code.unwrap(),
        anonymous.report()["error"]
    )
    .unwrap();
    insta::assert_snapshot!(told);
    assert_eq!(destination.uploaded(), [] as [Value; 0]);
}

#[test]
fn a_name_without_a_password_goes_on_only_where_the_section_says_so() {
    let destination = oomnitza();
    insta::assert_snapshot!(said(&program(&destination, "password =").run(&["upload", "ldap"])));
    // Samba knows better than to take it for nobody.
    let allowed = program(&destination, "password =\nallow_anonymous = True").run(&["upload", "ldap"]);
    insta::assert_snapshot!(said(&allowed));
}

#[test]
fn an_incremental_run_reads_what_has_changed() {
    let destination = oomnitza();
    let program = program(
        &destination,
        &format!("base_dn = OU=changing,{SUFFIX}\nincremental = True"),
    );
    let counts = || {
        let output = program.run(&["upload", "ldap", "--json"]);
        assert_eq!(output.code, Some(0), "{output}");
        output.counts()[..2].to_vec()
    };
    assert_eq!(counts(), [CHANGING as u64; 2]);
    domain().modify(&format!(
        "dn: CN=changing0007,OU=changing,{SUFFIX}\nchangetype: modify\nreplace: sn\nsn: Changed\n-\n\n"
    ));
    // That one, and the one that was changed last before: an hour is looked back.
    assert_eq!(counts(), [2, 2]);
    assert_eq!(counts(), [1, 1]);
    let last = destination.uploaded().pop().unwrap();
    assert_eq!(
        (&last["USER"], &last["LAST_NAME"]),
        (&json!("changing0007"), &json!("Changed"))
    );
}
