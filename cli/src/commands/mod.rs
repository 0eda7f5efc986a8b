//! The subcommands, one file each.

pub mod bench;
pub mod chaos;
pub mod check;
pub mod demo;
pub mod dlq;
pub mod erase;
pub mod keys;
pub mod migrate;
pub mod simulate;
pub mod up;
