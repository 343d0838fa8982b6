//! Queries to a SQL Server database.

use crate::bindings::oomnitza::connector::sql as wit;

pub use wit::{Error, Refusal, Target, Value};

/// What these functions give.
pub type Result<T> = std::result::Result<T, Error>;

/// A signed-in connection. Closed when it and its rows are dropped.
pub struct Connection {
    #[cfg(target_arch = "wasm32")]
    connection: wit::Connection,
}

/// The rows a query finds, page by page. The query is cancelled when they are dropped.
pub struct Rows {
    #[cfg(target_arch = "wasm32")]
    rows: wit::Rows,
    columns: Vec<String>,
}

/// A row: its values in the order of the columns.
pub type Row = Vec<Value>;

impl Connection {
    /// Connects and signs in.
    pub fn open(target: &Target) -> Result<Self> {
        #[cfg(target_arch = "wasm32")]
        return wit::Connection::open(target).map(|connection| Self { connection });
        #[cfg(not(target_arch = "wasm32"))]
        crate::testing::with_host(|host| host.sql_open(target)).map(|()| Self {})
    }

    /// Runs one query, SELECT or WITH. `@P1`, `@P2` … in the statement stand for the parameters. One at a time: rows that are still
    /// held are of the query before.
    pub fn query(&self, statement: &str, parameters: &[Value]) -> Result<Rows> {
        #[cfg(target_arch = "wasm32")]
        return self.connection.query(statement, parameters).map(|rows| {
            let columns = rows.columns().into_iter().map(|column| column.name).collect();
            Rows { rows, columns }
        });
        #[cfg(not(target_arch = "wasm32"))]
        crate::testing::with_host(|host| host.sql_query(statement, parameters)).map(|columns| Rows { columns })
    }
}

impl Rows {
    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The next rows, at most 5,000; none at the end.
    pub fn next_rows(&mut self) -> Result<Option<Vec<Row>>> {
        #[cfg(target_arch = "wasm32")]
        return self.rows.next();
        #[cfg(not(target_arch = "wasm32"))]
        crate::testing::with_host(|host| host.sql_next(&self.columns))
    }
}

impl From<Error> for crate::Error {
    /// What went wrong, in words.
    fn from(error: Error) -> Self {
        match error {
            // 4060: the database is not there, or not for this login; the server itself does not say which.
            Error::Login(refusal) if refusal.number == 4060 => Self::Forbidden(words(&refusal)),
            Error::Login(refusal) => Self::SignIn(words(&refusal)),
            Error::Refused(refusal) => match refusal.number {
                229 | 230 | 297 | 300 | 916 => Self::Forbidden(words(&refusal)),
                1222 => Self::TimedOut(words(&refusal)),
                _ => Self::Unexpected(words(&refusal)),
            },
            Error::Denied(why) | Error::Unreachable(why) => Self::Unreachable(why),
            Error::InvalidInput(why) | Error::Other(why) => Self::Other(why),
            Error::TooLarge(why) | Error::Protocol(why) => Self::Unexpected(why),
            Error::TimedOut => Self::TimedOut("the database did not answer".to_owned()),
        }
    }
}

/// A refusal as the server words it, with its number, by which it is found in Microsoft's documentation.
fn words(refusal: &Refusal) -> String {
    format!("error {}: {}", refusal.number, refusal.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_with_its_number_and_by_what_can_be_done() {
        let refusal = |number| Refusal {
            number,
            message: "no".to_owned(),
        };
        for (error, told) in [
            (
                Error::Login(refusal(18456)),
                crate::Error::SignIn("error 18456: no".to_owned()),
            ),
            (
                Error::Login(refusal(4060)),
                crate::Error::Forbidden("error 4060: no".to_owned()),
            ),
            (
                Error::Refused(refusal(229)),
                crate::Error::Forbidden("error 229: no".to_owned()),
            ),
            (
                Error::Refused(refusal(208)),
                crate::Error::Unexpected("error 208: no".to_owned()),
            ),
        ] {
            assert_eq!(crate::Error::from(error), told);
        }
    }
}
