//! Why a request has no answer, and what the guest is told of it.

use std::time::Duration;

use crate::contract::connector::oomnitza::connector::http as wit;
use crate::net;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The guest asked for what it may not.
    #[error("{0}")]
    Denied(String),
    /// The guest's request is not well formed.
    #[error("{0}")]
    Invalid(String),
    /// A limit.
    #[error("{0}")]
    TooLarge(String),
    /// The answer's framing or encoding is broken.
    #[error("{0}")]
    BadBody(String),
    /// The source asks to wait longer than the run may.
    #[error("the source asks to wait {0:?}")]
    RateLimited(Duration),
    /// The token of the slot was not given.
    #[error("the request for a token was answered {0}")]
    TokenRefused(u16, String),
    /// The network.
    #[error(transparent)]
    Net(#[from] net::Error),
}

impl Error {
    /// Whether the same request may succeed a moment later.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Net(error) => error.is_passing(),
            Self::BadBody(_) => true,
            _ => false,
        }
    }

    /// What the guest is told. An address that may not be dialled looks like one where nobody answers.
    pub(super) fn into_wit(self, redact: impl Fn(&str) -> String) -> wit::Error {
        match self {
            Self::Denied(what) => wit::Error::Denied(redact(&what)),
            Self::Invalid(what) => wit::Error::InvalidInput(redact(&what)),
            Self::TooLarge(what) => wit::Error::TooLarge(what),
            Self::BadBody(what) => wit::Error::BadBody(redact(&what)),
            Self::TokenRefused(status, said) => wit::Error::TokenRefused((status, said)),
            Self::RateLimited(wait) => wit::Error::RateLimited(u32::try_from(wait.as_secs()).ok()),
            Self::Net(net::Error::TimedOut { .. }) => wit::Error::TimedOut,
            Self::Net(error @ net::Error::Denied { .. }) => wit::Error::Denied(redact(&error.to_string())),
            // What can be done about it is for the admin, and goes another way (`net::Network::advice`).
            Self::Net(error) => wit::Error::Unreachable(redact(&error.to_string())),
        }
    }
}
