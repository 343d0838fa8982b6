//! An agent of macOS's launchd (launchd.plist(5)). Times that passed while the machine slept are made up for once.

use super::when::Time;
use super::{Refusal, Schedule, xml};

/// The agent's name, which is its file's too.
pub fn label(id: &str) -> String {
    format!("com.oomnitza.connector.{id}")
}

/// The property list.
pub fn plist(schedule: &Schedule) -> Result<String, Refusal> {
    let words = schedule.words()?;
    let arguments: String = words
        .iter()
        .map(|word| format!("        <string>{}</string>\n", xml(word)))
        .collect();
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">
<plist version=\"1.0\">
<dict>
    <key>Label</key>
    <string>{}</string>
    <key>ProgramArguments</key>
    <array>
{arguments}    </array>
    <key>ProcessType</key>
    <string>Background</string>
    <key>ExitTimeOut</key>
    <integer>45</integer>
    <key>StartCalendarInterval</key>
    <array>
{}    </array>
</dict>
</plist>
",
        label(&schedule.id()),
        times(schedule)
    ))
}

/// One entry for each time of each day that is meant: launchd knows no ranges.
fn times(schedule: &Schedule) -> String {
    let each = |step: u32, end: u32| (0..end).step_by(step.max(1) as usize);
    let times: Vec<(Option<u32>, u32)> = match schedule.when.time {
        Time::At { hour, minute } => vec![(Some(hour), minute)],
        Time::Minutes(minutes) => each(minutes, 60).map(|minute| (None, minute)).collect(),
        Time::Hours(hours) => each(hours, 24).map(|hour| (Some(hour), 0)).collect(),
    };
    let days: Vec<Option<usize>> = if schedule.when.days.is_all() {
        vec![None]
    } else {
        schedule.when.days.numbers().map(Some).collect()
    };
    let mut text = String::new();
    for day in days {
        for (hour, minute) in &times {
            let day = day
                .map(|day| format!("<key>Weekday</key><integer>{day}</integer>"))
                .unwrap_or_default();
            let hour = hour
                .map(|hour| format!("<key>Hour</key><integer>{hour}</integer>"))
                .unwrap_or_default();
            text.push_str(&format!(
                "        <dict>{day}{hour}<key>Minute</key><integer>{minute}</integer></dict>\n"
            ));
        }
    }
    text
}
