//! An Amazon SQS endpoint inside this process: standard queues over the AWS JSON protocol.
//!
//! Tests, the demo, fault injection and benchmarks use it through the unmodified AWS SDK. State is
//! in memory and is lost when the [`SqsServer`] stops. Signatures are not checked, FIFO queues are
//! rejected, queue tags are ignored, and queue policies and encryption settings are stored and
//! returned but have no effect.
//!
//! `queue` implements one queue, without a clock or I/O. `broker` implements the rules between
//! queues. `operations` maps them to the SQS API, and `server` serves that over HTTP.

mod app;
mod broker;
mod characters;
mod clock;
mod errors;
mod faults;
mod message;
mod message_attribute;
mod move_task;
mod operations;
mod queue;
mod queue_settings;
mod receipt;
mod redrive;
mod server;

pub use faults::Faults;
pub use server::SqsServer;
