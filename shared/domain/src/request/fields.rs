//! Reads one field of a body at a time: the raw JSON of a value becomes a type, or a fault with its place.

use std::fmt;

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::value::RawValue;

use super::limits;
use crate::fault::Faults;
use crate::money::{Currency, Money};
use crate::period::{midnight_utc, parse_plain_date};

/// The raw JSON of a field; `None` where it is missing or null.
pub type Raw<'b> = Option<&'b RawValue>;

/// Where an object stands in the body.
#[derive(Clone, Copy)]
pub enum Place {
    Body,
    Account(usize),
    Transaction(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => Ok(()),
            Self::Account(index) => write!(formatter, "/accounts/{index}"),
            Self::Transaction(index) => write!(formatter, "/transactions/{index}"),
        }
    }
}

/// Reads the fields of one object and notes their faults.
pub struct FieldReader<'f> {
    pub place: Place,
    pub faults: &'f mut Faults,
    pub now: DateTime<Utc>,
}

impl FieldReader<'_> {
    pub fn fault(&mut self, field: &str, detail: impl Into<String>) {
        self.faults.add(format!("{}/{field}", self.place), detail);
    }

    /// A text of 1 to `length_max` characters that must be there.
    pub fn text(&mut self, field: &str, raw: Raw<'_>, length_max: usize) -> Option<String> {
        if raw.is_none() {
            self.fault(field, "is required");
            return None;
        }
        self.optional_text(field, raw, length_max)?
    }

    /// A text of 1 to `length_max` characters, or nothing. The outer `None` is a fault.
    pub fn optional_text(
        &mut self,
        field: &str,
        raw: Raw<'_>,
        length_max: usize,
    ) -> Option<Option<String>> {
        let Some(raw) = raw else { return Some(None) };
        let Ok(text) = serde_json::from_str::<String>(raw.get()) else {
            self.fault(field, "must be a string of Unicode characters");
            return None;
        };
        if text.trim().is_empty() {
            self.fault(field, "must not be empty");
            return None;
        }
        if text.len() > length_max && text.chars().count() > length_max {
            self.fault(field, format!("must have at most {length_max} characters"));
            return None;
        }
        if text.chars().any(char::is_control) {
            self.fault(field, "must not contain control characters");
            return None;
        }
        Some(Some(text))
    }

    /// `true` or `false`; missing is `false`.
    pub fn flag(&mut self, field: &str, raw: Raw<'_>) -> Option<bool> {
        let Some(raw) = raw else { return Some(false) };
        let flag = serde_json::from_str(raw.get()).ok();
        if flag.is_none() {
            self.fault(field, "must be true or false");
        }
        flag
    }

    /// A whole number that must be there.
    pub fn count(&mut self, field: &str, raw: Raw<'_>) -> Option<u64> {
        let Some(raw) = raw else {
            self.fault(field, "is required");
            return None;
        };
        let count = serde_json::from_str(raw.get()).ok();
        if count.is_none() {
            self.fault(field, "must be a whole number, zero or more");
        }
        count
    }

    pub fn currency(&mut self, field: &str, raw: Raw<'_>) -> Option<Currency> {
        let code = self.text(field, raw, limits::WORD_LENGTH_MAX)?;
        let currency = Currency::from_code(&code);
        if currency.is_none() {
            self.fault(field, "must be an ISO 4217 currency code such as USD");
        }
        currency
    }

    /// An amount; without a currency its digits cannot be judged, only that it is there.
    pub fn money(
        &mut self,
        field: &str,
        raw: Raw<'_>,
        currency: Option<Currency>,
    ) -> Option<Money> {
        let Some(raw) = raw else {
            self.fault(field, "is required");
            return None;
        };
        let quoted;
        let literal = if raw.get().starts_with('"') {
            quoted = serde_json::from_str::<String>(raw.get()).unwrap_or_default();
            quoted.as_str()
        } else {
            raw.get()
        };
        match Money::parse(literal, currency?) {
            Ok(money) => Some(money),
            Err(error) => {
                self.fault(field, error.to_string());
                None
            }
        }
    }

    /// An instant by RFC 3339, or a plain date, which is its UTC midnight; within the limits.
    pub fn instant(&mut self, field: &str, raw: Raw<'_>) -> Option<DateTime<Utc>> {
        let text = self.text(field, raw, limits::WORD_LENGTH_MAX)?;
        let instant = match parse_plain_date(&text) {
            Some(date) => Some(midnight_utc(date)),
            None => DateTime::parse_from_rfc3339(&text).ok().map(|instant| instant.to_utc()),
        };
        let Some(instant) = instant else {
            self.fault(field, "must be an RFC 3339 date and time, or a date as YYYY-MM-DD");
            return None;
        };
        self.in_bounds(field, instant.date_naive()).then_some(instant)
    }

    /// A plain date or nothing, within the limits.
    pub fn optional_date(&mut self, field: &str, raw: Raw<'_>) -> Option<Option<NaiveDate>> {
        let Some(text) = self.optional_text(field, raw, limits::WORD_LENGTH_MAX)? else {
            return Some(None);
        };
        let Some(date) = parse_plain_date(&text) else {
            self.fault(field, "must be a calendar date, as YYYY-MM-DD");
            return None;
        };
        self.in_bounds(field, date).then_some(Some(date))
    }

    fn in_bounds(&mut self, field: &str, date: NaiveDate) -> bool {
        let latest = self.now.date_naive() + Days::new(limits::DAYS_AHEAD_MAX);
        if date < limits::DATE_MIN {
            self.fault(field, format!("must not be before {}", limits::DATE_MIN));
        } else if date > latest {
            let days = limits::DAYS_AHEAD_MAX;
            self.fault(field, format!("must not be more than {days} days ahead of today"));
        }
        (limits::DATE_MIN..=latest).contains(&date)
    }

    /// Four digits by ISO 18245, or nothing.
    pub fn merchant_category_code(&mut self, field: &str, raw: Raw<'_>) -> Option<Option<String>> {
        let code = self.optional_text(field, raw, limits::WORD_LENGTH_MAX)?;
        let is_code =
            |code: &String| code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit());
        if code.as_ref().is_some_and(|code| !is_code(code)) {
            self.fault(field, "must be four digits (ISO 18245)");
            return None;
        }
        Some(code)
    }
}
