//! The JSON of a request's body, which may be compressed with gzip.
//!
//! The first two bytes show whether it is, and not `Content-Encoding`: API Gateway decompresses a
//! body and leaves the header, other gateways pass the body on as it is.

use std::borrow::Cow;

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use super::gzip::{self, GzipError, MEMBERS_MAX};
use super::problem::Problem;
use super::request::Request;

/// The supported content codings. `x-gzip` equals `gzip` (RFC 9110, section 8.4.1.3).
const CODINGS: [&str; 3] = ["identity", "gzip", "x-gzip"];

/// Reads the body. It has at most `bytes_max` bytes, both as sent and decompressed.
///
/// # Errors
/// [`Problem`] if it is larger, not sent as JSON, or not valid gzip.
pub fn read_body(request: &Request, bytes_max: usize) -> Result<Cow<'_, [u8]>, Problem> {
    let body = request.body();
    if body.len() > bytes_max {
        return Err(Problem::TooLarge { bytes_max });
    }
    if !is_json(request) || !has_supported_coding(request) {
        return Err(Problem::UnsupportedMediaType);
    }
    if !gzip::is_gzip(body) {
        return Ok(Cow::Borrowed(body));
    }
    gzip::decompress(body, bytes_max).map(Cow::Owned).map_err(|error| match error {
        GzipError::TooLarge => Problem::TooLarge { bytes_max },
        GzipError::Invalid => Problem::NotJson(format!(
            "It is not valid gzip: incomplete, damaged, or of more than {MEMBERS_MAX} members."
        )),
    })
}

fn is_json(request: &Request) -> bool {
    let content_type = request.header(CONTENT_TYPE.as_str()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

fn has_supported_coding(request: &Request) -> bool {
    // A value that is not text is no supported coding.
    let coding = request.header_bytes(CONTENT_ENCODING.as_str()).unwrap_or(b"identity");
    CODINGS.iter().any(|known| coding.eq_ignore_ascii_case(known.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderValue, StatusCode};
    use tributary_domain::CorrelationId;
    use tributary_domain::request::limits::BODY_BYTES_MAX;
    use tributary_testkit::gzip::{bomb, gzip};

    const EVENT: &str = include_str!("../../../../events/api-ingest.json");

    fn request(content_encoding: Option<&[u8]>, body: Vec<u8>) -> Request {
        let mut request = lambda_http::request::from_str(EVENT).unwrap();
        *request.body_mut() = lambda_http::Body::Binary(body);
        if let Some(coding) = content_encoding {
            let coding = HeaderValue::from_bytes(coding).unwrap();
            request.headers_mut().insert(CONTENT_ENCODING, coding);
        }
        let correlation = CorrelationId::accept("c-1").unwrap();
        Request::route(request, correlation, |_call| Some(())).unwrap().1
    }

    fn status(content_encoding: Option<&[u8]>, body: Vec<u8>) -> Option<StatusCode> {
        read_body(&request(content_encoding, body), BODY_BYTES_MAX)
            .err()
            .map(|problem| problem.status())
    }

    #[test]
    fn body_is_decompressed_if_it_is_gzip_whatever_content_encoding_says() {
        for coding in [None, Some(&b"identity"[..]), Some(b"gzip"), Some(b"GZip"), Some(b"X-GZIP")]
        {
            for body in [b"{}".to_vec(), gzip(b"{}"), [gzip(b"{"), gzip(b"}")].concat()] {
                assert_eq!(
                    read_body(&request(coding, body), BODY_BYTES_MAX).unwrap(),
                    b"{}".as_slice(),
                    "{coding:?}"
                );
            }
        }
    }

    #[test]
    fn other_content_coding_is_415_whatever_the_body_is() {
        for coding in [&b"br"[..], b"deflate", b"gzip, gzip", b"gzip,identity", b"", b"gzip\xff"] {
            for body in [b"{}".to_vec(), gzip(b"{}")] {
                let rejected = status(Some(coding), body);
                assert_eq!(rejected, Some(StatusCode::UNSUPPORTED_MEDIA_TYPE), "{coding:?}");
            }
        }
    }

    #[test]
    fn invalid_gzip_is_400_and_the_detail_says_so() {
        let mut cut = gzip(b"{}");
        cut.pop();
        for body in [cut, [gzip(b"{}"), b"{}".to_vec()].concat(), vec![0x1f, 0x8b]] {
            let problem = read_body(&request(Some(b"gzip"), body), BODY_BYTES_MAX).unwrap_err();
            assert_eq!(problem.status(), StatusCode::BAD_REQUEST);
            let text = problem.body(&CorrelationId::accept("c-1").unwrap());
            assert!(text.contains("It is not valid gzip"), "{text}");
        }
    }

    #[test]
    fn body_at_the_limit_is_read_and_one_past_it_is_413() {
        let plain = |length| vec![b' '; length];
        assert_eq!(status(None, plain(BODY_BYTES_MAX)), None);
        assert_eq!(status(None, gzip(&plain(BODY_BYTES_MAX))), None);
        let mut long_stream = gzip(b"{}");
        long_stream.resize(BODY_BYTES_MAX + 1, 0);
        let one_more = plain(BODY_BYTES_MAX + 1);
        for body in [gzip(&one_more), one_more, long_stream, bomb()] {
            assert_eq!(status(None, body), Some(StatusCode::PAYLOAD_TOO_LARGE));
        }
    }
}
