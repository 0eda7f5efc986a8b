//! Downloads server programs where none are installed, into a cache folder for later starts.

mod cache;
mod command;
mod debian;
mod pooler;
mod postgresql;
mod release;
mod staging;
mod unpacked;
mod wheel;

pub(crate) use pooler::pooler;
pub(crate) use postgresql::postgresql;
