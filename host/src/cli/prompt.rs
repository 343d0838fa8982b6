//! Asking for what is not shown while it is typed.

use std::io::Result;

/// What is typed, or [`ErrorKind::Interrupted`] after a signal that ends the program; the terminal shows again what is typed then.
#[cfg(unix)]
pub(super) async fn hidden(prompt: String) -> Result<String> {
    use std::io::{Error, ErrorKind};
    use std::process::{Command, Stdio};

    use tokio::signal::unix::{SignalKind, signal};

    // While they are listened to they do not end the program at once.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let stty = |argument: &str| {
        let mut stty = Command::new("stty");
        stty.arg(argument).stdin(Stdio::inherit()).stderr(Stdio::null());
        stty.output().ok().filter(|output| output.status.success())
    };
    let settings = stty("-g").and_then(|output| String::from_utf8(output.stdout).ok());
    let (answer, answered) = tokio::sync::oneshot::channel();
    // Of its own: nobody waits for one that still reads the terminal.
    std::thread::spawn(move || answer.send(rpassword::prompt_password(prompt)));
    tokio::select! {
        // Of ^C it knows itself, which is no signal while it reads, and it puts the terminal back.
        biased;
        answer = answered => return answer.map_err(Error::other)?,
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    if let Some(settings) = settings {
        stty(settings.trim());
    }
    Err(ErrorKind::Interrupted.into())
}

/// What is typed. The console's settings are the system's affair where the program is ended.
#[cfg(not(unix))]
pub(super) async fn hidden(prompt: String) -> Result<String> {
    rpassword::prompt_password(prompt)
}
