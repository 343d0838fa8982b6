//! A small disk that can be full.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A disk in memory, in a directory of the test's, as long as the test runs.
pub struct Disk {
    at: PathBuf,
}

impl Disk {
    /// One with so many pages of 4 KiB at `at`, a directory that is made.
    pub fn with_pages(pages: u32, at: PathBuf) -> Self {
        std::fs::create_dir_all(&at).expect("directories can be made");
        let size = format!("size={}k,mode=700", pages * 4);
        run("mount", &["-t", "tmpfs", "-o", &size, "tmpfs"], &at);
        Self { at }
    }

    /// One without any room.
    pub fn full(at: PathBuf) -> Self {
        let disk = Self::with_pages(1, at);
        std::fs::write(disk.at.join("filler"), [0; 4 << 10]).expect("there is room for it");
        disk
    }

    /// The files in it, as paths below it, in order, without what fills it.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = crate::program::below(&self.at);
        files.retain(|file| file != Path::new("filler"));
        files.sort();
        files
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &["--lazy"], &self.at);
    }
}

fn run(program: &str, arguments: &[&str], at: &Path) {
    let status = Command::new(program).args(arguments).arg(at).status();
    assert!(
        status.as_ref().is_ok_and(std::process::ExitStatus::success),
        "`{program}` failed ({status:?}): disks of one's own are for root, as CI is"
    );
}
