//! What any server over HTTP can get wrong.

use std::time::Duration;

use super::web::{Body, Reply, answer};

/// Something that happens to a request instead of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// An answer with this status, and a `Retry-After` if there is one.
    Status(u16, Option<String>),
    /// The connection is closed before the request's body is read.
    HangUp,
    /// The connection is closed when the request has been read: it may have been carried out, and the client cannot know.
    HangUpAfterBody,
    /// The connection is reset when the request has been read.
    Reset,
    /// Half of the answer's body, and then the connection is closed.
    CutBody,
    /// A page for people, with status 200: what a proxy or a login in between answers.
    Page,
    /// This JSON, with status 200: good tidings at first sight, which may speak of errors.
    Json(String),
    /// A redirect to this place.
    Redirect(String),
    /// The right answer, late.
    Wait(Duration),
}

/// What a proxy that wants its user to sign in answers, status 200 included.
const PAGE: &str =
    "<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>Please sign in</form></body></html>";

impl Trouble {
    /// Whether the request's body stays unread.
    pub(super) fn is_before_body(&self) -> bool {
        *self == Self::HangUp
    }

    /// What becomes of a request that has been read, given what it would have been answered.
    pub(super) async fn befall(self, reply: Reply) -> Reply {
        match self {
            Self::Status(status, retry_after) => {
                let headers = retry_after.as_deref().map(|value| ("retry-after", value));
                answer(
                    status,
                    "application/json",
                    headers.as_slice(),
                    br#"{"error":"injected"}"#.as_slice().into(),
                )
            }
            Self::HangUp | Self::HangUpAfterBody => Reply::HangUp,
            Self::Reset => Reply::Reset,
            Self::CutBody => match reply {
                Reply::Answer(response) => Reply::Answer(response.map(Body::cut)),
                gone => gone,
            },
            Self::Page => answer(200, "text/html; charset=utf-8", &[], PAGE.into()),
            Self::Json(text) => answer(200, "application/json", &[], text.into()),
            Self::Redirect(to) => answer(302, "text/html; charset=utf-8", &[("location", &to)], PAGE.into()),
            Self::Wait(time) => {
                tokio::time::sleep(time).await;
                reply
            }
        }
    }
}
