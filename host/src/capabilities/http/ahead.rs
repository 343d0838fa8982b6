//! The request that a connector says comes next, sent while it works at the answer before.

use reqwest::Method;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::answer::Answer;
use super::error::Error;
use super::request::Request;
use super::state::HttpState;

/// A request that was begun. Dropping it gives it up.
struct Begun {
    request: Request,
    /// One task, of its own for the reasons that the others have.
    answer: JoinSet<Result<Answer, Error>>,
}

/// What one connector has begun: at most one request, so that it costs no more than one that is sent.
pub(super) struct Ahead {
    begun: Option<Begun>,
    is_allowed: bool,
}

impl Ahead {
    /// Nothing is begun from now on.
    pub(super) fn forbid(&mut self) {
        self.is_allowed = false;
    }

    /// Begins a request, unless one is begun already, or it may not be.
    pub(super) fn begin(&mut self, request: Request, state: HttpState) {
        if !self.is_allowed || self.begun.is_some() || request.method != Method::GET {
            return;
        }
        let mut answer = JoinSet::new();
        let sent = request.clone();
        answer.spawn(async move { state.send(sent).await }.in_current_span());
        self.begun = Some(Begun { request, answer });
    }

    /// The answer to this request, if it is the one that was begun; it may be on its way still.
    pub(super) fn take(&mut self, request: &Request) -> Option<JoinSet<Result<Answer, Error>>> {
        let begun = self.begun.take_if(|begun| begun.request == *request)?;
        Some(begun.answer)
    }
}

impl Default for Ahead {
    fn default() -> Self {
        Self {
            begun: None,
            is_allowed: true,
        }
    }
}

/// What was begun stays with whoever began it.
impl Clone for Ahead {
    fn clone(&self) -> Self {
        Self {
            begun: None,
            is_allowed: self.is_allowed,
        }
    }
}
