//! Reads query parameters; each fault is noted at `?name`.

use std::fmt::Display;
use std::str::FromStr;

use tributary_domain::{Currency, Fault, Faults, text};
use tributary_lambda::http::{Problem, Request};

/// The account of the path, as bodies have it too.
///
/// # Errors
/// [`Problem::NotFound`] for what no account can be called.
pub fn account_id(request: &Request) -> Result<String, Problem> {
    text::accept_id(request.parameter()?).map_err(|_| Problem::NotFound)
}

/// A parameter that need not be there.
pub fn optional<T: FromStr<Err: Display>>(
    request: &Request,
    name: &str,
    faults: &mut Faults,
) -> Option<T> {
    let text = request.query(name)?;
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            faults.add(format!("?{name}"), error.to_string());
            None
        }
    }
}

/// A currency that need not be named.
pub fn currency(request: &Request, name: &str, faults: &mut Faults) -> Option<Currency> {
    let code = request.query(name)?;
    let currency = Currency::from_code(code);
    if currency.is_none() {
        faults.add(format!("?{name}"), "must be an ISO 4217 currency code such as USD");
    }
    currency
}

/// The period that was read, if nothing was wrong with it, nor with any other parameter.
pub fn accept<T>(period: Result<T, Vec<Fault>>, faults: Faults) -> Result<T, Problem> {
    match period {
        Ok(period) if faults.is_empty() => Ok(period),
        Ok(_) => Err(Problem::Invalid(faults.into_vec())),
        Err(mut found) => {
            found.extend(faults.into_vec());
            Err(Problem::Invalid(found))
        }
    }
}
