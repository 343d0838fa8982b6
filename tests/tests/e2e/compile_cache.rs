//! The cache of compiled components: private, keyed by what was compiled, and believed only where nobody else can have written it.
//!
//! Compiled code is trusted, so the tests put *another* component's compiled code where the program could take it: if it does, the
//! other one's description, which no host accepts, shows.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use oomnitza_tests::Program;

use crate::components::fixture;
use crate::configuration::OOMNITZA;

/// What shows that the good component runs: its section lacks a setting.
const GOOD: &str = "[fixture] url: is missing";

/// What shows that the other component's code runs.
const OTHER: &str = "the component's description cannot be used";

/// A home with the good component in its connectors directory.
fn program() -> Program {
    let program = Program::with(&format!("{OOMNITZA}[fixture]\nenable = True\n"));
    program.write("connectors/fixture.wasm", &fixture("good"));
    program
}

/// Runs it as far as its description, and says which component's it was.
fn runs(program: &Program) -> &'static str {
    let output = program.run(&["upload", "fixture"]);
    match [GOOD, OTHER].into_iter().find(|text| output.stderr.contains(text)) {
        Some(text) => text,
        None => panic!("neither component ran\n{output}"),
    }
}

fn directory(program: &Program) -> PathBuf {
    program.home().join(".cache/oomnitza-connector/compiled")
}

/// The files of the cache.
fn cached(program: &Program) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory(program))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

fn only_cached(program: &Program) -> PathBuf {
    let files = cached(program);
    assert_eq!(files.len(), 1, "{files:?}");
    files.into_iter().next().unwrap()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Code that the program's own engine compiled, of the other component.
fn other_code() -> Vec<u8> {
    let program = program();
    program.write("connectors/fixture.wasm", &fixture("line-break"));
    assert_eq!(runs(&program), OTHER);
    std::fs::read(only_cached(&program)).unwrap()
}

#[test]
fn it_is_for_its_owner_only() {
    let program = program();
    runs(&program);
    assert_eq!(mode(&directory(&program)), 0o700);
    assert_eq!(mode(&only_cached(&program)), 0o600);
}

/// A process that was killed while it wrote leaves a part of a file, of up to 256 MiB.
#[test]
fn what_a_killed_run_left_is_removed_by_the_next_that_writes() {
    let program = program();
    let directory = directory(&program);
    std::fs::create_dir_all(&directory).unwrap();
    set_mode(&directory, 0o700);
    std::fs::write(directory.join("0123.4711-00c0ffee00c0ffee.part"), b"half").unwrap();
    runs(&program);
    assert_eq!(only_cached(&program).extension().unwrap(), "cwasm");
}

#[test]
fn a_second_run_uses_it() {
    let program = program();
    runs(&program);
    let file = only_cached(&program);
    let before = std::fs::metadata(&file).unwrap();
    assert_eq!(runs(&program), GOOD);
    let after = std::fs::metadata(only_cached(&program)).unwrap();
    let identity = |found: &std::fs::Metadata| (found.ino(), found.len(), found.mtime(), found.mtime_nsec());
    assert_eq!(identity(&before), identity(&after));
    // What the file holds is what runs: this is why nobody else may write it.
    std::fs::write(&file, other_code()).unwrap();
    assert_eq!(runs(&program), OTHER);
}

#[test]
fn a_changed_component_is_compiled_anew() {
    let program = program();
    assert_eq!(runs(&program), GOOD);
    let first = only_cached(&program);
    program.write("connectors/fixture.wasm", &fixture("line-break"));
    assert_eq!(runs(&program), OTHER);
    let files = cached(&program);
    assert!(files.len() == 2 && files.contains(&first), "{files:?}");
}

#[test]
fn a_file_that_others_can_write_is_not_used_and_is_replaced() {
    let (program, other) = (program(), other_code());
    runs(&program);
    let file = only_cached(&program);
    for bits in [0o620, 0o602, 0o640, 0o604] {
        std::fs::write(&file, &other).unwrap();
        set_mode(&file, bits);
        assert_eq!(runs(&program), GOOD, "{bits:o}");
        assert_eq!(mode(&only_cached(&program)), 0o600);
    }
}

#[test]
fn a_directory_that_others_can_write_is_not_used_and_is_closed() {
    let (program, other) = (program(), other_code());
    runs(&program);
    let file = only_cached(&program);
    for bits in [0o770, 0o707, 0o777] {
        std::fs::write(&file, &other).unwrap();
        set_mode(&directory(&program), bits);
        assert_eq!(runs(&program), GOOD, "{bits:o}");
        assert_eq!(mode(&directory(&program)), 0o700);
    }
}

#[test]
fn a_link_is_not_followed() {
    let (program, other) = (program(), other_code());
    runs(&program);
    let file = only_cached(&program);
    let elsewhere = program.write("elsewhere.cwasm", &other);
    set_mode(&elsewhere, 0o600);
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    assert_eq!(runs(&program), GOOD);
    assert!(!file.is_symlink(), "it is replaced");
    assert_eq!(
        std::fs::read(&elsewhere).unwrap(),
        other,
        "what it led to is left alone"
    );
}

#[test]
fn a_damaged_file_is_replaced() {
    let program = program();
    runs(&program);
    let file = only_cached(&program);
    let whole = std::fs::read(&file).unwrap();
    for damaged in [&b""[..], b"damaged", &whole[..64], &whole[..whole.len() / 2]] {
        std::fs::write(&file, damaged).unwrap();
        assert_eq!(runs(&program), GOOD, "{} bytes", damaged.len());
        assert_eq!(std::fs::read(&file).unwrap().len(), whole.len());
    }
}

/// H-11.
#[test]
fn compiled_code_is_never_taken_from_where_a_component_came_from() {
    let (program, other) = (program(), other_code());
    program.write("connectors/fixture.cwasm", &other);
    assert_eq!(runs(&program), GOOD);
    program.write("connectors/fixture.wasm", &other);
    insta::assert_snapshot!(program.run(&["upload", "fixture"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [fixture] stopped: connector `fixture` (connectors/fixture.wasm) cannot be used
      Caused by: this is not a WebAssembly component: it is a native or already compiled file, which is never loaded
    hint: the file must be a whole component, as `make guests` or the connector's vendor builds it
    ");
}

#[test]
fn a_cache_that_cannot_be_written_costs_time_and_nothing_else() {
    let program = program();
    // Where the directory would be is a file: that stops root as well.
    program.write(".cache/oomnitza-connector", b"");
    assert_eq!(runs(&program), GOOD);
    let output = program.run(&["upload", "fixture"]);
    let warnings = output
        .stderr
        .lines()
        .filter(|line| line.contains("WARNING - the compiled component could not be kept path="));
    assert_eq!(warnings.count(), 1, "{output}");
}

#[test]
fn without_a_home_it_compiles_each_time() {
    let program = program().env("HOME", "");
    assert_eq!(runs(&program), GOOD);
    assert!(!directory(&program).exists());
}

#[test]
fn it_is_where_the_environment_says() {
    let elsewhere = tempfile::tempdir().unwrap();
    let program = program().env("XDG_CACHE_HOME", &elsewhere.path().display().to_string());
    assert_eq!(runs(&program), GOOD);
    assert!(elsewhere.path().join("oomnitza-connector/compiled").is_dir() && !directory(&program).exists());
    // A relative path there is to be ignored (XDG Base Directory Specification).
    let program = self::program().env("XDG_CACHE_HOME", "relative");
    assert_eq!(runs(&program), GOOD);
    assert!(directory(&program).is_dir() && !program.home().join("relative").exists());
}
