//! Secrets, and lines in the log (H-42 to H-44, H-53).

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use tracing::subscriber::DefaultGuard;

use crate::attack::{Attack, SECRET};
use crate::server::{Server, Step};

/// What this thread writes to the log.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn collect() -> (Self, DefaultGuard) {
        let lines = Self::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .without_time()
            .finish();
        (lines, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// The credential of a request, as the server got it.
fn credential(request: &str) -> &str {
    request
        .lines()
        .find_map(|line| line.strip_prefix("authorization: SSWS "))
        .unwrap()
}

/// The forms in which a server can give it back that are known.
const FORMS: [fn(&str) -> String; 6] = [
    |request| request.to_owned(),
    |request| credential(request).to_owned(),
    |request| STANDARD.encode(credential(request)),
    |request| URL_SAFE_NO_PAD.encode(credential(request)),
    |request| {
        credential(request)
            .replace(' ', "%20")
            .replace('/', "%2F")
            .replace('+', "%2B")
            .replace('-', "%2D")
    },
    |request| credential(request).bytes().map(|byte| format!("{byte:02x}")).collect(),
];

/// H-42, H-43: a source that gives the credential back, and a guest that passes it on.
#[tokio::test]
async fn a_credential_that_a_server_gives_back_is_masked_wherever_the_guest_puts_it() {
    for form in FORMS {
        for mode in ["echo", "echo-to-log", "echo-to-panic"] {
            let server = Server::playing(vec![vec![Step::Expect, Step::Echo(form)]]);
            let (lines, _guard) = Lines::collect();
            let outcome = Attack::of(mode).setting("url", &server.url()).run().await;
            let shown = format!("{} {}", outcome.said(), lines.text());
            assert!(shown.contains("[redacted]"), "{mode}: {shown}");
            assert!(!shown.contains(&form(&server.requests()[0])), "{mode}: {shown}");
            assert!(!shown.contains(SECRET), "{mode}: {shown}");
        }
    }
}

/// H-44: the guest asks for its own settings by name.
#[tokio::test]
async fn a_secret_is_no_setting_of_the_guest() {
    assert_eq!(
        Attack::of("settings").run().await.said(),
        "mode Some(\"settings\"), api_token None"
    );
}

/// H-53: one line stays one line, and moves no cursor.
#[tokio::test]
async fn a_line_of_the_guest_cannot_pass_for_the_host_s() {
    let (lines, _guard) = Lines::collect();
    assert_eq!(Attack::of("log-forgery").run().await.said(), "well");
    let text = lines.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    let forged =
        r"\\r\\n2026-11-25T10:00:00Z ERROR host: all is lost\\u{1b}]52;c;aGk=\\u{7}\\u{9b}2J\\u{202e}\\u{200b}";
    assert!(text.contains(forged), "{text}");
    assert!(
        text.trim_start()
            .starts_with("INFO oomnitza_connector::capabilities::log: connector "),
        "{text}"
    );
}

/// H-53: what is too much is counted, and a word is said about it.
#[tokio::test]
async fn a_flood_of_lines_is_held_back() {
    let (lines, _guard) = Lines::collect();
    let started = Instant::now();
    let attack = Attack::of("log-flood")
        .size(50_000)
        .limited(|attack| attack.log.lines_per_second = 10);
    assert_eq!(attack.run().await.pages.len(), 1, "the run goes on");
    let most = (started.elapsed() + Duration::from_secs(1)).as_secs_f64().ceil() as usize * 10 + 1;
    let text = lines.text();
    assert!(text.lines().count() <= most, "{} lines", text.lines().count());
    assert!(
        text.contains("the connector wrote more than it may; suppressed"),
        "{text}"
    );

    let (lines, _guard) = Lines::collect();
    let attack = Attack::of("log-flood").size(1_000).limited(|attack| {
        attack.log.lines_per_second = u32::MAX;
        attack.log.run_bytes = 1_000;
    });
    assert_eq!(attack.run().await.said(), "well");
    let count = lines.text().lines().count();
    assert!((20..80).contains(&count), "{count} lines of together a thousand bytes");
}

/// H-53: a line has a length, and one that is far beyond it does not even cross the border.
#[tokio::test]
async fn a_long_line_is_cut() {
    let (lines, _guard) = Lines::collect();
    assert_eq!(Attack::of("log-long-line").size(1 << 20).run().await.said(), "well");
    let length = lines.text().len();
    assert!((8_192..8_600).contains(&length), "{length}");
    let (lines, _guard) = Lines::collect();
    assert_eq!(
        Attack::of("log-long-line")
            .size(100)
            .limited(|attack| attack.log.line_bytes = 10)
            .run()
            .await
            .said(),
        "well"
    );
    assert!(lines.text().contains("xxxxxxxxxx…"), "{}", lines.text());
    let said = Attack::of("log-long-line").size(100 << 20).run().await.said();
    assert!(
        said.starts_with("the component was stopped: too much data is being copied"),
        "{said}"
    );
}
