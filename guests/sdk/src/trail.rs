//! The way through the pages of a list.

use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use crate::http::Request;
use crate::{Error, Result};

/// The way through the pages of a list: where the next one is, and where it has been. A source whose pages lead in a circle would
/// keep a run going for ever.
#[derive(Debug, Clone)]
pub struct Trail {
    /// A way that cannot be followed is known with the page before it, whose records are to arrive all the same.
    next: Option<Result<String>>,
    /// Hashes suffice: that two pages of one list share one is less likely than anything else that can go wrong.
    seen: BTreeSet<u64>,
}

impl Trail {
    /// A way that begins at this URL.
    pub fn from(first: impl Into<String>) -> Self {
        let first = first.into();
        Self {
            seen: BTreeSet::from([hash(&first)]),
            next: Some(Ok(first)),
        }
    }

    /// Where the next page is; none at the end.
    pub fn take(&mut self) -> Result<Option<String>> {
        self.next.take().transpose()
    }

    /// Lets the host ask for the next page with the request for it, while what came is worked at.
    pub fn begin(&self, request: impl FnOnce(&str) -> Request) {
        if let Some(Ok(next)) = &self.next {
            request(next).begin();
        }
    }

    /// The way goes on here, which must be a place where it has not been; or it cannot go on, which is told when the next page is asked for.
    pub fn go(&mut self, next: Result<String>) {
        self.next = Some(next.and_then(|next| {
            if self.seen.insert(hash(&next)) {
                Ok(next)
            } else {
                Err(Error::Unexpected(format!(
                    "the link to the next page leads back to {next}"
                )))
            }
        }));
    }
}

fn hash(url: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    url.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_ends_where_nothing_follows_and_never_turns_back() {
        let mut trail = Trail::from("/1");
        assert_eq!(trail.take(), Ok(Some("/1".to_owned())));
        assert_eq!(trail.take(), Ok(None));
        trail.go(Ok("/2".to_owned()));
        assert_eq!(trail.take(), Ok(Some("/2".to_owned())));
        trail.go(Ok("/1".to_owned()));
        let back = Error::Unexpected("the link to the next page leads back to /1".to_owned());
        assert_eq!(trail.take(), Err(back));
        assert_eq!(trail.take(), Ok(None));
    }
}
