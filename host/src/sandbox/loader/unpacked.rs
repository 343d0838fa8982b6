//! The one built-in component that is too large to be copied into memory at each start: the interpreter, 36 MB of machine code of which a run
//! touches a fourth. Its bytes are part of this program, packed; the first run unpacks them into the user's cache directory, and from
//! there they are mapped.

use std::io::Read as _;
use std::path::Path;

use flate2::read::ZlibDecoder;
use wasmtime::component::Component;

use super::{Compiled, Engine, Error, deserialize, is_private, keep};

/// What the names of such files begin with. Those of other versions of this program are removed when one is stored.
pub(super) const PREFIX: &str = "interpreter-";

/// Bytes of the unpacked component; far above what it has.
const MOST_BYTES: u64 = 256 << 20;

/// The component, from `path` where it is there.
pub(super) fn load(engine: &Engine, packed: &[u8], path: Option<&Path>) -> Result<Component, Error> {
    let Some(path) = path else {
        return from_bytes(engine, packed);
    };
    if let Some(component) = mapped(engine, path) {
        return Ok(component);
    }
    let bytes = unpack(packed)?;
    match keep(path, &bytes) {
        Ok(()) => {
            remove_others(path);
            mapped(engine, path).map_or_else(|| from_bytes(engine, packed), Ok)
        }
        Err(error) => {
            // The next run unpacks again; that is all.
            tracing::warn!(path = %path.display(), %error, "the unpacked interpreter could not be kept");
            from_bytes(engine, packed)
        }
    }
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    ZlibDecoder::new(packed)
        .take(MOST_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::HostBug(format!("a built-in component cannot be unpacked: {error}")))?;
    Ok(bytes)
}

fn from_bytes(engine: &Engine, packed: &[u8]) -> Result<Component, Error> {
    deserialize(engine, Compiled::Bytes(&unpack(packed)?))
        .map_err(|error| Error::HostBug(format!("a built-in component does not fit its host: {error:#}")))
}

/// The component, if its file is there and nobody else can have written it.
fn mapped(engine: &Engine, path: &Path) -> Option<Component> {
    is_private(path)
        .then(|| deserialize(engine, Compiled::File(path)).ok())
        .flatten()
}

/// Removes what other versions of this program left, but not what other processes are writing. A file that cannot be removed only takes space.
fn remove_others(path: &Path) {
    let files = path.parent().and_then(|directory| std::fs::read_dir(directory).ok());
    for file in files.into_iter().flatten().flatten() {
        let is_interpreter = |name: &str| name.starts_with(PREFIX) && name.ends_with(".cwasm");
        if file.file_name().to_str().is_some_and(is_interpreter) && file.path() != path {
            _ = std::fs::remove_file(file.path());
        }
    }
}
