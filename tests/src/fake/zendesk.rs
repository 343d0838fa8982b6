//! An account at Zendesk.

use serde_json::{Value, json};

use super::{Answer, Fake};

/// `agent@example.com/token:sample-api-token`.
pub const TOKEN: &str = "Basic YWdlbnRAZXhhbXBsZS5jb20vdG9rZW46c2FtcGxlLWFwaS10b2tlbg==";

/// An account with so many users, two a page whatever is asked for.
pub fn account(users: u64) -> Fake {
    Fake::start(move |asked| {
        if asked.header("authorization") != TOKEN {
            return Ok(Answer::json(401, json!({"error": "Couldn't authenticate you"})));
        }
        if asked.method != "GET" || asked.header("accept") != "application/json" {
            return Err("it is no GET that accepts JSON".to_owned());
        }
        let target = asked.decoded();
        // What a check asks.
        if target == "/api/v2/users.json?page[size]=1" {
            return Ok(Answer::json(
                200,
                json!({"users": [user(0)], "meta": {"has_more": users > 1}}),
            ));
        }
        let query = target
            .strip_prefix("/api/v2/users.json?page[size]=100")
            .ok_or("there is no such path")?;
        let (query, sideload) = match query.strip_prefix("&include=organizations") {
            Some(rest) => (rest, true),
            None => (query, false),
        };
        let start: u64 = match query.strip_prefix("&page[after]=c+") {
            Some(start) => start.parse().map_err(|_| "there is no such cursor")?,
            None if query.is_empty() => 0,
            None => return Err("its query is not the one that is documented".to_owned()),
        };
        let end = (start + 2).min(users);
        let mut page = json!({
            "users": (start..end).map(user).collect::<Vec<_>>(),
            "meta": {"has_more": end < users, "after_cursor": format!("c+{end}"), "before_cursor": "b"},
            "links": {"prev": null, "next": "https://z3n-other.zendesk.com/api/v2/users.json?page%5Bafter%5D=x"},
        });
        if sideload {
            page["organizations"] = json!([{"id": 6130871991999u64, "name": "Labs"}]);
        }
        Ok(Answer::json(200, page))
    })
}

/// The user at this place.
pub fn user(index: u64) -> Value {
    json!({
        "id": 6130871991962u64 + index,
        "name": if index == 2 { "Cher" } else { "Ada King Lovelace" },
        "email": if index == 1 { Value::Null } else { json!(format!("user{index}@example.com")) },
        "phone": if index == 0 { json!("+1 555 0100") } else { Value::Null },
        "organization_id": if index == 0 { json!(6130871991999u64) } else { Value::Null },
        "photo": null,
        "tags": [],
    })
}
