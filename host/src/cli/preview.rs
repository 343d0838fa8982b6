//! Requests that would be sent: people as a table on a terminal, other bodies indented; one JSON object a line when piped.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};

use serde_json::Value;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::oomnitza::{indented, on_one_line};
use crate::redact::clean;
use crate::run::Preview;

/// How wide a column is at most: a longer value is cut.
const WIDEST: usize = 40;

/// A column is not made narrower than this, however narrow the terminal is.
const NARROWEST: usize = 6;

/// Between two columns.
const GAP: &str = "  ";

/// Columns of a terminal that does not say how many it has.
const DEFAULT_TERMINAL: usize = 80;

/// The requests of a section, shown on standard output.
pub(super) fn on_standard_output() -> Box<dyn Preview> {
    if io::stdout().is_terminal() {
        Box::new(Sheet::default())
    } else {
        Box::new(Lines)
    }
}

/// One JSON object a line: method, path and body of a request, the body as it would be sent.
struct Lines;

impl Preview for Lines {
    fn start(&mut self, _fields: &[&str], _is_people: bool) -> io::Result<()> {
        Ok(())
    }

    fn request(&mut self, path: &str, body: &[u8], _records: &[&[u8]]) -> io::Result<()> {
        let path = Value::from(path);
        let mut line = format!("{{\"method\":\"POST\",\"path\":{path},\"body\":").into_bytes();
        line.extend_from_slice(body);
        line.push(b'}');
        io::stdout().lock().write_all(&on_one_line(&line))
    }
}

/// What a person reads: a line that says what would be sent where, and the records.
#[derive(Default)]
struct Sheet {
    fields: Vec<String>,
    is_people: bool,
    /// Of the columns.
    widths: Vec<usize>,
    /// The line above the last request.
    head: String,
}

impl Preview for Sheet {
    fn start(&mut self, fields: &[&str], is_people: bool) -> io::Result<()> {
        self.fields = fields.iter().map(|field| (*field).to_owned()).collect();
        self.is_people = is_people;
        Ok(())
    }

    fn request(&mut self, path: &str, body: &[u8], records: &[&[u8]]) -> io::Result<()> {
        let count = match records.len() {
            1 if self.is_people => "1 record each".to_owned(),
            1 => "1 record".to_owned(),
            count => format!("{count} records"),
        };
        let head = format!("POST {} ({count})\n", clean(path, 200));
        let mut text = String::new();
        // Requests of one person stand together, as rows of one table.
        if !self.is_people || records.len() != 1 || head != self.head {
            text.push_str(&head);
        }
        self.head = head;
        if self.is_people {
            self.table(records, &mut text);
        } else {
            // In JSON only what is not plain text could move the cursor.
            let body = String::from_utf8_lossy(&indented(body)).into_owned();
            for line in body.lines() {
                text.push_str(&clean(line, usize::MAX));
                text.push('\n');
            }
        }
        io::stdout().lock().write_all(text.as_bytes())
    }
}

impl Sheet {
    fn table(&mut self, records: &[&[u8]], text: &mut String) {
        let rows: Vec<Vec<String>> = records.iter().map(|record| cells(&self.fields, record)).collect();
        if self.widths.is_empty() {
            let terminal = terminal_size::terminal_size().map_or(DEFAULT_TERMINAL, |(width, _)| width.0.into());
            self.widths = widths(&self.fields, &rows, terminal);
            text.push_str(&row(&self.fields, &self.widths));
        }
        for cells in &rows {
            text.push_str(&row(cells, &self.widths));
        }
    }
}

/// The values of a record in the order of the fields.
fn cells(fields: &[String], record: &[u8]) -> Vec<String> {
    let values: BTreeMap<&str, Value> = serde_json::from_slice(record).unwrap_or_default();
    let cell = |field: &String| match values.get(field.as_str()) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => clean(text, WIDEST * 4),
        Some(other) => clean(&other.to_string(), WIDEST * 4),
    };
    fields.iter().map(cell).collect()
}

/// As wide as columns may be, since values that come later may be longer than these. Where they do not fit side by side they lose what these
/// values do not need, those that have most of it first; then the widest are made narrower.
fn widths(fields: &[String], rows: &[Vec<String>], terminal: usize) -> Vec<usize> {
    let widest = |(index, field): (usize, &String)| {
        let cells = rows.iter().filter_map(|row| row.get(index));
        let widths = cells.chain([field]).map(|cell| cell.width());
        widths.max().unwrap_or_default().min(WIDEST)
    };
    let needed: Vec<usize> = fields.iter().enumerate().map(widest).collect();
    let mut widths = vec![WIDEST; needed.len()];
    let gaps = GAP.len() * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > terminal
        && let Some((width, needed)) = widths
            .iter_mut()
            .zip(&needed)
            .max_by_key(|(width, needed)| **width - **needed)
        && *width > *needed
    {
        *width -= 1;
    }
    while widths.iter().sum::<usize>() + gaps > terminal
        && let Some(widest) = widths.iter_mut().max()
        && *widest > NARROWEST
    {
        *widest -= 1;
    }
    widths
}

fn row(cells: &[String], widths: &[usize]) -> String {
    let cells: Vec<String> = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| {
            let mut shown = cell.clone();
            if cell.width() > *width {
                shown.clear();
                let mut room = width.saturating_sub(1);
                for character in cell.chars() {
                    let Some(rest) = room.checked_sub(character.width().unwrap_or(0)) else {
                        break;
                    };
                    room = rest;
                    shown.push(character);
                }
                shown.push('…');
            }
            let missing = width.saturating_sub(shown.width());
            shown + &" ".repeat(missing)
        })
        .collect();
    cells.join(GAP).trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(terminal: usize) -> String {
        let fields = ["USER", "EMAIL", "N"].map(str::to_owned).to_vec();
        let records: [&[u8]; 3] = [
            br#"{"USER":"ada","EMAIL":"ada.king@example.com","N":5}"#,
            r#"{"USER":"Zoë\u001b[31m","EMAIL":null,"N":{"a":1}}"#.as_bytes(),
            r#"{"USER":"山田 太郎","N":1}"#.as_bytes(),
        ];
        let rows: Vec<_> = records.iter().map(|record| cells(&fields, record)).collect();
        let widths = widths(&fields, &rows, terminal);
        row(&fields, &widths) + &rows.iter().map(|cells| row(cells, &widths)).collect::<String>()
    }

    #[test]
    fn a_table_has_room_for_longer_values_and_nothing_moves_the_cursor() {
        insta::assert_snapshot!(table(80), @r#"
        USER                       EMAIL                             N
        ada                        ada.king@example.com              5
        Zoë\u{1b}[31m                                                {"a":1}
        山田 太郎                                                    1
        "#);
    }

    #[test]
    fn a_table_fits_a_narrow_terminal_as_far_as_it_can() {
        insta::assert_snapshot!(table(30), @r#"
        USER        EMAIL      N
        ada         ada.king…  5
        Zoë\u{1b}…             {"a":1}
        山田 太郎              1
        "#);
        insta::assert_snapshot!(table(3), @r#"
        USER    EMAIL   N
        ada     ada.k…  5
        Zoë\u…          {"a":…
        山田 …          1
        "#);
    }
}
