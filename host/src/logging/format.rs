//! What a line looks like: Python's `%(name)s` fields with their widths, or JSON.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::fmt::strtime;
use serde::Serialize;

use super::moment;

/// The widest a field is made: what a file asks for beyond that is a slip of the pen.
const MOST_WIDE: usize = 200;

/// What is logged.
pub(super) struct Line<'a> {
    /// Python's number.
    pub(super) level: u8,
    pub(super) name: &'a str,
    pub(super) section: Option<&'a str>,
    pub(super) message: &'a str,
    pub(super) details: &'a [Detail],
    pub(super) time: Timestamp,
    pub(super) file: &'a str,
    pub(super) line: u32,
    /// When the program started.
    pub(super) since: Timestamp,
}

/// What belongs to a message and is not in its text.
pub(super) struct Detail {
    pub(super) name: &'static str,
    pub(super) value: String,
    /// A line of text has it in quotation marks. They come last: a secret is found only as it is.
    pub(super) is_text: bool,
}

/// How lines are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Format {
    /// One JSON object a line.
    Json,
    /// Pieces of text, and how times are written (`strftime`), if not as Python does by itself.
    Text(Vec<Piece>, Option<String>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Field(Field, Shape),
}

/// The fields of Python's log records that mean something here, and the section, which is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Name,
    LevelName,
    LevelNumber,
    Message,
    Time,
    Created,
    Milliseconds,
    SinceStart,
    Process,
    ProcessName,
    Thread,
    ThreadName,
    Path,
    File,
    Module,
    Function,
    LineNumber,
    Section,
}

/// `-8s`: how a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shape {
    is_left: bool,
    has_zeros: bool,
    width: usize,
    precision: Option<usize>,
    is_real: bool,
}

impl Field {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "name" => Self::Name,
            "levelname" => Self::LevelName,
            "levelno" => Self::LevelNumber,
            "message" => Self::Message,
            "asctime" => Self::Time,
            "created" => Self::Created,
            "msecs" => Self::Milliseconds,
            "relativeCreated" => Self::SinceStart,
            "process" => Self::Process,
            "processName" => Self::ProcessName,
            "thread" => Self::Thread,
            "threadName" => Self::ThreadName,
            "pathname" => Self::Path,
            "filename" => Self::File,
            "module" => Self::Module,
            "funcName" => Self::Function,
            "lineno" => Self::LineNumber,
            "section" => Self::Section,
            _ => return None,
        })
    }
}

/// Python's name of a level.
pub(super) fn level_name(level: u8) -> &'static str {
    match level {
        50.. => "CRITICAL",
        40.. => "ERROR",
        30.. => "WARNING",
        20.. => "INFO",
        10.. => "DEBUG",
        _ => "TRACE",
    }
}

impl Format {
    /// A format, and what of it is not understood: that stays as it was written.
    pub(super) fn parse(text: &str, date: Option<&str>) -> (Self, Vec<String>) {
        let (mut pieces, mut problems) = (Vec::new(), Vec::new());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            push(&mut pieces, before);
            rest = match field(after) {
                Ok((piece, rest)) => {
                    match piece {
                        Some(piece) => pieces.push(piece),
                        None => push(&mut pieces, "%"),
                    }
                    rest
                }
                Err(problem) => {
                    problems.push(problem);
                    push(&mut pieces, "%");
                    after
                }
            };
        }
        push(&mut pieces, rest);
        let date = date.filter(|date| {
            let is_good = strtime::format(date, &moment::local(Timestamp::UNIX_EPOCH)).is_ok();
            if !is_good {
                problems.push(format!("`{date}` is not a form of dates (strftime)"));
            }
            is_good
        });
        (Self::Text(pieces, date.map(str::to_owned)), problems)
    }

    /// The line, with its end.
    pub(super) fn write(&self, line: &Line<'_>) -> String {
        let mut written = match self {
            Self::Json => line.json(),
            Self::Text(pieces, date) => {
                let mut written = String::with_capacity(160);
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => written.push_str(text),
                        Piece::Field(field, shape) => line.write(&mut written, *field, *shape, date.as_deref()),
                    }
                }
                written
            }
        };
        written.push('\n');
        written
    }
}

fn push(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        Some(Piece::Text(before)) => before.push_str(text),
        _ if text.is_empty() => {}
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

/// What stands behind a `%`: a field, or nothing for `%%`; and the rest.
fn field(text: &str) -> Result<(Option<Piece>, &str), String> {
    if let Some(rest) = text.strip_prefix('%') {
        return Ok((None, rest));
    }
    let unknown = || {
        format!(
            "`%{}` is not a field",
            crate::redact::clean(text.split(' ').next().unwrap_or(text), 40)
        )
    };
    let (name, rest) = text
        .strip_prefix('(')
        .and_then(|text| text.split_once(')'))
        .ok_or_else(unknown)?;
    let flags = rest.trim_start_matches(['-', '0', '+', ' ', '#']);
    let (marks, after) = rest.split_at(rest.len() - flags.len());
    let (width, after) = number(after);
    let (precision, after) = match after.strip_prefix('.') {
        Some(after) => {
            let (precision, after) = number(after);
            (Some(precision.unwrap_or(0)), after)
        }
        None => (None, after),
    };
    let mut characters = after.chars();
    let conversion = characters.next().ok_or_else(unknown)?;
    if !"sdifFegGru".contains(conversion) {
        return Err(unknown());
    }
    let field = Field::named(name).ok_or_else(|| {
        format!(
            "`%({})` is not a field that there is here",
            crate::redact::clean(name, 40)
        )
    })?;
    let shape = Shape {
        is_left: marks.contains('-'),
        has_zeros: marks.contains('0') && !marks.contains('-') && conversion != 's',
        width: width.unwrap_or(0).min(MOST_WIDE),
        precision,
        is_real: "fFeEgG".contains(conversion),
    };
    Ok((Some(Piece::Field(field, shape)), characters.as_str()))
}

/// The number that a text begins with, if it does, and the rest.
fn number(text: &str) -> (Option<usize>, &str) {
    let rest = text.trim_start_matches(|character: char| character.is_ascii_digit());
    let digits = text.get(..text.len() - rest.len()).unwrap_or_default();
    // One that is too long is beyond every limit anyway.
    let number = (!digits.is_empty()).then(|| digits.parse().unwrap_or(usize::MAX));
    (number, rest)
}

/// A field's value.
enum Value<'a> {
    Text(&'a str),
    Number(i64),
    Real(f64),
}

impl Line<'_> {
    fn write(&self, to: &mut String, field: Field, shape: Shape, date: Option<&str>) {
        if shape == Shape::default() {
            match field {
                Field::Message => return self.write_message(to),
                Field::Time => return self.write_time(to, date),
                _ => {}
            }
        }
        let mut held = String::new();
        let value = match field {
            Field::Message => {
                self.write_message(&mut held);
                Value::Text(&held)
            }
            Field::Time => {
                self.write_time(&mut held, date);
                Value::Text(&held)
            }
            Field::Name => Value::Text(self.name),
            Field::LevelName => Value::Text(level_name(self.level)),
            Field::LevelNumber => Value::Number(self.level.into()),
            Field::Created => Value::Real(self.time.as_microsecond() as f64 / 1e6),
            Field::Milliseconds => Value::Real(f64::from(self.time.subsec_nanosecond()) / 1e6),
            Field::SinceStart => Value::Real(self.time.duration_since(self.since).as_secs_f64() * 1e3),
            Field::Process => Value::Number(std::process::id().into()),
            Field::ProcessName => Value::Text("MainProcess"),
            Field::Thread => Value::Number(0),
            Field::ThreadName => Value::Text("MainThread"),
            Field::Path => Value::Text(self.file),
            Field::File => Value::Text(base(self.file)),
            Field::Module => Value::Text(base(self.file).trim_end_matches(".rs")),
            Field::Function => Value::Text("<module>"),
            Field::LineNumber => Value::Number(self.line.into()),
            Field::Section => Value::Text(self.section.unwrap_or("-")),
        };
        shape.write(to, &value);
    }

    fn write_message(&self, to: &mut String) {
        // A report keeps its lines, which cannot pass for entries of their own.
        to.push_str(&self.message.replace('\n', "\n    "));
        for Detail { name, value, is_text } in self.details {
            // Whoever writes into a string cannot fail.
            _ = if *is_text {
                write!(to, " {name}={value:?}")
            } else {
                write!(to, " {name}={value}")
            };
        }
    }

    /// As Python does by itself: `2026-11-25 14:20:05,123`, in this machine's time.
    fn write_time(&self, to: &mut String, date: Option<&str>) {
        let time = moment::local(self.time);
        _ = match date {
            Some(date) => write!(to, "{}", time.strftime(date)),
            None => write!(
                to,
                "{:04}-{:02}-{:02} {:02}:{:02}:{:02},{:03}",
                time.year(),
                time.month(),
                time.day(),
                time.hour(),
                time.minute(),
                time.second(),
                time.subsec_nanosecond() / 1_000_000
            ),
        };
    }

    fn json(&self) -> String {
        #[derive(Serialize)]
        struct Json<'a> {
            time: String,
            level: &'a str,
            name: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            section: Option<&'a str>,
            message: &'a str,
            #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
            fields: serde_json::Map<String, serde_json::Value>,
        }
        let json = Json {
            time: format!("{:.3}", self.time),
            level: level_name(self.level),
            name: self.name,
            section: self.section,
            message: self.message,
            fields: self
                .details
                .iter()
                .map(|detail| (detail.name.to_owned(), detail.value.as_str().into()))
                .collect(),
        };
        // Texts only; this does not fail.
        serde_json::to_string(&json).unwrap_or_default()
    }
}

/// The name of a file without its directories.
fn base(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

impl Shape {
    fn write(self, to: &mut String, value: &Value<'_>) {
        let text = match value {
            Value::Text(text) => match self.precision {
                Some(most) => text.chars().take(most).collect(),
                None => (*text).to_owned(),
            },
            Value::Number(number) if self.is_real => format!("{:.*}", self.decimals(), *number as f64),
            Value::Number(number) => number.to_string(),
            Value::Real(real) if self.is_real => format!("{real:.*}", self.decimals()),
            Value::Real(real) => format!("{}", real.trunc()),
        };
        let missing = self.width.saturating_sub(text.chars().count());
        let padding = if self.has_zeros { '0' } else { ' ' };
        if !self.is_left {
            to.extend(std::iter::repeat_n(padding, missing));
        }
        to.push_str(&text);
        if self.is_left {
            to.extend(std::iter::repeat_n(' ', missing));
        }
    }

    /// Python writes six where nothing is said.
    fn decimals(self) -> usize {
        self.precision.unwrap_or(6).min(MOST_WIDE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(value: &str) -> [Detail; 1] {
        [Detail {
            name: "place",
            value: value.to_owned(),
            is_text: true,
        }]
    }

    fn line(format: &str, date: Option<&str>) -> String {
        let time: Timestamp = "2026-11-25T14:20:05.123456Z".parse().unwrap();
        let line = Line {
            level: 30,
            name: "connectors/okta",
            section: Some("okta.EU"),
            message: "it is late",
            details: &place("x"),
            time,
            file: "host/src/net/dial.rs",
            line: 7,
            since: time - jiff::SignedDuration::from_millis(1_500),
        };
        Format::parse(format, date).0.write(&line)
    }

    #[test]
    fn fields_are_written_as_python_writes_them() {
        for (format, expected) in [
            ("%(levelname)s - %(message)s", "WARNING - it is late place=\"x\"\n"),
            ("[%(levelname)-8s] %(name)s", "[WARNING ] connectors/okta\n"),
            ("%(levelname)8s|%(levelname).4s|%(levelno)05d", " WARNING|WARN|00030\n"),
            ("100 %% %(section)s", "100 % okta.EU\n"),
            ("%(filename)s:%(lineno)d %(module)s", "dial.rs:7 dial\n"),
            (
                "%(msecs)03d %(relativeCreated)d %(created).2f",
                "123 1500 1795616405.12\n",
            ),
            ("%(levelno)f %(processName)s", "30.000000 MainProcess\n"),
            ("plain", "plain\n"),
            ("", "\n"),
        ] {
            assert_eq!(line(format, None), expected, "{format}");
        }
    }

    #[test]
    fn times_are_this_machine_s() {
        let time = moment::local("2026-11-25T14:20:05Z".parse().unwrap());
        let plain = time.strftime("%Y-%m-%d %H:%M:%S").to_string();
        assert_eq!(line("%(asctime)s", None), format!("{plain},123\n"));
        assert_eq!(
            line("%(asctime)30s", Some("%d.%m. %H")),
            format!("{:>30}\n", time.strftime("%d.%m. %H").to_string())
        );
    }

    #[test]
    fn what_is_not_understood_is_named_and_stays() {
        for (format, problem) in [
            ("a %(user)s", "`%(user)` is not a field that there is here"),
            ("a %s b", "`%s` is not a field"),
            ("a %(name", "`%(name` is not a field"),
            ("a %(name)q", "`%(name)q` is not a field"),
            ("a %(name)", "`%(name)` is not a field"),
            ("a %", "`%` is not a field"),
        ] {
            let (parsed, problems) = Format::parse(format, None);
            assert_eq!(problems, [problem], "{format}");
            assert_eq!(parsed, Format::Text(vec![Piece::Text(format.to_owned())], None));
        }
        assert_eq!(
            Format::parse("", Some("%!")).1,
            ["`%!` is not a form of dates (strftime)"]
        );
        assert_eq!(line("%(name)999999999999999999999s", None).len(), MOST_WIDE + 1);
    }

    #[test]
    fn json_says_everything() {
        let line = Line {
            level: 20,
            name: "lib/connector",
            section: None,
            message: "two\nlines",
            details: &place("\"x\""),
            time: "2026-11-25T14:20:05.123456Z".parse().unwrap(),
            file: "",
            line: 0,
            since: Timestamp::UNIX_EPOCH,
        };
        assert_eq!(
            Format::Json.write(&line),
            "{\"time\":\"2026-11-25T14:20:05.123Z\",\"level\":\"INFO\",\"name\":\"lib/connector\",\
             \"message\":\"two\\nlines\",\"fields\":{\"place\":\"\\\"x\\\"\"}}\n"
        );
        assert_eq!(
            Format::parse("%(message)s", None).0.write(&line),
            "two\n    lines place=\"\\\"x\\\"\"\n"
        );
    }
}
