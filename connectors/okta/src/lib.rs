//! Okta: the people of an organisation (Users API, `/api/v1/users`). A record is a user's `profile`.
//!
//! Facts that shape it: pages come by `Link` headers and have at most 200 users; an organisation's `-admin` host answers too, but its
//! links lead to the host without `-admin`; a rate limit says when it ends in epoch seconds of Okta's own clock; the plain list leaves out
//! deprovisioned users, and every list with a `filter` has them (docs/connectors/okta.md).

use oomnitza_sdk::json;
use oomnitza_sdk::prelude::*;

/// Okta's own default and maximum.
const LARGEST_PAGE: u32 = 200;

static RATE_LIMIT: RateLimit = RateLimit::epoch_seconds("x-rate-limit-reset", "x-rate-limit-limit");

/// The state of users who were deactivated, as it stands in a record.
const DEPROVISIONED: &[u8] = b"\"DEPROVISIONED\"";

/// What a section asks for.
struct Section {
    base: Address,
    page_size: u32,
    with_deprovisioned: bool,
}

impl Section {
    fn of(settings: &Settings) -> Result<Self> {
        Ok(Self {
            base: settings.address("url")?,
            page_size: settings.number("page_size")?,
            with_deprovisioned: settings.truth("deprovisioned"),
        })
    }
}

/// A run through an organisation's users.
pub struct Okta {
    base: Address,
    trail: Trail,
    /// Where the second list begins, until it does.
    second: Option<String>,
    with_deprovisioned: bool,
    since: Since,
}

impl Connector for Okta {
    fn describe() -> Description {
        Description::users("okta", "Okta", "Okta")
            .setting(
                Setting::text("url", "URL", "The address of your Okta organisation")
                    .example("https://example-admin.okta.com"),
            )
            .setting(
                Setting::text(
                    "api_token",
                    "API token",
                    "A token of an Okta administrator who may read users (Security, API, Tokens)",
                )
                .example("YOUR Okta API TOKEN")
                .secret(),
            )
            .setting(Setting::default_role())
            .setting(Setting::default_position())
            .setting(
                Setting::text("page_size", "Page size", "Users a request")
                    .default("200")
                    .whole_number(1..=LARGEST_PAGE)
                    .advanced(),
            )
            .setting(
                Setting::text(
                    "deprovisioned",
                    "Deprovisioned users",
                    "Whether users whom Okta has deprovisioned are sent as well",
                )
                .default("False")
                .truth()
                .advanced(),
            )
            .endpoint("{url}", "the organisation's Users API")
            .header_auth("token", "Authorization", "SSWS {api_token}")
            .map("USER", source("login").required())
            .map("FIRST_NAME", source("firstName").required())
            .map("LAST_NAME", source("lastName").required())
            .map("EMAIL", source("email").required())
            .map("PHONE", source("mobilePhone"))
            .map("PERMISSIONS_ID", setting("default_role"))
            .map("POSITION", setting("default_position"))
            .incremental()
    }

    fn check(settings: Settings) -> Result<()> {
        let answer = get(&format!("{}/api/v1/users?limit=1", Section::of(&settings)?.base))?;
        answer.json::<Vec<&RawValue>>().map(drop)
    }

    fn open(settings: Settings, cursor: Option<String>, wanted: Wanted) -> Result<Self> {
        let Section {
            base,
            page_size,
            with_deprovisioned,
        } = Section::of(&settings)?;
        let page = wanted.limit.unwrap_or(u64::MAX).clamp(1, page_size.into());
        let since = Since::open(cursor.as_deref())?;
        let filtered = |filter: &str| format!("{base}/api/v1/users?filter={}&limit={page}", encode(filter));
        let (first, second) = match since.from() {
            // One list: those who were deprovisioned are on it.
            Some(from) => (filtered(&format!("lastUpdated ge \"{from}\"")), None),
            None => (
                format!("{base}/api/v1/users?limit={page}"),
                with_deprovisioned.then(|| filtered("status eq \"DEPROVISIONED\"")),
            ),
        };
        Ok(Self {
            base,
            trail: Trail::from(first),
            second,
            with_deprovisioned,
            since,
        })
    }

    fn next(&mut self) -> Result<Option<Page>> {
        let Some(url) = self.trail.take()? else { return Ok(None) };
        let answer = get(&url)?;
        self.since.answered(&answer);
        let mut is_last = false;
        if let Some(link) = next_link(answer.headers("link")) {
            // The host that a link names must be the section's own, or that one without `-admin`.
            let own = self.base.origin();
            let is_alias = |target: &Address| without_admin(&own).is_some_and(|plain| plain == target.origin());
            self.trail.go(self.base.at_home(link, is_alias));
        } else if let Some(second) = self.second.take() {
            self.trail.go(Ok(second));
        } else {
            is_last = true;
        }
        self.trail.begin(list);
        let mut page = Page::with_capacity(answer.body.len() / 3);
        answer.each(|user| {
            let (mut id, mut status, mut profile) = (None, None, None);
            user.members(|key, value| match key {
                b"id" => id = Some(value),
                b"status" => status = Some(value),
                b"profile" => profile = Some(value),
                _ => {}
            })?;
            match profile {
                _ if status == Some(DEPROVISIONED) && !self.with_deprovisioned => {}
                Some(profile) if profile.starts_with(b"{") => page.push_slice(profile),
                _ => page.miss(id.and_then(json::text).unwrap_or_default(), "it has no profile"),
            }
            Ok(())
        })?;
        Ok(Some(if is_last { self.since.end(page) } else { page }))
    }
}

/// `https://dev-1.okta.com` for `https://dev-1-admin.okta.com`.
fn without_admin(origin: &str) -> Option<String> {
    let (organisation, domain) = origin.split_once('.')?;
    Some(format!("{}.{domain}", organisation.strip_suffix("-admin")?))
}

/// The request for a page of a list.
fn list(url: &str) -> Request {
    Request::get(url)
        .header("Accept", "application/json")
        .auth("token")
        .rate_limit(&RATE_LIMIT)
}

fn get(url: &str) -> Result<Response> {
    list(url).send()?.success_or(explain)
}

/// What Okta says of an error: `Invalid token provided (E0000011)`.
fn explain(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Envelope {
        error_code: String,
        error_summary: String,
    }
    let envelope: Envelope = oomnitza_sdk::serde_json::from_slice(body).ok()?;
    Some(format!("{} ({})", envelope.error_summary, envelope.error_code))
}

oomnitza_sdk::export!(Okta);

#[cfg(test)]
mod tests;
