//! What a process has taken, as the system counts it (proc(5)).

use std::io::Read as _;
use std::process::Child;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How often memory is looked at. The system keeps the peak itself; only what is added in the last moment is missed.
const LOOK: Duration = Duration::from_millis(5);

/// Ticks a second in which the system shows processor time.
const TICKS: f64 = 100.0;

/// What a process has taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    /// Seconds from its start to its end.
    pub(crate) wall: f64,
    /// Seconds of processor, user and system.
    pub(crate) cpu: f64,
    /// The most memory it had at one time, MiB.
    pub(crate) peak: f64,
}

impl Spent {
    /// Waits for a process to end, which has to end well.
    pub(crate) fn by(mut child: Child, started: Instant) -> Self {
        let id = child.id();
        let (ended, end) = mpsc::channel::<()>();
        let looking = thread::spawn(move || {
            let mut most = 0.0;
            loop {
                most = peak(id).unwrap_or(most);
                if end.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout) {
                    return most;
                }
            }
        });
        // What it logs is read while it runs: a full pipe would hold it up for ever.
        let logged = child
            .stdout
            .take()
            .map(|mut stdout| thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink())));
        let mut said = String::new();
        if let Some(mut stderr) = child.stderr.take() {
            stderr.read_to_string(&mut said).expect("what it says can be read");
        }
        // Its end closes its output; the system has closed its accounts a moment later. Until somebody waits for it they stay.
        let cpu = loop {
            match accounts(id) {
                ('Z', cpu) => break cpu,
                _ => thread::sleep(Duration::from_micros(100)),
            }
        };
        let wall = started.elapsed().as_secs_f64();
        drop(ended);
        let peak = looking.join().expect("memory can be looked at");
        if let Some(logged) = logged {
            logged
                .join()
                .expect("its output can be read")
                .expect("its output can be read");
        }
        let status = child.wait().expect("it can be waited for");
        assert!(status.success(), "it ended with {status}: {said}");
        Self { wall, cpu, peak }
    }
}

/// A process's state, and its processor time in seconds.
fn accounts(id: u32) -> (char, f64) {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("the system keeps accounts");
    // The name in front may hold anything.
    let fields: Vec<&str> = text[text.rfind(')').expect("a name") + 1..]
        .split_whitespace()
        .collect();
    let ticks = |index: usize| fields[index].parse::<f64>().expect("a number");
    (
        fields[0].chars().next().expect("a state"),
        (ticks(11) + ticks(12)) / TICKS,
    )
}

/// The most memory a process has had so far, MiB; nothing once it has ended.
fn peak(id: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? / 1024.0)
}

/// The one in the middle.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
