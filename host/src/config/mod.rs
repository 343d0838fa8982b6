//! The ini file and what it means: text, then sections, then settings that a connector's description gives a type.
//!
//! Promises: nothing is guessed silently (an unknown setting is a warning with the nearest name), everything wrong with a section is
//! said at once, and a secret is a [`crate::redact::Secret`] from the line it was read on.

pub(crate) mod address;
mod common;
mod continued;
pub mod credential;
mod described;
mod destination;
mod doubt;
mod edit;
mod example;
mod finding;
mod ini;
mod mapping_value;
mod own;
mod program;
pub mod schema;
mod section;
mod selection;
mod suggest;
pub mod template;
mod zone;

pub use common::{Common, Protocol, Proxy};
pub use credential::{Elsewhere, Fetch};
pub use destination::{Destination, ReadDestination, SignIn, read_destination};
pub(crate) use doubt::short;
pub use edit::EditError;
pub use example::{Detail, example};
pub use finding::{Finding, Place, Severity};
pub use ini::{Entry, Ini, RawSection};
pub use mapping_value::IniMapping;
pub use program::{OnError, Program, converters};
pub use section::{Section, enabled, read_section, repeated, section};
pub(crate) use section::{component_bytes, component_path, read_own};
pub use selection::{connector_sections, select};
pub use suggest::nearest;
pub use zone::{Clock, Zone};

/// How the environment is read: a function, so that tests do not touch the process's own.
pub type Env<'a> = dyn Fn(&str) -> Option<String> + Send + Sync + 'a;

/// Truth values, wherever a setting is one.
pub fn truth(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "1" | "yes" | "true" | "on" => Some(true),
        "0" | "no" | "false" | "off" => Some(false),
        _ => None,
    }
}
