//! Why there are no rows, and what the guest is told of it.

use std::{fmt, io};

use crate::contract::connector::oomnitza::connector::sql as wit;
use crate::net;
use crate::redact::clean;

/// Bytes of a text of the server's that are handed on.
const TEXT_BYTES: usize = 1_000;

/// Why there are no rows.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The guest asked for what it may not.
    #[error("{0}")]
    Denied(String),
    /// The guest's target or parameters are not well formed.
    #[error("{0}")]
    Invalid(String),
    /// The server refused the login.
    #[error("the login was refused: {0}")]
    Login(Refusal),
    /// The server refused the query.
    #[error("the server refused: {0}")]
    Refused(Refusal),
    /// A limit.
    #[error("{0}")]
    TooLarge(String),
    /// The server does not speak TDS as it should.
    #[error("{0}")]
    Protocol(String),
    /// The network.
    #[error(transparent)]
    Net(#[from] net::Error),
    /// Nobody says where the instance is.
    #[error("{0}")]
    Instance(String),
    /// The two sides do not agree on how to secure the connection.
    #[error("{0}")]
    Encryption(&'static str),
    /// A way to sign in that this program does not have.
    #[error("{0}")]
    Unsupported(&'static str),
    /// No sign-in with Kerberos; and what can be done about it, which is for the admin and goes another way (`net::Network::advice`).
    #[error("{what}")]
    Kerberos { what: String, hint: &'static str },
    /// What was asked for cannot be had any more.
    #[error("{0}")]
    Gone(&'static str),
}

/// An error that the server reports.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("error {number}: {text}")]
pub(super) struct Refusal {
    /// Its number.
    pub(super) number: u32,
    /// Its text, as it came.
    pub(super) text: String,
}

impl Error {
    /// What an error of the library means, while `place` was talked to.
    pub(super) fn of_tds(error: tiberius::error::Error, place: &str) -> Self {
        use tiberius::error::Error as Tds;
        match error {
            Tds::Server(token) => Self::Refused(Refusal {
                number: token.code(),
                text: token.message().to_owned(),
            }),
            Tds::Io { kind, message } => Self::broken(place, &io::Error::new(kind, message), "the server closed it"),
            other => Self::protocol(place, other),
        }
    }

    /// A connection that broke; `at_end` is said where the server closed it.
    pub(super) fn broken(place: impl fmt::Display, error: &io::Error, at_end: &str) -> Self {
        Self::Net(net::Error::Broken {
            place: place.to_string(),
            reason: if error.kind() == io::ErrorKind::UnexpectedEof {
                at_end.to_owned()
            } else {
                clean(&error.to_string(), 300)
            },
        })
    }

    /// A server that does not keep to the protocol.
    pub(super) fn protocol(place: impl fmt::Display, problem: impl fmt::Display) -> Self {
        Self::Protocol(format!("{place} does not speak TDS as it should: {problem}"))
    }

    /// What the guest is told. An address that may not be dialled looks like one where nobody answers.
    pub(super) fn into_wit(self, redact: impl Fn(&str) -> String) -> wit::Error {
        let tidy = |text: &str| clean(&redact(text), TEXT_BYTES);
        let refusal = |refusal: Refusal| wit::Refusal {
            number: refusal.number,
            message: tidy(&refusal.text),
        };
        match self {
            Self::Denied(what) => wit::Error::Denied(tidy(&what)),
            Self::Invalid(what) => wit::Error::InvalidInput(tidy(&what)),
            Self::Login(refused) => wit::Error::Login(refusal(refused)),
            Self::Refused(refused) => wit::Error::Refused(refusal(refused)),
            Self::TooLarge(what) => wit::Error::TooLarge(tidy(&what)),
            Self::Protocol(what) => wit::Error::Protocol(tidy(&what)),
            Self::Instance(what) => wit::Error::Unreachable(tidy(&what)),
            Self::Encryption(what) => wit::Error::Unreachable(what.to_owned()),
            Self::Kerberos { what, .. } => wit::Error::Other(tidy(&what)),
            Self::Unsupported(what) | Self::Gone(what) => wit::Error::Other(what.to_owned()),
            Self::Net(net::Error::TimedOut { .. }) => wit::Error::TimedOut,
            Self::Net(error @ net::Error::Denied { .. }) => wit::Error::Denied(tidy(&error.to_string())),
            // What can be done about it is for the admin, and goes another way (`net::Network::advice`).
            Self::Net(error) => wit::Error::Unreachable(tidy(&error.to_string())),
        }
    }
}
