//! Why there are no entries, and what the guest is told of it.

use crate::contract::connector::oomnitza::connector::ldap as wit;
use crate::net;
use crate::redact::clean;

/// Bytes of a text of the server's that are handed on.
const TEXT_BYTES: usize = 1_000;

/// Why there are no entries.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The guest asked for what it may not.
    #[error("{0}")]
    Denied(String),
    /// The guest's target or search is not well formed.
    #[error("{0}")]
    Invalid(String),
    /// The server refused the bind.
    #[error("the bind was refused: {0}")]
    Bind(Refusal),
    /// The server refused something else, or ended it early.
    #[error("the server refused: {0}")]
    Refused(Refusal),
    /// A limit.
    #[error("{0}")]
    TooLarge(String),
    /// The server does not speak LDAP as it should.
    #[error("{0}")]
    Protocol(String),
    /// The network.
    #[error(transparent)]
    Net(#[from] net::Error),
    /// What was asked for cannot be had any more.
    #[error("{0}")]
    Gone(&'static str),
}

/// A result that is not a success (RFC 4511 section 4.1.9).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("result {code}: {text}")]
pub(super) struct Refusal {
    /// Result code.
    pub(super) code: u32,
    /// What the server says about it, as it came.
    pub(super) text: String,
}

impl Refusal {
    /// Whether it is what a directory says that has forgotten the search whose next page it is asked for: it was restarted, or another one
    /// answers now (53, Active Directory and OpenLDAP; 12, Active Directory behind a load balancer).
    pub(super) fn is_forgotten(&self) -> bool {
        matches!(self.code, 12 | 53)
    }

    /// Whether it is how version 2, which has no message for them, speaks of references to other servers: "partial results", the first
    /// line of the text, and the URLs below (the University of Michigan's, which OpenLDAP kept). In version 3 the code is nobody's.
    pub(super) fn is_reference(&self) -> bool {
        self.code == 9 && self.text.starts_with("Referral:")
    }
}

impl Error {
    /// What the guest is told. An address that may not be dialled looks like one where nobody answers.
    pub(super) fn into_wit(self, redact: impl Fn(&str) -> String) -> wit::Error {
        let tidy = |text: &str| clean(&redact(text), TEXT_BYTES);
        let refusal = |refusal: Refusal| wit::Refusal {
            code: refusal.code,
            message: tidy(&refusal.text),
        };
        match self {
            Self::Denied(what) => wit::Error::Denied(tidy(&what)),
            Self::Invalid(what) => wit::Error::InvalidInput(tidy(&what)),
            Self::Bind(refused) => wit::Error::Bind(refusal(refused)),
            Self::Refused(refused) => wit::Error::Refused(refusal(refused)),
            Self::TooLarge(what) => wit::Error::TooLarge(what),
            Self::Protocol(what) => wit::Error::Protocol(tidy(&what)),
            Self::Gone(what) => wit::Error::Other(what.to_owned()),
            Self::Net(net::Error::TimedOut { .. }) => wit::Error::TimedOut,
            Self::Net(error @ net::Error::Denied { .. }) => wit::Error::Denied(tidy(&error.to_string())),
            // What can be done about it is for the admin, and goes another way (`net::Network::advice`).
            Self::Net(error) => wit::Error::Unreachable(tidy(&error.to_string())),
        }
    }
}
