//! Requests under way at once at each place, of all sections of an invocation together: a source that serves two sections does not
//! bear twice as much.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use url::Url;

/// The places that requests go to, by origin. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    places: Arc<Mutex<BTreeMap<String, Place>>>,
}

#[derive(Debug)]
struct Place {
    parallel: usize,
    permits: Arc<Semaphore>,
}

impl Origins {
    /// The permits of a place that bears so many requests at once. Where two say different numbers the smaller one holds.
    pub fn permits(&self, url: &Url, parallel: usize) -> Arc<Semaphore> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places
            .entry(url.origin().ascii_serialization())
            .or_insert_with(|| Place {
                parallel,
                permits: Arc::new(Semaphore::new(parallel)),
            });
        if parallel < place.parallel {
            // Those that are in use just now stay; they go with a later request.
            place.parallel -= place.permits.forget_permits(place.parallel - parallel);
        }
        place.permits.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_bears_what_the_most_careful_of_its_users_says() {
        let origins = Origins::default();
        let url = |text: &str| Url::parse(text).unwrap();
        let free = |text: &str, parallel| origins.clone().permits(&url(text), parallel).available_permits();
        assert_eq!(free("https://a.example/x", 4), 4);
        let held = origins.permits(&url("https://a.example/y"), 4);
        let held: Vec<_> = (0..3).map(|_| held.try_acquire().unwrap()).collect();
        // One section's requests are counted for the other.
        assert_eq!(free("https://A.example:443/", 4), 1);
        assert_eq!(free("https://a.example/", 2), 0, "three are still in use");
        drop(held);
        assert_eq!(free("https://a.example/", 2), 2);
        assert_eq!(free("https://a.example/", 8), 2);
        assert_eq!(free("http://a.example/", 8), 8, "another place");
    }
}
