//! Compiles the shipped components for a kind of machine: a step of the build.
//!
//! `precompile DIRECTORY [TARGET]` takes each `NAME.wasm` of the directory, writes `NAME.cwasm` beside it and lists them all in
//! `built_in.rs`, which the program includes. It uses the program's own engine, so what it writes fits. For Windows all of that is in
//! `windows` below, so that it can be built elsewhere as well, without a change to what is there for the builder itself.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use oomnitza_connector::sandbox::{Digest, Engine, Loader};

/// Guests for tests, which are never shipped.
const TESTS_ONLY: [&str; 2] = ["fixture", "hostile"];

/// What is too large to be carried as it is: packed to a third.
const PACKED: [&str; 1] = ["python"];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("usage: precompile DIRECTORY [TARGET]")?;
    let directory = Path::new(&directory);
    let target = arguments.next();
    let engine = Engine::portable(target.as_deref())?;
    let is_windows = target.map_or(cfg!(windows), |target| target.contains("-windows-"));
    let out = directory.join(if is_windows { "windows" } else { "" });
    std::fs::create_dir_all(&out)?;
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .map_err(|error| format!("{}: {error}; run `make guests` first", directory.display()))?
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .collect();
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        let name = file
            .file_stem()
            .and_then(|stem| stem.to_str())
            .ok_or("a component's name is not UTF-8")?;
        if TESTS_ONLY.contains(&name) {
            continue;
        }
        let component = std::fs::read(file)?;
        let target = out.join(format!("{name}.cwasm"));
        // What is made of the same by the same engine is the same; compiling the interpreter takes seconds.
        let made_of = out.join(format!("{name}.cwasm.made-of"));
        let is_packed = PACKED.contains(&name);
        let how = if is_packed { " packed" } else { "" };
        let key = format!("{} {}{how}\n", Digest::of(&component), engine.fingerprint());
        let is_made = target.is_file() && std::fs::read_to_string(&made_of).is_ok_and(|old| old == key);
        if !is_made {
            let compiled = Loader::compile_built_in(&engine, &component).map_err(|error| format!("{name}: {error}"))?;
            let compiled = if is_packed { pack(&compiled)? } else { compiled };
            write_changed(&target, &compiled)?;
            std::fs::write(&made_of, key)?;
        }
        writeln!(
            list,
            "    BuiltIn {{ name: {name:?}, digest: Digest::known({:?}), compiled: include_bytes!(\"{name}.cwasm\") }},",
            Digest::of(&component).bytes()
        )?;
    }
    list.push_str("]\n");
    write_changed(&out.join("built_in.rs"), list.as_bytes())?;
    Ok(())
}

/// zlib (RFC 1950), as the loader unpacks it.
fn pack(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(6));
    packer.write_all(bytes)?;
    packer.finish()
}

/// Leaves a file alone that holds these bytes already, so that nothing is built again for it.
fn write_changed(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        Ok(())
    } else {
        std::fs::write(path, bytes)
    }
}
