//! The contract's side: validate, ask, convert. No policy here.

use tokio::task::JoinSet;
use tracing::Instrument as _;
use wasmtime::component::{HasData, Linker};

use super::error::Error;
use super::request::Request;
use super::state::HttpState;
use crate::contract::connector::oomnitza::connector::http::{self as wit, Host};

impl HttpState {
    async fn answer(self, request: wit::Request) -> Result<wit::Response, wit::Error> {
        let sent = match Request::read(request, self.limits()) {
            Ok(request) => self.send(request).await,
            Err(error) => Err(error),
        };
        match sent {
            Ok(answer) => {
                self.answered(&answer);
                Ok(wit::Response {
                    status: answer.status,
                    headers: answer.headers,
                    body: answer.body,
                })
            }
            Err(error) => {
                if let Error::Denied(what) = &error {
                    tracing::warn!(what = self.redact(what), "a request of the connector was denied");
                }
                Err(error.into_wit(|text| self.redact(text)))
            }
        }
    }
}

impl Host for &mut HttpState {
    async fn send(&mut self, request: wit::Request) -> wasmtime::Result<Result<wit::Response, wit::Error>> {
        let mut answers = self.send_all(vec![request]).await?;
        Ok(answers
            .pop()
            .unwrap_or_else(|| Err(wit::Error::Other("the request was lost".to_owned()))))
    }

    async fn send_all(
        &mut self,
        requests: Vec<wit::Request>,
    ) -> wasmtime::Result<Vec<Result<wit::Response, wit::Error>>> {
        let limit = self.limits().batch;
        if requests.len() > limit {
            let refusal = || Err(wit::Error::TooLarge(format!("{limit} requests at once are the limit")));
            return Ok(requests.iter().map(|_| refusal()).collect());
        }
        let mut answers: Vec<Result<wit::Response, wit::Error>> = requests
            .iter()
            .map(|_| Err(wit::Error::Other("the request was lost".to_owned())))
            .collect();
        // On tasks of their own: a guest's stack is small, and a panic in a library must not be one of the run. Dropping the set
        // ends them, when the guest's call is given up.
        let mut tasks = JoinSet::new();
        for (index, request) in requests.into_iter().enumerate() {
            let state = (**self).clone();
            tasks.spawn(async move { (index, state.answer(request).await) }.in_current_span());
        }
        while let Some(done) = tasks.join_next().await {
            if let Ok((index, answer)) = done
                && let Some(place) = answers.get_mut(index)
            {
                *place = answer;
            }
        }
        Ok(answers)
    }
}

/// Links HTTP.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    get: fn(&mut T) -> &mut HttpState,
) -> wasmtime::Result<()> {
    struct View;
    impl HasData for View {
        type Data<'a> = &'a mut HttpState;
    }
    wit::add_to_linker::<T, View>(linker, get)
}
