//! Runs of sources whose records are assets.

use oomnitza_connector::standin::oomnitza::{Oomnitza, Settings};
use serde_json::Value;

use crate::{Output, Program};

/// A stand-in Oomnitza that knows mappings for one name, and a program with one section beside it.
pub struct Audit {
    destination: Oomnitza,
    program: Program,
    section: String,
}

impl Audit {
    /// A section with these lines; Oomnitza keeps `mappings` under `mapping_name`.
    pub fn new(section: &str, lines: &str, mapping_name: &str, mappings: Value) -> Self {
        let mut settings = Settings::default();
        settings.mappings.insert(mapping_name.to_owned(), mappings);
        let destination = Oomnitza::start(settings).expect("a port on loopback");
        // One upload after the other, so that their order can be compared.
        let program = Program::with(&format!(
            "[oomnitza]\nurl = {}\napi_token = stand-in-token\nupload_parallel = 1\n\n[{section}]\nenable = True\n{lines}\n",
            destination.url()
        ));
        Self {
            destination,
            program,
            section: section.to_owned(),
        }
    }

    /// Runs the section.
    pub fn upload(&self) -> Output {
        self.program.run(&["upload", &self.section, "--json"])
    }

    /// Runs the section as a person does.
    pub fn upload_for_people(&self) -> Output {
        self.program.run(&["upload", &self.section])
    }

    /// Checks the section.
    pub fn check(&self) -> Output {
        self.program.run(&["check", &self.section])
    }

    /// Every body that Oomnitza took, a line each.
    pub fn bodies(&self) -> String {
        let ledger = self.destination.ledger();
        assert_eq!(ledger.violations, Vec::<String>::new());
        let taken = ledger.requests.iter().filter(|request| request.is_acknowledged);
        let bodies: Vec<String> = taken
            .map(|request| String::from_utf8_lossy(&request.body).into_owned())
            .collect();
        bodies.join("\n")
    }
}

/// How the only report of a run ends: its counts, misses and error.
impl Output {
    /// Counts, misses and error of its only report, a line each.
    pub fn summary(&self) -> String {
        let report = self.report();
        let counts =
            ["read", "sent", "filtered", "rejected", "failed", "missed"].map(|name| format!("{name} {}", report[name]));
        let mut lines = vec![format!(
            "{}: {}",
            report["status"].as_str().unwrap_or("?"),
            counts.join(", ")
        )];
        let misses = report["notes"]["misses"].as_object().into_iter().flatten();
        lines.extend(misses.map(|(reason, count)| format!("missed: {reason} ({count})")));
        if let Some(message) = report["error"]["message"].as_str() {
            lines.push(format!("error: {message}"));
            let causes = report["error"]["causes"].as_array().into_iter().flatten();
            lines.extend(causes.map(|cause| format!("  caused by: {}", cause.as_str().unwrap_or("?"))));
        }
        lines.join("\n")
    }
}
