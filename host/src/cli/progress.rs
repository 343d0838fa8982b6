//! One line that shows how far a section is. Only on a terminal; what else is said goes above it.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

use super::output::{is_watched, thousands};
use crate::redact::clean;
use crate::run::Counters;

/// How often the line is written anew.
const EVERY: Duration = Duration::from_millis(200);

/// Goes to the line's beginning and clears it.
const CLEAR: &str = "\r\x1b[2K";

/// Whether the line stands there.
static SHOWN: AtomicBool = AtomicBool::new(false);

/// Shows the counts of a section while `work` goes on.
pub(super) async fn with_progress<T>(section: &str, counters: &Counters, work: impl Future<Output = T>) -> T {
    if !is_watched() {
        return work.await;
    }
    let started = Instant::now();
    let mut ticks = tokio::time::interval(EVERY);
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => {
                clear();
                return done;
            }
            _ = ticks.tick() => show(&line(section, counters.now(), started.elapsed())),
        }
    }
}

fn line(section: &str, (read, sent, left_out): (u64, u64, u64), elapsed: Duration) -> String {
    let left_out = if left_out > 0 {
        format!(", {} left out", thousands(left_out))
    } else {
        String::new()
    };
    let rate = rate(sent, elapsed);
    format!(
        "[{}] {} read, {} sent{left_out}, {rate}/s",
        clean(section, 40),
        thousands(read),
        thousands(sent)
    )
}

/// Records a second, for people.
pub(super) fn rate(records: u64, elapsed: Duration) -> String {
    let milliseconds = elapsed.as_millis().max(1);
    let rate = u128::from(records) * 1_000 / milliseconds;
    thousands(u64::try_from(rate).unwrap_or(u64::MAX))
}

fn show(line: &str) {
    SHOWN.store(true, Ordering::Relaxed);
    _ = std::io::stderr().lock().write_all(format!("{CLEAR}{line}").as_bytes());
}

fn clear() {
    if SHOWN.swap(false, Ordering::Relaxed) {
        _ = std::io::stderr().lock().write_all(CLEAR.as_bytes());
    }
}

/// Standard error, where a log line takes the progress line's place; that one comes back at its next tick.
pub(super) struct AboveTheLine;

impl<'a> MakeWriter<'a> for AboveTheLine {
    type Writer = std::io::Stderr;

    fn make_writer(&'a self) -> Self::Writer {
        clear();
        std::io::stderr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_counts_and_rate() {
        assert_eq!(
            line("okta", (12_345, 12_000, 0), Duration::from_secs(2)),
            "[okta] 12,345 read, 12,000 sent, 6,000/s"
        );
        assert_eq!(
            line("a\x1bb", (1, 0, 1), Duration::ZERO),
            "[a\\u{1b}b] 1 read, 0 sent, 1 left out, 0/s"
        );
    }
}
