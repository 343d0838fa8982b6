//! What every action begins with: the ini file, its sections, and Oomnitza.

use std::error::Error as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::args::Common;
use super::machine;
use super::output::{chain, say_all, tell};
use crate::capabilities::http;
use crate::catalog::{BuiltIn, Catalog};
use crate::config::{self, Destination, Finding, Ini, Place, Severity};
use crate::logging::{self, Gravity};
use crate::net::{self, Origins, Proxies, Timeouts, TlsSettings};
use crate::oomnitza::{self, Oomnitza};
use crate::run::{self, Context, Error, Job, JudgedDestination, prepare};
use crate::sandbox::{Engine, Loader};

/// The environment variable that names the connectors directory.
const CONNECTORS: &str = "OOMNITZA_CONNECTORS";

/// An ini file that can be worked with.
pub(super) struct Opened {
    pub(super) ini: Ini,
    pub(super) destination: Destination,
    pub(super) context: Context,
    /// Whether a secret of [oomnitza] stands in the ini file.
    has_plain_secret: bool,
    /// Whether it was said that others can read the ini file.
    has_warned: AtomicBool,
}

/// Reads the ini file and says everything that is wrong with what all sections share. What keeps them from running is the error, which is
/// said as well.
pub(super) fn open(common: &Common, built_in: &'static [BuiltIn]) -> Result<Opened, Error> {
    let ini = Ini::read(&common.ini).map_err(|findings| {
        say_all(&findings);
        Error::Config(findings)
    })?;
    logging::know_sections(config::connector_sections(&ini).map(|section| section.name.as_str()));
    let mut context = context(common, built_in).inspect_err(|error| say_shared("", error))?;
    let JudgedDestination {
        mut findings,
        ready,
        has_plain_secret,
        ..
    } = run::judge_destination(&ini, &context.proxies, &machine::variable);
    findings.retain(|finding| finding.severity > Severity::Note);
    say_all(&findings);
    let (destination, proxies) = ready.ok_or_else(|| {
        findings.retain(|finding| finding.severity == Severity::Error);
        Error::Config(findings)
    })?;
    context.oomnitza_proxies = proxies;
    context.oomnitza_tls = run::tls(&destination.common, context.bundle.as_ref());
    for secret in context.proxies.secrets().chain(context.oomnitza_proxies.secrets()) {
        logging::secrets().learn(&secret);
    }
    logging::goes_on();
    Ok(Opened {
        ini,
        destination,
        context,
        has_plain_secret,
        has_warned: AtomicBool::new(false),
    })
}

/// What all sections of an invocation share, whatever the ini file says.
pub(super) fn context(common: &Common, built_in: &'static [BuiltIn]) -> Result<Context, Error> {
    match surroundings(common, built_in)? {
        (context, wrong) if wrong.is_empty() => Ok(context),
        (_, wrong) => Err(Error::Config(wrong)),
    }
}

/// The same as far as it can be had, and what is wrong with the environment and the command line.
pub(super) fn surroundings(common: &Common, built_in: &'static [BuiltIn]) -> Result<(Context, Vec<Finding>), Error> {
    let of_environment = |error: net::Error, remedy| Finding::error(Place::default(), error.to_string()).remedy(remedy);
    let (proxies, wrong) = Proxies::from_env(&machine::variable);
    let mut findings: Vec<Finding> = wrong
        .into_iter()
        .map(|error| of_environment(error, "write it like `http://proxy.example.com:3128`, or unset it"))
        .collect();
    let bundle = machine::bundle();
    let authorities = net::check_environment(bundle.as_ref(), &machine::variable);
    findings.extend(authorities.err().map(|error| {
        of_environment(
            error,
            "name a file or a directory with certificates in PEM form, or unset it",
        )
    }));
    let directory = connectors(common).map_err(|wrong| findings.push(wrong)).ok();
    let catalog = catalog_of(directory, built_in)?;
    let retry = http::Retry {
        backoff: machine::backoff(),
        ..http::Retry::default()
    };
    let context = Context {
        catalog,
        oomnitza_proxies: proxies.clone(),
        oomnitza_tls: TlsSettings::default(),
        proxies,
        bundle,
        timeouts: Timeouts::default(),
        retry,
        origins: Origins::default(),
        mappers: machine::cores().clamp(1, 4),
        ini: common.ini.clone(),
        rejects: machine::state().map(|state| state.join("rejects")),
        cursors: machine::state().map(|state| state.join("cursors")),
        locks: machine::state().map(|state| state.join("locks")),
        host: machine::host(),
        secrets: machine::kept(),
    };
    Ok((context, findings))
}

/// The components that can be had.
pub(super) fn catalog(common: &Common, built_in: &'static [BuiltIn]) -> Result<Catalog, Error> {
    let directory = connectors(common).map_err(|wrong| Error::Config(vec![wrong]))?;
    catalog_of(Some(directory), built_in)
}

fn catalog_of(directory: Option<PathBuf>, built_in: &'static [BuiltIn]) -> Result<Catalog, Error> {
    let engine = Engine::new().map_err(Error::Engine)?;
    let loader = Loader::new(
        engine,
        machine::cache().map(|cache| cache.join("compiled")),
        machine::limits(),
    );
    Ok(Catalog::new(loader, built_in, directory))
}

/// The connectors directory. One that somebody names has to be there: else what is built in would run instead, without a word.
fn connectors(common: &Common) -> Result<PathBuf, Finding> {
    let variable = || machine::variable(CONNECTORS).filter(|value| !value.is_empty());
    let named = match &common.connectors_directory {
        Some(directory) => Some((directory.clone(), "--connectors")),
        None => variable().map(|directory| (directory.into(), CONNECTORS)),
    };
    let Some((directory, origin)) = named else {
        return Ok(common.ini.with_file_name("connectors"));
    };
    if let Err(error) = std::fs::read_dir(&directory) {
        let place = Place {
            file: directory,
            ..Place::default()
        };
        let what = format!("cannot be read as the connectors directory: {error}");
        return Err(Finding::error(place, what).remedy(format!(
            "name a directory that is there, and that this program may read, with {origin}"
        )));
    }
    Ok(directory)
}

impl Opened {
    /// The section called `name`, ready to run once its secrets are fetched. Its warnings are said.
    pub(super) async fn job(&self, name: &str) -> Result<Job, Error> {
        let raw = config::select(&self.ini, name).map_err(|finding| Error::Config(vec![finding]))?;
        let job = prepare(&self.ini, raw, &self.context, &machine::variable).await?;
        for (_, secret) in &job.section.secrets {
            logging::secrets().learn(secret);
        }
        for secret in job.proxies(&self.context)?.secrets() {
            logging::secrets().learn(&secret);
        }
        // Where nothing would have to be mended `validate` alone says so.
        let is_told = |found: &&Finding| found.severity > Severity::Note;
        let told: Vec<Finding> = job.section.warnings.iter().filter(is_told).cloned().collect();
        say_all(&told);
        if job.section.has_plain_secret {
            self.warn_of_readers();
        }
        Ok(job)
    }

    /// What can be known to be wrong with places of the section's secrets without fetching any.
    pub(super) fn look(&self, job: &Job) -> Vec<Finding> {
        run::look(&job.section.elsewhere, &self.context, &machine::variable)
    }

    /// Fetches the section's secrets that are kept elsewhere.
    pub(super) async fn fetch(&self, job: &mut Job) -> Result<(), Error> {
        say_all(&run::doubts(&job.section.elsewhere, &self.context, &machine::variable));
        job.fetch(&self.context, &machine::variable).await?;
        for (_, secret) in &job.section.secrets {
            logging::secrets().learn(secret);
        }
        Ok(())
    }

    /// Signs in to Oomnitza.
    pub(super) async fn sign_in(&self) -> Result<Oomnitza, Error> {
        let mut destination = self.destination.clone();
        if let Some(elsewhere) = &destination.elsewhere {
            let elsewhere = std::slice::from_ref(elsewhere);
            say_all(&run::doubts(elsewhere, &self.context, &machine::variable));
            let fetched = run::fetch(elsewhere, &self.context, &machine::variable).await?;
            destination = fetched
                .into_iter()
                .fold(destination, |destination, (_, secret)| destination.with(secret));
        }
        if self.has_plain_secret {
            self.warn_of_readers();
        }
        let options = oomnitza::Options {
            tls: self.context.oomnitza_tls.clone(),
            proxies: self.context.oomnitza_proxies.clone(),
            timeouts: self.context.timeouts.clone(),
            backoff: machine::backoff(),
            redactor: logging::secrets().clone(),
        };
        let signed_in = Oomnitza::sign_in(&destination, options).await;
        signed_in.map_err(|why| Error::of_destination(why, &self.ini))
    }

    /// How long uploads of one section are repeated.
    pub(super) fn retry(&self) -> Duration {
        self.destination.retry_budget
    }

    /// Says once that others can read the ini file, which holds a secret.
    fn warn_of_readers(&self) {
        if let Some(finding) = readers(&self.ini).filter(|_| !self.has_warned.swap(true, Ordering::Relaxed)) {
            say_all(&[finding]);
        }
    }
}

/// What is worth knowing of who can read the ini file, where it holds a secret.
#[cfg(unix)]
pub(super) fn readers(ini: &Ini) -> Option<Finding> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(&ini.path).map_or(0, |metadata| metadata.permissions().mode());
    let what = "holds secrets, and every user of this machine can read it";
    let remedy = format!(
        "run `chmod o-rwx {}`, or keep the secrets elsewhere (docs/secrets.md)",
        ini.path.display()
    );
    (mode & 0o004 != 0).then(|| Finding::warning(ini.place(), what).remedy(remedy))
}

/// Who can read the file is inherited from its directory.
#[cfg(not(unix))]
pub(super) fn readers(_ini: &Ini) -> Option<Finding> {
    None
}

/// Says that Oomnitza cannot be signed in to.
pub(super) fn say_sign_in(error: &Error) {
    say_shared("[oomnitza] cannot be used: ", error);
}

/// Says what keeps all sections from running.
pub(super) fn say_shared(before: &str, error: &Error) {
    match error.findings() {
        [] => tell(
            Gravity::Error,
            None,
            &chain(&format!("{before}{error}"), error.source(), error.hint().as_deref()),
        ),
        findings => say_all(findings),
    }
}
