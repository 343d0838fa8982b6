//! Users as Okta writes them: all of what was recorded of a real organisation, of which a connector wants the `profile`.

use std::io::Write as _;

use crate::standin::people::{Mobile, person};

const SIGNED_IN: &str = concat!(
    r#""created":"2024-11-06T15:47:18.000Z","activated":"2024-12-02T17:07:38.000Z","#,
    r#""statusChanged":"2024-12-02T17:18:55.000Z","lastLogin":"2026-04-13T15:20:22.000Z","#,
    r#""lastUpdated":"2024-12-02T17:18:55.000Z","passwordChanged":"2024-12-02T17:18:55.000Z""#,
);

const NEVER_SIGNED_IN: &str = concat!(
    r#""created":"2024-11-06T15:47:18.000Z","activated":null,"statusChanged":null,"lastLogin":null,"#,
    r#""lastUpdated":"2024-11-06T15:47:18.000Z","passwordChanged":null"#,
);

/// Writes a user as JSON: the one at `index`, who is this person.
pub(super) fn write(json: &mut Vec<u8>, base: &str, index: u64, who: u64) {
    let person = person(who);
    // 20 characters, as Okta's are.
    let id = format!("00u{index:013x}4x61");
    let login = Json(&person.login);
    let (status, dates) = match index % 37 {
        7 => ("STAGED", NEVER_SIGNED_IN),
        11 => ("SUSPENDED", SIGNED_IN),
        19 => ("PASSWORD_EXPIRED", SIGNED_IN),
        _ => ("ACTIVE", SIGNED_IN),
    };
    // Writing into memory does not fail.
    _ = write!(json, r#"{{"id":"{id}","status":"{status}",{dates},"#);
    _ = write!(
        json,
        r#""type":{{"id":"otystandin0000000x6"}},"profile":{{"firstName":{},"lastName":{},"#,
        Json(person.first_name),
        Json(person.last_name)
    );
    _ = match &person.mobile {
        Mobile::Number(number) => write!(json, r#""mobilePhone":{},"#, Json(number)),
        Mobile::Empty => write!(json, r#""mobilePhone":null,"#),
        Mobile::Absent => Ok(()),
    };
    _ = write!(
        json,
        r#""secondEmail":null,"login":{login},"email":{},"title":{},"department":{},"employeeNumber":"{index}"}},"#,
        Json(&person.email),
        Json(person.title),
        Json(person.department)
    );
    _ = write!(
        json,
        r#""credentials":{{"password":{{}},"emails":[{{"value":{login},"status":"VERIFIED","type":"PRIMARY"}}],"#
    );
    _ = write!(
        json,
        r#""provider":{{"type":"OKTA","name":"OKTA"}}}},"_links":{{"self":{{"href":"{base}/api/v1/users/{id}"}}}}}}"#
    );
}

/// A text as JSON spells it.
struct Json<'a>(&'a str);

impl std::fmt::Display for Json<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("\"")?;
        let mut rest = self.0;
        while let Some(at) = rest.find(|letter: char| matches!(letter, '"' | '\\') || letter < ' ') {
            let (plain, tail) = rest.split_at(at);
            let mut letters = tail.chars();
            let special = letters.next().unwrap_or_default();
            formatter.write_str(plain)?;
            match special {
                '"' | '\\' => write!(formatter, "\\{special}")?,
                control => write!(formatter, "\\u{:04x}", u32::from(control))?,
            }
            rest = letters.as_str();
        }
        formatter.write_str(rest)?;
        formatter.write_str("\"")
    }
}
