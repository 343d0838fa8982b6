//! How large a component may be (H-09).

use oomnitza_tests::{Output, Program};

use crate::components::fixture;
use crate::configuration::OOMNITZA;

/// The fixture with so much in it that no code is; and what is said of it in a section with this setting.
fn of_mebibytes(mebibytes: usize, setting: &str) -> Output {
    let mut bytes = fixture("good");
    let filling = (mebibytes << 20) - bytes.len();
    // A custom section: its number, its size (LEB128), the length of its name, nothing, and the filling.
    bytes.push(0);
    let mut size = filling + 1;
    while size > 0x7f {
        bytes.push((size & 0x7f) as u8 | 0x80);
        size >>= 7;
    }
    bytes.push(size as u8);
    bytes.resize(bytes.len() + filling + 1, 0);
    let section = "[fixture]\nenable = True\nurl = http://127.0.0.1:9\nsync_field = NAME\n";
    let program = Program::with(&format!("{OOMNITZA}{section}{setting}"));
    program.write("connectors/fixture.wasm", &bytes);
    program.run(&["upload", "fixture"])
}

#[test]
fn a_component_that_is_larger_than_the_section_lets_it_be() {
    insta::assert_snapshot!(of_mebibytes(17, ""), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [fixture] stopped: connector `fixture` (connectors/fixture.wasm) cannot be used
      Caused by: the component has 17825798 bytes, the limit is 16777216
    hint: if its vendor says why it is so large, allow it with `max_component` in its section, 64 MiB at most
    ");
    insta::assert_snapshot!(of_mebibytes(33, "max_component = 32\n"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [fixture] stopped: connector `fixture` (connectors/fixture.wasm) cannot be used
      Caused by: the component has 34603014 bytes, the limit is 33554432
    hint: if its vendor says why it is so large, allow it with `max_component` in its section, 64 MiB at most
    ");
    // As far as Oomnitza, where nobody answers.
    let runs = of_mebibytes(17, "max_component = 32\n");
    assert_eq!(runs.code, Some(1), "{runs}");
    assert!(
        runs.stderr.contains("[oomnitza] cannot be used: no connection"),
        "{runs}"
    );
    insta::assert_snapshot!(of_mebibytes(17, "max_component = 65\nmax_memory = 5\n"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:9: [fixture] max_component: cannot be `65`
    hint: it is a whole number from 16 to 64; without the setting it is 16
    error: config.ini:10: [fixture] max_memory: cannot be `5`
    hint: it is a whole number from 256 to 1024; without the setting it is 256
    ");
    insta::assert_snapshot!(of_mebibytes(65, "max_component = 100\n"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [fixture] stopped: connector `fixture` (connectors/fixture.wasm) cannot be used
      Caused by: the component has 68157446 bytes, the limit is 67108864
    hint: if its vendor says why it is so large, allow it with `max_component` in its section, 64 MiB at most
    ");
}
