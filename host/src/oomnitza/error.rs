//! Why Oomnitza did not do what it was asked.

use crate::net;

/// Why Oomnitza did not do what it was asked. Each message names the call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It did not accept the token, or user and password.
    #[error("Oomnitza did not accept the {credential} ({status}){}", after_colon(.said))]
    SignIn {
        /// What it did not accept.
        credential: &'static str,
        /// Its status.
        status: u16,
        /// What it said.
        said: String,
    },
    /// The account may not do this.
    #[error("Oomnitza does not allow this account to {call} (403){}", after_colon(.said))]
    Forbidden {
        /// What was asked.
        call: &'static str,
        /// What it said.
        said: String,
    },
    /// It refused what was sent.
    #[error("Oomnitza refused to {call} ({status}){}", after_colon(.said))]
    Refused {
        /// What was asked.
        call: &'static str,
        /// Its status.
        status: u16,
        /// What it said.
        said: String,
    },
    /// It could not do it now, however often it was asked.
    #[error("Oomnitza could not {call} ({status}){}{}", in_vain(.tried), after_colon(.said))]
    Unavailable {
        /// What was asked.
        call: &'static str,
        /// Its status.
        status: u16,
        /// How long it was tried again; nothing if it was not.
        tried: Option<String>,
        /// What it said.
        said: String,
    },
    /// It sends elsewhere.
    #[error("the address of Oomnitza redirects to {to}, where the token must not go")]
    Redirected {
        /// Where to.
        to: String,
    },
    /// What answers is not Oomnitza's API.
    #[error("what was asked to {call} answered {what}")]
    NotTheApi {
        /// What was asked.
        call: &'static str,
        /// What came instead.
        what: String,
    },
    /// There is no connection.
    #[error(transparent)]
    Net(#[from] net::Error),
}

fn in_vain(tried: &Option<String>) -> String {
    tried.as_ref().map_or_else(String::new, |time| {
        format!(", and trying again for {time} did not help")
    })
}

fn after_colon(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(": {text}")
    }
}

impl Error {
    /// What can be done about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::SignIn {
                credential: "API token",
                ..
            } => "check `api_token` in [oomnitza]; a new token is made in Oomnitza on the user's page",
            Self::SignIn { .. } => "check `username` and `password` (or `env_password`) in [oomnitza]",
            Self::Forbidden { .. } => "give the user of [oomnitza] the right to use the API, or use another user",
            Self::Refused { status: 404, .. } | Self::NotTheApi { .. } => {
                "check `url` in [oomnitza]: the address of your Oomnitza and nothing behind it, for example https://example.oomnitza.com"
            }
            Self::Redirected { to } => return Some(format!("if {to} is your Oomnitza, set `url` in [oomnitza] to it")),
            Self::Unavailable { .. } => {
                "run it again later; records that arrived stay, and sending them again does no harm"
            }
            Self::Refused { .. } => return None,
            Self::Net(error) => return error.hint(),
        };
        Some(hint.to_owned())
    }

    /// Whether a part of the same batch may be taken.
    pub(super) fn is_about_records(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                status: 400 | 409 | 413 | 422 | 200,
                ..
            }
        )
    }
}
