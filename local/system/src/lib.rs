//! The whole system on this machine: PostgreSQL, SQS, the functions behind their gateway, a tenant and
//! its key. What `tributary up` runs, and what end-to-end tests, fault injection and benchmarks drive.

mod access;
mod database;
mod queues;
mod roles;
mod route;
mod system;

pub use access::{create_key, kept_pepper, new_pepper};
pub use database::DatabaseError;
pub use queues::{QueueSetupError, QueueUrls, client as sqs_client};
pub use route::DatabaseRoute;
pub use system::{System, SystemConfig, SystemError, Timings};
