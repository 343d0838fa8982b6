//! Models of Apple computers by their serial numbers: `GET https://nam.oomnitza.com/?sn=…`, text (converter `mac_model_from_sn`).
//!
//! A help, not a duty: whatever goes wrong, the record keeps the value that it has. Each serial number is asked for once a run, and some
//! times more where the service is too busy to answer.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Method;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use url::Url;

use super::prepare::Context;
use crate::mapping::LookUp;
use crate::net::backoff::Backoff;
use crate::net::{Egress, HttpClient, Network, Origins, Reach, Rule};
use crate::redact::clean;

/// Where it is asked.
const ADDRESS: &str = "https://nam.oomnitza.com/";

/// Questions under way at once, of all sections.
const PARALLEL: usize = 8;

/// Tries of a question that the service is too busy to answer.
const TRIES: u32 = 3;

/// Bytes of an answer; a model's name has some dozen.
const MOST_BYTES: usize = 300;

/// The look-ups of one run.
pub(super) struct MacModels {
    service: Option<Arc<Service>>,
    known: Mutex<BTreeMap<String, Option<String>>>,
}

/// Who knows them, and how it is asked.
struct Service {
    client: HttpClient,
    url: Url,
    permits: Arc<Semaphore>,
    backoff: Backoff,
}

impl MacModels {
    /// The look-ups of a run. It is a service of Oomnitza's, so it is reached as Oomnitza is.
    pub(super) fn new(context: &Context) -> Self {
        let network = |egress| {
            let (tls, proxies) = (context.oomnitza_tls.clone(), context.oomnitza_proxies.clone());
            Network::new(egress, tls, proxies, context.timeouts.clone())
        };
        Self::at(ADDRESS, Reach::Public, network, context.retry.backoff, &context.origins)
    }

    fn at(
        address: &str,
        reach: Reach,
        network: impl FnOnce(Egress) -> Network,
        backoff: Backoff,
        origins: &Origins,
    ) -> Self {
        let service = Url::parse(address).ok().and_then(|url| {
            let egress = Egress::new(vec![Rule::of(&url, reach).ok()?]);
            Some(Arc::new(Service {
                client: network(egress).http(),
                permits: origins.permits(&url, PARALLEL),
                url,
                backoff,
            }))
        });
        Self {
            service,
            known: Mutex::default(),
        }
    }

    async fn answer(&self, serials: Vec<String>) -> Vec<Option<String>> {
        let mut open: Vec<String> = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            serials
                .iter()
                .filter(|serial| !known.contains_key(*serial))
                .cloned()
                .collect()
        };
        open.sort();
        open.dedup();
        let mut under_way = JoinSet::new();
        loop {
            while under_way.len() < PARALLEL
                && let (Some(service), Some(serial)) = (&self.service, open.pop())
            {
                let service = service.clone();
                under_way.spawn(async move {
                    let model = service.ask(&serial).await;
                    (serial, model)
                });
            }
            match under_way.join_next().await {
                Some(Ok((serial, model))) => {
                    if model.is_none() {
                        tracing::debug!(
                            serial = clean(&serial, 60),
                            "the model of this serial number is not known"
                        );
                    }
                    self.known
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .insert(serial, model);
                }
                Some(Err(_)) => {}
                None => break,
            }
        }
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        serials
            .iter()
            .map(|serial| known.get(serial).cloned().flatten())
            .collect()
    }
}

impl LookUp for MacModels {
    fn mac_models(&self, serials: Vec<String>) -> Pin<Box<dyn Future<Output = Vec<Option<String>>> + Send + '_>> {
        Box::pin(self.answer(serials))
    }
}

impl Service {
    async fn ask(&self, serial: &str) -> Option<String> {
        // Never closed, so never refused.
        let _permit = self.permits.acquire().await;
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("sn", serial);
        let mut failures = 0;
        let mut response = loop {
            let request = reqwest::Request::new(Method::GET, url.clone());
            let response = self.client.send(request).await.ok()?;
            failures += 1;
            if failures == TRIES || !matches!(response.status().as_u16(), 429 | 502..=504) {
                break response;
            }
            tokio::time::sleep(self.backoff.delay(failures)).await;
        };
        if !response.status().is_success() {
            return None;
        }
        let mut body = Vec::new();
        while let Some(piece) = self.client.chunk(&mut response).await.ok()? {
            body.extend_from_slice(&piece);
            if body.len() > MOST_BYTES {
                return None;
            }
        }
        let model = String::from_utf8(body).ok()?;
        let is_one = !model.trim().is_empty() && !model.starts_with("Error") && !model.trim_start().starts_with('<');
        is_one.then_some(model)
    }
}

#[cfg(test)]
mod tests;
