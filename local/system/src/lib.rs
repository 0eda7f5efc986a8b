//! The whole system on one machine: PostgreSQL, SQS, the functions behind API Gateway, and a tenant
//! with an API key. For `tributary up`, end-to-end tests, fault injection and benchmarks.

mod access;
mod config;
mod database;
mod error;
mod queues;
mod route;
mod stack_config;
mod system;

pub use access::{create_key, load_or_create_pepper, new_pepper};
pub use config::{SystemConfig, Timings};
pub use database::DatabaseError;
pub use error::SystemError;
pub use queues::{QueueSetupError, QueueUrls, client as sqs_client};
pub use route::DatabaseRoute;
pub use system::System;
