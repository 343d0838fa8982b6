//! Code of the ini file that means no good: whatever it tries, it reaches nothing, and it ends.

use std::sync::OnceLock;
use std::time::Duration;

use oomnitza_connector::contract::mapper::exports::oomnitza::connector::mapping;
use oomnitza_connector::contract::script::exports::oomnitza::connector::scripting as wit;
use oomnitza_connector::sandbox::limits::Scripts;
use oomnitza_connector::sandbox::{Digest, Engine, Limits, Loaded, Loader, Mapper, Script};

use crate::child::{in_child, most_memory};

struct Components {
    engine: Engine,
    python: Loaded,
    mapper: Loaded,
}

/// The two components as the program carries them, loaded once for all of these tests.
fn components() -> &'static Components {
    static COMPONENTS: OnceLock<Components> = OnceLock::new();
    COMPONENTS.get_or_init(|| {
        let engine = Engine::new().unwrap();
        let loader = Loader::new(engine.clone(), None, Limits::default());
        let built = |name: &str| {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/components/");
            let bytes = std::fs::read(format!("{path}{name}.cwasm")).expect("run `make build` first");
            &*Box::leak(bytes.into_boxed_slice())
        };
        let digest = Digest::known([0; 32]);
        Components {
            python: loader.built_in_script(built("python"), digest).unwrap(),
            mapper: loader.built_in_mapper(built("mapper"), digest).unwrap(),
            engine,
        }
    })
}

/// Runs a converter on a record with the value `"seven"`: its result as JSON, or how it ended.
async fn run_limited(code: &str, limits: Limits) -> String {
    let Components { engine, python, mapper } = components();
    let text = format!(
        "\n{}",
        code.lines()
            .map(|line| format!(" {line}"))
            .collect::<Vec<_>>()
            .join("\n")
    );
    let program = wit::Program {
        kind: wit::Kind::Converter,
        name: "mine".to_owned(),
        lines: (1..=text.lines().count() as u32).collect(),
        text,
    };
    let now = Duration::from_secs(1_795_600_000);
    let (mut script, loaded) = match Script::open(engine, python, &limits, now, &[program]).await {
        Ok(opened) => opened,
        Err(error) => return error.to_string(),
    };
    if let Err(problems) = loaded {
        return problems[0].what.clone();
    }
    let plan = mapping::Plan {
        fields: vec![],
        settings: vec![],
        converters: vec![],
        sync_field: None,
        locations: None,
        zone: None,
    };
    let converters = Mapper::open(engine, mapper, &limits, &plan).await.unwrap();
    let field = wit::Field {
        converter: "mine".to_owned(),
        name: "value".to_owned(),
        origin: wit::Origin::Source("value".to_owned()),
        parameters: vec![],
    };
    if let Err(error) = script.plan(&[field], false, converters).await {
        return error.to_string();
    }
    match script.run(br#"[{"value": "seven"}]"#, 0, 1).await {
        Ok(Ok(outcome)) => String::from_utf8(outcome.values).unwrap().trim_end().to_owned(),
        Ok(Err(stopped)) => stopped.problem.what,
        Err(error) => error.to_string(),
    }
}

async fn run(code: &str) -> String {
    run_limited(code, Limits::default()).await
}

/// Fails with everything that ended otherwise than it should.
fn assert_outcomes(said: &[(&str, String, &str)]) {
    let differ = said.iter().filter(|(_, said, outcome)| said != outcome);
    let lines: Vec<String> = differ
        .map(|(code, said, outcome)| format!("{code:?}\n  ended    {said:?}\n  expected {outcome:?}"))
        .collect();
    assert!(
        lines.is_empty(),
        "{} of {}\n{}",
        lines.len(),
        said.len(),
        lines.join("\n")
    );
}

/// Each tries to reach something, and what it gets instead.
#[tokio::test]
async fn code_reaches_nothing() {
    let mut said = Vec::new();
    for (code, outcome) in [
        (
            "return open('/etc/passwd').read()",
            "FileNotFoundError: [Errno 44] No such file or directory: '/etc/passwd'",
        ),
        (
            "return open('/tmp/x', 'w').write('x')",
            "FileNotFoundError: [Errno 44] No such file or directory: '/tmp/x'",
        ),
        (
            "import os\nreturn os.listdir('/')",
            "FileNotFoundError: [Errno 44] No such file or directory: '/'",
        ),
        (
            "import os\nreturn [dict(os.environ), os.getcwd(), os.getpid() > 0]",
            "[{},\"/\",true]",
        ),
        (
            "return __import__('os').system('id')",
            "AttributeError: module 'os' has no attribute 'system'",
        ),
        (
            "import os\nreturn os.fork()",
            "AttributeError: module 'os' has no attribute 'fork'",
        ),
        (
            "import os\nos._exit(0)",
            "the component was stopped: it asked to end the program",
        ),
        (
            "import os\nos.kill(1, 9)",
            "AttributeError: module 'os' has no attribute 'kill'",
        ),
        (
            "import os\nreturn os.read(3, 10)",
            "OSError: [Errno 8] Bad file descriptor",
        ),
        (
            "import subprocess\nreturn subprocess.run(['id'])",
            "ModuleNotFoundError: No module named 'subprocess'",
        ),
        (
            "import socket\nreturn socket.create_connection(('127.0.0.1', 80))",
            "ModuleNotFoundError: No module named 'socket'",
        ),
        (
            "import urllib.request\nreturn urllib.request.urlopen('http://127.0.0.1').read()",
            "ModuleNotFoundError: No module named 'urllib.request'",
        ),
        (
            "import ctypes\nreturn ctypes.string_at(0)",
            "ModuleNotFoundError: No module named 'ctypes'",
        ),
        (
            "import threading\nthreading.Thread(target=print).start()",
            "RuntimeError: can't start new thread",
        ),
        (
            "import multiprocessing\nreturn 1",
            "ModuleNotFoundError: No module named 'multiprocessing'",
        ),
        ("import sys\nsys.exit('bye')", "SystemExit: bye"),
        ("raise SystemExit", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("return input()", "EOFError: EOF when reading a line"),
        ("import sys\nreturn [sys.stdin.read(), sys.argv]", "[\"\",[]]"),
        (
            "return eval(\"__import__('os').listdir('/')\")",
            "FileNotFoundError: [Errno 44] No such file or directory: '/'",
        ),
        (
            "exec('import os; value = os.environ.copy()')\nreturn value",
            "\"seven\"",
        ),
        (
            "return [c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'BuiltinImporter'][0].load_module('posix').listdir('/')",
            "FileNotFoundError: [Errno 44] No such file or directory: '/'",
        ),
        (
            "import sys\nreturn sys._getframe(1).f_globals['__builtins__']['open']('/etc/passwd').read()",
            "FileNotFoundError: [Errno 44] No such file or directory: '/etc/passwd'",
        ),
        (
            "return compile.__self__.open('/etc/passwd').read()",
            "FileNotFoundError: [Errno 44] No such file or directory: '/etc/passwd'",
        ),
        (
            "import importlib.util\nreturn importlib.util.find_spec('sqlite3') is None",
            "true",
        ),
        (
            "import tempfile\nreturn tempfile.mkdtemp()",
            "ModuleNotFoundError: No module named 'tempfile'",
        ),
        (
            "import signal\nreturn signal.alarm(1)",
            "ModuleNotFoundError: No module named 'signal'",
        ),
        (
            "import mmap\nreturn len(mmap.mmap(-1, 4096))",
            "ModuleNotFoundError: No module named 'mmap'",
        ),
        (
            "import time\nreturn [time.time(), time.monotonic(), time.perf_counter()]",
            "[1795600000.0,0.0,0.0]",
        ),
    ] {
        said.push((code, run(code).await, outcome));
    }
    assert_outcomes(&said);
}

/// Each tries not to end, or to grow.
#[tokio::test]
async fn code_ends() {
    let limits = |call_cpu| Limits {
        scripts: Scripts {
            call_cpu,
            memory_bytes: 64 << 20,
        },
        ..Limits::default()
    };
    let mut said = Vec::new();
    for (code, outcome) in [
        (
            "while True: pass",
            "the component used up its 1s of processor time for one call",
        ),
        (
            "while True:\n  try:\n    while True: pass\n  except BaseException: pass",
            "the component used up its 1s of processor time for one call",
        ),
        (
            "import re\nreturn bool(re.match(r'(a+)+$', 'a' * 60 + 'b'))",
            "the component used up its 1s of processor time for one call",
        ),
        (
            "import re\nreturn bool(re.match(r'(.*)*x$', 'y' * 5000))",
            "the component used up its 1s of processor time for one call",
        ),
        (
            "return 9 ** 9 ** 9",
            "the component used up its 1s of processor time for one call",
        ),
        (
            "return str(10 ** 100000)",
            "ValueError: Exceeds the limit (4300 digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit",
        ),
        (
            "return int('9' * 100000)",
            "ValueError: Exceeds the limit (4300 digits) for integer string conversion: … has 100000 digits; use sys.set_int_max_str_digits() to increase the limit",
        ),
        (
            "return sum(range(10 ** 12))",
            "the component used up its 1s of processor time for one call",
        ),
        ("return 'a' * (1 << 30)", "MemoryError"),
        ("return list(range(1 << 28))", "MemoryError"),
        ("x = []\nwhile True: x.append('a' * 1000000)", "MemoryError"),
        (
            "x = ()\nwhile True: x = (x, b'a' * 4000)",
            "the component ran out of memory: it may have 67108864 bytes",
        ),
        (
            "def f(): return f()\nreturn f()",
            "RecursionError: maximum recursion depth exceeded",
        ),
        (
            "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(): return f()\nreturn f()",
            "the component ran out of memory: it may have 67108864 bytes",
        ),
        (
            "x = []\nfor i in range(200000): x = [x]\nreturn repr(x)",
            "the component overflowed its stack",
        ),
        (
            "x = []\nfor i in range(200000): x = [x]\nreturn x",
            "the component overflowed its stack",
        ),
        (
            "x = []\nx.append(x)\nreturn x",
            "ValueError: Circular reference detected",
        ),
        (
            "import json\nreturn json.loads('[' * 100000)",
            "the component overflowed its stack",
        ),
        (
            "return eval('(' * 1000 + ')' * 1000)",
            "the component overflowed its stack",
        ),
        ("return eval('-' * 100000 + '1')", "the component overflowed its stack"),
        (
            "class A:\n  def __getattr__(self, n): return getattr(self, n + 'x')\nreturn A().a",
            "the component overflowed its stack",
        ),
        ("import time\ntime.sleep(10 ** 6)\nreturn 'slept'", "\"slept\""),
        (
            "for _ in iter(int, 1): print('x' * 100000)",
            "the component used up its 1s of processor time for one call",
        ),
        (
            "import hashlib\nreturn hashlib.pbkdf2_hmac('sha256', b'a', b'b', 10 ** 9).hex()",
            "AttributeError: module 'hashlib' has no attribute 'pbkdf2_hmac'",
        ),
        (
            "import itertools\nreturn len(list(itertools.permutations(range(20))))",
            "MemoryError",
        ),
        ("return '%1000000000d' % 1", "MemoryError"),
        ("return ('a' * 10000).replace('a', 'b' * 100000)", "MemoryError"),
        (
            "from decimal import Decimal\nreturn str(Decimal(2) ** 10 ** 9)",
            "Overflow: [<class 'decimal.Overflow'>]",
        ),
    ] {
        // Ticks pass on a busy machine while others run: code that ends by itself gets the time that it has in the program.
        let is_endless = outcome.ends_with("of processor time for one call");
        let call_cpu = if is_endless {
            Duration::from_secs(1)
        } else {
            Scripts::default().call_cpu
        };
        said.push((code, run_limited(code, limits(call_cpu)).await, outcome));
    }
    assert_outcomes(&said);
}

/// What grows is the component's memory, which has an end, and not this process.
#[test]
fn memory_of_code_has_an_end() {
    in_child("python::memory_of_code_has_an_end", async {
        assert_eq!(run("return value").await, "\"seven\"");
        let before = most_memory();
        assert_eq!(run("x = []\nwhile True: x.append('a' * 1000000)").await, "MemoryError");
        let grown = most_memory() - before;
        assert!(grown < 200 << 20, "the process grew by {grown} bytes");
    });
}

/// Code that gets at the insides of its component gets no further.
#[tokio::test]
async fn code_that_changes_its_component_gets_no_further() {
    let mut said = Vec::new();
    for (code, outcome) in [
        (
            "import running\nreturn running.converters.convert('split_email', [], b'{}', b'\"a@b\"').decode()",
            "\"\\\"a\\\"\"",
        ),
        (
            "import running\nreturn running.converters.convert('split_email', [], b'[', None)",
            "Err: … … … … … …",
        ),
        (
            "import running\nreturn running.converters.convert('x' * (20 << 20), [], b'{}', None)",
            "the component was stopped: too much data is being copied between the host and the guest: fuel allocated for hostcalls has been exhausted",
        ),
        (
            "import running\nrunning.records.write = lambda value: b'{\"a\": 1}\\n2'\nreturn 1",
            "1",
        ),
        ("import app\napp.runner.run = None\nreturn 1", "1"),
        (
            "import output\noutput.MOST_LINES = 10 ** 9\nfor i in range(3): print(i)\nreturn 1",
            "1",
        ),
        ("import sys\nsys.modules.clear()\nreturn 1", "1"),
        (
            "import builtins\nbuiltins.__dict__.clear()\nreturn 1",
            "the component stopped with a panic: it did not say why",
        ),
    ] {
        said.push((code, run(code).await, outcome));
    }
    assert_outcomes(&said);
}

/// A page with what no record should be does not spoil the others.
#[tokio::test]
async fn odd_pages_are_no_trouble() {
    let Components { engine, python, .. } = components();
    let program = wit::Program {
        kind: wit::Kind::Filter,
        name: "recordfilter".to_owned(),
        text: "\n return record.a != 1".to_owned(),
        lines: vec![1, 2],
    };
    let limits = Limits::default();
    for (page, verdicts) in [
        (r#"[]"#, vec![]),
        (r#"[{"a":1},{"a":2}]"#, vec![0, 1]),
        (
            r#"[{"a":1,"a":2},"text",[{"a":1}],null,7,{"a":1}]"#,
            vec![1, 1, 1, 1, 1, 0],
        ),
        (r#"[{"a":1},{"a":"\x"},{"a":2}]"#, vec![0, 2, 1]),
        // Brackets that do not match: the host lets no such page through, and here it makes no more than failures.
        (r#"[{"a":[}]},{"a":1}]"#, vec![2, 2]),
        (r#"[{"a":01},{"a":tru},{"b":"],[{\"\\"},{"a":1}]"#, vec![2, 2, 1, 0]),
        (r#"[{"a":"\ud800"},{"a":1e999},{"a":NaN}]"#, vec![1, 1, 1]),
    ] {
        let (mut script, loaded) =
            Script::open(engine, python, &limits, Duration::ZERO, std::slice::from_ref(&program))
                .await
                .unwrap();
        assert!(loaded.is_ok());
        let outcome = script.run(page.as_bytes(), 0, 100).await.unwrap().unwrap();
        assert_eq!(outcome.verdicts, verdicts, "{page}");
        assert_eq!(
            outcome.failures.len(),
            verdicts.iter().filter(|verdict| **verdict == 2).count()
        );
    }
}
