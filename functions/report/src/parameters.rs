//! Reads query parameters; each fault is noted at `?name`.

use std::fmt::Display;
use std::str::FromStr;

use tributary_domain::{Currency, Faults};
use tributary_lambda::http::{Incoming, Problem};

/// A parameter that need not be there.
pub fn optional<T: FromStr<Err: Display>>(
    incoming: &Incoming,
    name: &str,
    faults: &mut Faults,
) -> Option<T> {
    let text = incoming.query(name)?;
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            faults.add(format!("?{name}"), error.to_string());
            None
        }
    }
}

/// A currency that need not be named.
pub fn currency(incoming: &Incoming, name: &str, faults: &mut Faults) -> Option<Currency> {
    let code = incoming.query(name)?;
    let currency = Currency::from_code(code);
    if currency.is_none() {
        faults.add(format!("?{name}"), "must be an ISO 4217 currency code such as USD");
    }
    currency
}

/// Refuses the request if anything was wrong with it.
pub fn refuse_faults(faults: Faults) -> Result<(), Problem> {
    if faults.is_empty() { Ok(()) } else { Err(Problem::Invalid(faults.into_vec())) }
}
