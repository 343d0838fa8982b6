//! Components that are written for the compiler: it has a process of its own, which ends within its limits or with whoever waits for it (H-10).

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use oomnitza_connector::sandbox::{Engine, Limits, Loader};
use oomnitza_tests::{Program, eventually};
use wasm_encoder::{
    BlockType, CodeSection, Component, Function, FunctionSection, Module, ModuleSection, TypeSection, ValType,
};

use crate::attack::{load, loader_with};
use crate::child::{in_child, most_memory};
use crate::raw::Raw;

/// A component of 150 KB that takes the compiler seconds and gigabytes: a function with very many locals, any of which may have been
/// changed wherever two ways through it meet.
pub(crate) fn costly() -> Vec<u8> {
    const LOCALS: u32 = 40_000;
    let mut function = Function::new([(LOCALS, ValType::I32)]);
    let mut number = 1_u32;
    let mut any = || {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (number >> 8) % (LOCALS + 1)
    };
    while function.byte_len() < 150_000 {
        let (condition, changed, other) = (any(), any(), any());
        function
            .instructions()
            .local_get(condition)
            .if_(BlockType::Empty)
            .local_get(changed)
            .local_get(other)
            .i32_add()
            .local_set(changed)
            .end();
    }
    function.instructions().end();
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32], []);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut code = CodeSection::new();
    code.function(&function);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    let mut component = Component::new();
    component.section(&ModuleSection(&module));
    component.finish()
}

/// A line of what the system says about a process; none where it has ended, whether anybody has looked at its end or not.
fn status(process: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = |name: &str| {
        text.lines()
            .find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()))
    };
    (!line("State:")?.starts_with('Z')).then(|| line(name))?
}

/// The processes that a process has started and that are still there.
fn children(parent: u32) -> Vec<String> {
    let parent = parent.to_string();
    let all = std::fs::read_dir("/proc").unwrap();
    let names = all.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names
        .filter(|process| status(process, "PPid:") == Some(parent.clone()))
        .collect()
}

/// Each limit stops it, and names itself; what is within them is compiled.
#[test]
fn a_component_for_the_compiler_is_refused_by_each_limit() {
    let limits = Limits::default;
    for (limits, expected) in [
        (
            Limits {
                compile_wall: Duration::from_millis(300),
                ..limits()
            },
            "300ms on the clock",
        ),
        (
            Limits {
                compile_cpu: Duration::from_secs(1),
                ..limits()
            },
            "1s of processor time",
        ),
        (
            Limits {
                compile_memory_bytes: 768 << 20,
                ..limits()
            },
            "805306368 bytes of memory",
        ),
    ] {
        let loader = loader_with(limits);
        let error = load(&loader, &costly()).err().unwrap();
        assert_eq!(
            error.to_string(),
            format!("the component cannot be compiled within {expected}")
        );
        assert!(
            error
                .hint()
                .unwrap()
                .starts_with("its functions are too large or too many"),
            "{error}"
        );
        assert!(load(&loader, &Raw::new().component()).is_ok(), "{expected}");
    }
    let small = loader_with(Limits {
        compiled_bytes: 1_000,
        ..limits()
    });
    let error = load(&small, &Raw::new().component()).err().unwrap();
    assert_eq!(
        error.to_string(),
        "the component cannot be compiled within 1000 bytes of machine code"
    );
}

/// Side by side with others, which are compiled; and the process in which they run does not grow.
#[test]
fn what_it_takes_is_not_the_host_s() {
    in_child("compiling::what_it_takes_is_not_the_host_s", async {
        let loader = loader_with(Limits::default());
        let (costly, plain) = (costly(), Raw::new().component());
        let before = most_memory();
        let (first, second, third) = tokio::join!(
            loader.connector_from_bytes(&plain),
            loader.connector_from_bytes(&costly),
            loader.connector_from_bytes(&plain),
        );
        assert!(first.is_ok() && third.is_ok());
        assert_eq!(
            second.err().unwrap().to_string(),
            "the component cannot be compiled within 2147483648 bytes of memory"
        );
        let grown = most_memory() - before;
        assert!(grown < 64 << 20, "the process grew by {grown} bytes");
    });
}

#[test]
fn nobody_waits_for_it_and_it_is_gone() {
    in_child("compiling::nobody_waits_for_it_and_it_is_gone", async {
        let (loader, costly) = (loader_with(Limits::default()), costly());
        let waiting = tokio::spawn(async move { loader.connector_from_bytes(&costly).await });
        let compiles = || !children(std::process::id()).is_empty();
        while !compiles() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        waiting.abort();
        let started = Instant::now();
        while compiles() {
            assert!(started.elapsed() < Duration::from_secs(2), "it goes on");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
}

/// What is in the cache is compiled by nobody: with a compiler that is not there it is loaded, and nothing else is.
#[test]
fn a_component_in_the_cache_starts_no_process() {
    let home = tempfile::tempdir().unwrap();
    let cached = |compiler: PathBuf| {
        Loader::new(
            Engine::new().unwrap(),
            Some(home.path().join("cache")),
            Limits::default(),
        )
        .compiling_with(compiler)
    };
    let component = Raw::new().component();
    assert!(load(&cached(Program::path()), &component).is_ok());
    let without = cached("/no/such/program".into());
    assert!(load(&without, &component).is_ok());
    let error = load(&without, &Raw::new().imports_log().component()).err().unwrap();
    assert_eq!(
        error.to_string(),
        "the compiler failed: it cannot be started: No such file or directory (os error 2)"
    );
    assert!(
        error.hint().unwrap().contains("this program started once more"),
        "{error}"
    );
}

/// Machine code of another engine, or of none, is refused and not kept.
#[test]
fn what_another_program_gives_as_machine_code_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let cache = home.path().join("cache");
    // It says its arguments.
    let loader =
        Loader::new(Engine::new().unwrap(), Some(cache.clone()), Limits::default()).compiling_with("/bin/echo".into());
    let error = load(&loader, &Raw::new().component()).err().unwrap().to_string();
    assert!(
        error.starts_with("the compiler failed: its machine code is of no use: "),
        "{error}"
    );
    assert!(!cache.exists());
}

/// It is no command: nobody is told about it, and whoever types it is told what it is.
#[test]
fn the_word_for_it_is_in_no_help() {
    let program = Program::bare();
    for arguments in [
        &["--help"][..],
        &["help"],
        &["man"],
        &["completions", "bash"],
        &["completions", "zsh"],
        &["completions", "fish"],
        &["compile-components"],
    ] {
        let output = program.run(arguments);
        let text = format!("{}{}", output.stdout, output.stderr).replace("'compile-components'", "");
        assert!(!text.is_empty() && !text.contains("compile-component"), "{output}");
    }
    insta::assert_snapshot!(program.run(&["compile-component"]), @"
    exit: 1
    ----- stdout
    ----- stderr
    this is a part of the program that it starts by itself
    hint: `--help` explains every command
    ");
}

/// A run that is compiling the costly component, and the process that does.
fn run_that_compiles() -> (oomnitza_tests::Running, String) {
    let program = Program::with(
        "[oomnitza]\nurl = http://127.0.0.1:1\napi_token = 00-stand-in-token\n\n[hostile]\nenable = True\n",
    )
    .env("SECRET_OF_THE_ENVIRONMENT", "00-secret-of-the-environment");
    program.write("connectors/hostile.wasm", &costly());
    let mut running = program.launch(&["upload", "hostile"]);
    let parent = running.id();
    // SIGHUP, SIGINT and SIGTERM are 1, 2 and 15.
    let all = 1_u64 | 1 << 1 | 1 << 14;
    let is_ready = |process: &String| {
        // Until it is another program it has what it was started from.
        let words = std::fs::read_to_string(Path::new("/proc").join(process).join("cmdline"));
        if !words.is_ok_and(|words| words.contains("compile-component")) {
            return false;
        }
        let caught = status(process, "SigCgt:").and_then(|mask| u64::from_str_radix(&mask, 16).ok());
        caught.is_some_and(|mask| mask & all == all)
    };
    running.wait_until("it compiles", || children(parent).iter().any(is_ready));
    let process = children(parent).remove(0);
    (running, process)
}

fn read(process: &str, file: &str) -> String {
    let bytes = std::fs::read(Path::new("/proc").join(process).join(file)).unwrap();
    String::from_utf8(bytes).unwrap().replace('\0', " ")
}

/// F-18. A signal for all processes of a terminal or of a service leaves the decision to the program, which does not wait; and what compiles
/// has nothing that others should not see.
#[test]
fn a_run_that_is_stopped_while_it_compiles_was_interrupted() {
    let (running, process) = run_that_compiles();
    assert_eq!(read(&process, "environ"), "RAYON_NUM_THREADS=4 ");
    assert_eq!(read(&process, "cmdline"), "/proc/self/exe compile-component ");
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let open: Vec<PathBuf> = open
        .map(|file| std::fs::read_link(file.unwrap().path()).unwrap())
        .collect();
    assert!(!open.iter().any(|file| file.is_file()), "{open:?}");
    for signal in ["HUP", "INT", "TERM"] {
        let kill = std::process::Command::new("sh")
            .args(["-c", &format!("kill -s {signal} {process}")])
            .status();
        assert!(kill.unwrap().success());
    }
    std::thread::sleep(Duration::from_millis(50));
    assert!(status(&process, "State:").is_some(), "it ended by itself");
    running.signal("INT");
    insta::assert_snapshot!(running.end(), @"
    exit: 3
    ----- stdout
    ----- stderr
    stopping: nothing more is read, and uploads that are under way are finished (once more to end at once)
    [hostile] 0 records sent in [TIME]
      read 0 = sent 0 + filtered 0 + rejected 0 + failed 0
    [hostile] interrupted; it is safe to run it again
    ");
    eventually("what compiled has ended", || status(&process, "State:").is_none());
}

/// Nobody is left to end it.
#[test]
fn it_ends_with_a_program_that_is_killed() {
    let (running, process) = run_that_compiles();
    running.signal("KILL");
    assert_eq!(running.end().code, None);
    let started = Instant::now();
    eventually("what compiled has ended", || status(&process, "State:").is_none());
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}
