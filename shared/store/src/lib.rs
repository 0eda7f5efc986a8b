//! Every SQL statement of Tributary, one a function. The use case owns the transaction: it begins one
//! with [`Store::begin`], for one tenant, and passes its connection to the functions here.
//! Not for rules: what a status or an amount may be is the domain's to say, and a constraint's to hold.

pub mod accounts;
pub mod api_keys;
pub mod backlog;
pub mod batches;
pub mod check;
mod connection;
pub mod database;
pub mod enrichment;
mod error;
pub mod health;
pub mod idempotency;
mod interval;
pub mod login;
pub mod migrations;
pub mod outbox;
pub mod report;
pub mod role;
pub mod tenants;
pub mod transactions;
mod unnamed;

pub use connection::{Store, Tx};
pub use error::StoreError;
pub use migrations::{MIGRATOR, MigrateError};
pub use role::Role;
