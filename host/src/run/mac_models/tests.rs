//! The look-ups against a service of ours on this machine.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::net::{Proxies, Timeouts, TlsSettings};

/// A service, or a proxy.
struct Fake {
    url: Url,
    /// The target of each request.
    asked: Arc<Mutex<Vec<String>>>,
    /// The most requests that were under way at one time.
    most: Arc<AtomicUsize>,
}

impl Fake {
    /// One that answers what `answer` says: to a target that was asked for so many times by now, status and body.
    async fn start(answer: impl Fn(&str, usize) -> (u16, Vec<u8>) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            url: Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap(),
            asked: Arc::default(),
            most: Arc::default(),
        };
        let (asked, most, under_way) = (fake.asked.clone(), fake.most.clone(), Arc::<AtomicUsize>::default());
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (asked, most, under_way, answer) = (asked.clone(), most.clone(), under_way.clone(), answer.clone());
                tokio::spawn(async move {
                    let mut head = vec![0; 4096];
                    let length = stream.read(&mut head).await.unwrap();
                    most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let head = String::from_utf8_lossy(&head[..length]).into_owned();
                    let target = head
                        .strip_prefix("GET ")
                        .and_then(|rest| rest.split(' ').next())
                        .unwrap();
                    let times = {
                        let mut asked = asked.lock().unwrap();
                        asked.push(target.to_owned());
                        asked.iter().filter(|other| *other == target).count()
                    };
                    let (status, body) = answer(target, times);
                    // Long enough that others come meanwhile.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    under_way.fetch_sub(1, Ordering::SeqCst);
                    let head = format!(
                        "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        body.len()
                    );
                    // One who does not want the rest goes away.
                    _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
                });
            }
        });
        fake
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked
    }
}

/// The look-ups at an address, through a proxy maybe, without waits.
fn models(address: &str, reach: Reach, proxy: Option<&Url>) -> MacModels {
    let proxies = Proxies::none().replaced(proxy, "`proxy`");
    let network = |egress| Network::new(egress, TlsSettings::default(), proxies, Timeouts::default());
    let at_once = Backoff {
        base: Duration::ZERO,
        cap: Duration::ZERO,
    };
    MacModels::at(address, reach, network, at_once, &Origins::default())
}

fn of(fake: &Fake) -> MacModels {
    models(fake.url.as_str(), Reach::Named, None)
}

async fn look_up(models: &MacModels, serials: &[&str]) -> Vec<Option<String>> {
    models
        .mac_models(serials.iter().map(|serial| (*serial).to_owned()).collect())
        .await
}

#[tokio::test]
async fn each_serial_number_is_asked_for_once_and_answers_keep_the_order() {
    let fake = Fake::start(|target, _| match target.strip_prefix("/?sn=") {
        Some("C02") => (200, b"MacBook Pro (16-inch, 2019)".to_vec()),
        Some("unknown") => (404, Vec::new()),
        other => (200, format!("model of {}", other.unwrap()).into_bytes()),
    })
    .await;
    let models = of(&fake);
    let pro = Some("MacBook Pro (16-inch, 2019)".to_owned());
    let awkward = Some("model of a+b%26sn%3D%2F%C3%9C%23".to_owned());
    assert_eq!(
        look_up(&models, &["unknown", "C02", "a b&sn=/Ü#", "C02"]).await,
        [None, pro.clone(), awkward, pro.clone()]
    );
    let all = ["/?sn=C02", "/?sn=a+b%26sn%3D%2F%C3%9C%23", "/?sn=unknown"];
    assert_eq!(fake.asked(), all);
    // A later page; what is not known is not asked for again either.
    assert_eq!(look_up(&models, &["C02", "unknown"]).await, [pro, None]);
    assert_eq!(fake.asked(), all);
    assert_eq!(look_up(&models, &[]).await, []);
}

#[tokio::test]
async fn a_large_page_asks_some_at_a_time() {
    let fake = Fake::start(|_, _| (200, b"Mac".to_vec())).await;
    let serials: Vec<String> = (0..50).map(|number| format!("SN{number}")).collect();
    let serials: Vec<&str> = serials.iter().map(String::as_str).collect();
    let models = of(&fake);
    assert_eq!(look_up(&models, &serials).await, vec![Some("Mac".to_owned()); 50]);
    assert_eq!(fake.asked().len(), 50);
    let most = fake.most.load(Ordering::SeqCst);
    assert!((2..=PARALLEL).contains(&most), "{most}");
}

#[tokio::test]
async fn what_is_no_model_is_none() {
    for (status, body, is_model) in [
        (200, "x".repeat(MOST_BYTES).into_bytes(), true),
        (200, "x".repeat(MOST_BYTES + 1).into_bytes(), false),
        (200, vec![b'x'; 10 << 20], false),
        (200, b"Error: no such serial number".to_vec(), false),
        (200, b" <!DOCTYPE html>".to_vec(), false),
        (200, b" \n".to_vec(), false),
        (200, Vec::new(), false),
        (200, vec![b'M', 0xff], false),
        (302, b"Mac".to_vec(), false),
        (404, b"Mac".to_vec(), false),
        (500, b"Mac".to_vec(), false),
    ] {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let fake = Fake::start(move |_, _| (status, body.clone())).await;
        let models = of(&fake);
        let found = look_up(&models, &["C02"]).await;
        assert_eq!(found[0].is_some(), is_model, "{status} {shown}");
        assert_eq!(fake.asked().len(), 1, "{status} {shown}");
    }
}

#[tokio::test]
async fn a_service_that_is_too_busy_is_asked_again_some_times() {
    for busy in [429, 502, 503, 504] {
        let fake = Fake::start(move |_, times| {
            if times < 3 {
                (busy, Vec::new())
            } else {
                (200, b"Mac".to_vec())
            }
        })
        .await;
        assert_eq!(look_up(&of(&fake), &["C02"]).await, [Some("Mac".to_owned())], "{busy}");
        let fake = Fake::start(move |_, _| (busy, b"Mac".to_vec())).await;
        assert_eq!(look_up(&of(&fake), &["C02"]).await, [None], "{busy}");
        assert_eq!(fake.asked().len(), 3);
    }
}

#[tokio::test]
async fn a_proxy_is_asked_instead() {
    let proxy = Fake::start(|_, _| (200, b"Mac".to_vec())).await;
    let models = models("http://nam.example.test/", Reach::Named, Some(&proxy.url));
    assert_eq!(look_up(&models, &["C02"]).await, [Some("Mac".to_owned())]);
    assert_eq!(proxy.asked(), ["http://nam.example.test/?sn=C02"]);
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_or_must_not_be_gives_none() {
    // Port 1 is nobody's.
    let nobody = models("http://127.0.0.1:1/", Reach::Named, None);
    assert_eq!(look_up(&nobody, &["C02"]).await, [None]);
    // A name on the web that leads to this machine.
    let fake = Fake::start(|_, _| (200, b"Mac".to_vec())).await;
    let inside = models(fake.url.as_str(), Reach::Public, None);
    assert_eq!(look_up(&inside, &["C02"]).await, [None]);
    assert_eq!(fake.asked(), Vec::<String>::new());
}
