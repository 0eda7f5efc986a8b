//! What requests and responses contain. `api/openapi.json` describes every field.

mod accounts;
mod batches;
mod ingest;
mod queries;
mod reports;
mod service;
mod transactions;

pub use accounts::{Account, AccountPage, Balances, TransactionCounts};
pub use batches::{
    AcceptedBatch, Batch, BatchPage, BatchStatus, Failure, ListedBatch, RetriedBatch, StatusCounts,
};
pub use ingest::{BookingDate, Currency, NewAccount, NewBatch, NewTransaction, Removal};
pub use queries::{AccountQuery, BatchQuery, TransactionQuery};
pub use reports::{
    Cashflow, CategoryFlow, CategorySpend, DateRange, Interval, IntervalFlow, MerchantFlow,
    Merchants, Metrics, Summary,
};
pub use service::{
    CreatedKey, Credential, CredentialKind, Health, Key, KeyList, NewKey, Scope, Verdict,
};
pub use transactions::{
    Category, Confidence, Explanation, PersonalFinanceCategory, Revision, Transaction,
    TransactionDetails, TransactionPage, TransactionStatus,
};
