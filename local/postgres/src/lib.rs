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
mod pooler;
mod port;
mod server;

use std::path::PathBuf;

pub use error::Error;
pub use pooler::Pooler;
pub use server::Postgres;

/// Told, in sentences for people, what is being done; called seldom, and from one task at a time.
pub type Progress<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// How long a server's data lives.
#[derive(Debug, Clone)]
pub enum Storage {
    /// Until the server stops or its owner dies. Survives a crash of the server, not of the machine.
    Temporary,
    /// In this folder, as durable as PostgreSQL is by default; one server at a time may use it.
    ///
    /// As root it may have to be kept elsewhere, since the server runs as a user who might not be let
    /// in there: then [`Postgres::folder`] says where it is.
    Kept(PathBuf),
}

/// What [`Postgres::start`] needs to know.
pub struct Options<'a> {
    /// Where the data lives, and for how long.
    pub storage: Storage,
    /// Told what is being done: a first start may download a server.
    pub progress: Progress<'a>,
}
