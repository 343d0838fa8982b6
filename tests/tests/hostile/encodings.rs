//! Encoded bodies (V-04).

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::client::{Terms, told};
use crate::server::Server;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

async fn answered(encoding: &str, body: &[u8], limit: impl FnOnce(&mut Terms)) -> String {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let server = Server::answering([head.as_bytes(), body].concat());
    told(Terms::to(&server.url()).limited(limit).get(&server.url()).await)
}

#[tokio::test]
async fn a_bomb_is_stopped_by_its_ratio_and_by_its_size() {
    let bomb = gzip(&vec![0; 8 << 20]);
    assert_eq!(
        answered("gzip", &bomb, |_| ()).await,
        "too-large: decoding makes the answer more than 200 times larger"
    );
    let size = answered("gzip", &bomb, |terms| {
        terms.limits.ratio = 10_000;
        terms.limits.decoded_bytes = 1 << 20;
    });
    assert_eq!(
        size.await,
        "too-large: the answer has more than 1048576 bytes when decoded"
    );
    let small = gzip(&[0; 10_000]);
    let early = answered("gzip", &small, |terms| {
        terms.limits.ratio = 10;
        terms.limits.ratio_from_bytes = 1_000;
    });
    assert_eq!(
        early.await,
        "too-large: decoding makes the answer more than 10 times larger"
    );
    assert!(
        answered("gzip", &small, |_| ()).await.starts_with("200 \0"),
        "a small body may compress as well as it likes"
    );
    // A million members, each of them empty.
    let members = gzip(b"").repeat(100_000);
    assert_eq!(answered("gzip", &members, |_| ()).await, "200 ");
}

/// Half of an answer is never handed on as all of it.
#[tokio::test]
async fn what_is_cut_or_damaged_is_no_answer() {
    let whole = gzip(b"some text that is long enough to be cut");
    let mut wrong_sum = whole.clone();
    let at = wrong_sum.len() - 8;
    wrong_sum[at] ^= 1;
    for (what, body) in [
        ("cut", &whole[..whole.len() - 9]),
        ("cut in its head", &whole[..5]),
        ("another sum", wrong_sum.as_slice()),
        ("not encoded at all", b"plain text"),
        ("something behind it", &[whole.as_slice(), b"rest"].concat()),
    ] {
        let said = answered("gzip", body, |_| ()).await;
        assert!(
            said.starts_with("bad-body: the answer's encoding is broken: "),
            "{what}: {said}"
        );
    }
}

#[tokio::test]
async fn encodings_that_were_not_asked_for_are_refused() {
    for encoding in ["br", "zstd", "gzip, gzip", "gzip, br"] {
        let said = answered(encoding, b"x", |_| ()).await;
        assert_eq!(
            said,
            format!("bad-body: the answer is encoded as `{encoding}`, which was not asked for")
        );
    }
    assert_eq!(answered("identity", b"plain", |_| ()).await, "200 plain");
    assert_eq!(answered("GZIP", &gzip(b"text"), |_| ()).await, "200 text");
    let twice = answered("gzip", &gzip(&gzip(b"text")), |_| ()).await;
    assert!(
        twice.starts_with("200 \u{1f}"),
        "what is encoded twice and says so once is handed on as it is"
    );
}
