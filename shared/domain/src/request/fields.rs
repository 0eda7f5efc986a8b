//! Parses the fields of an object: the JSON of each becomes a value or a fault.

use std::borrow::Cow;
use std::fmt;

use super::json::string::{literal_bytes_max, unescape, unquote};
use super::limits;
use super::raw::{Raw, RawObject};
use crate::fault::Faults;
use crate::money::{Currency, Money};
use crate::number::DecimalLiteral;
use crate::period::{midnight_utc, parse_plain_date};
use crate::text::{self, TextError};
use chrono::{DateTime, Days, NaiveDate, Utc};

/// The position of an object in the body.
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

/// The state that the fields of all objects share: the faults, the current time, and the number of
/// characters that were costly to normalise.
pub struct Progress<'f> {
    pub faults: &'f mut Faults,
    now: DateTime<Utc>,
    /// As [`limits::NORMALISED_CHARACTERS_MAX`] counts them.
    normalised_characters: usize,
}

impl<'f> Progress<'f> {
    pub fn new(faults: &'f mut Faults, now: DateTime<Utc>) -> Self {
        Self { faults, now, normalised_characters: 0 }
    }

    /// Whether to stop: no further fault would be reported, or continuing would cost too much.
    pub fn is_done(&self) -> bool {
        self.faults.is_full() || self.normalised_characters > limits::NORMALISED_CHARACTERS_MAX
    }

    fn count_normalised(&mut self, characters: usize) {
        self.normalised_characters += characters;
        if self.normalised_characters > limits::NORMALISED_CHARACTERS_MAX {
            let limit = limits::NORMALISED_CHARACTERS_MAX;
            let detail = format!(
                "must have at most {limit} combining marks and characters of texts that are not in \
                 Unicode's form NFC"
            );
            self.faults.add("", detail);
        }
    }
}

/// Reads the fields of one object and reports their faults.
pub struct FieldReader<'r, 'f> {
    place: Place,
    names: &'static [&'static str],
    values: &'r [Raw<'r>],
    progress: &'r mut Progress<'f>,
}

impl<'r, 'f> FieldReader<'r, 'f> {
    pub fn new<const N: usize>(
        place: Place,
        object: &'r RawObject<'r, N>,
        progress: &'r mut Progress<'f>,
    ) -> Self {
        Self { place, names: object.names, values: &object.values, progress }
    }

    fn raw(&self, field: &str) -> Raw<'r> {
        let index = self.names.iter().position(|name| *name == field);
        debug_assert!(index.is_some(), "{field} is missing from the list of known fields");
        self.values.get(index?).copied()?
    }

    /// The JSON of a required field.
    fn required(&mut self, field: &str) -> Option<&'r str> {
        let raw = self.raw(field);
        if raw.is_none() {
            self.fault(field, "is required");
        }
        raw
    }

    pub fn fault(&mut self, field: &str, detail: impl Into<String>) {
        self.progress.faults.add(format!("{}/{field}", self.place), detail);
    }

    /// A required text of 1 to `length_max` characters.
    pub fn text(&mut self, field: &str, length_max: usize) -> Option<String> {
        self.required(field)?;
        self.optional_text(field, length_max)?
    }

    /// An optional text of 1 to `length_max` characters. The outer `None` is a fault.
    pub fn optional_text(&mut self, field: &str, length_max: usize) -> Option<Option<String>> {
        let Some(json) = self.raw(field) else { return Some(None) };
        let Some(quoted) = unquote(json) else {
            self.fault(field, "must be a string");
            return None;
        };
        if self.progress.is_done() {
            return None;
        }
        let accepted = if json.len() > literal_bytes_max(length_max) {
            Err(TextError::TooLong { length_max })
        } else {
            let sent = unescape(quoted);
            let accepted = text::accept(&sent, length_max);
            if let Ok(kept) = &accepted {
                self.progress.count_normalised(text::normalised_characters(&sent, kept));
            }
            accepted
        };
        match accepted {
            Ok(text) => Some(Some(text)),
            Err(error) => {
                self.fault(field, error.to_string());
                None
            }
        }
    }

    /// `true` or `false`; missing is `false`.
    pub fn flag(&mut self, field: &str) -> Option<bool> {
        match self.raw(field) {
            None | Some("false") => Some(false),
            Some("true") => Some(true),
            Some(_) => {
                self.fault(field, "must be true or false");
                None
            }
        }
    }

    /// A required whole number.
    pub fn count(&mut self, field: &str) -> Option<u64> {
        let count = whole_number(self.required(field)?);
        if count.is_none() {
            self.fault(field, "must be a whole number, zero or more");
        }
        count
    }

    /// The currency by its ISO 4217 code or by an unofficial one: exactly one of the two fields.
    pub fn currency(&mut self, iso: &str, unofficial: &str) -> Option<Currency> {
        let (field, currency) = match (self.raw(iso), self.raw(unofficial)) {
            (Some(_), None) => {
                (iso, Currency::from_code(&self.text(iso, limits::WORD_LENGTH_MAX)?))
            }
            (None, Some(_)) => {
                (unofficial, Currency::unofficial(&self.text(unofficial, limits::WORD_LENGTH_MAX)?))
            }
            (None, None) => {
                self.fault(iso, format!("is required, or {unofficial}: exactly one must be set"));
                return None;
            }
            (Some(_), Some(_)) => {
                let detail = format!("must not be set beside {iso}: exactly one must be set");
                self.fault(unofficial, detail);
                return None;
            }
        };
        match currency {
            Ok(currency) => Some(currency),
            Err(error) => {
                self.fault(field, error.to_string());
                None
            }
        }
    }

    /// A required amount. Without a currency, only its presence and its length are checked.
    pub fn money(&mut self, field: &str, currency: Option<Currency>) -> Option<Money> {
        let json = self.required(field)?;
        let literal = if json.len() > literal_bytes_max(limits::NUMBER_LENGTH_MAX) {
            None
        } else {
            let literal = unquote(json).map_or(Cow::Borrowed(json), |quoted| unescape(quoted));
            let is_too_long = literal.chars().nth(limits::NUMBER_LENGTH_MAX).is_some();
            (!is_too_long).then_some(literal)
        };
        let Some(literal) = literal else {
            let length_max = limits::NUMBER_LENGTH_MAX;
            self.fault(field, TextError::TooLong { length_max }.to_string());
            return None;
        };
        match Money::parse(&literal, currency?) {
            Ok(money) => Some(money),
            Err(error) => {
                self.fault(field, error.to_string());
                None
            }
        }
    }

    /// A required instant within the limits: RFC 3339, or a plain date, which means midnight UTC.
    pub fn instant(&mut self, field: &str) -> Option<DateTime<Utc>> {
        let text = self.text(field, limits::WORD_LENGTH_MAX)?;
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

    /// An optional plain date within the limits.
    pub fn optional_date(&mut self, field: &str) -> Option<Option<NaiveDate>> {
        let Some(text) = self.optional_text(field, limits::WORD_LENGTH_MAX)? else {
            return Some(None);
        };
        let Some(date) = parse_plain_date(&text) else {
            self.fault(field, "must be a calendar date, as YYYY-MM-DD");
            return None;
        };
        self.in_bounds(field, date).then_some(Some(date))
    }

    fn in_bounds(&mut self, field: &str, date: NaiveDate) -> bool {
        let latest = self.progress.now.date_naive() + Days::new(limits::DAYS_AHEAD_MAX);
        if date < limits::DATE_MIN {
            self.fault(field, format!("must not be before {}", limits::DATE_MIN));
        } else if date > latest {
            let days = limits::DAYS_AHEAD_MAX;
            self.fault(field, format!("must not be more than {days} days ahead of today"));
        }
        (limits::DATE_MIN..=latest).contains(&date)
    }

    /// An optional merchant category code: four digits (ISO 18245).
    pub fn merchant_category_code(&mut self, field: &str) -> Option<Option<String>> {
        let code = self.optional_text(field, limits::WORD_LENGTH_MAX)?;
        let is_code =
            |code: &String| code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit());
        if code.as_ref().is_some_and(|code| !is_code(code)) {
            self.fault(field, "must be four digits (ISO 18245)");
            return None;
        }
        Some(code)
    }
}

/// A whole number in any notation, such as `1`, `1.0` or `10e-1`.
fn whole_number(literal: &str) -> Option<u64> {
    if literal.len() > limits::NUMBER_LENGTH_MAX {
        return None;
    }
    DecimalLiteral::parse(literal)?.to_u64()
}
