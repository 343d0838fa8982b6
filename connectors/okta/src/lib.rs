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
    /// The next page. A link that cannot be followed is known with the page before it, whose users are to arrive all the same.
    next: Option<Result<String>>,
    seen: Vec<String>,
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
        let next = Some(Ok(format!("{base}/api/v1/users?limit={page}")));
        Ok(Self {
            base,
            next,
            seen: Vec::new(),
        })
    }

    fn next(&mut self) -> Result<Option<Page>> {
        let Some(url) = self.next.take().transpose()? else {
            return Ok(None);
        };
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
        // The last few suffice: a circle comes round.
        self.seen.push(url);
        if self.seen.len() > 16 {
            self.seen.remove(0);
        }
        self.next = next_link(answer.headers("link")).map(|link| self.follow(link));
        Ok(Some(page))
    }
}

impl Okta {
    /// Where a link leads, if it leads on.
    fn follow(&self, link: &str) -> Result<String> {
        let next = self.own(link)?;
        if self.seen.contains(&next) {
            return Err(Error::Unexpected(format!(
                "the link to the next page leads back to {next}"
            )));
        }
        Ok(next)
    }

    /// A link's path and query at the section's own host. The host that a link names must be that one, or that one without `-admin`.
    fn own(&self, link: &str) -> Result<String> {
        let other = |why: &str| Error::Unexpected(format!("the link to the next page cannot be followed: {why}"));
        let (target, rest) = self.base.resolve(link).map_err(other)?;
        let own = self.base.origin();
        if target.origin() == own || without_admin(&own).is_some_and(|plain| plain == target.origin()) {
            Ok(format!("{own}{rest}"))
        } else {
            Err(other(&format!("it leads to {}", target.origin())))
        }
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
