//! Lists that come in pages which are counted: by number or by offset.

/// How far a run is in a list that comes in pages: what to ask for next, and whether there is anything left to ask for.
///
/// It ends where as much has come as the source said there is, and at the latest with an empty page: a source that counts wrongly
/// does not keep a run for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Paging {
    page: u64,
    came: u64,
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
        self.is_over = count == 0 || total.is_some_and(|total| total > 0 && self.came >= total);
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
}
