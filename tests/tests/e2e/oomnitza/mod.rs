//! Oomnitza as a destination: signing in, its mappings, and uploads that go wrong.

mod mappings;
mod parallel;
mod refusals;
mod sign_in;
mod uploads;

use oomnitza_connector::standin::Trouble;
use oomnitza_connector::standin::oomnitza::{Call, Fault};
use oomnitza_tests::Servers;

/// The next uploads get this instead of their answer.
fn trouble_uploads(servers: &Servers, times: u64, trouble: Trouble) {
    servers.oomnitza.inject(Fault::Next {
        call: Call::Upload,
        times,
        trouble,
    });
}

/// How many records each upload had, in the order in which they came.
fn sizes(servers: &Servers) -> Vec<usize> {
    let size = |body: &[u8]| {
        serde_json::from_slice::<Vec<serde_json::Value>>(body)
            .expect("a list")
            .len()
    };
    servers.uploads().iter().map(|upload| size(&upload.body)).collect()
}
