//! Why a section cannot run, or ended early.

use std::sync::Arc;

use super::hint;
use crate::config::{Finding, Ini};
use crate::{catalog, files, net, oomnitza, sandbox};

/// Why a section cannot run, or ended early. Which section it was, the report says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration is wrong: everything that is.
    #[error("{}", first(.0))]
    Config(Vec<Finding>),
    /// Secrets that are kept elsewhere cannot be had now.
    #[error("{}", first(.0))]
    Unavailable(Vec<Finding>),
    /// The connector cannot be had.
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
    /// The connector ended.
    #[error("connector `{connector}` ({origin}) stopped")]
    Connector {
        /// Its name.
        connector: String,
        /// Where it came from.
        origin: String,
        /// Why.
        #[source]
        source: sandbox::Error,
    },
    /// The source does not give what is asked. No fault of the connector's.
    #[error("{why}")]
    Source {
        /// Why.
        why: sandbox::SourceError,
        /// What can be done about it.
        hint: String,
    },
    /// The mapper ended.
    #[error("the mapper stopped")]
    Mapper(#[source] sandbox::Error),
    /// The section's Python is wrong, or failed on a record: everything that is known of it.
    #[error("{}", first(.0))]
    Code(Vec<Finding>),
    /// The section's Python was stopped from outside.
    #[error("its Python was stopped: {what}")]
    Stopped {
        /// Why.
        what: String,
        /// What can be done about it.
        hint: &'static str,
    },
    /// Oomnitza.
    #[error(transparent)]
    Oomnitza(#[from] oomnitza::Error),
    /// Oomnitza cannot be signed in to.
    #[error("{why}")]
    Destination {
        /// Why.
        why: oomnitza::Error,
        /// What can be done about it.
        hint: Option<String>,
    },
    /// Oomnitza cannot be signed in to: the same for all sections.
    #[error("[oomnitza] cannot be used: {0}")]
    SignIn(Arc<Self>),
    /// Oomnitza takes none of the records.
    #[error("Oomnitza refused each of the first {count} records; the last time: {reason}")]
    AllRefused {
        /// How many.
        count: u64,
        /// Why the last one.
        reason: String,
    },
    /// Another run of the section is under way; who runs it, as far as it is known.
    #[error("another run of it is under way{}", .0.as_ref().map(|who| format!(": {who}")).unwrap_or_default())]
    Busy(Option<String>),
    /// A setting of the network.
    #[error(transparent)]
    Net(#[from] net::Error),
    /// The engine for components cannot be had.
    #[error(transparent)]
    Engine(sandbox::Error),
    /// A file.
    #[error("{what}")]
    File {
        /// What was to be done.
        what: String,
        /// Why it was not.
        #[source]
        source: std::io::Error,
    },
    /// A defect of this program.
    #[error("this program made a mistake: {0}")]
    Bug(String),
}

/// Whose fault it is, from the mildest to the gravest; the exit code follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blame {
    /// What the admin wrote.
    Config,
    /// The connector, the source, the network or Oomnitza.
    Outside,
    /// This program.
    Host,
}

fn first(findings: &[Finding]) -> String {
    match findings {
        [] => "the configuration is wrong".to_owned(),
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
    }
}

impl Error {
    /// Oomnitza cannot be signed in to, as `[oomnitza]` of this file has it.
    pub fn of_destination(why: oomnitza::Error, ini: &Ini) -> Self {
        Self::Destination {
            hint: hint::of_destination(&why, ini),
            why,
        }
    }

    /// What is wrong, each with its own place and remedy, where it is a matter of such.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Config(findings) | Self::Unavailable(findings) | Self::Code(findings) => findings,
            Self::SignIn(error) => error.findings(),
            _ => &[],
        }
    }

    /// What can be done about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Stopped { hint, .. } => Some((*hint).to_owned()),
            Self::Config(findings) | Self::Unavailable(findings) | Self::Code(findings) => {
                findings.first().and_then(|finding| finding.remedy.clone())
            }
            Self::Catalog(error) => error.hint(),
            Self::Connector { source, .. } | Self::Mapper(source) => source.hint(),
            Self::Source { hint, .. } => Some(hint.clone()),
            Self::Destination { hint, .. } => hint.clone(),
            Self::Oomnitza(error) => error.hint(),
            Self::SignIn(error) => error.hint(),
            Self::AllRefused { .. } => {
                Some("look at the mappings with `--show-mappings` and at the records with `--testmode`".to_owned())
            }
            Self::Busy(_) => Some(
                "wait until it has ended, or end that process; the lock ends with it, and nothing has to be removed"
                    .to_owned(),
            ),
            Self::Net(error) => error.hint(),
            Self::Engine(error) => error.hint(),
            Self::File { source, .. } => Some(files::write_hint(source).to_owned()),
            Self::Bug(_) => Some("please report this".to_owned()),
        }
    }

    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::SignIn(error) => error.blame(),
            Self::Bug(_) | Self::Engine(_) => Blame::Host,
            Self::Connector { source, .. } | Self::Mapper(source) if source.is_host_bug() => Blame::Host,
            Self::Catalog(error) if error.is_host_bug() => Blame::Host,
            Self::Config(_) | Self::Code(_) | Self::Stopped { .. } | Self::Catalog(_) => Blame::Config,
            Self::Mapper(sandbox::Error::Plan { .. }) => Blame::Config,
            _ => Blame::Outside,
        }
    }
}
