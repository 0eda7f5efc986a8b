//! A range of booking days, both ends included.

mod interval;

use chrono::{Days, NaiveDate};
use serde::Serialize;

pub use interval::{Interval, UnknownInterval};

use crate::fault::{Fault, FaultCode, FaultPlace};

/// A range of booking days, both ends included: never reversed and at most [`Period::DAYS_MAX`] long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Period {
    start: NaiveDate,
    end: NaiveDate,
}

impl Period {
    /// The longest period of one request, in days: ten years.
    pub const DAYS_MAX: u64 = 3_653;

    /// Parses the two dates of a query.
    ///
    /// # Errors
    /// Every [`Fault`] of the dates, with its parameter.
    pub fn parse(start: Option<&str>, end: Option<&str>) -> Result<Self, Vec<Fault>> {
        let (start, end) = match (required(START, start), required(END, end)) {
            (Ok(start), Ok(end)) => (start, end),
            (start, end) => return Err([start.err(), end.err()].into_iter().flatten().collect()),
        };
        check_order(start, end)?;
        if start.checked_add_days(Days::new(Self::DAYS_MAX)).is_some_and(|limit| end >= limit) {
            let detail = format!("must be less than {} days after start_date", Self::DAYS_MAX);
            return Err(vec![fault(END, FaultCode::OutOfRange, detail)]);
        }
        Ok(Self { start, end })
    }

    /// The first day.
    #[must_use]
    pub const fn start(&self) -> NaiveDate {
        self.start
    }

    /// The last day.
    #[must_use]
    pub const fn end(&self) -> NaiveDate {
        self.end
    }
}

/// A range of booking days, both ends included, of which either may be open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenPeriod {
    /// The first day.
    pub start: Option<NaiveDate>,
    /// The last day.
    pub end: Option<NaiveDate>,
}

impl OpenPeriod {
    /// Parses the two dates of a query.
    ///
    /// # Errors
    /// Every [`Fault`] of the dates, with its parameter.
    pub fn parse(start: Option<&str>, end: Option<&str>) -> Result<Self, Vec<Fault>> {
        let optional = |name, text: Option<&str>| text.map(|text| parse_date(name, text));
        let (start, end) =
            match (optional(START, start).transpose(), optional(END, end).transpose()) {
                (Ok(start), Ok(end)) => (start, end),
                (start, end) => {
                    return Err([start.err(), end.err()].into_iter().flatten().collect());
                }
            };
        if let (Some(start), Some(end)) = (start, end) {
            check_order(start, end)?;
        }
        Ok(Self { start, end })
    }
}

const START: &str = "start_date";
const END: &str = "end_date";

fn check_order(start: NaiveDate, end: NaiveDate) -> Result<(), Vec<Fault>> {
    if end < start {
        let detail = "must not be before start_date".to_owned();
        return Err(vec![fault(END, FaultCode::OutOfRange, detail)]);
    }
    Ok(())
}

fn required(name: &'static str, text: Option<&str>) -> Result<NaiveDate, Fault> {
    let text = text
        .ok_or_else(|| fault(name, FaultCode::Required, "is required, as YYYY-MM-DD".to_owned()))?;
    parse_date(name, text)
}

/// Parses a `YYYY-MM-DD` parameter.
fn parse_date(name: &'static str, text: &str) -> Result<NaiveDate, Fault> {
    let detail = "must be a calendar date, as YYYY-MM-DD";
    parse_plain_date(text).ok_or_else(|| fault(name, FaultCode::InvalidFormat, detail.to_owned()))
}

fn fault(name: &'static str, code: FaultCode, detail: String) -> Fault {
    Fault { place: FaultPlace::Parameter(name), code, detail }
}

/// Parses `YYYY-MM-DD` strictly: chrono alone also accepts `2025-1-2` and years of five digits.
#[must_use]
pub fn parse_plain_date(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    let is_date_format = bytes.len() == 10
        && bytes.iter().enumerate().all(|(place, byte)| match place {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    is_date_format.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(start: &str, end: &str) -> Result<Period, FaultPlace> {
        Period::parse(Some(start), Some(end)).map_err(|mut faults| faults.remove(0).place)
    }

    #[test]
    fn both_ends_are_included() {
        let day = parse("2025-10-01", "2025-10-01").unwrap();
        assert_eq!(day.start(), day.end());
    }

    #[test]
    fn reversed_overlong_or_malformed_period_is_a_fault_of_its_parameter() {
        assert_eq!(parse("2025-10-02", "2025-10-01"), Err(FaultPlace::Parameter(END)));
        assert_eq!(parse("2015-01-01", "2025-01-01"), Err(FaultPlace::Parameter(END)));
        assert!(parse("2015-01-01", "2024-12-31").is_ok());
        for text in
            ["2025-13-01", "2025-1-2", "20251-01-1", "today", "", "2025-02-30", "+025-01-01"]
        {
            assert_eq!(parse(text, "2025-10-01"), Err(FaultPlace::Parameter(START)), "{text}");
        }
    }

    #[test]
    fn both_dates_are_required() {
        assert_eq!(Period::parse(None, None).unwrap_err().len(), 2);
    }

    #[test]
    fn either_end_of_an_open_period_may_be_missing() {
        let day = Some("2025-10-01".parse().unwrap());
        assert_eq!(OpenPeriod::parse(None, None), Ok(OpenPeriod::default()));
        let from = OpenPeriod::parse(Some("2025-10-01"), None).unwrap();
        assert_eq!(from, OpenPeriod { start: day, end: None });
        let to = OpenPeriod::parse(None, Some("2025-10-01")).unwrap();
        assert_eq!(to, OpenPeriod { start: None, end: day });
        assert_eq!(OpenPeriod::parse(Some("x"), Some("2025-1-1")).unwrap_err().len(), 2);
        assert!(OpenPeriod::parse(Some("2025-10-02"), Some("2025-10-01")).is_err());
    }
}
