//! A real PostgreSQL server for the local stack and the tests, with nothing set up by hand.
//!
//! It finds server binaries or gets them itself, makes a data folder, starts the server on
//! 127.0.0.1 and makes sure that no server outlives the process that started it. The same for PgBouncer
//! in front of it. It knows nothing of Tributary's schema: databases, migrations and rows are the
//! caller's.

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
