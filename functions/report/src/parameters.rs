//! Parses query parameters.

use std::fmt::Display;
use std::str::FromStr;

use tributary_domain::{Currency, Fault, FaultCode, FaultPlace, Faults};
use tributary_lambda::http::{Problem, Request};

/// An optional parameter.
pub fn optional<T: FromStr<Err: Display>>(
    request: &Request,
    name: &'static str,
    faults: &mut Faults,
) -> Option<T> {
    let text = request.query(name)?;
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            let place = FaultPlace::Parameter(name);
            faults.add(place, FaultCode::InvalidFormat, error.to_string());
            None
        }
    }
}

/// An optional currency, of ISO 4217 or unofficial.
pub fn currency(request: &Request, name: &'static str, faults: &mut Faults) -> Option<Currency> {
    let code = request.query(name)?;
    let currency = Currency::from_stored(code);
    if currency.is_none() {
        let detail = "must be an ISO 4217 currency code such as USD, or an unofficial code";
        faults.add(FaultPlace::Parameter(name), FaultCode::UnknownCurrency, detail);
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
