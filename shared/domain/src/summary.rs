//! The summary of an account in one currency: totals, spend by category, and enrichment progress.

use serde::Serialize;

use crate::money::{Currency, Sum};
use crate::status::StatusCounts;

/// The most categories that a summary lists.
pub const TOP_CATEGORIES_MAX: usize = 3;

/// The sums of an account's transactions in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrencySums {
    /// The currency of every sum.
    pub currency: Currency,
    /// The number of transactions in each status.
    pub counts: StatusCounts,
    /// Money out, zero or more.
    pub spend: Sum,
    /// Money in, zero or more.
    pub income: Sum,
    /// Income less spend.
    pub net: Sum,
    /// The categories with the highest spend, at most [`TOP_CATEGORIES_MAX`], highest first, ties by
    /// name.
    pub top_categories: Vec<CategorySpend>,
}

/// The summary of an account over a period, as the API returns it.
#[derive(Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The currency of every amount; `None` without transactions and without a requested one.
    pub currency: Option<Currency>,
    /// Totals over every status.
    pub metrics: Metrics,
    /// The categories with the highest spend, highest first, ties by name.
    pub top_categories: Vec<CategorySpend>,
    /// The number of transactions in each status.
    pub processing_status: StatusCounts,
    /// Every currency of the account in the period, the most used first.
    pub currencies: Vec<Currency>,
}

/// Totals in the summary's currency.
#[derive(Debug, PartialEq, Serialize)]
pub struct Metrics {
    /// The number of transactions.
    pub total_transactions: i64,
    /// Money out, zero or more.
    pub total_spend: Total,
    /// Money in, zero or more.
    pub total_income: Total,
    /// Income less spend.
    pub net: Total,
}

/// One category's spend in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CategorySpend {
    /// The category's name.
    pub category: String,
    /// Money out, more than zero.
    pub total_spend: Sum,
    /// The number of transactions in the category, money in included.
    pub transaction_count: i64,
}

/// A sum: money, or a plain zero if there is no currency.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Total {
    /// A sum in the summary's currency.
    Sum(Sum),
    /// `0`, without a currency.
    Zero(u8),
}

impl Total {
    /// Zero, with the decimals of the currency if there is one.
    #[must_use]
    pub fn zero(currency: Option<Currency>) -> Self {
        currency.map_or(Self::Zero(0), |currency| Self::Sum(Sum::zero(&currency)))
    }
}

impl Metrics {
    /// The totals of no transactions.
    #[must_use]
    pub fn zero(currency: Option<Currency>) -> Self {
        let zero = Total::zero(currency);
        Self {
            total_transactions: 0,
            total_spend: zero.clone(),
            total_income: zero.clone(),
            net: zero,
        }
    }
}

impl Summary {
    /// The summary in the `requested` currency, or else in the first one. `sums` has one element for
    /// each currency of the account, the most used first, ties by code. Other currencies appear in
    /// `currencies` only.
    #[must_use]
    pub fn of(sums: Vec<CurrencySums>, requested: Option<Currency>) -> Self {
        let currencies: Vec<_> = sums.iter().map(|sums| sums.currency).collect();
        let currency = requested.or_else(|| currencies.first().copied());
        let chosen = sums.into_iter().find(|sums| Some(sums.currency) == currency);
        let Some(sums) = chosen else { return Self::without_transactions(currency, currencies) };
        Self {
            currency,
            metrics: Metrics {
                total_transactions: sums.counts.total(),
                total_spend: Total::Sum(sums.spend),
                total_income: Total::Sum(sums.income),
                net: Total::Sum(sums.net),
            },
            top_categories: sums.top_categories,
            processing_status: sums.counts,
            currencies,
        }
    }

    fn without_transactions(currency: Option<Currency>, currencies: Vec<Currency>) -> Self {
        Self {
            currency,
            metrics: Metrics::zero(currency),
            top_categories: Vec::new(),
            processing_status: StatusCounts::default(),
            currencies,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(currency: Currency, count: i64, spend: &str, income: &str, net: &str) -> CurrencySums {
        let sum = |text| Sum::parse(text, &currency).unwrap();
        CurrencySums {
            currency,
            counts: StatusCounts { pending: 1, completed: count - 1, ..StatusCounts::default() },
            spend: sum(spend),
            income: sum(income),
            net: sum(net),
            top_categories: vec![CategorySpend {
                category: "Food".to_owned(),
                total_spend: sum(spend),
                transaction_count: count,
            }],
        }
    }

    fn iso(code: &str) -> Currency {
        Currency::from_code(code).unwrap()
    }

    fn json(summary: &Summary) -> String {
        serde_json::to_string(summary).unwrap()
    }

    #[test]
    fn summary_is_in_the_requested_currency_or_the_first_and_lists_all() {
        let long = "1234567890123456789012345678901234567890.1";
        let bitcoin = Currency::unofficial("BTC").unwrap();
        let all =
            [sums(iso("USD"), 3, long, "5", "4.7"), sums(bitcoin, 2, "0.10", "0.000", "-0.10")];
        assert_eq!(
            json(&Summary::of(all.to_vec(), None)),
            format!(
                r#"{{"currency":"USD","metrics":{{"total_transactions":3,"total_spend":{long}0,"total_income":5.00,"net":4.70}},"top_categories":[{{"category":"Food","total_spend":{long}0,"transaction_count":3}}],"processing_status":{{"pending":1,"processing":0,"completed":2,"failed":0}},"currencies":["USD","BTC"]}}"#
            )
        );
        let requested = json(&Summary::of(all.to_vec(), Some(bitcoin)));
        assert!(
            requested.starts_with(
                r#"{"currency":"BTC","metrics":{"total_transactions":2,"total_spend":0.1,"total_income":0,"net":-0.1}"#
            ),
            "{requested}"
        );
        assert!(requested.ends_with(r#""currencies":["USD","BTC"]}"#), "{requested}");
        let unused = json(&Summary::of(all.to_vec(), Some(iso("EUR"))));
        assert!(
            unused.starts_with(
                r#"{"currency":"EUR","metrics":{"total_transactions":0,"total_spend":0.00,"#
            ),
            "{unused}"
        );
        assert!(unused.ends_with(r#""currencies":["USD","BTC"]}"#), "{unused}");
    }

    #[test]
    fn account_without_transactions_has_zeros_and_no_currency() {
        for (requested, currency) in [(None, "null"), (Some(iso("JPY")), r#""JPY""#)] {
            let summary = json(&Summary::of(Vec::new(), requested));
            let start = format!(
                r#"{{"currency":{currency},"metrics":{{"total_transactions":0,"total_spend":0,"#
            );
            assert!(summary.starts_with(&start), "{summary}");
        }
    }
}
