//! Records that would be sent: a table on a terminal, one JSON object a line when piped.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};

use serde_json::Value;

use crate::redact::clean;
use crate::run::Preview;

/// Characters of a column: a longer value is cut.
const WIDTH: usize = 24;

/// The records of a section, shown on standard output.
pub(super) fn on_standard_output() -> Box<dyn Preview> {
    if std::io::stdout().is_terminal() {
        Box::new(Table { fields: Vec::new() })
    } else {
        Box::new(Lines)
    }
}

/// One JSON object a line, as it would be sent.
struct Lines;

impl Preview for Lines {
    fn start(&mut self, _fields: &[&str]) -> std::io::Result<()> {
        Ok(())
    }

    fn record(&mut self, record: &[u8]) -> std::io::Result<()> {
        // A value may stand over several lines in the source; in JSON line breaks stand between tokens only, so blanks do as well.
        let mut line: Vec<u8> = record
            .iter()
            .map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte })
            .collect();
        line.push(b'\n');
        std::io::stdout().lock().write_all(&line)
    }
}

/// A table with one header line.
struct Table {
    fields: Vec<String>,
}

impl Preview for Table {
    fn start(&mut self, fields: &[&str]) -> std::io::Result<()> {
        self.fields = fields.iter().map(|field| (*field).to_owned()).collect();
        std::io::stdout()
            .lock()
            .write_all(format!("{}\n", row(fields.iter().copied().map(str::to_owned))).as_bytes())
    }

    fn record(&mut self, record: &[u8]) -> std::io::Result<()> {
        let values: BTreeMap<&str, Value> = serde_json::from_slice(record).unwrap_or_default();
        let cells = self.fields.iter().map(|field| match values.get(field.as_str()) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        });
        std::io::stdout()
            .lock()
            .write_all(format!("{}\n", row(cells)).as_bytes())
    }
}

fn row(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells
        .map(|cell| {
            let cell = clean(&cell, WIDTH * 4);
            let cut: String = if cell.chars().count() > WIDTH {
                cell.chars().take(WIDTH - 1).chain(['…']).collect()
            } else {
                cell
            };
            format!("{cut:<WIDTH$}")
        })
        .collect();
    cells.join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_one_width_and_nothing_moves_the_cursor() {
        let cells = ["USER", "a name that is longer than its column", "Zoë\x1b[31m"];
        assert_eq!(
            row(cells.into_iter().map(str::to_owned)),
            "USER                      a name that is longer t…  Zoë\\u{1b}[31m"
        );
    }
}
