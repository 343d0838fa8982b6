//! Several sections side by side: each in a task of its own, so that a mistake in one ends no other.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use super::error::Error;

/// Does `work` for each of `jobs`, at most `at_once` of them side by side, and hands over what came of each in the order of the jobs, as
/// soon as all those before it are done.
pub async fn side_by_side<Job, Result, Work>(
    jobs: impl IntoIterator<Item = Job>,
    at_once: usize,
    work: impl Fn(Job) -> Work,
    mut finished: impl FnMut(std::result::Result<Result, Error>),
) where
    Result: Send + 'static,
    Work: Future<Output = Result> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(at_once.max(1)));
    let (begun, mut under_way) = mpsc::unbounded_channel();
    let begin = async move {
        for job in jobs {
            // Never closed, so never refused.
            let place = places.clone().acquire_owned().await;
            let work = work(job);
            // Received below until the last of them.
            _ = begun.send(tokio::spawn(async move {
                let result = work.await;
                drop(place);
                result
            }));
        }
    };
    let tell = async {
        while let Some(task) = under_way.recv().await {
            finished(task.await.map_err(|error| Error::Bug(error.to_string())));
        }
    };
    tokio::join!(begin, tell);
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    /// Jobs that take so many milliseconds, 0 for one that panics: what came of them in order, and how many were under way at once.
    async fn run(jobs: &[u64], at_once: usize) -> (Vec<std::result::Result<u64, String>>, usize) {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut results = Vec::new();
        let work = |time: u64| {
            let (now, most) = (now.clone(), most.clone());
            async move {
                assert!(time > 0, "this job is broken");
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(time)).await;
                now.fetch_sub(1, Ordering::SeqCst);
                time
            }
        };
        let finished =
            |result: std::result::Result<u64, Error>| results.push(result.map_err(|error| error.to_string()));
        side_by_side(jobs.to_vec(), at_once, work, finished).await;
        (results, most.load(Ordering::SeqCst))
    }

    #[tokio::test(start_paused = true)]
    async fn results_come_in_the_order_of_the_jobs_and_no_more_run_at_once_than_may() {
        for (at_once, most) in [(0, 1), (1, 1), (2, 2), (4, 4), (100, 5)] {
            let started = tokio::time::Instant::now();
            let (results, seen) = run(&[50, 10, 20, 10, 30], at_once).await;
            assert_eq!(results, [50, 10, 20, 10, 30].map(Ok), "{at_once}");
            assert_eq!(seen, most, "{at_once}");
            let expected = match most {
                1 => 120,
                2 => 70,
                _ => 50,
            };
            assert_eq!(started.elapsed().as_millis(), expected, "{at_once}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_in_one_is_its_own() {
        for at_once in [1, 3] {
            let (results, _) = run(&[10, 0, 20], at_once).await;
            assert_eq!((&results[0], &results[2]), (&Ok(10), &Ok(20)));
            let error = results[1].as_ref().unwrap_err();
            assert!(
                error.starts_with("this program made a mistake: ") && error.contains("this job is broken"),
                "{error}"
            );
        }
    }
}
