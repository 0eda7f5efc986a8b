//! Reports of an account.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::text_enum::text_enum;
use crate::{Amount, Category, StatusCounts};

/// A range of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct DateRange {
    /// The first day.
    pub start: NaiveDate,
    /// The last day, included.
    pub end: NaiveDate,
}

text_enum! {
    /// The length of the intervals of a cash flow. Weeks start on Monday.
    Interval { Day = "day", Week = "week", Month = "month" }
}

/// Totals of an account, in one currency.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// The account.
    pub account_id: String,
    /// The days.
    pub date_range: DateRange,
    /// The currency of all amounts; `None` without transactions, if none was requested.
    pub currency: Option<String>,
    /// The totals.
    pub metrics: Metrics,
    /// The three categories with the most spend, most first.
    pub top_categories: Vec<CategorySpend>,
    /// The transactions by status.
    pub processing_status: StatusCounts,
    /// Every currency of these days, the most used first.
    pub currencies: Vec<String>,
}

/// Totals over every status.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Metrics {
    /// The number of transactions of every status.
    pub total_transactions: u64,
    /// Money out.
    pub total_spend: Amount,
    /// Money in.
    pub total_income: Amount,
    /// Income less spend.
    pub net: Amount,
}

/// The spend of one category.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct CategorySpend {
    /// The category.
    pub category: Category,
    /// Money out.
    pub total_spend: Amount,
    /// The number of transactions, out and in.
    pub transaction_count: u64,
}

/// Spend and income of an account, in one currency.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Cashflow {
    /// The account.
    pub account_id: String,
    /// The days.
    pub date_range: DateRange,
    /// The length of the intervals.
    pub interval: Interval,
    /// The currency of all amounts; `None` without transactions, if none was requested.
    pub currency: Option<String>,
    /// Every currency of these days, the most used first.
    pub currencies: Vec<String>,
    /// The totals.
    pub metrics: Metrics,
    /// The categories of the whole range, by spend.
    pub categories: Vec<CategoryFlow>,
    /// Every interval of the range, in order.
    pub series: Vec<IntervalFlow>,
}

/// An interval of a cash flow.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct IntervalFlow {
    /// The first day.
    pub start: NaiveDate,
    /// The last day, included.
    pub end: NaiveDate,
    /// The number of transactions of every status.
    pub total_transactions: u64,
    /// Money out.
    pub total_spend: Amount,
    /// Money in.
    pub total_income: Amount,
    /// Income less spend.
    pub net: Amount,
    /// Amounts of the category `Transfers`, out and in. They are also in spend and income.
    pub total_transfers: Amount,
    /// The categories, by spend.
    pub categories: Vec<CategoryFlow>,
}

/// Spend and income of one category.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct CategoryFlow {
    /// The category.
    pub category: Category,
    /// Money out.
    pub total_spend: Amount,
    /// Money in.
    pub total_income: Amount,
    /// The number of transactions, out and in.
    pub transaction_count: u64,
}

/// The merchants of an account with the most spend, in one currency.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Merchants {
    /// The account.
    pub account_id: String,
    /// The days.
    pub date_range: DateRange,
    /// The currency of all amounts; `None` without transactions, if none was requested.
    pub currency: Option<String>,
    /// The merchants, by spend.
    pub merchants: Vec<MerchantFlow>,
    /// The transactions that were read, the newest ones.
    pub scanned_transactions: u64,
    /// Whether these are all transactions of the range.
    pub is_complete: bool,
}

/// Spend and income of one merchant.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct MerchantFlow {
    /// `merchant_name`, else `name`, of its transactions.
    pub merchant: String,
    /// Money out.
    pub total_spend: Amount,
    /// Money in.
    pub total_income: Amount,
    /// The number of transactions, out and in.
    pub transaction_count: u64,
}
