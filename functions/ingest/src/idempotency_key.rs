//! The header `Idempotency-Key`, which goes before the body's `request_id`.
//!
//! A key that cannot be read is refused: taken for none, it would protect nothing, and nobody would know.

use tributary_domain::Fault;
use tributary_domain::request::limits::ID_LENGTH_MAX;
use tributary_lambda::http::{Problem, Request};

const HEADER: &str = "Idempotency-Key";

/// The key, if the request brings one: 1 to [`ID_LENGTH_MAX`] characters of printable ASCII. Of several
/// `lambda_http` hands on the last.
pub fn read(request: &Request) -> Result<Option<String>, Problem> {
    let Some(value) = request.header_bytes(HEADER) else { return Ok(None) };
    // White space around it is no part of a header's value (RFC 9110, section 5.5).
    let key = value.trim_ascii();
    let is_printable = key.iter().all(|byte| (b' '..=b'~').contains(byte));
    if !is_printable || !(1..=ID_LENGTH_MAX).contains(&key.len()) {
        let detail = format!("must have 1 to {ID_LENGTH_MAX} characters of printable ASCII");
        return Err(Problem::Invalid(vec![Fault { pointer: HEADER.to_owned(), detail }]));
    }
    Ok(Some(String::from_utf8_lossy(key).into_owned()))
}
