//! A real PostgreSQL server for the local stack and the tests, without manual setup.
//!
//! Finds or downloads server binaries, creates a data folder, starts the server on 127.0.0.1, and
//! stops it when the process that started it ends. Does the same for PgBouncer in front of it.
//! Databases, migrations and rows are left to the caller.

mod account;
mod binaries;
mod error;
mod fetch;
mod find;
mod folder;
mod guard;
mod options;
mod pooler;
mod pooler_binary;
mod port;
mod program;
mod server;

pub use error::Error;
pub use options::{Options, Progress, Storage};
pub use pooler::Pooler;
pub use server::Postgres;
