//! Whether a section would run: everything but the records.

use std::sync::Arc;

use super::error::Error;
use super::mac_models::MacModels;
use super::prepare::{Context, Job, prepare_mappings};
use super::python::Python;
use crate::mapping::{Mappers, Plan};
use crate::oomnitza::Oomnitza;
use crate::sandbox::Connector;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The mappings: where each field comes from, and that records can be told apart.
    Mappings,
    /// The source: that it can be signed in to.
    Source,
}

/// What came of a step.
pub struct Finished {
    /// The step.
    pub step: Step,
    /// What was found, or what is wrong.
    pub result: Result<String, Error>,
}

/// Looks at a section without reading a record or writing anything.
pub async fn check(job: &Job, context: &Context, oomnitza: &Oomnitza) -> [Finished; 2] {
    let mappings = mappings(job, context, oomnitza).await;
    let source = source(job, context).await;
    [
        Finished {
            step: Step::Mappings,
            result: mappings,
        },
        Finished {
            step: Step::Source,
            result: source,
        },
    ]
}

async fn mappings(job: &Job, context: &Context, oomnitza: &Oomnitza) -> Result<String, Error> {
    let merged = prepare_mappings(job, oomnitza).await?;
    let count = merged.fields.len();
    // The mapper itself says whether it can work by them.
    let look_up = Arc::new(MacModels::new(context));
    let plan = Plan::new(&merged, &job.section, job.python.as_ref().map(Python::programs), None);
    let mapper = context.catalog.mapper()?;
    Mappers::open(
        context.catalog.loader().engine(),
        &mapper,
        job.limits(context),
        plan,
        None,
        look_up,
        1,
    )
    .await
    .map_err(|error| job.refused(error))?;
    Ok(format!("{count} fields are mapped for {}", job.mapping_name()))
}

async fn source(job: &Job, context: &Context) -> Result<String, Error> {
    let failed = |error| job.ended(error);
    let mut connector = Connector::instantiate(
        context.catalog.loader().engine(),
        &job.component,
        job.limits(context),
        job.grant(context)?,
    )
    .await
    .map_err(failed)?;
    connector.check(&job.section.settings).await.map_err(failed)?;
    Ok(format!(
        "{} accepts the settings and credentials",
        job.description.title
    ))
}
