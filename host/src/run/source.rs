//! The first stage: the connector, page by page.

use tokio::sync::mpsc;

use super::error::Error;
use super::prepare::{Context, Job};
use super::progress::Counters;
use super::saving::Saving;
use super::stop::Stop;
use crate::capabilities::log::{self, LogState};
use crate::sandbox::{self, Capabilities, Connector, Page, SourceError, Wanted};

/// The first page, or why there is none.
type First = Result<Option<Page>, sandbox::Error>;

/// A connector that has begun its run.
pub(super) struct Source<'a> {
    connector: Connector,
    /// What a run that goes on where the last one ended has read already: it shows whether the source still knows that place.
    first: Option<First>,
    job: &'a Job,
    limit: Option<u64>,
    is_full: bool,
    saving: Option<Saving>,
}

impl<'a> Source<'a> {
    /// Instantiates the connector and begins its run, where the last one ended if there is a cursor that the source still knows. Nothing
    /// where somebody asked to stop meanwhile.
    pub(super) async fn open(
        job: &'a Job,
        context: &Context,
        mut capabilities: Capabilities,
        cursor: Option<String>,
        wanted: Wanted,
        saving: Option<Saving>,
        stop: &Stop,
    ) -> Result<Option<Self>, Error> {
        let work = async {
            let settings = &job.section.settings;
            if wanted.limit.is_some() {
                capabilities.http.stay_behind();
            }
            let http = capabilities.http.clone();
            let mut connector = instantiate(job, context, capabilities).await?;
            let mut opened = connector.open(settings, cursor.as_deref(), &wanted).await;
            let mut first = None;
            if opened.is_ok() && cursor.is_some() {
                first = Some(connector.next().await);
            }
            let failed = opened
                .as_ref()
                .err()
                .or(first.as_ref().and_then(|first| first.as_ref().err()));
            let is_stale = match failed {
                Some(sandbox::Error::Source(SourceError::StaleCursor(why))) if cursor.is_some() => {
                    tracing::warn!(
                        section = job.section.name,
                        why,
                        "the source does not know any more where the last run ended; everything is read"
                    );
                    true
                }
                _ => false,
            };
            if is_stale {
                // It is one run still: it counts on, keeps its answers and knows its tokens.
                let again = Capabilities {
                    log: LogState::new(&job.section.name, http.redactor(), log::Limits::default()),
                    http,
                    ..job.grant(context)?
                };
                connector = instantiate(job, context, again).await?;
                opened = connector.open(settings, None, &wanted).await;
                first = None;
            }
            opened.map_err(|error| job.ended(error))?;
            let is_full = is_stale || cursor.is_none();
            Ok(Some(Self {
                connector,
                first,
                job,
                limit: wanted.limit,
                is_full,
                saving,
            }))
        };
        tokio::select! {
            opened = work => opened,
            () = stop.asked() => Ok(None),
        }
    }

    /// Whether it reads everything.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Reads pages until there are no more, enough, or somebody asks to stop. Says whether any of them told where a later run goes on.
    pub(super) async fn run(
        mut self,
        pages: mpsc::Sender<Page>,
        counters: &Counters,
        [stop, halt]: [&Stop; 2],
    ) -> Result<bool, Error> {
        let mut left = self.limit.unwrap_or(u64::MAX);
        let mut has_cursor = false;
        let work = async {
            while left > 0 {
                let next = match self.first.take() {
                    Some(first) => first,
                    None => self.connector.next().await,
                };
                let Some(page) = next? else { break };
                has_cursor |= page.cursor.is_some();
                let count = (page.count as u64).min(left);
                left -= count;
                counters.read(count);
                if let Some(saving) = &self.saving {
                    saving.records(&page.records, usize::try_from(count).unwrap_or(usize::MAX));
                }
                if pages.send(page).await.is_err() {
                    break;
                }
                // To its mapper now: a source whose next answer is there already would go on without a pause.
                tokio::task::yield_now().await;
            }
            Ok(())
        };
        // A source that waits for an answer, or for its next try, is not waited for.
        let ended = tokio::select! {
            result = work => result.map_err(|error| self.job.ended(error)),
            () = stop.asked() => Ok(()),
            () = halt.asked() => Ok(()),
        };
        ended.map(|()| has_cursor)
    }
}

async fn instantiate(job: &Job, context: &Context, capabilities: Capabilities) -> Result<Connector, Error> {
    let engine = context.catalog.loader().engine();
    Connector::instantiate(engine, &job.component, &job.limits(context), capabilities)
        .await
        .map_err(|error| job.ended(error))
}
