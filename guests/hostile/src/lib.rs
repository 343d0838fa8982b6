//! A connector that misbehaves on request, for tests of the sandbox. The setting `mode` says how; each mode is used by a test.

use std::hint::black_box;

use oomnitza_sdk::prelude::*;

/// Misbehaviour at work.
pub struct Hostile {
    mode: String,
    url: String,
    calls: u32,
}

impl Connector for Hostile {
    fn describe() -> Description {
        Description::users("hostile", "Hostile", "Hostile")
            .setting(Setting::text("mode", "Mode", "How to misbehave").example("loop"))
            .setting(Setting::text("url", "URL", "A place that is granted").example("http://127.0.0.1:1"))
            .setting(Setting::text("api_token", "API token", "A secret").secret())
            .endpoint("{url}", "tests")
            .header_auth("token", "Authorization", "SSWS {api_token}")
            .map("USER", source("u").required())
    }

    fn check(_settings: Settings) -> Result<()> {
        Ok(())
    }

    fn open(settings: Settings, _cursor: Option<String>, _wanted: Wanted) -> Result<Self> {
        Ok(Self {
            mode: settings.text("mode")?.to_owned(),
            url: settings.address("url")?.to_string(),
            calls: 0,
        })
    }

    #[expect(clippy::panic, reason = "misbehaves on purpose")]
    fn next(&mut self) -> Result<Option<Page>> {
        self.calls += 1;
        match self.mode.as_str() {
            "loop" => loop {
                black_box(self.calls);
            },
            "memory" => {
                let mut hoard: Vec<Vec<u8>> = Vec::new();
                loop {
                    hoard.push(black_box(vec![1; 1 << 20]));
                }
            }
            "recurse" => Ok(Some(page(&recurse(0).to_string()))),
            "panic" => panic!("gave up \u{1b}[2J with {}", self.mode),
            "log-flood" => {
                for line in 0..100_000 {
                    info!("line {line} \u{1b}[31m");
                }
                self.once("{\"u\":\"after the flood\"}")
            }
            "other-host" => self.ask("http://192.0.2.1/", &[], Some("token")),
            "metadata" => self.ask("http://169.254.169.254/latest/meta-data/", &[], None),
            "forbidden-header" => self.ask(&self.url.clone(), &[("Authorization", "Bearer stolen")], None),
            "unknown-slot" => self.ask(&self.url.clone(), &[], Some("somebody-else-s")),
            "echo" => {
                let answer = Request::get(format!("{}/echo", self.url)).auth("token").send()?;
                Err(Error::Other(String::from_utf8_lossy(&answer.body).into_owned()))
            }
            "huge-record" => self.once(&format!("{{\"u\":\"{}\"}}", "x".repeat(2 << 20))),
            "deep-record" => self.once(&format!("{{\"u\":{}1{}}}", "[".repeat(100), "]".repeat(100))),
            "many-records" => {
                let mut page = Page::default();
                for _ in 0..1_001 {
                    page.push_with(|json| json.extend_from_slice(b"{}"));
                }
                Ok(Some(page))
            }
            "not-json" => self.once("{\"u\":"),
            "empty-pages" => Ok(Some(Page::default())),
            "same-page" => Ok(Some(page("{\"u\":\"again\"}"))),
            other => Err(Error::Setting(
                "mode".to_owned(),
                format!("there is no misbehaviour `{other}`"),
            )),
        }
    }
}

impl Hostile {
    fn once(&mut self, record: &str) -> Result<Option<Page>> {
        Ok((self.calls == 1).then(|| page(record)))
    }

    /// Asks, and reports the refusal as the run's error.
    fn ask(&self, url: &str, headers: &[(&str, &str)], slot: Option<&str>) -> Result<Option<Page>> {
        let mut request = Request::get(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(slot) = slot {
            request = request.auth(slot);
        }
        let answer = request.send()?;
        Err(Error::Other(format!("it got through: {}", answer.status)))
    }
}

fn page(record: &str) -> Page {
    let mut page = Page::default();
    page.push_with(|json| json.extend_from_slice(record.as_bytes()));
    page
}

fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    if black_box(depth) == u64::MAX {
        return 0;
    }
    recurse(black_box(depth + 1)).wrapping_add(frame.iter().sum())
}

oomnitza_sdk::export!(Hostile);
