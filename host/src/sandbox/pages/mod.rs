//! What a connector hands over, judged before anything else of the host looks at it.
//!
//! A page is walked once (`walk`). What is inside the values is not judged; the mapper reads them inside its own sandbox.

mod walk;

use bytes::Bytes;

use super::limits::Pages;
pub(super) use walk::count_records;

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

/// Whether a run gets anywhere: a connector that follows a broken `next` link would otherwise go round for ever.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pages: u64,
    records: u64,
    empty: u32,
    equal: u32,
    last: Bytes,
}

impl Progress {
    /// Pages so far.
    pub(super) fn pages(&self) -> u64 {
        self.pages
    }

    /// Takes note of a page.
    pub(super) fn saw(&mut self, page: &Bytes, records: usize, limits: &Pages) -> Result<(), PageError> {
        self.pages += 1;
        self.records += records as u64;
        if self.pages > limits.run_pages {
            return Err(PageError::Endless {
                limit: limits.run_pages,
                what: "pages",
            });
        }
        if self.records > limits.run_records {
            return Err(PageError::Endless {
                limit: limits.run_records,
                what: "records",
            });
        }
        if records == 0 {
            self.empty += 1;
            if self.empty >= limits.empty_pages {
                return Err(PageError::NoProgress {
                    count: self.empty,
                    what: "empty",
                });
            }
            return Ok(());
        }
        self.empty = 0;
        self.equal = if self.last == page { self.equal + 1 } else { 1 };
        self.last = page.clone();
        if self.equal >= limits.equal_pages {
            return Err(PageError::NoProgress {
                count: self.equal,
                what: "equal",
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_gets_nowhere_is_stopped() {
        let limits = Pages {
            empty_pages: 3,
            equal_pages: 3,
            ..Pages::default()
        };
        let mut progress = Progress::default();
        progress.saw(&Bytes::from("[]"), 0, &limits).unwrap();
        progress.saw(&Bytes::from("[]"), 0, &limits).unwrap();
        assert_eq!(
            progress.saw(&Bytes::from("[]"), 0, &limits),
            Err(PageError::NoProgress {
                count: 3,
                what: "empty"
            })
        );
        let mut progress = Progress::default();
        for page in ["[1]", "[2]", "[1]", "[1]"] {
            progress.saw(&Bytes::from(page), 1, &limits).unwrap();
        }
        assert_eq!(
            progress.saw(&Bytes::from("[1]"), 1, &limits),
            Err(PageError::NoProgress {
                count: 3,
                what: "equal"
            })
        );
    }
}
