//! The engine and its settings (docs/adr/0001-engine-settings.md).

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, OnceLock};
use std::thread;

use wasmtime::Config;

use super::error::Error;
use super::limits::{EPOCH_TICK, FIBER_STACK_BYTES, WASM_STACK_BYTES};

/// Compiles and runs components. Cheap to clone; all clones are one engine.
#[derive(Clone)]
pub struct Engine {
    inner: wasmtime::Engine,
    ticker: Arc<OnceLock<()>>,
}

impl Engine {
    /// An engine for the machine it runs on.
    pub fn new() -> Result<Self, Error> {
        Self::with(&config())
    }

    /// An engine whose compiled components run on every machine of a kind, as the compiler spells it, or of this one's: the release build
    /// compiles the built-in components with it.
    pub fn portable(target: Option<&str>) -> Result<Self, Error> {
        let mut config = config();
        config.target(target.unwrap_or(TARGET)).map_err(Error::engine)?;
        Self::with(&config)
    }

    fn with(config: &Config) -> Result<Self, Error> {
        Ok(Self {
            inner: wasmtime::Engine::new(config).map_err(Error::engine)?,
            ticker: Arc::default(),
        })
    }

    /// The engine itself.
    pub(super) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner
    }

    /// A number for the engine's version and settings: compiled code fits where it is the same.
    pub fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.inner.precompile_compatibility_hash().hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// Starts the clock that guests' time is counted by, once.
    ///
    /// A thread of its own: an executor's timer would starve exactly when it is needed. It ends with the engine.
    pub(super) fn start_ticking(&self) -> Result<(), Error> {
        if self.ticker.get().is_some() {
            return Ok(());
        }
        let engine = self.inner.weak();
        let tick = move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(EPOCH_TICK);
            }
        };
        // Two threads after a race would only halve a tick.
        thread::Builder::new()
            .name("epoch".to_owned())
            .spawn(tick)
            .map_err(Error::thread)?;
        _ = self.ticker.set(());
        Ok(())
    }
}

/// The triple this program was built for, as the compiler spells it.
const TARGET: &str = if cfg!(all(target_arch = "x86_64", target_os = "linux")) {
    "x86_64-unknown-linux-gnu"
} else if cfg!(all(target_arch = "aarch64", target_os = "linux")) {
    "aarch64-unknown-linux-gnu"
} else if cfg!(all(target_arch = "aarch64", target_os = "macos")) {
    "aarch64-apple-darwin"
} else if cfg!(all(target_arch = "x86_64", target_os = "macos")) {
    "x86_64-apple-darwin"
} else {
    "x86_64-pc-windows-msvc"
};

/// Proposals that connectors do not need are off: each is surface for a guest to attack.
fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .epoch_interruption(true)
        .async_stack_zeroing(true)
        .async_stack_size(FIBER_STACK_BYTES)
        .max_wasm_stack(WASM_STACK_BYTES)
        .wasm_gc(false)
        .wasm_function_references(false)
        .wasm_exceptions(false)
        .wasm_threads(false)
        .shared_memory(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_backtrace_max_frames(None);
    config
}
