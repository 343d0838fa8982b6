//! Exit codes (docs/exit-codes.md): what a scheduler can decide by.

use std::process::ExitCode;

use crate::run::{Blame, Error, Report};

/// How an invocation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All records were sent.
    Done,
    /// A section failed.
    Failed,
    /// The command line or the configuration is wrong, and nothing ran.
    Config,
    /// Somebody stopped it; it is safe to run again.
    Interrupted,
    /// Done, but some records were rejected, or the source did not give them.
    Rejected,
    /// A defect of this program.
    Defect,
    /// Nothing is wrong, but another run of a section is under way (`EX_TEMPFAIL` of `sysexits.h`).
    Busy,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Config => 2,
            Self::Interrupted => 3,
            Self::Rejected => 4,
            Self::Defect => 70,
            Self::Busy => 75,
        }
    }

    /// The same where what was asked for could not be shown: that is a failure, if no graver thing is.
    pub(super) fn unshown(self) -> Self {
        match self {
            Self::Done | Self::Rejected | Self::Busy => Self::Failed,
            graver => graver,
        }
    }

    /// What the reports of an invocation make together.
    pub fn of(reports: &[Report]) -> Self {
        let is_busy = |report: &Report| matches!(report.error, Some(Error::Busy(_)));
        let blames = || {
            let failed = reports.iter().filter(|report| !is_busy(report));
            failed.filter_map(|report| report.error.as_ref()).map(Error::blame)
        };
        let is_misconfigured = |report: &Report| {
            report.read == 0
                && report
                    .error
                    .as_ref()
                    .is_some_and(|error| error.blame() == Blame::Config)
        };
        let nothing_ran = !reports.is_empty() && reports.iter().all(is_misconfigured);
        if blames().any(|blame| blame == Blame::Host) {
            Self::Defect
        } else if reports.iter().any(|report| report.is_interrupted) {
            Self::Interrupted
        } else if nothing_ran {
            Self::Config
        } else if blames().next().is_some() {
            Self::Failed
        } else if reports.iter().any(|report| report.rejected + report.lacking() > 0) {
            Self::Rejected
        } else if reports.iter().any(is_busy) {
            Self::Busy
        } else {
            Self::Done
        }
    }
}

impl From<Blame> for Exit {
    fn from(blame: Blame) -> Self {
        match blame {
            Blame::Config => Self::Config,
            Blame::Outside => Self::Failed,
            Blame::Host => Self::Defect,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_shown_is_a_failure_unless_there_is_a_graver_one() {
        for (exit, code) in [
            (Exit::Done, 1),
            (Exit::Rejected, 1),
            (Exit::Busy, 1),
            (Exit::Config, 2),
            (Exit::Interrupted, 3),
            (Exit::Defect, 70),
        ] {
            assert_eq!(exit.unshown().code(), code, "{exit:?}");
        }
    }

    #[test]
    fn the_worst_of_the_sections_decides() {
        let good = || Report {
            read: 2,
            sent: 2,
            ..Report::new("a")
        };
        let rejected = || Report {
            read: 2,
            sent: 1,
            rejected: 1,
            ..Report::new("b")
        };
        let missed = |gone| Report {
            missed: 2,
            gone,
            ..good()
        };
        let config = || Report::failed("c", Error::Config(vec![]));
        let outside = || {
            Report::failed(
                "d",
                Error::AllRefused {
                    count: 1,
                    reason: String::new(),
                },
            )
        };
        let defect = || Report::failed("e", Error::Bug(String::new()));
        let interrupted = || Report {
            is_interrupted: true,
            ..Report::new("f")
        };
        let busy = || Report::failed("g", Error::Busy(None));
        for (reports, code) in [
            (vec![good(), busy()], 75),
            (vec![busy(), config()], 1),
            (vec![busy(), rejected()], 4),
            (vec![busy(), interrupted()], 3),
            (vec![], 0),
            (vec![good()], 0),
            (vec![good(), rejected()], 4),
            (vec![missed(2)], 0),
            (vec![missed(1)], 4),
            (vec![missed(0), outside()], 1),
            (vec![good(), config()], 1),
            (vec![config(), config()], 2),
            (vec![rejected(), outside()], 1),
            (vec![interrupted(), outside()], 3),
            (vec![interrupted(), defect()], 70),
        ] {
            assert_eq!(Exit::of(&reports).code(), code, "{reports:?}");
        }
    }
}
