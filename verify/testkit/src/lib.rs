//! What tests of several crates need: a real PostgreSQL server for each test program with a migrated
//! database for each test; batches written as ingest does; an issuer of tokens; hostile request bodies; a
//! client for queues; the deployment template as a value. Not for end-to-end tests: those start the whole
//! of `local/system`.

mod database;
pub mod hostile;
pub mod issuer;
pub mod ledger;
mod queue;
pub mod template;

pub use database::TestDatabase;
pub use issuer::Issuer;
pub use queue::sqs_client;
