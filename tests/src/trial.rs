//! One section of one source, run against an Oomnitza that keeps what arrives.

use std::fmt::Write as _;

use oomnitza_connector::standin::oomnitza::{Oomnitza, Settings};
use serde_json::Value;

use crate::{Answer, Fake, Output, Program};

/// What a run came to.
pub struct Trial {
    /// What it printed, and how it ended.
    pub output: Output,
    /// What it uploaded: target and body, in an order of their own.
    pub uploads: Vec<(String, Value)>,
}

impl Trial {
    /// Runs `upload` on a section with these settings, in which `URL` stands for the source's address.
    pub fn of(section: &str, settings: &str, source: &Fake) -> Self {
        Self::run(&["upload", section, "--json"], section, settings, source)
    }

    /// Runs a command on a section.
    pub fn run(arguments: &[&str], section: &str, settings: &str, source: &Fake) -> Self {
        let destination = Oomnitza::start(Settings::default()).expect("an Oomnitza can be started");
        let program = Program::with(&format!(
            "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[{section}]\nenable = True\n{}\n",
            destination.url(),
            settings.replace("URL", &source.url())
        ));
        let output = program.run(arguments);
        let ledger = destination.ledger();
        assert_eq!(ledger.violations, Vec::<String>::new(), "{output}");
        let uploads = ledger.requests.iter().filter(|request| request.is_acknowledged);
        let mut uploads: Vec<(String, Value)> = uploads
            .map(|upload| {
                let target = upload.target.replace(env!("CARGO_PKG_VERSION"), "[VERSION]");
                (target, serde_json::from_slice(&upload.body).expect("bodies are JSON"))
            })
            .collect();
        uploads.sort_by_key(|(target, body)| format!("{target} {body}"));
        Self { output, uploads }
    }

    /// What a run that went well came to: what was asked, and what was uploaded, whole.
    pub fn story(&self, source: &Fake) -> String {
        assert_eq!(source.violations(), Vec::<String>::new(), "{}", self.output);
        assert_eq!(self.output.code, Some(0), "{}", self.output);
        let mut story = source.story();
        for (target, body) in &self.uploads {
            write!(story, "----- upload {target}\n{body:#}\n").expect("texts can be written");
        }
        story
    }
}

/// What runs print whose first requests go wrong, each in its way. `source` makes the source anew.
pub fn troubles(section: &str, settings: &str, source: impl Fn() -> Fake, answers: &[(&str, Answer)]) -> String {
    let mut told = String::new();
    for (name, answer) in answers {
        // Whatever can pass is asked for again, and goes wrong again.
        let source = (1..=20).fold(source(), |source, nth| source.instead(nth, answer.clone()));
        let trial = Trial::of(section, settings, &source);
        assert_eq!(trial.uploads, [], "{name}: {}", trial.output);
        let code = trial.output.code.unwrap_or(-1);
        let report = trial.output.report();
        let asked = source.asked().len();
        writeln!(told, "{name}: exit {code}, {asked} requests: {}", report["error"]).expect("texts can be written");
    }
    told
}
