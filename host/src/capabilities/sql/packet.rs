//! Packets (MS-TDS section 2.2.3): what messages travel in.

/// A packet's head: type, status, length (big-endian, with the head), process, number, window.
pub(super) const HEAD: usize = 8;

/// Bytes of a packet, head included, which every server takes before a login.
pub(super) const PACKET: usize = 4_096;

/// What of a message fits into such a packet.
pub(super) const PORTION: usize = PACKET - HEAD;

/// Types of packets.
pub(super) const REPLY: u8 = 0x04;
pub(super) const LOGIN: u8 = 0x10;
pub(super) const SSPI: u8 = 0x11;
pub(super) const PRELOGIN: u8 = 0x12;

/// Status of a message's last packet.
pub(super) const LAST: u8 = 0x01;

/// A message in packets.
pub(super) fn pack(kind: u8, message: &[u8]) -> Vec<u8> {
    let mut packets = Vec::with_capacity(message.len() + HEAD);
    let mut portions = message.chunks(PORTION).peekable();
    while let Some(portion) = portions.next() {
        let status = if portions.peek().is_none() { LAST } else { 0 };
        // A portion is far shorter than 64 KiB.
        let [high, low] = u16::try_from(portion.len() + HEAD).unwrap_or(u16::MAX).to_be_bytes();
        packets.extend([kind, status, high, low, 0, 0, 1, 0]);
        packets.extend(portion);
    }
    packets
}
