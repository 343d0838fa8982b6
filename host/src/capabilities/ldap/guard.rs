//! Cuts what comes from the server into messages, and lets none through that was not judged.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use super::answer::{self, Answer};
use super::ber::{self, Head};
use super::error::Error;
use super::limits::Limits;
use crate::net;

/// Room for what one read brings. What a message announces is not reserved before it comes.
const READ_BYTES: usize = 16 << 10;

/// A connection to a server, secured or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// What a guard needs to know of the run it works for.
#[derive(Clone)]
pub(super) struct Terms {
    /// The server, for people.
    pub(super) place: String,
    pub(super) limits: Limits,
    pub(super) timeouts: net::Timeouts,
    /// Bytes of messages of the whole run.
    pub(super) received: Arc<AtomicU64>,
}

impl Terms {
    pub(super) fn late(&self, what: &'static str, limit: Duration) -> Error {
        Error::Net(net::Error::TimedOut {
            place: self.place.clone(),
            what,
            limit,
        })
    }

    fn broken(&self, reason: impl std::fmt::Display) -> Error {
        Error::Net(net::Error::Broken {
            place: self.place.clone(),
            reason: reason.to_string(),
        })
    }
}

/// A connection of which only judged messages come out.
pub(super) struct Guard<S> {
    stream: S,
    buffer: BytesMut,
    pub(super) terms: Terms,
}

impl<S: Stream> Guard<S> {
    pub(super) fn new(stream: S, terms: Terms) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
            terms,
        }
    }

    /// The connection itself, if nothing came that nobody has read. What comes in clear text before a connection is
    /// secured and is read after it would pass for secured.
    pub(super) fn into_stream(self) -> Result<S, Error> {
        if self.buffer.is_empty() {
            Ok(self.stream)
        } else {
            Err(Error::Protocol(
                "the server sends more before the connection is secured than its answer".to_owned(),
            ))
        }
    }

    /// Sends a request.
    pub(super) async fn send(&mut self, request: &[u8]) -> Result<(), Error> {
        let limit = self.terms.timeouts.between_bytes;
        let sending = async {
            self.stream.write_all(request).await?;
            self.stream.flush().await
        };
        let sent = timeout(limit, sending)
            .await
            .map_err(|_| self.terms.late("take a request", limit))?;
        sent.map_err(|error| self.terms.broken(error))
    }

    /// The next message. The first of an answer is given more time than those after it.
    pub(super) async fn receive(&mut self, is_first: bool) -> Result<(Head, Answer), Error> {
        let timeouts = &self.terms.timeouts;
        let mut limit = if is_first {
            timeouts.first_byte
        } else {
            timeouts.between_bytes
        };
        loop {
            if let Some(bytes) = ber::length(&self.buffer, &self.terms.limits)?
                && let Some(message) = self.buffer.get(..bytes)
            {
                let head = ber::admit(message, &self.terms.limits)?;
                let answer = answer::read(message, &self.terms.limits)?;
                self.buffer.advance(bytes);
                self.terms.received.fetch_add(bytes as u64, Ordering::Relaxed);
                return Ok((head, answer));
            }
            self.buffer.reserve(READ_BYTES);
            let read = timeout(limit, self.stream.read_buf(&mut self.buffer)).await;
            match read.map_err(|_| self.terms.late("answer", limit))? {
                Ok(0) => return Err(self.terms.broken("the server closed it")),
                Ok(_) => limit = self.terms.timeouts.between_bytes,
                Err(error) => return Err(self.terms.broken(error)),
            }
        }
    }

    /// Says goodbye, to a server that may not listen any more.
    pub(super) async fn close(mut self, goodbye: &[u8], limit: Duration) {
        let closing = async {
            self.stream.write_all(goodbye).await?;
            self.stream.shutdown().await
        };
        _ = timeout(limit, closing).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    fn terms() -> Terms {
        Terms {
            place: "ldap://dc1.example".to_owned(),
            limits: Limits::default(),
            timeouts: net::Timeouts::default(),
            received: Arc::default(),
        }
    }

    /// A reference as the answer to request `id`.
    fn reference(id: u8) -> Vec<u8> {
        vec![0x30, 8, 2, 1, id, 0x73, 3, 4, 1, b'x']
    }

    #[tokio::test(start_paused = true)]
    async fn messages_are_cut_wherever_the_pieces_end() {
        let bytes = [reference(1), reference(2), reference(3)].concat();
        for size in 1..=bytes.len() {
            let (mut server, client) = duplex(1 << 10);
            let mut guard = Guard::new(client, terms());
            let pieces = bytes.clone();
            let sending = tokio::spawn(async move {
                for piece in pieces.chunks(size) {
                    server.write_all(piece).await.unwrap();
                    tokio::task::yield_now().await;
                }
                server
            });
            for id in 1..=3 {
                let (head, answer) = guard.receive(true).await.unwrap();
                assert!(matches!(answer, Answer::Other));
                assert_eq!((head.id, head.operation), (id, 19));
            }
            assert_eq!(guard.terms.received.load(Ordering::Relaxed), 30);
            drop(sending.await.unwrap());
            let error = guard.receive(false).await.unwrap_err().to_string();
            assert_eq!(
                error,
                "the connection to ldap://dc1.example broke: the server closed it"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_piece_of_an_answer_is_given_more_time_than_the_next() {
        let (mut server, client) = duplex(1 << 10);
        let mut guard = Guard::new(client, terms());
        let late = guard.receive(true).await.err().unwrap().to_string();
        assert_eq!(late, "ldap://dc1.example did not answer within 60s");
        server.write_all(&[0x30]).await.unwrap();
        let late = guard.receive(true).await.err().unwrap().to_string();
        assert_eq!(late, "ldap://dc1.example did not answer within 30s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_takes_nothing_is_not_waited_for() {
        let (_server, client) = duplex(4);
        let late = Guard::new(client, terms())
            .send(&[0; 100])
            .await
            .unwrap_err()
            .to_string();
        assert_eq!(late, "ldap://dc1.example did not take a request within 30s");
    }
}
