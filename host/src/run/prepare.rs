//! Before anything is fetched: from a section of the file to a job, from mappings to a plan.

use std::path::{Path, PathBuf};

use super::error::Error;
use super::grants::{self, Ways};
use super::hint;
use super::python::Python;
use crate::capabilities::{http, ldap};
use crate::catalog::{self, Catalog};
use crate::config::schema::{Description, Kind, Setting};
use crate::config::{self, Common, Destination, Env, Fetch, Finding, Ini, Place, RawSection, Section};
use crate::mapping::{self, Merged, ServerMapping};
use crate::net::{Bundle, Origins, Proxies, Timeouts, TlsSettings};
use crate::oomnitza::Oomnitza;
use crate::redact::{Secret, clean};
use crate::sandbox::{self, Capabilities, Granted, Limits, Loaded, SourceError};
use crate::secrets::{self, Kept};

/// What all sections of an invocation share.
pub struct Context {
    /// Where components come from.
    pub catalog: Catalog,
    /// The proxies of the environment.
    pub proxies: Proxies,
    /// The proxies on the way to Oomnitza's own services.
    pub oomnitza_proxies: Proxies,
    /// How connections to Oomnitza's own services are secured.
    pub oomnitza_tls: TlsSettings,
    /// Certificate authorities that the environment names.
    pub bundle: Option<Bundle>,
    /// How long the steps of a request may take.
    pub timeouts: Timeouts,
    /// How connectors' requests are repeated.
    pub retry: http::Retry,
    /// Requests under way at once at each place.
    pub origins: Origins,
    /// The most mappers of one section.
    pub mappers: usize,
    /// The ini file.
    pub ini: PathBuf,
    /// Where refused records are kept.
    pub rejects: Option<PathBuf>,
    /// Where it is kept where runs ended.
    pub cursors: Option<PathBuf>,
    /// Where it is kept which sections are running.
    pub locks: Option<PathBuf>,
    /// The machine's name.
    pub host: String,
    /// What `secret set` keeps.
    pub secrets: Option<Kept>,
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
    pub(super) python: Option<Python>,
}

/// A section that was looked at without a network.
pub struct Judged {
    /// What was found, in the order of the file; one error among it keeps the section from running.
    pub findings: Vec<Finding>,
    /// The job, complete only if nothing of that is an error.
    pub job: Job,
    /// Why its connector does not fit what the section grants.
    pub unfit: Option<Error>,
}

/// `[oomnitza]` after it was looked at without a network.
pub struct JudgedDestination {
    /// What was found, in the order of the file.
    pub findings: Vec<Finding>,
    /// Where the records go and the proxies on the way there, if nothing of that is an error.
    pub ready: Option<(Destination, Proxies)>,
    /// Where its secret is, if that is neither in the file nor in the environment.
    pub elsewhere: Option<Fetch>,
    /// Whether a secret of it stands in the file.
    pub has_plain_secret: bool,
}

/// Reads a section and finds its connector; the job, if nothing is wrong. Its secrets are still where they are ([`Job::fetch`]).
pub async fn prepare(ini: &Ini, raw: &RawSection, context: &Context, env: &Env<'_>) -> Result<Job, Error> {
    let Judged { findings, job, unfit } = judge(ini, raw, context, env).await?;
    let section = job.section.unless(findings).map_err(Error::Config)?;
    match unfit {
        Some(Error::Catalog(error)) => Err(located(error, ini, raw, env)),
        Some(error) => Err(error),
        None => Ok(Job { section, ..job }),
    }
}

/// Reads a section, finds its connector, and says everything that can be known without a network: what keeps it from running, and what
/// is worth a warning. It fails only where there is no connector to judge the section by.
pub async fn judge(ini: &Ini, raw: &RawSection, context: &Context, env: &Env<'_>) -> Result<Judged, Error> {
    let connector = raw.name.split('.').next().unwrap_or(&raw.name);
    let path = config::component_path(raw).map(|path| match ini.path.parent() {
        // As the admin means it: beside the ini file, wherever cron starts the program.
        Some(directory) => directory.join(path),
        None => path,
    });
    let found = context
        .catalog
        .connector(connector, path.as_deref(), config::component_bytes(raw))
        .await
        .map_err(|error| located(error, ini, raw, env))?;
    let (mut section, mut findings) = config::read_section(ini, raw, &found.description, env);
    let directory = ini.path.parent().unwrap_or_else(|| Path::new(""));
    findings.extend(
        grants::read_files(&mut section, &found.description, directory)
            .err()
            .unwrap_or_default(),
    );
    let description = found.description.settled(|name| section.setting(name));
    let python = Python::find(ini, &section, &description, context).await?;
    findings.extend(python.iter().flat_map(|python| python.wrong().to_vec()));
    let job = Job {
        section,
        description,
        component: found.loaded,
        origin: found.origin,
        is_shipped: found.is_shipped,
        python,
    };
    findings.extend(CHECKS.iter().flat_map(|check| check(&job)));
    let mut unfit = None;
    match job.grant_as(&with_stand_ins(&job.section), context) {
        Ok(capabilities) => {
            findings.extend(useless_proxy(&job, capabilities.granted));
            unfit = job.unfit(capabilities.granted);
        }
        Err(Error::Config(wrong)) => {
            // What is made of a setting that is missing or wrong would be wrong once more.
            let is_told = |new: &Finding| {
                let same = |told: &&Finding| {
                    let told = told.place.setting.as_deref();
                    let of_environment = told.and_then(|told| told.strip_prefix("env_"));
                    let new = new.place.setting.as_deref();
                    new.is_none() || told == new || of_environment == new
                };
                Finding::are_fatal(&findings) && findings.iter().any(|told| same(&told))
            };
            let new: Vec<Finding> = wrong.into_iter().filter(|new| !is_told(new)).collect();
            findings.extend(new);
        }
        Err(other) => unfit = Some(other),
    }
    findings.sort_by_key(|finding| finding.place.line);
    Ok(Judged { findings, job, unfit })
}

/// The section with something in place of the secrets that are still to be fetched: enough to judge where its connector may go.
fn with_stand_ins(section: &Section) -> Section {
    let mut section = section.clone();
    let elsewhere = section.elsewhere.iter();
    section
        .secrets
        .extend(elsewhere.map(|fetch| (fetch.setting.clone(), Secret::new("fetched later"))));
    section
}

/// What is looked at in a section besides its settings one by one, by one function each.
const CHECKS: [fn(&Job) -> Vec<Finding>; 5] = [
    withheld_places,
    unused_addresses,
    section_authorities,
    section_unverified,
    ldap_filters,
];

fn ldap_filters(job: &Job) -> Vec<Finding> {
    let filters = job
        .description
        .settings
        .iter()
        .filter(|setting| setting.kind == Kind::LdapFilter);
    let wrong = filters.filter_map(|setting| {
        let problem = ldap::filter_problem(job.section.setting(&setting.name)?)?;
        let place = job.section.place(Some(&setting.name));
        Some(Finding::error(place, format!("cannot be used: {problem}")).remedy(setting.explanation()))
    });
    wrong.collect()
}

fn withheld_places(job: &Job) -> Vec<Finding> {
    if job.is_shipped {
        Vec::new()
    } else {
        grants::withheld(&job.section, &job.description)
    }
}

fn unused_addresses(job: &Job) -> Vec<Finding> {
    if job.is_shipped {
        grants::unused(&job.section, &job.description)
    } else {
        Vec::new()
    }
}

fn section_authorities(job: &Job) -> Vec<Finding> {
    let place = |setting: &str| job.section.place(Some(setting));
    authorities(&job.section.common, place).err().unwrap_or_default()
}

fn section_unverified(job: &Job) -> Vec<Finding> {
    let place = |setting: &str| job.section.place(Some(setting));
    unverified(&job.section.common, place).into_iter().collect()
}

/// That a section's servers, or Oomnitza, are taken for what they say they are.
fn unverified(common: &Common, place: impl Fn(&str) -> Place) -> Option<Finding> {
    let what = "switches the check of certificates off: whoever is on the way can pass for the server and gets the credentials";
    let remedy = "name the authority that signed its certificate with `cacert_file`, and remove this setting";
    (!common.verify_ssl).then(|| Finding::warning(place("verify_ssl"), what).remedy(remedy))
}

fn useless_proxy(job: &Job, granted: Granted) -> Option<Finding> {
    let what = "has no effect: this source is not reached over the web, and directories and databases have no proxies";
    (job.section.common.proxy.is_some() && !granted.http)
        .then(|| Finding::warning(job.section.place(Some("proxy")), what).remedy("remove the setting"))
}

/// Reads `[oomnitza]`, and says everything about it that can be known without a network. `environment` has the environment's proxies.
pub fn judge_destination(ini: &Ini, environment: &Proxies, env: &Env<'_>) -> JudgedDestination {
    let mut read = config::read_destination(ini, env);
    let section = ini.section("oomnitza");
    let place = |setting: &str| {
        let entry = section.and_then(|section| section.entry(setting));
        ini.place()
            .at(entry.map_or(1, |entry| entry.line), "oomnitza", Some(setting))
    };
    let authorities = authorities(&read.common, place);
    let proxies = grants::proxies(&read.common, environment, place);
    read.findings.extend(authorities.err().unwrap_or_default());
    read.findings.extend(unverified(&read.common, place));
    read.findings
        .extend(proxies.as_ref().err().into_iter().flatten().cloned());
    read.findings.sort_by_key(|finding| finding.place.line);
    let is_wrong = Finding::are_fatal(&read.findings);
    JudgedDestination {
        findings: read.findings,
        ready: read.destination.zip(proxies.ok()).filter(|_| !is_wrong),
        elsewhere: read.elsewhere,
        has_plain_secret: read.has_plain_secret,
    }
}

/// How secrets are reached.
fn ways<'a>(context: &'a Context, env: &'a Env<'a>) -> secrets::Ways<'a> {
    secrets::Ways {
        base: context.ini.parent().unwrap_or(Path::new("")),
        kept: context.secrets.as_ref(),
        env,
        proxies: &context.proxies,
        timeouts: &context.timeouts,
    }
}

/// What can be known to be wrong with places of secrets without running a command or asking anybody.
pub fn look(wanted: &[Fetch], context: &Context, env: &Env<'_>) -> Vec<Finding> {
    secrets::look(wanted, &ways(context, env))
}

/// What is worth a warning of secrets that are in files of their own.
pub fn doubts(wanted: &[Fetch], context: &Context, env: &Env<'_>) -> Vec<Finding> {
    secrets::doubts(wanted, &ways(context, env))
}

/// Fetches secrets that are kept elsewhere than in the ini file, by the names of their settings. `[oomnitza]` may have some too.
pub async fn fetch(wanted: &[Fetch], context: &Context, env: &Env<'_>) -> Result<Vec<(String, Secret)>, Error> {
    secrets::fetch(wanted, &ways(context, env)).await.map_err(|failures| {
        let is_passing = failures.iter().all(|failure| failure.is_passing);
        let findings = failures.into_iter().map(|failure| failure.finding).collect();
        if is_passing {
            Error::Unavailable(findings)
        } else {
            Error::Config(findings)
        }
    })
}

/// A connector that does not exist is a mistake in the section's header, one that cannot be used in its `component`, where it has such a
/// line. What else is wrong with the section is told with it, as far as that can be known without its connector.
fn located(error: catalog::Error, ini: &Ini, raw: &RawSection, env: &Env<'_>) -> Error {
    let named = raw.entry("component").filter(|entry| !entry.value.is_empty());
    let finding = match (&error, named) {
        (catalog::Error::Unknown { .. }, _) => {
            Finding::error(ini.place().at(raw.line, &raw.name, None), error.to_string())
        }
        (catalog::Error::Unusable { source, .. }, Some(entry)) if !source.is_host_bug() => {
            let mut innermost: &dyn std::error::Error = source;
            while let Some(cause) = innermost.source() {
                innermost = cause;
            }
            let place = ini.place().at(entry.line, &raw.name, Some(&entry.name));
            Finding::error(
                place,
                format!("`{}` cannot be used: {innermost}", clean(&entry.value, 200)),
            )
        }
        (catalog::Error::OtherName { .. }, Some(entry)) => {
            let place = ini.place().at(entry.line, &raw.name, Some(&entry.name));
            Finding::error(place, error.to_string())
        }
        _ => return Error::Catalog(error),
    };
    let mut findings = config::read_own(ini, raw, env);
    findings.push(match error.hint() {
        Some(hint) => finding.remedy(hint),
        None => finding,
    });
    findings.sort_by_key(|finding| finding.place.line);
    Error::Config(findings)
}

/// Reads the certificate authorities that a section names, to say with its place what is wrong with them. `[oomnitza]` has such
/// settings too.
fn authorities(common: &Common, place: impl Fn(&str) -> Place) -> Result<(), Vec<Finding>> {
    grants::tls(common, None).check().map_err(|error| {
        let setting = if common.cacert_file.is_some() {
            "cacert_file"
        } else {
            "cacert_dir"
        };
        let remedy =
            "name one that holds certificates in PEM form, or remove the setting to trust the machine's authorities";
        vec![Finding::error(place(setting), error.to_string()).remedy(remedy)]
    })
}

impl Job {
    /// With the secrets that are kept elsewhere than in the ini file.
    pub async fn fetch(&mut self, context: &Context, env: &Env<'_>) -> Result<(), Error> {
        let fetched = fetch(&self.section.elsewhere, context, env).await?;
        self.section.secrets.extend(fetched);
        Ok(())
    }

    /// Its Python, where it has some.
    pub fn python(&self) -> Option<&Python> {
        self.python.as_ref()
    }

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
        self.grant_as(&self.section, context)
    }

    fn grant_as(&self, section: &Section, context: &Context) -> Result<Capabilities, Error> {
        let ways = Ways {
            proxies: context.proxies.clone(),
            bundle: context.bundle.clone(),
            timeouts: context.timeouts.clone(),
            retry: context.retry,
            origins: context.origins.clone(),
        };
        grants::grant(section, &self.description, self.is_shipped, &ways).map_err(Error::Config)
    }

    fn unfit(&self, granted: Granted) -> Option<Error> {
        let source = self.component.fits(granted).err()?;
        Some(Error::Catalog(catalog::Error::Unusable {
            name: self.section.connector.clone(),
            origin: self.origin.clone(),
            source,
        }))
    }

    /// How the section reaches the web.
    pub fn proxies(&self, context: &Context) -> Result<Proxies, Error> {
        let place = |setting: &str| self.section.place(Some(setting));
        grants::proxies(&self.section.common, &context.proxies, place).map_err(Error::Config)
    }

    /// How far its connector may go, which the section may have extended.
    pub(super) fn limits(&self, context: &Context) -> Limits {
        Limits {
            memory_bytes: self.section.max_memory << 20,
            ..context.catalog.loader().limits().clone()
        }
    }
}

impl Job {
    /// What became of its connector: a setting that it cannot use, and a source that refuses, are other matters than a component that
    /// misbehaves.
    pub(super) fn ended(&self, error: sandbox::Error) -> Error {
        match error {
            sandbox::Error::Source(SourceError::Setting { name, problem }) => {
                let known = self.description.settings.iter().find(|setting| setting.name == name);
                let remedy = known.map_or_else(|| "correct it, or remove it".to_owned(), Setting::explanation);
                let finding = Finding::error(self.section.place(Some(&name)), problem);
                Error::Config(vec![finding.remedy(remedy)])
            }
            sandbox::Error::Source(why) => Error::Source {
                hint: hint::hint(&why, &self.section, &self.description),
                why,
            },
            source => Error::Connector {
                connector: self.section.connector.clone(),
                origin: self.origin.clone(),
                source,
            },
        }
    }

    /// Why the mapper does not take the plan: mostly because of what the section says of a field.
    pub(super) fn refused(&self, error: mapping::Error) -> Error {
        let mapping::Error::Mapper(sandbox::Error::Plan { field, problem }) = &error else {
            return Error::of_mapping(error);
        };
        // What is wrong, and behind a semicolon what is possible.
        let (what, remedy) = problem
            .split_once("; ")
            .unwrap_or((problem, "correct the mapping of this field"));
        Error::Config(vec![
            Finding::error(self.section.place_of_mapping(field), what).remedy(remedy),
        ])
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
    match job.merged(Some(&server)) {
        (merged, findings) if findings.is_empty() => Ok(merged),
        (_, findings) => Err(Error::Config(findings)),
    }
}

impl Job {
    /// What holds of the mappings, Oomnitza's own among them if they are known, and what is wrong with the others.
    pub(super) fn merged(&self, server: Option<&[ServerMapping]>) -> (Merged, Vec<Finding>) {
        mapping::merge(&mapping::Inputs {
            description: &self.description,
            server,
            section: &self.section,
        })
    }
}
