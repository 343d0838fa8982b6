//! Why there is no connection, or no answer.

use std::error::Error as StdError;
use std::time::Duration;

use url::Url;

use crate::redact::clean;

/// Why there is no connection, or no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The place may not be reached.
    #[error("{place} may not be reached: {reason}")]
    Denied {
        /// Where it was to go.
        place: String,
        /// Why not.
        reason: String,
    },
    /// The name has no address that may be used.
    #[error("{host} has no usable address: {reason}")]
    Resolve {
        /// The name.
        host: String,
        /// Why.
        reason: String,
    },
    /// Nobody answers there.
    #[error("no connection to {place}: {reason}")]
    Connect {
        /// Where.
        place: String,
        /// Why.
        reason: String,
    },
    /// The connection cannot be secured.
    #[error("no secure connection to {place}: {reason}")]
    Tls {
        /// Where.
        place: String,
        /// Why.
        reason: String,
        /// What can be done about it.
        hint: &'static str,
    },
    /// It took too long.
    #[error("{place} did not {what} within {limit:?}")]
    TimedOut {
        /// Where.
        place: String,
        /// What it did not do.
        what: &'static str,
        /// The time it had.
        limit: Duration,
    },
    /// The connection broke.
    #[error("the connection to {place} broke: {reason}")]
    Broken {
        /// Where.
        place: String,
        /// How.
        reason: String,
    },
    /// The answer is longer than it may be.
    #[error("{place} answered with more than {limit} bytes, which is the limit")]
    TooLong {
        /// Where.
        place: String,
        /// The most it may have, bytes.
        limit: usize,
    },
    /// There is no connection because of the proxy, or beyond it.
    #[error("{error}")]
    Proxy {
        /// Why there is none.
        error: Box<Self>,
        /// What can be done about it.
        hint: String,
    },
    /// A setting of TLS or of a proxy cannot be used.
    #[error("{0}")]
    Setting(String),
}

impl Error {
    pub(super) fn denied(url: &Url, reason: &str) -> Self {
        Self::Denied {
            place: place(url),
            reason: reason.to_owned(),
        }
    }

    /// The answer is longer than it may be.
    pub(crate) fn too_long(url: &Url, limit: usize) -> Self {
        Self::TooLong {
            place: place(url),
            limit,
        }
    }

    /// The same where a proxy, which `origin` names, is to make the connection: what keeps it from that is the proxy's, not the place's.
    pub(super) fn of_proxy(self, origin: &str) -> Self {
        match self {
            Self::Denied { .. } | Self::Resolve { .. } | Self::Connect { .. } | Self::TimedOut { .. } => Self::Proxy {
                error: Box::new(self),
                hint: format!("check {origin}, and that this proxy can be reached and lets this machine through"),
            },
            other => other,
        }
    }

    /// What can be done about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Proxy { hint, .. } => hint,
            Self::Denied { .. } => "only places that the section's own settings name can be reached",
            Self::Resolve { .. } => "check the host's name, and this machine's name service",
            Self::Connect { .. } => "check address and port, and that a firewall or proxy lets this machine through",
            Self::Tls { hint, .. } => hint,
            Self::TimedOut { .. } | Self::Broken { .. } => {
                "try again; if it stays, look at the other side or at what lies between"
            }
            Self::TooLong { .. } | Self::Setting(_) => return None,
        };
        Some(hint.to_owned())
    }

    /// Whether trying again can help.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Proxy { error, .. } => error.is_passing(),
            Self::Resolve { .. } | Self::Connect { .. } | Self::TimedOut { .. } | Self::Broken { .. } => true,
            _ => false,
        }
    }

    /// What a failed request means.
    pub(super) fn of_request(error: reqwest::Error, place: String, connect_limit: Duration) -> Self {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(&error);
        let mut last = String::new();
        while let Some(current) = cause {
            if let Some(own) = current.downcast_ref::<Self>() {
                return own.again();
            }
            if let Some(tls) = current.downcast_ref::<rustls::Error>() {
                return Self::of_tls(place, tls);
            }
            last = current.to_string();
            // What an I/O error holds, which may be another one, is not its source: that is the source of what it holds.
            let held = current.downcast_ref().and_then(std::io::Error::get_ref);
            cause = match held {
                Some(held) => Some(held),
                None => current.source(),
            };
        }
        let reason = match last.as_str() {
            // The library does not hand on which status the proxy answered.
            "tunnel error: unsuccessful" => "the proxy refuses to connect there".to_owned(),
            "tunnel error: proxy authorization required" => {
                "the proxy wants a user name and a password (407), or others than it got".to_owned()
            }
            other => clean(other, 300),
        };
        if error.is_timeout() {
            Self::TimedOut {
                place,
                what: "accept a connection",
                limit: connect_limit,
            }
        } else if error.is_connect() {
            Self::Connect { place, reason }
        } else {
            Self::Broken { place, reason }
        }
    }

    /// What a failed handshake means, in plain words.
    pub(super) fn of_tls(place: String, error: &rustls::Error) -> Self {
        use rustls::CertificateError as Certificate;
        const CA: &str = "if the server's certificate comes from your own authority, name its file with `cacert_file`; `verify_ssl = False` switches the check off";
        const ITSELF: &str =
            "name a file with exactly this certificate in `cacert_file`, or let an authority sign one for the server";
        const NAME: &str =
            "use the name that the certificate was made for, or let the certificate be made for this one";
        const RENEW: &str = "let the server's certificate be renewed, or correct the clock of this machine";
        const PROTOCOL: &str = "the server must speak TLS 1.2 or 1.3; where `ssl_protocol` names one of them, that one";
        let (reason, hint) = match error {
            rustls::Error::InvalidCertificate(problem) => match problem {
                Certificate::Expired | Certificate::ExpiredContext { .. } => {
                    ("its certificate has expired".to_owned(), RENEW)
                }
                Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
                    ("its certificate is not valid yet".to_owned(), RENEW)
                }
                Certificate::NotValidForNameContext { presented, .. } if presented.is_empty() => (
                    "its certificate names no host; a common name alone does not count".to_owned(),
                    "let the certificate be made anew with the host as its subjectAltName",
                ),
                Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
                    ("its certificate was made for another name".to_owned(), NAME)
                }
                Certificate::UnknownIssuer => (
                    "its certificate comes from an authority that this machine does not know".to_owned(),
                    CA,
                ),
                Certificate::Other(problem) if is_authority_itself(problem) => (
                    "its certificate is that of an authority, and not one that the section names".to_owned(),
                    ITSELF,
                ),
                Certificate::Revoked => ("its certificate was revoked".to_owned(), RENEW),
                other => (
                    format!("its certificate cannot be trusted: {}", clean(&other.to_string(), 200)),
                    CA,
                ),
            },
            rustls::Error::PeerIncompatible(_)
            | rustls::Error::AlertReceived(rustls::AlertDescription::ProtocolVersion) => {
                ("there is no safe protocol that both sides speak".to_owned(), PROTOCOL)
            }
            other => (clean(&other.to_string(), 200), "check that the port speaks TLS"),
        };
        Self::Tls { place, reason, hint }
    }

    /// The same once more; it came wrapped in somebody else's error.
    fn again(&self) -> Self {
        match self {
            Self::Denied { place, reason } => Self::Denied {
                place: place.clone(),
                reason: reason.clone(),
            },
            Self::Resolve { host, reason } => Self::Resolve {
                host: host.clone(),
                reason: reason.clone(),
            },
            Self::Connect { place, reason } => Self::Connect {
                place: place.clone(),
                reason: reason.clone(),
            },
            Self::Tls { place, reason, hint } => Self::Tls {
                place: place.clone(),
                reason: reason.clone(),
                hint,
            },
            Self::TimedOut { place, what, limit } => Self::TimedOut {
                place: place.clone(),
                what,
                limit: *limit,
            },
            Self::Broken { place, reason } => Self::Broken {
                place: place.clone(),
                reason: reason.clone(),
            },
            Self::TooLong { place, limit } => Self::TooLong {
                place: place.clone(),
                limit: *limit,
            },
            Self::Proxy { error, hint } => Self::Proxy {
                error: Box::new(error.again()),
                hint: hint.clone(),
            },
            Self::Setting(what) => Self::Setting(what.clone()),
        }
    }
}

/// Whether a server showed a certificate that says of itself that it is an authority's.
fn is_authority_itself(problem: &rustls::OtherError) -> bool {
    matches!(problem.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// Scheme, host and port of a URL, for people.
pub(super) fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or("no host");
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}
