//! Okta: the people of an organisation (Users API, `/api/v1/users`). A record is a user's `profile`.
//!
//! Facts that shape it: pages come by `Link` headers and have at most 200 users; an organisation's `-admin` host answers too, but its
//! links lead to the host without `-admin`; a rate limit says when it ends in epoch seconds of Okta's own clock
//! (docs/connectors/okta.md).

use oomnitza_sdk::json;
use oomnitza_sdk::prelude::*;

/// Okta's own default and maximum.
const LARGEST_PAGE: u64 = 200;

static RATE_LIMIT: RateLimit = RateLimit::epoch_seconds("x-rate-limit-reset", "x-rate-limit-limit");

/// A run through an organisation's users.
pub struct Okta {
    base: Address,
    trail: Trail,
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
                Setting::text("page_size", "Page size", "Users a request, at most 200")
                    .default("200")
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
    }

    fn check(settings: Settings) -> Result<()> {
        get(&format!("{}/api/v1/users?limit=1", settings.address("url")?)).map(drop)
    }

    fn open(settings: Settings, _cursor: Option<String>, wanted: Wanted) -> Result<Self> {
        let base = settings.address("url")?;
        let page = settings
            .number("page_size", 1, LARGEST_PAGE)?
            .min(wanted.limit.unwrap_or(LARGEST_PAGE))
            .max(1);
        let trail = Trail::from(format!("{base}/api/v1/users?limit={page}"));
        Ok(Self { base, trail })
    }

    fn next(&mut self) -> Result<Option<Page>> {
        let Some(url) = self.trail.take()? else { return Ok(None) };
        let answer = get(&url)?;
        let mut page = Page::with_capacity(answer.body.len() / 3);
        answer.each(|user| {
            let (mut id, mut profile) = (None, None);
            user.members(|key, value| match key {
                b"id" => id = Some(value),
                b"profile" => profile = Some(value),
                _ => {}
            })?;
            match profile {
                Some(profile) if profile.starts_with(b"{") => page.push_slice(profile)?,
                _ => page.miss(id.and_then(json::text).unwrap_or_default(), "it has no profile"),
            }
            Ok(())
        })?;
        if let Some(link) = next_link(answer.headers("link")) {
            // The host that a link names must be the section's own, or that one without `-admin`.
            let own = self.base.origin();
            let is_alias = |target: &Address| without_admin(&own).is_some_and(|plain| plain == target.origin());
            self.trail.go(self.base.at_home(link, is_alias));
        }
        Ok(Some(page))
    }
}

/// `https://dev-1.okta.com` for `https://dev-1-admin.okta.com`.
fn without_admin(origin: &str) -> Option<String> {
    let (organisation, domain) = origin.split_once('.')?;
    Some(format!("{}.{domain}", organisation.strip_suffix("-admin")?))
}

fn get(url: &str) -> Result<Response> {
    Request::get(url)
        .header("Accept", "application/json")
        .auth("token")
        .rate_limit(&RATE_LIMIT)
        .send()?
        .success_or(explain)
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
