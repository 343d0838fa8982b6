//! Jasper (Cisco IoT Control Center): the terminals of an account that were modified since the last run, by the SOAP service `Terminal`.
//!
//! Facts that shape it: the service lists the ICCIDs of modified terminals, oldest modification first, and gives details for a few at a
//! time, in no order; every operator has a host of its own; refusals are numbers (docs/connectors/jasper.md).

mod soap;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use oomnitza_sdk::prelude::*;
use oomnitza_sdk::serde_json::{Map, Value};
use oomnitza_sdk::xml::Element;

/// Where the first run begins: the old program's date.
const BEGINNING: &str = "2015-03-04T00:00:00Z";

/// What a WSDL that is a file says of the service: the host reads `<soap:address location="…"/>` from it.
const LOCATION: &str = "wsdl_path.file.address.location";

/// ICCIDs a request for details; the service takes 50.
const CHUNK: usize = 10;

/// Requests for details a page.
const CHUNKS: usize = 10;

/// Fields that are no texts in the service's schema. Amounts and dates stay texts, as they stand in the answer.
const BOOLEANS: [&str; 1] = ["overageLimitReached"];
const INTEGERS: [&str; 3] = ["accountId", "ctdSessionCount", "version"];

/// A run through the terminals that were modified.
pub struct Jasper {
    service: String,
    since: String,
    /// How many terminals are wanted.
    limit: usize,
    /// The ICCIDs that are still to be asked for, once they are known.
    left: Option<VecDeque<String>>,
    progress: Progress,
}

impl Connector for Jasper {
    fn describe() -> Description {
        Description::audit("jasper", "Jasper", "Jasper")
            .setting(
                Setting::text(
                    "wsdl_path",
                    "WSDL",
                    "The address of your operator's Terminal.wsdl, or a file with it: it names the service; one at http:// is not read, and the service is looked for at its host",
                )
                .default("http://api.jasperwireless.com/ws/schema/Terminal.wsdl"),
            )
            .setting(
                Setting::text("username", "User name", "A user of the account who may use the API")
                    .example("username@example.com"),
            )
            .setting(
                Setting::text("password", "Password", "The user's password, or API key where the operator asks for it")
                    .example("change-me")
                    .secret(),
            )
            .setting(
                Setting::text(
                    "storage",
                    "Storage",
                    "Not used any more: where the last run ended is kept with the other state of the program",
                )
                .default("storage.db"),
            )
            .setting(
                Setting::text("api_token", "API token", "The account's API licence key")
                    .example("YOUR Jasper API TOKEN")
                    .secret(),
            )
            .setting(Setting::sync_field())
            .setting(Setting::update_only())
            .setting(
                Setting::text(
                    "url",
                    "URL",
                    "The address of the service, where the WSDL's host or the file does not tell it",
                )
                .optional()
                .advanced(),
            )
            .place(Endpoint::at("{url}", "the account's terminals").parallel(2))
            .place(Endpoint::at("https://{wsdl_path.host}", "the account's terminals").parallel(2))
            .place(Endpoint::at(&format!("{{{LOCATION}}}"), "the account's terminals").parallel(2))
            .body_auth(soap::SLOT, "@USERNAME@", "{username}", Encoding::Xml)
            .body_auth(soap::SLOT, "@PASSWORD@", "{password}", Encoding::Xml)
            .body_auth(soap::SLOT, "@LICENSE_KEY@", "{api_token}", Encoding::Xml)
            .always_incremental()
    }

    fn check(settings: Settings) -> Result<()> {
        // Few terminals, or none, were modified since.
        modified(&service(&settings)?, "2099-01-01T00:00:00Z").map(drop)
    }

    fn open(settings: Settings, cursor: Option<String>, wanted: Wanted) -> Result<Self> {
        let since = cursor.unwrap_or_else(|| BEGINNING.to_owned());
        if Moment::parse(&since).is_none() {
            return Err(Error::StaleCursor(format!("`{since}` is not a point in time")));
        }
        Ok(Self {
            service: service(&settings)?,
            since,
            limit: usize::try_from(wanted.limit.unwrap_or(u64::MAX)).unwrap_or(usize::MAX),
            left: None,
            progress: Progress::default(),
        })
    }

    fn next(&mut self) -> Result<Option<Page>> {
        let left = match &mut self.left {
            Some(left) => left,
            None => {
                let listing = modified(&self.service, &self.since)?;
                self.progress.listed = listing.time;
                let mut iccids: VecDeque<String> = listing.iccids.into();
                iccids.truncate(self.limit);
                self.left.insert(iccids)
            }
        };
        if left.is_empty() {
            return Ok(None);
        }
        let iccids: Vec<String> = left.drain(..left.len().min(CHUNK * CHUNKS)).collect();
        let is_last = left.is_empty();
        let mut found = details(&self.service, &iccids)?;
        let mut page = Page::with_capacity(0);
        for iccid in iccids {
            let terminal = match found.remove(&iccid) {
                Some(Ok(terminal)) => terminal,
                Some(Err(fault)) => {
                    page.miss(iccid, fault);
                    continue;
                }
                None => {
                    page.miss(iccid, "the service gives no details of it");
                    continue;
                }
            };
            if let Some(modified) = terminal.get("dateModified").and_then(Value::as_str) {
                self.progress.saw(modified);
            }
            page.push_value(&terminal)?;
        }
        Ok(Some(match self.progress.cursor(is_last) {
            Some(cursor) => page.cursor(cursor),
            None => page,
        }))
    }
}

/// How far a run has come, in the service's own time.
#[derive(Debug, Default)]
struct Progress {
    /// When the terminals were listed. What was modified later is not in the list, so no run may go on after that.
    listed: Option<Moment>,
    /// The two newest modifications that were seen, by time.
    newest: BTreeMap<Moment, String>,
}

impl Progress {
    fn saw(&mut self, modified: &str) {
        let Some(time) = Moment::parse(modified) else {
            return;
        };
        if self.listed.is_none_or(|listed| time <= listed) {
            self.newest.insert(time, modified.to_owned());
            if self.newest.len() > 2 {
                self.newest.pop_first();
            }
        }
    }

    /// Where a later run goes on: after the newest modification. Before the last page it is the one before that, because terminals of the
    /// next page may have been modified at the very same time.
    fn cursor(&self, is_last: bool) -> Option<String> {
        let mut times = self.newest.values();
        let newest = times.next_back();
        if is_last { newest } else { times.next_back() }.cloned()
    }
}

/// Terminals that were modified.
struct Listing {
    iccids: Vec<String>,
    time: Option<Moment>,
}

fn modified(service: &str, since: &str) -> Result<Listing> {
    let operation = "GetModifiedTerminals";
    let request = soap::request(service, operation, &soap::element("since", since));
    let mut said = soap::send(vec![request], operation)?;
    let response = said.pop().unwrap_or_else(|| Err(no_list()))?;
    let mut seen = BTreeSet::new();
    // Nothing new is an empty list (JasperAPI.xsd); none at all would pass for that.
    let listed = response.child("iccids").ok_or_else(no_list)?;
    let iccids = listed
        .children()
        .iter()
        .filter(|element| element.name() == "iccid")
        .map(Element::text);
    Ok(Listing {
        iccids: iccids
            .filter(|iccid| !iccid.is_empty() && seen.insert(*iccid))
            .map(str::to_owned)
            .collect(),
        time: response.child("timestamp").and_then(|time| Moment::parse(time.text())),
    })
}

fn no_list() -> Error {
    Error::Unexpected("GetModifiedTerminals was answered without a list of terminals (`iccids`)".to_owned())
}

/// Terminals by ICCID, or why one does not come.
type Details = BTreeMap<String, std::result::Result<Map<String, Value>, String>>;

/// Details by ICCID, or the fault that the service answers for that one alone: one of many that it does not want to tell of must not keep
/// the others from arriving, so what it refuses is asked for again by halves. Where it gives nothing at all no terminal is to blame.
fn details(service: &str, iccids: &[String]) -> Result<Details> {
    let operation = "GetTerminalDetails";
    let mut found = Details::new();
    let (mut first_fault, mut is_any_answered) = (None, false);
    let mut open: Vec<&[String]> = iccids.chunks(CHUNK).collect();
    while !open.is_empty() {
        let requests = open.iter().map(|chunk| {
            let listed: String = chunk.iter().map(|iccid| soap::element("iccid", iccid)).collect();
            soap::request(service, operation, &format!("<iccids>{listed}</iccids>"))
        });
        let said = soap::send(requests.collect(), operation)?;
        let is_one = open.len() == 1;
        let mut refused = Vec::new();
        for (chunk, said) in open.into_iter().zip(said) {
            match said {
                Ok(response) => {
                    is_any_answered = true;
                    note(&response, &mut found);
                }
                Err(fault) => {
                    if let [iccid] = chunk {
                        found.insert(iccid.clone(), Err(fault.to_string()));
                    } else {
                        let (first, second) = chunk.split_at(chunk.len() / 2);
                        refused.extend([first, second]);
                    }
                    first_fault.get_or_insert(fault);
                }
            }
        }
        // It was asked three times by now: there is no use in smaller pieces.
        let has_failed = matches!(first_fault, Some(Error::Failed(_)));
        if has_failed && !is_any_answered && !is_one {
            break;
        }
        open = refused;
    }
    match first_fault {
        Some(fault) if !is_any_answered && (iccids.len() > 1 || matches!(fault, Error::Failed(_))) => Err(fault),
        _ => Ok(found),
    }
}

/// Notes the terminals of a response.
fn note(response: &Element, found: &mut Details) {
    let terminals = response.child("terminals").map(Element::children).unwrap_or_default();
    for terminal in terminals.iter().filter(|element| element.name() == "terminal") {
        if let (Some(iccid), Value::Object(record)) = (terminal.child("iccid"), terminal.value()) {
            found.insert(iccid.text().to_owned(), Ok(record_of(terminal, record)));
        }
    }
}

/// A terminal as the old program's library gave it: its attribute `msisdn` as `_msisdn`, and what is no text as what it is.
fn record_of(terminal: &Element, mut record: Map<String, Value>) -> Map<String, Value> {
    if let Some(number) = terminal.attribute("msisdn") {
        record.insert("_msisdn".to_owned(), Value::from(number));
    }
    for (name, value) in &mut record {
        let Some(text) = value.as_str() else { continue };
        let typed = if BOOLEANS.contains(&name.as_str()) {
            match text {
                "true" | "1" => Some(Value::Bool(true)),
                "false" | "0" => Some(Value::Bool(false)),
                _ => None,
            }
        } else if INTEGERS.contains(&name.as_str()) {
            text.parse::<i64>().ok().map(Value::from)
        } else {
            None
        };
        if let Some(typed) = typed {
            *value = typed;
        }
    }
    record
}

/// Where the service is: at `url`, or where the WSDL says. One without TLS is not asked for, and its host is taken for the service's: whoever
/// changed it on its way could send the credentials anywhere.
fn service(settings: &Settings) -> Result<String> {
    if settings.optional("url").is_some() {
        return Ok(settings.address("url")?.to_string());
    }
    if let Some(location) = settings.optional(LOCATION) {
        return Ok(location.to_owned());
    }
    let wsdl = settings.address("wsdl_path")?;
    if wsdl.origin().starts_with("http://") {
        return Ok(format!("https://{}/ws/service/Terminal", wsdl.host()));
    }
    let wrong = |problem: String| {
        Error::setting(
            "wsdl_path",
            format!("{problem}; where this WSDL is of no use, write the service's address as `url`"),
        )
    };
    let answer = Request::get(settings.text("wsdl_path")?.trim()).send()?;
    let answer = answer.success().map_err(|error| wrong(error.to_string()))?;
    let document = answer.xml().map_err(|error| wrong(error.to_string()))?;
    let Some(location) = location(&document) else {
        return Err(wrong(format!("{} answered without a service's address", answer.what())));
    };
    let origin = |address: &Address| address.origin().trim_end_matches(":443").to_owned();
    match Address::parse(location) {
        // The host grants no other place.
        Ok(address) if origin(&address) == origin(&wsdl) => Ok(location.trim().to_owned()),
        _ => Err(wrong(format!(
            "it names the service at `{location}`, and credentials go to no other place than the WSDL's own unless the section names it"
        ))),
    }
}

/// What a WSDL says of the service: `<soap:address location="…"/>`.
fn location(element: &Element) -> Option<&str> {
    let own = element.attribute("location").filter(|_| element.name() == "address");
    own.or_else(|| element.children().iter().find_map(location))
}

oomnitza_sdk::export!(Jasper);

#[cfg(test)]
mod tests;
