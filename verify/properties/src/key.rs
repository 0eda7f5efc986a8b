//! What must hold of any bytes that come in the headers which carry a key.

use authorize::Credential;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// They are read without a panic, and a key's prefix or a token is a part of one of them, without white space around it. The
/// bytes are both headers, with a line break between them.
pub fn check(bytes: &[u8]) {
    let mut headers = HeaderMap::new();
    let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
    for name in [AUTHORIZATION, API_KEY] {
        if let Some(Ok(value)) = lines.next().map(HeaderValue::from_bytes) {
            headers.insert(name, value);
        }
    }
    let Some(credential) = Credential::of(&headers) else { return };
    let part = match &credential {
        Credential::Key(key) => key.prefix(),
        Credential::Token(token) => token,
    };
    assert_eq!(part.trim(), part);
    let from = headers.get(AUTHORIZATION).or_else(|| headers.get(API_KEY)).unwrap();
    assert!(from.to_str().unwrap().contains(part));
}
