//! SIGINT and SIGTERM: the first asks to stop, the second ends the program.

use super::exit::Exit;
use super::output::say;
use crate::run::Stop;

/// Listens from now on.
pub(super) fn listen(stop: Stop) {
    tokio::spawn(async move {
        signal().await;
        say("stopping: nothing more is read, and uploads that are under way are finished (once more to end at once)");
        stop.ask();
        signal().await;
        #[expect(clippy::exit, reason = "whoever asks twice does not want to wait for anything")]
        std::process::exit(Exit::Interrupted.code().into());
    });
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // The machine gives none: the signal keeps its own effect, which ends the program.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
