//! An answer's body: read and decoded under limits.

use std::io::Read;

use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};
use tokio::time::Instant;

use super::error::Error;
use super::limits::Limits;
use crate::net::HttpClient;

/// Bodies above this are decoded on a thread of their own, bytes.
const INLINE_BYTES: usize = 256 << 10;

/// How a body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
    Deflate,
}

/// The body, decoded.
pub(super) async fn read(client: &HttpClient, response: &mut Response, limits: &Limits) -> Result<Vec<u8>, Error> {
    let coding = coding(response.headers())?;
    let wire = wire(client, response, limits).await?;
    if coding == Coding::Identity || wire.is_empty() {
        return Ok(wire);
    }
    let limits = limits.clone();
    if wire.len() <= INLINE_BYTES {
        return decode(&wire, coding, &limits);
    }
    tokio::task::spawn_blocking(move || decode(&wire, coding, &limits))
        .await
        .map_err(|error| Error::BadBody(format!("decoding ended early: {error}")))?
}

fn coding(headers: &HeaderMap) -> Result<Coding, Error> {
    let values: Vec<&[u8]> = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .map(|value| value.as_bytes())
        .collect();
    let unknown = |value: &[u8]| {
        Error::BadBody(format!(
            "the answer is encoded as `{}`, which was not asked for",
            crate::redact::clean(&String::from_utf8_lossy(value), 40)
        ))
    };
    match values.as_slice() {
        [] => Ok(Coding::Identity),
        [value] => match value.to_ascii_lowercase().as_slice() {
            b"" | b"identity" => Ok(Coding::Identity),
            b"gzip" | b"x-gzip" => Ok(Coding::Gzip),
            b"deflate" => Ok(Coding::Deflate),
            other => Err(unknown(other)),
        },
        [.., last] => Err(unknown(last)),
    }
}

async fn wire(client: &HttpClient, response: &mut Response, limits: &Limits) -> Result<Vec<u8>, Error> {
    let too_large = || Error::TooLarge(format!("the answer has more than {} bytes", limits.wire_bytes));
    // A hint only: what really comes is counted.
    let announced = response
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > limits.wire_bytes) {
        return Err(too_large());
    }
    let mut body = Vec::with_capacity(announced.unwrap_or(0));
    let started = Instant::now();
    let total = client.network().timeouts().total;
    while let Some(piece) = client.chunk(response).await? {
        if body.len() + piece.len() > limits.wire_bytes {
            return Err(too_large());
        }
        body.extend_from_slice(&piece);
        let elapsed = started.elapsed();
        let is_slow =
            elapsed > limits.slow_after && (body.len() as u64) < limits.slowest.saturating_mul(elapsed.as_secs());
        if elapsed > total || is_slow {
            return Err(Error::BadBody(format!(
                "the answer comes too slowly: {} bytes in {} s",
                body.len(),
                elapsed.as_secs()
            )));
        }
    }
    Ok(body)
}

fn decode(wire: &[u8], coding: Coding, limits: &Limits) -> Result<Vec<u8>, Error> {
    match coding {
        Coding::Identity => Ok(wire.to_vec()),
        Coding::Gzip => expand(flate2::read::MultiGzDecoder::new(wire), wire.len(), limits),
        // What is called deflate is zlib by the letter, and bare deflate by habit.
        Coding::Deflate => expand(flate2::read::ZlibDecoder::new(wire), wire.len(), limits)
            .or_else(|_| expand(flate2::read::DeflateDecoder::new(wire), wire.len(), limits)),
    }
}

fn expand(mut decoder: impl Read, wire_bytes: usize, limits: &Limits) -> Result<Vec<u8>, Error> {
    let mut decoded = Vec::with_capacity(wire_bytes.saturating_mul(4).min(limits.decoded_bytes));
    let mut piece = vec![0; 64 << 10];
    loop {
        let count = decoder
            .read(&mut piece)
            .map_err(|error| Error::BadBody(format!("the answer's encoding is broken: {error}")))?;
        let Some(piece) = piece.get(..count).filter(|piece| !piece.is_empty()) else {
            return Ok(decoded);
        };
        decoded.extend_from_slice(piece);
        if decoded.len() > limits.decoded_bytes {
            return Err(Error::TooLarge(format!(
                "the answer has more than {} bytes when decoded",
                limits.decoded_bytes
            )));
        }
        if decoded.len() > limits.ratio_from_bytes && decoded.len() / limits.ratio > wire_bytes {
            return Err(Error::TooLarge(format!(
                "decoding makes the answer more than {} times larger",
                limits.ratio
            )));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_codings_in_use_are_decoded() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(b"text").unwrap();
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
        bare.write_all(b"text").unwrap();
        let limits = Limits::default();
        assert_eq!(decode(&gzip(b"text"), Coding::Gzip, &limits).unwrap(), b"text");
        assert_eq!(
            decode(&[gzip(b"te"), gzip(b"xt")].concat(), Coding::Gzip, &limits).unwrap(),
            b"text"
        );
        assert_eq!(
            decode(&zlib.finish().unwrap(), Coding::Deflate, &limits).unwrap(),
            b"text"
        );
        assert_eq!(
            decode(&bare.finish().unwrap(), Coding::Deflate, &limits).unwrap(),
            b"text"
        );
    }

    #[test]
    fn a_bomb_is_stopped_by_its_ratio_and_by_its_size() {
        let bomb = gzip(&vec![0; 4 << 20]);
        let error = decode(&bomb, Coding::Gzip, &Limits::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "decoding makes the answer more than 200 times larger"
        );
        let small = Limits {
            decoded_bytes: 1_000,
            ..Limits::default()
        };
        assert_eq!(
            decode(&bomb, Coding::Gzip, &small).unwrap_err().to_string(),
            "the answer has more than 1000 bytes when decoded"
        );
    }

    #[test]
    fn a_cut_body_is_an_error_and_never_half_an_answer() {
        let whole = gzip(b"some text that is long enough to be cut");
        let error = decode(&whole[..whole.len() - 9], Coding::Gzip, &Limits::default()).unwrap_err();
        assert!(matches!(error, Error::BadBody(_)), "{error:?}");
    }

    #[test]
    fn encodings_that_were_not_asked_for_are_refused() {
        let headers = |values: &[&'static str]| {
            let mut map = HeaderMap::new();
            for value in values {
                map.append(CONTENT_ENCODING, reqwest::header::HeaderValue::from_static(value));
            }
            map
        };
        assert_eq!(coding(&headers(&["GZIP"])).unwrap(), Coding::Gzip);
        for values in [&["br"][..], &["gzip, gzip"], &["gzip", "gzip"]] {
            assert!(coding(&headers(values)).is_err(), "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_decoding_panic(wire in proptest::collection::vec(any::<u8>(), 0..200)) {
            _ = decode(&wire, Coding::Gzip, &Limits::default());
            _ = decode(&wire, Coding::Deflate, &Limits::default());
        }
    }
}
