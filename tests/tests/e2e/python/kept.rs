//! The interpreter, unpacked once into the user's cache directory.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use oomnitza_tests::Program;

use super::{ini, try_records};

fn sample() -> Program {
    Program::with(&ini("", "    return record.a", &[]))
}

fn works(program: &Program) {
    assert_eq!(try_records(program, "{\"a\": 1}\n")[0].status, "stays");
}

/// What is kept of interpreters.
fn kept(program: &Program) -> Vec<PathBuf> {
    let files = program
        .files()
        .into_iter()
        .filter(|path| path.to_string_lossy().contains("interpreter-"));
    files.map(|path| program.home().join(path)).collect()
}

#[test]
fn it_is_kept_privately_and_what_others_may_have_written_is_not_believed() {
    let program = sample();
    works(&program);
    let [file] = &kept(&program)[..] else {
        panic!("{:?}", kept(&program))
    };
    let mode = |path: &PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(file), 0o600);
    let whole = std::fs::read(file).unwrap();
    for (damaged, bits) in [
        (&b""[..], 0o600),
        (b"damaged", 0o600),
        (&whole[..4_096], 0o600),
        (b"by others", 0o660),
    ] {
        std::fs::remove_file(file).unwrap();
        std::fs::write(file, damaged).unwrap();
        std::fs::set_permissions(file, PermissionsExt::from_mode(bits)).unwrap();
        works(&program);
        assert_eq!((std::fs::read(file).unwrap() == whole, mode(file)), (true, 0o600));
    }
}

#[test]
fn what_another_version_left_is_removed() {
    let program = sample();
    let old = program.write(".cache/oomnitza-connector/compiled/interpreter-old.cwasm", b"old");
    let other = program.write(".cache/oomnitza-connector/compiled/other.cwasm", b"other");
    works(&program);
    assert!(!old.exists() && other.exists());
    assert_eq!(kept(&program).len(), 1);
}

/// As cron starts them: all at once, and none has been there before.
#[test]
fn several_first_starts_at_once_keep_it() {
    // A log of their own: the other one's configuration would be written while others read it.
    let program = sample().with_its_own_log().env("RUST_LOG", "warn");
    program.write("record.json", b"{\"a\": 1}");
    let arguments = ["filter", "test", "--section", "okta", "--record", "record.json"];
    let running: Vec<_> = (0..8).map(|_| program.launch(&arguments)).collect();
    for running in running {
        let output = running.end();
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{output}");
    }
    assert_eq!(kept(&program).len(), 1, "{:?}", kept(&program));
    let ours = kept(&program).remove(0);
    let other = ours.with_file_name("interpreter-x.4711-00c0ffee00c0ffee.part");
    let under_way = std::fs::File::create(&other).unwrap();
    under_way.lock().unwrap();
    std::fs::remove_file(ours).unwrap();
    works(&program);
    assert!(other.exists(), "somebody is writing it");
}

#[test]
fn without_a_place_to_keep_it_it_is_unpacked_each_time() {
    let program = sample().env("HOME", "");
    works(&program);
    assert_eq!(kept(&program), Vec::<PathBuf>::new());
    let program = sample();
    // Where the directory would be is a file: that stops root as well.
    program.write(".cache/oomnitza-connector", b"");
    works(&program);
    let output = program.run(&["filter", "test", "--section", "okta", "--record", "records.jsonl"]);
    assert!(
        output.stderr.contains("the unpacked interpreter could not be kept"),
        "{output}"
    );
}
