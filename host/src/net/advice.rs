//! What can be done about the last connection that could not be secured, or the last login that could not be made.
//!
//! A connector hears of it in words and ends with words of its own, in which those of the error stand. The remedy does not take that way: it
//! is for the admin, and kept here until the run ends.

use std::sync::{Mutex, PoisonError};

use super::error::Error;

/// The last failure that has a remedy of its own.
#[derive(Debug, Default)]
pub(super) struct Advice(Mutex<Option<(String, String)>>);

impl Advice {
    /// Keeps an error's remedy, and hands the error on.
    pub(super) fn note(&self, error: Error) -> Error {
        let hint = match &error {
            Error::Tls { hint, .. } => *hint,
            Error::Proxy { hint, .. } => hint,
            Error::Setting(_) => "correct what is named here, or go without it",
            _ => return error,
        };
        self.keep(error.to_string(), hint);
        error
    }

    /// Keeps the remedy of a failure that is told so.
    pub(super) fn keep(&self, text: String, hint: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((text, hint.to_owned()));
    }

    /// The remedy, if the text tells of that failure.
    pub(super) fn about(&self, text: &str) -> Option<String> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (error, hint) = last.as_ref()?;
        text.contains(error).then(|| hint.clone())
    }
}
