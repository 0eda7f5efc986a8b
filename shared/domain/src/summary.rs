//! The summary of an account in one currency: totals, spend by category, and enrichment progress.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;

use crate::money::{Currency, Money};
use crate::status::{StatusCounts, TransactionStatus};

/// The most categories that a summary lists.
pub const TOP_CATEGORIES_MAX: usize = 3;

/// The sums of the transactions of one currency, status and category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSums {
    /// The currency of both sums.
    pub currency: Currency,
    /// The status of the transactions.
    pub status: TransactionStatus,
    /// The category; `None` if they have none yet.
    pub category: Option<String>,
    /// The number of transactions.
    pub count: i64,
    /// The total of money out, zero or more.
    pub spend: Decimal,
    /// The total of money in, zero or more.
    pub income: Decimal,
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

/// One category's spend in the summary's currency.
#[derive(Debug, PartialEq, Serialize)]
pub struct CategorySpend {
    /// The category's name.
    pub category: String,
    /// Money out, more than zero.
    pub total_spend: Total,
    /// The number of transactions in the category, money in included.
    pub transaction_count: i64,
}

/// A sum: money, or a plain zero if there is no currency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Total {
    /// A sum in the summary's currency.
    Money(Money),
    /// `0`, without a currency.
    Zero(u8),
}

impl Total {
    fn of(amount: Decimal, currency: Option<Currency>) -> Self {
        currency.map_or(Self::Zero(0), |currency| Self::Money(Money::new(amount, currency)))
    }
}

impl Summary {
    /// Adds up the groups of the `requested` currency, or else of the most used one (ties by
    /// code). Other currencies appear in `currencies` only.
    #[must_use]
    pub fn of(groups: &[GroupSums], requested: Option<Currency>) -> Self {
        let currencies = currencies_by_use(groups);
        let currency = requested.or_else(|| currencies.first().copied());

        let (mut spend, mut income) = (Decimal::ZERO, Decimal::ZERO);
        let mut processing_status = StatusCounts::default();
        let mut categories: BTreeMap<&str, (Decimal, i64)> = BTreeMap::new();
        for group in groups.iter().filter(|group| Some(group.currency) == currency) {
            spend += group.spend;
            income += group.income;
            processing_status.add(group.status, group.count);
            if let Some(category) = &group.category {
                let sums = categories.entry(category).or_default();
                sums.0 += group.spend;
                sums.1 += group.count;
            }
        }

        let mut spending: Vec<_> =
            categories.into_iter().filter(|(_, (spend, _))| !spend.is_zero()).collect();
        // The sort is stable and the names are in order: ties stay sorted by name.
        spending.sort_by_key(|(_, (spend, _))| std::cmp::Reverse(*spend));
        spending.truncate(TOP_CATEGORIES_MAX);

        Self {
            currency,
            metrics: Metrics {
                total_transactions: processing_status.total(),
                total_spend: Total::of(spend, currency),
                total_income: Total::of(income, currency),
                net: Total::of(income - spend, currency),
            },
            top_categories: spending
                .into_iter()
                .map(|(category, (spend, count))| CategorySpend {
                    category: category.to_owned(),
                    total_spend: Total::of(spend, currency),
                    transaction_count: count,
                })
                .collect(),
            processing_status,
            currencies,
        }
    }
}

/// The currencies of the transactions, the most used first, ties by code.
fn currencies_by_use(groups: &[GroupSums]) -> Vec<Currency> {
    let mut counts: BTreeMap<&str, (i64, Currency)> = BTreeMap::new();
    for group in groups {
        counts.entry(group.currency.code()).or_insert((0, group.currency)).0 += group.count;
    }
    let mut used: Vec<_> = counts.into_values().filter(|(count, _)| *count > 0).collect();
    used.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    used.into_iter().map(|(_, currency)| currency).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(
        code: &str,
        category: Option<&str>,
        count: i64,
        spend: &str,
        income: &str,
    ) -> GroupSums {
        GroupSums {
            currency: Currency::from_code(code).unwrap(),
            status: match category {
                Some(_) => TransactionStatus::Completed,
                None => TransactionStatus::Pending,
            },
            category: category.map(str::to_owned),
            count,
            spend: spend.parse().unwrap(),
            income: income.parse().unwrap(),
        }
    }

    fn json(summary: &Summary) -> String {
        serde_json::to_string(summary).unwrap()
    }

    #[test]
    fn totals_are_over_every_status_and_exact() {
        let groups =
            [group("USD", Some("Food"), 2, "0.10", "0"), group("USD", None, 1, "0.20", "5.00")];
        let summary = json(&Summary::of(&groups, None));
        assert!(
            summary.contains(
                r#""total_transactions":3,"total_spend":0.30,"total_income":5.00,"net":4.70"#
            ),
            "{summary}"
        );
        assert!(
            summary.contains(r#""pending":1,"processing":0,"completed":2,"failed":0"#),
            "{summary}"
        );
    }

    #[test]
    fn top_categories_are_the_three_with_the_highest_spend_and_ties_go_by_name() {
        let groups = [
            group("USD", Some("Transport"), 1, "5.00", "0"),
            group("USD", Some("Food"), 1, "5.00", "0"),
            group("USD", Some("Income"), 1, "0", "100.00"),
            group("USD", Some("Shopping"), 1, "9.00", "0"),
            group("USD", Some("Other"), 1, "4.00", "0"),
        ];
        let names: Vec<_> =
            Summary::of(&groups, None).top_categories.into_iter().map(|top| top.category).collect();
        assert_eq!(names, ["Shopping", "Food", "Transport"]);
    }

    #[test]
    fn category_without_spend_is_not_listed() {
        let groups = [group("USD", Some("Income"), 3, "0.00", "100.00")];
        assert_eq!(Summary::of(&groups, None).top_categories, []);
    }

    #[test]
    fn currencies_are_never_added() {
        let groups = [
            group("EUR", Some("Food"), 1, "7.00", "0"),
            group("USD", Some("Food"), 2, "5.00", "0"),
        ];
        let most_used = Summary::of(&groups, None);
        assert!(json(&most_used).starts_with(
            r#"{"currency":"USD","metrics":{"total_transactions":2,"total_spend":5.00"#
        ));
        assert!(json(&most_used).ends_with(r#""currencies":["USD","EUR"]}"#));
        let requested = Summary::of(&groups, Currency::from_stored("EUR"));
        assert!(json(&requested).starts_with(
            r#"{"currency":"EUR","metrics":{"total_transactions":1,"total_spend":7.00"#
        ));
    }

    #[test]
    fn account_without_transactions_has_zeros_and_no_currency() {
        let summary = json(&Summary::of(&[], None));
        assert!(
            summary.starts_with(
                r#"{"currency":null,"metrics":{"total_transactions":0,"total_spend":0,"#
            ),
            "{summary}"
        );
        let requested = json(&Summary::of(&[], Currency::from_stored("JPY")));
        assert!(
            requested.starts_with(
                r#"{"currency":"JPY","metrics":{"total_transactions":0,"total_spend":0,"#
            ),
            "{requested}"
        );
    }
}
