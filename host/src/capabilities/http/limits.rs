//! What a connector may ask of HTTP, with units and reasons. Tests use small ones.

use std::time::Duration;

use crate::net::backoff::Backoff;

/// What a connector may ask of HTTP.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Requests of one run; a run of 50,000 devices with a detail each needs half of it.
    pub requests: u64,
    /// Requests under way at once.
    pub parallel: usize,
    /// Requests under way at one place at once, unless its endpoint says another number; never more than [`Limits::parallel`].
    pub parallel_at_one_place: usize,
    /// Requests that one call may hand over.
    pub batch: usize,
    /// Bytes of a URL.
    pub url_bytes: usize,
    /// Headers of a request.
    pub headers: usize,
    /// Bytes of a request's headers.
    pub header_bytes: usize,
    /// Bytes of a request's body.
    pub request_bytes: usize,
    /// Bytes of an answer's body as it comes.
    pub wire_bytes: usize,
    /// Bytes of an answer's body when it is decoded.
    pub decoded_bytes: usize,
    /// How many times larger decoding may make a body, once it is past [`Limits::ratio_from_bytes`].
    pub ratio: usize,
    /// Small bodies may compress as well as they like.
    pub ratio_from_bytes: usize,
    /// Redirects of one request.
    pub redirects: u32,
    /// A whole answer must come at this rate on average, bytes a second, once [`Limits::slow_after`] has passed.
    pub slowest: u64,
    /// When the rate begins to count.
    pub slow_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: 100_000,
            parallel: 8,
            parallel_at_one_place: 4,
            batch: 1_000,
            url_bytes: 8 << 10,
            headers: 100,
            header_bytes: 64 << 10,
            request_bytes: 8 << 20,
            wire_bytes: 32 << 20,
            decoded_bytes: 64 << 20,
            ratio: 200,
            ratio_from_bytes: 1 << 20,
            redirects: 5,
            slowest: 1 << 10,
            slow_after: Duration::from_secs(30),
        }
    }
}

/// How requests are repeated.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// How long the waits of one run may be, altogether.
    pub budget: Duration,
    /// How long each is.
    pub backoff: Backoff,
    /// Tries of one request.
    pub tries: u32,
    /// Tries of one request as long as the source has answered none: whoever waits at the terminal is told soon.
    pub tries_at_start: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            budget: Duration::from_secs(60 * 60),
            backoff: Backoff::default(),
            tries: 8,
            tries_at_start: 3,
        }
    }
}
