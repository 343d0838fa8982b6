//! Why a component cannot be had.

use crate::config::nearest;
use crate::sandbox;

/// Why a component cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is none of this name.
    #[error("there is no connector `{name}`")]
    Unknown {
        /// The name.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// It cannot be used.
    #[error("connector `{name}` ({origin}) cannot be used")]
    Unusable {
        /// Its name.
        name: String,
        /// Where it came from.
        origin: String,
        /// Why.
        #[source]
        source: sandbox::Error,
    },
    /// It is another connector than its file's name or the section says.
    #[error("the component {origin} is connector `{says}`, not `{name}`")]
    OtherName {
        /// The name that was asked for.
        name: String,
        /// Where it came from.
        origin: String,
        /// What it calls itself.
        says: String,
    },
    /// The program was built without one of its own components.
    #[error("this program was built without its component `{name}`")]
    Incomplete {
        /// The component.
        name: &'static str,
    },
}

impl Error {
    /// What can be done about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unknown { known, .. } if known.is_empty() => {
                "this program carries no connectors; build it with `make build`".to_owned()
            }
            Self::Unknown { name, known } => match nearest(name, known.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!(
                    "the connectors are {}; put another one's .wasm file into the connectors directory, or name it with `component = FILE` in the section",
                    known.join(", ")
                ),
            },
            Self::Unusable {
                source: sandbox::Error::Machine { .. },
                ..
            } => "name a file that this program may read; `component = FILE` is relative to the ini file".to_owned(),
            Self::Unusable { source, .. } => return source.hint(),
            Self::OtherName { says, .. } => format!("name the section [{says}], or [{says}.something]"),
            Self::Incomplete { .. } => "build it with `make build`".to_owned(),
        })
    }

    /// Whether the host is to blame.
    pub fn is_host_bug(&self) -> bool {
        match self {
            Self::Unusable { source, .. } => source.is_host_bug(),
            Self::Incomplete { .. } => true,
            _ => false,
        }
    }
}
