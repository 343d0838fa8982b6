//! What a query finds, page by page: a page is read when it is wanted.

use std::sync::Arc;

use futures_util::TryStreamExt;
use tiberius::{Client, ColumnType, Query, QueryItem, QueryStream, Row};
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::Url;

use super::connection::{Link, Order, late};
use super::error::Error;
use super::limits::Limits;
use super::state::Shared;
use super::wire::{Allowance, Wire};
use super::{statement, value};
use crate::contract::connector::oomnitza::connector::sql as wit;
use crate::redact::clean;

/// Rows, each with its values in the order of the columns.
pub(super) type Page = Vec<Vec<wit::Value>>;

/// The rows a query finds. The query is cancelled when it is dropped.
pub struct Rows {
    pub(super) link: Arc<Link>,
    pub(super) columns: Vec<String>,
    /// All of them were read, or the query failed.
    pub(super) is_over: bool,
}

/// A query, judged.
pub(super) struct Asked(Query<'static>);

impl Asked {
    pub(super) fn read(text: String, parameters: Vec<wit::Value>, limits: &Limits) -> Result<Self, Error> {
        let too_many = |what: &str, count: usize, limit: usize| {
            Err(Error::TooLarge(format!("{what}: {count}, the limit is {limit}")))
        };
        if text.len() > limits.statement_bytes {
            return too_many("bytes of the statement", text.len(), limits.statement_bytes);
        }
        if parameters.len() > limits.parameters {
            return too_many("parameters", parameters.len(), limits.parameters);
        }
        let bytes = parameters.iter().map(value::bytes).sum();
        if bytes > limits.parameter_bytes {
            return too_many("bytes of the parameters", bytes, limits.parameter_bytes);
        }
        statement::check(&text)
            .map_err(|problem| Error::Denied(format!("the statement is not one query: {problem}")))?;
        let mut query = Query::new(text);
        for parameter in parameters {
            value::bind(&mut query, parameter);
        }
        Ok(Self(query))
    }
}

/// Why a connection serves no longer.
pub(super) enum Served {
    /// Nobody asks any more, or a query has failed.
    Over,
    /// A query was given up, and it is not known what the server still says to it: whatever is asked next is asked on another connection.
    Unclear,
}

/// Does what it is asked, this first, until nobody asks any more, or the connection is of no use.
pub(super) async fn serve(
    mut client: Client<Wire>,
    first: Order,
    orders: &mut mpsc::Receiver<Order>,
    url: &Url,
    allowance: &Allowance,
    shared: &Shared,
) -> Served {
    let limits = &shared.limits;
    let mut next = Some(first);
    while let Some(order) = match next.take() {
        Some(order) => Some(order),
        None => orders.recv().await,
    } {
        let (query, answer) = match order {
            Order::Query(Asked(query), answer) => (query, answer),
            Order::Next(answer) => {
                _ = answer.send(Ok(None));
                continue;
            }
            Order::Stop => continue,
        };
        allowance.renew_page(limits.page_wire_bytes);
        allowance.renew(limits.row_wire_bytes);
        let reading = Reading { url, allowance, shared };
        let end = {
            let started = timeout(limits.answer, reading.start(query, &mut client)).await;
            match started
                .map_err(|_| late(url, "answer the query", limits.answer))
                .flatten()
            {
                Ok((stream, columns)) => {
                    let kinds = columns.iter().map(|(_, kind)| *kind).collect();
                    let names = columns.into_iter().map(|(name, _)| name).collect();
                    if answer.send(Ok(names)).is_err() {
                        return Served::Over;
                    }
                    reading.pages(stream, kinds, orders).await
                }
                Err(error) => {
                    // After a refusal the server waits for the next query; after anything else nobody knows what comes next.
                    let is_usable = matches!(error, Error::Refused(_));
                    _ = answer.send(Err(error));
                    if is_usable { End::Read } else { End::Lost }
                }
            }
        };
        match end {
            End::Read => {}
            End::Lost => return Served::Over,
            End::Stopped => {
                allowance.renew_page(limits.page_wire_bytes);
                allowance.renew(limits.page_wire_bytes);
                // What the server had sent before it stopped is passed over, if that is not too much. One that had sent all of it answers the
                // wish to stop by a message of its own, for which the library does not wait.
                match timeout(limits.cancel, client.cancel_query()).await {
                    Ok(Ok(())) => {}
                    _ => return Served::Unclear,
                }
            }
        }
    }
    Served::Over
}

/// How the reading of a query's rows ended.
enum End {
    /// To the last row, or with a refusal.
    Read,
    /// Nobody wants the rest.
    Stopped,
    /// The connection is of no use any more.
    Lost,
}

/// What reading needs.
struct Reading<'a> {
    url: &'a Url,
    allowance: &'a Allowance,
    shared: &'a Shared,
}

impl Reading<'_> {
    /// Sends a query and waits for its columns: name and type.
    async fn start<'c>(
        &self,
        query: Query<'static>,
        client: &'c mut Client<Wire>,
    ) -> Result<(QueryStream<'c>, Vec<(String, ColumnType)>), Error> {
        let mut stream = query.query(client).await.map_err(|error| self.error(error))?;
        let columns = stream.columns().await.map_err(|error| self.error(error))?;
        let columns: Vec<_> = columns
            .unwrap_or_default()
            .iter()
            .map(|column| (clean(column.name(), 200), column.column_type()))
            .collect();
        let limit = self.shared.limits.columns;
        if columns.len() > limit {
            return Err(Error::TooLarge(format!(
                "the result has {} columns, the limit is {limit}",
                columns.len()
            )));
        }
        Ok((stream, columns))
    }

    /// Hands over pages as they are asked for.
    async fn pages(
        &self,
        mut stream: QueryStream<'_>,
        kinds: Vec<ColumnType>,
        orders: &mut mpsc::Receiver<Order>,
    ) -> End {
        let limits = &self.shared.limits;
        loop {
            let answer = match orders.recv().await {
                Some(Order::Next(answer)) => answer,
                Some(Order::Stop) => return End::Stopped,
                // The host starts no query before the one before is over.
                Some(Order::Query(..)) | None => return End::Lost,
            };
            let page = timeout(limits.answer, self.page(&mut stream, &kinds)).await;
            let page = page
                .map_err(|_| late(self.url, "go on with its rows", limits.answer))
                .flatten();
            let end = match &page {
                Ok(Some(_)) => None,
                Ok(None) | Err(Error::Refused(_)) => Some(End::Read),
                Err(_) => Some(End::Lost),
            };
            if answer.send(page).is_err() {
                return End::Lost;
            }
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// The next rows; none at the end.
    async fn page(&self, stream: &mut QueryStream<'_>, kinds: &[ColumnType]) -> Result<Option<Page>, Error> {
        let limits = &self.shared.limits;
        let mut page = Page::new();
        let mut page_bytes = 0;
        self.allowance.renew_page(limits.page_wire_bytes);
        while page.len() < limits.page_rows && page_bytes < limits.page_bytes {
            self.allowance.renew(limits.row_wire_bytes);
            match stream.try_next().await.map_err(|error| self.error(error))? {
                Some(QueryItem::Row(row)) => {
                    let (row, bytes) = self.row(row, kinds)?;
                    page.push(row);
                    page_bytes += bytes;
                }
                Some(QueryItem::Metadata(result)) if result.result_index() == 0 => {}
                Some(QueryItem::Metadata(_)) => {
                    return Err(Error::Protocol(format!(
                        "{} gives a second result to one query",
                        self.url
                    )));
                }
                None => break,
            }
        }
        Ok((!page.is_empty()).then_some(page))
    }

    /// A row's values, and how many bytes they are.
    fn row(&self, row: Row, kinds: &[ColumnType]) -> Result<(Vec<wit::Value>, usize), Error> {
        let limits = &self.shared.limits;
        self.shared.count_row()?;
        let mut values = Vec::with_capacity(kinds.len());
        let mut row_bytes = 0;
        for (data, kind) in row.into_iter().zip(kinds) {
            let value = value::read(*kind, data);
            let bytes = value::bytes(&value);
            if bytes > limits.cell_bytes {
                return Err(Error::TooLarge(format!(
                    "a value of column {} has {bytes} bytes, the limit is {}",
                    values.len() + 1,
                    limits.cell_bytes
                )));
            }
            row_bytes += bytes;
            values.push(value);
        }
        if row_bytes > limits.row_bytes {
            return Err(Error::TooLarge(format!(
                "a row has {row_bytes} bytes, the limit is {}",
                limits.row_bytes
            )));
        }
        Ok((values, row_bytes))
    }

    /// What an error of the library means.
    fn error(&self, error: tiberius::error::Error) -> Error {
        if self.allowance.is_exceeded() {
            let limits = &self.shared.limits;
            return Error::TooLarge(format!(
                "{} sends more than {} bytes for a row or {} for a page, which is the limit",
                self.url, limits.row_wire_bytes, limits.page_wire_bytes
            ));
        }
        Error::of_tds(error, self.url.as_str())
    }
}
