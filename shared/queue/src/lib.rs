//! The queue between ingest and enrich: the message and the SQS client. When a batch is announced
//! is in the store.

mod client;
mod dead_letters;
mod message;

pub use client::{Queue, QueueError};
pub use dead_letters::{DeadLetter, DeadLetters, Redrive};
pub use message::{
    CORRELATION_ATTRIBUTE, EnrichMessage, TRACE_ATTRIBUTE, TRANSACTIONS_PER_MESSAGE,
    UnreadableMessage, message_count,
};
