//! The contract's side: validate, ask, convert. No policy here.

use std::sync::Arc;

use wasmtime::component::{HasData, Linker, Resource, ResourceTable};

use super::connection::{Connection, Link, Target};
use super::error::Error;
use super::rows::{Asked, Page, Rows};
use super::state::{Shared, SqlState};
use crate::contract::connector::oomnitza::connector::sql::{
    self as wit, Column, Host, HostConnection, HostRows, Value,
};

impl Host for &mut SqlState {}

impl HostConnection for &mut SqlState {
    async fn open(&mut self, target: wit::Target) -> wasmtime::Result<Result<Resource<Connection>, wit::Error>> {
        let opened = open(Arc::clone(&self.shared), target).await;
        let opened = opened.and_then(|link| push(&mut self.table, Connection { link: Arc::new(link) }));
        Ok(opened.map_err(|error| self.tell(error)))
    }

    async fn query(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<Result<Resource<Rows>, wit::Error>> {
        let link = Arc::clone(&self.table.get(&connection)?.link);
        // Its place is taken first: a query that was started and then cannot be handed over would go on for nobody.
        let place = Rows {
            link: Arc::clone(&link),
            columns: Vec::new(),
            is_over: true,
        };
        let rows = match push(&mut self.table, place) {
            Ok(rows) => rows,
            Err(error) => return Ok(Err(self.tell(error))),
        };
        match start(&self.shared, &link, statement, parameters).await {
            Ok(columns) => {
                let held = self.table.get_mut(&rows)?;
                held.columns = columns;
                held.is_over = false;
                Ok(Ok(rows))
            }
            Err(error) => {
                self.table.delete(rows)?;
                Ok(Err(self.tell(error)))
            }
        }
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        // The connection lives on while its rows are held.
        self.table.delete(connection)?;
        Ok(())
    }
}

impl HostRows for &mut SqlState {
    async fn columns(&mut self, rows: Resource<Rows>) -> wasmtime::Result<Vec<Column>> {
        let columns = self.table.get(&rows)?.columns.iter();
        Ok(columns.map(|name| Column { name: name.clone() }).collect())
    }

    async fn next(&mut self, rows: Resource<Rows>) -> wasmtime::Result<Result<Option<Page>, wit::Error>> {
        let held = self.table.get(&rows)?;
        if held.is_over {
            return Ok(Ok(None));
        }
        let link = Arc::clone(&held.link);
        let page = link.next().await;
        if !matches!(page, Ok(Some(_))) {
            self.table.get_mut(&rows)?.is_over = true;
            link.release();
        }
        Ok(page.map_err(|error| self.tell(error)))
    }

    async fn drop(&mut self, rows: Resource<Rows>) -> wasmtime::Result<()> {
        let Rows { link, is_over, .. } = self.table.delete(rows)?;
        if !is_over {
            link.stop().await;
            link.release();
        }
        Ok(())
    }
}

impl SqlState {
    fn tell(&self, error: Error) -> wit::Error {
        if let Error::Denied(what) = &error {
            tracing::warn!(what = self.shared.redact(what), "a query of the connector was denied");
        }
        if let Error::Kerberos { what, hint } = &error {
            self.shared.network.advise(self.shared.redact(what), hint);
        }
        error.into_wit(|text| self.shared.redact(text))
    }
}

async fn open(shared: Arc<Shared>, target: wit::Target) -> Result<Link, Error> {
    let target = Target::read(target, &shared.limits)?;
    Link::open(shared, target).await
}

async fn start(shared: &Shared, link: &Link, statement: String, parameters: Vec<Value>) -> Result<Vec<String>, Error> {
    let asked = Asked::read(statement, parameters, &shared.limits)?;
    shared.count_query()?;
    link.claim()?;
    let started = link.query(asked).await;
    if started.is_err() {
        link.release();
    }
    started
}

/// Hands a resource to the guest, if it holds few enough.
fn push<T: Send + 'static>(table: &mut ResourceTable, resource: T) -> Result<Resource<T>, Error> {
    table.push(resource).map_err(|_| {
        Error::TooLarge(format!(
            "{} connections and results at once are the limit",
            table.max_capacity()
        ))
    })
}

/// Links SQL.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    get: fn(&mut T) -> &mut SqlState,
) -> wasmtime::Result<()> {
    struct View;
    impl HasData for View {
        type Data<'a> = &'a mut SqlState;
    }
    wit::add_to_linker::<T, View>(linker, get)
}
