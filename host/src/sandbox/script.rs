//! The component that runs code of the ini file, at work.

use std::time::Duration;

use wasmtime::Store;
use wasmtime::component::{HasData, Linker};

use super::engine::Engine;
use super::error::Error;
use super::limits::Limits;
use super::loader::Loaded;
use super::mapper::Mapper;
use super::state::{self, LastWords, RunState};
use super::wasi::{self, Still, Stillness};
use crate::contract::mapper::exports::oomnitza::connector::mapping;
use crate::contract::script::Script as Bindings;
use crate::contract::script::exports::oomnitza::connector::scripting as wit;
use crate::contract::script::oomnitza::connector::converters;

/// The programs of a section in an interpreter of their own. It is of no use after its first trap.
pub struct Script {
    store: Store<RunState<Reach>>,
    bindings: Bindings,
    limits: Limits,
}

/// What the programs reach: nothing of this machine, and the built-in converters.
pub(super) struct Reach {
    stillness: Stillness,
    converters: Option<Mapper>,
}

impl LastWords for Reach {
    /// Its exceptions are answers; a trap is without words.
    fn last_words(&self) -> Option<&str> {
        None
    }
}

impl Still for RunState<Reach> {
    fn stillness(&mut self) -> &mut Stillness {
        &mut self.capabilities.stillness
    }
}

impl Script {
    /// Instantiates the component and hands it the programs, which it compiles. `now` is the time that its clock shows, since 1970.
    pub async fn open(
        engine: &Engine,
        loaded: &Loaded,
        limits: &Limits,
        now: Duration,
        programs: &[wit::Program],
    ) -> Result<(Self, Result<wit::Loaded, Vec<wit::Problem>>), Error> {
        let limits = limits.for_scripts();
        let linker = linker(engine, loaded).map_err(|error| Error::HostBug(format!("{error:#}")))?;
        let reach = Reach {
            stillness: Stillness { now, seed: 0 },
            converters: None,
        };
        let mut store = state::store(engine, &limits, reach)?;
        let opened = async {
            let bindings = Bindings::instantiate_async(&mut store, &loaded.component, &linker).await?;
            let answer = bindings
                .oomnitza_connector_scripting()
                .call_load(&mut store, programs)
                .await?;
            Ok((bindings, answer))
        }
        .await;
        let (bindings, answer) = opened.map_err(|error| store.data().explain(error))?;
        let script = Self {
            store,
            bindings,
            limits,
        };
        Ok((script, answer))
    }

    /// Says what is wanted of the programs, and gives them the built-in converters.
    pub async fn plan(&mut self, fields: &[wit::Field], skip: bool, built_in: Mapper) -> Result<(), Error> {
        self.store.data_mut().capabilities.converters = Some(built_in);
        self.begin(0);
        let guest = self.bindings.oomnitza_connector_scripting();
        let answer = guest.call_plan(&mut self.store, fields, skip).await;
        self.end(answer)?.map_err(Error::HostBug)
    }

    /// The mapper that converts for the programs.
    pub fn converters(&mut self) -> Option<&mut Mapper> {
        self.store.data_mut().capabilities.converters.as_mut()
    }

    /// Runs the programs on the first `most` records of a page whose first record is the run's `first`.
    pub async fn run(
        &mut self,
        page: &[u8],
        first: u64,
        most: u32,
    ) -> Result<Result<wit::Outcome, wit::Stopped>, Error> {
        self.begin(first);
        let guest = self.bindings.oomnitza_connector_scripting();
        let answer = guest.call_run_page(&mut self.store, page, most);
        let answer = self.limits.within_call(answer).await?;
        self.end(answer)
    }

    fn begin(&mut self, seed: u64) {
        self.store.data_mut().deadline.start_call();
        // The same page gets the same numbers, whichever instance runs it.
        self.store.data_mut().capabilities.stillness.seed = seed;
        self.store.set_hostcall_fuel(self.limits.hostcall_bytes);
    }

    fn end<T>(&self, answer: wasmtime::Result<T>) -> Result<T, Error> {
        answer.map_err(|error| self.store.data().explain(error))
    }
}

impl converters::Host for &mut Reach {
    async fn convert(
        &mut self,
        name: String,
        parameters: Vec<(String, Option<String>)>,
        source: Vec<u8>,
        value: Option<Vec<u8>>,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, String>> {
        // While programs are loaded nothing is converted yet.
        let Some(mapper) = &mut self.converters else {
            return Ok(Err("nothing can be converted yet".to_owned()));
        };
        let converter = mapping::Converter { name, parameters };
        Ok(mapper.convert(&converter, &source, value.as_deref()).await?)
    }
}

fn linker(engine: &Engine, loaded: &Loaded) -> wasmtime::Result<Linker<RunState<Reach>>> {
    struct View;
    impl HasData for View {
        type Data<'a> = &'a mut Reach;
    }
    let mut linker = Linker::new(engine.wasmtime());
    converters::add_to_linker::<_, View>(&mut linker, |state: &mut RunState<Reach>| &mut state.capabilities)?;
    wasi::add_to_linker(&mut linker, engine, &loaded.component)?;
    Ok(linker)
}
