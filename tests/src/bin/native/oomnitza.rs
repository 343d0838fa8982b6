//! Oomnitza: signing in, and uploads, several at a time.

use oomnitza_connector::standin::oomnitza::Settings;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::Failure;

/// Records of one upload.
const BATCH: usize = 100;

/// Uploads under way at once.
const PARALLEL: usize = 4;

/// A record as it is uploaded.
#[derive(Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) struct Record<'a, T> {
    pub(crate) user: T,
    pub(crate) first_name: T,
    pub(crate) last_name: T,
    pub(crate) email: T,
    pub(crate) phone: Option<T>,
    pub(crate) permissions_id: &'a str,
    pub(crate) position: &'a str,
}

/// An Oomnitza that has taken the token.
pub(crate) struct Oomnitza {
    client: Client,
    base: String,
    headers: HeaderMap,
}

impl Oomnitza {
    pub(crate) async fn sign_in(client: Client, base: &str) -> Result<Self, Failure> {
        let json = HeaderValue::from_static("application/json");
        let headers = [
            (
                HeaderName::from_static("authorization2"),
                Settings::default().token.parse()?,
            ),
            (HeaderName::from_static("contenttype"), json.clone()),
            (CONTENT_TYPE, json.clone()),
            (ACCEPT, json),
        ];
        let oomnitza = Self {
            client,
            base: base.to_owned(),
            headers: HeaderMap::from_iter(headers),
        };
        oomnitza.mappings("AuthTest").await?;
        Ok(oomnitza)
    }

    /// Asks for its mappings, which the benchmark's has none of.
    pub(crate) async fn mappings(&self, name: &str) -> Result<(), Failure> {
        let request = self.client.get(format!("{}/api/v2/mappings?name={name}", self.base));
        answer(request.headers(self.headers.clone())).await
    }

    pub(crate) fn uploads(self) -> Uploads {
        Uploads {
            oomnitza: self,
            batch: Vec::new(),
            count: 0,
            under_way: JoinSet::new(),
        }
    }
}

/// Waits for an answer, which has to be a good one.
async fn answer(request: RequestBuilder) -> Result<(), Failure> {
    request.send().await?.error_for_status()?.bytes().await?;
    Ok(())
}

/// Records on their way.
pub(crate) struct Uploads {
    oomnitza: Oomnitza,
    /// Opened, and not closed.
    batch: Vec<u8>,
    count: usize,
    under_way: JoinSet<Result<(), Failure>>,
}

impl Uploads {
    /// Adds a record, and uploads what makes a batch. Waits while enough is under way.
    pub(crate) async fn push<T: Serialize>(&mut self, record: &Record<'_, T>) -> Result<(), Failure> {
        self.batch.push(if self.count == 0 { b'[' } else { b',' });
        serde_json::to_writer(&mut self.batch, record)?;
        self.count += 1;
        if self.count == BATCH {
            self.flush().await
        } else {
            Ok(())
        }
    }

    async fn flush(&mut self) -> Result<(), Failure> {
        if self.count == 0 {
            return Ok(());
        }
        if self.under_way.len() == PARALLEL {
            self.settle().await?;
        }
        let mut body = std::mem::take(&mut self.batch);
        body.push(b']');
        self.batch.reserve(body.len());
        self.count = 0;
        let url = format!(
            "{}/api/v2/bulk/users?VERSION={}",
            self.oomnitza.base,
            env!("CARGO_PKG_VERSION")
        );
        let request = self.oomnitza.client.post(url).headers(self.oomnitza.headers.clone());
        self.under_way.spawn(answer(request.body(body)));
        Ok(())
    }

    async fn settle(&mut self) -> Result<(), Failure> {
        match self.under_way.join_next().await {
            Some(ended) => ended?,
            None => Ok(()),
        }
    }

    /// Uploads the rest and waits for everything.
    pub(crate) async fn finish(mut self) -> Result<(), Failure> {
        self.flush().await?;
        while !self.under_way.is_empty() {
            self.settle().await?;
        }
        Ok(())
    }
}
