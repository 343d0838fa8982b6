//! Casper, today's Jamf Pro, through its Classic API (`/JSSResource`): computers or mobile devices. A record is a device's full detail.
//!
//! Facts that shape it: the list has no pages and the details come one by one, at most five at once; JSON is sent as `text/plain`,
//! errors as HTML; Basic is accepted only by servers that know no tokens; a cluster wants its cookies back (docs/connectors/casper.md).

mod api;

use std::collections::VecDeque;

use oomnitza_sdk::prelude::*;

use api::Kind;

/// Details asked for together, of about 50 kB each: with 16 under way at once most of the time there are 16.
const TOGETHER: u64 = 100;

/// Slots: a token for user name and password, a token for an API client, the same where servers gave it before, and user name and password
/// themselves.
const TOKEN: &str = "token";
const CLIENT: &str = "client";
const CLIENT_BEFORE: &str = "client_before";
const BASIC: &str = "basic";

static RATE_LIMIT: RateLimit = RateLimit::unsaid();

/// A run through a server's computers or mobile devices.
pub struct Casper {
    server: Server,
    together: usize,
    /// Devices whose details are still to come.
    ids: VecDeque<String>,
    /// Details that have come and did not fit on a page yet, each with its device.
    came: VecDeque<(String, std::result::Result<Response, Missing>)>,
}

/// A server, and how it is asked.
struct Server {
    base: Address,
    kind: Kind,
    group: Option<String>,
    slot: &'static str,
}

impl Connector for Casper {
    fn describe() -> Description {
        let client = |path: &str| {
            Token::at(&format!("{{url}}{path}")).form(&[
                ("client_id", "{client_id}"),
                ("client_secret", "{client_secret}"),
                ("grant_type", "client_credentials"),
            ])
        };
        Description::audit("casper", "Casper (Jamf Pro)", "Casper")
            .setting(
                Setting::text("url", "URL", "The address of the Jamf Pro server")
                    .example("https://jss.jamfcloud.com/example"),
            )
            .setting(
                Setting::text(
                    "username",
                    "User name",
                    "An account that may read computers and mobile devices",
                )
                .example("username@example.com")
                .required_without("client_id"),
            )
            .setting(
                Setting::text("password", "Password", "Its password")
                    .example("change-me")
                    .required_without("client_id")
                    .secret(),
            )
            .setting(Setting::sync_field())
            .setting(
                Setting::text("sync_type", "Sync type", "What is read: `computers` or `mobiledevices`")
                    .default("computers")
                    .choices(&["computers", "mobiledevices"]),
            )
            .setting(
                Setting::text(
                    "group_name",
                    "Group",
                    "Only members of this group, static or smart, are read",
                )
                .example("All Managed Clients")
                .optional()
                .advanced(),
            )
            .setting(Setting::update_only())
            .setting(
                Setting::text(
                    "client_id",
                    "Client ID",
                    "An API client of Jamf Pro, instead of user name and password",
                )
                .required_with("client_secret")
                .advanced(),
            )
            .setting(
                Setting::text("client_secret", "Client secret", "The API client's secret")
                    .required_with("client_id")
                    .secret()
                    .advanced(),
            )
            .place(Endpoint::at("{url}", "the Jamf Pro server").parallel(5).cookies())
            .basic_auth(BASIC, "{username}", "{password}")
            .token_auth(
                TOKEN,
                Token::at("{url}/api/v1/auth/token").signed(BASIC).member("token"),
            )
            .token_auth(CLIENT, client("/api/v1/oauth/token"))
            .token_auth(CLIENT_BEFORE, client("/api/oauth/token"))
            .convert("general.report_date", "date_format")
            .convert("general.last_contact_time", "date_format")
            .convert("general.initial_entry_date", "date_format")
            .convert("purchasing.warranty_expires", "date_format")
            .convert("purchasing.lease_expires", "date_format")
            .case(Case::when("sync_type", "computers").map("APPLICATIONS", source("software.applications")))
            .case(Case::when("sync_type", "mobiledevices").mapping_name("Casper.MDM"))
    }

    fn check(settings: Settings) -> Result<()> {
        Server::of(&settings)?.list().map(drop)
    }

    fn open(settings: Settings, _cursor: Option<String>, wanted: Wanted) -> Result<Self> {
        let mut server = Server::of(&settings)?;
        let ids = server.list()?;
        let together = wanted.limit.unwrap_or(TOGETHER).clamp(1, TOGETHER) as usize;
        Ok(Self {
            server,
            together,
            ids,
            came: VecDeque::new(),
        })
    }

    fn next(&mut self) -> Result<Option<Page>> {
        if self.came.is_empty() {
            if self.ids.is_empty() {
                return Ok(None);
            }
            let ids: Vec<String> = self.ids.drain(..self.together.min(self.ids.len())).collect();
            let requests = ids
                .iter()
                .map(|id| self.server.get(&self.server.kind.detail(id)))
                .collect();
            let details = details(requests, api::explain)?;
            self.came = ids.into_iter().zip(details).collect();
        }
        let mut page = Page::default();
        while !page.is_full()
            && let Some((id, detail)) = self.came.pop_front()
        {
            match detail {
                Ok(answer) => match self.server.kind.record(&answer) {
                    Ok(record) => page.push_with(|json| record.write(json)),
                    Err(error) => page.miss(id, error.to_string()),
                },
                Err(Missing::Gone) => page.gone(id, "it is gone"),
                Err(Missing::Failed(reason)) => page.miss(id, reason),
            }
        }
        Ok(Some(page))
    }
}

impl Server {
    fn of(settings: &Settings) -> Result<Self> {
        Ok(Self {
            base: settings.address("url")?,
            kind: Kind::of(settings.text("sync_type")?),
            group: settings.optional("group_name").map(str::to_owned),
            slot: settings.optional("client_id").map_or(TOKEN, |_| CLIENT),
        })
    }

    /// The devices to read, in the list's order.
    fn list(&mut self) -> Result<VecDeque<String>> {
        let path = match &self.group {
            Some(group) => self.kind.group(group),
            None => self.kind.list().to_owned(),
        };
        let mut answer = self.get(&path).send();
        if answer.as_ref().is_err_and(|error| self.knows_no_tokens(error)) {
            self.slot = match self.slot {
                TOKEN => {
                    info!("this server knows no tokens: user name and password go with each request");
                    BASIC
                }
                _ => CLIENT_BEFORE,
            };
            answer = self.get(&path).send();
        }
        let answer = answer?;
        match &self.group {
            Some(group) if answer.status == 404 => Err(Error::setting(
                "group_name",
                format!("there is no {} `{group}`", self.kind.group_words()),
            )),
            Some(_) => self.kind.members(&answer.success_or(api::explain)?),
            None => self.kind.all(&answer.success_or(api::explain)?),
        }
    }

    /// Whether a request failed because the server knows no tokens at that place: a path that it does not have is 404, 405, or, for servers
    /// that are older than tokens, a page.
    fn knows_no_tokens(&self, error: &Error) -> bool {
        match error {
            Error::TokenRefused(404 | 405, _) => true,
            // What the host says of an answer without a token.
            Error::Unexpected(why) => self.slot == TOKEN && why.contains("the answer to the request for a token"),
            _ => false,
        }
    }

    fn get(&self, path: &str) -> Request {
        Request::get(format!("{}/JSSResource/{path}", self.base))
            .header("Accept", "application/json")
            .auth(self.slot)
            .rate_limit(&RATE_LIMIT)
    }
}

oomnitza_sdk::export!(Casper);

#[cfg(test)]
mod tests;
