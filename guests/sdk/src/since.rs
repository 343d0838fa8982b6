//! Going on where an earlier run ended, for sources that list what changed since a point in time.
//!
//! Two things would lose records, and neither may happen. A record that changes while a run is under way may stand on a page that was
//! read already: the next run goes on from the time of this run's **first** answer, and its cursor comes with the last page only. And this
//! machine's clock, or one of the source's several, may be wrong: the time is what the source itself calls it (`Date`, RFC 9110 section
//! 6.6.1), and the next run begins [`OVERLAP`] before it. Records of that time come twice, which does no harm.

use std::time::Duration;

use crate::http::Response;
use crate::{Error, Moment, Page, Result};

/// How far a run looks back behind the beginning of the one before: longer than the clocks of one source's servers differ, and than a
/// change takes to show in its lists.
pub const OVERLAP: Duration = Duration::from_secs(10 * 60);

/// A run that reads what changed since a point in time, or everything, and says where the next one goes on.
#[derive(Debug, Clone, Default)]
pub struct Since {
    from: Option<Moment>,
    is_under_way: bool,
    /// When the source gave its first answer.
    began: Option<Moment>,
}

impl Since {
    /// A run from the cursor of an earlier one, or from the beginning.
    pub fn open(cursor: Option<&str>) -> Result<Self> {
        let from = cursor
            .map(|cursor| {
                Moment::parse(cursor).ok_or_else(|| Error::StaleCursor(format!("`{cursor}` is not a point in time")))
            })
            .transpose()?;
        Ok(Self {
            from,
            ..Self::default()
        })
    }

    /// What changed earlier is not wanted; nothing where everything is.
    pub fn from(&self) -> Option<Moment> {
        self.from
    }

    /// Notes an answer of the source's. It is the first that counts.
    pub fn answered(&mut self, answer: &Response) {
        if !std::mem::replace(&mut self.is_under_way, true) {
            self.began = answer.date();
        }
    }

    /// The last page of the run, with its cursor. A source whose answers tell no time leaves none: the next run reads everything.
    pub fn end(&self, page: Page) -> Page {
        match self.began {
            Some(began) => page.cursor(began.before(OVERLAP).to_string()),
            None => page,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Request;
    use crate::testing::{Script, playing};

    fn answer(date: &[(&str, &str)]) -> Response {
        let url = "https://x.example/";
        let script = Script::default().get(url, "slot", 200, date, "");
        playing(script, || Request::get(url).auth("slot").send()).unwrap()
    }

    fn cursor(since: &Since) -> Option<String> {
        since.end(Page::default()).into_wit().cursor
    }

    #[test]
    fn the_next_run_goes_on_before_the_first_answer_by_the_source_s_own_clock() {
        let mut since = Since::open(None).unwrap();
        assert_eq!(since.from(), None);
        since.answered(&answer(&[("date", "Wed, 14 Apr 2021 16:35:40 GMT")]));
        since.answered(&answer(&[("date", "Wed, 14 Apr 2021 19:00:00 GMT")]));
        let cursor = cursor(&since).unwrap();
        assert_eq!(cursor, "2021-04-14T16:25:40.000Z");
        let next = Since::open(Some(&cursor)).unwrap();
        assert_eq!(next.from(), Moment::parse("2021-04-14T16:25:40Z"));
    }

    #[test]
    fn answers_that_tell_no_time_leave_no_cursor() {
        for date in [
            &[][..],
            &[("date", "")],
            &[("date", "yesterday")],
            &[("date", "é, 14 Apr 2021 16:35:40 GMT")],
        ] {
            let mut since = Since::open(None).unwrap();
            since.answered(&answer(date));
            // A later answer's time would pass over what changed before it.
            since.answered(&answer(&[("date", "Wed, 14 Apr 2021 19:00:00 GMT")]));
            assert_eq!(cursor(&since), None, "{date:?}");
        }
    }

    #[test]
    fn a_cursor_that_is_no_time_is_stale() {
        let stale = Since::open(Some("soon")).unwrap_err();
        assert_eq!(stale, Error::StaleCursor("`soon` is not a point in time".to_owned()));
    }
}
