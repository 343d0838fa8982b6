//! Where an object or a list ends.

use crate::block::{Marks, WIDE};

/// How deep a walk is within brackets, and whether it is in a string.
#[derive(Default)]
pub(crate) struct Nest {
    depth: u32,
    is_string: bool,
    is_escaped: bool,
}

impl Nest {
    /// Walks a block at once, and says where the outermost bracket closes, if it does.
    ///
    /// A byte is in a string where an odd number of quotes came before it (Langdale and Lemire, Parsing Gigabytes of JSON per Second,
    /// 2019, section 3.1).
    pub(crate) fn enter(&mut self, block: &[u8; WIDE]) -> Option<usize> {
        let marks = Marks::of(block);
        let quotes = marks.quotes & !self.escaped(marks.backslashes);
        let before = if self.is_string { u64::MAX } else { 0 };
        let strings = odd(quotes) ^ before;
        self.is_string = strings >> (WIDE - 1) != 0;
        let (opens, closes) = (marks.opens & !strings, marks.closes & !strings);
        if self.depth > closes.count_ones() {
            self.depth = self.depth + opens.count_ones() - closes.count_ones();
            return None;
        }
        let mut brackets = opens | closes;
        while brackets != 0 {
            let bit = brackets & brackets.wrapping_neg();
            if self.bracket(opens & bit != 0) {
                return Some(bit.trailing_zeros() as usize + 1);
            }
            brackets ^= bit;
        }
        None
    }

    /// The bytes of a block that backslashes escape: those behind a run of an odd number of them.
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

    /// Walks byte by byte, and says where the outermost bracket closes, if it does.
    pub(crate) fn walk(&mut self, text: &[u8]) -> Option<usize> {
        for (at, byte) in text.iter().enumerate() {
            let is_escaped = std::mem::take(&mut self.is_escaped);
            let is_end = match byte {
                b'\\' => {
                    self.is_escaped = !is_escaped;
                    false
                }
                b'"' => {
                    self.is_string ^= !is_escaped;
                    false
                }
                b'{' | b'[' if !self.is_string => self.bracket(true),
                b'}' | b']' if !self.is_string => self.bracket(false),
                _ => false,
            };
            if is_end {
                return Some(at + 1);
            }
        }
        None
    }

    /// Counts a bracket, and says whether it is the last.
    fn bracket(&mut self, opens: bool) -> bool {
        self.depth = if opens {
            self.depth + 1
        } else {
            self.depth.saturating_sub(1)
        };
        self.depth == 0
    }
}

/// The bits up to which, and with which, an odd number of bits is set.
fn odd(mut bits: u64) -> u64 {
    for distance in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << distance;
    }
    bits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// In blocks, and byte by byte.
    fn both(text: &[u8]) -> [Option<usize>; 2] {
        let (mut nest, mut walked) = (Nest::default(), Nest::default());
        let (blocks, rest) = text.as_chunks::<WIDE>();
        let mut ends = blocks
            .iter()
            .enumerate()
            .filter_map(|(nth, block)| Some(nth * WIDE + nest.enter(block)?));
        let end = ends.next().or_else(|| Some(text.len() - rest.len() + nest.walk(rest)?));
        [end, walked.walk(text)]
    }

    proptest! {
        #[test]
        fn blocks_end_where_bytes_do(inner in "([a-z:, é]{0,20}|[\"\\\\{}\\[\\]]{1,3}){0,20}") {
            let [blocks, bytes] = both(format!("{{{inner}}}").as_bytes());
            prop_assert_eq!(blocks, bytes);
        }
    }

    #[test]
    fn brackets_and_quotes_in_strings_are_text() {
        for (text, end) in [
            (r#"{"a":"}"}"#.to_owned(), Some(9)),
            (r#"{"a":"\"}"}"#.to_owned(), Some(11)),
            (format!(r#"{{"{}":[]}}x"#, "]".repeat(100)), Some(107)),
            (format!("[{}", "\\".repeat(64)), None),
            (format!("{{{}\"", " ".repeat(62)), None),
        ] {
            assert_eq!(both(text.as_bytes()), [end; 2], "{text}");
        }
    }
}
