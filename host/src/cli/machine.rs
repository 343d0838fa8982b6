//! What the program takes from the machine it runs on: environment and directories.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::net::Bundle;
use crate::net::backoff::Backoff;
use crate::sandbox::Limits;
use crate::secrets::{Kept, Keyring, Store};

/// The environment variable, if it is set to text.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Switches core dumps off: memory holds credentials, and a dump would put them on a disk, for others to read.
pub(super) fn keep_memory_private() {
    #[cfg(unix)]
    if let Err(error) = rlimit::setrlimit(rlimit::Resource::CORE, 0, 0) {
        tracing::warn!(%error, "core dumps cannot be switched off");
    }
}

/// Bytes up to which the allocator keeps what is freed, instead of giving it back to the system.
const KEPT_BYTES: usize = 8 << 20;

/// Keeps freed memory at hand. glibc maps what is larger than a threshold, and trims what is free at the end of a heap: pages of records
/// are that large, so that each of them would be taken anew from the system, which clears it. The thresholds follow the largest block that
/// was mapped and freed (`mallopt(3)`, M_MMAP_THRESHOLD), so one is, untouched. Other allocators take it for what it is, nothing.
pub(super) fn keep_memory_at_hand() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(KEPT_BYTES)));
}

/// The user's own directory for what can be made again.
pub(super) fn cache() -> Option<PathBuf> {
    directory("XDG_CACHE_HOME", ".cache", "Library/Caches")
}

/// The secrets that `secret set` keeps: in the user's own directory for what is set up by hand, and in the keyring.
/// `OOMNITZA_KEYRING_MS` shortens how long that may take where a test would wait.
pub(super) fn kept() -> Option<Kept> {
    let base = directory("XDG_CONFIG_HOME", ".config", "Library/Application Support")?;
    let longest = variable("OOMNITZA_KEYRING_MS").and_then(|value| value.parse().ok());
    Some(Kept {
        store: Store::new(base.join("secrets")),
        keyring: Keyring::find(&variable, longest.map_or(Duration::MAX, Duration::from_millis)),
    })
}

/// Where systemd looks for this user's units.
pub(super) fn units() -> Option<PathBuf> {
    let own = directory("XDG_CONFIG_HOME", ".config", ".config")?;
    Some(own.parent()?.join("systemd/user"))
}

/// The user's own directory for what is to be kept.
pub(super) fn state() -> Option<PathBuf> {
    directory("XDG_STATE_HOME", ".local/state", "Library/Application Support")
}

fn directory(xdg: &str, unix: &str, mac: &str) -> Option<PathBuf> {
    let path = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    // A relative path there is to be ignored (XDG Base Directory Specification).
    let base = if let Some(xdg) = path(xdg).filter(|path| path.is_absolute()) {
        xdg
    } else if cfg!(windows) {
        path("LOCALAPPDATA")?
    } else {
        path("HOME")?.join(if cfg!(target_os = "macos") { mac } else { unix })
    };
    Some(base.join("oomnitza-connector"))
}

/// Certificate authorities to trust instead of the machine's: what the Python connector's libraries read (`REQUESTS_CA_BUNDLE`, else
/// `CURL_CA_BUNDLE`), a file or a directory. `SSL_CERT_FILE` and `SSL_CERT_DIR` name the machine's own.
pub(super) fn bundle() -> Option<Bundle> {
    let named = |variable| {
        let path = std::env::var_os(variable).filter(|value| !value.is_empty())?.into();
        Some(Bundle { variable, path })
    };
    ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"].into_iter().find_map(named)
}

/// Whether the clock can be right: no time before 1970 or after 9999 is one that protocols, calendars and their libraries know.
pub(super) fn check_clock() -> Result<(), String> {
    plausible(SystemTime::now())
}

fn plausible(now: SystemTime) -> Result<(), String> {
    let says = match jiff::Timestamp::try_from(now) {
        Ok(now) if now >= jiff::Timestamp::UNIX_EPOCH => return Ok(()),
        Ok(now) => format!("{now:.0}"),
        Err(_) => "a time after the year 9999".to_owned(),
    };
    Err(format!("the clock of this machine says {says}"))
}

/// How long waits before another try are. `OOMNITZA_RETRY_BASE_MS` shortens them where a test would wait.
pub(super) fn backoff() -> Backoff {
    let default = Backoff::default();
    match variable("OOMNITZA_RETRY_BASE_MS")
        .and_then(|value| value.parse().ok())
        .map(Duration::from_millis)
    {
        Some(base) => Backoff {
            base,
            cap: default.cap.min(base * 30),
        },
        None => default,
    }
}

/// How long uploads that are under way may take once somebody asked to stop. `OOMNITZA_STOP_GRACE_MS` shortens it where a test would
/// wait.
pub(super) fn grace() -> Duration {
    let longest = Duration::from_secs(30);
    variable("OOMNITZA_STOP_GRACE_MS")
        .and_then(|value| value.parse().ok())
        .map_or(longest, |milliseconds| longest.min(Duration::from_millis(milliseconds)))
}

/// The limits of components. `OOMNITZA_COMPILE_MS` shortens the time for compiling where a test would wait.
pub(super) fn limits() -> Limits {
    let default = Limits::default();
    let shorter = variable("OOMNITZA_COMPILE_MS").and_then(|value| value.parse().ok());
    Limits {
        compile_wall: shorter.map_or(default.compile_wall, |milliseconds| {
            default.compile_wall.min(Duration::from_millis(milliseconds))
        }),
        ..default
    }
}

/// The machine's name.
pub(super) fn host() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

/// Cores that may be used.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_cannot_be_right_is_one_beyond_what_dates_are_written_for() {
        let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for right in [0, 1_800_000_000, 253_402_000_000] {
            assert_eq!(plausible(at(right)), Ok(()), "{right}");
        }
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(
            plausible(before).unwrap_err(),
            "the clock of this machine says 1969-12-31T23:59:59Z"
        );
        assert_eq!(
            plausible(at(253_402_300_800)).unwrap_err(),
            "the clock of this machine says a time after the year 9999"
        );
    }
}
