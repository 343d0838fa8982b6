//! Models of Apple computers by their serial numbers: `GET https://nam.oomnitza.com/?sn=…`, text (converter `mac_model_from_sn`).
//!
//! A help, not a duty: whatever goes wrong, the record keeps the value that it has. Each serial number is asked for once a run.

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
use crate::net::{Egress, HttpClient, Network, Origins, Proxies, Reach, Rule, Timeouts, TlsSettings};
use crate::redact::clean;

/// Where it is asked.
const ADDRESS: &str = "https://nam.oomnitza.com/";

/// Questions under way at once, of all sections.
const PARALLEL: usize = 8;

/// Bytes of an answer; a model's name has some dozen.
const MOST_BYTES: usize = 300;

/// The look-ups of one run.
pub(super) struct MacModels {
    client: Option<(HttpClient, Url, Arc<Semaphore>)>,
    known: Mutex<BTreeMap<String, Option<String>>>,
}

impl MacModels {
    pub(super) fn new(context: &Context) -> Self {
        let (proxies, timeouts) = (context.oomnitza_proxies.clone(), context.timeouts.clone());
        Self::at(ADDRESS, Reach::Public, proxies, timeouts, &context.origins)
    }

    fn at(address: &str, reach: Reach, proxies: Proxies, timeouts: Timeouts, origins: &Origins) -> Self {
        let client = Url::parse(address).ok().and_then(|url| {
            let egress = Egress::new(vec![Rule::of(&url, reach).ok()?]);
            let permits = origins.permits(&url, PARALLEL);
            Some((
                Network::new(egress, TlsSettings::default(), proxies, timeouts).http(),
                url,
                permits,
            ))
        });
        Self {
            client,
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
                && let (Some((client, address, permits)), Some(serial)) = (&self.client, open.pop())
            {
                let (client, address, permits) = (client.clone(), address.clone(), permits.clone());
                under_way.spawn(async move {
                    // Never closed, so never refused.
                    let _permit = permits.acquire().await;
                    let model = ask(&client, address, &serial).await;
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

async fn ask(client: &HttpClient, mut url: Url, serial: &str) -> Option<String> {
    url.query_pairs_mut().append_pair("sn", serial);
    let mut response = client.send(reqwest::Request::new(Method::GET, url)).await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    let mut body = Vec::new();
    while let Some(piece) = client.chunk(&mut response).await.ok()? {
        body.extend_from_slice(&piece);
        if body.len() > MOST_BYTES {
            return None;
        }
    }
    let model = String::from_utf8(body).ok()?;
    let is_one = !model.trim().is_empty() && !model.starts_with("Error") && !model.trim_start().starts_with('<');
    is_one.then_some(model)
}
