//! Zendesk Support: an account's users (`/api/v2/users.json`).
//!
//! Facts that shape it: pages by number end at 10,000 users, so pages are asked for by cursor; an account that has another host name
//! answers with links to its own; `error` is a text, an object or a list; ids are larger than 32 bits and are left as they stand; what
//! changed comes by an export of its own, whose cursor holds from run to run and which has deleted users too (docs/connectors/zendesk.md).

use std::collections::BTreeMap;

use oomnitza_sdk::encode;
use oomnitza_sdk::prelude::*;
use oomnitza_sdk::serde_json::{self, Value};

/// Zendesk's own maximum.
const LARGEST_PAGE: u64 = 100;

/// Users a page of the export. Zendesk takes 1,000, and answers ten requests a minute; but with notes and organizations a page of 1,000
/// may be larger than the host takes.
const EXPORT_PAGE: u64 = 500;

/// What cursors of the export begin with. Others are points in time.
const EXPORT: &str = "export:";

static RATE_LIMIT: RateLimit = RateLimit::seconds("rate-limit-reset", "x-rate-limit");

/// A run through an account's users.
pub struct Zendesk {
    base: Address,
    /// The address of a page, to which its place is added.
    pages: String,
    trail: Trail,
    way: Way,
    /// Whether users come with their organization.
    with_organization: bool,
    /// A page of Zendesk's that is larger than the host takes at once.
    came: Option<Came>,
}

/// A page of Zendesk's, and how many of its users were handed over.
struct Came {
    answer: Response,
    handed_over: usize,
    is_last: bool,
}

/// How users are asked for.
enum Way {
    /// The list of all users. A later run goes on from its time.
    List(Since),
    /// The export of what changed; whether it goes on from a cursor of Zendesk's that was not asked with yet.
    Export { is_untried: bool },
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
            .incremental()
    }

    fn check(settings: Settings) -> Result<()> {
        let answer = request(&format!("{}/api/v2/users.json?page[size]=1", base(&settings)?)).send()?;
        answer.success_or(explain)?.json::<Users>().map(drop)
    }

    fn open(settings: Settings, cursor: Option<String>, wanted: Wanted) -> Result<Self> {
        let base = base(&settings)?;
        let with_organization = wanted.uses("organization");
        let size = |most: u64| wanted.limit.unwrap_or(most).clamp(1, most);
        let include = if with_organization {
            "&include=organizations"
        } else {
            ""
        };
        let list = || format!("{base}/api/v2/users.json?page[size]={}{include}", size(LARGEST_PAGE));
        let export = || {
            let address = "api/v2/incremental/users/cursor.json";
            format!("{base}/{address}?per_page={}{include}", size(EXPORT_PAGE))
        };
        let (pages, start, way) = match cursor.as_deref().map(|cursor| (cursor, cursor.strip_prefix(EXPORT))) {
            Some((_, Some(cursor))) => {
                let start = format!("&cursor={}", encode(cursor));
                (export(), start, Way::Export { is_untried: true })
            }
            cursor => {
                let since = Since::open(cursor.map(|(cursor, _)| cursor))?;
                match since.from() {
                    Some(from) => {
                        let start = format!("&start_time={}", from.seconds());
                        (export(), start, Way::Export { is_untried: false })
                    }
                    None => (list(), String::new(), Way::List(since)),
                }
            }
        };
        Ok(Self {
            base,
            trail: Trail::from(format!("{pages}{start}")),
            pages,
            way,
            with_organization,
            came: None,
        })
    }

    fn next(&mut self) -> Result<Option<Page>> {
        let mut came = match self.came.take() {
            Some(came) => came,
            None => {
                let Some(url) = self.trail.take()? else { return Ok(None) };
                let answer = self.ask(&url)?;
                let is_last = self.go_on(&answer.json()?);
                self.trail.begin(request);
                Came {
                    answer,
                    handed_over: 0,
                    is_last,
                }
            }
        };
        let found: Users = came.answer.json()?;
        let organizations = self.organizations(&came.answer, &found)?;
        let mut page = Page::with_capacity(came.answer.body.len());
        for user in found.users.iter().skip(came.handed_over) {
            // Each user has its organization whole, which stands in the answer once.
            if page.is_full() {
                break;
            }
            came.handed_over += 1;
            let known: User = serde_json::from_str(user.get()).map_err(|error| {
                came.answer
                    .unexpected(format!("with a user that cannot be read: {error}"))
            })?;
            // The list of all users has none that were deleted, so the export gives none either.
            if known.active.is_some_and(|active| active.get() == "false") && matches!(self.way, Way::Export { .. }) {
                continue;
            }
            if self.with_organization {
                let organization = known
                    .organization_id
                    .and_then(|id| organizations.get(id.get()).copied());
                page.push_and(user, "organization", organization.map_or("null", RawValue::get));
            } else {
                page.push(user);
            }
        }
        if came.handed_over < found.users.len() {
            self.came = Some(came);
            return Ok(Some(page));
        }
        Ok(Some(match (&self.way, &found.after_cursor) {
            (Way::List(since), _) if came.is_last => since.end(page),
            // A later run goes on behind this page, whatever comes next.
            (Way::Export { .. }, Some(cursor)) => page.cursor(format!("{EXPORT}{cursor}")),
            _ => page,
        }))
    }
}

impl Zendesk {
    /// Asks for a page.
    fn ask(&mut self, url: &str) -> Result<Response> {
        let answer = request(url).send()?;
        match &mut self.way {
            Way::List(since) => since.answered(&answer),
            Way::Export { is_untried } => {
                if std::mem::replace(is_untried, false) && matches!(answer.status, 400 | 422) {
                    let said = explain(&answer.body).unwrap_or_default();
                    return Err(Error::StaleCursor(format!(
                        "Zendesk answered {}: {said}",
                        answer.status
                    )));
                }
            }
        }
        answer.success_or(explain)
    }

    /// The way goes on where this page says, unless it is the last, which is returned.
    fn go_on(&mut self, found: &Users<'_>) -> bool {
        let next = match self.way {
            Way::Export { .. } => self.next_of_export(found),
            Way::List(_) => self.next_of_list(found),
        };
        let is_last = next.is_none();
        if let Some(next) = next {
            self.trail.go(next);
        }
        is_last
    }

    /// The next page of the export, if there is one.
    fn next_of_export(&self, found: &Users<'_>) -> Option<Result<String>> {
        let next = |cursor: &String| format!("{}&cursor={}", self.pages, encode(cursor));
        let cursor = found.after_cursor.as_ref();
        (found.end_of_stream != Some(true)).then(|| cursor.map(next).ok_or_else(more_and_not_where))
    }

    /// The next page of the list, if there is one: by cursor, which says itself whether there is more. A server that knows no cursors names
    /// the next page, by a host that is another name of the account's.
    fn next_of_list(&self, found: &Users<'_>) -> Option<Result<String>> {
        if let Some(meta) = &found.meta {
            let next = |cursor: &str| format!("{}&page[after]={}", self.pages, encode(cursor));
            let cursor = meta.after_cursor.as_deref();
            return meta.has_more.then(|| cursor.map(next).ok_or_else(more_and_not_where));
        }
        let next = found.next_page.as_deref().filter(|next| !next.is_empty())?;
        let own = self.base.origin();
        let is_own_domain = |target: &Address| {
            target.origin().starts_with("https://")
                && target.authority().ends_with(".zendesk.com")
                && own.ends_with(".zendesk.com")
        };
        Some(self.base.at_home(next, is_own_domain))
    }

    /// The organizations that came along, by id as it stands there.
    fn organizations<'a>(&self, answer: &Response, found: &Users<'a>) -> Result<BTreeMap<&'a str, &'a RawValue>> {
        let mut organizations = BTreeMap::new();
        for organization in found.organizations.iter().flatten() {
            let known: Organization = serde_json::from_str(organization.get())
                .map_err(|error| answer.unexpected(format!("with an organization that cannot be read: {error}")))?;
            organizations.insert(known.id.get(), *organization);
        }
        Ok(organizations)
    }
}

fn base(settings: &Settings) -> Result<Address> {
    if settings.optional("url").is_some() {
        return settings.address("url");
    }
    let name = settings.text("system_name")?;
    let wrong = |problem| Error::setting("system_name", problem);
    Address::parse(&format!("https://{name}.zendesk.com")).map_err(wrong)
}

fn more_and_not_where() -> Error {
    Error::Unexpected("Zendesk says that there are more users, and not where".to_owned())
}

fn request(url: &str) -> Request {
    Request::get(url)
        .header("Accept", "application/json")
        .auth("token")
        .rate_limit(&RATE_LIMIT)
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
    after_cursor: Option<String>,
    end_of_stream: Option<bool>,
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
struct User<'a> {
    /// Whatever it is: one that is none, as -1, is no organization's.
    #[serde(borrow)]
    organization_id: Option<&'a RawValue>,
    #[serde(borrow)]
    active: Option<&'a RawValue>,
}

/// An organization, as far as it matters here.
#[derive(Deserialize)]
struct Organization<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
}

oomnitza_sdk::export!(Zendesk);

#[cfg(test)]
mod tests;
