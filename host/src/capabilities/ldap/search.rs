//! A search, page by page.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use tokio::time::timeout;

use super::answer::{Answer, Outcome};
use super::attributes;
use super::connection::{Link, Wire};
use super::error::{Error, Refusal};
use super::filter;
use super::limits::Limits;
use super::request::{Portion, Query};
use super::state::Shared;
use crate::contract::connector::oomnitza::connector::ldap as wit;
use crate::contract::connector::oomnitza::connector::ldap::{Entry, Version};

/// The entries a search finds.
pub struct Results {
    pub(super) link: Arc<Link>,
    /// Taken while it is asked for entries.
    pub(super) search: Option<Search>,
}

/// A guest's search, judged.
#[derive(Debug)]
pub(super) struct Wanted {
    query: Query,
    /// Entries a page; 0 searches without paging.
    page_size: u32,
    /// How many entries are wanted.
    limit: Option<u32>,
}

impl Wanted {
    pub(super) fn read(search: wit::Search, version: Version, limits: &Limits) -> Result<Self, Error> {
        if search.base.len() > limits.base_bytes {
            return Err(Error::Invalid(format!(
                "the base has {} bytes, the limit is {}",
                search.base.len(),
                limits.base_bytes
            )));
        }
        if search.base.contains('\0') {
            return Err(Error::Invalid("the base holds a zero byte".to_owned()));
        }
        if search.page_size > limits.page_entries {
            return Err(Error::Invalid(format!(
                "a page of {} entries is asked for, the limit is {}",
                search.page_size, limits.page_entries
            )));
        }
        // RFC 1777 has no controls: an old server would not know what to do with the message.
        if search.page_size > 0 && version == Version::V2 {
            return Err(Error::Invalid("version 2 knows no paging".to_owned()));
        }
        // With paging the pages are as small as they need to be; a server that sees a size limit no larger than a page
        // does not page at all (RFC 2696 section 3).
        let size_limit = if search.page_size == 0 {
            search.limit.unwrap_or(0)
        } else {
            0
        };
        let query = Query {
            base: search.base,
            scope: search.scope,
            filter: filter::read(&search.filter, limits)?,
            attributes: attributes::read(search.attributes, limits)?,
            // The protocol's number ends at 2^31 - 1, which nobody reaches.
            size_limit: size_limit.min(i32::MAX.unsigned_abs()),
        };
        Ok(Self {
            query,
            page_size: search.page_size,
            limit: search.limit,
        })
    }
}

/// A search that was started.
pub(super) struct Search {
    shared: Arc<Shared>,
    wanted: Wanted,
    phase: Phase,
    /// Entries that have come.
    found: u64,
    /// The cookie that the last page came with.
    cookie: Vec<u8>,
    /// How often it has begun again.
    restarts: u32,
    progress: Progress,
}

enum Phase {
    /// Answers to this request are awaited; whether one has come.
    Asked(u32, bool),
    /// Nothing more comes, and why if that is not the end.
    Ended(Option<Error>),
}

/// Notices a directory that leads in circles.
#[derive(Default)]
struct Progress {
    /// Names of the page that is being read.
    names: DefaultHasher,
    entries: u64,
    /// The same of the page before.
    before: Option<u64>,
    empty_pages: u32,
}

impl Search {
    /// Starts a search.
    pub(super) async fn start(shared: Arc<Shared>, link: &Link, wanted: Wanted) -> Result<Self, Error> {
        shared.count_search()?;
        let mut search = Self {
            shared,
            wanted,
            phase: Phase::Ended(None),
            found: 0,
            cookie: Vec::new(),
            restarts: 0,
            progress: Progress::default(),
        };
        if search.left() > 0 {
            let mut wire = link.take()?;
            search.ask(&mut wire).await?;
            link.put(wire);
        }
        Ok(search)
    }

    /// Whether nothing more comes.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Ended(_))
    }

    /// The next entries, at most a page; none at the end. What came before something went wrong is handed over first.
    pub(super) async fn next(&mut self, link: &Link) -> Result<Option<Vec<Entry>>, Error> {
        if let Phase::Ended(why) = &mut self.phase {
            return why.take().map_or(Ok(None), Err);
        }
        let mut wire = link.take()?;
        let mut entries = Vec::new();
        let limit = self.shared.limits.answer;
        let read = timeout(limit, self.page(&mut wire, &mut entries)).await;
        match read.unwrap_or_else(|_| Err(wire.late("answer in full", limit))) {
            Ok(()) => link.put(wire),
            // The wire is dropped, and with it the connection: what would come next belongs to nobody.
            Err(error) => self.phase = Phase::Ended(Some(error)),
        }
        match &mut self.phase {
            Phase::Ended(why) if entries.is_empty() => why.take().map_or(Ok(None), Err),
            _ => Ok(Some(entries)),
        }
    }

    /// Gives the search up, if it is under way.
    pub(super) async fn abandon(&mut self, link: &Link) -> Result<(), Error> {
        if let Phase::Asked(id, _) = std::mem::replace(&mut self.phase, Phase::Ended(None)) {
            let mut wire = link.take()?;
            wire.abandon(id).await?;
            link.put(wire);
        }
        Ok(())
    }

    /// How many more entries are wanted.
    fn left(&self) -> u64 {
        self.wanted
            .limit
            .map_or(u64::MAX, |limit| u64::from(limit).saturating_sub(self.found))
    }

    /// Asks for the first page, or the one behind the cookie.
    async fn ask(&mut self, wire: &mut Wire) -> Result<(), Error> {
        let size = u64::from(self.wanted.page_size).min(self.left());
        let portion = Portion {
            size: u32::try_from(size).unwrap_or(u32::MAX),
            cookie: self.cookie.clone(),
        };
        let id = wire
            .search(&self.wanted.query, (self.wanted.page_size > 0).then_some(&portion))
            .await?;
        self.phase = Phase::Asked(id, false);
        Ok(())
    }

    /// Reads until a page is full, or the server has said that it is.
    async fn page(&mut self, wire: &mut Wire, entries: &mut Vec<Entry>) -> Result<(), Error> {
        let limits = self.shared.limits.clone();
        let (mut bytes, mut others) = (0, 0);
        while let Phase::Asked(id, begun) = self.phase {
            let answer = wire.receive(id, !begun).await?;
            self.phase = Phase::Asked(id, true);
            match answer {
                Answer::Entry(entry) => {
                    self.shared.count_entry()?;
                    self.found += 1;
                    bytes += size(&entry);
                    self.progress.saw(&entry);
                    entries.push(entry);
                    if self.left() == 0 {
                        // If that fails, whoever uses the connection next will hear of it.
                        _ = wire.abandon(id).await;
                        self.phase = Phase::Ended(None);
                    } else if bytes >= limits.page_bytes || entries.len() >= limits.page_entries as usize {
                        // The server goes on, or waits: its messages are read when they are wanted.
                        return Ok(());
                    }
                }
                Answer::Done(outcome) => {
                    if self.begins_again(&outcome, &limits, wire.place()) || self.goes_on(outcome, &limits) {
                        // Asked for at once: the server looks for the next page while the guest works on this one.
                        return self.ask(wire).await;
                    }
                }
                _ => {
                    others += 1;
                    if others > limits.page_others {
                        return Err(Error::TooLarge(format!(
                            "a page comes with more than {} messages that are no entries",
                            limits.page_others
                        )));
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether the search begins again, because the directory has forgotten where it was. Which entries the guest has already is not
    /// kept, since that would grow with the directory: they come a second time.
    fn begins_again(&mut self, outcome: &Outcome, limits: &Limits, place: &str) -> bool {
        let is_forgotten = outcome.result.as_ref().is_err_and(Refusal::is_forgotten);
        if !is_forgotten || self.cookie.is_empty() || self.restarts >= limits.restarts {
            return false;
        }
        tracing::warn!(
            place,
            entries = self.found,
            "the directory has forgotten where it was, and the search begins again; what was read is read and sent a second time, which \
             changes nothing"
        );
        self.restarts += 1;
        self.cookie.clear();
        self.progress = Progress::default();
        true
    }

    /// Whether another page follows on one that ended like this. If not, the search is over.
    fn goes_on(&mut self, outcome: Outcome, limits: &Limits) -> bool {
        let next = match outcome.result {
            // A server that says nothing of pages has sent everything.
            Ok(()) => outcome
                .cookie
                .filter(|cookie| !cookie.is_empty() && self.wanted.page_size > 0),
            // Beside the entries there are some on another server, which are passed over as in version 3. Without any entry it may be
            // the base that is elsewhere.
            Err(refusal) if refusal.is_reference() && self.found > 0 => None,
            Err(refusal) => {
                self.phase = Phase::Ended(Some(Error::Refused(refusal)));
                return false;
            }
        };
        let turned = next.map(|cookie| self.progress.turn(limits, cookie == self.cookie).map(|()| cookie));
        self.phase = match turned {
            Some(Ok(cookie)) => {
                self.cookie = cookie;
                return true;
            }
            Some(Err(error)) => Phase::Ended(Some(error)),
            None => Phase::Ended(None),
        };
        false
    }
}

impl Progress {
    fn saw(&mut self, entry: &Entry) {
        entry.dn.hash(&mut self.names);
        self.entries += 1;
    }

    /// Ends a page that promises another one. A cookie alone proves nothing: some servers keep the place, and send the
    /// same one each time (389 Directory Server).
    fn turn(&mut self, limits: &Limits, is_same_cookie: bool) -> Result<(), Error> {
        let names = std::mem::take(&mut self.names).finish();
        let is_empty = std::mem::take(&mut self.entries) == 0;
        let circles = || Error::Protocol("the directory's pages lead in circles".to_owned());
        if is_empty {
            self.empty_pages += 1;
            if is_same_cookie {
                return Err(circles());
            }
            if self.empty_pages >= limits.empty_pages {
                return Err(Error::Protocol(format!(
                    "the directory sends {} empty pages in a row",
                    self.empty_pages
                )));
            }
            return Ok(());
        }
        self.empty_pages = 0;
        if self.before.replace(names) == Some(names) {
            Err(circles())
        } else {
            Ok(())
        }
    }
}

/// Bytes of an entry's names and values.
fn size(entry: &Entry) -> usize {
    let attributes = entry
        .attributes
        .iter()
        .map(|attribute| attribute.name.len() + attribute.values.iter().map(Vec::len).sum::<usize>());
    entry.dn.len() + attributes.sum::<usize>()
}
