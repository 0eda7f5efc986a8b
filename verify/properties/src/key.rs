//! Properties of the parser of the credential headers.

use authorize::Credential;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Parsing does not panic, and the key's prefix or the token is a part of one header, without white
/// space around it. The bytes are both headers, separated by a line break.
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
