//! Components from outside: one that is none, or none for this host, is refused in words, whichever way it comes.

use std::path::Path;

use oomnitza_tests::{Answer, Fake, Output, Program, Series};

use crate::configuration::{OOMNITZA, Places};

/// A component that `make guests` built.
pub(crate) fn component(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../target/components")
        .join(format!("{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}: run `make build` first", path.display()))
}

/// The fixture (guests/fixtures) in one of its makes.
pub(crate) fn fixture(make: &str) -> Vec<u8> {
    let text = |make: &str| format!("{:<32}", format!("fixture-make:{make}"));
    overwritten(component("fixture"), &text("good"), &text(make))
}

/// `bytes` with every `from` overwritten by `to`, which is as long: no length and no offset in the component changes.
fn overwritten(mut bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len(), "{from} and {to} differ in length");
    let found: Vec<usize> = (0..bytes.len())
        .filter(|at| bytes[*at..].starts_with(from.as_bytes()))
        .collect();
    assert!(!found.is_empty(), "`{from}` is not in the component");
    for at in found {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}

/// The ways by which a component comes to the program.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// The directory `connectors` beside the ini file.
    Beside,
    /// `--connectors DIR`.
    Option,
    /// `OOMNITZA_CONNECTORS`.
    Environment,
    /// `component = FILE` in the section, relative to the ini file.
    Setting,
}

const WAYS: [Way; 4] = [Way::Beside, Way::Option, Way::Environment, Way::Setting];

/// Checks `[fixture]`, whose component comes this way. The program stands elsewhere than the ini file, as cron has it.
fn run(way: Way, bytes: &[u8]) -> Output {
    let section = "[fixture]\nenable = True\nurl = http://127.0.0.1:9\nsync_field = NAME\n";
    let setting = if matches!(way, Way::Setting) {
        "component = vendor/fixture.wasm\n"
    } else {
        ""
    };
    let mut program = Program::bare();
    program.write("conf/config.ini", format!("{OOMNITZA}{section}{setting}").as_bytes());
    let directory = if matches!(way, Way::Beside) {
        "conf/connectors"
    } else {
        "conf/vendor"
    };
    let file = program.write(&format!("{directory}/fixture.wasm"), bytes);
    let vendor = file.parent().unwrap().display().to_string();
    let mut arguments = vec!["upload", "fixture", "--ini", "conf/config.ini"];
    match way {
        Way::Option => arguments.extend(["--connectors", &vendor]),
        Way::Environment => program = program.env("OOMNITZA_CONNECTORS", &vendor),
        Way::Beside | Way::Setting => {}
    }
    program.run(&arguments)
}

/// Runs it all four ways; each must be refused before anything ran, and for the same reason.
fn refused(bytes: &[u8]) -> Output {
    let [first, others @ .., named] = WAYS.map(|way| run(way, bytes));
    let reason = |output: &Output| output.stderr.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    // The section's own line is to blame then, and told with its place.
    let (causes, hints): (Vec<_>, Vec<_>) = reason(&first)
        .into_iter()
        .partition(|line| line.starts_with("  Caused by: "));
    let cause = match causes.last() {
        Some(cause) => format!(
            "`vendor/fixture.wasm` cannot be used: {}",
            cause.trim_start_matches("  Caused by: ")
        ),
        None => {
            let line = first.stderr.lines().next().unwrap();
            line.split_once("stopped: ")
                .unwrap()
                .1
                .replace("conf/connectors", "conf/vendor")
        }
    };
    let told = named.stderr.lines().next().unwrap();
    assert_eq!(
        told,
        format!("error: conf/config.ini:9: [fixture] component: {cause}"),
        "{named}"
    );
    assert_eq!((named.code, reason(&named)), (Some(2), hints), "{named}");
    for output in &others {
        assert_eq!((output.code, reason(output)), (Some(2), reason(&first)), "{output}");
        assert!(
            output.stderr.contains("conf/vendor/fixture.wasm"),
            "it names the file\n{output}"
        );
    }
    first
}

#[test]
fn what_is_no_component_is_called_what_it_is() {
    insta::assert_snapshot!(refused(b""), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [fixture] stopped: connector `fixture` (conf/connectors/fixture.wasm) cannot be used
      Caused by: this is not a WebAssembly component: the file is empty
    hint: the file must be a whole component, as `make guests` or the connector's vendor builds it
    ");
    insta::assert_snapshot!(refused(b"\0asm\x01\0\0\0"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [fixture] stopped: connector `fixture` (conf/connectors/fixture.wasm) cannot be used
      Caused by: this is not a WebAssembly component: it is a core module; a component has to be made of it
    hint: the file must be a whole component, as `make guests` or the connector's vendor builds it
    ");
    insta::assert_snapshot!(refused(b"(component)\n"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [fixture] stopped: connector `fixture` (conf/connectors/fixture.wasm) cannot be used
      Caused by: this is not a WebAssembly component: it is text
    hint: the file must be a whole component, as `make guests` or the connector's vendor builds it
    ");
    insta::assert_snapshot!(refused(b"\x7fELF\x02\x01\x01\0"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [fixture] stopped: connector `fixture` (conf/connectors/fixture.wasm) cannot be used
      Caused by: this is not a WebAssembly component: it is a native or already compiled file, which is never loaded
    hint: the file must be a whole component, as `make guests` or the connector's vendor builds it
    ");
    insta::assert_snapshot!(refused(b"PK\x03\x04\x14\0\xff\xff"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [fixture] stopped: connector `fixture` (conf/connectors/fixture.wasm) cannot be used
      Caused by: this is not a WebAssembly component: it is an archive
    hint: the file must be a whole component, as `make guests` or the connector's vendor builds it
    ");
}

#[test]
fn a_component_that_is_cut_off_is_refused_wherever_it_is_cut() {
    let whole = component("fixture");
    for length in [
        1,
        4,
        7,
        8,
        9,
        64,
        1_000,
        whole.len() / 4,
        whole.len() / 2,
        whole.len() - 1,
    ] {
        let output = run(Way::Beside, &whole[..length]);
        assert_eq!(output.code, Some(2), "{length} bytes\n{output}");
        assert!(
            output.stderr.contains("connector `fixture` ("),
            "{length} bytes\n{output}"
        );
        assert_eq!(output.stderr.matches("\nhint: ").count(), 1, "{length} bytes\n{output}");
    }
    let half = run(Way::Beside, &whole[..whole.len() / 2]);
    assert!(
        half.stderr.contains("Caused by: the component cannot be compiled: "),
        "{half}"
    );
    assert!(
        half.stderr.contains("hint: the file must be a whole component"),
        "{half}"
    );
}

#[test]
fn a_component_for_another_version_of_the_contract() {
    insta::assert_snapshot!(refused(&overwritten(component("fixture"), "@0.1.0", "@0.2.0")), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [fixture] stopped: connector `fixture` (conf/connectors/fixture.wasm) cannot be used
      Caused by: the component was built for version 0.2.0 of the contract, this host supports 0.1.0
    hint: update oomnitza-connector, or ask the vendor for a build for this version
    ");
    insta::assert_snapshot!(refused(&overwritten(component("fixture"), "@0.1.0", "@0.0.9")), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [fixture] stopped: connector `fixture` (conf/connectors/fixture.wasm) cannot be used
      Caused by: the component was built for version 0.0.9 of the contract, this host supports 0.1.0
    hint: ask the connector's vendor for a newer build
    ");
}

/// H-12.
#[test]
fn a_component_that_imports_what_is_not_offered() {
    let ours = "oomnitza:connector/log@0.1.0";
    for foreign in [
        "wasi:cli/environment@0.2.100",
        "wasi:sockets/network@0.2.100",
        "oomnitza:connector/env@0.1.0",
    ] {
        let output = refused(&overwritten(component("fixture"), ours, foreign));
        assert!(output.stderr.contains(&format!("imports `{foreign}`")), "{output}");
    }
    insta::assert_snapshot!(refused(&overwritten(component("fixture"), ours, "wasi:cli/environment@0.2.100")), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [fixture] stopped: connector `fixture` (conf/connectors/fixture.wasm) cannot be used
      Caused by: the component imports `wasi:cli/environment@0.2.100`, which this host does not offer to a connector
    hint: the connector wants to do what connectors may not; ask its vendor why
    ");
}

#[test]
fn a_component_that_imports_what_its_description_names_no_endpoint_for() {
    insta::assert_snapshot!(refused(&fixture("no-endpoint")), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [fixture] stopped: connector `fixture` (conf/connectors/fixture.wasm) cannot be used
      Caused by: the component imports `oomnitza:connector/http@0.1.0`, but its description names no endpoint for it
    hint: the connector wants to do what connectors may not; ask its vendor why
    ");
}

#[test]
fn a_component_that_exports_nothing() {
    insta::assert_snapshot!(refused(b"\0asm\x0d\0\x01\0"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [fixture] stopped: connector `fixture` (conf/connectors/fixture.wasm) cannot be used
      Caused by: the component does not export `oomnitza:connector/source@0.1.0`
    hint: the file must be a whole component, as `make guests` or the connector's vendor builds it
    ");
}

#[test]
fn a_component_that_is_another_connector_than_its_name_says() {
    insta::assert_snapshot!(refused(&fixture("other-id")), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [fixture] stopped: the component conf/connectors/fixture.wasm is connector `another`, not `fixture`
    hint: name the section [another], or [another.something]
    ");
}

#[test]
fn a_component_whose_description_cannot_be_used() {
    insta::assert_snapshot!(refused(&fixture("line-break")), @r"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [fixture] stopped: connector `fixture` (conf/connectors/fixture.wasm) cannot be used
      Caused by: the component's description cannot be used: setting `api\ntoken` is not 1 to 40 of the letters a to z, digits and `_`
    hint: this is a defect of the connector; report it to whoever made it
    ");
    let large = refused(&fixture("large"));
    assert!(large.stderr.contains(" bytes, the limit is 262144\n"), "{large}");
    insta::assert_snapshot!(refused(&fixture("twice")), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [fixture] stopped: connector `fixture` (conf/connectors/fixture.wasm) cannot be used
      Caused by: the component's description cannot be used: it describes setting `url` twice
    hint: this is a defect of the connector; report it to whoever made it
    ");
    insta::assert_snapshot!(refused(&fixture("nameless")), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [fixture] stopped: connector `fixture` (conf/connectors/fixture.wasm) cannot be used
      Caused by: the component's description cannot be used: its title must have 1 to 80 characters, none of them a control character
    hint: this is a defect of the connector; report it to whoever made it
    ");
}

/// What every section may have is looked at all the same.
#[test]
fn a_component_that_is_not_there_hides_nothing_else() {
    let section = "component = no.wasm\nparallel = 0\nverify_ssl = x\nsome_setting = of its own\n";
    let program = Program::with(&format!("{OOMNITZA}[fixture]\nenable = True\n{section}"));
    let output = program.run(&["validate"]);
    insta::assert_snapshot!(output, @"
    exit: 2
    ----- stdout
    error: config.ini:7: [fixture] component: `no.wasm` cannot be used: No such file or directory (os error 2)
    hint: name a file that this program may read; `component = FILE` is relative to the ini file
    error: config.ini:8: [fixture] parallel: cannot be `0`
    hint: it is a whole number from 1 to 16; without the setting the connector's own number holds
    error: config.ini:9: [fixture] verify_ssl: `x` is neither true nor false
    hint: write `verify_ssl = True` or `verify_ssl = False`
    ----- stderr
    3 errors and 0 warnings; looked at oomnitza, fixture
    ");
    let uploaded = program.run(&["upload", "fixture"]);
    assert_eq!((uploaded.code, &uploaded.stderr), (Some(2), &output.stdout));
}

#[test]
fn a_component_that_is_not_where_the_section_says() {
    let ini = format!("{OOMNITZA}[fixture]\nenable = True\ncomponent = vendor/fixture.wasm\n");
    let program = Program::with(&ini);
    insta::assert_snapshot!(program.run(&["upload", "fixture"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:7: [fixture] component: `vendor/fixture.wasm` cannot be used: No such file or directory (os error 2)
    hint: name a file that this program may read; `component = FILE` is relative to the ini file
    ");
    program.write("vendor/fixture.wasm/inside", b"");
    insta::assert_snapshot!(program.run(&["upload", "fixture"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:7: [fixture] component: `vendor/fixture.wasm` cannot be used: it is not a plain file
    hint: name a file that this program may read; `component = FILE` is relative to the ini file
    ");
}

/// H-54 in kind: a section's name is a file's name only where it cannot lead out of the directory.
#[test]
fn a_section_s_name_does_not_lead_out_of_the_directory() {
    let program = Program::with(&format!("{OOMNITZA}[../vendor/fixture]\nenable = True\n"));
    program.write("vendor/fixture.wasm", &fixture("good"));
    program.write("connectors/other.wasm", b"");
    let output = program.run(&["upload", "../vendor/fixture"]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(output.stderr.contains("there is no connector"), "{output}");
}

#[test]
fn a_good_component_runs_whichever_way_it_comes() {
    for way in WAYS {
        let output = run(way, &fixture("good"));
        // As far as Oomnitza, where nobody answers.
        assert_eq!(output.code, Some(1), "{way:?}\n{output}");
        assert!(
            output.stderr.contains("[oomnitza] cannot be used: no connection"),
            "{way:?}\n{output}"
        );
    }
}

/// A source that forgets where the last run ended while it is read: only a run that sends everything draws a conclusion from that.
#[test]
fn where_the_last_run_ended_is_forgotten_by_a_whole_run_alone() {
    let source = Fake::start(|_| Ok(Answer::json(200, "{}")));
    let series = Series::of("fixture", "url = URL\nsync_field = NAME\nincremental = True\n", &source);
    series.program.write("connectors/fixture.wasm", &fixture("forgetful"));
    assert_eq!(series.upload(&[], 0, "NAME").len(), 3);
    for part in [&["--testmode"][..], &["--record-count", "5"], &[]] {
        assert_eq!(series.cursor().as_deref(), Some("here"), "before {part:?}");
        let output = series.run(part);
        assert!(
            output.code == Some(1) && output.stderr.contains("it was forgotten"),
            "{output}"
        );
    }
    assert_eq!(series.cursor(), None);
}

#[test]
fn a_component_in_the_directory_goes_before_the_built_in_one() {
    let (ours, theirs) = ("A token of an Okta administrator", "A token of the vendor's own Okta");
    let program = Program::with(&format!(
        "{OOMNITZA}[okta]\nenable = True\nurl = https://example.okta.com\n"
    ));
    assert!(program.run(&["upload", "okta"]).stderr.contains(ours));
    program.write("connectors/okta.wasm", &overwritten(component("okta"), ours, theirs));
    let output = program.run(&["upload", "okta"]);
    assert!(
        output.stderr.contains(theirs) && !output.stderr.contains(ours),
        "{output}"
    );
    // One that cannot be used does not let the built-in one through unnoticed.
    program.write("connectors/okta.wasm", b"");
    insta::assert_snapshot!(program.run(&["upload", "okta"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: section [okta] stopped: connector `okta` (connectors/okta.wasm) cannot be used
      Caused by: this is not a WebAssembly component: the file is empty
    hint: the file must be a whole component, as `make guests` or the connector's vendor builds it
    ");
}

#[test]
fn a_section_s_own_component_goes_before_the_directory_s() {
    let places = Places::start();
    let section = format!(
        "[fixture]\nenable = True\nurl = {}\nsync_field = NAME\n",
        places.okta.url()
    );
    let program = Program::with(&format!(
        "{}{section}component = vendor/fixture.wasm\n",
        places.destination()
    ));
    program.write("connectors/fixture.wasm", &fixture("good"));
    program.write("vendor/fixture.wasm", &fixture("corrected"));
    insta::assert_snapshot!(program.run(&["upload", "fixture", "--show-mappings"]), @r#"
    exit: 0
    ----- stdout
    # fixture: Fixture
    [fixture]
    mapping.NAME   = {"source":"name"}
    mapping.SERIAL = {"source":"serial"}

    ----- stderr
    "#);
}

/// What is built in must not run in place of a connector that somebody put there and that cannot be used.
#[cfg(unix)]
#[test]
fn a_connectors_directory_or_file_that_cannot_be_used_is_no_reason_to_run_another() {
    let section = "[okta]\nenable = True\nurl = http://127.0.0.1:9\napi_token = sample-token\ndefault_role = 25\ndefault_position = Employee\n";
    let program = Program::with(&format!("{OOMNITZA}{section}"));
    let output = program.run(&["upload", "okta", "--connectors", "nope"]);
    insta::assert_snapshot!(output, @r"
    exit: 2
    ----- stdout
    ----- stderr
    error: nope: cannot be read as the connectors directory: No such file or directory (os error 2)
    hint: name a directory that is there, and that this program may read, with --connectors
    ");
    for arguments in [
        &["validate", "--connectors", "config.ini"][..],
        &["generate-ini", "--ini", "new.ini", "--connectors", "config.ini"],
    ] {
        let output = program.run(arguments);
        assert_eq!(output.code, Some(2), "{output}");
        assert!(
            format!("{output}").contains("error: config.ini: cannot be read as the connectors directory: "),
            "{output}"
        );
    }

    let directory = program.home().join("connectors");
    let file = directory.join("okta.wasm");
    std::fs::create_dir(&directory).unwrap();
    std::os::unix::fs::symlink("gone.wasm", &file).unwrap();
    let dangling = program.run(&["validate"]);
    assert_eq!(dangling.code, Some(2), "{dangling}");
    assert!(
        dangling
            .stdout
            .contains("cannot read the component connectors/okta.wasm: No such file or directory"),
        "{dangling}"
    );
    std::fs::remove_file(&file).unwrap();
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&file)
            .status()
            .unwrap()
            .success()
    );
    let pipe = program.run(&["upload", "okta"]);
    assert_eq!(pipe.code, Some(2), "{pipe}");
    assert!(pipe.stderr.contains("Caused by: it is not a plain file"), "{pipe}");
    let program = program.env("OOMNITZA_CONNECTORS", "/nope");
    let output = program.run(&["upload", "okta"]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(
        output.stderr.ends_with("may read, with OOMNITZA_CONNECTORS\n"),
        "{output}"
    );
}
