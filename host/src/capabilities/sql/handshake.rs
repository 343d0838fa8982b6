//! PRELOGIN (MS-TDS section 2.2.6.5) and TLS: what comes before a login.
//!
//! In TDS 7 the two sides first agree on encryption, and the messages of the TLS handshake then travel in packets of TDS; afterwards TLS is
//! the outer layer. In TDS 8.0 TLS is the outer layer from the first byte.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use url::Url;

use super::error::Error;
use super::packet::{self, HEAD, LAST, PORTION, PRELOGIN, REPLY};
use super::state::Encrypt;
use super::wire::Stream;
use crate::net::Network;

/// What TLS is told will be spoken (TDS 8.0).
const PROTOCOL: &[u8] = b"tds/8.0";

/// Options of a PRELOGIN message.
const OPTION_ENCRYPTION: u8 = 0x01;
const OPTION_END: u8 = 0xff;

/// What either side says about encryption.
const ENCRYPT_ON: u8 = 0x01;
const ENCRYPT_NOT_SUPPORTED: u8 = 0x02;
const ENCRYPT_REQUIRED: u8 = 0x03;

/// The longest PRELOGIN message that is read. Servers send some forty bytes.
const MAX_PRELOGIN: usize = 4 << 10;

/// A PRELOGIN message: a version, what is said about encryption, no instance to check, no MARS.
const fn prelogin(kind: u8, encryption: u8) -> [u8; 38] {
    [
        kind,
        LAST,
        0,
        38,
        0,
        0,
        1,
        0, // Head.
        0,
        0,
        21,
        0,
        6, // VERSION.
        OPTION_ENCRYPTION,
        0,
        27,
        0,
        1, // ENCRYPTION.
        2,
        0,
        28,
        0,
        1, // INSTOPT.
        4,
        0,
        29,
        0,
        1,          // MARS.
        OPTION_END, //
        11,
        0,
        0,
        0,
        0,
        0,
        encryption,
        0,
        0,
    ]
}

/// What tiberius is told instead of the server's own answer: no TLS, since there is.
pub(super) const ANSWER: [u8; 38] = prelogin(REPLY, ENCRYPT_NOT_SUPPORTED);

/// Agrees on encryption, and secures the connection.
pub(super) async fn secure(
    network: &Network,
    mut stream: TcpStream,
    url: &Url,
    encrypt: Encrypt,
) -> Result<Box<dyn Stream>, Error> {
    match encrypt {
        Encrypt::Strict => {
            let mut stream = network.secure_as(stream, url, Some(PROTOCOL)).await?;
            exchange(&mut stream, url, ENCRYPT_ON).await?;
            Ok(Box::new(stream))
        }
        Encrypt::Required => match exchange(&mut stream, url, ENCRYPT_ON).await? {
            ENCRYPT_ON | ENCRYPT_REQUIRED => {
                let mut stream = network.secure_as(Wrapped::new(stream), url, None).await?;
                stream.get_mut().0.is_over = true;
                Ok(Box::new(stream))
            }
            _ => Err(Error::Encryption(
                "the server does not encrypt; let it, or say `encrypt = off` if the network between is trusted",
            )),
        },
        Encrypt::Off => match exchange(&mut stream, url, ENCRYPT_NOT_SUPPORTED).await? {
            ENCRYPT_ON | ENCRYPT_REQUIRED => Err(Error::Encryption(
                "the server wants the connection encrypted; say `encrypt = required`",
            )),
            _ => Ok(Box::new(stream)),
        },
    }
}

/// Exchanges PRELOGIN messages; what the server says about encryption comes back.
async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, url: &Url, own: u8) -> Result<u8, Error> {
    // What a server does that speaks TDS 8.0 only.
    let at_end = "the server closed it at the first message; it may want `encrypt = strict`";
    let broken = |error: io::Error| Error::broken(url, &error, at_end);
    let protocol = |problem: &str| Error::protocol(url, problem);
    stream.write_all(&prelogin(PRELOGIN, own)).await.map_err(broken)?;
    stream.flush().await.map_err(broken)?;
    let mut head = [0; HEAD];
    stream.read_exact(&mut head).await.map_err(broken)?;
    let [REPLY, LAST, high, low, ..] = head else {
        return Err(protocol("its first message is not one of TDS"));
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if !(HEAD..=MAX_PRELOGIN).contains(&length) {
        return Err(protocol("its first message has a length that is none"));
    }
    let mut message = vec![0; length - HEAD];
    stream.read_exact(&mut message).await.map_err(broken)?;
    encryption(&message).ok_or_else(|| protocol("its first message does not say whether it encrypts"))
}

/// What a PRELOGIN message says about encryption. Its options: type, offset, length (big-endian), until the end mark.
fn encryption(message: &[u8]) -> Option<u8> {
    let mut options = message;
    loop {
        match options {
            [OPTION_ENCRYPTION, high, low, _, length, ..] => {
                let offset = usize::from(u16::from_be_bytes([*high, *low]));
                return message.get(offset).copied().filter(|_| *length > 0);
            }
            [OPTION_END, ..] => return None,
            [_, _, _, _, _, more @ ..] => options = more,
            _ => return None,
        }
    }
}

/// Whether all of a message of one packet is there.
pub(super) fn is_whole(message: &[u8]) -> bool {
    matches!(message, [_, _, high, low, ..] if message.len() >= usize::from(u16::from_be_bytes([*high, *low])))
}

/// A stream that travels in packets of TDS until the handshake is over.
struct Wrapped {
    stream: TcpStream,
    is_over: bool,
    /// What is to be sent with the next flush.
    unsent: Vec<u8>,
    /// The packets that are being sent, and how far that is.
    packets: Vec<u8>,
    sent: usize,
    /// The head that is being read.
    head: Vec<u8>,
    /// How much of the packet that is being read is left.
    left: usize,
}

impl Wrapped {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            is_over: false,
            unsent: Vec::new(),
            packets: Vec::new(),
            sent: 0,
            head: Vec::with_capacity(HEAD),
            left: 0,
        }
    }

    /// Puts what is to be sent into packets.
    fn pack(&mut self) {
        self.packets = packet::pack(PRELOGIN, &std::mem::take(&mut self.unsent));
        self.sent = 0;
    }
}

impl AsyncRead for Wrapped {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wrapped = &mut *self;
        while wrapped.left == 0 && !wrapped.is_over {
            let mut space = [0; HEAD];
            let missing = HEAD - wrapped.head.len();
            let mut buffer = ReadBuf::new(space.get_mut(..missing).unwrap_or_default());
            ready!(Pin::new(&mut wrapped.stream).poll_read(context, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            wrapped.head.extend_from_slice(buffer.filled());
            match wrapped.head.as_slice() {
                [PRELOGIN | REPLY, _, high, low, _, _, _, _] => {
                    let length = usize::from(u16::from_be_bytes([*high, *low]));
                    wrapped.left = length.saturating_sub(HEAD);
                    wrapped.head.clear();
                }
                head if head.len() < HEAD => {}
                _ => {
                    let problem = "the server does not shake hands as TDS does";
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, problem)));
                }
            }
        }
        if wrapped.left == 0 {
            return Pin::new(&mut wrapped.stream).poll_read(context, into);
        }
        let length = wrapped.left.min(into.remaining()).min(PORTION);
        let mut space = [0; PORTION];
        let mut buffer = ReadBuf::new(space.get_mut(..length).unwrap_or_default());
        ready!(Pin::new(&mut wrapped.stream).poll_read(context, &mut buffer))?;
        wrapped.left -= buffer.filled().len();
        into.put_slice(buffer.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wrapped {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_over {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        }
        self.unsent.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wrapped = &mut *self;
        loop {
            while let Some(rest) = wrapped.packets.get(wrapped.sent..).filter(|rest| !rest.is_empty()) {
                match ready!(Pin::new(&mut wrapped.stream).poll_write(context, rest))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    written => wrapped.sent += written,
                }
            }
            if wrapped.unsent.is_empty() {
                return Pin::new(&mut wrapped.stream).poll_flush(context);
            }
            wrapped.pack();
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_said_about_encryption_is_found() {
        for said in [ENCRYPT_ON, ENCRYPT_NOT_SUPPORTED, ENCRYPT_REQUIRED] {
            let message = prelogin(REPLY, said);
            assert_eq!(encryption(&message[HEAD..]), Some(said));
            assert!(is_whole(&message) && !is_whole(&message[..20]) && !is_whole(&[]));
        }
        assert_eq!(encryption(&[OPTION_END, 0]), None);
        assert_eq!(encryption(&[OPTION_ENCRYPTION, 0, 99, 0, 1, OPTION_END]), None);
    }

    proptest! {
        #[test]
        fn no_message_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            _ = encryption(&bytes);
            _ = is_whole(&bytes);
        }
    }
}
