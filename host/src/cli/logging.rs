//! The log: lines on standard error. `RUST_LOG` says how much; without it warnings and errors.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Starts it. Only the first call has an effect.
pub(super) fn start() {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::WARN.into())
        .from_env_lossy();
    // It logs the server's texts as they come, and whole packets, the login's and the rows' among them.
    let filter = match "tiberius=off".parse() {
        Ok(silence) => filter.add_directive(silence),
        Err(_) => filter,
    };
    _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(super::progress::AboveTheLines::take)
        .with_target(false)
        // Colours are compiled out; asked for, they would be missed on standard error.
        .with_ansi(false)
        .without_time()
        // It would be told on standard error, which is what could not be written to.
        .log_internal_errors(false)
        .try_init();
}
