//! A systemd service and its timer (systemd.service(5), systemd.timer(5), systemd.time(7)).

use super::when::Time;
use super::{Refusal, Schedule};

/// The first line of each file, by which the own ones are told from others.
pub const MARK: &str = "# Written by `oomnitza-connector schedule`, which writes it anew and removes it.";

/// The service. One of the system is told its home, where the program keeps what it keeps; one of a user has it.
pub fn service(schedule: &Schedule, is_system: bool, home: Option<&str>) -> Result<String, Refusal> {
    let command: Vec<String> = schedule
        .words()?
        .into_iter()
        .map(|word| quoted(&word.replace('$', "$$")))
        .collect();
    let network = if is_system {
        "Wants=network-online.target\nAfter=network-online.target\n"
    } else {
        ""
    };
    let home = match home {
        Some(home) if is_system => format!("Environment={}\n", quoted(&format!("HOME={home}"))),
        _ => String::new(),
    };
    Ok(format!(
        "{MARK}
[Unit]
Description={}
{network}
[Service]
Type=oneshot
{home}ExecStart={}
# 3: stopped on request; 75: another run of a section is under way. Everything else but 0 is a failure of the unit.
SuccessExitStatus=3 75
# What is under way is finished within 30 seconds.
TimeoutStopSec=45
",
        schedule.title().replace('%', "%%"),
        command.join(" ")
    ))
}

/// The timer of the service of the same name.
pub fn timer(schedule: &Schedule) -> String {
    format!(
        "{MARK}
[Unit]
Description={}

[Timer]
OnCalendar={}
# A run that was missed while the machine was off is made up for.
Persistent=true

[Install]
WantedBy=timers.target
",
        schedule.title().replace('%', "%%"),
        calendar(schedule)
    )
}

/// When, as systemd says it.
pub fn calendar(schedule: &Schedule) -> String {
    const NAMES: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    let days = if schedule.when.days.is_all() {
        String::new()
    } else {
        let names = schedule.when.days.numbers().filter_map(|day| NAMES.get(day).copied());
        format!("{} ", names.collect::<Vec<_>>().join(","))
    };
    match schedule.when.time {
        Time::At { hour, minute } => format!("{days}*-*-* {hour:02}:{minute:02}:00"),
        Time::Minutes(minutes) => format!("{days}*-*-* *:00/{minutes}:00"),
        Time::Hours(hours) => format!("{days}*-*-* 00/{hours}:00:00"),
    }
}

/// A word with nothing in it that means something to systemd.
fn quoted(word: &str) -> String {
    let word = word.replace('%', "%%");
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "/._-+:,@%=".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        word
    } else {
        format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
    }
}
