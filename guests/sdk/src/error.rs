//! Why a connector cannot go on.

use std::fmt;

use crate::bindings::exports::oomnitza::connector::source as wit;

/// Why a connector cannot go on. The host decides by the kind what to advise and which exit code follows; the text says the rest:
/// what was asked, and what the source said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// A setting's value cannot be used: its name, and what is wrong with it.
    Setting(String, String),
    /// The source did not accept the credentials.
    SignIn(String),
    /// The token of an auth slot was not given: the status of the answer to the request for it, and what that says, if anything.
    TokenRefused(u16, String),
    /// The credentials are good but may not do this.
    Forbidden(String),
    /// The source cannot be reached, or the host does not allow it.
    Unreachable(String),
    /// The source asked for less and went on asking for it.
    RateLimited(String),
    /// The source did not answer in time.
    TimedOut(String),
    /// What is asked for is not at this address, or a web page for people is: the address may be wrong.
    NotFound(String),
    /// The source has failed and says so.
    Failed(String),
    /// The source answered something this connector does not understand.
    Unexpected(String),
    /// The cursor is of no use any more: run without it.
    StaleCursor(String),
    /// Anything else.
    Other(String),
}

impl Error {
    /// A setting's value cannot be used: its name, and what is wrong with it.
    pub fn setting(name: &str, problem: impl Into<String>) -> Self {
        Self::Setting(name.to_owned(), problem.into())
    }

    /// What an answer with this status, which is no success, says.
    pub(crate) fn of_status(status: u16, what: String) -> Self {
        match status {
            401 => Self::SignIn(what),
            403 => Self::Forbidden(what),
            429 => Self::RateLimited(what),
            408 | 504 => Self::TimedOut(what),
            300..=399 | 404 | 405 | 410 => Self::NotFound(what),
            500..=599 => Self::Failed(what),
            _ => Self::Unexpected(what),
        }
    }

    pub(crate) fn into_wit(self) -> wit::Error {
        match self {
            Self::Setting(name, problem) => wit::Error::Setting((name, problem)),
            Self::SignIn(what) => wit::Error::SignIn(what),
            Self::TokenRefused(400 | 401 | 403, _) => wit::Error::SignIn(self.to_string()),
            Self::TokenRefused(status, _) => Self::of_status(status, self.to_string()).into_wit(),
            Self::Forbidden(what) => wit::Error::Forbidden(what),
            Self::Unreachable(what) => wit::Error::Unreachable(what),
            Self::RateLimited(what) => wit::Error::RateLimited(what),
            Self::TimedOut(what) => wit::Error::TimedOut(what),
            Self::NotFound(what) => wit::Error::NotFound(what),
            Self::Failed(what) => wit::Error::Failed(what),
            Self::Unexpected(what) => wit::Error::Unexpected(what),
            Self::StaleCursor(what) => wit::Error::StaleCursor(what),
            Self::Other(what) => wit::Error::Other(what),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(name, problem) => write!(f, "setting `{name}`: {problem}"),
            Self::TokenRefused(status, said) => {
                let colon = if said.is_empty() { "" } else { ": " };
                write!(f, "the request for a token was answered {status}{colon}{said}")
            }
            Self::SignIn(what)
            | Self::Forbidden(what)
            | Self::Unreachable(what)
            | Self::RateLimited(what)
            | Self::TimedOut(what)
            | Self::NotFound(what)
            | Self::Failed(what)
            | Self::Unexpected(what)
            | Self::StaleCursor(what)
            | Self::Other(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Error {}
