//! The stream as tiberius sees it: secured already, its first messages answered already, and no longer than the allowance.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use futures_util::io;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::handshake;
use super::state::Shared;

/// What a connection runs over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// How many bytes may still be received. Shared by whoever reads and whoever renews it.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    received: AtomicU64,
    ceiling: AtomicU64,
    /// The ceiling of the page that is being read.
    page: AtomicU64,
}

impl Allowance {
    /// So many bytes for a page from here on.
    pub(super) fn renew_page(&self, bytes: u64) {
        let received = self.received.load(Ordering::Relaxed);
        self.page.store(received.saturating_add(bytes), Ordering::Relaxed);
    }

    /// So many bytes for a row from here on, within those of the page.
    pub(super) fn renew(&self, bytes: u64) {
        let received = self.received.load(Ordering::Relaxed);
        let page = self.page.load(Ordering::Relaxed);
        self.ceiling
            .store(received.saturating_add(bytes).min(page), Ordering::Relaxed);
    }

    /// Whether it is used up.
    pub(super) fn is_exceeded(&self) -> bool {
        self.left() == 0
    }

    fn left(&self) -> u64 {
        let ceiling = self.ceiling.load(Ordering::Relaxed);
        ceiling.saturating_sub(self.received.load(Ordering::Relaxed))
    }
}

/// The stream as tiberius sees it.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    /// What the messages are answered that tiberius sends although they have been exchanged.
    rehearsed: VecDeque<Vec<u8>>,
    /// What was taken of such a message so far.
    asked: Vec<u8>,
    /// What was not read yet of such an answer.
    answer: Vec<u8>,
    allowance: Arc<Allowance>,
    shared: Arc<Shared>,
}

impl Wire {
    /// With the answers to the messages that have been exchanged already: to PRELOGIN, in which tiberius without its TLS always asks for
    /// none; and maybe to a login.
    pub(super) fn new(
        stream: Box<dyn Stream>,
        rehearsed: VecDeque<Vec<u8>>,
        allowance: Arc<Allowance>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            stream,
            rehearsed,
            asked: Vec::new(),
            answer: Vec::new(),
            allowance,
            shared,
        }
    }
}

impl io::AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        if !self.answer.is_empty() {
            let length = self.answer.len().min(into.len());
            for (to, from) in into.iter_mut().zip(self.answer.drain(..length)) {
                *to = from;
            }
            return Poll::Ready(Ok(length));
        }
        if !self.rehearsed.is_empty() {
            return Poll::Ready(Err(io::Error::other("nothing was asked")));
        }
        let left = usize::try_from(self.allowance.left()).unwrap_or(usize::MAX);
        if left == 0 {
            return Poll::Ready(Err(io::Error::other("the answer is too long")));
        }
        let length = into.len().min(left);
        let mut buffer = ReadBuf::new(into.get_mut(..length).unwrap_or_default());
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
        let read = buffer.filled().len();
        self.allowance.received.fetch_add(read as u64, Ordering::Relaxed);
        self.shared.count_received(read);
        Poll::Ready(Ok(read))
    }
}

impl io::AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if !self.rehearsed.is_empty() {
            self.asked.extend_from_slice(bytes);
            if handshake::is_whole(&self.asked) {
                self.asked.clear();
                self.answer = self.rehearsed.pop_front().unwrap_or_default();
            }
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
