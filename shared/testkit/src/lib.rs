//! What tests against a real PostgreSQL need: a server for each test program, a migrated database for
//! each test; and an issuer of tokens. Not for end-to-end tests: those start the whole of `local/system`.

mod database;
pub mod issuer;

pub use database::TestDatabase;
pub use issuer::Issuer;
