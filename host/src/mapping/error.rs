//! Why a page cannot be mapped.

use std::time::Duration;

use crate::config::Finding;
use crate::sandbox;

/// Why a page cannot be mapped.
#[derive(Debug)]
pub enum Error {
    /// The mapper cannot.
    Mapper(sandbox::Error),
    /// Code of the ini file is wrong, or failed on a record.
    Code(Vec<Finding>),
    /// Code of the ini file was stopped from outside: what the interpreter's sandbox says.
    Interpreter {
        /// The records of the page, counted from 1; nothing before there is one.
        records: Option<(u64, u64)>,
        /// What the sandbox says.
        source: sandbox::Error,
    },
}

/// How code of the ini file was stopped, in words for whoever wrote it, and what to do about it.
pub fn stopped(source: &sandbox::Error, records: Option<(u64, u64)>) -> (String, &'static str) {
    let (what, hint) = match source {
        sandbox::Error::OutOfTime { limit, scope } => (
            format!(
                "it used up its {} of processor time for one {}",
                seconds(*limit),
                of(scope)
            ),
            "look for a loop that does not end, or a regular expression that tries too much",
        ),
        sandbox::Error::TooSlow { limit, scope } => (
            format!("it did not finish within {} for one {}", seconds(*limit), of(scope)),
            "look for a loop that does not end, or a regular expression that tries too much",
        ),
        sandbox::Error::OutOfMemory { limit } => (
            format!("it needs more memory than the {} MiB that it may have", limit >> 20),
            "look for a text or a list that grows and grows",
        ),
        sandbox::Error::StackOverflow => (
            "it calls itself too deeply".to_owned(),
            "look for a function that calls itself, or data that contains itself",
        ),
        sandbox::Error::GuestPanic(_) => (
            "the interpreter gave up".to_owned(),
            "look for code that changes Python itself, or calls itself too deeply",
        ),
        // The engine's words for it, which name no limit.
        sandbox::Error::Trapped(why) if why.contains("fuel allocated for hostcalls") => (
            format!(
                "it handed over more than the {} MiB that it may at once",
                sandbox::Limits::default().hostcall_bytes >> 20
            ),
            "make smaller values: those of all records of a page count together",
        ),
        other => (
            other.to_string().replace("the component was stopped: ", ""),
            "what code may do stands in docs/python.md",
        ),
    };
    let records = records.map_or_else(String::new, |(first, last)| {
        format!(" (records {first} to {last} of this run)")
    });
    (format!("{what}{records}"), hint)
}

fn of(scope: &str) -> &str {
    if scope == "call" { "page" } else { scope }
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_be_stopped_has_its_words_and_its_remedy() {
        let limit = Duration::from_secs(10);
        let stopped = |source: sandbox::Error| stopped(&source, Some((1, 200)));
        for (source, words, remedy) in [
            (
                sandbox::Error::OutOfTime { scope: "call", limit },
                "it used up its 10 s of processor time for one page (records 1 to 200 of this run)",
                "a loop that does not end",
            ),
            (
                sandbox::Error::TooSlow { scope: "run", limit },
                "it did not finish within 10 s for one run (records 1 to 200 of this run)",
                "a loop that does not end",
            ),
            (
                sandbox::Error::OutOfMemory { limit: 128 << 20 },
                "it needs more memory than the 128 MiB that it may have (records 1 to 200 of this run)",
                "grows and grows",
            ),
            (
                sandbox::Error::StackOverflow,
                "it calls itself too deeply (records 1 to 200 of this run)",
                "calls itself",
            ),
            (
                sandbox::Error::GuestPanic(String::new()),
                "the interpreter gave up (records 1 to 200 of this run)",
                "changes Python itself",
            ),
            (
                sandbox::Error::Trapped("fuel allocated for hostcalls has been exhausted".to_owned()),
                "it handed over more than the 16 MiB that it may at once (records 1 to 200 of this run)",
                "make smaller values",
            ),
            (
                sandbox::Error::Trapped("it asked to end the program".to_owned()),
                "it asked to end the program (records 1 to 200 of this run)",
                "docs/python.md",
            ),
        ] {
            let (said, hint) = stopped(source);
            assert_eq!(said, words);
            assert!(hint.contains(remedy), "{hint}");
        }
    }
}
