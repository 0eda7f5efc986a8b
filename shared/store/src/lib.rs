//! All SQL statements of Tributary, one per function. The use case owns the database transaction:
//! it begins one with [`Store::begin`], for one tenant, and passes the connection to these
//! functions. Business rules are in the domain crate and in the constraints of the schema.

pub mod accounts;
pub mod announcements;
pub mod api_keys;
pub mod backlog;
pub mod batches;
pub mod check;
mod connection;
pub mod database;
pub mod enrichment;
pub mod erasure;
mod error;
pub mod health;
mod interval;
pub mod login;
pub mod migrations;
mod paging;
pub mod report;
pub mod retention;
pub mod role;
pub mod tenants;
pub mod transactions;
mod unnamed;

pub use connection::{Store, Tx, end};
pub use error::StoreError;
pub use migrations::{MIGRATOR, MigrateError};
pub use paging::SCAN_MAX;
pub use role::Role;
