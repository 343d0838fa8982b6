//! An answer, and whether it asks to be asked again.

use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};

use crate::net::backoff::retry_after;

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// Whether an answer asks to be asked again: `None` if not, else the wait it names, if it names one.
    pub(super) fn asks_to_wait(&self) -> Option<Option<Duration>> {
        let named = || {
            let value = self
                .headers
                .iter()
                .find(|(name, _)| name == RETRY_AFTER.as_str())
                .map(|(_, value)| value.as_str());
            value.and_then(|value| retry_after(value, SystemTime::now()))
        };
        match self.status {
            // Without Retry-After the connector knows better what its source means.
            429 => named().map(Some),
            // A SOAP fault is an answer, which has to have this status (SOAP 1.1 section 6.2): asking again with a wrong password locks
            // accounts.
            500 if is_fault(self) => None,
            408 | 500 | 502..=599 => Some(named()),
            _ => None,
        }
    }

    /// The same of an answer to a request for a token, which no connector sees: a 429 without `Retry-After` is the host's to wait for.
    pub(super) fn asks_to_wait_for_token(&self) -> Option<Option<Duration>> {
        let asks = self.asks_to_wait();
        asks.or((self.status == 429).then_some(None))
    }
}

/// Whether an answer is a SOAP fault.
fn is_fault(answer: &Answer) -> bool {
    let is_xml = answer.headers.iter().any(|(name, value)| {
        let kind = value.to_ascii_lowercase();
        name == CONTENT_TYPE.as_str() && (kind.starts_with("text/xml") || kind.starts_with("application/soap+xml"))
    });
    let holds = |text: &str| memchr::memmem::find(&answer.body, text.as_bytes()).is_some();
    is_xml && holds("Envelope") && holds("faultcode")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soap_fault_is_an_answer_and_another_500_is_not() {
        let fault = "<s:Envelope><s:Body><s:Fault><faultcode>s:Client</faultcode></s:Fault></s:Body></s:Envelope>";
        for (kind, body, expected) in [
            ("text/xml; charset=utf-8", fault, true),
            ("text/html", fault, false),
            ("text/xml", "<error/>", false),
        ] {
            let answer = Answer {
                status: 500,
                headers: vec![("content-type".to_owned(), kind.to_owned())],
                body: body.as_bytes().to_vec(),
            };
            assert_eq!(is_fault(&answer), expected, "{kind} {body}");
        }
    }
}
