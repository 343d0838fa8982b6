//! SIGINT and SIGTERM: the first asks to stop, the second ends the program.

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
        signals.next().await;
        #[expect(clippy::exit, reason = "whoever asks twice does not want to wait for anything")]
        std::process::exit(Exit::Interrupted.code().into());
    });
}

/// Both signals, listened to without a gap: the second may follow the first at once.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(not(unix))]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
