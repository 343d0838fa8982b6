//! What a connector for `oomnitza-connector` is written with.
//!
//! A connector is a type that implements [`Connector`] and is exported with [`export!`]. It says what it is ([`Connector::describe`]),
//! and then yields pages of records, one call at a time:
//!
//! ```
//! use oomnitza_sdk::prelude::*;
//!
//! struct Directory {
//!     url: String,
//!     done: bool,
//! }
//!
//! impl Connector for Directory {
//!     fn describe() -> Description {
//!         Description::users("directory", "Directory", "Directory")
//!             .setting(Setting::text("url", "URL", "The address of the directory").example("https://directory.example.com"))
//!             .setting(Setting::text("api_token", "API token", "A token that may read people").example("change-me").secret())
//!             .setting(Setting::default_role())
//!             .endpoint("{url}", "the directory's API")
//!             .header_auth("token", "Authorization", "Bearer {api_token}")
//!             .map("USER", source("login").required())
//!     }
//!
//!     fn open(settings: Settings, _cursor: Option<String>, _wanted: Wanted) -> Result<Self> {
//!         Ok(Self { url: settings.address("url")?.to_string(), done: false })
//!     }
//!
//!     fn check(settings: Settings) -> Result<()> {
//!         Request::get(format!("{}/people?limit=1", settings.address("url")?)).auth("token").send()?.success()?;
//!         Ok(())
//!     }
//!
//!     fn next(&mut self) -> Result<Option<Page>> {
//!         if std::mem::replace(&mut self.done, true) {
//!             return Ok(None);
//!         }
//!         let answer = Request::get(format!("{}/people", self.url)).auth("token").send()?.success()?;
//!         let people: Vec<&RawValue> = answer.json()?;
//!         Ok(Some(Page::of(people)))
//!     }
//! }
//!
//! oomnitza_sdk::export!(Directory);
//! # fn main() {}
//! ```
//!
//! Secrets never enter a connector: a request names an auth slot of the description, and the host adds the credential.
//! With `cargo test` a connector runs natively against a scripted host: [`testing`].
#![warn(missing_docs)]

#[expect(missing_docs, reason = "generated from wit/, where the documentation stands")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "connector",
        pub_export_macro: true,
        export_macro_name: "export_world",
        default_bindings_module: "oomnitza_sdk::bindings",
    });
}

mod address;
pub mod clock;
mod connector;
mod describe;
mod details;
mod error;
pub mod http;
pub mod ldap;
mod link;
mod list;
pub mod log;
mod moment;
mod page;
mod paging;
mod settings;
mod since;
pub mod sql;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod trail;
pub mod xml;

pub use connector::{Connector, Exported, Result};
pub use describe::{Case, Description, Encoding, Endpoint, Mapping, Setting, Token, hardcoded, setting, source};
pub use details::{Missing, details};
pub use error::Error;
pub use guest_json as json;
pub use link::next_link;
pub use list::one_or_many;
pub use moment::Moment;
pub use page::Page;
pub use paging::Paging;
pub use settings::Settings;
pub use since::{OVERLAP, Since};
pub use trail::Trail;

pub use address::{Address, encode};
pub use bindings::exports::oomnitza::connector::source::Wanted;
pub use serde;
pub use serde_json;
pub use serde_json::value::RawValue;

/// All that most connectors use.
pub mod prelude {
    pub use crate::http::{RateLimit, Request, Response, send_all};
    pub use crate::{
        Address, Case, Connector, Description, Encoding, Endpoint, Error, Missing, Moment, Page, Paging, RawValue,
        Result, Setting, Settings, Since, Token, Trail, Wanted,
    };
    pub use crate::{
        debug, details, encode, error, hardcoded, info, ldap, next_link, one_or_many, setting, source, sql, warning,
    };
    pub use serde::Deserialize;
}

/// Makes a component of a type that implements [`Connector`].
#[macro_export]
macro_rules! export {
    ($connector:ty) => {
        // Natively a connector is called by its tests; there is no component to export from.
        #[cfg(target_arch = "wasm32")]
        #[doc(hidden)]
        type ExportedConnector = $crate::Exported<$connector>;
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::export_world!(ExportedConnector with_types_in $crate::bindings);
    };
}
