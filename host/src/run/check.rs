//! Whether a section would run: everything but the records.

use std::sync::Arc;

use super::error::Error;
use super::mac_models::MacModels;
use super::prepare::{Context, Job, prepare_mappings};
use super::python::Python;
use crate::config::Finding;
use crate::config::schema::RecordKind;
use crate::mapping::{Mappers, Merged, Plan};
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
    try_plan(job, context, &merged).await?;
    Ok(format!(
        "{} fields are mapped for {}",
        merged.fields.len(),
        job.mapping_name()
    ))
}

/// The mapper itself says whether it can work by these mappings.
async fn try_plan(job: &Job, context: &Context, merged: &Merged) -> Result<(), Error> {
    let look_up = Arc::new(MacModels::new(context));
    let plan = Plan::new(merged, &job.section, job.python.as_ref().map(Python::programs), None);
    let mapper = context.catalog.mapper()?;
    Mappers::open(
        context.catalog.loader().engine(),
        &mapper,
        &job.limits(context),
        plan,
        None,
        look_up,
        1,
    )
    .await
    .map(drop)
    .map_err(|error| job.refused(error))
}

/// What is wrong with a section's mappings, as far as that can be known without asking Oomnitza for its own.
pub async fn judge_mappings(job: &Job, context: &Context) -> Result<Vec<Finding>, Error> {
    let (merged, mut findings) = job.merged(None);
    // The mapper names one field at a time: each that it refuses is left out, and it is asked again.
    let mut rest = merged.clone();
    while let Err(error) = try_plan(job, context, &rest).await {
        let Error::Config(refused) = error else {
            return Err(error);
        };
        let before = rest.fields.len();
        rest.fields.retain(|field| {
            !refused
                .iter()
                .any(|finding| job.section.place_of_mapping(&field.name).setting == finding.place.setting)
        });
        findings.extend(refused);
        if rest.fields.len() == before {
            break;
        }
    }
    if let Some(sync_field) = job
        .section
        .sync_field
        .as_ref()
        .filter(|_| job.description.kind != RecordKind::Users)
        && !merged
            .fields
            .iter()
            .any(|field| field.name.eq_ignore_ascii_case(sync_field))
    {
        let what = format!(
            "field `{sync_field}` is mapped neither here nor by the connector, so Oomnitza's own mappings have to"
        );
        let remedy = format!(
            "see them with `check {}`, or add `mapping.{sync_field} = {{\"source\": \"…\"}}`",
            job.section.name
        );
        findings.push(Finding::warning(job.section.place(Some("sync_field")), what).remedy(remedy));
    }
    Ok(findings)
}

async fn source(job: &Job, context: &Context) -> Result<String, Error> {
    let failed = |error| job.ended(error);
    let mut capabilities = job.grant(context)?;
    capabilities.http.be_brief();
    let mut connector = Connector::instantiate(
        context.catalog.loader().engine(),
        &job.component,
        &job.limits(context),
        capabilities,
    )
    .await
    .map_err(failed)?;
    connector.check(&job.section.settings).await.map_err(failed)?;
    Ok(format!(
        "{} accepts the settings and credentials",
        job.description.title
    ))
}
