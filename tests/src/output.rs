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

    /// The records of the requests that `--testmode` shows, one request a line, each as it would be sent.
    pub fn shown(&self) -> Vec<String> {
        #[derive(serde::Deserialize)]
        struct Shown {
            method: String,
            path: String,
            body: Vec<Box<serde_json::value::RawValue>>,
        }
        let mut records = Vec::new();
        for line in self.stdout.lines() {
            let shown: Shown = serde_json::from_str(line).expect("a request as JSON");
            assert!(
                shown.method == "POST" && shown.path.starts_with("/api/v2/bulk/"),
                "{line}"
            );
            records.extend(shown.body.iter().map(|record| record.get().to_owned()));
        }
        records
    }

    /// What it said to people only.
    pub fn without_stdout(self) -> Self {
        Self {
            stdout: String::new(),
            ..self
        }
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

/// `text` without what differs from run to run: ports, cursors, times, rates, the home directory, when a file was made.
pub fn settled(text: &str, home: &str) -> String {
    let mut settled = text.replace(home, "[HOME]");
    let files: Vec<&str> = settled.split(".jsonl").collect();
    let last = files.len() - 1;
    let timeless =
        |(index, file): (usize, &&str)| match file.trim_end_matches(|character: char| character.is_ascii_digit()) {
            name if index < last && name.len() < file.len() => format!("{name}[TIME]"),
            _ => (*file).to_owned(),
        };
    settled = files
        .iter()
        .enumerate()
        .map(timeless)
        .collect::<Vec<_>>()
        .join(".jsonl");
    for host in ["127.0.0.1:", "localhost:"] {
        settled = replace(&settled, host, "[PORT]", |character| character.is_ascii_digit());
    }
    settled = replace(&settled, "?after=", "[CURSOR]", |character| {
        character.is_ascii_alphanumeric()
    });
    settled
        .lines()
        .map(|line| match (line.find(" in "), line.find("/s)")) {
            (Some(start), Some(end)) if start < end => format!("{} in [TIME]{}\n", &line[..start], &line[end + 3..]),
            _ => format!("{line}\n"),
        })
        .collect()
}

/// Replaces what is made of such characters behind each `before`.
fn replace(text: &str, before: &str, with: &str, is_part: fn(char) -> bool) -> String {
    let mut parts = text.split(before);
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        replaced.push_str(before);
        replaced.push_str(with);
        replaced.push_str(part.trim_start_matches(is_part));
    }
    replaced
}
