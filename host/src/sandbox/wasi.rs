//! The WASI 0.2 that a component with an interpreter inside cannot do without, and that reaches nothing (docs/adr/0011).
//!
//! A clock that stands where the run began, numbers that follow from a seed, an output nobody hears, no environment and no directories. A wait
//! is over at once. Everything else that the component imports (files, sockets) is a trap: with no directory to start from, a C library
//! never gets that far. So there is nothing here to misconfigure, and all handles are empty.

use std::time::Duration;

use wasmtime::StoreContextMut;
use wasmtime::component::{Component, ComponentType, Lift, Linker, LinkerInstance, Lower, Resource, ResourceType};

use super::engine::Engine;

/// The most bytes of random numbers for one call.
const MOST_RANDOM_BYTES: u64 = 64 << 10;

/// What WASI's names begin with.
pub(super) const PACKAGE: &str = "wasi:";

/// What a run's clock shows and its random numbers follow from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stillness {
    /// Since 1970.
    pub(super) now: Duration,
    /// State of the generator.
    pub(super) seed: u64,
}

impl Stillness {
    /// Random numbers for which nobody can be blamed: splitmix64, whose whole state is the seed.
    fn bytes(&mut self, count: u64) -> Vec<u8> {
        let count = usize::try_from(count.min(MOST_RANDOM_BYTES)).unwrap_or_default();
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = self.seed;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            bytes.extend_from_slice(&(word ^ (word >> 31)).to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}

/// A store that has one.
pub(super) trait Still {
    fn stillness(&mut self) -> &mut Stillness;
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    Failed(Resource<()>),
    #[component(name = "closed")]
    Closed,
}

type Handle = Resource<()>;

/// A handle to nothing.
fn handle() -> Handle {
    Resource::new_own(0)
}

/// Links what `component` imports of WASI.
pub(super) fn add_to_linker<T: Still + Send + 'static>(
    linker: &mut Linker<T>,
    engine: &Engine,
    component: &Component,
) -> wasmtime::Result<()> {
    let kind = component.component_type();
    for (name, _) in kind.imports(engine.wasmtime()) {
        if let Some((interface, _)) = name.strip_prefix(PACKAGE).and_then(|rest| rest.split_once('@')) {
            interface_to_linker(&mut linker.instance(name)?, interface)?;
        }
    }
    linker.define_unknown_imports_as_traps(component)
}

fn interface_to_linker<T: Still + Send + 'static>(
    linker: &mut LinkerInstance<'_, T>,
    interface: &str,
) -> wasmtime::Result<()> {
    match interface {
        "io/poll" => {
            resource(linker, "pollable")?;
            linker.func_wrap("[method]pollable.block", |_, (_,): (Handle,)| Ok(()))?;
            linker.func_wrap("poll", |_, (all,): (Vec<Handle>,)| {
                Ok(((0..u32::try_from(all.len())?).collect::<Vec<_>>(),))
            })
        }
        "io/error" => resource(linker, "error"),
        "io/streams" => streams(linker),
        "clocks/monotonic-clock" => {
            linker.func_wrap("now", |_, (): ()| Ok((0u64,)))?;
            linker.func_wrap("resolution", |_, (): ()| Ok((1u64,)))?;
            linker.func_wrap("subscribe-instant", |_, (_,): (u64,)| Ok((handle(),)))?;
            linker.func_wrap("subscribe-duration", |_, (_,): (u64,)| Ok((handle(),)))
        }
        "clocks/wall-clock" => {
            linker.func_wrap("now", |mut store: StoreContextMut<'_, T>, (): ()| {
                let now = store.data_mut().stillness().now;
                Ok((Datetime {
                    seconds: now.as_secs(),
                    nanoseconds: now.subsec_nanos(),
                },))
            })?;
            linker.func_wrap("resolution", |_, (): ()| {
                Ok((Datetime {
                    seconds: 0,
                    nanoseconds: 1,
                },))
            })
        }
        "random/random" => linker.func_wrap(
            "get-random-bytes",
            |mut store: StoreContextMut<'_, T>, (count,): (u64,)| Ok((store.data_mut().stillness().bytes(count),)),
        ),
        "cli/environment" => {
            linker.func_wrap("get-environment", |_, (): ()| Ok((Vec::<(String, String)>::new(),)))?;
            linker.func_wrap("get-arguments", |_, (): ()| Ok((Vec::<String>::new(),)))
        }
        "cli/exit" => linker.func_wrap("exit", |_, (_,): (Result<(), ()>,)| {
            Err::<(), _>(wasmtime::Error::msg("it asked to end the program"))
        }),
        "cli/stdin" => linker.func_wrap("get-stdin", |_, (): ()| Ok((handle(),))),
        "cli/stdout" => linker.func_wrap("get-stdout", |_, (): ()| Ok((handle(),))),
        "cli/stderr" => linker.func_wrap("get-stderr", |_, (): ()| Ok((handle(),))),
        "cli/terminal-stdin" => linker.func_wrap("get-terminal-stdin", |_, (): ()| Ok((None::<Handle>,))),
        "cli/terminal-stdout" => linker.func_wrap("get-terminal-stdout", |_, (): ()| Ok((None::<Handle>,))),
        "cli/terminal-stderr" => linker.func_wrap("get-terminal-stderr", |_, (): ()| Ok((None::<Handle>,))),
        "filesystem/preopens" => linker.func_wrap("get-directories", |_, (): ()| Ok((Vec::<(Handle, String)>::new(),))),
        _ => Ok(()),
    }
}

/// An output that takes everything, and an input that is at its end.
fn streams<T: 'static>(linker: &mut LinkerInstance<'_, T>) -> wasmtime::Result<()> {
    type Written = Result<(), StreamError>;
    resource(linker, "output-stream")?;
    resource(linker, "input-stream")?;
    linker.func_wrap("[method]input-stream.read", |_, (_, _): (Handle, u64)| {
        Ok((Err::<Vec<u8>, _>(StreamError::Closed),))
    })?;
    linker.func_wrap("[method]input-stream.subscribe", |_, (_,): (Handle,)| Ok((handle(),)))?;
    linker.func_wrap("[method]output-stream.check-write", |_, (_,): (Handle,)| {
        Ok((Ok::<u64, StreamError>(4 << 10),))
    })?;
    linker.func_wrap("[method]output-stream.write", |_, (_, _): (Handle, Vec<u8>)| {
        Ok((Written::Ok(()),))
    })?;
    linker.func_wrap(
        "[method]output-stream.blocking-write-and-flush",
        |_, (_, _): (Handle, Vec<u8>)| Ok((Written::Ok(()),)),
    )?;
    linker.func_wrap("[method]output-stream.blocking-flush", |_, (_,): (Handle,)| {
        Ok((Written::Ok(()),))
    })?;
    linker.func_wrap("[method]output-stream.subscribe", |_, (_,): (Handle,)| Ok((handle(),)))
}

fn resource<T: 'static>(linker: &mut LinkerInstance<'_, T>, name: &str) -> wasmtime::Result<()> {
    linker.resource(name, ResourceType::host::<()>(), |_, _| Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_follow_from_the_seed_and_have_an_end() {
        let bytes = |seed, count| {
            Stillness {
                now: Duration::ZERO,
                seed,
            }
            .bytes(count)
        };
        assert_eq!(bytes(1, 20), bytes(1, 20));
        assert_eq!(bytes(1, 20).len(), 20);
        assert_ne!(bytes(1, 20), bytes(2, 20));
        assert_eq!(bytes(1, u64::MAX).len(), 64 << 10);
    }
}
