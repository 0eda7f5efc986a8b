//! What tests against a real PostgreSQL need: a server for each test program, a migrated database for
//! each test. Not for end-to-end tests: those start the whole of `local/system`.

mod database;

pub use database::TestDatabase;
