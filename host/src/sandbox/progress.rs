//! Whether a run gets anywhere, judged by its pages.

use bytes::Bytes;

use super::limits::Pages;
use super::pages::PageError;

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
