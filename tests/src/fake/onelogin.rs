//! An account at OneLogin, by either of its interfaces.

use serde_json::{Value, json};

use super::{Answer, Asked, Fake};

/// `sample-api-key:x`.
const KEY: &str = "Basic c2FtcGxlLWFwaS1rZXk6eA==";

/// The XML API with so many users, two a page.
pub fn xml(users: u32) -> Fake {
    Fake::start(move |asked| {
        if asked.header("authorization") != KEY {
            return Ok(Answer::xml(
                401,
                "<error><title>Unauthorized Access</title><message>no</message></error>",
            ));
        }
        if asked.method != "GET" || asked.path() != "/api/v2/users.xml" {
            return Err("there is no such path".to_owned());
        }
        let from = asked
            .target
            .strip_prefix("/api/v2/users.xml?include_custom_attributes=true&from_id=")
            .and_then(|id| id.parse::<u32>().ok())
            .ok_or("its query is not the one that is documented")?;
        let page: String = (from + 1..=users).take(2).map(user).collect();
        Ok(Answer::xml(
            200,
            match page.as_str() {
                "" => "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<nil-classes type=\"array\"/>\n".to_owned(),
                page => format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<users type=\"array\">\n{page}</users>\n"),
            },
        ))
    })
}

/// A user; every second has no telephone, in one of the ways in which that is written.
fn user(id: u32) -> String {
    let phone = match id % 4 {
        0 => "",
        2 => "<phone nil=\"true\"></phone>",
        _ => "<phone>555-0100</phone>",
    };
    format!(
        "<user><activated-at type=\"datetime\">2015-01-21T09:20:15-08:00</activated-at><id type=\"integer\">{id}</id><username>user{id}</username>\
         <firstname>Siân &amp; Co</firstname><lastname>O'Brien</lastname><email>user{id}@example.com</email>{phone}\
         <custom_attribute_title>R&amp;D &lt;{id}&gt;</custom_attribute_title></user>\n"
    )
}

/// `/api/2` with two pages of users and a token that ends with the first of them.
///
/// The specification knows no null. Accounts do: that is what users' last names are there.
pub fn rest(last_name: Value) -> Fake {
    let tokens = std::sync::atomic::AtomicU32::new(0);
    Fake::start(move |asked: &Asked| {
        let token = |number: u32| format!("stand-in-access-token-{number}");
        let now = || tokens.load(std::sync::atomic::Ordering::SeqCst);
        if asked.path() == "/auth/oauth2/v2/token" {
            if asked.method != "POST" || asked.body != r#"{"grant_type":"client_credentials"}"# {
                return Err("it is no request for a token".to_owned());
            }
            if asked.header("authorization") != "client_id:sample-id, client_secret:sample-client-secret" {
                return Ok(Answer::json(
                    401,
                    json!({"status": {"message": "Authentication Failure"}}),
                ));
            }
            let number = tokens.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
            let answer =
                json!({"access_token": token(number), "expires_in": 36000, "token_type": "bearer", "account_id": 1});
            return Ok(Answer::json(200, answer));
        }
        if asked.header("authorization") != format!("Bearer {}", token(now())) {
            return Ok(Answer::json(
                401,
                json!({"status": {"message": "Authentication Failure"}}),
            ));
        }
        let user = |id: u32, attributes: Value| {
            json!({"id": id, "username": format!("user{id}"), "firstname": "Ada", "lastname": last_name,
            "email": "a@example.com", "phone": "", "custom_attributes": attributes})
        };
        // What a check asks.
        if asked.target == "/api/2/users?limit=1" {
            return Ok(Answer::json(200, json!([user(1, json!({}))])));
        }
        let first = "/api/2/users?limit=100&fields=email,firstname,id,lastname,phone,username,title,custom_attributes";
        match asked.decoded().strip_prefix(first) {
            Some("") => Ok(
                Answer::json(200, json!([user(1, json!({"title": "Engineer"}))])).header("After-Cursor", "bmV4dA==")
            ),
            Some("&cursor=bmV4dA==") => Ok(Answer::json(200, json!([user(2, json!({})), user(3, Value::Null)]))),
            _ => Err("its query is not the one that is documented".to_owned()),
        }
    })
}
