//! What can become of a component.

use std::time::Duration;

use wasmtime::Trap;

use super::pages::PageError;
use crate::contract::connector::exports::oomnitza::connector::source as wit;
use crate::redact::clean;

/// Bytes of a guest's message that are shown.
const MESSAGE_BYTES: usize = 500;

/// What became of a component. Each message says what it did; who it was, the caller knows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is not a component.
    #[error("this is not a WebAssembly component: {0}")]
    NotAComponent(String),
    /// The file is larger than a component may be.
    #[error("the component has {bytes} bytes, the limit is {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The most it may have.
        limit: usize,
    },
    /// The component does not compile, or uses a proposal that is switched off.
    #[error("the component cannot be compiled: {0}")]
    Compile(String),
    /// Compiling it takes more than it may.
    #[error("the component cannot be compiled within {0}")]
    CompileLimit(String),
    /// The process that compiles did not do its work.
    #[error("the compiler failed: {0}")]
    Compiler(String),
    /// It wants something this host does not offer.
    #[error("the component imports `{name}`, which this host does not offer to a {world}")]
    ForbiddenImport {
        /// The import.
        name: String,
        /// What it was loaded as.
        world: &'static str,
    },
    /// It wants something that its description does not ask for.
    #[error("the component imports `{name}`, but its description names no endpoint for it")]
    NotGranted {
        /// The import.
        name: String,
    },
    /// It was made for another version of the contract.
    #[error("the component was built for version {found} of the contract, this host supports {supported}")]
    ContractVersion {
        /// Its version.
        found: String,
        /// Ours.
        supported: &'static str,
    },
    /// It lacks what a component of its kind exports.
    #[error("the component does not export `{name}`")]
    MissingExport {
        /// The export.
        name: String,
    },
    /// What it says about itself cannot be used.
    #[error("the component's description cannot be used: {0}")]
    Description(String),
    /// Its processor time is over.
    #[error("the component used up its {limit:?} of processor time for one {scope}")]
    OutOfTime {
        /// A call or a run.
        scope: &'static str,
        /// How much it had.
        limit: Duration,
    },
    /// It took too long, waiting included.
    #[error("the component did not finish within {limit:?} for one {scope}")]
    TooSlow {
        /// A call or a run.
        scope: &'static str,
        /// How much it had.
        limit: Duration,
    },
    /// It asked for more memory than it may have.
    #[error("the component ran out of memory: it may have {limit} bytes")]
    OutOfMemory {
        /// How much it may have.
        limit: usize,
    },
    /// It called itself too deeply.
    #[error("the component overflowed its stack")]
    StackOverflow,
    /// It gave up.
    #[error("the component stopped with a panic: {0}")]
    GuestPanic(String),
    /// It broke a rule of the sandbox.
    #[error("the component was stopped: {0}")]
    Trapped(String),
    /// A page it handed over is not within the limits.
    #[error("page {page} of the connector cannot be used")]
    Page {
        /// Which one, from 1.
        page: u64,
        /// Why.
        #[source]
        source: PageError,
    },
    /// The connector reports why it cannot go on.
    #[error(transparent)]
    Source(SourceError),
    /// The mapper refuses its plan.
    #[error("field {field} cannot be mapped: {problem}")]
    Plan {
        /// The field.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The mapper could not use a page.
    #[error("the mapper could not use a page: {0}")]
    Mapping(String),
    /// The machine refused something.
    #[error("{what}")]
    Machine {
        /// What.
        what: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A defect of the host.
    #[error("the host made a mistake: {0}")]
    HostBug(String),
}

impl Error {
    pub(super) fn engine(error: wasmtime::Error) -> Self {
        Self::HostBug(format!("the engine did not start: {error:#}"))
    }

    pub(super) fn thread(source: std::io::Error) -> Self {
        Self::Machine {
            what: "the machine gave no thread to count guests' time with".to_owned(),
            source,
        }
    }

    /// What a trap means. `panic` is what the guest last said about itself, `memory_limit` is set when it was refused memory.
    pub(super) fn of_trap(error: wasmtime::Error, panic: Option<&str>, memory_limit: Option<usize>) -> Self {
        if error.is::<Self>() {
            return match error.downcast::<Self>() {
                Ok(own) => own,
                Err(other) => Self::HostBug(format!("{other:#}")),
            };
        }
        if let Some(limit) = memory_limit {
            return Self::OutOfMemory { limit };
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::StackOverflow) => Self::StackOverflow,
            Some(Trap::UnreachableCodeReached) => Self::GuestPanic(
                panic.map_or_else(|| "it did not say why".to_owned(), |text| clean(text, MESSAGE_BYTES)),
            ),
            _ => Self::Trapped(clean(&error.root_cause().to_string(), MESSAGE_BYTES)),
        }
    }

    /// What can be done about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotAComponent(_) | Self::Compile(_) | Self::MissingExport { .. } => {
                "the file must be a whole component, as `make guests` or the connector's vendor builds it".to_owned()
            }
            Self::TooLarge { .. } => {
                "if its vendor says why it is so large, allow it with `max_component` in its section, 64 MiB at most".to_owned()
            }
            Self::CompileLimit(_) => {
                "its functions are too large or too many, or it means harm; ask its vendor, and try again where this machine was busy".to_owned()
            }
            Self::Compiler(_) => {
                "components are compiled by this program started once more: see that it may be, and that the machine has memory for it; else report this with the component".to_owned()
            }
            Self::ForbiddenImport { .. } | Self::NotGranted { .. } => {
                "the connector wants to do what connectors may not; ask its vendor why".to_owned()
            }
            Self::ContractVersion { found, supported } if found.as_str() > *supported => {
                "update oomnitza-connector, or ask the vendor for a build for this version".to_owned()
            }
            Self::ContractVersion { .. } => "ask the connector's vendor for a newer build".to_owned(),
            Self::OutOfTime { .. }
            | Self::TooSlow { .. }
            | Self::StackOverflow
            | Self::GuestPanic(_) => "this is a defect of the connector; report it to whoever made it".to_owned(),
            Self::OutOfMemory { .. } => {
                "let it have more with `max_memory` in its section; if it takes that too, report it to whoever made it".to_owned()
            }
            Self::Page { .. } | Self::Description(_) | Self::Trapped(_) => {
                "this is a defect of the connector; report it to whoever made it".to_owned()
            }
            Self::HostBug(_) => "please report this".to_owned(),
            _ => return None,
        })
    }

    /// Whether the host, and nobody else, is to blame.
    pub fn is_host_bug(&self) -> bool {
        matches!(self, Self::HostBug(_))
    }
}

/// Why a connector cannot go on, in its own words, cleaned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// A setting's value cannot be used.
    #[error("setting `{name}`: {problem}")]
    Setting {
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The source did not accept the credentials; and what can be done about it, where the one who signed in knows.
    #[error("the source did not accept the credentials: {0}")]
    SignIn(String, Option<String>),
    /// The credentials are good but may not do this.
    #[error("the source does not allow this: {0}")]
    Forbidden(String),
    /// The source cannot be reached; and what can be done about it, where the network knows.
    #[error("the source cannot be reached: {0}")]
    Unreachable(String, Option<String>),
    /// The source asked for less and went on asking.
    #[error("the source limits how often it may be asked: {0}")]
    RateLimited(String),
    /// The source did not answer in time.
    #[error("the source did not answer in time: {0}")]
    TimedOut(String),
    /// What is asked for is not there, or a web page is.
    #[error("the source answered something unexpected: {0}")]
    NotFound(String),
    /// The source has failed and says so.
    #[error("the source has failed: {0}")]
    Failed(String),
    /// The source answered something the connector does not understand.
    #[error("the source answered something unexpected: {0}")]
    Unexpected(String),
    /// The cursor is of no use any more.
    #[error("the place where the last run ended is not known to the source any more: {0}")]
    StaleCursor(String),
    /// Anything else; and what can be done about it, where that is known.
    #[error("{0}")]
    Other(String, Option<String>),
}

impl SourceError {
    /// What a guest says. It may have it from its source, and a source may send back what it was sent, credentials included.
    pub(super) fn of_guest(
        error: wit::Error,
        redact: impl Fn(&str) -> String,
        advice: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let text = |text: String| clean(&redact(&text), 1_000);
        let advised = |why: String| {
            let why = text(why);
            let advice = advice(&why);
            (why, advice)
        };
        match error {
            wit::Error::Setting((name, problem)) => Self::Setting {
                name: clean(&redact(&name), 60),
                problem: text(problem),
            },
            wit::Error::SignIn(why) => {
                let (why, advice) = advised(why);
                Self::SignIn(why, advice)
            }
            wit::Error::Forbidden(why) => Self::Forbidden(text(why)),
            wit::Error::Unreachable(why) => {
                let (why, advice) = advised(why);
                Self::Unreachable(why, advice)
            }
            wit::Error::RateLimited(why) => Self::RateLimited(text(why)),
            wit::Error::TimedOut(why) => Self::TimedOut(text(why)),
            wit::Error::NotFound(why) => Self::NotFound(text(why)),
            wit::Error::Failed(why) => Self::Failed(text(why)),
            wit::Error::Unexpected(why) => Self::Unexpected(text(why)),
            wit::Error::StaleCursor(why) => Self::StaleCursor(text(why)),
            wit::Error::Other(why) => {
                let (why, advice) = advised(why);
                Self::Other(why, advice)
            }
        }
    }
}
