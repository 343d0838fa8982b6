//! The first stage: the connector, page by page.

use tokio::sync::mpsc;

use super::error::Error;
use super::prepare::{Context, Job};
use super::progress::Counters;
use super::stop::Stop;
use crate::sandbox::{self, Capabilities, Connector, Page, SourceError, Wanted};

/// A connector that has begun its run.
pub(super) struct Source<'a> {
    connector: Connector,
    job: &'a Job,
    limit: Option<u64>,
    is_full: bool,
}

impl<'a> Source<'a> {
    /// Instantiates the connector and begins its run, where the last one ended if there is a cursor that the source still knows. Nothing
    /// where somebody asked to stop meanwhile.
    pub(super) async fn open(
        job: &'a Job,
        context: &Context,
        capabilities: Capabilities,
        cursor: Option<String>,
        wanted: Wanted,
        stop: &Stop,
    ) -> Result<Option<Self>, Error> {
        let work = async {
            let mut connector = instantiate(job, context, capabilities).await?;
            let opened = connector.open(&job.section.settings, cursor.as_deref(), &wanted).await;
            let is_full = match opened {
                Ok(()) => cursor.is_none(),
                Err(sandbox::Error::Source(SourceError::StaleCursor(why))) if cursor.is_some() => {
                    tracing::warn!(
                        section = job.section.name,
                        why,
                        "the source does not know any more where the last run ended; everything is read"
                    );
                    connector = instantiate(job, context, job.grant(context)?).await?;
                    connector
                        .open(&job.section.settings, None, &wanted)
                        .await
                        .map_err(|error| job.ended(error))?;
                    true
                }
                Err(error) => return Err(job.ended(error)),
            };
            Ok(Some(Self {
                connector,
                job,
                limit: wanted.limit,
                is_full,
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

    /// Reads pages until there are no more, enough, or somebody asks to stop.
    pub(super) async fn run(
        mut self,
        pages: mpsc::Sender<Page>,
        counters: &Counters,
        [stop, halt]: [&Stop; 2],
    ) -> Result<(), Error> {
        let mut left = self.limit.unwrap_or(u64::MAX);
        let work = async {
            while left > 0
                && let Some(page) = self.connector.next().await?
            {
                let count = (page.count as u64).min(left);
                left -= count;
                counters.read(count);
                if pages.send(page).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        // A source that waits for an answer, or for its next try, is not waited for.
        tokio::select! {
            result = work => result.map_err(|error| self.job.ended(error)),
            () = stop.asked() => Ok(()),
            () = halt.asked() => Ok(()),
        }
    }
}

async fn instantiate(job: &Job, context: &Context, capabilities: Capabilities) -> Result<Connector, Error> {
    let engine = context.catalog.loader().engine();
    Connector::instantiate(engine, &job.component, job.limits(context), capabilities)
        .await
        .map_err(|error| job.ended(error))
}
