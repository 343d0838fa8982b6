//! The compiler, in a process of its own (docs/adr/0015-components-are-compiled-by-a-process-of-their-own.md).
//!
//! Nothing but the end of its process stops the compiler, and a component of 150 KB can make it ask for gigabytes. So this program starts
//! itself once more, for one component: the process bounds itself by what the system offers, and is ended when its time on the clock is
//! over.
//!
//! On its standard input it finds its limits, the component's size and the component. Machine code comes back on standard output, or, on
//! standard error, why there is none. Its input stays open as long as somebody waits for it: when that ends, so does the process. It has
//! no secrets: no environment, and one word on its command line.

use std::ffi::OsString;
use std::io::{self, Read, Write as _};
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus, Stdio};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, Command};

use super::engine::Engine;
use super::error::Error;
use super::limits::{COMPILE_THREADS, Limits};
use crate::redact::clean;

/// What the command line consists of in a process that compiles. No command: neither help nor completions know it.
const WORD: &str = "compile-component";

/// How such a process ends without machine code; on standard error it says why.
const UNABLE: u8 = 1;
const REFUSED: u8 = 2;
const OUT_OF_MEMORY: u8 = 3;

/// The signal that says that processor time is over, on every Unix that this program is built for.
#[cfg(unix)]
const SIGXCPU: i32 = 24;

/// Bytes of what such a process says that are read.
const SAID_BYTES: usize = 2_000;

/// Bytes of what it says that are shown.
const SHOWN_BYTES: usize = 300;

/// Compiles components, each in a process of its own.
#[derive(Debug, Clone, Default)]
pub(super) struct Compiler {
    /// The program to start where it is not this one.
    pub(super) program: Option<PathBuf>,
}

impl Compiler {
    /// The machine code of a component. Whoever no longer waits for it ends the process.
    pub(super) async fn compile(&self, component: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
        let failed = |what: &str, error: io::Error| Error::Compiler(format!("{what}: {error}"));
        let program = self.program.clone().map_or_else(this_program, Ok);
        let start = |program| {
            Command::new(program)
                .arg(WORD)
                .env_clear()
                // Libraries of Windows do not load without it.
                .envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)))
                .env("RAYON_NUM_THREADS", COMPILE_THREADS.to_string())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
        };
        let mut child = program
            .and_then(start)
            .map_err(|error| failed("it cannot be started", error))?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let work = async {
            let (_open, code, said) = tokio::try_join!(
                async { Ok(send(stdin, component, limits).await) },
                async {
                    match first(stdout, limits.compiled_bytes).await {
                        Ok(code) if code.len() > limits.compiled_bytes => Err(Error::CompileLimit(format!(
                            "{} bytes of machine code",
                            limits.compiled_bytes
                        ))),
                        code => code.map_err(|error| failed("its answer cannot be read", error)),
                    }
                },
                async {
                    first_and_drop_the_rest(stderr)
                        .await
                        .map_err(|error| failed("what it says cannot be read", error))
                },
            )?;
            let status = child.wait().await;
            judge(
                status.map_err(|error| failed("its end cannot be seen", error))?,
                code,
                &said,
                limits,
            )
        };
        tokio::time::timeout(limits.compile_wall, work)
            .await
            .unwrap_or_else(|_| Err(Error::CompileLimit(format!("{:?} on the clock", limits.compile_wall))))
    }
}

/// The file that this process was started from, even where another version has taken its place since.
fn this_program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        Ok("/proc/self/exe".into())
    } else {
        std::env::current_exe()
    }
}

/// Sends what is to be done. A process that has ended without a wish to know it says why.
async fn send(stdin: Option<ChildStdin>, component: &[u8], limits: &Limits) -> Option<ChildStdin> {
    let mut stdin = stdin?;
    let numbers = [
        limits.compile_memory_bytes,
        limits.compile_cpu.as_secs(),
        component.len() as u64,
    ];
    let head: Vec<u8> = numbers.into_iter().flat_map(u64::to_le_bytes).collect();
    if stdin.write_all(&head).await.is_ok() {
        _ = stdin.write_all(component).await;
    }
    Some(stdin)
}

/// The first bytes of a stream, and one more where there are more.
async fn first(stream: Option<impl AsyncRead + Unpin>, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        stream.take(most as u64 + 1).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// What a process says, as far as it is of interest. The rest is read as well, so that it does not wait to say it.
async fn first_and_drop_the_rest(mut stream: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let bytes = first(stream.as_mut(), SAID_BYTES).await?;
    if let Some(stream) = &mut stream {
        tokio::io::copy(stream, &mut tokio::io::sink()).await?;
    }
    Ok(bytes)
}

/// What became of a process that has ended.
fn judge(status: ExitStatus, code: Vec<u8>, said: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    let said = clean(String::from_utf8_lossy(said).trim(), SHOWN_BYTES);
    let out_of_memory = || Error::CompileLimit(format!("{} bytes of memory", limits.compile_memory_bytes));
    let ended = |how: String| match said.as_str() {
        "" => Error::Compiler(how),
        said => Error::Compiler(format!("{how}: {said}")),
    };
    let Some(number) = status.code() else {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return Err(match signal {
                SIGXCPU => Error::CompileLimit(format!("{:?} of processor time", limits.compile_cpu)),
                // Rust's last words where memory is refused.
                _ if said.starts_with("memory allocation of ") => out_of_memory(),
                _ => ended(format!("signal {signal} ended it")),
            });
        }
        return Err(ended("it was ended".to_owned()));
    };
    Err(match u8::try_from(number) {
        Ok(0) => return Ok(code),
        Ok(REFUSED) => Error::Compile(said),
        Ok(OUT_OF_MEMORY) => out_of_memory(),
        Ok(UNABLE) => Error::Compiler(said),
        _ => ended(format!("it ended with exit code {number}")),
    })
}

/// Where the command line says that this process is to compile, it does that and nothing else, and ends with this code.
pub fn compile_if_asked(mut arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let is_asked = arguments.nth(1).is_some_and(|word| word == WORD) && arguments.next().is_none();
    is_asked.then(|| match compile_input() {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, why)) => {
            // A reader that is gone does not want to know.
            _ = writeln!(io::stderr(), "{why}");
            code.into()
        }
    })
}

/// Compiles the component on standard input; or how to end, and why.
fn compile_input() -> Result<(), (u8, String)> {
    let unable = |what: &'static str| move |error: io::Error| (UNABLE, format!("{what}: {error}"));
    let _outlasted = outlast_signals().map_err(unable("signals cannot be waited for"))?;
    let mut input = io::stdin();
    let mut number = || {
        let mut bytes = [0; 8];
        let read = input.read_exact(&mut bytes).map(|()| u64::from_le_bytes(bytes));
        read.map_err(|_| {
            let why = "this is a part of the program that it starts by itself\nhint: `--help` explains every command";
            (UNABLE, why.to_owned())
        })
    };
    let (memory_bytes, cpu_seconds, length) = (number()?, number()?, number()?);
    bound(memory_bytes, cpu_seconds).map_err(unable("its limits cannot be set"))?;
    let mut component = Vec::new();
    (&mut input)
        .take(length)
        .read_to_end(&mut component)
        .map_err(unable("the component cannot be read"))?;
    std::thread::Builder::new()
        .spawn(end_with_input)
        .map_err(unable("there is no thread to wait for the end of input"))?;
    let engine = Engine::new().map_err(|error| (UNABLE, error.to_string()))?;
    let code = engine.wasmtime().precompile_component(&component).map_err(|error| {
        let code = if error.is::<wasmtime::OutOfMemory>() {
            OUT_OF_MEMORY
        } else {
            REFUSED
        };
        (code, format!("{error:#}"))
    })?;
    let mut out = io::stdout().lock();
    out.write_all(&code)
        .and_then(|()| out.flush())
        .map_err(unable("the machine code cannot be handed over"))
}

/// Ends this process when its input ends, because then nobody waits for it any more.
fn end_with_input() {
    _ = io::stdin().read(&mut [0]);
    #[expect(
        clippy::exit,
        reason = "the compiler runs on another thread, and cannot be asked to end"
    )]
    std::process::exit(UNABLE.into());
}

/// Lets signals pass that ask to stop, as long as what is returned is there. They reach all processes of a terminal or a service at once, and
/// whoever waits for this one decides what is to become of it.
#[cfg(unix)]
fn outlast_signals() -> io::Result<impl Sized> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let entered = runtime.enter();
    let [interrupt, terminate, hang_up] = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let signals = (signal(interrupt)?, signal(terminate)?, signal(hang_up)?);
    drop(entered);
    Ok((runtime, signals))
}

#[cfg(not(unix))]
fn outlast_signals() -> io::Result<impl Sized> {
    use tokio::signal::windows::{ctrl_break, ctrl_c};
    Ok((ctrl_c()?, ctrl_break()?))
}

/// Bounds this process, where the system can. One that has tighter bounds keeps them.
#[cfg(unix)]
fn bound(memory_bytes: u64, cpu_seconds: u64) -> io::Result<()> {
    use rlimit::Resource;
    // Its address space is more than what it has in memory, and what the system counts exactly. Others than Linux do not hold it reliably.
    let memory = cfg!(target_os = "linux").then_some((Resource::AS, memory_bytes));
    for (resource, limit) in memory.into_iter().chain([(Resource::CPU, cpu_seconds)]) {
        let (soft, hard) = resource.get()?;
        // At the soft limit of processor time comes a signal that says so, at the hard one the end without a word.
        resource.set(limit.min(soft), limit.saturating_add(1).min(hard))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn bound(_memory_bytes: u64, _cpu_seconds: u64) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// What comes of a process that is this script.
    async fn compiled_by(script: &str, component: &[u8], limits: &Limits) -> String {
        let home = tempfile::tempdir().unwrap();
        let program = home.path().join("compiler");
        // Written by another process: a file that this one has open for writing cannot be started while a third inherits it.
        let write = "printf '#!/bin/sh\\n%s\\n' \"$1\" >\"$0\" && chmod 700 \"$0\"";
        let mut writer = std::process::Command::new("sh");
        let status = writer.args(["-c", write]).arg(&program).arg(script).status().unwrap();
        assert!(status.success());
        let compiler = Compiler { program: Some(program) };
        match compiler.compile(component, limits).await {
            Ok(code) => String::from_utf8(code).unwrap(),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn whatever_the_process_does_it_is_told() {
        let limits = Limits {
            compile_wall: Duration::from_secs(2),
            compiled_bytes: 5,
            ..Limits::default()
        };
        for (script, expected) in [
            ("printf 12345", "12345"),
            (
                "printf 123456; exec sleep 60",
                "the component cannot be compiled within 5 bytes of machine code",
            ),
            (
                "exec yes",
                "the component cannot be compiled within 5 bytes of machine code",
            ),
            (
                "exec sleep 60",
                "the component cannot be compiled within 2s on the clock",
            ),
            (
                "exec yes >&2",
                "the component cannot be compiled within 2s on the clock",
            ),
            (
                "kill -XCPU $$",
                "the component cannot be compiled within 120s of processor time",
            ),
            (
                "echo memory allocation of 7 bytes failed >&2; kill -ABRT $$",
                "the component cannot be compiled within 2147483648 bytes of memory",
            ),
            (
                "exit 3",
                "the component cannot be compiled within 2147483648 bytes of memory",
            ),
            ("kill -KILL $$", "the compiler failed: signal 9 ended it"),
            (
                "echo has overflowed its stack >&2; kill -ABRT $$",
                "the compiler failed: signal 6 ended it: has overflowed its stack",
            ),
            (
                "printf 'a\\033[2Jb\\n' >&2; exit 2",
                "the component cannot be compiled: a\\u{1b}[2Jb",
            ),
            ("echo no limits >&2; exit 1", "the compiler failed: no limits"),
            ("exit 101", "the compiler failed: it ended with exit code 101"),
        ] {
            let started = Instant::now();
            // More than a pipe holds, which none of them reads.
            let said = compiled_by(script, &[0; 1 << 20], &limits).await;
            assert_eq!(said, expected, "{script}");
            assert!(started.elapsed() < Duration::from_secs(20), "{script}");
        }
        let nowhere = Compiler {
            program: Some("/no/such/program".into()),
        };
        assert_eq!(
            nowhere.compile(b"", &limits).await.unwrap_err().to_string(),
            "the compiler failed: it cannot be started: No such file or directory (os error 2)"
        );
        let long = compiled_by("head -c 100000 /dev/zero | tr '\\0' x >&2; exit 2", b"", &limits).await;
        assert!(long.len() < 400 && long.ends_with('…'), "{} bytes: {long}", long.len());
    }

    /// What a process could tell others: its environment and its command line, and what it is told itself.
    #[tokio::test]
    async fn the_process_knows_its_limits_and_its_component_and_nothing_else() {
        let limits = Limits {
            compile_memory_bytes: 0x01_0203,
            compile_cpu: Duration::from_secs(7),
            ..Limits::default()
        };
        let script = "tr '\\0' '\\n' </proc/$$/environ; echo \"$# $1\"; head -c 27 | od -An -v -tx1";
        assert_eq!(
            compiled_by(script, b"\xff\xfe\xfd", &limits).await,
            "RAYON_NUM_THREADS=4\n1 compile-component\n \
             03 02 01 00 00 00 00 00 07 00 00 00 00 00 00 00\n \
             03 00 00 00 00 00 00 00 ff fe fd\n"
        );
    }

    #[test]
    fn only_the_one_word_asks_for_it() {
        for line in [
            &["x"][..],
            &["x", "compile-component", "x"],
            &["x", "upload", WORD],
            &[WORD],
        ] {
            assert!(compile_if_asked(line.iter().map(OsString::from)).is_none(), "{line:?}");
        }
    }
}
