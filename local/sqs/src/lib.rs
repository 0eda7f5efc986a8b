//! An Amazon SQS endpoint inside this process: standard queues over the real wire protocol.
//!
//! Tests, the demo, fault injection and benchmarks talk to it with the unchanged AWS SDK. State is
//! in memory and ends with the [`SqsServer`]; signatures are not checked, FIFO queues are refused,
//! and queue policies and encryption settings are stored and returned but have no effect.
//!
//! The rules live in `queue` (one queue, no clock, no I/O) and `broker` (what concerns several
//! queues); `operations` turns them into the calls of the SQS API, `server` into HTTP.

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
