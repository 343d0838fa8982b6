//! What a connector hands over, judged before anything else of the host looks at it.
//!
//! A page is walked once, without building anything: records are counted and measured, nesting is followed. What is
//! inside the values is not judged; the mapper reads them inside its own sandbox.

use guest_json::{Outline, blocks};

use super::limits::Pages;

/// Why a page cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// The page is too large.
    #[error("it has {bytes} bytes, the limit is {limit}")]
    PageBytes {
        /// Its size.
        bytes: usize,
        /// The most it may have.
        limit: usize,
    },
    /// It holds too many records.
    #[error("it holds more than {limit} records")]
    PageRecords {
        /// The most it may hold.
        limit: usize,
    },
    /// A record is too large.
    #[error("record {index} has more than {limit} bytes")]
    RecordBytes {
        /// Which one, from 0.
        index: usize,
        /// The most it may have.
        limit: usize,
    },
    /// A record is nested too deeply.
    #[error("record {index} is nested more than {limit} deep")]
    RecordDepth {
        /// Which one, from 0.
        index: usize,
        /// The deepest it may be.
        limit: usize,
    },
    /// A record has too many fields.
    #[error("record {index} has more than {limit} fields")]
    RecordFields {
        /// Which one, from 0.
        index: usize,
        /// The most it may have.
        limit: usize,
    },
    /// It is not a JSON array.
    #[error("it is not a JSON array: {problem} at byte {offset}")]
    Malformed {
        /// What was found.
        problem: &'static str,
        /// Where.
        offset: usize,
    },
    /// It is not UTF-8 (RFC 8259, section 8.1).
    #[error("it is not UTF-8 at byte {offset}: what the source sent is no JSON, or in another encoding")]
    NotUtf8 {
        /// Where.
        offset: usize,
    },
    /// The cursor is too long.
    #[error("its cursor has {bytes} bytes, the limit is {limit}")]
    CursorBytes {
        /// Its size.
        bytes: usize,
        /// The most it may have.
        limit: usize,
    },
    /// It reports too many misses.
    #[error("it reports more than {limit} misses")]
    Misses {
        /// The most it may report.
        limit: usize,
    },
    /// The run gets nowhere.
    #[error("the run makes no progress: {count} {what} pages in a row")]
    NoProgress {
        /// How many.
        count: u32,
        /// Of which kind.
        what: &'static str,
    },
    /// The run never ends.
    #[error("the run is longer than {limit} {what}")]
    Endless {
        /// How many.
        limit: u64,
        /// Of what.
        what: &'static str,
    },
}

/// The number of records in `page`, a JSON array of objects, if it is within `limits`.
pub(super) fn count_records(page: &[u8], limits: &Pages) -> Result<usize, PageError> {
    if page.len() > limits.page_bytes {
        return Err(PageError::PageBytes {
            bytes: page.len(),
            limit: limits.page_bytes,
        });
    }
    // Here once, for whoever reads it later: in a guest it would take several times as long.
    if let Err(error) = simdutf8::compat::from_utf8(page) {
        return Err(PageError::NotUtf8 {
            offset: error.valid_up_to(),
        });
    }
    let mut walk = Walk { page, at: 0, limits };
    walk.array()
}

struct Walk<'a> {
    page: &'a [u8],
    at: usize,
    limits: &'a Pages,
}

impl Walk<'_> {
    fn array(&mut self) -> Result<usize, PageError> {
        self.expect(b'[', "no opening bracket")?;
        let mut records = 0;
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                if records == self.limits.page_records {
                    return Err(PageError::PageRecords {
                        limit: self.limits.page_records,
                    });
                }
                self.record(records)?;
                records += 1;
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => {
                        self.at += 1;
                        break;
                    }
                    _ => return Err(self.malformed("neither comma nor closing bracket")),
                }
            }
        }
        match self.peek() {
            None => Ok(records),
            Some(_) => Err(self.malformed("something after the closing bracket")),
        }
    }

    /// One value: an object or, for the mapper to refuse, anything else.
    fn record(&mut self, index: usize) -> Result<(), PageError> {
        if self.peek().is_none() {
            return Err(self.malformed("no value"));
        }
        match self.end_of_good(self.at) {
            Some(end) => {
                self.at = end;
                Ok(())
            }
            None => self.walk(index, self.at),
        }
    }

    /// Past the value that begins here, byte by byte.
    fn walk(&mut self, index: usize, start: usize) -> Result<(), PageError> {
        // One bit a level, set for an object: 64 levels at most, far above the limit.
        let (mut kinds, mut depth, mut fields) = (0u64, 0usize, 0usize);
        loop {
            let Some(&byte) = self.page.get(self.at) else {
                return Err(self.malformed("the end inside a value"));
            };
            if self.at - start > self.limits.record_bytes {
                return Err(PageError::RecordBytes {
                    index,
                    limit: self.limits.record_bytes,
                });
            }
            match byte {
                b'"' => self.string()?,
                b'{' | b'[' => {
                    if depth >= self.limits.record_depth.min(64) {
                        return Err(PageError::RecordDepth {
                            index,
                            limit: self.limits.record_depth,
                        });
                    }
                    kinds = kinds << 1 | u64::from(byte == b'{');
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    if depth == 0 || (kinds & 1 == 1) != (byte == b'}') {
                        return Err(self.malformed("a closing bracket that nothing opened"));
                    }
                    kinds >>= 1;
                    depth -= 1;
                    self.at += 1;
                }
                b':' => {
                    fields += 1;
                    if fields > self.limits.record_fields {
                        return Err(PageError::RecordFields {
                            index,
                            limit: self.limits.record_fields,
                        });
                    }
                    self.at += 1;
                }
                b',' if depth == 0 => return Err(self.malformed("no value")),
                _ => self.at += 1,
            }
            if depth == 0
                && matches!(
                    self.page.get(self.at),
                    None | Some(b',' | b']' | b' ' | b'\n' | b'\r' | b'\t')
                )
            {
                return if self.at - start > self.limits.record_bytes {
                    Err(PageError::RecordBytes {
                        index,
                        limit: self.limits.record_bytes,
                    })
                } else {
                    Ok(())
                };
            }
        }
    }

    /// Where the object or list that begins here ends, as long as nothing about it is unusual: block by block, which most of a page is
    /// worth. What this does not see through is walked byte by byte, and told.
    fn end_of_good(&self, start: usize) -> Option<usize> {
        let (mut outline, mut kinds, mut depth, mut fields) = (Outline::default(), 0u64, 0usize, 0);
        let text = self.page.get(start..)?;
        if !matches!(text.first(), Some(b'{' | b'[')) {
            return None;
        }
        for (block, at) in blocks(text).zip((0..).step_by(Outline::BYTES)) {
            let outside = outline.enter(&block);
            let mut brackets = outside.opens | outside.closes;
            if outside.backslashes != 0 || at > self.limits.record_bytes {
                return None;
            }
            while brackets != 0 {
                let bit = brackets & brackets.wrapping_neg();
                let is_brace = outside.braces & bit != 0;
                if outside.opens & bit != 0 {
                    kinds = kinds << 1 | u64::from(is_brace);
                    depth += 1;
                    if depth > self.limits.record_depth.min(64) {
                        return None;
                    }
                } else {
                    if depth == 0 || (kinds & 1 == 1) != is_brace {
                        return None;
                    }
                    kinds >>= 1;
                    depth -= 1;
                }
                if depth == 0 {
                    let bytes = at + bit.trailing_zeros() as usize + 1;
                    fields += (outside.colons & (bit - 1)).count_ones() as usize;
                    let is_small = bytes <= self.limits.record_bytes && fields <= self.limits.record_fields;
                    let is_last = matches!(text.get(bytes), None | Some(b',' | b']' | b' ' | b'\n' | b'\r' | b'\t'));
                    return (is_small && is_last).then_some(start + bytes);
                }
                brackets ^= bit;
            }
            if depth == 0 {
                return None;
            }
            fields += outside.colons.count_ones() as usize;
        }
        None
    }

    /// Past the string whose opening quote is at hand.
    fn string(&mut self) -> Result<(), PageError> {
        let start = self.at;
        self.at += 1;
        loop {
            let rest = self.page.get(self.at..).unwrap_or_default();
            match memchr::memchr2(b'"', b'\\', rest) {
                Some(distance) => {
                    let is_quote = rest.get(distance) == Some(&b'"');
                    self.at += distance + if is_quote { 1 } else { 2 };
                    if is_quote {
                        return Ok(());
                    }
                }
                None => {
                    self.at = start;
                    return Err(self.malformed("a string without end"));
                }
            }
        }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.page.get(self.at) {
            self.at += 1;
        }
        self.page.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8, problem: &'static str) -> Result<(), PageError> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.malformed(problem))
        }
    }

    fn malformed(&self, problem: &'static str) -> PageError {
        PageError::Malformed {
            problem,
            offset: self.at.min(self.page.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tiny() -> Pages {
        Pages {
            page_bytes: 200,
            page_records: 3,
            record_bytes: 40,
            record_depth: 3,
            record_fields: 4,
            ..Pages::default()
        }
    }

    #[test]
    fn records_are_counted() {
        for (page, count) in [
            ("[]", 0),
            (" [ {} , {\"a\":[1,{\"b\":\"]}\\\"\"}]}\n] ", 2),
            ("[1,\"a\",null]", 3),
        ] {
            assert_eq!(count_records(page.as_bytes(), &tiny()), Ok(count), "{page}");
        }
    }

    #[test]
    fn most_records_are_read_block_by_block() {
        let limits = Pages::default();
        let long = format!(r#"{{"a":["{}\\",{{"b":"]}}\""}}],"é":{{}}}}"#, "x:}".repeat(100));
        for record in ["{}", "[[]]", long.as_str()] {
            let page = format!("{record},1");
            let walk = Walk {
                page: page.as_bytes(),
                at: 0,
                limits: &limits,
            };
            assert_eq!(walk.end_of_good(0), Some(record.len()), "{record}");
        }
        for record in ["1", "\"a\"", "[}", "{}x", "[\\]", "["] {
            let walk = Walk {
                page: record.as_bytes(),
                at: 0,
                limits: &limits,
            };
            assert_eq!(walk.end_of_good(0), None, "{record}");
        }
    }

    #[test]
    fn each_limit_is_named_with_the_record_that_breaks_it() {
        let long = format!("[{{}},{{\"a\":\"{}\"}}]", "x".repeat(60));
        for (page, error) in [
            (long.as_str(), PageError::RecordBytes { index: 1, limit: 40 }),
            ("[{},{},{},{}]", PageError::PageRecords { limit: 3 }),
            ("[{},[[[[]]]]]", PageError::RecordDepth { index: 1, limit: 3 }),
            (
                "[{\"a\":1,\"b\":{\"c\":1,\"d\":1,\"e\":1}}]",
                PageError::RecordFields { index: 0, limit: 4 },
            ),
            (&" ".repeat(201), PageError::PageBytes { bytes: 201, limit: 200 }),
        ] {
            assert_eq!(count_records(page.as_bytes(), &tiny()), Err(error), "{page}");
        }
    }

    #[test]
    fn what_is_not_an_array_is_refused() {
        for page in [
            "", "{}", "[", "[{]", "[{}", "[{} {}]", "[{},]", "[,{}]", "[{}] x", "[{\"a]", "[}]", "[[}]", "[\"\\",
        ] {
            let result = count_records(page.as_bytes(), &tiny());
            assert!(matches!(result, Err(PageError::Malformed { .. })), "{page}: {result:?}");
        }
    }

    #[test]
    fn a_page_in_another_encoding_is_refused() {
        for (page, offset) in [
            (&b"[{\"a\":\"caf\xe9\"}]"[..], 10),
            (b"[\"\xff", 2),
            (b"\xff\xfe[\0]\0", 0),
        ] {
            assert_eq!(
                count_records(page, &Pages::default()),
                Err(PageError::NotUtf8 { offset })
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(page in proptest::collection::vec(any::<u8>(), 0..300)) {
            _ = count_records(&page, &tiny());
        }

        /// What is read block by block is what is read byte by byte.
        #[test]
        fn good_records_end_where_they_are_walked_to(
            page in "[{\\[]([a-z:, é]{0,30}|[\"\\\\{}\\[\\]:,]{1,4}|\"[a-z}\\]:]{0,9}\"){0,12}",
            record_bytes in 20usize..300,
            record_fields in 1usize..9,
        ) {
            let limits = Pages { record_bytes, record_fields, record_depth: 4, ..Pages::default() };
            let walk = || Walk { page: page.as_bytes(), at: 0, limits: &limits };
            if let Some(end) = walk().end_of_good(0) {
                let mut slow = walk();
                prop_assert_eq!(slow.walk(0, 0), Ok(()));
                prop_assert_eq!(slow.at, end);
            }
        }

        #[test]
        fn it_agrees_with_a_real_parser(page in "[\\[\\]{}\",:a1\\\\ ]{0,24}") {
            if let Ok(values) = serde_json::from_str::<Vec<serde_json::Value>>(&page) {
                let limits = Pages::default();
                prop_assert_eq!(count_records(page.as_bytes(), &limits), Ok(values.len()));
            }
        }
    }
}
