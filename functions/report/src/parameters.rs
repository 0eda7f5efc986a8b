//! Parses query parameters.

use std::fmt::Display;
use std::str::FromStr;

use tributary_domain::{Currency, Fault, FaultCode, FaultPlace, Faults, text};
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
pub fn currency(request: &Request, faults: &mut Faults) -> Option<Currency> {
    let code = request.query("currency")?;
    let currency = Currency::from_stored(code);
    if currency.is_none() {
        let detail = "must be an ISO 4217 currency code such as USD, or an unofficial code";
        faults.add(FaultPlace::Parameter("currency"), FaultCode::UnknownCurrency, detail);
    }
    currency
}

/// An optional text of 1 to `length_max` characters, cleaned as stored texts are.
pub fn cleaned(
    request: &Request,
    name: &'static str,
    length_max: usize,
    faults: &mut Faults,
) -> Option<String> {
    match text::clean(request.query(name)?, length_max) {
        Ok(cleaned) => Some(cleaned.text),
        Err(error) => {
            faults.add(FaultPlace::Parameter(name), error.code(), error.to_string());
            None
        }
    }
}

/// The bounds of `limit`, the number of rows of a page.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Without the parameter.
    pub default: i64,
    /// The most.
    pub max: i64,
}

impl Limit {
    /// The parameter, or the default.
    pub fn of(self, request: &Request, faults: &mut Faults) -> i64 {
        let Some(text) = request.query("limit") else { return self.default };
        let is_plain = text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(limit) if is_plain && (1..=self.max).contains(&limit) => limit,
            _ => {
                let detail = format!("must be a whole number from 1 to {}", self.max);
                faults.add(FaultPlace::Parameter("limit"), FaultCode::InvalidFormat, detail);
                self.default
            }
        }
    }
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
