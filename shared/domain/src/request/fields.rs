//! Reads one field of a body at a time: the raw JSON of a value becomes a type, or a fault with its place.

use std::fmt;

use super::limits;
use crate::fault::Faults;
use crate::money::{Currency, Money};
use crate::number::DecimalLiteral;
use crate::period::{midnight_utc, parse_plain_date};
use crate::text::{self, TextError};
use chrono::{DateTime, Days, NaiveDate, Utc};

/// The JSON of a field; `None` where it is missing or null.
pub type Raw<'b> = Option<&'b str>;

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

/// Reads the fields of one object after the other and notes their faults.
pub struct FieldReader<'f> {
    /// The object whose fields are read.
    pub place: Place,
    pub faults: &'f mut Faults,
    now: DateTime<Utc>,
    /// As [`limits::NORMALISED_CHARACTERS_MAX`] counts them.
    normalised_characters: usize,
}

impl<'f> FieldReader<'f> {
    pub fn new(faults: &'f mut Faults, now: DateTime<Utc>) -> Self {
        Self { place: Place::Body, faults, now, normalised_characters: 0 }
    }

    /// Whether reading on is in vain: nobody would be told of what is found, or it would cost too much.
    pub fn is_done(&self) -> bool {
        self.faults.is_full() || self.normalised_characters > limits::NORMALISED_CHARACTERS_MAX
    }

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
        let Some(literal) = raw else { return Some(None) };
        if !literal.starts_with('"') {
            self.fault(field, "must be a string");
            return None;
        }
        if self.is_done() {
            return None;
        }
        let accepted = if literal.len() > longest_literal(length_max) {
            Err(TextError::TooLong { length_max })
        } else {
            // It is JSON and its escapes are characters: it can be read.
            let sent = serde_json::from_str::<String>(literal).unwrap_or_default();
            let accepted = text::accept(&sent, length_max);
            if let Ok(kept) = &accepted {
                self.count_normalised(text::normalised_characters(&sent, kept));
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

    /// `true` or `false`; missing is `false`.
    pub fn flag(&mut self, field: &str, raw: Raw<'_>) -> Option<bool> {
        let Some(raw) = raw else { return Some(false) };
        // Not by `serde_json`, whose error would repeat a text of any length.
        let flag = match raw {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
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
        let count = whole_number(raw);
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
        if raw.len() > longest_literal(limits::NUMBER_LENGTH_MAX) {
            self.fault(field, too_long());
            return None;
        }
        let quoted;
        let literal = if raw.starts_with('"') {
            quoted = serde_json::from_str::<String>(raw).unwrap_or_default();
            quoted.as_str()
        } else {
            raw
        };
        if literal.chars().nth(limits::NUMBER_LENGTH_MAX).is_some() {
            self.fault(field, too_long());
            return None;
        }
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

/// The most bytes that a string of JSON takes with so many characters: each may be two escapes.
pub const fn longest_literal(length_max: usize) -> usize {
    2 + 12 * length_max
}

fn too_long() -> String {
    TextError::TooLong { length_max: limits::NUMBER_LENGTH_MAX }.to_string()
}

/// A number without a fraction, however it is written.
fn whole_number(literal: &str) -> Option<u64> {
    if literal.len() > limits::NUMBER_LENGTH_MAX {
        return None;
    }
    DecimalLiteral::parse(literal)?.to_u64()
}
