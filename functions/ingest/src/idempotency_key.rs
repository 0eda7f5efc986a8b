//! The header `Idempotency-Key`, which has precedence over `request_id` in the body.
//!
//! An invalid key is rejected: ignoring it would silently disable idempotency.

use tributary_domain::request::limits::ID_BYTES_MAX;
use tributary_domain::{Fault, FaultCode, FaultPlace};
use tributary_lambda::http::{Problem, Request};

const HEADER: &str = "Idempotency-Key";

/// The key, if the request has one: 1 to [`ID_BYTES_MAX`] characters of printable ASCII. Of
/// several headers `lambda_http` keeps the last.
pub fn read(request: &Request) -> Result<Option<String>, Problem> {
    let Some(value) = request.header_bytes(HEADER) else { return Ok(None) };
    // Surrounding whitespace is not part of a header value (RFC 9110, section 5.5).
    let key = value.trim_ascii();
    let is_printable = key.iter().all(|byte| (b' '..=b'~').contains(byte));
    if !is_printable || !(1..=ID_BYTES_MAX).contains(&key.len()) {
        let detail = format!("must have 1 to {ID_BYTES_MAX} characters of printable ASCII");
        let (place, code) = (FaultPlace::Header(HEADER), FaultCode::InvalidFormat);
        return Err(Problem::Invalid(vec![Fault { place, code, detail }]));
    }
    Ok(Some(String::from_utf8_lossy(key).into_owned()))
}
