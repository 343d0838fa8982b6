//! Messages in packets (MS-TDS section 2.2.3), and TLS around them.

use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A packet's head: type, status, length (big-endian, with the head), process, number, window.
pub(super) const HEAD: usize = 8;

/// Bytes of a packet, head included, unless a login asks for another size.
pub(super) const PACKET: usize = 4_096;

/// The longest message that is read.
const MAX_MESSAGE: usize = 1 << 20;

/// A message's type.
pub(super) const BATCH: u8 = 0x01;
pub(super) const RPC: u8 = 0x03;
pub(super) const REPLY: u8 = 0x04;
pub(super) const ATTENTION: u8 = 0x06;
pub(super) const LOGIN: u8 = 0x10;
pub(super) const SSPI: u8 = 0x11;
pub(super) const PRELOGIN: u8 = 0x12;

/// A connection, as this side sees it.
pub(super) struct Channel {
    stream: TcpStream,
    tls: Option<Box<ServerConnection>>,
    /// What was received, decrypted, and not read yet.
    received: Vec<u8>,
    pub(super) packet: usize,
}

impl Channel {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            tls: None,
            received: Vec::new(),
            packet: PACKET,
        }
    }

    /// The port at which the client reached this side.
    pub(super) fn port(&self) -> io::Result<u16> {
        Ok(self.stream.local_addr()?.port())
    }

    /// The next message: its type and what it holds.
    pub(super) async fn message(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut message = Vec::new();
        loop {
            let (kind, status, part) = self.packet().await?;
            message.extend_from_slice(&part);
            if message.len() > MAX_MESSAGE {
                return Err(io::Error::other("a message is too long"));
            }
            if status & 1 != 0 {
                return Ok((kind, message));
            }
        }
    }

    async fn packet(&mut self) -> io::Result<(u8, u8, Vec<u8>)> {
        loop {
            if let [kind, status, high, low, ..] = *self.received.as_slice() {
                let length = usize::from(u16::from_be_bytes([high, low]));
                if length < HEAD {
                    return Err(io::Error::other("a packet is shorter than its head"));
                }
                if self.received.len() >= length {
                    let packet: Vec<u8> = self.received.drain(..length).skip(HEAD).collect();
                    return Ok((kind, status, packet));
                }
            }
            self.fill().await?;
        }
    }

    /// Whether the client asks to stop, without waiting for it.
    pub(super) fn is_interrupted(&mut self) -> io::Result<bool> {
        let mut bytes = [0; PACKET];
        match self.stream.try_read(&mut bytes) {
            Ok(length) => self.take(bytes.get(..length).unwrap_or_default())?,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        if self.received.first() == Some(&ATTENTION) && self.received.len() >= HEAD {
            self.received.drain(..HEAD);
            return Ok(true);
        }
        Ok(false)
    }

    async fn fill(&mut self) -> io::Result<()> {
        let mut bytes = [0; PACKET];
        match self.stream.read(&mut bytes).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            length => self.take(bytes.get(..length).unwrap_or_default()),
        }
    }

    /// Takes what came over the network.
    fn take(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let Some(tls) = &mut self.tls else {
            self.received.extend_from_slice(bytes);
            return Ok(());
        };
        loop {
            let state = tls.process_new_packets().map_err(io::Error::other)?;
            let mut plain = vec![0; state.plaintext_bytes_to_read()];
            tls.reader().read_exact(&mut plain)?;
            self.received.extend_from_slice(&plain);
            if bytes.is_empty() {
                return Ok(());
            }
            tls.read_tls(&mut bytes)?;
        }
    }

    /// Sends a message in as many packets as it takes.
    pub(super) async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let bytes = packets(REPLY, message, self.packet, true);
        self.send_raw(&bytes).await
    }

    /// Sends a part of a message, all of it in full packets; what is left over comes back.
    pub(super) async fn send_part(&mut self, part: &mut Vec<u8>) -> io::Result<()> {
        let room = self.packet - HEAD;
        // The last packet ends the message, so one is always kept back.
        let whole = part.len().saturating_sub(1) / room * room;
        let rest = part.split_off(whole);
        let full = std::mem::replace(part, rest);
        if full.is_empty() {
            return Ok(());
        }
        let bytes = packets(REPLY, &full, self.packet, false);
        self.send_raw(&bytes).await
    }

    /// Sends bytes as they are, encrypted if the connection is.
    pub(super) async fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(tls) = &mut self.tls else {
            return self.stream.write_all(bytes).await;
        };
        for part in bytes.chunks(16 << 10) {
            tls.writer().write_all(part)?;
            let mut sealed = Vec::new();
            while tls.wants_write() {
                tls.write_tls(&mut sealed)?;
            }
            self.stream.write_all(&sealed).await?;
        }
        Ok(())
    }

    /// Shakes hands: in packets of TDS 7, or without (TDS 8.0).
    pub(super) async fn secure(&mut self, config: Arc<ServerConfig>, in_packets: bool) -> io::Result<()> {
        let mut tls = Box::new(ServerConnection::new(config).map_err(io::Error::other)?);
        while tls.is_handshaking() {
            let mut sealed = Vec::new();
            while tls.wants_write() {
                tls.write_tls(&mut sealed)?;
            }
            if !sealed.is_empty() {
                let bytes = if in_packets {
                    packets(PRELOGIN, &sealed, PACKET, true)
                } else {
                    sealed
                };
                self.stream.write_all(&bytes).await?;
            }
            if !tls.is_handshaking() {
                break;
            }
            let received = if in_packets {
                match self.packet().await? {
                    (PRELOGIN, _, part) => part,
                    _ => return Err(io::Error::other("the handshake is not in packets of its own")),
                }
            } else {
                if self.received.is_empty() {
                    self.fill().await?;
                }
                std::mem::take(&mut self.received)
            };
            let mut received = received.as_slice();
            while !received.is_empty() {
                tls.read_tls(&mut received)?;
                if let Err(error) = tls.process_new_packets() {
                    let mut alert = Vec::new();
                    tls.write_tls(&mut alert)?;
                    let bytes = if in_packets {
                        packets(PRELOGIN, &alert, PACKET, true)
                    } else {
                        alert
                    };
                    self.stream.write_all(&bytes).await?;
                    return Err(io::Error::other(error));
                }
            }
        }
        let mut sealed = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut sealed)?;
        }
        if !sealed.is_empty() {
            // In TLS 1.3 these are tickets, which come after the handshake.
            let is_handshake = tls.protocol_version() == Some(rustls::ProtocolVersion::TLSv1_2);
            let bytes = if in_packets && is_handshake {
                packets(PRELOGIN, &sealed, PACKET, true)
            } else {
                sealed
            };
            self.stream.write_all(&bytes).await?;
        }
        self.tls = Some(tls);
        // What followed the handshake without a pause was received with it.
        let rest = std::mem::take(&mut self.received);
        self.take(&rest)
    }
}

/// A message, or a part of one, in packets.
pub(super) fn packets(kind: u8, message: &[u8], size: usize, ends: bool) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(message.len() + HEAD);
    let mut parts = message.chunks(size - HEAD).peekable();
    loop {
        let part = parts.next().unwrap_or_default();
        let is_last = parts.peek().is_none();
        // A packet's size is given with 16 bits.
        let [high, low] = u16::try_from(part.len() + HEAD).unwrap_or(u16::MAX).to_be_bytes();
        bytes.extend_from_slice(&[kind, u8::from(is_last && ends), high, low, 0, 52, 1, 0]);
        bytes.extend_from_slice(part);
        if is_last {
            return bytes;
        }
    }
}
