//! The cash flow of an account in one currency: spend and income by interval and by category.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::money::{Currency, Sum};
use crate::period::{Interval, Period};
use crate::summary::{Metrics, Total};

/// The sums of a period's transactions in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The number of transactions in all statuses.
    pub transaction_count: i64,
    /// Money out, zero or more.
    pub spend: Sum,
    /// Money in, zero or more.
    pub income: Sum,
    /// Income less spend.
    pub net: Sum,
    /// Money out and in of the category `Transfers`, which is also in spend and income.
    pub transfers: Sum,
    /// The sums of each category, by spend, the highest first, ties by name.
    pub categories: Vec<CategoryFlow>,
}

/// The sums of one category in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CategoryFlow {
    /// The category's name.
    pub category: String,
    /// Money out, zero or more.
    pub total_spend: Sum,
    /// Money in, zero or more.
    pub total_income: Sum,
    /// The number of transactions.
    pub transaction_count: i64,
}

/// The sums of an account over a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flows {
    /// The currency of every sum; `None` without transactions and without a requested one.
    pub currency: Option<Currency>,
    /// Every currency of the account in the period, the most used first, ties by code.
    pub currencies: Vec<Currency>,
    /// The sums of the period; `None` without transactions in the currency.
    pub total: Option<Flow>,
    /// The sums of the intervals with transactions, by their place in the period.
    pub intervals: BTreeMap<usize, Flow>,
}

/// The cash flow of an account over a period, as the API returns it.
#[derive(Debug, PartialEq, Serialize)]
pub struct Cashflow {
    /// The length of the intervals of the series.
    pub interval: Interval,
    /// As in [`Flows`].
    pub currency: Option<Currency>,
    /// As in [`Flows`].
    pub currencies: Vec<Currency>,
    /// Totals over every status.
    pub metrics: Metrics,
    /// The sums of each category, by spend, the highest first, ties by name.
    pub categories: Vec<CategoryFlow>,
    /// Every interval of the period, in order.
    pub series: Vec<IntervalFlow>,
}

/// The cash flow of an interval.
#[derive(Debug, PartialEq, Serialize)]
pub struct IntervalFlow {
    /// The days, cut to the period of the report.
    #[serde(flatten)]
    pub period: Period,
    /// Totals over every status.
    #[serde(flatten)]
    pub metrics: Metrics,
    /// Money out and in of the category `Transfers`.
    pub total_transfers: Total,
    /// The sums of each category, by spend, the highest first, ties by name.
    pub categories: Vec<CategoryFlow>,
}

impl Cashflow {
    /// The cash flow over all `intervals` of a period, those without transactions included.
    #[must_use]
    pub fn of(interval: Interval, intervals: Vec<Period>, mut flows: Flows) -> Self {
        let currency = flows.currency;
        let (metrics, _, categories) = parts(flows.total, currency);
        let series = intervals.into_iter().enumerate().map(|(place, period)| {
            let (metrics, total_transfers, categories) =
                parts(flows.intervals.remove(&place), currency);
            IntervalFlow { period, metrics, total_transfers, categories }
        });
        let series = series.collect();
        Self { interval, currency, currencies: flows.currencies, metrics, categories, series }
    }
}

/// The metrics, transfers and categories of a flow: zeros if there is none.
fn parts(flow: Option<Flow>, currency: Option<Currency>) -> (Metrics, Total, Vec<CategoryFlow>) {
    let Some(flow) = flow else {
        let zero = Total::zero(currency);
        return (Metrics::zero(currency), zero, Vec::new());
    };
    let metrics = Metrics {
        total_transactions: flow.transaction_count,
        total_spend: Total::Sum(flow.spend),
        total_income: Total::Sum(flow.income),
        net: Total::Sum(flow.net),
    };
    (metrics, Total::Sum(flow.transfers), flow.categories)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(count: i64, spend: &str, income: &str, net: &str, currency: &Currency) -> Flow {
        let sum = |text| Sum::parse(text, currency).unwrap();
        Flow {
            transaction_count: count,
            spend: sum(spend),
            income: sum(income),
            net: sum(net),
            transfers: sum("0"),
            categories: vec![CategoryFlow {
                category: "Food".to_owned(),
                total_spend: sum(spend),
                total_income: sum(income),
                transaction_count: count,
            }],
        }
    }

    fn cashflow(flows: Flows) -> String {
        let period = Period::parse(Some("2025-10-31"), Some("2025-11-30")).unwrap();
        let intervals = Interval::Month.divide(period);
        serde_json::to_string(&Cashflow::of(Interval::Month, intervals, flows)).unwrap()
    }

    #[test]
    fn every_interval_is_present_in_the_decimals_of_the_currency() {
        let currency = Currency::from_code("USD").unwrap();
        let total = flow(2, "1.5", "1", "-0.5", &currency);
        let written = cashflow(Flows {
            currency: Some(currency),
            currencies: vec![currency],
            intervals: [(1, total.clone())].into(),
            total: Some(total),
        });
        let food =
            r#"[{"category":"Food","total_spend":1.50,"total_income":1.00,"transaction_count":2}]"#;
        let sums = r#""total_transactions":2,"total_spend":1.50,"total_income":1.00,"net":-0.50"#;
        let zeros = r#""total_transactions":0,"total_spend":0.00,"total_income":0.00,"net":0.00"#;
        assert_eq!(
            written,
            format!(
                r#"{{"interval":"month","currency":"USD","currencies":["USD"],"metrics":{{{sums}}},"categories":{food},"series":[{{"start":"2025-10-31","end":"2025-10-31",{zeros},"total_transfers":0.00,"categories":[]}},{{"start":"2025-11-01","end":"2025-11-30",{sums},"total_transfers":0.00,"categories":{food}}}]}}"#
            )
        );
    }

    #[test]
    fn account_without_transactions_has_zeros() {
        for (currency, zero) in [(None, "0"), (Currency::from_code("USD").ok(), "0.00")] {
            let written = cashflow(Flows {
                currency,
                currencies: Vec::new(),
                total: None,
                intervals: BTreeMap::new(),
            });
            let zeros = format!(r#""total_spend":{zero},"total_income":{zero},"net":{zero}"#);
            assert_eq!(written.matches(&zeros).count(), 3, "{written}");
        }
    }
}
