//! The intervals into which a report divides its period.

use std::str::FromStr;

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::Serialize;

use super::Period;

/// The length of the intervals of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Interval {
    /// Each day.
    Day,
    /// Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
}

/// The text is not the name of an interval.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of day, week, month")]
pub struct UnknownInterval;

impl Interval {
    /// Every interval, the shortest first.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// The name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// Divides a period into its intervals, in order. The first and the last one are cut to the
    /// period. There is at least one.
    #[must_use]
    pub fn divide(self, period: Period) -> Vec<Period> {
        let mut intervals = Vec::new();
        let mut next = Some(period.start);
        while let Some(start) = next.filter(|start| *start <= period.end) {
            let end = self.last_day(start).min(period.end);
            intervals.push(Period { start, end });
            next = end.succ_opt();
        }
        intervals
    }

    /// The last day of the interval of a day.
    fn last_day(self, day: NaiveDate) -> NaiveDate {
        let last_day = match self {
            Self::Day => Some(day),
            Self::Week => {
                let days_left = 6 - day.weekday().num_days_from_monday();
                day.checked_add_days(Days::new(days_left.into()))
            }
            Self::Month => day
                .with_day(1)
                .and_then(|first| first.checked_add_months(Months::new(1)))
                .and_then(|next| next.pred_opt()),
        };
        last_day.unwrap_or(NaiveDate::MAX)
    }
}

impl FromStr for Interval {
    type Err = UnknownInterval;

    fn from_str(text: &str) -> Result<Self, UnknownInterval> {
        Self::ALL.into_iter().find(|interval| interval.as_str() == text).ok_or(UnknownInterval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(start: &str, end: &str) -> Period {
        Period::parse(Some(start), Some(end)).unwrap()
    }

    fn divided(interval: Interval, start: &str, end: &str) -> Vec<(String, String)> {
        let intervals = interval.divide(period(start, end)).into_iter();
        intervals.map(|it| (it.start().to_string(), it.end().to_string())).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(start, end)| ((*start).to_owned(), (*end).to_owned())).collect()
    }

    #[test]
    fn weeks_start_on_monday_and_are_cut_to_the_period() {
        assert_eq!(
            // A Wednesday to a Monday.
            divided(Interval::Week, "2025-12-24", "2026-01-05"),
            pairs(&[
                ("2025-12-24", "2025-12-28"),
                ("2025-12-29", "2026-01-04"),
                ("2026-01-05", "2026-01-05"),
            ])
        );
    }

    #[test]
    fn months_are_calendar_months_and_are_cut_to_the_period() {
        assert_eq!(
            divided(Interval::Month, "2024-01-31", "2024-04-01"),
            pairs(&[
                ("2024-01-31", "2024-01-31"),
                ("2024-02-01", "2024-02-29"),
                ("2024-03-01", "2024-03-31"),
                ("2024-04-01", "2024-04-01"),
            ])
        );
        assert_eq!(
            divided(Interval::Month, "2025-12-05", "2025-12-20"),
            pairs(&[("2025-12-05", "2025-12-20")])
        );
        assert_eq!(
            divided(Interval::Month, "9999-12-30", "9999-12-31"),
            pairs(&[("9999-12-30", "9999-12-31")])
        );
    }

    #[test]
    fn intervals_cover_every_day_of_the_longest_period_once() {
        let longest = period("2015-01-01", "2024-12-31");
        for interval in Interval::ALL {
            let intervals = interval.divide(longest);
            assert_eq!(intervals.first().unwrap().start(), longest.start());
            assert_eq!(intervals.last().unwrap().end(), longest.end());
            for two in intervals.windows(2) {
                assert_eq!(two[0].end().succ_opt(), Some(two[1].start()), "{interval:?}");
            }
        }
        assert_eq!(Interval::Day.divide(longest).len(), 3_653);
        assert_eq!(Interval::Month.divide(longest).len(), 120);
    }

    #[test]
    fn interval_is_parsed_from_its_name() {
        for interval in Interval::ALL {
            assert_eq!(interval.as_str().parse(), Ok(interval));
        }
        assert_eq!("year".parse::<Interval>(), Err(UnknownInterval));
    }
}
