//! Lines that show how far sections are, one each. Only on a terminal; what else is said goes above them.

use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::output::{is_watched, thousands};
use crate::redact::clean;
use crate::run::Counters;

/// How often the lines are written anew.
const EVERY: Duration = Duration::from_millis(200);

/// How many lines stand there. Whoever holds it has the terminal for itself.
static SHOWN: Mutex<usize> = Mutex::new(0);

/// The sections that are under way. Clones show the same ones.
#[derive(Clone, Default)]
pub(super) struct Board {
    sections: Arc<Mutex<Vec<Line>>>,
}

struct Line {
    /// Among the sections that were asked for.
    place: usize,
    section: String,
    counters: Arc<Counters>,
    started: Instant,
}

impl Board {
    /// Has a line for a section, in the order of their places, while `work` goes on.
    pub(super) async fn line<T>(
        &self,
        (place, section): (usize, &str),
        counters: &Arc<Counters>,
        work: impl Future<Output = T>,
    ) -> T {
        {
            let mut lines = lock(&self.sections);
            lines.push(Line {
                place,
                section: section.to_owned(),
                counters: counters.clone(),
                started: Instant::now(),
            });
            lines.sort_by_key(|line| line.place);
        }
        // Gone with the work, even where that ends in a panic.
        let _end = Gone(self, counters);
        work.await
    }

    /// Shows the lines while `work` goes on.
    pub(super) async fn watch<T>(&self, work: impl Future<Output = T>) -> T {
        if !is_watched() {
            return work.await;
        }
        let mut ticks = tokio::time::interval(EVERY);
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => {
                    drop(AboveTheLines::take());
                    return done;
                }
                _ = ticks.tick() => self.draw(),
            }
        }
    }

    fn draw(&self) {
        let lines: Vec<String> = lock(&self.sections).iter().map(Line::text).collect();
        let mut above = AboveTheLines::take();
        // Nothing is wrapped meanwhile: a line that takes two could not be found again.
        let text = format!("\x1b[?7l{}\x1b[?7h", lines.join("\n"));
        if !lines.is_empty() && above.write_all(text.as_bytes()).is_ok() {
            *above.shown = lines.len();
        }
    }
}

struct Gone<'a>(&'a Board, &'a Arc<Counters>);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        lock(&self.0.sections).retain(|line| !Arc::ptr_eq(&line.counters, self.1));
    }
}

impl Line {
    fn text(&self) -> String {
        let (read, sent, left_out) = self.counters.now();
        let left_out = if left_out > 0 {
            format!(", {} left out", thousands(left_out))
        } else {
            String::new()
        };
        format!(
            "[{}] {} read, {} sent{left_out}, {}/s",
            clean(&self.section, 40),
            thousands(read),
            thousands(sent),
            rate(sent, self.started.elapsed())
        )
    }
}

/// Records a second, for people.
pub(super) fn rate(records: u64, elapsed: Duration) -> String {
    let milliseconds = elapsed.as_millis().max(1);
    let rate = u128::from(records) * 1_000 / milliseconds;
    thousands(u64::try_from(rate).unwrap_or(u64::MAX))
}

/// Standard error where the lines stand, without them; they come back at their next tick.
pub(super) struct AboveTheLines {
    shown: MutexGuard<'static, usize>,
}

impl AboveTheLines {
    /// Takes the lines away.
    pub(super) fn take() -> Self {
        let mut shown = lock(&SHOWN);
        _ = std::io::stderr().lock().write_all(clear(*shown).as_bytes());
        *shown = 0;
        Self { shown }
    }
}

impl Write for AboveTheLines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        std::io::stderr().lock().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().lock().flush()
    }
}

/// Goes to the beginning of the first of so many lines and clears from there on.
fn clear(lines: usize) -> String {
    match lines {
        0 => String::new(),
        1 => "\r\x1b[J".to_owned(),
        lines => format!("\r\x1b[{}A\x1b[J", lines - 1),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_section_has_a_line_while_it_is_under_way() {
        let board = Board::default();
        let counters = || Arc::new(Counters::default());
        let (okta, ldap) = (counters(), counters());
        let lines = || {
            let lines = lock(&board.sections);
            lines.iter().map(Line::text).collect::<Vec<_>>()
        };
        let inner = board.line((0, "a\x1bb"), &ldap, async { lines() });
        let shown = board.line((1, "okta"), &okta, inner).await;
        assert_eq!(shown, ["[a\\u{1b}b] 0 read, 0 sent, 0/s", "[okta] 0 read, 0 sent, 0/s"]);
        assert_eq!(lines(), <[String; 0]>::default());
    }

    #[test]
    fn a_rate_is_of_what_was_sent_so_far() {
        assert_eq!(rate(12_000, Duration::from_secs(2)), "6,000");
        assert_eq!(rate(5, Duration::ZERO), "5,000");
    }

    #[test]
    fn the_lines_are_cleared_from_the_first_on() {
        assert_eq!([clear(0), clear(1), clear(3)], ["", "\r\x1b[J", "\r\x1b[2A\x1b[J"]);
    }
}
