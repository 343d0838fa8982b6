//! A block of a crontab. Lines of others are never touched.
//!
//! The command goes to a shell after cron itself has read it: `%` would end it, and `\%` is a `%` (crontab(5)).

use super::when::Time;
use super::{Refusal, Schedule};

/// Bytes of a command that every cron takes: Debian's refuses more, and others cut them off.
const LONGEST: usize = 998;

/// The block, with the marks by which it is found again.
pub fn block(schedule: &Schedule) -> Result<String, Refusal> {
    let mut command = Vec::new();
    for word in schedule.words()? {
        if word.contains('\\') {
            return Err(format!(
                "`{word}` holds a backslash, which not every cron reads the same way"
            ));
        }
        command.push(shell(word).replace('%', "\\%"));
    }
    let command = command.join(" ");
    if command.len() > LONGEST {
        return Err(format!(
            "the command has {} bytes, and cron takes {LONGEST}",
            command.len()
        ));
    }
    let (begin, end) = marks(&schedule.id());
    Ok(format!("{begin}\n{} {command}\n{end}\n", time(schedule)))
}

/// A crontab with the block in it, in place of the one that was there before.
pub fn with(crontab: &str, id: &str, block: &str) -> Result<String, Refusal> {
    let (before, after) = match around(crontab, id)? {
        Some((before, after)) => (before, after),
        None => (crontab, ""),
    };
    let gap = if before.is_empty() || before.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    Ok(format!("{before}{gap}{block}{after}"))
}

/// A crontab without the block; none where it has no such block.
pub fn without(crontab: &str, id: &str) -> Result<Option<String>, Refusal> {
    Ok(around(crontab, id)?.map(|(before, after)| format!("{before}{after}")))
}

/// What stands before and after the block.
fn around<'a>(crontab: &'a str, id: &str) -> Result<Option<(&'a str, &'a str)>, Refusal> {
    let (begin, end) = marks(id);
    let find = |mark: &str, from: usize| {
        let mut at = from;
        crontab.get(from..)?.split_inclusive('\n').find_map(|line| {
            let start = at;
            at += line.len();
            (line.trim_end() == mark).then_some((start, at))
        })
    };
    let Some((start, rest)) = find(&begin, 0) else {
        return Ok(None);
    };
    let Some((_, after)) = find(&end, rest) else {
        return Err(format!("the crontab has a line `{begin}` and no line `{end}` below it"));
    };
    Ok(Some((
        crontab.get(..start).unwrap_or_default(),
        crontab.get(after..).unwrap_or_default(),
    )))
}

fn marks(id: &str) -> (String, String) {
    (format!("# BEGIN {id}"), format!("# END {id}"))
}

fn time(schedule: &Schedule) -> String {
    let days = if schedule.when.days.is_all() {
        "*".to_owned()
    } else {
        schedule
            .when
            .days
            .numbers()
            .map(|day| day.to_string())
            .collect::<Vec<_>>()
            .join(",")
    };
    match schedule.when.time {
        Time::At { hour, minute } => format!("{minute} {hour} * * {days}"),
        Time::Minutes(minutes) => format!("*/{minutes} * * * {days}"),
        Time::Hours(hours) => format!("0 */{hours} * * {days}"),
    }
}

/// A word as a shell takes it.
fn shell(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "/._-+:,@".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        // A quotation mark itself stands between two quoted pieces, in marks of the other kind: a backslash would be cron's.
        format!("'{}'", word.replace('\'', "'\"'\"'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_block_changes() {
        let others = "MAILTO=ops\n# a comment\n0 1 * * * true\n";
        let once = with(others, "x", "# BEGIN x\n1\n# END x\n").unwrap();
        assert_eq!(once, format!("{others}# BEGIN x\n1\n# END x\n"));
        let more = format!("{once}5 5 * * * last without line break");
        let twice = with(&more, "x", "# BEGIN x\n2\n# END x\n").unwrap();
        assert_eq!(twice, more.replace("\n1\n", "\n2\n"));
        assert_eq!(
            without(&twice, "x").unwrap().unwrap(),
            format!("{others}5 5 * * * last without line break")
        );
        assert_eq!(without(&twice, "y").unwrap(), None);
        assert_eq!(with("a", "x", "b\n").unwrap(), "a\nb\n");
        let torn = "# BEGIN x\n1\n0 1 * * * true\n";
        assert!(with(torn, "x", "").is_err() && without(torn, "x").is_err());
    }
}
