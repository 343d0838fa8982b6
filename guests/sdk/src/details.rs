//! Details of records, one request each.

use std::cell::{Cell, RefCell};

use crate::http::{Request, Response, send_all};
use crate::{Error, Result};

thread_local! {
    /// Whether a detail has come in this run: whoever got one may read the others.
    static HAS_COME: Cell<bool> = const { Cell::new(false) };
    /// Why the run cannot go on, when what came beside it is handed over.
    static OWED: RefCell<Option<Error>> = const { RefCell::new(None) };
}

/// Begins a run.
pub(crate) fn begin_run() {
    HAS_COME.set(false);
    OWED.set(None);
}

/// Fails if the run could not go on when it handed over its last details.
pub(crate) fn settle() -> Result<()> {
    OWED.take().map_or(Ok(()), Err)
}

/// Why a detail did not come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// The source does not have the record any more (404).
    Gone,
    /// Something else, in a few words.
    Failed(String),
}

/// Sends a request for the details of each of several records, side by side. A record whose detail does not come is a miss, and says
/// why; the others arrive. `explain` reads what the source says of an error.
///
/// The whole fails where no record is to blame: the credentials do not hold any more, nothing came of more than one, or all of them are said
/// to be gone and none has come in the whole run, which is what some sources tell an account that may see the list alone. What came before
/// the credentials ceased to hold arrives: then the next call fails, or the end of the run.
pub fn details(
    requests: Vec<Request>,
    explain: impl Fn(&[u8]) -> Option<String>,
) -> Result<Vec<std::result::Result<Response, Missing>>> {
    settle()?;
    let count = requests.len();
    let mut details = Vec::with_capacity(count);
    let (mut first_failure, mut refusal, mut is_any_answered, mut gone) = (None, None, false, 0);
    let had_come = HAS_COME.get();
    for answer in send_all(requests) {
        let is_gone = answer.as_ref().is_ok_and(|answer| answer.status == 404);
        match answer.and_then(|answer| answer.success_or(&explain)) {
            Ok(answer) => {
                is_any_answered = true;
                HAS_COME.set(true);
                details.push(Ok(answer));
            }
            Err(error) if is_gone => {
                gone += 1;
                if count > 1 && gone == count && !had_come {
                    return Err(Error::Forbidden(format!(
                        "none of {count} records that it lists can be read, which the account may not be allowed to do: {error}"
                    )));
                }
                is_any_answered = true;
                details.push(Err(Missing::Gone));
            }
            Err(error) => {
                details.push(Err(Missing::Failed(error.to_string())));
                if matches!(error, Error::SignIn(_) | Error::TokenRefused(..)) {
                    refusal.get_or_insert(error);
                } else {
                    first_failure.get_or_insert(error);
                }
            }
        }
    }
    match refusal {
        Some(error) if details.iter().all(|detail| detail.is_err()) => return Err(error),
        owed => OWED.set(owed),
    }
    match first_failure {
        Some(error) if count > 1 && !is_any_answered => Err(error),
        _ => Ok(details),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::oomnitza::connector::http::Error as HttpError;
    use crate::testing::{Script, playing};

    fn of(steps: Script, count: usize) -> Result<Vec<std::result::Result<u16, Missing>>> {
        let requests = (0..count).map(|id| Request::get(format!("https://x.example/{id}")).auth("slot"));
        let requests = requests.collect();
        let details = playing(Script::default().send_all(steps), || {
            details(requests, |body| (!body.is_empty()).then(|| "no".to_owned()))
        })?;
        Ok(details
            .into_iter()
            .map(|detail| detail.map(|answer| answer.status))
            .collect())
    }

    fn step(script: Script, id: u32, status: u16, body: &str) -> Script {
        script.get(&format!("https://x.example/{id}"), "slot", status, &[], body)
    }

    #[test]
    fn what_does_not_come_is_a_miss_and_the_rest_arrives() {
        let script = step(step(Script::default(), 0, 404, ""), 1, 500, "<html>");
        let script = step(script, 2, 200, "{}").get_fails("https://x.example/3", "slot", HttpError::TimedOut);
        assert_eq!(
            of(script, 4),
            Ok(vec![
                Err(Missing::Gone),
                Err(Missing::Failed("GET /1 answered 500: no".to_owned())),
                Ok(200),
                Err(Missing::Failed("GET /3 was not answered in time".to_owned())),
            ])
        );
    }

    #[test]
    fn a_source_that_gives_nothing_at_all_ends_the_run_and_one_bad_record_does_not() {
        let script = step(step(Script::default(), 0, 500, ""), 1, 503, "");
        assert_eq!(of(script, 2), Err(Error::Failed("GET /0 answered 500".to_owned())));
        assert_eq!(
            of(step(Script::default(), 0, 500, ""), 1),
            Ok(vec![Err(Missing::Failed("GET /0 answered 500".to_owned()))])
        );
        let script = step(step(Script::default(), 0, 404, ""), 1, 500, "");
        assert_eq!(of(script, 2).map(|details| details.len()), Ok(2));
    }

    #[test]
    fn records_that_are_all_gone_are_not_to_be_seen() {
        let script = (0..3).fold(Script::default(), |script, id| step(script, id, 404, ""));
        let said = "none of 3 records that it lists can be read, which the account may not be allowed to do: GET /2 answered 404";
        assert_eq!(of(script, 3), Err(Error::Forbidden(said.to_owned())));
        assert_eq!(of(step(Script::default(), 0, 404, ""), 1), Ok(vec![Err(Missing::Gone)]));
    }

    fn batch(script: Script, count: u32) -> (Script, Vec<Request>) {
        let requests = (0..count).map(|id| Request::get(format!("https://x.example/{id}")).auth("slot"));
        (Script::default().send_all(script), requests.collect())
    }

    #[test]
    fn records_that_are_all_gone_at_the_end_are_gone_where_others_have_come() {
        let (first, of_first) = batch(step(Script::default(), 0, 200, "{}"), 1);
        let gone = |count| (0..count).fold(Script::default(), |script, id| step(script, id, 404, ""));
        let (last, of_last) = batch(gone(2), 2);
        let ended = playing(first.then(last), || {
            assert!(details(of_first, |_| None).unwrap()[0].is_ok());
            details(of_last, |_| None)
        });
        let gone: Vec<_> = ended.unwrap().into_iter().map(|detail| detail.err()).collect();
        assert_eq!(gone, [Some(Missing::Gone), Some(Missing::Gone)]);
    }

    #[test]
    fn what_came_beside_a_refused_sign_in_arrives_before_the_refusal_is_told() {
        let refused = || Error::SignIn("GET /1 answered 401".to_owned());
        let script = step(step(step(Script::default(), 0, 200, ""), 1, 401, ""), 2, 200, "");
        let (script, requests) = batch(script, 3);
        playing(script, || {
            let details = details(requests, |_| None).unwrap();
            let came: Vec<_> = details.into_iter().map(|detail| detail.map(|_| ())).collect();
            assert_eq!(came, [Ok(()), Err(Missing::Failed(refused().to_string())), Ok(())]);
            assert_eq!(settle(), Err(refused()));
            assert_eq!(settle(), Ok(()));
        });
        let script = step(step(Script::default(), 0, 500, ""), 1, 401, "");
        assert_eq!(of(script, 2), Err(refused()), "nothing came");
    }
}
