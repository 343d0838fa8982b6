//! The only code that opens a socket.
//!
//! Name rule, then resolution, then the address rule on every resolved address, then a connection to *that* address: for HTTP, LDAP,
//! SQL and the uploader alike (docs/security.md). Nothing is read from disk before the first secured connection.

mod addresses;
mod advice;
pub mod backoff;
mod dial;
mod egress;
mod error;
mod http;
mod origins;
mod proxy;
mod tls;
mod trust;
mod validity;

use std::sync::Arc;
use std::time::Duration;

pub use egress::{Egress, Reach, Rule};
pub use error::Error;
pub use http::HttpClient;
pub use origins::Origins;
pub use proxy::Proxies;
pub use tls::{Bundle, TlsSettings, TlsStream, Versions, check_environment};

/// How long the steps of a connection may take.
#[derive(Debug, Clone)]
pub struct Timeouts {
    /// From a name to its addresses.
    pub resolve: Duration,
    /// To a connection, TLS included.
    pub connect: Duration,
    /// From a request sent to its answer's first byte.
    pub first_byte: Duration,
    /// Between two pieces of an answer.
    pub between_bytes: Duration,
    /// A request with its whole answer.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(5),
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(60),
            between_bytes: Duration::from_secs(30),
            total: Duration::from_secs(120),
        }
    }
}

/// The network as one section may use it. Cheap to clone; all clones share their connections.
#[derive(Clone)]
pub struct Network {
    shared: Arc<Shared>,
}

struct Shared {
    egress: Arc<Egress>,
    tls: tls::Tls,
    proxies: Proxies,
    timeouts: Timeouts,
    advice: advice::Advice,
}

impl Network {
    /// A network that reaches what `egress` allows.
    pub fn new(egress: Egress, tls: TlsSettings, proxies: Proxies, timeouts: Timeouts) -> Self {
        let shared = Shared {
            egress: Arc::new(egress),
            tls: tls::Tls::new(tls),
            proxies,
            timeouts,
            advice: advice::Advice::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// How long the steps of a connection may take.
    pub fn timeouts(&self) -> &Timeouts {
        &self.shared.timeouts
    }

    /// Whether the place a URL points to may be reached, before its name is looked up.
    pub fn permits(&self, url: &url::Url) -> Result<(), Error> {
        self.shared.egress.permits(url).map(|_| ())
    }

    /// What can be done about a failure that a text tells, where it was one of this network's that knew a remedy.
    pub fn advice(&self, text: &str) -> Option<String> {
        self.shared.advice.about(text)
    }

    /// Keeps what can be done about a failure that is told so, for [`Self::advice`].
    pub fn advise(&self, text: String, remedy: &'static str) {
        self.shared.advice.keep(text, remedy);
    }

    /// A client for requests, with a pool of connections of its own.
    pub fn http(&self) -> HttpClient {
        HttpClient::new(self.clone())
    }
}
