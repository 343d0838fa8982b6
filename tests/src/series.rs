//! One section, run again and again: what each run reads and what it delivers.

use oomnitza_connector::standin::oomnitza::{Fault, Oomnitza, Settings};
use serde_json::{Value, json};

use crate::{Fake, Output, Program};

/// A section that is run again and again against one source and one Oomnitza.
pub struct Series {
    section: String,
    destination: Oomnitza,
    /// The program, with what it keeps between runs in its home.
    pub program: Program,
}

impl Series {
    /// A section with these settings, in which `URL` stands for the source's address.
    pub fn of(section: &str, settings: &str, source: &Fake) -> Self {
        let destination = Oomnitza::start(Settings::default()).expect("an Oomnitza can be started");
        let program = Program::with(&format!(
            "[oomnitza]\nurl = {}\napi_token = stand-in-token\nretry_seconds = 0\n\n[{section}]\nenable = True\n{}\n",
            destination.url(),
            settings.replace("URL", &source.url())
        ));
        Self {
            section: section.to_owned(),
            destination,
            program,
        }
    }

    /// Makes uploads go wrong.
    pub fn inject(&self, fault: Fault) {
        self.destination.inject(fault);
    }

    /// Adds a line to the section.
    pub fn add(&self, line: &str) {
        let ini = std::fs::read_to_string(self.program.home().join("config.ini")).expect("the ini file is there");
        self.program.write("config.ini", format!("{ini}{line}\n").as_bytes());
    }

    /// Runs `upload` and more, which has to end with this exit code: the values of this field in the records that arrived, in an order of
    /// their own.
    pub fn upload(&self, more: &[&str], code: i32, field: &str) -> Vec<Value> {
        let before = self.destination.uploaded().len();
        let output = self.run(more);
        assert_eq!(output.code, Some(code), "{output}");
        assert_eq!(self.destination.ledger().violations, Vec::<String>::new(), "{output}");
        let mut arrived: Vec<Value> = self.destination.uploaded()[before..]
            .iter()
            .map(|record| record[field].clone())
            .collect();
        arrived.sort_by_key(Value::to_string);
        arrived
    }

    /// Runs `upload` and more.
    pub fn run(&self, more: &[&str]) -> Output {
        let arguments = [&["upload", &self.section, "--json"], more].concat();
        self.program.run(&arguments)
    }

    /// Lets so many days pass: what was read last was read that much earlier.
    pub fn pass_days(&self, days: u64) {
        self.change(|entry| {
            let full_run = entry["full_run"].as_u64().expect("a time");
            entry["full_run"] = json!(full_run - days * 24 * 60 * 60);
        });
    }

    /// Says that the last run ended here.
    pub fn set_cursor(&self, cursor: &str) {
        self.change(|entry| entry["cursor"] = json!(cursor));
    }

    fn change(&self, change: impl Fn(&mut Value)) {
        for file in self.kept() {
            let mut entry: Value =
                serde_json::from_slice(&std::fs::read(&file).expect("it can be read")).expect("JSON");
            change(&mut entry);
            std::fs::write(&file, entry.to_string()).expect("it can be written");
        }
    }

    /// Where the last run ended, as it is kept.
    pub fn cursor(&self) -> Option<String> {
        let file = self.kept().pop()?;
        let entry: Value = serde_json::from_slice(&std::fs::read(file).expect("it can be read")).expect("JSON");
        entry["cursor"].as_str().map(str::to_owned)
    }

    fn kept(&self) -> Vec<std::path::PathBuf> {
        let files = self.program.files().into_iter();
        let kept = files.filter(|path| path.parent().is_some_and(|parent| parent.ends_with("cursors")));
        kept.map(|path| self.program.home().join(path)).collect()
    }
}
