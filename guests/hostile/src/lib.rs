//! A connector that misbehaves on request, for tests of the sandbox. The setting `mode` says how, the setting `size` how much; each mode
//! is used by a test.

mod machine;
mod network;
mod pages;

use oomnitza_sdk::prelude::*;

/// Misbehaviour at work.
pub struct Hostile {
    mode: String,
    url: String,
    size: usize,
    calls: u32,
    settings: Settings,
}

impl Connector for Hostile {
    fn describe() -> Description {
        Description::users("hostile", "Hostile", "Hostile")
            .setting(Setting::text("mode", "Mode", "How to misbehave").example("loop"))
            .setting(Setting::text("size", "Size", "How much").default("0"))
            .setting(Setting::text("url", "URL", "A place that is granted").example("http://127.0.0.1:1"))
            .setting(Setting::text("directory", "Directory", "Another one").example("ldap://127.0.0.1:1"))
            .setting(Setting::text("ask", "Ask", "What to ask for instead").optional())
            .setting(Setting::text("api_token", "API token", "A secret").secret())
            .endpoint("{url}", "tests")
            .endpoint("{directory}", "tests")
            .header_auth("token", "Authorization", "SSWS {api_token}")
            .map("USER", source("u").required())
    }

    fn check(settings: Settings) -> Result<()> {
        match settings.text("mode")? {
            "loop-in-check" => machine::spin(),
            _ => Ok(()),
        }
    }

    fn open(settings: Settings, _cursor: Option<String>, _wanted: Wanted) -> Result<Self> {
        if settings.text("mode")? == "loop-in-open" {
            machine::spin();
        }
        Ok(Self {
            mode: settings.text("mode")?.to_owned(),
            url: settings.address("url")?.to_string(),
            size: settings.number("size")?,
            calls: 0,
            settings,
        })
    }

    #[expect(clippy::panic, reason = "misbehaves on purpose")]
    fn next(&mut self) -> Result<Option<Page>> {
        self.calls += 1;
        let (url, size) = (self.url.as_str(), self.size);
        match self.mode.as_str() {
            mode if mode.starts_with("log-") && self.calls > 1 => Ok(None),
            "good" => self.once(pages::page("{\"u\":\"good\"}")),

            "loop" => machine::spin(),
            "host-calls" => machine::call_the_host(),
            "sleep" => machine::sleep(),
            "fill" => machine::fill(),
            "slow-pages" => {
                machine::work(size as u64);
                self.unlike()
            }
            "memory" => machine::hoard(),
            "recurse" => Ok(Some(pages::page(&machine::recurse(0, false).to_string()))),
            "recurse-and-call" => Ok(Some(pages::page(&machine::recurse(0, true).to_string()))),
            "abort" => machine::abort(),
            "panic" => panic!("gave up \u{1b}[2J with {} {}", self.mode, "x".repeat(size)),

            "log-flood" => {
                for line in 0..size {
                    info!("line {line} \u{1b}[31m");
                }
                self.once(pages::page("{\"u\":\"after the flood\"}"))
            }
            "log-long-line" => {
                info!("{}", "x".repeat(size));
                self.once(pages::page("{\"u\":\"after the line\"}"))
            }
            "log-forgery" => {
                info!("\r\n2026-11-25T10:00:00Z ERROR host: all is lost\u{1b}]52;c;aGk=\u{7}\u{9b}2J\u{202e}\u{200b}");
                self.once(pages::page("{\"u\":\"after the line\"}"))
            }
            "long-error" => Err(Error::Unexpected(format!("\u{1b}[2J\n{}", "x".repeat(size)))),

            "ask" => network::ask(self.settings.text("ask")?, &[], None),
            "ask-with-credential" => network::ask(self.settings.text("ask")?, &[], Some("token")),
            "forbidden-header" => network::ask(url, &[("Authorization", "Bearer stolen")], None),
            "unknown-slot" => network::ask(url, &[], Some("somebody-else-s")),
            "ask-at-once" => network::ask_at_once(url, size),
            "ask-with-nothing" => network::ask_with_nothing(url, size),
            "echo" => Err(Error::Other(network::echo(url)?)),
            "echo-to-log" => {
                info!("{}", network::echo(url)?);
                Ok(None)
            }
            "echo-to-panic" => panic!("{}", network::echo(url)?),
            "settings" => Err(Error::Other(format!(
                "mode {:?}, api_token {:?}",
                self.settings.optional("mode"),
                self.settings.optional("api_token")
            ))),
            "search" => {
                let directory = self.settings.text("directory")?;
                network::search(
                    self.settings.optional("other_directory").unwrap_or(directory),
                    &self.settings,
                )
            }
            "hoard-connections" => network::hoard_connections(self.settings.text("directory")?, size),

            "long-record" => self.once(pages::long(size)),
            "deep-record" => self.once(pages::deep(size)),
            "wide-record" => self.once(pages::wide(size)),
            "many-records" => self.once(pages::of(size, "{}")),
            "latin-1" => self.once(pages::latin1()),
            "not-json" => self.once(pages::page("{\"u\":")),
            "odd-keys" => self.once(pages::page(pages::ODD_KEYS)),
            "long-cursor" => self.once(pages::page("{}").cursor("x".repeat(size))),
            "misses" => self.once(pages::missing(size)),
            "empty-pages" => Ok(Some(Page::default())),
            "same-page" => Ok(Some(pages::page("{\"u\":\"again\"}"))),
            "endless-pages" => self.unlike(),
            "good-then-bad" if self.calls == 1 => Ok(Some(pages::page("{\"u\":\"good\"}"))),
            "good-then-bad" => Ok(Some(pages::page("{\"u\":"))),

            other => Err(Error::Setting(
                "mode".to_owned(),
                format!("there is no misbehaviour `{other}`"),
            )),
        }
    }
}

impl Hostile {
    fn once(&self, page: Page) -> Result<Option<Page>> {
        Ok((self.calls == 1).then_some(page))
    }

    /// A page unlike all others.
    fn unlike(&self) -> Result<Option<Page>> {
        Ok(Some(pages::page(&format!("{{\"u\":{}}}", self.calls))))
    }
}

oomnitza_sdk::export!(Hostile);
