//! The contract's side: validate, ask, convert. No policy here.

use std::sync::Arc;

use tokio::task::JoinSet;
use tracing::Instrument as _;
use wasmtime::component::{HasData, Linker, Resource};

use super::connection::{Connection, Link, Target};
use super::error::Error;
use super::search::{Results, Search, Wanted};
use super::state::{LdapState, Shared};
use crate::contract::connector::oomnitza::connector::ldap::{self as wit, Entry, Host, HostConnection, HostResults};

impl Host for &mut LdapState {}

impl HostConnection for &mut LdapState {
    async fn open(&mut self, target: wit::Target) -> wasmtime::Result<Result<Resource<Connection>, wit::Error>> {
        let shared = Arc::clone(&self.shared);
        let opened = apart(async move { open(&shared, target).await }).await;
        let opened = opened.and_then(|link| push(&mut self.table, Connection { link: Arc::new(link) }));
        Ok(opened.map_err(|error| self.tell(error)))
    }

    async fn search(
        &mut self,
        connection: Resource<Connection>,
        search: wit::Search,
    ) -> wasmtime::Result<Result<Resource<Results>, wit::Error>> {
        let link = Arc::clone(&self.table.get(&connection)?.link);
        // Its place is taken first: a search that was started and then cannot be handed over would go on for nobody.
        let place = Results {
            link: Arc::clone(&link),
            search: None,
        };
        let results = match push(&mut self.table, place) {
            Ok(results) => results,
            Err(error) => return Ok(Err(self.tell(error))),
        };
        let shared = Arc::clone(&self.shared);
        match apart(start(shared, link, search)).await {
            Ok(search) => {
                self.table.get_mut(&results)?.search = Some(search);
                Ok(Ok(results))
            }
            Err(error) => {
                self.table.delete(results)?;
                Ok(Err(self.tell(error)))
            }
        }
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?.link.close().await;
        Ok(())
    }
}

impl HostResults for &mut LdapState {
    async fn next(&mut self, results: Resource<Results>) -> wasmtime::Result<Result<Option<Vec<Entry>>, wit::Error>> {
        let held = self.table.get_mut(&results)?;
        let link = Arc::clone(&held.link);
        let Some(mut search) = held.search.take() else {
            return Ok(Err(self.tell(Error::Gone("the search was lost"))));
        };
        let read = apart(async move {
            let entries = search.next(&link).await;
            if search.is_over() {
                link.release();
            }
            Ok((search, entries))
        });
        let entries = match read.await {
            Ok((search, entries)) => {
                self.table.get_mut(&results)?.search = Some(search);
                entries
            }
            Err(error) => Err(error),
        };
        Ok(entries.map_err(|error| self.tell(error)))
    }

    async fn drop(&mut self, results: Resource<Results>) -> wasmtime::Result<()> {
        let Results { link, search } = self.table.delete(results)?;
        match search {
            // The connection may be another search's by now.
            Some(search) if search.is_over() => return Ok(()),
            // Nobody is left to be told if it fails.
            Some(mut search) => _ = search.abandon(&link).await,
            // It was lost, and the connection with it.
            None => {}
        }
        link.release();
        Ok(())
    }
}

impl LdapState {
    fn tell(&self, error: Error) -> wit::Error {
        if let Error::Denied(what) = &error {
            tracing::warn!(what = self.shared.redact(what), "a search of the connector was denied");
        }
        error.into_wit(|text| self.shared.redact(text))
    }
}

async fn open(shared: &Shared, target: wit::Target) -> Result<Link, Error> {
    let target = Target::read(target, &shared.limits)?;
    let slot = shared.slot(target.auth.as_deref())?;
    shared.count_connection()?;
    let terms = shared.terms(target.place());
    Link::open(shared.network.clone(), target, slot, terms).await
}

async fn start(shared: Arc<Shared>, link: Arc<Link>, search: wit::Search) -> Result<Search, Error> {
    let wanted = Wanted::read(search, link.version, &shared.limits)?;
    link.claim()?;
    let started = Search::start(shared, &link, wanted).await;
    if started.as_ref().map_or(true, Search::is_over) {
        link.release();
    }
    started
}

/// Works on a task of its own: a guest's stack is small, and a panic in a library must not be one of the run. Dropping
/// the set ends the task, when the guest's call is given up.
async fn apart<T: Send + 'static>(work: impl Future<Output = Result<T, Error>> + Send + 'static) -> Result<T, Error> {
    let mut tasks = JoinSet::new();
    tasks.spawn(work.in_current_span());
    match tasks.join_next().await {
        Some(Ok(done)) => done,
        _ => Err(Error::Gone("the search was lost")),
    }
}

/// Hands a resource to the guest, if it holds few enough.
fn push<T: Send + 'static>(table: &mut wasmtime::component::ResourceTable, resource: T) -> Result<Resource<T>, Error> {
    table.push(resource).map_err(|_| {
        Error::TooLarge(format!(
            "{} connections and results at once are the limit",
            table.max_capacity()
        ))
    })
}

/// Links LDAP.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    get: fn(&mut T) -> &mut LdapState,
) -> wasmtime::Result<()> {
    struct View;
    impl HasData for View {
        type Data<'a> = &'a mut LdapState;
    }
    wit::add_to_linker::<T, View>(linker, get)
}
