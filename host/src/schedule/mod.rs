//! Schedules: the same run as a crontab's line, a systemd timer, a launchd agent or a task of Windows.
//!
//! Only texts are made here, and read again to find one's own among them; `cli` shows and installs them. What a scheduler cannot express is
//! refused in words.

pub mod cron;
pub mod launchd;
pub mod systemd;
mod when;
pub mod windows;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

pub use when::{Days, When};

use crate::files;

/// What is run, and when.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// This program, from the root.
    pub program: PathBuf,
    /// The ini file, from the root.
    pub ini: PathBuf,
    /// The sections.
    pub sections: Vec<String>,
    /// Further options, with their values.
    pub options: Vec<OsString>,
    /// When.
    pub when: When,
}

/// Why a schedule cannot be written, in words.
pub type Refusal = String;

impl Schedule {
    /// The name under which schedulers know it: what of the sections' names every scheduler takes, and what tells the file apart.
    pub fn id(&self) -> String {
        id(&self.sections, &self.ini)
    }

    /// The words of the command.
    fn words(&self) -> Result<Vec<&str>, Refusal> {
        let mut words: Vec<&OsStr> = vec![self.program.as_ref(), "upload".as_ref()];
        words.extend(self.sections.iter().map(OsStr::new));
        words.extend(["--ini".as_ref(), self.ini.as_os_str()]);
        words.extend(self.options.iter().map(OsString::as_os_str));
        let text = |word: &'_ OsStr| match word.to_str() {
            None => Err(format!("`{}` is not text in UTF-8", word.display())),
            Some(odd) if odd.contains(char::is_control) => {
                Err(format!("{odd:?} holds a character that no scheduler takes"))
            }
            Some(_) => Ok(()),
        };
        words.iter().copied().try_for_each(text)?;
        Ok(words.into_iter().filter_map(OsStr::to_str).collect())
    }

    /// What it does, for people.
    fn title(&self) -> String {
        format!("Upload {} to Oomnitza", self.sections.join(", "))
    }
}

/// The name of the schedule of these sections of an ini file.
pub fn id(sections: &[String], ini: &Path) -> String {
    let mut sections = sections.to_vec();
    sections.sort();
    sections.dedup();
    let names = sections.iter().map(String::as_bytes);
    let mark = files::hash(names.chain([ini.as_os_str().as_encoded_bytes()]));
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "._".contains(character);
    let joined = sections.join("_");
    let name: String = joined
        .chars()
        .take(60)
        .map(|character| if is_plain(character) { character } else { '_' })
        .collect();
    format!("oomnitza-connector-{name}-{mark:.8}")
}

/// A text in XML, as content of an element.
fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A schedule with every character in it that means something to somebody.
    fn odd() -> Schedule {
        Schedule {
            program: PathBuf::from("/opt/50% off/a \"b\" 'c' $d & <e>;#/oomnitza-connector"),
            ini: PathBuf::from("/etc/100%n/conf $(x) `y`.ini"),
            sections: vec!["ldap.Contractors & Sons".to_owned(), "okta".to_owned()],
            options: ["--connectors", "/srv/100% \"c\"", "--json"].map(OsString::from).into(),
            when: When::parse(None, Some("02:30"), Some("mon-fri")).unwrap(),
        }
    }

    #[test]
    fn a_schedule_has_a_name_that_every_scheduler_takes_and_no_other_has() {
        let one = odd();
        let id = one.id();
        assert!(
            id.starts_with("oomnitza-connector-ldap.Contractors___Sons_okta-"),
            "{id}"
        );
        let other = Schedule {
            ini: PathBuf::from("/other.ini"),
            ..one.clone()
        };
        assert_ne!(other.id(), id);
        let swapped = Schedule {
            sections: vec!["okta".to_owned(), "ldap.Contractors & Sons".to_owned()],
            ..one
        };
        assert_eq!(swapped.id(), id, "the same sections in another order");
    }

    #[test]
    fn odd_names_are_written_as_each_scheduler_wants_them() {
        let odd = odd();
        let all = [
            cron::block(&odd).unwrap(),
            systemd::service(&odd, true, Some("/home/a b")).unwrap(),
            systemd::timer(&odd),
            launchd::plist(&odd).unwrap(),
            windows::task(&odd).unwrap(),
        ];
        insta::assert_snapshot!(all.join("\n"));
    }

    #[test]
    fn what_no_scheduler_takes_is_refused() {
        let line_break = Schedule {
            sections: vec!["a\nb".to_owned()],
            ..odd()
        };
        for refusal in [
            cron::block(&line_break),
            systemd::service(&line_break, false, None),
            launchd::plist(&line_break),
            windows::task(&line_break),
        ] {
            assert_eq!(
                refusal.unwrap_err(),
                "\"a\\nb\" holds a character that no scheduler takes"
            );
        }
        let backslash = Schedule {
            ini: PathBuf::from(r"/etc/a\b.ini"),
            ..odd()
        };
        assert!(cron::block(&backslash).unwrap_err().contains("backslash"));
        assert!(systemd::service(&backslash, false, None).unwrap().contains(r"a\\b.ini"));
    }
}
