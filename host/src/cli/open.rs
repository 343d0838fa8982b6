//! What every action begins with: the ini file, its sections, and Oomnitza.

use std::error::Error as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::args::Common;
use super::exit::Exit;
use super::machine;
use super::output::{chain, say_all, tell};
use crate::capabilities::http;
use crate::catalog::{BuiltIn, Catalog};
use crate::config::{self, Destination, Finding, Ini};
use crate::logging::{self, Gravity};
use crate::net::{Origins, Proxies, Timeouts, TlsSettings};
use crate::oomnitza::{self, Oomnitza};
use crate::run::{self, Context, Error, Job, JudgedDestination, prepare};
use crate::sandbox::{Engine, Limits, Loader};

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

/// Reads the ini file and says everything that is wrong with what all sections share.
pub(super) fn open(common: &Common, built_in: &'static [BuiltIn]) -> Result<Opened, Exit> {
    let ini = Ini::read(&common.ini).map_err(|findings| {
        say_all(&findings);
        Exit::Config
    })?;
    logging::know_sections(config::connector_sections(&ini).map(|section| section.name.as_str()));
    let mut context = context(common, built_in)?;
    let JudgedDestination {
        findings,
        ready,
        has_plain_secret,
        ..
    } = run::judge_destination(&ini, &context.proxies, &machine::variable);
    say_all(&findings);
    let (destination, proxies) = ready.ok_or(Exit::Config)?;
    context.oomnitza_proxies = proxies;
    context.oomnitza_tls = run::tls(&destination.common, context.bundle.as_deref());
    for secret in context.proxies.secrets().chain(context.oomnitza_proxies.secrets()) {
        logging::secrets().learn(&secret);
    }
    Ok(Opened {
        ini,
        destination,
        context,
        has_plain_secret,
        has_warned: AtomicBool::new(false),
    })
}

/// What all sections of an invocation share, whatever the ini file says.
pub(super) fn context(common: &Common, built_in: &'static [BuiltIn]) -> Result<Context, Exit> {
    let proxies = Proxies::from_env(&machine::variable).map_err(|error| {
        let hint = "write it like `http://proxy.example.com:3128`, or unset it";
        tell(
            Gravity::Error,
            None,
            &chain(&error.to_string(), error.source(), Some(hint)),
        );
        Exit::Config
    })?;
    let catalog = catalog(common, built_in)?;
    let retry = http::Retry {
        backoff: machine::backoff(),
        ..http::Retry::default()
    };
    Ok(Context {
        catalog,
        oomnitza_proxies: proxies.clone(),
        oomnitza_tls: TlsSettings::default(),
        proxies,
        bundle: machine::bundle(),
        timeouts: Timeouts::default(),
        retry,
        origins: Origins::default(),
        mappers: machine::cores().clamp(1, 4),
        ini: common.ini.clone(),
        rejects: machine::state().map(|state| state.join("rejects")),
        cursors: machine::state().map(|state| state.join("cursors")),
        locks: machine::state().map(|state| state.join("locks")),
        host: machine::host(),
        secrets: machine::secrets(),
    })
}

/// The components that can be had.
pub(super) fn catalog(common: &Common, built_in: &'static [BuiltIn]) -> Result<Catalog, Exit> {
    let engine = Engine::new().map_err(|error| {
        let text = chain(&error.to_string(), error.source(), error.hint().as_deref());
        tell(Gravity::Error, None, &text);
        Exit::Defect
    })?;
    let loader = Loader::new(
        engine,
        machine::cache().map(|cache| cache.join("compiled")),
        Limits::default(),
    );
    Ok(Catalog::new(loader, built_in, Some(connectors(common))))
}

/// The connectors directory.
fn connectors(common: &Common) -> PathBuf {
    let beside = || {
        common
            .ini
            .parent()
            .map_or_else(|| PathBuf::from("connectors"), |directory| directory.join("connectors"))
    };
    common
        .connectors_directory
        .clone()
        .or_else(|| {
            machine::variable("OOMNITZA_CONNECTORS")
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        })
        .unwrap_or_else(beside)
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
        say_all(&job.section.warnings);
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
            let fetched = run::fetch(std::slice::from_ref(elsewhere), &self.context, &machine::variable).await?;
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
        Ok(Oomnitza::sign_in(&destination, options).await?)
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
    match error.findings() {
        [] => {
            let first = format!("[oomnitza] cannot be used: {error}");
            tell(
                Gravity::Error,
                None,
                &chain(&first, error.source(), error.hint().as_deref()),
            );
        }
        findings => say_all(findings),
    }
}
