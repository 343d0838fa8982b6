//! Zendesk Support: an account's users (`/api/v2/users.json`).
//!
//! Facts that shape it: pages by number end at 10,000 users, so pages are asked for by cursor; an account that has another host name
//! answers with links to its own; `error` is a text, an object or a list; ids are larger than 32 bits and are left as they stand
//! (docs/connectors/zendesk.md).

use std::collections::BTreeMap;

use oomnitza_sdk::encode;
use oomnitza_sdk::prelude::*;
use oomnitza_sdk::serde_json::{self, Value};

/// Zendesk's own maximum.
const LARGEST_PAGE: u64 = 100;

static RATE_LIMIT: RateLimit = RateLimit::seconds("rate-limit-reset", "x-rate-limit");

/// A run through an account's users.
pub struct Zendesk {
    base: Address,
    first: String,
    trail: Trail,
    /// Whether users come with their organization.
    with_organization: bool,
}

impl Connector for Zendesk {
    fn describe() -> Description {
        Description::users("zendesk", "Zendesk", "Zendesk")
            .setting(
                Setting::text(
                    "system_name",
                    "System name",
                    "The first part of your account's address, before `.zendesk.com`",
                )
                .example("oomnitza"),
            )
            .setting(
                Setting::text(
                    "api_token",
                    "API token",
                    "An API token (Admin Center, Apps and integrations, Zendesk API)",
                )
                .example("YOUR Zendesk API TOKEN")
                .secret(),
            )
            .setting(
                Setting::text(
                    "username",
                    "User name",
                    "The e-mail address of an agent who may read users",
                )
                .example("username@example.com"),
            )
            .setting(Setting::default_role())
            .setting(Setting::default_position())
            .setting(
                Setting::text(
                    "url",
                    "URL",
                    "The account's address, where it is not `https://{system_name}.zendesk.com`",
                )
                .optional()
                .advanced(),
            )
            .endpoint("https://{system_name}.zendesk.com", "the account's users")
            .endpoint("{url}", "the account's users, at an address of its own")
            .basic_auth("token", "{username}/token", "{api_token}")
            .map("USER", source("email"))
            .map("FIRST_NAME", source("name").with("first_from_full"))
            .map("LAST_NAME", source("name").with("last_from_full"))
            .map("EMAIL", source("email"))
            .map("PHONE", source("phone"))
            .map("PERMISSIONS_ID", setting("default_role"))
            .map("POSITION", setting("default_position"))
    }

    fn check(settings: Settings) -> Result<()> {
        let answer = get(&format!("{}/api/v2/users.json?page[size]=1", base(&settings)?))?;
        answer.json::<Users>().map(drop)
    }

    fn open(settings: Settings, _cursor: Option<String>, wanted: Wanted) -> Result<Self> {
        let base = base(&settings)?;
        let is_organization = |path: &String| path == "organization" || path.starts_with("organization.");
        let with_organization = wanted.everything || wanted.sources.iter().any(is_organization);
        let size = wanted.limit.unwrap_or(LARGEST_PAGE).clamp(1, LARGEST_PAGE);
        let mut first = format!("{base}/api/v2/users.json?page[size]={size}");
        if with_organization {
            first.push_str("&include=organizations");
        }
        Ok(Self {
            base,
            trail: Trail::from(first.as_str()),
            first,
            with_organization,
        })
    }

    fn next(&mut self) -> Result<Option<Page>> {
        let Some(url) = self.trail.take()? else { return Ok(None) };
        let answer = get(&url)?;
        let found: Users = answer.json()?;
        self.go_on(&found);
        let organizations = self.organizations(&answer, &found)?;
        let mut page = Page::with_capacity(answer.body.len());
        for user in &found.users {
            let known: User = serde_json::from_str(user.get())
                .map_err(|error| answer.unexpected(format!("with a user that cannot be read: {error}")))?;
            if self.with_organization {
                let organization = known.organization_id.and_then(|id| organizations.get(&id).copied());
                page.push_with(|json| with_organization(json, user, organization));
            } else {
                page.push(user);
            }
        }
        Ok(Some(page))
    }
}

impl Zendesk {
    /// The next page: by cursor, which says itself whether there is more. A server that knows no cursors names the next page, by a host
    /// that is another name of the account's.
    fn go_on(&mut self, found: &Users<'_>) {
        if let Some(meta) = &found.meta {
            match meta.after_cursor.as_deref().filter(|_| meta.has_more) {
                Some(cursor) => self
                    .trail
                    .go(Ok(format!("{}&page[after]={}", self.first, encode(cursor)))),
                None if meta.has_more => self.trail.go(Err(Error::Unexpected(
                    "Zendesk says that there are more users, and not where".to_owned(),
                ))),
                None => {}
            }
        } else if let Some(next) = found.next_page.as_deref().filter(|next| !next.is_empty()) {
            let own = self.base.origin();
            let is_own_domain = |target: &Address| {
                target.origin().starts_with("https://")
                    && target.authority().ends_with(".zendesk.com")
                    && own.ends_with(".zendesk.com")
            };
            self.trail.go(self.base.at_home(next, is_own_domain));
        }
    }

    /// The organizations that came along, by id.
    fn organizations<'a>(&self, answer: &Response, found: &Users<'a>) -> Result<BTreeMap<u64, &'a RawValue>> {
        let mut organizations = BTreeMap::new();
        for organization in found.organizations.iter().flatten() {
            let known: Organization = serde_json::from_str(organization.get())
                .map_err(|error| answer.unexpected(format!("with an organization that cannot be read: {error}")))?;
            organizations.insert(known.id, *organization);
        }
        Ok(organizations)
    }
}

/// A user as it stands, with a member more.
fn with_organization(json: &mut Vec<u8>, user: &RawValue, organization: Option<&RawValue>) {
    let text = user.get().trim_end();
    let inner = text.strip_suffix('}').unwrap_or(text).trim_end();
    json.extend_from_slice(inner.as_bytes());
    if !inner.ends_with('{') {
        json.push(b',');
    }
    json.extend_from_slice(b"\"organization\":");
    json.extend_from_slice(organization.map_or("null", RawValue::get).as_bytes());
    json.push(b'}');
}

fn base(settings: &Settings) -> Result<Address> {
    if settings.optional("url").is_some() {
        return settings.address("url");
    }
    let name = settings.text("system_name")?;
    let wrong = |problem: &str| Error::Setting("system_name".to_owned(), problem.to_owned());
    Address::parse(&format!("https://{name}.zendesk.com")).map_err(wrong)
}

fn get(url: &str) -> Result<Response> {
    Request::get(url)
        .header("Accept", "application/json")
        .auth("token")
        .rate_limit(&RATE_LIMIT)
        .send()?
        .success_or(explain)
}

/// What Zendesk says when it refuses: `error` as a text with a `description`, `error` as an object, or `errors`.
fn explain(body: &[u8]) -> Option<String> {
    let refusal: Value = serde_json::from_slice(body).ok()?;
    let said = |value: &Value, names: [&str; 2]| {
        let texts = names.iter().filter_map(|name| value.get(name)?.as_str());
        Some(texts.collect::<Vec<_>>().join(": ")).filter(|text| !text.is_empty())
    };
    match refusal.get("error") {
        Some(Value::String(_)) => said(&refusal, ["error", "description"]),
        Some(error) => said(error, ["title", "message"]),
        None => said(refusal.pointer("/errors/0")?, ["code", "title"]),
    }
}

/// A page of users.
#[derive(Deserialize)]
struct Users<'a> {
    #[serde(borrow)]
    users: Vec<&'a RawValue>,
    #[serde(borrow)]
    organizations: Option<Vec<&'a RawValue>>,
    meta: Option<Meta>,
    next_page: Option<String>,
}

/// What a page by cursor says of itself.
#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    has_more: bool,
    after_cursor: Option<String>,
}

/// A user, as far as it matters here.
#[derive(Deserialize)]
struct User {
    organization_id: Option<u64>,
}

/// An organization, as far as it matters here.
#[derive(Deserialize)]
struct Organization {
    id: u64,
}

oomnitza_sdk::export!(Zendesk);

#[cfg(test)]
mod tests;
