//! SIGINT, SIGTERM and SIGHUP: the first asks to stop, a second SIGINT or SIGTERM ends the program. On Windows so do Ctrl+C, Ctrl+Break and a
//! console that is closed.

use super::exit::Exit;
use super::output::tell;
use crate::logging::Gravity;
use crate::run::Stop;

/// Listens from now on.
pub(super) fn listen(stop: Stop) {
    // The machine gives none: they keep their own effect, which ends the program.
    let Ok(mut signals) = Signals::listen() else { return };
    tokio::spawn(async move {
        signals.next().await;
        let text =
            "stopping: nothing more is read, and uploads that are under way are finished (once more to end at once)";
        tell(Gravity::Info, None, text);
        stop.ask();
        signals.again().await;
        #[expect(clippy::exit, reason = "whoever asks twice does not want to wait for anything")]
        std::process::exit(Exit::Interrupted.code().into());
    });
}

/// Listens from now on. What is returned ends with the first signal: for what writes nothing that would be left half done.
pub(super) fn asked_to_end() -> impl Future<Output = ()> {
    let signals = Signals::listen();
    async {
        match signals {
            Ok(mut signals) => signals.next().await,
            // As above.
            Err(_) => std::future::pending().await,
        }
        tell(Gravity::Info, None, "interrupted; it is safe to run it again");
    }
}

/// All of them, listened to without a gap: the second may follow the first at once.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// None where a terminal that is gone is to end nothing.
    hang_up: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: match std::fs::read_to_string("/proc/self/status") {
                Ok(status) if !ignores_hang_up(&status) => Some(signal(SignalKind::hangup())?),
                // `nohup`, or a system that does not say: the signal keeps the effect that it has.
                _ => None,
            },
        })
    }

    async fn next(&mut self) {
        let hang_up = async {
            match &mut self.hang_up {
                Some(hang_up) => hang_up.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hang_up => {}
        }
    }

    /// The next one of somebody who does not want to wait. SIGHUP is not: of a terminal that is gone both the system and the shell tell, and
    /// systemd may send it after SIGTERM.
    async fn again(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Whether a process ignores SIGHUP, by Linux's `/proc/PID/status`. One that does not say so does.
#[cfg(unix)]
fn ignores_hang_up(status: &str) -> bool {
    const SIGHUP: u64 = 1;
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_none_or(|mask| mask & SIGHUP != 0)
}

#[cfg(not(unix))]
struct Signals {
    interrupt: tokio::signal::windows::CtrlC,
    /// What other programs can send to this one alone.
    interrupt_group: tokio::signal::windows::CtrlBreak,
    /// The system leaves some seconds.
    close: tokio::signal::windows::CtrlClose,
}

#[cfg(not(unix))]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close};
        Ok(Self {
            interrupt: ctrl_c()?,
            interrupt_group: ctrl_break()?,
            close: ctrl_close()?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.interrupt_group.recv() => {}
            _ = self.close.recv() => {}
        }
    }

    async fn again(&mut self) {
        self.next().await;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_hang_up_that_is_ignored_stays_so() {
        for (status, expected) in [
            ("Name:\tx\nSigIgn:\t0000000000000001\nSigCgt:\t0000000000000000\n", true),
            ("SigIgn:\t0000000000001000\nSigCgt:\t0000000000000001\n", false),
            ("SigIgn:\tx\n", true),
            ("", true),
        ] {
            assert_eq!(ignores_hang_up(status), expected, "{status:?}");
        }
    }
}
