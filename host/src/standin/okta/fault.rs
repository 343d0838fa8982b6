//! What an Okta organisation can get wrong.

use std::time::Duration;

use crate::standin::trouble::Trouble;

/// Something that happens to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// What can happen at any server. A status comes in Okta's envelope.
    Trouble(Trouble),
    /// 429: the minute's requests are used up.
    RateLimit {
        /// How long until there are new ones. The answer says when, in whole seconds.
        resets_in: Duration,
        /// How far Okta's clock is ahead of this machine's, by which both that time and `Date` go.
        clock_ahead: Duration,
    },
    /// 429 with a limit of nothing: too many requests at once, which passes quickly.
    TooManyAtOnce,
    /// 403, with the request's own Authorization in what it says: as it came, and in every form that programs write such things in.
    Echo,
    /// The link to the next page leads to this origin, `http://127.0.0.2:1` say.
    NextElsewhere(String),
    /// The link to the next page leads to the page itself.
    NextToItself,
}
