//! Bytes that mean something in JSON, found in a block of text at once: a bit for each byte, the first byte's the lowest.
//!
//! In vectors of sixteen bytes, with what every machine has of them: comparisons and their bits. A shuffle would be a call of the
//! engine in a sandbox.

use wide::u8x16;

/// Bytes of a block.
pub(crate) const BYTES: usize = 16;

/// Bytes of a wide one.
pub(crate) const WIDE: usize = 64;

/// Quotes, backslashes and control characters.
#[inline]
pub(crate) fn specials(block: &[u8; BYTES]) -> u32 {
    let block = u8x16::new(*block);
    let is_one =
        block.simd_eq(u8x16::splat(b'"')) | block.simd_eq(u8x16::splat(b'\\')) | block.simd_lt(u8x16::splat(b' '));
    is_one.to_bitmask()
}

/// A wide block.
pub(crate) struct Wide([u8x16; WIDE / BYTES]);

impl Wide {
    #[inline]
    pub(crate) fn of(block: &[u8; WIDE]) -> Self {
        let (parts, _) = block.as_chunks();
        let part = |nth| u8x16::new(parts.get(nth).copied().unwrap_or_default());
        Self([part(0), part(1), part(2), part(3)])
    }

    /// With these bits set in every byte.
    #[inline]
    pub(crate) fn with(&self, bits: u8) -> Self {
        Self(self.0.map(|part| part | u8x16::splat(bits)))
    }

    /// Where this byte stands.
    #[inline]
    pub(crate) fn equal(&self, byte: u8) -> u64 {
        let parts = self
            .0
            .map(|part| u64::from(part.simd_eq(u8x16::splat(byte)).to_bitmask()));
        parts[0] | parts[1] << BYTES | parts[2] << (2 * BYTES) | parts[3] << (3 * BYTES)
    }
}
