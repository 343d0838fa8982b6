//! What stands outside of strings.

use crate::block::{WIDE, Wide};

/// Follows strings from block to block.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    is_string: bool,
    is_escaped: bool,
}

/// What stands outside of strings in a block, a bit for each byte, the first byte's the lowest.
#[derive(Debug, Clone, Copy)]
pub struct Outside {
    /// Opening brackets and braces.
    pub opens: u64,
    /// Closing ones.
    pub closes: u64,
    /// Which of them are braces.
    pub braces: u64,
    /// Colons.
    pub colons: u64,
    /// Backslashes, which no JSON has there. What comes behind one is not to be relied on.
    pub backslashes: u64,
}

impl Outline {
    /// Bytes of a block.
    pub const BYTES: usize = WIDE;

    /// Reads the next block.
    ///
    /// A byte is in a string where an odd number of quotes came before it (Langdale and Lemire, Parsing Gigabytes of JSON per Second,
    /// 2019, section 3.1).
    #[inline]
    pub fn enter(&mut self, block: &[u8; WIDE]) -> Outside {
        let block = Wide::of(block);
        let backslashes = block.equal(b'\\');
        let quotes = block.equal(b'"') & !self.escaped(backslashes);
        let before = if self.is_string { u64::MAX } else { 0 };
        let strings = odd(quotes) ^ before;
        self.is_string = strings >> (WIDE - 1) != 0;
        // Brackets differ from braces in one bit.
        let joined = block.with(b'{' ^ b'[');
        Outside {
            opens: joined.equal(b'{') & !strings,
            closes: joined.equal(b'}') & !strings,
            braces: block.equal(b'{') | block.equal(b'}'),
            colons: block.equal(b':') & !strings,
            backslashes: backslashes & !strings,
        }
    }

    /// The bytes of a block that backslashes escape: those behind a run of an odd number of them.
    #[inline]
    fn escaped(&mut self, backslashes: u64) -> u64 {
        const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
        let first = u64::from(self.is_escaped);
        if backslashes == 0 {
            self.is_escaped = false;
            return first;
        }
        // A run's first backslash is added to the run, and carries to the bit behind its end; whether the run began at an odd bit then
        // tells whether it is as long as it seems (ibid., section 3.1.1, in the form of simdjson 3).
        let starts = backslashes & !first;
        let ends = (((starts << 1) | ODD).wrapping_sub(starts)) ^ ODD;
        self.is_escaped = (ends & backslashes) >> (WIDE - 1) != 0;
        ends ^ (backslashes | first)
    }
}

/// The bits up to which, and with which, an odd number of bits is set.
#[inline]
fn odd(mut bits: u64) -> u64 {
    for distance in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << distance;
    }
    bits
}

/// The blocks of a text; the last one is filled up with blanks.
#[inline]
pub fn blocks(text: &[u8]) -> impl Iterator<Item = [u8; WIDE]> {
    let (blocks, rest) = text.as_chunks();
    let mut last = [b' '; WIDE];
    if let Some(place) = last.get_mut(..rest.len()) {
        place.copy_from_slice(rest);
    }
    blocks.iter().copied().chain((!rest.is_empty()).then_some(last))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Opening and closing brackets, braces among them, colons and backslashes outside of strings, byte by byte.
    fn walked(text: &[u8]) -> [Vec<usize>; 5] {
        let (mut found, mut is_string, mut is_escaped) = <([Vec<usize>; 5], bool, bool)>::default();
        for (at, byte) in text.iter().enumerate() {
            let was_escaped = std::mem::take(&mut is_escaped);
            match byte {
                b'\\' => is_escaped = !was_escaped,
                b'"' => is_string ^= !was_escaped,
                _ => {}
            }
            let kinds = [
                matches!(byte, b'{' | b'['),
                matches!(byte, b'}' | b']'),
                matches!(byte, b'{' | b'}'),
                *byte == b':',
                *byte == b'\\',
            ];
            for (places, _) in found.iter_mut().zip(kinds).filter(|(_, is_one)| *is_one && !is_string) {
                places.push(at);
            }
        }
        found
    }

    proptest! {
        #[test]
        fn blocks_show_what_bytes_do(text in "([a-z:, é]{0,20}|[\"\\\\{}\\[\\]:]{1,3}){0,40}") {
            let (mut outline, mut found) = (Outline::default(), <[Vec<usize>; 5]>::default());
            for (nth, block) in blocks(text.as_bytes()).enumerate() {
                let outside = outline.enter(&block);
                let brackets = outside.opens | outside.closes;
                let kinds = [outside.opens, outside.closes, outside.braces & brackets, outside.colons, outside.backslashes];
                for (places, bits) in found.iter_mut().zip(kinds) {
                    places.extend((0..WIDE).filter(|bit| bits >> bit & 1 == 1).map(|bit| nth * WIDE + bit));
                }
            }
            prop_assert_eq!(found, walked(text.as_bytes()));
        }
    }
}
