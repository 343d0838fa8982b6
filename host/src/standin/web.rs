//! HTTP/1.1 for the stand-ins that speak it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

use super::listener::Listener;

/// The largest body that is read. The largest batch in the tests is a fiftieth of it.
const MAX_BODY_BYTES: usize = 32 << 20;

/// What a request leads to.
pub(super) enum Reply {
    /// An answer.
    Answer(Response<Body>),
    /// The connection is closed.
    HangUp,
    /// The connection is closed, with a reset instead of an end.
    Reset,
}

/// Something that answers requests.
pub(super) trait Site: Send + Sync + 'static {
    /// What a request leads to.
    fn reply(self: Arc<Self>, request: Request<Incoming>) -> impl Future<Output = Reply> + Send;
}

/// Serves a site on a port of its own.
pub(super) fn serve<S: Site>(name: &str, site: Arc<S>) -> io::Result<Listener> {
    Listener::start(name, move |stream| connection(site.clone(), stream))
}

async fn connection<S: Site>(site: Arc<S>, stream: TcpStream) {
    let service = service_fn(|request| {
        let site = site.clone();
        Box::pin(async move {
            match site.reply(request).await {
                Reply::Answer(response) => Ok(response),
                Reply::HangUp => Err(Gone::HungUp),
                Reply::Reset => Err(Gone::Reset),
            }
        })
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    let outcome = std::future::poll_fn(|context| connection.poll_without_shutdown(context)).await;
    let is_reset = outcome.is_err_and(|error| {
        matches!(
            std::error::Error::source(&error).and_then(|source| source.downcast_ref()),
            Some(Gone::Reset)
        )
    });
    let stream = connection.into_parts().io.into_inner();
    if is_reset {
        // Then closing sends a reset. If it cannot be set, the client sees an end, which its test will tell.
        _ = stream.set_zero_linger();
    }
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
enum Gone {
    #[error("the connection is closed without an answer, as asked")]
    HungUp,
    #[error("the connection is reset without an answer, as asked")]
    Reset,
}

/// An answer.
pub(super) fn answer(status: u16, content_type: &str, headers: &[(&str, &str)], body: Bytes) -> Reply {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers.iter().chain(&[(CONTENT_TYPE.as_str(), content_type)]) {
        // Names and values come from this program, or from a test that will miss its header.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(*name), HeaderValue::try_from(*value)) {
            response.headers_mut().append(name, value);
        }
    }
    Reply::Answer(response)
}

/// An answer in JSON.
pub(super) fn json(status: u16, value: &serde_json::Value) -> Reply {
    answer(status, "application/json", &[], value.to_string().into())
}

/// The body of a request. `None` if it breaks off: then its client has gone, and nothing it could be told would reach it.
pub(super) async fn read(body: Incoming) -> Option<Result<Bytes, LengthLimitError>> {
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => Some(Ok(body.to_bytes())),
        Err(error) => error.downcast().ok().map(|too_long| Err(*too_long)),
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(super) struct Body {
    /// What is still to be sent.
    piece: Option<Bytes>,
    /// What `Content-Length` says.
    promised: u64,
    /// Whether the sending has paused for what was sent to leave.
    has_paused: bool,
}

impl Body {
    /// Half of a body that promises all of it.
    pub(super) fn cut(self) -> Self {
        Self {
            piece: self.piece.map(|piece| piece.slice(..piece.len() / 2)),
            ..self
        }
    }
}

impl From<Bytes> for Body {
    fn from(piece: Bytes) -> Self {
        Self {
            promised: piece.len() as u64,
            piece: Some(piece),
            has_paused: false,
        }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(piece) = self.piece.take() {
            self.promised -= piece.len() as u64;
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        if self.promised == 0 {
            return Poll::Ready(None);
        }
        if !self.has_paused {
            // Without a pause the server would drop what it has not yet written along with the connection.
            self.has_paused = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::Error::other("the answer is cut, as asked"))))
    }

    fn is_end_stream(&self) -> bool {
        self.piece.is_none() && self.promised == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
