//! The contract's side: validate, ask, convert. No policy here.

use tokio::task::JoinSet;
use tracing::Instrument as _;
use wasmtime::component::{HasData, Linker};

use super::answer::Answer;
use super::error::Error;
use super::request::Request;
use super::state::HttpState;
use crate::contract::connector::oomnitza::connector::http::{self as wit, Host};

impl HttpState {
    async fn answer(self, request: Result<Request, Error>) -> Result<wit::Response, wit::Error> {
        let sent = match request {
            Ok(request) => self.send(request).await,
            Err(error) => Err(error),
        };
        self.given(sent)
    }

    /// What the guest gets.
    fn given(&self, sent: Result<Answer, Error>) -> Result<wit::Response, wit::Error> {
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

    /// Sends requests side by side, on tasks of their own: a guest's stack is small, and a panic in a library must not be one of the run.
    async fn answers(&self, requests: Vec<Result<Request, Error>>) -> Vec<Result<wit::Response, wit::Error>> {
        let mut answers: Vec<_> = requests.iter().map(|_| lost()).collect();
        // Dropping the set ends the tasks, when the guest's call is given up.
        let mut tasks = JoinSet::new();
        let batch = self.for_batch();
        for (index, request) in requests.into_iter().enumerate() {
            let state = batch.clone();
            tasks.spawn(async move { (index, state.answer(request).await) }.in_current_span());
        }
        while let Some(done) = tasks.join_next().await {
            if let Ok((index, answer)) = done
                && let Some(place) = answers.get_mut(index)
            {
                *place = answer;
            }
        }
        answers
    }
}

/// What is said of a request whose task ended without an answer.
fn lost() -> Result<wit::Response, wit::Error> {
    Err(wit::Error::Other("the request was lost".to_owned()))
}

impl Host for &mut HttpState {
    async fn send(&mut self, request: wit::Request) -> wasmtime::Result<Result<wit::Response, wit::Error>> {
        let request = Request::read(request, self.limits());
        let begun = request.as_ref().ok().and_then(|request| self.ahead.take(request));
        Ok(match begun {
            Some(mut task) => match task.join_next().await {
                Some(Ok(sent)) => self.given(sent),
                _ => lost(),
            },
            None => self.answers(vec![request]).await.pop().unwrap_or_else(lost),
        })
    }

    async fn begin(&mut self, request: wit::Request) -> wasmtime::Result<()> {
        // What is wrong with it is said when it is sent.
        if let Ok(request) = Request::read(request, self.limits()) {
            let state = self.for_batch();
            self.ahead.begin(request, state);
            // A task that was spawned last waits for this one, and no other thread takes it over: the guest would go on before it.
            tokio::task::yield_now().await;
        }
        Ok(())
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
        let read = |request| Request::read(request, self.limits());
        let requests = requests.into_iter().map(read).collect();
        Ok(self.answers(requests).await)
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
