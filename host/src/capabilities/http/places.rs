//! The places that a run talks to, and how each wants to be talked to.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Semaphore;
use url::Url;

use super::limits::Limits;
use crate::net::Origins;

/// Habits of the places that a run talks to, by origin.
#[derive(Debug, Default)]
pub struct Places {
    known: BTreeMap<String, Habits>,
    /// Requests under way at once at each of them; places that nobody described have permits of their own as well.
    origins: Origins,
}

/// How one place wants to be talked to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Habits {
    /// Requests under way at once, where it is not the limit's own number.
    pub parallel: Option<usize>,
    /// Its cookies are sent back to it.
    pub cookies: bool,
}

impl Places {
    /// These places, by the URLs that lead there, among those of all sections.
    pub fn new<'a>(places: impl IntoIterator<Item = (&'a Url, Habits)>, origins: Origins) -> Self {
        let known = places
            .into_iter()
            .map(|(url, habits)| (url.origin().ascii_serialization(), habits))
            .collect();
        Self { known, origins }
    }

    pub(super) fn habits(&self, url: &Url) -> Habits {
        self.known
            .get(&url.origin().ascii_serialization())
            .copied()
            .unwrap_or_default()
    }

    pub(super) fn permits(&self, url: &Url, limits: &Limits) -> Arc<Semaphore> {
        let parallel = self.habits(url).parallel.unwrap_or(limits.parallel_at_one_place);
        self.origins.permits(url, parallel.clamp(1, limits.parallel))
    }
}
