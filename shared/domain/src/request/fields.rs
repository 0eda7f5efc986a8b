//! Parses the fields of an object: the JSON of each becomes a value or a fault.

use std::borrow::Cow;

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::json::string::{literal_bytes_max, unescape, unquote};
use super::limits;
use super::place::Place;
use super::progress::Progress;
use super::raw::{Raw, RawObject};
use crate::fault::FaultCode;
use crate::money::{AmountError, Currency, Money};
use crate::number::DecimalLiteral;
use crate::period::parse_plain_date;
use crate::text::{self, Cleaned, TextError};

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

    /// The JSON of a field.
    pub fn raw(&self, field: &str) -> Raw<'r> {
        let index = self.names.iter().position(|name| *name == field);
        debug_assert!(index.is_some(), "{field} is missing from the list of known fields");
        self.values.get(index?).copied()?
    }

    /// The JSON of a required field.
    fn required(&mut self, field: &str) -> Option<&'r str> {
        let raw = self.raw(field);
        if raw.is_none() {
            self.fault(field, FaultCode::Required, "is required");
        }
        raw
    }

    pub fn fault(&mut self, field: &str, code: FaultCode, detail: impl Into<String>) {
        self.progress.faults.at(self.place.field(field), code, detail);
    }

    /// A required id.
    pub fn id(&mut self, field: &str) -> Option<String> {
        let json = self.required(field)?;
        let id = read_id(json);
        self.or_fault(field, id)
    }

    /// An optional id; a blank one counts as missing. The outer `None` is a fault.
    pub fn optional_id(&mut self, field: &str) -> Option<Option<String>> {
        let Some(json) = self.raw(field) else { return Some(None) };
        match read_id(json) {
            Err(ValueError::Text(TextError::Blank)) => Some(None),
            id => self.or_fault(field, id).map(Some),
        }
    }

    /// A required text of 1 to `length_max` characters.
    pub fn text(&mut self, field: &str, length_max: usize) -> Option<String> {
        self.required(field)?;
        let text = self.optional_text(field, length_max)?;
        if text.is_none() {
            self.fault(field, FaultCode::Blank, TextError::Blank.to_string());
        }
        text
    }

    /// An optional text of up to `length_max` characters; a blank one counts as missing. The outer
    /// `None` is a fault.
    pub fn optional_text(&mut self, field: &str, length_max: usize) -> Option<Option<String>> {
        let Some(json) = self.raw(field) else { return Some(None) };
        if self.progress.is_done() {
            return None;
        }
        match read_text(json, length_max) {
            Ok(cleaned) => {
                self.progress.count_normalised(cleaned.normalised_characters);
                Some(Some(cleaned.text))
            }
            Err(ValueError::Text(TextError::Blank)) => Some(None),
            Err(error) => self.or_fault(field, Err(error)),
        }
    }

    fn or_fault<T>(&mut self, field: &str, value: Result<T, ValueError>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(field, error.code(), error.to_string());
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
                self.fault(field, FaultCode::WrongType, "must be true or false");
                None
            }
        }
    }

    /// A required whole number.
    pub fn count(&mut self, field: &str) -> Option<u64> {
        let count = whole_number(self.required(field)?);
        if count.is_none() {
            self.fault(field, FaultCode::WrongType, "must be a whole number, zero or more");
        }
        count
    }

    /// The currency by its ISO 4217 code or by an unofficial one: exactly one of the two fields.
    pub fn currency(&mut self, iso: &str, unofficial: &str) -> Option<Currency> {
        let iso_code = self.optional_text(iso, limits::WORD_LENGTH_MAX);
        let unofficial_code = self.optional_text(unofficial, limits::WORD_LENGTH_MAX);
        let (field, currency) = match (iso_code?, unofficial_code?) {
            (Some(code), None) => (iso, Currency::from_code(&code)),
            (None, Some(code)) => (unofficial, Currency::unofficial(&code)),
            (None, None) => {
                let detail = format!("is required, or {unofficial}: exactly one must be set");
                self.fault(iso, FaultCode::Required, detail);
                return None;
            }
            (Some(_), Some(_)) => {
                let detail = format!("must not be set beside {iso}: exactly one must be set");
                self.fault(unofficial, FaultCode::Contradiction, detail);
                return None;
            }
        };
        match currency {
            Ok(currency) => Some(currency),
            Err(error) => {
                self.fault(field, FaultCode::UnknownCurrency, error.to_string());
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
            let detail = TextError::TooLong { length_max }.to_string();
            self.fault(field, FaultCode::TooLong, detail);
            return None;
        };
        match Money::parse(&literal, currency?) {
            Ok(money) => Some(money),
            Err(error) => {
                let code = match error {
                    AmountError::NotANumber => FaultCode::NotANumber,
                    AmountError::TooFine(_) => FaultCode::TooManyDecimals,
                    AmountError::TooLong { .. } => FaultCode::TooManyDigits,
                };
                self.fault(field, code, error.to_string());
                None
            }
        }
    }

    /// A required booking date within the limits: a plain date, or RFC 3339. The day is the one that
    /// is written there, whatever the offset; the instant is `None` for a plain date.
    pub fn booking_date(&mut self, field: &str) -> Option<(NaiveDate, Option<DateTime<Utc>>)> {
        let text = self.text(field, limits::WORD_LENGTH_MAX)?;
        let date = match parse_plain_date(&text) {
            Some(day) => Some((day, None)),
            None => DateTime::parse_from_rfc3339(&text)
                .ok()
                .map(|instant| (instant.date_naive(), Some(instant.to_utc()))),
        };
        let Some((day, instant)) = date else {
            let detail = "must be an RFC 3339 date and time, or a date as YYYY-MM-DD";
            self.fault(field, FaultCode::InvalidFormat, detail);
            return None;
        };
        self.in_bounds(field, day).then_some((day, instant))
    }

    /// An optional instant as RFC 3339, within the limits.
    pub fn optional_instant(&mut self, field: &str) -> Option<Option<DateTime<Utc>>> {
        let Some(text) = self.optional_text(field, limits::WORD_LENGTH_MAX)? else {
            return Some(None);
        };
        let Ok(instant) = DateTime::parse_from_rfc3339(&text) else {
            self.fault(field, FaultCode::InvalidFormat, "must be an RFC 3339 date and time");
            return None;
        };
        self.in_bounds(field, instant.date_naive()).then_some(Some(instant.to_utc()))
    }

    /// An optional plain date within the limits.
    pub fn optional_date(&mut self, field: &str) -> Option<Option<NaiveDate>> {
        let Some(text) = self.optional_text(field, limits::WORD_LENGTH_MAX)? else {
            return Some(None);
        };
        let Some(date) = parse_plain_date(&text) else {
            let detail = "must be a calendar date, as YYYY-MM-DD";
            self.fault(field, FaultCode::InvalidFormat, detail);
            return None;
        };
        self.in_bounds(field, date).then_some(Some(date))
    }

    fn in_bounds(&mut self, field: &str, date: NaiveDate) -> bool {
        let latest = self.progress.now.date_naive() + Days::new(limits::DAYS_AHEAD_MAX);
        let detail = if date < limits::DATE_MIN {
            format!("must not be before {}", limits::DATE_MIN)
        } else if date > latest {
            format!("must not be more than {} days ahead of today", limits::DAYS_AHEAD_MAX)
        } else {
            return true;
        };
        self.fault(field, FaultCode::OutOfRange, detail);
        false
    }

    /// An optional merchant category code: four digits (ISO 18245).
    pub fn merchant_category_code(&mut self, field: &str) -> Option<Option<String>> {
        let code = self.optional_text(field, limits::WORD_LENGTH_MAX)?;
        let is_code =
            |code: &String| code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit());
        if code.as_ref().is_some_and(|code| !is_code(code)) {
            self.fault(field, FaultCode::InvalidFormat, "must be four digits (ISO 18245)");
            return None;
        }
        Some(code)
    }
}

/// Why a value is not an id or a text.
#[derive(Debug, thiserror::Error)]
pub enum ValueError {
    #[error("must be a string")]
    NotString,
    #[error(transparent)]
    Text(#[from] TextError),
}

impl ValueError {
    pub const fn code(&self) -> FaultCode {
        match self {
            Self::NotString => FaultCode::WrongType,
            Self::Text(error) => error.code(),
        }
    }
}

/// The id of a JSON string.
pub fn read_id(json: &str) -> Result<String, ValueError> {
    let quoted = unquote(json).ok_or(ValueError::NotString)?;
    // Each byte may be an escape of six.
    if json.len() > 2 + 6 * text::ID_BYTES_MAX {
        return Err(TextError::IdTooLong.into());
    }
    let id = unescape(quoted);
    text::accept_id(&id)?;
    Ok(id.into_owned())
}

/// The cleaned text of a JSON string.
fn read_text(json: &str, length_max: usize) -> Result<Cleaned, ValueError> {
    let quoted = unquote(json).ok_or(ValueError::NotString)?;
    if json.len() > literal_bytes_max(length_max) {
        return Err(TextError::TooLong { length_max }.into());
    }
    Ok(text::clean(&unescape(quoted), length_max)?)
}

/// A whole number in any notation, such as `1`, `1.0` or `10e-1`.
fn whole_number(literal: &str) -> Option<u64> {
    if literal.len() > limits::NUMBER_LENGTH_MAX {
        return None;
    }
    DecimalLiteral::parse(literal)?.to_u64()
}
