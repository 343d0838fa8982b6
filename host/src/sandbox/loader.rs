//! From bytes to a component that can be instantiated, and the cache of compiled ones.
//!
//! **Loading compiled bytes is trusting them**: they are machine code. So they are only ever taken from three places: from this
//! program itself, which was built with them, from a process of this program that compiled them just now, and from the user's own cache
//! directory, which nobody else can write to. They are never looked for where a component came from.
//!
//! A cached file is named by the component's SHA-256 and by a hash of the engine's version and settings; it is written under a
//! temporary name and renamed, so that a reader never sees half of one.

mod unpacked;

use std::fmt;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use wasmtime::component::Component;

use super::compiler::Compiler;
use super::engine::Engine;
use super::error::Error;
use super::imports::{self, World};
use super::limits::Limits;
use super::state::Granted;
use crate::files;

/// SHA-256 of a component's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A digest that was computed before.
    pub const fn known(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest itself.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A compiled component whose imports are in order.
#[derive(Clone)]
pub struct Loaded {
    pub(super) component: Component,
    pub(super) interfaces: Vec<String>,
    digest: Digest,
}

impl Loaded {
    /// Of the component it was compiled from.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Whether everything that it imports is granted.
    pub fn fits(&self, granted: Granted) -> Result<(), Error> {
        imports::ungranted(&self.interfaces, |interface| granted.permits(interface))
    }

    /// The interfaces of the contract that it imports: `http`, `log`.
    pub fn interfaces(&self) -> &[String] {
        &self.interfaces
    }
}

/// Compiles components, or finds them compiled.
#[derive(Clone)]
pub struct Loader {
    engine: Engine,
    cache: Option<PathBuf>,
    limits: Limits,
    compiler: Compiler,
}

impl Loader {
    /// A loader that keeps compiled components below `cache`; without one it compiles each time.
    pub fn new(engine: Engine, cache: Option<PathBuf>, limits: Limits) -> Self {
        Self {
            engine,
            cache,
            limits,
            compiler: Compiler::default(),
        }
    }

    /// With this program to compile, for tests: it must be this version of `oomnitza-connector`, which they are not.
    #[must_use]
    pub fn compiling_with(mut self, program: PathBuf) -> Self {
        self.compiler.program = Some(program);
        self
    }

    /// The engine that runs what is loaded.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The limits that hold.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Compiles for [`Loader::built_in`].
    pub fn compile_built_in(engine: &Engine, component: &[u8]) -> Result<Vec<u8>, Error> {
        engine
            .wasmtime()
            .precompile_component(component)
            .map_err(|error| Error::Compile(format!("{error:#}")))
    }

    /// A connector that this program carries compiled.
    pub fn built_in_connector(&self, compiled: &'static [u8], digest: Digest) -> Result<Loaded, Error> {
        self.built_in(compiled, digest, World::Connector)
    }

    /// The interpreter that this program carries compiled and packed (zlib, RFC 1950): it is so large that it is kept unpacked in the cache
    /// directory, from where it comes into memory as far as it is used.
    pub fn built_in_script(&self, packed: &'static [u8], digest: Digest) -> Result<Loaded, Error> {
        let component = unpacked::load(&self.engine, packed, self.unpacked_name(digest).as_deref())?;
        self.loaded(component, digest, World::Script)
    }

    /// The mapper that this program carries compiled.
    pub fn built_in_mapper(&self, compiled: &'static [u8], digest: Digest) -> Result<Loaded, Error> {
        self.built_in(compiled, digest, World::Mapper)
    }

    fn built_in(&self, compiled: &'static [u8], digest: Digest, world: World) -> Result<Loaded, Error> {
        let component = deserialize(&self.engine, Compiled::Bytes(compiled))
            .map_err(|error| Error::HostBug(format!("a built-in component does not fit its host: {error:#}")))?;
        self.loaded(component, digest, world)
    }

    /// A connector from its file, which may have this many bytes.
    pub async fn connector(&self, path: &Path, component_bytes: usize) -> Result<Loaded, Error> {
        let path = path.to_owned();
        self.load(move || read(&path, component_bytes)).await
    }

    /// A connector from bytes at hand.
    pub async fn connector_from_bytes(&self, bytes: &[u8]) -> Result<Loaded, Error> {
        let (bytes, limit) = (bytes.to_owned(), self.limits.component_bytes);
        self.load(move || within(bytes.len(), limit).map(|()| bytes)).await
    }

    async fn load(&self, read: impl FnOnce() -> Result<Vec<u8>, Error> + Send + 'static) -> Result<Loaded, Error> {
        let loader = self.clone();
        let found = aside(move || loader.find(read()?)).await?;
        let (bytes, digest, path) = match found {
            Found::Loaded(loaded) => return Ok(loaded),
            Found::New { bytes, digest, path } => (bytes, digest, path),
        };
        let code = self.compiler.compile(&bytes, &self.limits).await?;
        let loader = self.clone();
        aside(move || {
            let component = deserialize(&loader.engine, Compiled::Bytes(&code))
                .map_err(|error| Error::Compiler(format!("its machine code is of no use: {error:#}")))?;
            if let Some(path) = path
                && let Err(error) = keep(&path, &code)
            {
                // The next run compiles again; that is all.
                tracing::warn!(path = %path.display(), %error, "the compiled component could not be kept");
            }
            loader.loaded(component, digest, World::Connector)
        })
        .await
    }

    /// What is there of a connector without compiling.
    fn find(&self, bytes: Vec<u8>) -> Result<Found, Error> {
        recognise(&bytes)?;
        let digest = Digest::of(&bytes);
        let path = self
            .cache
            .as_ref()
            .map(|directory| directory.join(self.cached_name(digest)));
        Ok(match path.as_deref().and_then(|path| self.cached(path)) {
            Some(component) => Found::Loaded(self.loaded(component, digest, World::Connector)?),
            None => Found::New { bytes, digest, path },
        })
    }

    fn loaded(&self, component: Component, digest: Digest, world: World) -> Result<Loaded, Error> {
        let interfaces = imports::check(&self.engine, &component, world)?;
        Ok(Loaded {
            component,
            interfaces,
            digest,
        })
    }

    fn unpacked_name(&self, digest: Digest) -> Option<PathBuf> {
        let directory = self.cache.as_ref()?;
        Some(directory.join(format!("{}{}", unpacked::PREFIX, self.cached_name(digest))))
    }

    fn cached_name(&self, digest: Digest) -> String {
        format!("{digest}-{}.cwasm", self.engine.fingerprint())
    }

    fn cached(&self, path: &Path) -> Option<Component> {
        if !is_private(path) {
            return None;
        }
        let compiled = std::fs::read(path).ok()?;
        // What does not fit (a damaged file, another engine) is compiled anew and replaced.
        deserialize(&self.engine, Compiled::Bytes(&compiled)).ok()
    }
}

/// What is there of a connector.
enum Found {
    /// All of it.
    Loaded(Loaded),
    /// What it is to be compiled from, and the file to keep it in.
    New {
        bytes: Vec<u8>,
        digest: Digest,
        path: Option<PathBuf>,
    },
}

/// Does what takes milliseconds and more, reading and hashing and loading, on a thread that nobody else waits for.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Error::HostBug(format!("loading ended early: {error}"))))
}

/// Machine code, and where it is.
enum Compiled<'a> {
    /// In memory; it is copied.
    Bytes(&'a [u8]),
    /// In a file, which is mapped: what is not used of it is not read. A file in the cache directory is replaced or removed, which leaves a
    /// mapping as it was, and never changed.
    File(&'a Path),
}

/// The one place where machine code is taken on trust.
#[expect(unsafe_code, reason = "the engine offers no safe way to load compiled components")]
fn deserialize(engine: &Engine, compiled: Compiled<'_>) -> wasmtime::Result<Component> {
    // SAFETY: the bytes come from this program's own image, from the pipe of a process that this program started of the same image,
    // or from a file that `is_private` found in a directory to which only this user can write, where only `keep` below puts files. All were
    // made by `precompile_component`. The engine itself checks that version and settings are its own.
    unsafe {
        match compiled {
            Compiled::Bytes(bytes) => Component::deserialize(engine.wasmtime(), bytes),
            Compiled::File(path) => Component::deserialize_file(engine.wasmtime(), path),
        }
    }
}

/// Says what a file is when it is not a component.
fn recognise(bytes: &[u8]) -> Result<(), Error> {
    let what = match bytes {
        [] => "the file is empty",
        [0, b'a', b's', b'm', 0x0d, 0, 1, 0, ..] => return Ok(()),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => "it is a core module; a component has to be made of it",
        [0, b'a', b's', b'm', ..] => "it is WebAssembly of another version",
        [0x7f, b'E', b'L', b'F', ..] => "it is a native or already compiled file, which is never loaded",
        [b'P', b'K', ..] => "it is an archive",
        _ if std::str::from_utf8(bytes).is_ok() => "it is text",
        _ if bytes.len() < 8 => "the file is cut off",
        _ => "its first bytes are none of WebAssembly's",
    };
    Err(Error::NotAComponent(what.to_owned()))
}

fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Error> {
    use std::io::Read as _;
    let failed = |source| Error::Machine {
        what: format!("cannot read the component {}", path.display()),
        source,
    };
    // Opening a pipe would wait for whoever writes into it.
    let metadata = path.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(failed(std::io::Error::other("it is not a plain file")));
    }
    within(usize::try_from(metadata.len()).unwrap_or(usize::MAX), limit)?;
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    // It may have grown meanwhile.
    within(bytes.len(), limit).map(|()| bytes)
}

/// Whether a component is as small as it has to be.
fn within(bytes: usize, limit: usize) -> Result<(), Error> {
    if bytes > limit {
        return Err(Error::TooLarge { bytes, limit });
    }
    Ok(())
}

/// Puts machine code into the cache directory, which is made if need be, for this user alone.
fn keep(path: &Path, compiled: &[u8]) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        files::private_directory(directory)?;
        // One that was there before is private from now on.
        #[cfg(unix)]
        std::fs::set_permissions(directory, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    }
    files::replace(path, compiled)
}

/// Whether only this user can have written the file: neither it nor its directory is open to others, and neither is a link.
#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Some(directory) = path.parent() else { return false };
    let (Ok(file), Ok(directory)) = (path.symlink_metadata(), directory.symlink_metadata()) else {
        return false;
    };
    file.is_file()
        && directory.is_dir()
        && directory.mode() & 0o077 == 0
        && file.mode() & 0o077 == 0
        && file.uid() == directory.uid()
}

/// The user's own cache directory is private where the platform's profile directories are.
#[cfg(not(unix))]
fn is_private(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A component that is in order but for what it exports.
    const EMPTY_COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

    fn loader(cache: Option<PathBuf>) -> Loader {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/oomnitza-connector");
        assert!(program.is_file(), "run `make build` first: {}", program.display());
        Loader::new(Engine::new().unwrap(), cache, Limits::default()).compiling_with(program)
    }

    #[tokio::test]
    async fn what_is_not_a_component_is_named() {
        let loader = loader(None);
        for (bytes, what) in [
            (&b""[..], "the file is empty"),
            (b"\0asm\x01\0\0\0", "core module"),
            (b"(component)", "it is text"),
            (b"\x7fELF\x02", "native"),
            (b"PK\x03\x04\xff", "an archive"),
            (b"\0as", "text"),
            (b"\xff\xfe\x00", "cut off"),
        ] {
            let error = loader.connector_from_bytes(bytes).await.err().unwrap().to_string();
            assert!(error.contains(what), "{error} should say {what}");
        }
    }

    #[tokio::test]
    async fn a_truncated_component_does_not_compile() {
        let error = loader(None)
            .connector_from_bytes(b"\0asm\x0d\0\x01\0\x01\x20\0")
            .await
            .err()
            .unwrap();
        assert!(matches!(error, Error::Compile(_)), "{error:?}");
    }

    #[tokio::test]
    async fn a_component_that_exports_nothing_is_refused_with_the_name_of_what_it_lacks() {
        let error = loader(None).connector_from_bytes(EMPTY_COMPONENT).await.err().unwrap();
        assert_eq!(
            error.to_string(),
            "the component does not export `oomnitza:connector/source@0.1.0`"
        );
    }

    #[tokio::test]
    async fn the_cache_is_private_and_a_file_that_others_could_have_written_is_not_believed() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("cache");
        let loader = loader(Some(directory.clone()));
        _ = loader.connector_from_bytes(EMPTY_COMPONENT).await;
        assert_eq!(
            std::fs::metadata(&directory).unwrap().permissions().mode() & 0o777,
            0o700
        );
        let file = std::fs::read_dir(&directory).unwrap().next().unwrap().unwrap().path();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(loader.cached(&file).is_some());
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o620)).unwrap();
        assert!(loader.cached(&file).is_none(), "the group could have written it");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o770)).unwrap();
        assert!(loader.cached(&file).is_none(), "the group could have replaced it");
    }

    #[tokio::test]
    async fn a_damaged_cache_file_is_compiled_anew() {
        let home = tempfile::tempdir().unwrap();
        let loader = loader(Some(home.path().join("cache")));
        _ = loader.connector_from_bytes(EMPTY_COMPONENT).await;
        let file = std::fs::read_dir(home.path().join("cache"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        std::fs::write(&file, b"damaged").unwrap();
        assert!(loader.cached(&file).is_none());
        _ = loader.connector_from_bytes(EMPTY_COMPONENT).await;
        assert!(loader.cached(&file).is_some());
    }
}
