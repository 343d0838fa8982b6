//! A task of the Windows Task Scheduler (schema version 1.2, learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema).

use super::when::Time;
use super::{Refusal, Schedule, xml};

/// Any day in the past that is a Sunday; only its time of day counts.
const START: &str = "2024-01-07";

const NAMES: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// The task's path in the scheduler's library.
pub fn path(id: &str) -> String {
    format!("\\Oomnitza\\{id}")
}

/// The task. It has no encoding in its declaration: the file that holds it begins with a byte order mark.
pub fn task(schedule: &Schedule) -> Result<String, Refusal> {
    let words = schedule.words()?;
    let (program, arguments) = words.split_first().ok_or("there is no command")?;
    let arguments: Vec<String> = arguments.iter().map(|word| argument(word)).collect();
    let (start, repetition) = match schedule.when.time {
        Time::At { hour, minute } => (format!("{hour:02}:{minute:02}"), None),
        Time::Minutes(minutes) => ("00:00".to_owned(), Some(format!("PT{minutes}M"))),
        Time::Hours(hours) => ("00:00".to_owned(), Some(format!("PT{hours}H"))),
    };
    let repetition = repetition.map_or_else(String::new, |interval| {
        format!("      <Repetition>\n        <Interval>{interval}</Interval>\n        <Duration>P1D</Duration>\n      </Repetition>\n")
    });
    let days = if schedule.when.days.is_all() {
        "      <ScheduleByDay>\n        <DaysInterval>1</DaysInterval>\n      </ScheduleByDay>\n".to_owned()
    } else {
        let names = schedule.when.days.numbers().filter_map(|day| NAMES.get(day));
        let names: String = names.map(|name| format!("<{name} />")).collect();
        format!(
            "      <ScheduleByWeek>\n        <DaysOfWeek>{names}</DaysOfWeek>\n        <WeeksInterval>1</WeeksInterval>\n      </ScheduleByWeek>\n"
        )
    };
    Ok(format!(
        "<?xml version=\"1.0\"?>
<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">
  <RegistrationInfo>
    <Description>{}</Description>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
{repetition}      <StartBoundary>{START}T{start}:00</StartBoundary>
      <Enabled>true</Enabled>
{days}    </CalendarTrigger>
  </Triggers>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>true</RunOnlyIfNetworkAvailable>
    <ExecutionTimeLimit>PT12H</ExecutionTimeLimit>
  </Settings>
  <Actions>
    <Exec>
      <Command>{}</Command>
      <Arguments>{}</Arguments>
    </Exec>
  </Actions>
</Task>
",
        xml(&schedule.title()),
        xml(program),
        xml(&arguments.join(" "))
    ))
}

/// A word as Windows programs divide their command line: backslashes count only before a quotation mark.
fn argument(word: &str) -> String {
    if !word.is_empty() && !word.contains([' ', '\t', '"']) {
        return word.to_owned();
    }
    let mut quoted = String::from("\"");
    let mut backslashes = 0;
    for character in word.chars() {
        match character {
            '\\' => backslashes += 1,
            '"' => quoted.push_str(&"\\".repeat(backslashes + 1)),
            _ => {}
        }
        if character != '\\' {
            backslashes = 0;
        }
        quoted.push(character);
    }
    quoted.push_str(&"\\".repeat(backslashes));
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_out_as_they_went_in() {
        for (word, expected) in [
            ("plain", "plain"),
            (r"C:\a\b.ini", r"C:\a\b.ini"),
            (r"C:\a b\", r#""C:\a b\\""#),
            ("a\"b", r#""a\"b""#),
            (r#"a\"b"#, r#""a\\\"b""#),
            ("", "\"\""),
        ] {
            assert_eq!(argument(word), expected, "{word}");
        }
    }
}
