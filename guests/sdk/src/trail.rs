//! The way through the pages of a list.

use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use crate::{Error, Result};

/// The way through the pages of a list: where the next one is, and where it has been. A source whose pages lead in a circle would
/// keep a run going for ever.
#[derive(Debug, Clone)]
pub struct Trail {
    next: Option<String>,
    /// Hashes suffice: that two pages of one list share one is less likely than anything else that can go wrong.
    seen: BTreeSet<u64>,
}

impl Trail {
    /// A way that begins at this URL.
    pub fn from(first: impl Into<String>) -> Self {
        let first = first.into();
        Self {
            seen: BTreeSet::from([hash(&first)]),
            next: Some(first),
        }
    }

    /// Where the next page is; none at the end.
    pub fn take(&mut self) -> Option<String> {
        self.next.take()
    }

    /// The way goes on here, which must be a place where it has not been.
    pub fn go(&mut self, next: impl Into<String>) -> Result<()> {
        let next = next.into();
        if !self.seen.insert(hash(&next)) {
            return Err(Error::Unexpected(format!(
                "the link to the next page leads back to {next}"
            )));
        }
        self.next = Some(next);
        Ok(())
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
        assert_eq!(trail.take().as_deref(), Some("/1"));
        assert_eq!(trail.take(), None);
        trail.go("/2").unwrap();
        assert_eq!(trail.take().as_deref(), Some("/2"));
        assert_eq!(
            trail.go("/1").unwrap_err().to_string(),
            "the link to the next page leads back to /1"
        );
        assert_eq!(trail.take(), None);
    }
}
