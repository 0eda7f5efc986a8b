//! The queue between ingest and enrich: what a message says, and the SQS client that carries it.
//! Not for what is owed but not sent yet: that is the store's outbox.

mod client;
mod dead_letters;
mod message;

pub use client::{Queue, QueueError};
pub use dead_letters::{DeadLetter, DeadLetters, Redrive};
pub use message::{
    CORRELATION_ATTRIBUTE, EnrichMessage, TRACE_ATTRIBUTE, TRANSACTIONS_PER_MESSAGE,
    UnreadableMessage, message_count,
};
