//! Parses parameters. The pointer of a fault in a query parameter is `?name`.

use std::fmt::Display;
use std::str::FromStr;

use tributary_domain::{Currency, Fault, Faults, text};
use tributary_lambda::http::{Problem, Request};

/// The account id of the path, normalised as in request bodies.
///
/// # Errors
/// [`Problem::NotFound`] if it is not a valid id.
pub fn account_id(request: &Request) -> Result<String, Problem> {
    text::accept_id(request.parameter()?).map_err(|_| Problem::NotFound)
}

/// An optional parameter.
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

/// An optional currency, of ISO 4217 or unofficial.
pub fn currency(request: &Request, name: &str, faults: &mut Faults) -> Option<Currency> {
    let code = request.query(name)?;
    let currency = Currency::from_stored(code);
    if currency.is_none() {
        let detail = "must be an ISO 4217 currency code such as USD, or an unofficial code";
        faults.add(format!("?{name}"), detail);
    }
    currency
}

/// Returns the period, or the faults of the period and of all other parameters.
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
