//! What a caller presents to say who it is.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use tributary_domain::api_key::PresentedKey;

const API_KEY_HEADER: &str = "x-api-key";

/// The longest token that is looked at. API Gateway takes 10,240 bytes of headers altogether.
const TOKEN_LENGTH_MAX: usize = 8 * 1024;

/// A caller's credential, of the right form; whether it is good has to be found out.
#[derive(Clone, Copy)]
pub enum Credential<'h> {
    /// An API key.
    Key(PresentedKey<'h>),
    /// What may be a JWT.
    Token(&'h str),
}

impl<'h> Credential<'h> {
    /// Reads `Authorization: Bearer`, a key or a token, or else `X-API-Key`, a key. Where the first is
    /// there, the second is not looked at.
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

/// Three parts of base64url: what no signature can make a JWT of is not looked at further. The third may
/// not be empty, as it is in an unsigned one.
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

    fn kind(headers: &[(&'static str, &str)]) -> Option<&'static str> {
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
    fn a_key_may_stand_in_either_header_and_a_token_in_one() {
        let bearer = format!("Bearer {KEY}");
        assert_eq!(kind(&[("authorization", &bearer)]), Some("key"));
        assert_eq!(kind(&[("authorization", &bearer.to_lowercase())]), Some("key"));
        assert_eq!(kind(&[("x-api-key", KEY)]), Some("key"));
        assert_eq!(kind(&[("authorization", "Bearer a.b-_.C9")]), Some("token"));
        assert_eq!(kind(&[("x-api-key", "a.b.c")]), None);
    }

    #[test]
    fn authorization_stands_before_the_other_header_even_where_it_is_no_credential() {
        for wrong in ["", "Basic x", KEY, "Bearer", "Bearer ", "Bearer x"] {
            assert_eq!(kind(&[("authorization", wrong), ("x-api-key", KEY)]), None, "{wrong}");
        }
    }

    #[test]
    fn what_can_be_neither_key_nor_token_is_none() {
        let longest = |length: usize| format!("Bearer a.b.{}", "c".repeat(length - 4));
        assert_eq!(kind(&[("authorization", &longest(TOKEN_LENGTH_MAX))]), Some("token"));
        assert_eq!(kind(&[("authorization", &longest(TOKEN_LENGTH_MAX + 1))]), None);
        for wrong in ["a.b", "a.b.", "..", "a.b.c.d", "a.b.c=", "a. b.c", "a.b.é", "trb_a.b.c"] {
            assert_eq!(kind(&[("authorization", &format!("Bearer {wrong}"))]), None, "{wrong}");
        }
        assert_eq!(kind(&[]), None);
    }
}
