//! How long to wait before trying again.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Waits that double, with full jitter: each is anything from nothing to its bound, so that many clients spread out.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// Bound of the first wait.
    pub base: Duration,
    /// Largest bound.
    pub cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            base: Duration::from_secs(1),
            cap: Duration::from_secs(30),
        }
    }
}

impl Backoff {
    /// The wait before another try after `failures` of them, from 1.
    pub fn delay(&self, failures: u32) -> Duration {
        let bound = self
            .base
            .saturating_mul(1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX))
            .min(self.cap);
        bound.mul_f64(fastrand::f64())
    }
}

/// How long waits may be altogether.
#[derive(Debug)]
pub struct Budget {
    left: Mutex<Duration>,
    total: Duration,
}

impl Budget {
    /// Waits of so long together.
    pub fn of(total: Duration) -> Self {
        Self {
            left: Mutex::new(total),
            total,
        }
    }

    /// Takes a wait out of it, if it holds that much. One of nothing holds no wait at all, not even a short one.
    pub fn spend(&self, wait: Duration) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        match left.checked_sub(wait) {
            Some(rest) if !self.total.is_zero() => {
                *left = rest;
                true
            }
            _ => false,
        }
    }
}

/// The longest that an answer may make anybody wait.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(15 * 60);

/// What `Retry-After` (RFC 9110 section 10.2.3) asks for: seconds or a date, at most [`LONGEST_RETRY_AFTER`]. Nonsense is none.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    // The longest date has 29 characters; parsers have fallen over long ones.
    let value = value.trim();
    if value.len() > 64 {
        return None;
    }
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        value.parse().map_or(Duration::MAX, Duration::from_secs)
    } else {
        httpdate::parse_http_date(value)
            .ok()?
            .duration_since(now)
            .unwrap_or_default()
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_once_and_one_of_nothing_holds_no_wait() {
        let budget = Budget::of(Duration::from_secs(3));
        let spent = [2, 2, 1].map(|seconds| budget.spend(Duration::from_secs(seconds)));
        assert_eq!(spent, [true, false, true]);
        assert!(!Budget::of(Duration::ZERO).spend(Duration::ZERO));
    }

    #[test]
    fn waits_double_up_to_the_cap_and_never_exceed_it() {
        let backoff = Backoff {
            base: Duration::from_secs(1),
            cap: Duration::from_secs(30),
        };
        for (failures, bound) in [(1, 1), (2, 2), (5, 16), (6, 30), (40, 30), (u32::MAX, 30)] {
            for _ in 0..50 {
                assert!(backoff.delay(failures) <= Duration::from_secs(bound), "{failures}");
            }
        }
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_bounded() {
        let now = httpdate::parse_http_date("Tue, 24 Nov 2026 10:00:00 GMT").unwrap();
        for (value, seconds) in [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("99999999999999999999999", Some(900)),
            ("Tue, 24 Nov 2026 10:00:09 GMT", Some(9)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("-1", None),
            ("+5", None),
            ("", None),
            ("soon", None),
            (&"1".repeat(100), None),
        ] {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value}");
        }
    }
}
