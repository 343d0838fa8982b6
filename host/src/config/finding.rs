//! What is wrong with a configuration, and where.

use std::fmt;
use std::path::PathBuf;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing that would have to be mended.
    Note,
    /// Worth knowing; the section runs.
    Warning,
    /// The section cannot run.
    Error,
}

/// Where it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The file; empty where it is nothing of a file's, but of the environment.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The section.
    pub section: Option<String>,
    /// The setting.
    pub setting: Option<String>,
}

/// One thing that is wrong, where it is, and what can be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Where it is.
    pub place: Place,
    /// What it is.
    pub what: String,
    /// The line of the file that it is about, and below it a caret, where that helps.
    pub excerpt: Vec<String>,
    /// What can be done about it.
    pub remedy: Option<String>,
}

impl Finding {
    /// Whether one of these keeps what they are about from running.
    pub fn are_fatal(findings: &[Self]) -> bool {
        findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    pub(crate) fn error(place: Place, what: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            place,
            what: what.into(),
            excerpt: Vec::new(),
            remedy: None,
        }
    }

    pub(crate) fn warning(place: Place, what: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(place, what)
        }
    }

    pub(crate) fn note(place: Place, what: impl Into<String>) -> Self {
        Self {
            severity: Severity::Note,
            ..Self::error(place, what)
        }
    }

    pub(crate) fn excerpt(mut self, excerpt: Vec<String>) -> Self {
        self.excerpt = excerpt;
        self
    }

    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl Place {
    /// A place in this place's file: a section's setting on a line.
    pub(crate) fn at(&self, line: u32, section: &str, setting: Option<&str>) -> Self {
        Self {
            file: self.file.clone(),
            line: Some(line),
            section: Some(section.to_owned()),
            setting: setting.map(str::to_owned),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ":")?;
        if let Some(section) = &self.section {
            write!(f, " [{section}]")?;
        }
        if let Some(setting) = &self.setting {
            write!(f, " {setting}:")?;
        }
        Ok(())
    }
}

/// `config.ini:12: [okta] api_token: has no value`
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.file.as_os_str().is_empty() {
            return f.write_str(&self.what);
        }
        write!(f, "{} {}", self.place, self.what)
    }
}
