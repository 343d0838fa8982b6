//! WireMock, while a test runs: it gives the answers that it was told, to the requests that it was told, and says which others came.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use oomnitza_tests::eventually;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use crate::free_port;

/// A server with answers. Dropping it ends it.
pub struct WireMock {
    child: Child,
    port: u16,
    _directory: TempDir,
}

/// One request and its answer, as WireMock writes them.
pub struct Stub(Value);

/// Answers that were recorded at a vendor's server.
pub struct Recording(Value);

/// A file below `connectors`.
pub fn recorded(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("recordings are JSON")
}

impl Recording {
    /// The recording in a file below `connectors`.
    pub fn of(file: &str) -> Self {
        Self(recorded(file))
    }

    /// What was answered at a path.
    pub fn stub(&self, path: &str) -> Stub {
        let entries = self.0["entries"].as_array().expect("a recording has entries");
        let is_at = |entry: &&Value| {
            let url = entry["request"]["url"].as_str().and_then(|url| Url::parse(url).ok());
            url.is_some_and(|url| url.path() == path)
        };
        let entry = entries
            .iter()
            .find(is_at)
            .unwrap_or_else(|| panic!("nothing was recorded at {path}"));
        let response = &entry["response"];
        let mut answer = json!({ "status": response["status"], "headers": response["headers"] });
        match response.get("json") {
            Some(body) => answer["body"] = Value::from(body.to_string()),
            None => answer["body"] = response["text"].clone(),
        }
        let method = entry["request"]["method"].as_str().expect("a request has a method");
        Stub::new(method, path, answer)
    }
}

impl Stub {
    pub fn new(method: &str, path: &str, response: Value) -> Self {
        Self(json!({ "request": { "method": method, "urlPath": path, "headers": {} }, "response": response }))
    }

    /// At another path.
    pub fn at(mut self, path: &str) -> Self {
        self.0["request"]["urlPath"] = Value::from(path);
        self
    }

    /// For requests that are signed like this, a regular expression.
    pub fn signed(mut self, pattern: &str) -> Self {
        self.0["request"]["headers"]["Authorization"] = json!({ "matches": pattern });
        self
    }

    /// For requests with a value in their query, or, for none, without it.
    pub fn query(mut self, name: &str, value: Option<&str>) -> Self {
        let matcher = value.map_or_else(|| json!({ "absent": true }), |value| json!({ "equalTo": value }));
        self.0["request"]["queryParameters"][name] = matcher;
        self
    }

    /// For requests with this header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.0["request"]["headers"][name] = json!({ "equalTo": value });
        self
    }
}

impl WireMock {
    pub fn start(stubs: Vec<Stub>) -> Self {
        let archive = std::env::var_os("WIREMOCK").expect("WIREMOCK names the archive: run `make test-servers`");
        let directory = TempDir::new().expect("a temporary directory can be made");
        let mappings = directory.path().join("mappings");
        std::fs::create_dir(&mappings).expect("directories can be made");
        for (number, stub) in stubs.iter().enumerate() {
            let file = mappings.join(format!("{number}.json"));
            std::fs::write(file, stub.0.to_string()).expect("files can be written");
        }
        let port = free_port();
        let child = Command::new("java")
            .arg("-jar")
            .arg(archive)
            .args([
                "--port",
                &port.to_string(),
                "--bind-address",
                "127.0.0.1",
                "--disable-banner",
            ])
            .arg("--root-dir")
            .arg(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("java can be started");
        let wiremock = Self {
            child,
            port,
            _directory: directory,
        };
        let is_there = || {
            let mappings = wiremock.get("/__admin/mappings");
            mappings.is_some_and(|mappings| mappings["meta"]["total"] == stubs.len())
        };
        eventually("WireMock listens", is_there);
        wiremock
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Fails where a request came that nothing was recorded for, or none at all.
    pub fn assert_all_matched(&self) {
        let unmatched = self.get("/__admin/requests/unmatched").expect("WireMock answers");
        assert_eq!(unmatched["requests"], json!([]), "{unmatched:#}");
        let all = self.get("/__admin/requests").expect("WireMock answers");
        assert!(all["meta"]["total"].as_u64() > Some(0), "{all:#}");
    }

    /// Asks it something about itself.
    fn get(&self, target: &str) -> Option<Value> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        // HTTP/1.0: no pieces in the answer.
        stream
            .write_all(format!("GET {target} HTTP/1.0\r\n\r\n").as_bytes())
            .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }
}

impl Drop for WireMock {
    fn drop(&mut self) {
        // Where it has ended already, both say so.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
