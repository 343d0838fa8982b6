//! Tests in a process of their own: what could end it ends no other test, and what is measured is theirs alone.

use std::process::Command;

/// Says which test is to run in this process.
const CHILD: &str = "OOMNITZA_HOSTILE_CHILD";

/// Runs `work` in a process of its own, which must end well by itself. `test` is the full name of the calling test.
pub(crate) fn in_child(test: &str, work: impl Future<Output = ()>) {
    if std::env::var_os(CHILD).is_some_and(|name| name == test) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        return runtime.block_on(work);
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads", "1"])
        .env(CHILD, test)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert_eq!(
        output.status.code(),
        Some(0),
        "{test} ended with {}\n{}\n{}",
        output.status,
        text[0],
        text[1]
    );
    assert!(text[0].contains("1 passed"), "there is no test {test}\n{}", text[0]);
}

/// The most memory that this process ever had, bytes.
pub(crate) fn most_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

/// How many files, sockets included, this process has open.
pub(crate) fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
