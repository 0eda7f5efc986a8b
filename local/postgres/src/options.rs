//! The options of a server.

use std::path::PathBuf;

/// Receives progress messages for the user. Called rarely, and from one task at a time.
pub type Progress<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// How long the data of a server is kept.
#[derive(Debug, Clone)]
pub enum Storage {
    /// Until the server stops or its owner ends. Survives a crash of the server, but not of the
    /// machine.
    Temporary,
    /// In this folder, with the default durability of PostgreSQL. One server at a time can use it.
    ///
    /// If this process is root and the user of the server may not enter the folder, the data is in
    /// another folder: see [`Postgres::folder`](crate::Postgres::folder).
    Kept(PathBuf),
}

/// The options of [`Postgres::start`](crate::Postgres::start).
pub struct Options<'a> {
    /// Where the data is, and how long it is kept.
    pub storage: Storage,
    /// Receives progress messages: a first start may download a server.
    pub progress: Progress<'a>,
}
