//! What goes at the network: requests and searches that a section does not grant, or grants too much of.

use oomnitza_sdk::http::send_all;
use oomnitza_sdk::ldap::{Connection, Scope, Search, Target, Version};
use oomnitza_sdk::prelude::*;

/// Asks, and reports the refusal as the run's error.
pub(crate) fn ask(url: &str, headers: &[(&str, &str)], slot: Option<&str>) -> Result<Option<Page>> {
    let mut request = Request::get(url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    if let Some(slot) = slot {
        request = request.auth(slot);
    }
    let answer = request.send()?;
    Err(Error::Other(format!("it got through: {}", answer.status)))
}

/// So many requests side by side; how many had an answer, and the first error.
pub(crate) fn ask_at_once(url: &str, count: usize) -> Result<Option<Page>> {
    let answers = send_all((0..count).map(|_| Request::get(url)).collect());
    let good = answers.iter().filter(|answer| answer.is_ok()).count();
    let first = answers.into_iter().find_map(|answer| answer.err());
    Err(Error::Other(format!(
        "{good} of {count}: {}",
        first.map_or_else(|| "no error".to_owned(), |error| error.to_string())
    )))
}

/// So many headers without a letter in them.
pub(crate) fn ask_with_nothing(url: &str, count: usize) -> Result<Option<Page>> {
    ask(url, &vec![("", ""); count], None)
}

/// Asks for its own credential back.
pub(crate) fn echo(url: &str) -> Result<String> {
    let answer = Request::get(format!("{url}/echo")).auth("token").send()?;
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}

/// Opens so many connections to the directory and lets none of them go.
pub(crate) fn hoard_connections(url: &str, count: usize) -> Result<Option<Page>> {
    for _ in 0..count {
        Box::leak(Box::new(Connection::open(&target(url))?));
    }
    Err(Error::Other(format!("it holds {count} connections")))
}

/// So many searches, each on a connection of its own, as the settings say. How many entries came, on how many pages.
pub(crate) fn search(url: &str, settings: &Settings) -> Result<Option<Page>> {
    let number = |name: &str, default: u32| {
        settings
            .optional(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let search = Search {
        base: settings.optional("base").unwrap_or("dc=acme,dc=example").to_owned(),
        scope: Scope::Subtree,
        filter: settings.optional("filter").unwrap_or("(objectClass=*)").to_owned(),
        attributes: settings
            .optional("attributes")
            .unwrap_or("mail")
            .split(',')
            .map(str::to_owned)
            .collect(),
        page_size: number("page_size", 2),
        limit: None,
    };
    let (mut entries, mut pages) = (0, 0);
    for _ in 0..number("times", 1) {
        let mut results = Connection::open(&target(url))?.search(&search)?;
        while let Some(page) = results.next_entries()? {
            entries += page.len();
            pages += 1;
        }
    }
    Err(Error::Other(format!("{entries} entries on {pages} pages")))
}

fn target(url: &str) -> Target {
    Target {
        url: url.to_owned(),
        auth: None,
        version: Version::V3,
        start_tls: false,
    }
}
