//! When: `--every 15m`, `--at 02:30`, `--days mon-fri`. Whatever is said here, every scheduler can do.

/// Minutes of an hour that intervals divide it by, and hours of a day.
const MINUTES: [u32; 11] = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30];
const HOURS: [u32; 7] = [1, 2, 3, 4, 6, 8, 12];

/// The days of a week, Sunday first, as cron counts them.
const NAMES: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// When something runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// At what time of these days.
    pub time: Time,
    /// On which days.
    pub days: Days,
}

/// At what time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Once a day.
    At {
        /// 0 to 23
        hour: u32,
        /// 0 to 59
        minute: u32,
    },
    /// Every so many minutes from the full hour on.
    Minutes(u32),
    /// Every so many hours from midnight on.
    Hours(u32),
}

/// Days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days([bool; 7]);

impl Days {
    /// All of them.
    pub const ALL: Self = Self([true; 7]);

    /// Those that are meant, Sunday being 0.
    pub fn numbers(self) -> impl Iterator<Item = usize> {
        self.0
            .into_iter()
            .enumerate()
            .filter(|(_, is_meant)| *is_meant)
            .map(|(number, _)| number)
    }

    /// Whether all of them are meant.
    pub fn is_all(self) -> bool {
        self == Self::ALL
    }

    fn parse(text: &str) -> Option<Self> {
        let number = |name: &str| {
            NAMES
                .iter()
                .position(|known| name.trim().to_ascii_lowercase() == *known)
        };
        let mut days = [false; 7];
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first)?, number(last)?);
            // `fri-mon` goes over the end of the week.
            let count = (last + 7 - first) % 7;
            for step in 0..=count {
                *days.get_mut((first + step) % 7)? = true;
            }
        }
        Some(Self(days))
    }
}

impl When {
    /// From the words of the command line.
    pub fn parse(every: Option<&str>, at: Option<&str>, days: Option<&str>) -> Result<Self, String> {
        let time = match (every, at) {
            (Some(every), None) => interval(every)?,
            (None, Some(at)) => {
                clock(at).ok_or_else(|| format!("`--at {at}` is no time of day: write it like `--at 02:30`"))?
            }
            _ => return Err("say when: `--every 1h`, or `--at 02:30`".to_owned()),
        };
        let days = match days {
            Some(days) => Days::parse(days).ok_or_else(|| {
                format!("`--days {days}` are no days: write them like `--days mon-fri` or `--days mon,thu`")
            })?,
            None => Days::ALL,
        };
        Ok(Self { time, days })
    }
}

fn interval(text: &str) -> Result<Time, String> {
    let parsed = match (text.strip_suffix('m'), text.strip_suffix('h')) {
        (Some(minutes), _) => minutes
            .parse()
            .ok()
            .filter(|minutes| MINUTES.contains(minutes))
            .map(Time::Minutes),
        (_, Some(hours)) => hours
            .parse()
            .ok()
            .filter(|hours| HOURS.contains(hours))
            .map(Time::Hours),
        _ => None,
    };
    let list = |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    parsed.ok_or_else(|| {
        format!(
            "`--every {text}` is not an interval that every scheduler knows: it is minutes that divide an hour ({}) or hours that divide a day ({}), like `--every 15m` or `--every 6h`",
            list(&MINUTES),
            list(&HOURS)
        )
    })
}

fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str, below: u32| {
        (text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse().ok())?
            .filter(|number| *number < below)
    };
    (minute.len() == 2).then_some(())?;
    Some(Time::At {
        hour: number(hour, 24)?,
        minute: number(minute, 60)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_say_when() {
        for (every, at, days, time, numbers) in [
            (
                None,
                Some("02:30"),
                None,
                Time::At { hour: 2, minute: 30 },
                vec![0, 1, 2, 3, 4, 5, 6],
            ),
            (
                None,
                Some("7:05"),
                Some("mon-fri"),
                Time::At { hour: 7, minute: 5 },
                vec![1, 2, 3, 4, 5],
            ),
            (Some("15m"), None, Some("Sat, sun"), Time::Minutes(15), vec![0, 6]),
            (
                Some("6h"),
                None,
                Some("fri-mon,wed"),
                Time::Hours(6),
                vec![0, 1, 3, 5, 6],
            ),
        ] {
            let when = When::parse(every, at, days).unwrap();
            assert_eq!((when.time, when.days.numbers().collect::<Vec<_>>()), (time, numbers));
        }
    }

    #[test]
    fn what_is_no_time_is_told() {
        for (every, at, days) in [
            (Some("7m"), None, None),
            (Some("90m"), None, None),
            (Some("h"), None, None),
            (Some("5h"), None, None),
            (Some("1d"), None, None),
            (Some(""), None, None),
            (None, Some("24:00"), None),
            (None, Some("2:5"), None),
            (None, Some("+2:30"), None),
            (None, Some("0230"), None),
            (Some("1h"), Some("02:30"), None),
            (None, None, Some("mon")),
            (Some("1h"), None, Some("weekdays")),
            (Some("1h"), None, Some("")),
        ] {
            assert!(When::parse(every, at, days).is_err(), "{every:?} {at:?} {days:?}");
        }
    }
}
