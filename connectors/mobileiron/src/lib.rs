//! MobileIron Cloud, today's Ivanti Neurons for MDM: devices of a tenant's partitions (`/api/v1/device`). A record is a device.
//!
//! Facts that shape it: a page is asked for by `start` and `rows`; devices come with the latest check-in first, so the first page
//! without a recent one is the last that is read; refusals come in an envelope, status 200 included (docs/connectors/mobileiron.md).

mod partitions;

use std::collections::VecDeque;

use oomnitza_sdk::prelude::*;
use oomnitza_sdk::{clock, serde_json};

use partitions::Partitions;

/// The server's maximum.
const ROWS: u64 = 500;

/// Milliseconds of a day.
const DAY: f64 = 86_400_000.0;

static RATE_LIMIT: RateLimit = RateLimit::unsaid();

/// What a section asks for.
struct Section {
    base: Address,
    partitions: Partitions,
    checkin_days: f64,
}

impl Section {
    fn of(settings: &Settings) -> Result<Self> {
        Ok(Self {
            base: settings.address("url")?,
            partitions: settings.names("partitions")?.map_or(Partitions::All, Partitions::Named),
            checkin_days: settings.number("checkin_days")?,
        })
    }

    /// The ids of its partitions.
    fn ids(&self) -> Result<Vec<u64>> {
        let known = partitions::all(&self.base)?;
        if known.is_empty() {
            let why = "the server shows this account no partition, and a tenant has one at least";
            return Err(Error::Forbidden(why.to_owned()));
        }
        self.partitions.among(&known)
    }
}

/// A run through a tenant's partitions.
pub struct MobileIron {
    base: Address,
    /// Ids of the partitions that are still to be read, the one at hand first.
    partitions: VecDeque<u64>,
    paging: Paging,
    /// Devices that checked in before it are left out, milliseconds since 1970.
    cutoff: f64,
}

impl Connector for MobileIron {
    fn describe() -> Description {
        Description::audit("mobileiron", "MobileIron (Ivanti Neurons for MDM)", "MobileIron")
            .setting(
                Setting::text("url", "URL", "The address of the MobileIron Cloud server")
                    .example("https://na1.mobileiron.com"),
            )
            .setting(
                Setting::text(
                    "username",
                    "User name",
                    "A local account with the role Common Platform Services (CPS)",
                )
                .example("username@example.com"),
            )
            .setting(
                Setting::text("password", "Password", "Its password")
                    .example("change-me")
                    .secret(),
            )
            .setting(
                Setting::text(
                    "partitions",
                    "Partitions",
                    "The device partitions to read: a JSON list of their names, or `All`",
                )
                .example(r#"["Drivers"]"#)
                .names_or("All"),
            )
            .setting(Setting::sync_field())
            .setting(
                Setting::text(
                    "checkin_days",
                    "Days since the last check-in",
                    "Devices that have not checked in for so many days are left out",
                )
                .default("1.5")
                .number(0..=36_500)
                .advanced(),
            )
            .endpoint("{url}", "the MobileIron Cloud server")
            .basic_auth("basic", "{username}", "{password}")
    }

    fn check(settings: Settings) -> Result<()> {
        Section::of(&settings)?.ids().map(drop)
    }

    fn open(settings: Settings, _cursor: Option<String>, _wanted: Wanted) -> Result<Self> {
        let section = Section::of(&settings)?;
        Ok(Self {
            partitions: section.ids()?.into(),
            base: section.base,
            paging: Paging::default(),
            cutoff: clock::now() as f64 - section.checkin_days * DAY,
        })
    }

    fn next(&mut self) -> Result<Option<Page>> {
        let Some(partition) = self.partitions.front() else {
            return Ok(None);
        };
        let start = self.paging.offset();
        let answer = get(&format!(
            "{}/api/v1/device?dmPartitionId={partition}&rows={ROWS}&start={start}&sortFields[0].name=lastCheckin&sortFields[0].order=DESC",
            self.base
        ))?;
        let found = found::<&RawValue>(&answer)?;
        self.paging.came(found.results.len(), found.total);
        let mut page = Page::with_capacity(answer.body.len());
        // A partition that ends with the cutoff is not over. A tenant that was recorded counts more devices than it gives, so that this is
        // worth a line in the log, and no miss in each night's report.
        self.paging.warn_of_end();
        let mut has_older = false;
        for device in found.results {
            match last_checkin(device).map_err(|why| answer.unexpected(why))? {
                Some(checkin) if checkin >= self.cutoff => page.push(device),
                Some(_) => has_older = true,
                None => {}
            }
        }
        // Devices that never checked in may stand before all others, and say nothing of what follows.
        if (page.is_empty() && has_older) || self.paging.is_over() {
            self.partitions.pop_front();
            self.paging = Paging::default();
        }
        Ok(Some(page))
    }
}

/// When a device last checked in, milliseconds since 1970; none if it never did. Anything else would pass for that.
fn last_checkin(device: &RawValue) -> std::result::Result<Option<f64>, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Device {
        last_checkin: Option<f64>,
    }
    serde_json::from_str::<Device>(device.get())
        .map(|device| device.last_checkin)
        .map_err(|error| format!("with a device whose `lastCheckin` is no number of milliseconds: {error}"))
}

fn get(url: &str) -> Result<Response> {
    Request::get(url)
        .header("Accept", "application/json")
        .auth("basic")
        .rate_limit(&RATE_LIMIT)
        .send()?
        .success_or(explain)
}

/// A page of results.
struct Found<T> {
    results: Vec<T>,
    total: Option<u64>,
}

/// The results in an answer, which may hold errors instead although its status is 200.
fn found<'a, T: Deserialize<'a>>(answer: &'a Response) -> Result<Found<T>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", bound(deserialize = "T: Deserialize<'de>"))]
    struct Envelope<T> {
        result: Option<Content<T>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", bound(deserialize = "T: Deserialize<'de>"))]
    struct Content<T> {
        search_results: Option<Vec<T>>,
        total_count: Option<u64>,
    }
    let envelope: Envelope<T> = answer.json()?;
    let total = envelope.result.as_ref().and_then(|content| content.total_count);
    match envelope.result.and_then(|content| content.search_results) {
        Some(results) => Ok(Found { results, total }),
        None if total == Some(0) => Ok(Found {
            results: Vec::new(),
            total,
        }),
        None => {
            let said = explain(&answer.body).unwrap_or_else(|| "neither results nor an error".to_owned());
            Err(Error::Unexpected(format!(
                "{} answered {}: {said}",
                answer.what(),
                answer.status
            )))
        }
    }
}

/// What MobileIron says of an error: the messages of the envelope, or else their codes.
fn explain(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Envelope {
        errors: Option<Vec<Refusal>>,
    }
    #[derive(Deserialize)]
    struct Refusal {
        message: Option<String>,
        code: Option<serde_json::Value>,
    }
    let envelope: Envelope = serde_json::from_slice(body).ok()?;
    let said: Vec<String> = envelope
        .errors?
        .into_iter()
        .filter_map(|refusal| match (refusal.message, refusal.code) {
            (Some(message), Some(code)) => Some(format!("{message} ({})", code.as_str().unwrap_or(&code.to_string()))),
            (Some(message), None) => Some(message),
            (None, code) => code.map(|code| code.as_str().map_or_else(|| code.to_string(), str::to_owned)),
        })
        .collect();
    (!said.is_empty()).then(|| said.join("; "))
}

oomnitza_sdk::export!(MobileIron);

#[cfg(test)]
mod tests;
