//! AirWatch, today's Workspace ONE UEM: devices of the device search (`/api/v1/mdm/devices/search`). A record is a device, with its
//! `network` where a mapping asks for it.
//!
//! Facts that shape it: pages are counted from 0 and a page past the end is a 204; every request carries the tenant's code beside its
//! credentials, unless these are an OAuth client's; the network of a device is a request of its own (docs/connectors/airwatch.md).

use std::collections::VecDeque;

use oomnitza_sdk::prelude::*;
use oomnitza_sdk::serde_json;

/// The server's own default and maximum.
const LARGEST_PAGE: u64 = 500;

/// Devices whose networks are asked for in one call, which the host ends after 15 minutes: of a page's 500, each slow, nothing would come.
const TOGETHER: usize = 50;

/// Slots: user name and password, and a token for an OAuth client; the tenant's code goes with both.
const BASIC: &str = "basic";
const CLIENT: &str = "client";

/// A quota of the day, and one of the minute that no header speaks of.
static RATE_LIMIT: RateLimit =
    RateLimit::epoch_seconds("x-ratelimit-reset", "x-ratelimit-limit").remaining("x-ratelimit-remaining");

/// A run through a tenant's devices.
pub struct AirWatch {
    server: Server,
    page_size: u64,
    wants_network: bool,
    paging: Paging,
    /// Devices whose networks are still to be asked for.
    left: VecDeque<Box<RawValue>>,
}

/// A server, and how it is asked.
struct Server {
    base: Address,
    slot: &'static str,
}

impl Connector for AirWatch {
    fn describe() -> Description {
        let tenant = ("aw-tenant-code", "{api_token}");
        Description::audit("airwatch", "AirWatch (Workspace ONE UEM)", "AirWatch")
            .setting(
                Setting::text("url", "URL", "The address of the AirWatch server").example("https://apidev.awmdm.com"),
            )
            .setting(
                Setting::text(
                    "username",
                    "User name",
                    "An administrator who may read devices through the API",
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
            .setting(
                Setting::text(
                    "api_token",
                    "API token",
                    "The tenant's API key (Groups & Settings, All Settings, System, Advanced, API, REST API); an OAuth client can do without",
                )
                .example("YOUR AirWatch API TOKEN")
                .required_without("client_id")
                .secret(),
            )
            .setting(Setting::sync_field())
            .setting(
                Setting::text(
                    "client_id",
                    "Client ID",
                    "An OAuth client, instead of user name and password",
                )
                .required_with("client_secret")
                .advanced(),
            )
            .setting(
                Setting::text("client_secret", "Client secret", "The OAuth client's secret")
                    .required_with("client_id")
                    .secret()
                    .advanced(),
            )
            .setting(
                Setting::text(
                    "token_url",
                    "Token URL",
                    "Where the OAuth client gets its tokens, by region",
                )
                .example("https://na.uemauth.workspaceone.com/connect/token")
                .required_with("client_id")
                .advanced(),
            )
            .endpoint("{url}", "the AirWatch server")
            .endpoint("{token_url}", "tokens for the OAuth client")
            .basic_auth(BASIC, "{username}", "{password}")
            .header_auth(BASIC, tenant.0, tenant.1)
            .token_auth(
                CLIENT,
                Token::at("{token_url}").form(&[
                    ("grant_type", "client_credentials"),
                    ("client_id", "{client_id}"),
                    ("client_secret", "{client_secret}"),
                ]),
            )
            .header_auth(CLIENT, tenant.0, tenant.1)
    }

    fn check(settings: Settings) -> Result<()> {
        let answer = Server::of(&settings)?.search(1, 0)?;
        if answer.status == 204 {
            return Ok(());
        }
        answer.json::<Found>()?.devices(&answer).map(drop)
    }

    fn open(settings: Settings, _cursor: Option<String>, wanted: Wanted) -> Result<Self> {
        Ok(Self {
            server: Server::of(&settings)?,
            page_size: wanted.limit.unwrap_or(LARGEST_PAGE).clamp(1, LARGEST_PAGE),
            wants_network: wanted.uses("network"),
            paging: Paging::default(),
            left: VecDeque::new(),
        })
    }

    fn next(&mut self) -> Result<Option<Page>> {
        if !self.left.is_empty() {
            return self.with_networks().map(Some);
        }
        if self.paging.is_over() {
            return Ok(None);
        }
        let answer = self.server.search(self.page_size, self.paging.page())?;
        if answer.status == 204 {
            let mut page = Page::default();
            self.paging.came(0, None);
            self.paging.note_end(&mut page);
            return Ok(Some(page));
        }
        let found: Found = answer.json()?;
        let devices = found.devices(&answer)?;
        self.paging.came(devices.len(), found.total);
        if self.wants_network {
            self.left = devices.into_iter().map(RawValue::to_owned).collect();
            return self.with_networks().map(Some);
        }
        let mut page = Page::with_capacity(answer.body.len());
        self.paging.note_end(&mut page);
        devices.into_iter().for_each(|device| page.push(device));
        Ok(Some(page))
    }
}

impl AirWatch {
    /// The next devices that are left, with their networks.
    fn with_networks(&mut self) -> Result<Page> {
        let devices: Vec<Box<RawValue>> = self.left.drain(..self.left.len().min(TOGETHER)).collect();
        let mut page = Page::default();
        for (device, network) in devices.iter().zip(self.server.networks(&devices)?) {
            page.push_and(device, "network", network.as_deref().unwrap_or("{}"));
        }
        if self.left.is_empty() {
            self.paging.note_end(&mut page);
        }
        Ok(page)
    }
}

impl Server {
    fn of(settings: &Settings) -> Result<Self> {
        Ok(Self {
            base: settings.address("url")?,
            slot: settings.optional("client_id").map_or(BASIC, |_| CLIENT),
        })
    }

    fn search(&self, page_size: u64, page: u64) -> Result<Response> {
        self.get(&format!("search?pagesize={page_size}&page={page}"))
            .send()?
            .success_or_said(said)
    }

    /// The network of each device; none where it has no address, or where the server does not give it. Where it gives none of several no
    /// device is to blame: to send them without would empty what Oomnitza has.
    fn networks(&self, devices: &[Box<RawValue>]) -> Result<Vec<Option<String>>> {
        let addresses: Vec<Option<String>> = devices.iter().map(|device| mac_address(device)).collect();
        let requests = addresses.iter().flatten();
        let requests = requests.map(|address| self.get(&format!("macaddress/{}/network", encode(address))));
        let mut answers = send_all(requests.collect()).into_iter();
        let (mut first_failure, mut failures, mut is_any_answered) = (None, Vec::new(), false);
        let mut networks = Vec::with_capacity(addresses.len());
        for address in addresses {
            let Some((address, answer)) = address.and_then(|address| Some((address, answers.next()?))) else {
                networks.push(None);
                continue;
            };
            // That it does not know the device is AirWatch's own answer; another 404 is anybody's.
            let is_unknown = matches!(&answer, Ok(answer) if answer.status == 404 && explain(&answer.body).is_some());
            let answer = answer.and_then(|answer| answer.success_or_said(said));
            is_any_answered |= is_unknown || answer.is_ok();
            let network = match answer.and_then(|answer| answer.json::<Box<RawValue>>()) {
                Ok(network) => Some(network.get().to_owned()).filter(|network| network.starts_with('{')),
                Err(error @ (Error::SignIn(_) | Error::TokenRefused(..))) => return Err(error),
                Err(error) => {
                    failures.push(format!(
                        "the network of the device with address {address} is not known: {error}"
                    ));
                    first_failure.get_or_insert(error);
                    None
                }
            };
            networks.push(network);
        }
        match first_failure {
            Some(error) if failures.len() > 1 && !is_any_answered => Err(error),
            _ => {
                failures.iter().for_each(|failure| warning!("{failure}"));
                Ok(networks)
            }
        }
    }

    fn get(&self, path: &str) -> Request {
        Request::get(format!("{}/api/v1/mdm/devices/{path}", self.base))
            .header("Accept", "application/json")
            .auth(self.slot)
            .rate_limit(&RATE_LIMIT)
    }
}

/// A page of the search.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found<'a> {
    #[serde(borrow)]
    devices: Option<Vec<&'a RawValue>>,
    total: Option<u64>,
}

impl<'a> Found<'a> {
    /// The devices. None at all are an empty list, a total of 0 or a 204; anything else would pass for an empty tenant.
    fn devices(&self, answer: &Response) -> Result<Vec<&'a RawValue>> {
        match &self.devices {
            Some(devices) => Ok(devices.clone()),
            None if self.total == Some(0) => Ok(Vec::new()),
            None => Err(Error::Unexpected(format!("{} answered without devices", answer.what()))),
        }
    }
}

/// A device's address in the local network, if it has one.
fn mac_address(device: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Device {
        mac_address: Option<String>,
    }
    let device: Device = serde_json::from_str(device.get()).ok()?;
    device.mac_address.filter(|address| !address.trim().is_empty())
}

/// What AirWatch says of an error, and the number by which its makers find the request in their own log.
fn said(answer: &Response) -> Option<String> {
    let number = answer.header("x-correlation-id");
    let number = number.map(|number| format!("X-Correlation-Id {number}"));
    let said: Vec<String> = explain(&answer.body).into_iter().chain(number).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// What its answer says: `Device not found for this request. (5061)`.
fn explain(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Refusal {
        error_code: serde_json::Value,
        message: String,
    }
    let refusal: Refusal = serde_json::from_slice(body).ok()?;
    Some(format!("{} ({})", refusal.message, refusal.error_code))
}

oomnitza_sdk::export!(AirWatch);

#[cfg(test)]
mod tests;
