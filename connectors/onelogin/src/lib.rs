//! OneLogin: the people of an account, by the old XML API or, where the section has a client id, by `/api/2`.
//!
//! Facts that shape it: the XML API says that there are no more users by a root element that is not `users`, and writes types and nulls as
//! attributes; `/api/2` says where its next page is in a header, gives custom attributes only when asked, and counts rate limits in
//! seconds. `/api/2` gives what was updated since; the XML API gives everybody, and says of each when they were updated
//! (docs/connectors/onelogin.md).

mod fields;

use oomnitza_sdk::encode;
use oomnitza_sdk::prelude::*;
use oomnitza_sdk::serde_json::{self, Map, Value};
use oomnitza_sdk::xml::Element;

use fields::Fields;

/// Users a request of `/api/2`: OneLogin's documents name 100 and 1,000 as the most.
const LARGEST_PAGE: u64 = 100;

/// Pages of the XML API that one call of a component reads at most, where nobody on them is wanted: a run without a record in a thousand
/// pages makes no progress to the host, and a call may not take for ever.
const MOST_SKIPPED: usize = 20;

static RATE_LIMIT: RateLimit =
    RateLimit::seconds("x-ratelimit-reset", "x-ratelimit-limit").left("x-ratelimit-remaining");

/// A run through an account's users.
pub struct OneLogin {
    /// The address of a page, to which its place in the list is added.
    page: String,
    way: Way,
    trail: Trail,
    /// Users that have come of `/api/2`.
    came: u64,
    fields: Fields,
    since: Since,
}

/// How OneLogin is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Xml,
    Rest,
}

impl Connector for OneLogin {
    fn describe() -> Description {
        Description::users("onelogin", "OneLogin", "OneLogin")
            .setting(
                Setting::text("url", "URL", "The address of OneLogin's list of users, as XML")
                    .default("https://app.onelogin.com/api/v2/users.xml"),
            )
            .setting(
                Setting::text(
                    "api_token",
                    "API token",
                    "The account's key for the XML API; not needed with a client id and secret",
                )
                .example("YOUR OneLogin API TOKEN")
                .required_without("client_id")
                .secret(),
            )
            .setting(Setting::default_role())
            .setting(Setting::default_position())
            .setting(
                Setting::text(
                    "client_id",
                    "Client ID",
                    "Of API credentials that may read users (Developers, API Credentials): with them the current API is used",
                )
                .required_with("client_secret")
                .advanced(),
            )
            .setting(
                Setting::text("client_secret", "Client secret", "Of the same API credentials")
                    .required_with("client_id")
                    .secret()
                    .advanced(),
            )
            .setting(
                Setting::text(
                    "api_url",
                    "API URL",
                    "The address of the current API: of your region, or of your own subdomain",
                )
                .default("https://api.us.onelogin.com")
                .advanced(),
            )
            .endpoint("{url}", "the account's users, as XML")
            .endpoint("{api_url}", "the account's users and tokens")
            .basic_auth("key", "{api_token}", "x")
            .header_auth(
                "client",
                "Authorization",
                "client_id:{client_id}, client_secret:{client_secret}",
            )
            .token_auth(
                "token",
                Token::at("{api_url}/auth/oauth2/v2/token")
                    .signed("client")
                    .json(&[("grant_type", "client_credentials")]),
            )
            .map("USER", source("username"))
            .map("FIRST_NAME", source("firstname"))
            .map("LAST_NAME", source("lastname"))
            .map("EMAIL", source("email"))
            .map("PHONE", source("phone"))
            .map("PERMISSIONS_ID", setting("default_role"))
            .map("POSITION", setting("default_position"))
            .incremental()
    }

    fn check(settings: Settings) -> Result<()> {
        let (way, base) = way(&settings)?;
        match way {
            Way::Xml => {
                let url = format!("{base}?include_custom_attributes=true&from_id=1");
                users(&get(&url, way)?).map(drop)
            }
            Way::Rest => {
                let answer = get(&format!("{base}/api/2/users?limit=1"), way)?;
                answer.json::<Vec<&RawValue>>().map(drop)
            }
        }
    }

    fn open(settings: Settings, cursor: Option<String>, wanted: Wanted) -> Result<Self> {
        let (way, base) = way(&settings)?;
        let fields = Fields::new(&wanted);
        let since = Since::open(cursor.as_deref())?;
        let (page, first) = match way {
            Way::Xml => {
                let page = format!("{base}?include_custom_attributes=true&from_id=");
                let first = format!("{page}0");
                (page, first)
            }
            Way::Rest => {
                let limit = wanted.limit.unwrap_or(LARGEST_PAGE).clamp(1, LARGEST_PAGE);
                let mut first = format!("{base}/api/2/users?limit={limit}&fields={}", fields.asked());
                if let Some(from) = since.from() {
                    first.push_str(&format!("&updated_since={}", encode(&from.to_string())));
                }
                (format!("{first}&cursor="), first)
            }
        };
        Ok(Self {
            page,
            way,
            trail: Trail::from(first),
            came: 0,
            fields,
            since,
        })
    }

    fn next(&mut self) -> Result<Option<Page>> {
        let mut page = None;
        for _ in 0..MOST_SKIPPED {
            let Some(url) = self.trail.take()? else { break };
            let answer = get(&url, self.way)?;
            self.since.answered(&answer);
            let (found, is_last) = match self.way {
                Way::Xml => self.page_of_xml(&answer)?,
                Way::Rest => self.page_of_json(&answer)?,
            };
            let is_wanted = is_last || !found.is_empty();
            let found = if is_last { self.since.end(found) } else { found };
            page = Some(found);
            if is_wanted {
                break;
            }
        }
        Ok(page)
    }
}

impl OneLogin {
    /// A page of the XML API, and whether it is the last. The next one has the users after its last one; the last has no users at all.
    fn page_of_xml(&mut self, answer: &Response) -> Result<(Page, bool)> {
        let users = users(answer)?;
        let Some(last) = users.last() else {
            return Ok((Page::default(), true));
        };
        let id = last.child("id").map(Element::text).unwrap_or_default();
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(answer.unexpected("with a user whose id is not a number"));
        }
        self.trail.go(Ok(format!("{}{id}", self.page)));
        self.trail.begin(|url| request(url, self.way));
        let mut page = Page::with_capacity(answer.body.len());
        for user in users.iter().filter(|user| self.is_wanted(user)) {
            match user.value() {
                Value::Object(user) => self.push(&mut page, user)?,
                _ => page.miss("", "it has no fields"),
            }
        }
        Ok((page, false))
    }

    /// Whether a user may have been updated since the last run: one of whom that is not known may.
    fn is_wanted(&self, user: &Element) -> bool {
        let updated = || Moment::parse(user.child("updated-at")?.text());
        self.since
            .from()
            .is_none_or(|from| updated().is_none_or(|updated| updated >= from))
    }

    /// A page of `/api/2`, and whether it is the last. A header says where the next one is.
    fn page_of_json(&mut self, answer: &Response) -> Result<(Page, bool)> {
        let next = answer.header("after-cursor").filter(|cursor| !cursor.is_empty());
        if let Some(cursor) = next {
            self.trail.go(Ok(format!("{}{}", self.page, encode(cursor))));
        }
        self.trail.begin(|url| request(url, self.way));
        let users: Vec<Map<String, Value>> = answer.json()?;
        let mut page = Page::with_capacity(answer.body.len());
        self.came += users.len() as u64;
        let total = || answer.header("total-count")?.trim().parse().ok();
        if let (None, Some(total)) = (next, total()) {
            page.ended(self.came, total);
        }
        for mut user in users {
            if let Some(Value::Object(attributes)) = user.get("custom_attributes").cloned() {
                user.extend(
                    attributes
                        .into_iter()
                        .map(|(name, value)| (format!("{}{name}", fields::CUSTOM), value)),
                );
            }
            self.push(&mut page, user)?;
        }
        Ok((page, next.is_none()))
    }

    fn push(&self, page: &mut Page, mut user: Map<String, Value>) -> Result<()> {
        self.fields.complete(&mut user);
        page.push_value(&user)
    }
}

/// The current API where the section has a client id, else the old one; and its address.
fn way(settings: &Settings) -> Result<(Way, Address)> {
    let (way, address) = match settings.optional("client_id") {
        Some(_) => (Way::Rest, "api_url"),
        None => (Way::Xml, "url"),
    };
    Ok((way, settings.address(address)?))
}

/// The users of an answer as XML: one or many `user` elements. No users are `<users type="array"/>`, or what Rails makes of an empty list,
/// `<nil-classes type="array"/>`.
fn users(answer: &Response) -> Result<Vec<Element>> {
    let root = answer.xml()?;
    let is_empty_list = || root.children().is_empty() && root.attribute("type") == Some("array");
    let is_list = ["users", "nil-classes"].contains(&root.name()) || is_empty_list();
    if !is_list {
        return Err(answer.unexpected(format!("with `{}` instead of users", root.name())));
    }
    Ok(root.into_children("user"))
}

/// The request for a page.
fn request(url: &str, way: Way) -> Request {
    let (accept, slot) = match way {
        Way::Xml => ("application/xml", "key"),
        Way::Rest => ("application/json", "token"),
    };
    Request::get(url)
        .header("Accept", accept)
        .auth(slot)
        .rate_limit(&RATE_LIMIT)
}

fn get(url: &str, way: Way) -> Result<Response> {
    request(url, way).send()?.success_or(|body| match way {
        Way::Xml => explain_xml(body),
        Way::Rest => explain_json(body),
    })
}

/// `<error><title>Unauthorized Access</title><message>Your IP …</message></error>`.
fn explain_xml(body: &[u8]) -> Option<String> {
    let error = Element::parse(body).ok()?;
    let texts = ["title", "message"].into_iter().filter_map(|name| error.child(name));
    Some(texts.map(Element::text).collect::<Vec<_>>().join(": "))
}

/// `{"status": {"message": "…"}}` or `{"message": "…"}`.
fn explain_json(body: &[u8]) -> Option<String> {
    let error: Value = serde_json::from_slice(body).ok()?;
    let message = error.pointer("/status/message").or_else(|| error.get("message"))?;
    message.as_str().map(str::to_owned)
}

oomnitza_sdk::export!(OneLogin);

#[cfg(test)]
mod tests;
