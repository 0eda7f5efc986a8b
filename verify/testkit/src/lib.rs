//! Test support for several crates: a PostgreSQL server per test program with a migrated database
//! per test, batches written as ingest writes them, a token issuer, hostile request bodies, gzip, log
//! lines, an SQS client, and the deployment template as JSON. End-to-end tests use `local/system` instead.

mod database;
pub mod gzip;
pub mod hostile;
pub mod issuer;
pub mod ledger;
pub mod logs;
mod queue;
pub mod reports;
pub mod template;

pub use database::TestDatabase;
pub use issuer::Issuer;
pub use queue::sqs_client;
