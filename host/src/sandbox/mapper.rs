//! The mapping component at work.

use wasmtime::Store;
use wasmtime::component::{Linker, ResourceAny};

use super::engine::Engine;
use super::error::Error;
use super::limits::Limits;
use super::loader::Loaded;
use super::state::{self, RunState};
use crate::contract::mapper::Mapper as Bindings;
use crate::contract::mapper::exports::oomnitza::connector::mapping as wit;

/// One mapper with its plan. It has no imports: nothing but its answers leaves it.
pub struct Mapper {
    store: Store<RunState<()>>,
    bindings: Bindings,
    mapper: ResourceAny,
    limits: Limits,
}

impl Mapper {
    /// Instantiates the mapping component and hands it its plan.
    pub async fn open(engine: &Engine, loaded: &Loaded, limits: &Limits, plan: &wit::Plan) -> Result<Self, Error> {
        let linker: Linker<RunState<()>> = Linker::new(engine.wasmtime());
        let mut store = state::store(engine, limits, ())?;
        // The plan may carry a company's whole table of locations.
        store.set_hostcall_fuel(limits.hostcall_bytes.saturating_mul(8));
        let opened = async {
            let bindings = Bindings::instantiate_async(&mut store, &loaded.component, &linker).await?;
            let answer = bindings
                .oomnitza_connector_mapping()
                .mapper()
                .call_open(&mut store, plan)
                .await?;
            Ok((bindings, answer))
        }
        .await;
        let (bindings, answer) = opened.map_err(|error| store.data().explain(error))?;
        let mapper = answer.map_err(refused)?;
        Ok(Self {
            store,
            bindings,
            mapper,
            limits: limits.clone(),
        })
    }

    /// Maps a page. `look_up` answers what a converter asks for, in the order of the questions.
    pub async fn map(
        &mut self,
        page: &[u8],
        given: Option<&wit::Given>,
        look_up: impl AsyncFnOnce(Vec<wit::LookUp>) -> Vec<Option<String>>,
    ) -> Result<wit::Mapped, Error> {
        self.begin();
        let guest = self.bindings.oomnitza_connector_mapping().mapper();
        let answer = guest.call_map_page(&mut self.store, self.mapper, page, given);
        let outcome = self
            .limits
            .within_call(answer)
            .await
            .and_then(|answer| self.end(answer))?;
        match outcome {
            wit::Outcome::Mapped(mapped) => Ok(mapped),
            wit::Outcome::LookUp(questions) => {
                let answers = look_up(questions).await;
                self.begin();
                let guest = self.bindings.oomnitza_connector_mapping().mapper();
                let answer = guest.call_resolve(&mut self.store, self.mapper, &answers);
                self.limits
                    .within_call(answer)
                    .await
                    .and_then(|answer| self.end(answer))
            }
        }
    }

    /// What a built-in converter makes of `value` in the record `source`, both JSON, for code of the ini file. The inner error is for that code.
    pub(super) async fn convert(
        &mut self,
        converter: &wit::Converter,
        source: &[u8],
        value: Option<&[u8]>,
    ) -> Result<Result<Option<Vec<u8>>, String>, Error> {
        self.begin();
        let guest = self.bindings.oomnitza_connector_mapping().mapper();
        let answer = guest.call_convert(&mut self.store, self.mapper, converter, source, value);
        self.limits
            .within_call(answer)
            .await?
            .map_err(|error| self.store.data().explain(error))
    }

    fn begin(&mut self) {
        self.store.data_mut().deadline.start_call();
        self.store.set_hostcall_fuel(self.limits.hostcall_bytes);
    }

    fn end<T>(&self, answer: wasmtime::Result<Result<T, wit::Error>>) -> Result<T, Error> {
        answer
            .map_err(|error| self.store.data().explain(error))?
            .map_err(refused)
    }
}

impl Limits {
    pub(super) async fn within_call<T>(&self, call: impl Future<Output = T>) -> Result<T, Error> {
        tokio::time::timeout(self.call_wall, call)
            .await
            .map_err(|_| Error::TooSlow {
                scope: "call",
                limit: self.call_wall,
            })
    }
}

fn refused(error: wit::Error) -> Error {
    match error {
        wit::Error::Plan((field, problem)) => Error::Plan { field, problem },
        wit::Error::Page(problem) => Error::Mapping(problem),
        wit::Error::State(problem) => Error::HostBug(format!("the mapper was called out of order: {problem}")),
    }
}
