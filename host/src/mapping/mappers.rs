//! The mapping component on several cores.
//!
//! Pages are mapped side by side and come out in the order in which they came in. A mapper more is instantiated only when all
//! others are busy, so a small run has one.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{Receiver, Sender};
use tokio::task::JoinHandle;

use super::error::Error;
use super::plan::Plan;
use super::scripts::{Scripts, Verdict};
use crate::contract::mapper::exports::oomnitza::connector::mapping as wit;
use crate::redact::clean;
use crate::sandbox::{self, Engine, Limits, Loaded, Mapper, Miss, Page, Script};

/// Answers what converters look up.
pub trait LookUp: Send + Sync {
    /// The models of Apple computers by their serial numbers, in order; nothing where it is not known.
    fn mac_models(&self, serials: Vec<String>) -> Pin<Box<dyn Future<Output = Vec<Option<String>>> + Send + '_>>;
}

/// A page with its records mapped.
#[derive(Debug)]
pub struct MappedPage {
    /// JSON objects, one after the other.
    pub records: Vec<u8>,
    /// Where each record ends in `records`.
    pub ends: Vec<usize>,
    /// For each record a hash of what tells it apart.
    pub keys: Vec<u64>,
    /// Records that came in.
    pub count: usize,
    /// Records that were left out, by their place in the page, in order.
    pub left_out: Vec<(usize, Reason)>,
    /// What converters could make nothing of: field, converter, problem, how often.
    pub odd_values: Vec<(String, String, String, u64)>,
    /// What look-up tables do not have: converter, value, how often.
    pub unknown: Vec<(String, String, u64)>,
    /// What the source lists but did not give.
    pub misses: Vec<Miss>,
    /// Where a later run goes on when everything up to this page has arrived.
    pub cursor: Option<String>,
}

/// Why a record was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The section's filter says so.
    Filtered,
    /// These required fields have no value.
    Missing(Vec<String>),
    /// It cannot be mapped.
    Unusable(String),
}

/// The mappers of one run. All work by one plan.
pub struct Mappers {
    shared: Arc<Shared>,
    most: usize,
}

struct Shared {
    engine: Engine,
    component: Loaded,
    limits: Limits,
    plan: wit::Plan,
    look_up: Arc<dyn LookUp>,
    scripts: Option<Scripts>,
    idle: Mutex<Vec<Worker>>,
}

/// A mapper, and where there is code of the ini file an interpreter that goes before it.
struct Worker {
    script: Option<Script>,
    mapper: Mapper,
}

impl Mappers {
    /// Opens the first mapper, which refuses a wrong plan before anything is fetched. At most `most` of them will run.
    pub async fn open(
        engine: &Engine,
        component: &Loaded,
        limits: &Limits,
        plan: Plan,
        scripts: Option<Scripts>,
        look_up: Arc<dyn LookUp>,
        most: usize,
    ) -> Result<Self, Error> {
        let shared = Shared {
            engine: engine.clone(),
            component: component.clone(),
            limits: limits.clone(),
            plan: plan.0,
            scripts,
            look_up,
            idle: Mutex::default(),
        };
        let first = shared.another().await?;
        shared.put_back(first);
        Ok(Self {
            shared: Arc::new(shared),
            most: most.max(1),
        })
    }

    /// Maps every page that comes, and hands them on in order. Ends when no more come, when nobody takes them any more, or at the first
    /// page that cannot be mapped.
    pub async fn run(self, mut pages: Receiver<Page>, out: Sender<MappedPage>) -> Result<(), Error> {
        let mut under_way: VecDeque<JoinHandle<Result<MappedPage, Error>>> = VecDeque::new();
        let mut more = true;
        // Records that came before.
        let mut first = 0u64;
        loop {
            let has_place = more && under_way.len() < self.most;
            tokio::select! {
                biased;
                Some(done) = oldest(&mut under_way) => {
                    under_way.pop_front();
                    let page = done.map_err(|error| Error::Mapper(sandbox::Error::HostBug(format!("mapping ended early: {error}"))))??;
                    if out.send(page).await.is_err() {
                        return Ok(());
                    }
                }
                page = pages.recv(), if has_place => match page {
                    Some(page) => {
                        let count = page.count as u64;
                        under_way.push_back(tokio::spawn(map(self.shared.clone(), page, first)));
                        first += count;
                    }
                    None => more = false,
                },
                else => return Ok(()),
            }
        }
    }
}

/// Waits for the page that came in first; nothing where none is under way.
async fn oldest<T>(under_way: &mut VecDeque<JoinHandle<T>>) -> Option<Result<T, tokio::task::JoinError>> {
    match under_way.front_mut() {
        Some(first) => Some(first.await),
        None => None,
    }
}

async fn map(shared: Arc<Shared>, page: Page, first: u64) -> Result<MappedPage, Error> {
    let idle = shared.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut worker = match idle {
        Some(worker) => worker,
        None => shared.another().await?,
    };
    let judged = match (&shared.scripts, &mut worker.script) {
        (Some(scripts), Some(script)) => Some(scripts.run(script, &page, first, &*shared.look_up).await?),
        _ => None,
    };
    let look_up = async |questions: Vec<wit::LookUp>| {
        // The one table that there is.
        let serials = questions.into_iter().map(|question| question.key).collect();
        shared.look_up.mac_models(serials).await
    };
    let given = judged.as_ref().map(|judged| &judged.given);
    let mapped = worker.mapper.map(&page.records, given, look_up).await;
    let mapped = mapped.map_err(Error::Mapper)?;
    shared.put_back(worker);
    let left_out = judged.map(|judged| judged.left_out).unwrap_or_default();
    checked(page, mapped, left_out).map_err(Error::Mapper)
}

impl Shared {
    async fn another(&self) -> Result<Worker, Error> {
        let script = match &self.scripts {
            Some(scripts) => Some(scripts.open().await?),
            None => None,
        };
        let mapper = Mapper::open(&self.engine, &self.component, &self.limits, &self.plan).await;
        Ok(Worker {
            script,
            mapper: mapper.map_err(Error::Mapper)?,
        })
    }

    fn put_back(&self, worker: Worker) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
    }
}

/// What came back, as far as it adds up: whatever a mapper says, a record is not counted twice and not read out of bounds.
fn checked(page: Page, mapped: wit::Mapped, passed_over: Vec<(usize, Verdict)>) -> Result<MappedPage, sandbox::Error> {
    let wrong = |what: &str| Err(sandbox::Error::Mapping(format!("it handed back {what}")));
    let ends: Vec<usize> = mapped.ends.iter().map(|end| *end as usize).collect();
    let is_rising = ends
        .iter()
        .zip(ends.iter().skip(1))
        .all(|(before, after)| before < after);
    if !is_rising || ends.last().copied().unwrap_or(0) != mapped.records.len() {
        return wrong("records that overlap");
    }
    if mapped.keys.len() != ends.len()
        || mapped.count as usize != page.count
        || ends.len() + mapped.left_out.len() + passed_over.len() != page.count
    {
        return wrong("another number of records than it was given");
    }
    let mut left_out: Vec<(usize, Reason)> = mapped
        .left_out
        .into_iter()
        .map(|left| {
            let reason = match left.reason {
                wit::Reason::Missing(fields) => Reason::Missing(fields),
                wit::Reason::Unusable(why) => Reason::Unusable(clean(&why, 300)),
            };
            (left.index as usize, reason)
        })
        .collect();
    left_out.extend(passed_over.into_iter().map(|(index, verdict)| {
        let reason = match verdict {
            Verdict::Filtered => Reason::Filtered,
            Verdict::Failed(why, _) => Reason::Unusable(why),
        };
        (index, reason)
    }));
    left_out.sort_by_key(|(index, _)| *index);
    let is_rising = left_out
        .iter()
        .zip(left_out.iter().skip(1))
        .all(|((before, _), (after, _))| before < after);
    if !is_rising || left_out.last().is_some_and(|(index, _)| *index >= page.count) {
        return wrong("reasons for records that it was not given");
    }
    Ok(MappedPage {
        records: mapped.records,
        ends,
        keys: mapped.keys,
        count: page.count,
        left_out,
        odd_values: mapped
            .odd_values
            .into_iter()
            .map(|odd| (odd.field, odd.converter, clean(&odd.problem, 200), u64::from(odd.count)))
            .collect(),
        unknown: mapped
            .unknown
            .into_iter()
            .map(|unknown| (unknown.converter, clean(&unknown.value, 200), u64::from(unknown.count)))
            .collect(),
        misses: page.misses,
        cursor: page.cursor,
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn page(count: usize) -> Page {
        Page {
            records: Bytes::new(),
            count,
            cursor: None,
            misses: Vec::new(),
        }
    }

    fn mapped(records: &str, ends: &[u32], count: u32, left_out: &[u32]) -> wit::Mapped {
        let left_out = left_out.iter().map(|index| wit::LeftOut {
            index: *index,
            reason: wit::Reason::Missing(vec![]),
        });
        wit::Mapped {
            records: records.as_bytes().to_vec(),
            ends: ends.to_vec(),
            keys: vec![0; ends.len()],
            count,
            left_out: left_out.collect(),
            odd_values: vec![],
            unknown: vec![],
        }
    }

    #[test]
    fn what_does_not_add_up_is_refused() {
        assert!(checked(page(2), mapped("{}{}", &[2, 4], 2, &[]), vec![]).is_ok());
        assert!(checked(page(3), mapped("{}{}", &[2, 4], 3, &[1]), vec![]).is_ok());
        assert!(checked(page(0), mapped("", &[], 0, &[]), vec![]).is_ok());
        for (what, page, mapped) in [
            ("overlap", page(2), mapped("{}{}", &[4, 2], 2, &[])),
            ("beyond the end", page(2), mapped("{}{}", &[2, 5], 2, &[])),
            ("a rest", page(1), mapped("{}{}", &[2], 1, &[])),
            ("one too many", page(1), mapped("{}{}", &[2, 4], 2, &[])),
            ("one too few", page(3), mapped("{}{}", &[2, 4], 3, &[])),
            ("out of the page", page(2), mapped("{}", &[2], 2, &[2])),
            ("twice", page(3), mapped("{}", &[2], 3, &[1, 1])),
        ] {
            assert!(checked(page, mapped, vec![]).is_err(), "{what}");
        }
    }
}
