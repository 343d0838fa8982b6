//! `oomnitza:connector/http`: requests on behalf of one connector.
//!
//! Grants: the endpoints of its description, as far as the section's settings give them. Limits: [`Limits`].
//! A guest never gets: credentials, resolved addresses, or an answer that is larger than it may be. The credential of an auth slot is
//! added after the place was judged, and goes to the place that the request named and nowhere else.

mod ahead;
mod answer;
mod auth;
mod batch;
mod body;
mod call;
mod cookies;
mod encoding;
mod error;
mod headers;
mod host;
mod limits;
mod places;
mod refusal;
mod request;
mod state;
#[cfg(test)]
mod tests;
mod token;

pub use auth::{Credential, Slot};
pub use encoding::Encoding;
pub use host::add_to_linker;
pub use limits::{Limits, Retry};
pub use places::{Habits, Places};
pub use state::{HttpState, Keeper, Statistics};
pub use token::TokenSource;
