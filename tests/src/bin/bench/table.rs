//! The table that is printed in the end.

use std::collections::BTreeMap;
use std::fmt;

/// What a figure should be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Aim {
    /// Ours is smaller.
    Below(f64),
    /// Ours is larger.
    Above(f64),
    /// The factor is no smaller.
    AtLeast(f64),
    /// The factor is no larger.
    AtMost(f64),
}

/// A line: our figure, perhaps another one beside it, and how they compare.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    what: String,
    unit: &'static str,
    ours: f64,
    other: Option<f64>,
    factor: Option<f64>,
    aim: Option<Aim>,
    wish: Option<f64>,
}

impl Row {
    pub(crate) fn new(what: &str, unit: &'static str, ours: f64) -> Self {
        Self {
            what: what.to_owned(),
            unit,
            ours,
            other: None,
            factor: None,
            aim: None,
            wish: None,
        }
    }

    /// With the figure of something else.
    pub(crate) fn other(self, other: f64) -> Self {
        Self {
            other: Some(other),
            ..self
        }
    }

    /// With how they compare.
    pub(crate) fn factor(self, factor: f64) -> Self {
        Self {
            factor: Some(factor),
            ..self
        }
    }

    pub(crate) fn aim(self, aim: Aim) -> Self {
        Self { aim: Some(aim), ..self }
    }

    /// With a factor that would be better still.
    pub(crate) fn wish(self, wish: f64) -> Self {
        Self {
            wish: Some(wish),
            ..self
        }
    }

    fn is_met(&self) -> Option<bool> {
        Some(match self.aim? {
            Aim::Below(most) => self.ours < most,
            Aim::Above(least) => self.ours > least,
            Aim::AtLeast(least) => self.factor? >= least,
            Aim::AtMost(most) => self.factor? <= most,
        })
    }

    fn cells(&self) -> [String; 7] {
        let aim = match self.aim {
            Some(Aim::Below(most)) => format!("< {most} {}", self.unit),
            Some(Aim::Above(least)) => format!("> {least} {}", self.unit),
            Some(Aim::AtLeast(least)) => format!("factor ≥ {least}"),
            Some(Aim::AtMost(most)) => format!("factor ≤ {most}"),
            None => String::new(),
        };
        let wish = self.wish.map(|wish| format!(", wish {wish}")).unwrap_or_default();
        let met = match self.is_met() {
            Some(true) if self.wish.is_some() && self.factor >= self.wish => "yes, and the wish",
            Some(true) => "yes",
            Some(false) => "NO",
            None => "",
        };
        [
            format!("  {}", self.what),
            figure(self.ours),
            self.other.map(figure).unwrap_or_default(),
            self.unit.to_owned(),
            self.factor.map(|factor| format!("{factor:.2}")).unwrap_or_default(),
            format!("{aim}{wish}"),
            met.to_owned(),
        ]
    }
}

/// A number with as many digits as mean something.
fn figure(value: f64) -> String {
    if value.abs() >= 1_000.0 {
        crate::size::thousands(value.round() as u64)
    } else if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else if value.abs() >= 10.0 {
        format!("{value:.1}")
    } else if value.abs() >= 0.1 {
        format!("{value:.2}")
    } else {
        format!("{value:.4}")
    }
}

/// All lines, in sections, and the figures that a later section compares.
#[derive(Debug, Default)]
pub(crate) struct Table {
    sections: Vec<(String, String, Vec<Row>)>,
    kept: BTreeMap<String, f64>,
}

impl Table {
    /// Begins a section; `other` is what our figures stand beside.
    pub(crate) fn section(&mut self, title: &str, other: &str) {
        eprintln!("measured: {title}");
        self.sections.push((title.to_owned(), other.to_owned(), Vec::new()));
    }

    pub(crate) fn row(&mut self, row: Row) {
        if let Some((_, _, rows)) = self.sections.last_mut() {
            rows.push(row);
        }
    }

    /// Keeps a figure, in seconds, for [`Table::kept`].
    pub(crate) fn keep(&mut self, name: &str, seconds: f64) {
        self.kept.insert(name.to_owned(), seconds);
    }

    pub(crate) fn kept(&self, name: &str) -> Option<f64> {
        self.kept.get(name).copied()
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.sections.iter().flat_map(|(_, _, rows)| rows)
    }

    /// How many aims are missed.
    pub(crate) fn missed(&self) -> usize {
        self.rows().filter(|row| row.is_met() == Some(false)).count()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: Vec<[String; 7]> = Vec::new();
        for (title, other, rows) in &self.sections {
            let factor = if rows.iter().any(|row| row.factor.is_some()) {
                "factor"
            } else {
                ""
            };
            let head = [title, "ours", other, "unit", factor, "aim", "met"];
            lines.push(head.map(str::to_owned));
            lines.extend(rows.iter().map(Row::cells));
        }
        let width = |column: usize| {
            lines
                .iter()
                .map(|cells| cells[column].chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: [usize; 7] = std::array::from_fn(width);
        for cells in &lines {
            if !cells[0].starts_with(' ') {
                writeln!(f)?;
            }
            let mut line = String::new();
            for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
                // Numbers are aligned at their ends, words at their beginnings.
                line += &match column {
                    1 | 2 | 4 => format!("{cell:>width$}  "),
                    _ => format!("{cell:<width$}  "),
                };
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        let aims = self.rows().filter(|row| row.aim.is_some()).count();
        write!(f, "\n{} of {aims} aims are met", aims - self.missed())
    }
}
