//! Bytes that mean something in JSON, found in a block of text at once: a bit for each byte, the first byte's the lowest.

/// Bytes of a block.
pub(crate) const BYTES: usize = 16;

/// Bytes of a wide one.
pub(crate) const WIDE: usize = 64;

/// Quotes, backslashes and control characters.
#[inline]
pub(crate) fn specials(block: &[u8; BYTES]) -> u32 {
    let block = Block::of(block);
    block.equal(b'"') | block.equal(b'\\') | block.below(b' ')
}

/// What makes the shape of a wide block.
pub(crate) struct Marks {
    pub(crate) quotes: u64,
    pub(crate) backslashes: u64,
    pub(crate) opens: u64,
    pub(crate) closes: u64,
}

impl Marks {
    #[inline]
    pub(crate) fn of(block: &[u8; WIDE]) -> Self {
        let mut marks = Self {
            quotes: 0,
            backslashes: 0,
            opens: 0,
            closes: 0,
        };
        let (parts, _) = block.as_chunks();
        for (nth, part) in parts.iter().enumerate() {
            let (part, place) = (Block::of(part), nth * BYTES);
            marks.quotes |= u64::from(part.equal(b'"')) << place;
            marks.backslashes |= u64::from(part.equal(b'\\')) << place;
            // Brackets differ from braces in one bit.
            let part = part.with(b'{' ^ b'[');
            marks.opens |= u64::from(part.equal(b'{')) << place;
            marks.closes |= u64::from(part.equal(b'}')) << place;
        }
        marks
    }
}

#[cfg(target_arch = "wasm32")]
use wide::Block;

/// In the machine's vectors. Only what every machine has: comparisons and their bits, no shuffles.
#[cfg(target_arch = "wasm32")]
mod wide {
    use core::arch::wasm32::{u8x16, u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, v128, v128_or};

    #[derive(Clone, Copy)]
    pub(super) struct Block(v128);

    impl Block {
        #[inline]
        pub(super) fn of(bytes: &[u8; 16]) -> Self {
            let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *bytes;
            Self(u8x16(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p))
        }

        /// With this bit set in every byte.
        #[inline]
        pub(super) fn with(self, bit: u8) -> Self {
            Self(v128_or(self.0, u8x16_splat(bit)))
        }

        #[inline]
        pub(super) fn equal(self, byte: u8) -> u32 {
            u32::from(u8x16_bitmask(u8x16_eq(self.0, u8x16_splat(byte))))
        }

        #[inline]
        pub(super) fn below(self, limit: u8) -> u32 {
            u32::from(u8x16_bitmask(u8x16_lt(self.0, u8x16_splat(limit))))
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
use plain::Block;

/// Byte by byte, where tests run.
#[cfg(not(target_arch = "wasm32"))]
mod plain {
    #[derive(Clone, Copy)]
    pub(super) struct Block([u8; 16]);

    impl Block {
        pub(super) fn of(bytes: &[u8; 16]) -> Self {
            Self(*bytes)
        }

        pub(super) fn with(self, bit: u8) -> Self {
            Self(self.0.map(|byte| byte | bit))
        }

        pub(super) fn equal(self, byte: u8) -> u32 {
            self.bits(|own| own == byte)
        }

        pub(super) fn below(self, limit: u8) -> u32 {
            self.bits(|own| own < limit)
        }

        fn bits(self, is_meant: impl Fn(u8) -> bool) -> u32 {
            let bit = |(at, byte): (usize, u8)| u32::from(is_meant(byte)) << at;
            self.0.into_iter().enumerate().map(bit).sum()
        }
    }
}
