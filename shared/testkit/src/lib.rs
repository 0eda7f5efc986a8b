//! What tests share: a real PostgreSQL for each test program with a migrated database for each test, and
//! hostile request bodies. Not for end-to-end tests: those start the whole of `local/system`.

mod database;
pub mod hostile;

pub use database::TestDatabase;
