//! What the end-to-end tests share: the program as a user runs it, what it printed in a form that does not change, and the servers that
//! it talks to.

mod audit;
mod authority;
pub mod cron;
pub mod directory;
mod disk;
pub mod fake;
mod guarded;
mod kept;
pub mod kerberos;
pub mod keyring;
pub mod openssl;
mod output;
mod program;
pub mod proxy;
pub mod relay;
mod running;
pub mod samba;
mod series;
pub mod servers;
pub mod slapd;
pub mod source;
mod trial;
mod web;

use base64::Engine as _;

pub use audit::Audit;
pub use authority::Authority;
pub use disk::Disk;
pub use fake::{Answer, Asked, Fake};
pub use output::{Output, settled};
pub use program::Program;
pub use running::{Running, eventually};
pub use series::Series;
pub use servers::Servers;
pub use trial::{Trial, troubles};
pub use web::http_date;

/// Bytes in base 64.
fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
