//! What a run printed.

use std::fmt;
use std::path::PathBuf;

/// What a run printed, and how it ended.
#[derive(Debug, Clone)]
pub struct Output {
    /// Exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    pub(crate) home: PathBuf,
}

impl Output {
    /// Its only JSON report.
    pub fn report(&self) -> serde_json::Value {
        let reports = self.reports();
        assert_eq!(reports.len(), 1, "one report was expected\n{self}");
        reports.into_iter().next().unwrap_or_default()
    }

    /// The JSON reports on standard output.
    pub fn reports(&self) -> Vec<serde_json::Value> {
        let is_report = |value: &serde_json::Value| value.get("section").is_some() && value.get("status").is_some();
        self.stdout
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter(is_report)
            .collect()
    }

    /// Counts of its only report: read, sent, filtered, rejected, failed.
    pub fn counts(&self) -> [u64; 5] {
        let report = self.report();
        ["read", "sent", "filtered", "rejected", "failed"].map(|name| report[name].as_u64().expect("a count"))
    }
}

/// As a snapshot shows it, without what differs from run to run.
impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let home = self.home.display().to_string();
        let code = self.code.map_or("a signal".to_owned(), |code| code.to_string());
        write!(
            f,
            "exit: {code}\n----- stdout\n{}----- stderr\n{}",
            settled(&self.stdout, &home),
            settled(&self.stderr, &home)
        )
    }
}

/// `text` without what differs from run to run: ports, times, rates, the home directory.
pub fn settled(text: &str, home: &str) -> String {
    let mut settled = text.replace(home, "[HOME]");
    settled = replace_digits(&settled, "127.0.0.1:", "[PORT]");
    settled = replace_digits(&settled, "localhost:", "[PORT]");
    settled
        .lines()
        .map(|line| match (line.find(" in "), line.find("/s)")) {
            (Some(start), Some(end)) if start < end => format!("{} in [TIME]{}\n", &line[..start], &line[end + 3..]),
            _ => format!("{line}\n"),
        })
        .collect()
}

/// Replaces the number behind each `before`.
fn replace_digits(text: &str, before: &str, with: &str) -> String {
    let mut parts = text.split(before);
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        replaced.push_str(before);
        replaced.push_str(with);
        replaced.push_str(part.trim_start_matches(|character: char| character.is_ascii_digit()));
    }
    replaced
}
