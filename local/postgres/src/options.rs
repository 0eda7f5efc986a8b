//! What the caller of [`Postgres::start`](crate::Postgres::start) chooses.

use std::path::PathBuf;

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
    /// in there: then [`Postgres::folder`](crate::Postgres::folder) says where it is.
    Kept(PathBuf),
}

/// What [`Postgres::start`](crate::Postgres::start) needs to know.
pub struct Options<'a> {
    /// Where the data lives, and for how long.
    pub storage: Storage,
    /// Told what is being done: a first start may download a server.
    pub progress: Progress<'a>,
}
