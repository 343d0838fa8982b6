//! Lists that come in pages which are counted: by number or by offset.

use crate::{Page, page};

/// How far a run is in a list that comes in pages: what to ask for next, and whether there is anything left to ask for.
///
/// It ends where as much has come as the source said there is, and at the latest with an empty page: a source that counts wrongly
/// does not keep a run for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Paging {
    page: u64,
    came: u64,
    /// The last that the source named.
    total: u64,
    is_over: bool,
}

impl Paging {
    /// The number of the page to ask for, from 0.
    pub fn page(&self) -> u64 {
        self.page
    }

    /// How many elements have come, which is the offset of the next.
    pub fn offset(&self) -> u64 {
        self.came
    }

    /// Whether there is nothing left to ask for.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Notes a page of `count` elements, and how many the source says there are in all. A total of nothing beside elements is none.
    pub fn came(&mut self, count: usize, total: Option<u64>) {
        self.page += 1;
        self.came += count as u64;
        self.total = total.filter(|total| *total > 0).unwrap_or(self.total);
        self.is_over = count == 0 || total.is_some_and(|total| total > 0 && self.came >= total);
    }

    /// Says on the page that came last if the list is over with less than the source's own total.
    pub fn note_end(&self, page: &mut Page) {
        if self.is_over {
            page.ended(self.came, self.total);
        }
    }

    /// Warns of the same, and no more: for a source that is known to count what it does not give.
    pub fn warn_of_end(&self) {
        if self.is_over {
            _ = page::warn_of_end(self.came, self.total);
        }
    }

    /// Ends it, whatever is left.
    pub fn end(&mut self) {
        self.is_over = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_with_its_total_or_with_an_empty_page() {
        for (pages, total, is_over) in [
            (&[500, 499][..], Some(1_000), false),
            (&[500, 500], Some(1_000), true),
            (&[500, 0], Some(1_000), true),
            (&[500], None, false),
            (&[500], Some(0), false),
            (&[0], Some(0), true),
            (&[0], None, true),
        ] {
            let mut paging = Paging::default();
            for count in pages {
                paging.came(*count, total);
            }
            assert_eq!(paging.is_over(), is_over, "{pages:?} of {total:?}");
            assert_eq!(paging.page(), pages.len() as u64);
            assert_eq!(paging.offset(), pages.iter().sum::<usize>() as u64);
        }
    }

    #[test]
    fn a_list_that_ends_short_of_its_own_total_is_told() {
        for (pages, misses) in [
            (&[(500, Some(1_000)), (0, None)][..], 1),
            (&[(500, Some(1_000)), (0, Some(1_000))], 1),
            (&[(500, Some(1_000)), (0, Some(500))], 0),
            (&[(500, Some(1_000)), (500, Some(1_000))], 0),
            (&[(500, Some(1_000))], 0),
            (&[(500, None), (0, None)], 0),
            (&[(0, Some(0))], 0),
        ] {
            let (mut paging, mut page) = (Paging::default(), Page::default());
            crate::testing::playing(crate::testing::Script::default(), || {
                for (count, total) in pages {
                    paging.came(*count, *total);
                    paging.note_end(&mut page);
                }
            });
            assert_eq!(page.into_wit().misses.len(), misses, "{pages:?}");
        }
    }
}
