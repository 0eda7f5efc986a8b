//! The parameters of the lists. The default of each is that of the API.

use chrono::NaiveDate;
use reqwest::Method;

use crate::{BatchStatus, Category, Request, TransactionStatus};

/// Which transactions of an account to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransactionQuery {
    /// The first booking day.
    pub start_date: Option<NaiveDate>,
    /// The last booking day, included.
    pub end_date: Option<NaiveDate>,
    /// Only transactions with this status.
    pub status: Option<TransactionStatus>,
    /// Only transactions of this category.
    pub category: Option<Category>,
    /// Only transactions whose `name` or `merchant_name` contains this text.
    pub text: Option<String>,
    /// Whether to list removed transactions as well.
    pub includes_removed: bool,
    /// The `next_cursor` of the previous page.
    pub cursor: Option<String>,
    /// The maximum number of transactions of a page: 1 to 500, by default 100.
    pub limit: Option<u32>,
}

impl TransactionQuery {
    /// The request of the first page.
    pub(crate) fn request(&self, account_id: &str) -> Request {
        Request::new(Method::GET, &["api", "accounts", account_id, "transactions"])
            .query_if("start_date", self.start_date)
            .query_if("end_date", self.end_date)
            .query_if("status", self.status.as_ref())
            .query_if("category", self.category.as_ref())
            .query_if("q", self.text.as_ref())
            .query_if("include", self.includes_removed.then_some("removed"))
            .query_if("limit", self.limit)
    }
}

/// Which batches to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchQuery {
    /// Only batches with this status.
    pub status: Option<BatchStatus>,
    /// The `next_cursor` of the previous page.
    pub cursor: Option<String>,
    /// The maximum number of batches of a page: 1 to 100, by default 50.
    pub limit: Option<u32>,
}

impl BatchQuery {
    /// The request of the first page.
    pub(crate) fn request(&self) -> Request {
        Request::new(Method::GET, &["api", "batches"])
            .query_if("status", self.status.as_ref())
            .query_if("limit", self.limit)
    }
}

/// Which accounts to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountQuery {
    /// The `next_cursor` of the previous page.
    pub cursor: Option<String>,
    /// The maximum number of accounts of a page: 1 to 100, by default 50.
    pub limit: Option<u32>,
}

impl AccountQuery {
    /// The request of the first page.
    pub(crate) fn request(&self) -> Request {
        Request::new(Method::GET, &["api", "accounts"]).query_if("limit", self.limit)
    }
}
