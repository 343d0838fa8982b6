//! Before anything is fetched: from a section of the file to a job, from mappings to a plan.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::error::Error;
use super::grants::{self, Ways};
use crate::capabilities::http;
use crate::catalog::Catalog;
use crate::config::schema::Description;
use crate::config::{self, Env, Finding, Ini, RawSection, Section};
use crate::mapping::{self, Merged, ServerMapping};
use crate::net::{Proxies, Timeouts};
use crate::oomnitza::Oomnitza;
use crate::sandbox::{Capabilities, Limits, Loaded};

/// What all sections of an invocation share.
pub struct Context {
    /// Where components come from.
    pub catalog: Catalog,
    /// The proxies of the environment.
    pub proxies: Proxies,
    /// How long the steps of a request may take.
    pub timeouts: Timeouts,
    /// How connectors' requests are repeated.
    pub retry: http::Retry,
    /// The most mappers of one section.
    pub mappers: usize,
    /// The ini file.
    pub ini: PathBuf,
    /// Where refused records are kept.
    pub rejects: Option<PathBuf>,
    /// Where it is kept where runs ended.
    pub cursors: Option<PathBuf>,
}

/// A section that can run.
pub struct Job {
    /// Its settings.
    pub section: Section,
    /// What its connector says about itself.
    pub description: Description,
    pub(super) component: Loaded,
    pub(super) origin: String,
    is_shipped: bool,
    python_converters: BTreeSet<String>,
}

/// Reads a section and finds its connector; everything that can be known without a network is judged here.
pub async fn prepare(ini: &Ini, raw: &RawSection, context: &Context, env: &Env<'_>) -> Result<Job, Error> {
    let connector = raw.name.split('.').next().unwrap_or(&raw.name);
    let path = config::component_path(raw).map(|path| match ini.path.parent() {
        // As the admin means it: beside the ini file, wherever cron starts the program.
        Some(directory) => directory.join(path),
        None => path,
    });
    let found = context.catalog.connector(connector, path.as_deref()).await?;
    let mut section = config::section(ini, raw, &found.description, env).map_err(Error::Config)?;
    if !found.is_shipped {
        section.warnings.extend(grants::withheld(&section, &found.description));
    }
    if let Some((_, line)) = &section.record_filter {
        let what =
            "is Python code, which this version does not run yet; without it records would be sent that it leaves out";
        let finding = Finding::error(section.place(Some(*line), Some("recordfilter")), what)
            .remedy("keep the old program for this section until then, or remove the setting");
        return Err(Error::Config(vec![finding]));
    }
    let python_converters = ini
        .section("converters")
        .map(|section| section.entries.iter().map(|entry| entry.name.clone()).collect())
        .unwrap_or_default();
    let job = Job {
        section,
        description: found.description,
        component: found.loaded,
        origin: found.origin,
        is_shipped: found.is_shipped,
        python_converters,
    };
    // What is wrong with addresses is said before anybody signs in anywhere.
    job.grant(context)?;
    Ok(job)
}

impl Job {
    /// The name under which Oomnitza keeps this section's mappings and records.
    pub fn mapping_name(&self) -> &str {
        if self.section.name.contains('.') {
            &self.section.name
        } else {
            &self.description.mapping_name
        }
    }

    /// What the section grants; new for each run, because limits and connections are a run's own.
    pub(super) fn grant(&self, context: &Context) -> Result<Capabilities, Error> {
        let ways = Ways {
            proxies: context.proxies.clone(),
            timeouts: context.timeouts.clone(),
            retry: context.retry,
        };
        grants::grant(&self.section, &self.description, self.is_shipped, &ways).map_err(Error::Config)
    }

    pub(super) fn limits<'a>(&self, context: &'a Context) -> &'a Limits {
        context.catalog.loader().limits()
    }
}

/// Asks Oomnitza for its own mappings and merges what holds.
pub async fn prepare_mappings(job: &Job, oomnitza: &Oomnitza) -> Result<Merged, Error> {
    let server: Vec<ServerMapping> = oomnitza
        .mappings(job.mapping_name())
        .await?
        .into_iter()
        .map(|(field, source)| ServerMapping { source, field })
        .collect();
    let inputs = mapping::Inputs {
        description: &job.description,
        server: &server,
        section: &job.section,
        python_converters: &job.python_converters,
    };
    mapping::merge(&inputs).map_err(Error::Config)
}
