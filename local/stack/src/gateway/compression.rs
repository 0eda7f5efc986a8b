//! Compresses responses and decompresses requests, as API Gateway does where the template sets
//! `MinimumCompressionSize`. Of the codings that API Gateway supports, `deflate` is not supported.
//!
//! Source: *Payload compression for REST APIs in API Gateway* in the Amazon API Gateway Developer
//! Guide.

use std::io::{self, Write};

use axum::body::{Body, Bytes, to_bytes};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use http::{HeaderMap, HeaderValue, Response};
use tributary_lambda::http::gzip::{self, GzipError};

use super::problem::Problem;
use crate::invocation::PAYLOAD_BYTES_MAX;

/// `MinimumCompressionSize` of the template, in bytes. Smaller bodies are neither compressed nor
/// decompressed.
pub(crate) const COMPRESSED_BYTES_MIN: usize = 1;

const GZIP: &str = "gzip";

/// The weight of a coding without `q`, in thousandths.
const WEIGHT_MAX: u16 = 1_000;

/// Decompresses a request body that `Content-Encoding: gzip` declares as compressed. Like API
/// Gateway, leaves the header as it is. Another coding is left to the function.
pub(crate) fn decompress(
    headers: &HeaderMap,
    body: Bytes,
    bytes_max: usize,
) -> Result<Bytes, Problem> {
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    let is_gzip = codings.next().is_some_and(|coding| {
        coding.as_bytes().eq_ignore_ascii_case(GZIP.as_bytes()) && codings.next().is_none()
    });
    if !is_gzip || body.len() < COMPRESSED_BYTES_MIN {
        return Ok(body);
    }
    gzip::decompress(&body, bytes_max).map(Bytes::from).map_err(|error| match error {
        GzipError::TooLarge => Problem::body_too_large(),
        GzipError::Invalid => Problem::unsupported_media_type(),
    })
}

/// Whether a response to this request is compressed: `Accept-Encoding` names gzip, and no other
/// coding has a higher weight. As in API Gateway, `*` does not include gzip.
pub(crate) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter();
    let codings = values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    let (mut of_gzip, mut of_others) = (0, 0);
    for (coding, weight) in codings.filter_map(weighted) {
        let highest = if coding.eq_ignore_ascii_case(GZIP) { &mut of_gzip } else { &mut of_others };
        *highest = weight.max(*highest);
    }
    of_gzip > 0 && of_gzip >= of_others
}

/// Compresses the body, unless it is too small or the function has compressed it.
pub(crate) async fn compress(response: Response<Body>) -> Result<Response<Body>, Problem> {
    if response.headers().contains_key(CONTENT_ENCODING) {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, PAYLOAD_BYTES_MAX).await.map_err(failed)?;
    if body.len() < COMPRESSED_BYTES_MIN {
        return Ok(Response::from_parts(parts, Body::from(body)));
    }
    let compressed = gzip(&body).map_err(failed)?;
    parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static(GZIP));
    Ok(Response::from_parts(parts, Body::from(compressed)))
}

fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body)?;
    encoder.finish()
}

/// The body is in memory, so that this does not happen.
fn failed(error: impl std::fmt::Display) -> Problem {
    tracing::error!(%error, "a response cannot be compressed");
    Problem::FunctionFailed
}

/// A coding and its weight (RFC 9110, section 12.4.2) in thousandths; `None` if it is malformed.
fn weighted(element: &str) -> Option<(&str, u16)> {
    let Some((coding, parameter)) = element.split_once(';') else {
        return Some((element.trim(), WEIGHT_MAX));
    };
    let (name, value) = parameter.split_once('=')?;
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    let is_number = fraction.len() <= 3 && fraction.bytes().all(|digit| digit.is_ascii_digit());
    if !name.trim().eq_ignore_ascii_case("q") || !is_number {
        return None;
    }
    let thousandths = format!("{fraction:0<3}").parse().ok()?;
    let weight = match (whole, thousandths) {
        ("0", _) => thousandths,
        ("1", 0) => WEIGHT_MAX,
        _ => return None,
    };
    Some((coding.trim(), weight))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tributary_lambda::http::Problem as FunctionProblem;
    use tributary_testkit::gzip::{gunzip, gzip};

    #[test]
    fn gzip_is_accepted_if_it_is_named_and_no_other_coding_has_a_higher_weight() {
        for (accepted, values) in [
            (true, &["gzip"][..]),
            (true, &["GZIP"]),
            (true, &["deflate, gzip, br, zstd"]),
            (true, &["br", "gzip"]),
            (true, &["gzip;q=1.0, identity;q=0.5, *;q=0"]),
            (true, &["gzip ; q=0.001, identity;q=0"]),
            (true, &["br;q=0.8,gzip;Q=0.8"]),
            (false, &[]),
            (false, &[""]),
            (false, &["*"]),
            (false, &["identity"]),
            (false, &["gzip;q=0"]),
            (false, &["gzip;q=0.000"]),
            (false, &["br;q=1.0, gzip;q=0.8, *;q=0.1"]),
            (false, &["identity, gzip;q=0.5"]),
            (false, &["x-gzip"]),
            (false, &["gzip;q=1.001"]),
            (false, &["gzip;q=2"]),
            (false, &["gzip;q=0.1234"]),
            (false, &["gzip;q=.5"]),
            (false, &["gzip;level=9"]),
            (false, &["gzip;q"]),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(ACCEPT_ENCODING, value.parse().unwrap());
            }
            assert_eq!(accepts_gzip(&headers), accepted, "{values:?}");
        }
    }

    #[tokio::test]
    async fn response_of_the_minimum_size_is_compressed_and_a_smaller_one_is_not() {
        for (length, is_compressed) in
            [(COMPRESSED_BYTES_MIN - 1, false), (COMPRESSED_BYTES_MIN, true), (100_000, true)]
        {
            let body = vec![b'x'; length];
            let response = compress(Response::new(Body::from(body.clone()))).await.unwrap();
            let coding = response.headers().get(CONTENT_ENCODING).cloned();
            assert_eq!(coding.is_some_and(|coding| coding == GZIP), is_compressed, "{length}");
            let sent = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            assert_eq!(if is_compressed { gunzip(&sent) } else { sent.to_vec() }, body);
        }
    }

    #[tokio::test]
    async fn response_that_the_function_has_compressed_is_sent_as_it_is() {
        let response = Response::builder().header(CONTENT_ENCODING, "br");
        let response = compress(response.body(Body::from("br")).unwrap()).await.unwrap();
        assert_eq!(response.headers()[CONTENT_ENCODING], "br");
        assert_eq!(to_bytes(response.into_body(), usize::MAX).await.unwrap(), "br");
    }

    fn decompressed(codings: &[&str], body: Vec<u8>) -> Result<Bytes, Problem> {
        let mut headers = HeaderMap::new();
        for coding in codings {
            headers.append(CONTENT_ENCODING, coding.parse().unwrap());
        }
        decompress(&headers, body.into(), 100)
    }

    #[test]
    fn body_that_is_declared_as_gzip_is_decompressed_and_any_other_is_not() {
        let (plain, packed) = (b"{}".to_vec(), gzip(b"{}"));
        for coding in ["gzip", "GZip"] {
            assert_eq!(decompressed(&[coding], packed.clone()).unwrap(), plain);
        }
        for codings in [&[][..], &["identity"], &["x-gzip"], &["gzip, gzip"], &["gzip", "gzip"]] {
            assert_eq!(decompressed(codings, packed.clone()).unwrap(), packed, "{codings:?}");
        }
        assert_eq!(decompressed(&["gzip"], Vec::new()).unwrap(), "");
    }

    #[test]
    fn body_that_is_not_gzip_as_declared_is_415() {
        let mut cut = gzip(b"{}");
        cut.pop();
        for body in [b"{}".to_vec(), cut] {
            let rejected = decompressed(&["gzip"], body);
            assert!(matches!(
                rejected,
                Err(Problem::Shared(FunctionProblem::UnsupportedMediaType))
            ));
        }
    }

    #[test]
    fn decompressed_body_at_the_limit_is_accepted_and_one_past_it_is_413() {
        assert_eq!(decompressed(&["gzip"], gzip(&[b'x'; 100])).unwrap().len(), 100);
        let rejected = decompressed(&["gzip"], gzip(&[b'x'; 101]));
        assert!(matches!(rejected, Err(Problem::Shared(FunctionProblem::TooLarge { .. }))));
    }
}
