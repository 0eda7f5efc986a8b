//! The header `Idempotency-Key`, which goes before the body's `request_id`.
//!
//! A key that cannot be read is refused: taken for none, it would protect nothing, and nobody would know.

use tributary_domain::Fault;
use tributary_domain::request::limits::ID_LENGTH_MAX;
use tributary_lambda::http::{Incoming, Problem};

const HEADER: &str = "Idempotency-Key";

/// The key, if the request brings one: 1 to [`ID_LENGTH_MAX`] characters of printable ASCII.
pub fn read(incoming: &Incoming) -> Result<Option<String>, Problem> {
    let mut values = incoming.header_values(HEADER);
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(refused("must not stand more than once".to_owned()));
    }
    // White space around it is no part of a header's value (RFC 9110, section 5.5).
    let key = value.trim_ascii();
    let is_printable = key.iter().all(|byte| (b' '..=b'~').contains(byte));
    if !is_printable || !(1..=ID_LENGTH_MAX).contains(&key.len()) {
        let form = format!("must have 1 to {ID_LENGTH_MAX} characters of printable ASCII");
        return Err(refused(form));
    }
    Ok(Some(String::from_utf8_lossy(key).into_owned()))
}

fn refused(detail: String) -> Problem {
    Problem::Invalid(vec![Fault { pointer: HEADER.to_owned(), detail }])
}
