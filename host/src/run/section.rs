//! The pipeline of one section: source, mappers, delivery, each at work while the others are.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tracing::Instrument as _;

use super::bookmark::Bookmark;
use super::delivery::{Delivery, Keeping, Way};
use super::error::Error;
use super::mac_models::MacModels;
use super::prepare::{Context, Job, prepare_mappings};
use super::preview::Preview;
use super::progress::Counters;
use super::python::Python;
use super::rejects::Rejects;
use super::report::Report;
use super::saving::{self, Saving};
use super::source::Source;
use super::stop::Stop;
use crate::config::schema::{Incremental, RecordKind};
use crate::files;
use crate::journal::{Belonging, Journal, Lock, NoLock};
use crate::mapping::{Mappers, Merged, Plan};
use crate::oomnitza::{Oomnitza, Retry, Target, Uploader};
use crate::redact::clean;
use crate::sandbox::{Capabilities, SourceError, Wanted};

/// Pages that wait between two stages. More would only hold more memory: a stage that is slower stays slower.
const QUEUE: usize = 2;

/// Interpreters of one run.
const MOST_INTERPRETERS: usize = 2;

/// What `full_run_days` counts.
const FULL_RUN_UNIT: Duration = Duration::from_secs(24 * 60 * 60);

/// What an invocation asks of a run.
pub struct Options {
    /// So many records are read and sent one by one.
    pub record_count: Option<u64>,
    /// Records are shown instead of sent.
    pub preview: Option<Box<dyn Preview>>,
    /// Where it is kept what the source gave and what Oomnitza was to get, if it is.
    pub save: Option<PathBuf>,
    /// Batches under way at once.
    pub parallel: usize,
    /// How long uploads are repeated.
    pub retry: Duration,
    /// How long uploads that are under way may take once somebody asked to stop.
    pub grace: Duration,
}

/// Runs a section. Whatever happens is in the report.
pub async fn run(
    job: &Job,
    context: &Context,
    oomnitza: &Oomnitza,
    options: Options,
    counters: &Counters,
    stop: &Stop,
) -> Report {
    let started = Instant::now();
    let mut report = Report {
        is_preview: options.preview.is_some(),
        ..Report::new(&job.section.name)
    };
    // Whatever is logged meanwhile, in whichever room, is of this section.
    let span = tracing::error_span!("section", section = job.section.name);
    // Whoever only looks changes nothing that another run could mind; what another one saves is in the way of what is saved here.
    let lock = if report.is_preview && options.save.is_none() {
        Ok(None)
    } else {
        lock(job, context)
    };
    let mut saving = None;
    let result = match &lock {
        Ok(_) => {
            let told = (&mut report, &mut saving);
            let work = pipeline(job, context, oomnitza, options, counters, stop, told);
            work.instrument(span).await
        }
        Err(who) => Err(Error::Busy(who.clone())),
    };
    report.saved = saving.as_ref().and_then(Saving::finish);
    if let Err(error) = result
        && report.error.is_none()
    {
        report.error = Some(error);
    }
    drop(lock);
    report.read = counters.now().0;
    report.is_interrupted |= stop.is_asked();
    report.time = started.elapsed();
    report.close();
    report
}

/// Keeps other runs of the section from beginning; the error says who has begun before.
///
/// Where the machine gives no lock the section runs all the same: records that are sent twice do no harm, records that are never sent do.
fn lock(job: &Job, context: &Context) -> Result<Option<Lock>, Option<String>> {
    let section = &job.section.name;
    let without = |why: &str, hint: &str| {
        tracing::warn!(
            section,
            "the section runs without a lock {why}: nothing keeps another run of it from overlapping with this one; {hint}"
        );
        Ok(None)
    };
    let Some(directory) = &context.locks else {
        let why = "since neither HOME nor XDG_STATE_HOME says where it could be";
        return without(why, "set one of them");
    };
    match Lock::take(directory, &context.ini, section, &context.host) {
        Ok(lock) => Ok(Some(lock)),
        Err(NoLock::Held(who)) => Err(who),
        Err(NoLock::Unavailable(error)) => {
            let shown = clean(&directory.display().to_string(), 500);
            let hint = format!(
                "{}, or name another place with XDG_STATE_HOME",
                files::write_hint(&error)
            );
            without(&format!("in {shown} ({error})"), &hint)
        }
    }
}

async fn pipeline(
    job: &Job,
    context: &Context,
    oomnitza: &Oomnitza,
    options: Options,
    counters: &Counters,
    stop: &Stop,
    (report, saving): (&mut Report, &mut Option<Saving>),
) -> Result<(), Error> {
    let opening = async {
        let merged = prepare_mappings(job, oomnitza).await?;
        let mappers = mappers(job, context, oomnitza, &merged, options.record_count).await?;
        Ok::<_, Error>((merged, mappers))
    };
    // Nothing has been read yet, so an Oomnitza that does not answer is not waited for.
    let (merged, mappers) = tokio::select! {
        opened = opening => opened?,
        () = stop.asked() => return Ok(()),
    };
    let capabilities = job.grant(context)?;
    let statistics = capabilities.http.clone();
    *saving = begin_saving(job, &capabilities, options.save.as_deref());
    let limit = options.record_count;
    let wanted = Wanted {
        sources: sources(job, &merged),
        // Whoever looks at data may look for what is not mapped yet.
        everything: options.save.is_some(),
        limit,
        incremental: job.section.incremental,
    };
    let open_journal = || journal(job, context, oomnitza, &merged);
    let journal = open_journal();
    let every = FULL_RUN_UNIT * job.section.full_run_days;
    // A source that is always incremental has no full runs.
    let every = (job.description.incremental == Incremental::OnRequest).then_some(every);
    let cursor = journal
        .as_ref()
        .and_then(|journal| journal.cursor(every))
        .map(str::to_owned);
    let Some(source) = Source::open(job, context, capabilities, cursor, wanted, saving.clone(), stop).await? else {
        return Ok(());
    };
    // A part of the records moves no bookmark.
    let is_whole = limit.is_none() && options.preview.is_none();
    // Where the last run ended still holds for one that went on from there.
    let needs_cursor = every.is_some() && is_whole && journal.is_some() && source.is_full();
    let bookmark = Bookmark::new(&job.section.name, journal.filter(|_| is_whole), source.is_full());
    let way = match options.preview {
        Some(mut preview) => {
            let fields: Vec<&str> = merged.fields.iter().map(|field| field.name.as_str()).collect();
            let target = target(job, &merged, limit.is_some());
            preview
                .start(&fields, target.kind == RecordKind::Users)
                .map_err(|source| Error::File {
                    what: "the records cannot be shown".to_owned(),
                    source,
                })?;
            Way::Show(preview, target)
        }
        None => {
            let target = target(job, &merged, limit.is_some());
            let uploader = Uploader::new(oomnitza.clone(), target, Retry::within(options.retry));
            Way::Upload(Arc::new(uploader), options.parallel.max(1))
        }
    };
    let uploader = match &way {
        Way::Upload(uploader, _) => Some(uploader.clone()),
        Way::Show(..) => None,
    };

    let halt = Stop::default();
    let (pages, incoming) = mpsc::channel(QUEUE);
    let (mapped, outgoing) = mpsc::channel(QUEUE);
    let rejects = Rejects::new(context.rejects.as_deref(), &job.section.name);
    let keeping = Keeping {
        rejects,
        bookmark,
        saving: saving.clone(),
    };
    let delivery = Delivery::new(way, limit, report, keeping, counters, halt.clone());
    let all = async {
        // After an error of the source what was read still goes out.
        let read = source.run(pages, counters, [stop, &halt]);
        let (read, mapped, ()) = tokio::join!(read, mappers.run(incoming, mapped), delivery.run(outgoing));
        read.and_then(|has_cursor| mapped.map_err(Error::of_mapping).map(|()| has_cursor))
    };
    let too_late = async {
        stop.asked().await;
        tokio::time::sleep(options.grace).await;
    };
    let result = tokio::select! {
        result = all => result,
        () = too_late => {
            let grace = options.grace;
            tracing::warn!(section = job.section.name, "uploads did not end within {grace:?} and are given up");
            Ok(true)
        }
    };
    match &result {
        Err(Error::Source {
            why: SourceError::StaleCursor(_),
            ..
        }) if is_whole => {
            if let Some(journal) = open_journal() {
                journal.forget();
            }
        }
        Ok(false) if needs_cursor && !stop.is_asked() && !halt.is_asked() => tracing::warn!(
            section = job.section.name,
            "the source did not say where a later run can go on, so the next one reads everything as well"
        ),
        _ => {}
    }
    report.source = statistics.statistics();
    report.upload_retries = uploader.map_or(0, |uploader| uploader.repeated());
    result.map(drop)
}

/// What keeps the run's data, if it is to be kept and can be.
fn begin_saving(job: &Job, capabilities: &Capabilities, directory: Option<&Path>) -> Option<Saving> {
    let directory = directory?;
    let section = &job.section.name;
    let is_directory = capabilities.granted.ldap;
    match Saving::begin(directory, section, capabilities.http.redactor(), is_directory) {
        Ok(saving) => {
            let keeper = saving.clone();
            let keep = move |content_type: &str, body: &[u8]| keeper.answer(content_type, body);
            capabilities.http.keep_answers(Box::new(keep));
            Some(saving)
        }
        Err(error) => {
            saving::impossible(directory, section, &error);
            None
        }
    }
}

/// The source paths that are wanted: those that are mapped, and the fields that code names.
fn sources(job: &Job, merged: &Merged) -> Vec<String> {
    let mut sources = merged.sources();
    let read = job.python.iter().flat_map(Python::reads);
    for path in read {
        if !sources.contains(path) {
            sources.push(path.clone());
        }
    }
    sources
}

/// Where the section's runs go on, if they do.
fn journal(job: &Job, context: &Context, oomnitza: &Oomnitza, merged: &Merged) -> Option<Journal> {
    let section = &job.section;
    let directory = context.cursors.as_deref().filter(|_| job.section.incremental)?;
    let major = job.description.version.split('.').next().unwrap_or_default();
    let code = job.python.as_ref().map(|python| python.programs().texts());
    let mapping = format!(
        "{merged:?} {:?} {} {code:?} {:?}",
        section.sync_field, section.update_only, section.zone
    );
    let belonging = Belonging {
        ini: &context.ini,
        section: &job.section.name,
        connector: (&job.description.id, major),
        settings: &job.section.settings,
        destination: oomnitza.address().as_str(),
        mapping: &mapping,
    };
    Some(Journal::open(directory, &belonging))
}

async fn mappers(
    job: &Job,
    context: &Context,
    oomnitza: &Oomnitza,
    merged: &Merged,
    limit: Option<u64>,
) -> Result<Mappers, Error> {
    let programs = job.python.as_ref().map(Python::programs);
    let is_built_in = |name: &str| !programs.is_some_and(|programs| programs.defines(name));
    let locations = if merged.uses("location") && is_built_in("location") {
        Some(oomnitza.locations().await?)
    } else {
        None
    };
    let look_up = Arc::new(MacModels::new(context));
    let plan = Plan::new(merged, &job.section, programs, locations);
    let scripts = match &job.python {
        Some(python) => {
            let scripts = python.scripts(merged, &job.section, context, oomnitza).await?;
            Some(scripts.limited(limit))
        }
        None => None,
    };
    // An interpreter takes some 25 MiB, so there are no more than it takes to keep up with a source.
    let most = if scripts.is_some() {
        context.mappers.min(MOST_INTERPRETERS)
    } else {
        context.mappers
    };
    let mapper = context.catalog.mapper()?;
    Mappers::open(
        context.catalog.loader().engine(),
        &mapper,
        &job.limits(context),
        plan,
        scripts,
        look_up,
        most,
    )
    .await
    .map_err(|error| job.refused(error))
}

fn target(job: &Job, merged: &Merged, singly: bool) -> Target {
    Target {
        kind: job.description.kind,
        mapping_name: job.mapping_name().to_owned(),
        sync_field: job.section.sync_field.clone().unwrap_or_default(),
        update_only: job.section.update_only.clone(),
        normal_position: merged.normal_position,
        singly,
    }
}
