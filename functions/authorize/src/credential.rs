//! The credential of a request.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use tributary_domain::api_key::PresentedKey;

const API_KEY_HEADER: &str = "x-api-key";

/// The longest accepted token. API Gateway limits all headers together to 10,240 bytes.
const TOKEN_LENGTH_MAX: usize = 8 * 1024;

/// A well-formed credential that is not verified yet.
#[derive(Clone, Copy)]
pub enum Credential<'h> {
    /// An API key.
    Key(PresentedKey<'h>),
    /// A text in the form of a JWT.
    Token(&'h str),
}

impl<'h> Credential<'h> {
    /// Reads a key or token from `Authorization: Bearer`, or a key from `X-API-Key`. If the first
    /// header is present, the second is ignored.
    #[must_use]
    pub fn of(headers: &'h HeaderMap) -> Option<Self> {
        let Some(value) = headers.get(AUTHORIZATION) else {
            let key = headers.get(API_KEY_HEADER)?.to_str().ok()?.trim();
            return PresentedKey::parse(key).map(Self::Key);
        };
        let (scheme, presented) = value.to_str().ok()?.split_once(' ')?;
        let presented = presented.trim();
        if !scheme.eq_ignore_ascii_case("bearer") {
            None
        } else if presented.starts_with(PresentedKey::SCHEME) {
            PresentedKey::parse(presented).map(Self::Key)
        } else {
            may_be_token(presented).then_some(Self::Token(presented))
        }
    }
}

/// Whether a text has the form of a signed JWT: three parts of base64url. An unsigned token has an
/// empty third part.
fn may_be_token(text: &str) -> bool {
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(is_base64url);
    text.len() <= TOKEN_LENGTH_MAX && text.split('.').count() == 3 && text.split('.').all(is_part)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    const KEY: &str = "trb_00000000_000000000000000000000000000000000000000000000000";

    fn form_of(headers: &[(&'static str, &str)]) -> Option<&'static str> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
            })
            .collect();
        match Credential::of(&headers)? {
            Credential::Key(_) => Some("key"),
            Credential::Token(_) => Some("token"),
        }
    }

    #[test]
    fn key_is_read_from_both_headers_and_token_from_authorization() {
        let bearer = format!("Bearer {KEY}");
        assert_eq!(form_of(&[("authorization", &bearer)]), Some("key"));
        assert_eq!(form_of(&[("authorization", &bearer.to_lowercase())]), Some("key"));
        assert_eq!(form_of(&[("x-api-key", KEY)]), Some("key"));
        assert_eq!(form_of(&[("authorization", "Bearer a.b-_.C9")]), Some("token"));
        assert_eq!(form_of(&[("x-api-key", "a.b.c")]), None);
    }

    #[test]
    fn invalid_authorization_header_hides_api_key_header() {
        for wrong in ["", "Basic x", KEY, "Bearer", "Bearer ", "Bearer x"] {
            assert_eq!(form_of(&[("authorization", wrong), ("x-api-key", KEY)]), None, "{wrong}");
        }
    }

    #[test]
    fn malformed_credential_is_none() {
        let longest = |length: usize| format!("Bearer a.b.{}", "c".repeat(length - 4));
        assert_eq!(form_of(&[("authorization", &longest(TOKEN_LENGTH_MAX))]), Some("token"));
        assert_eq!(form_of(&[("authorization", &longest(TOKEN_LENGTH_MAX + 1))]), None);
        for wrong in ["a.b", "a.b.", "..", "a.b.c.d", "a.b.c=", "a. b.c", "a.b.é", "trb_a.b.c"] {
            assert_eq!(form_of(&[("authorization", &format!("Bearer {wrong}"))]), None, "{wrong}");
        }
        assert_eq!(form_of(&[]), None);
    }
}
