//! What a receive asks of a queue and what it yields, and where faults may bend it.

use std::time::Duration;

use crate::message::Message;
use crate::receipt::Receipt;

/// Where a receive departs from the rule, for fault injection.
pub(crate) trait Disturbance {
    /// Which of `waiting` messages to take; 0 waited longest.
    fn pick(&mut self, waiting: usize) -> usize;
    /// Whether the message just taken is to be delivered twice.
    fn duplicates(&mut self) -> bool;
}

/// What a receive asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReceiveRequest {
    pub(crate) messages_max: usize,
    /// `None`: the queue's own.
    pub(crate) visibility_timeout: Option<Duration>,
    /// Messages received this often are given up. `None`: never.
    pub(crate) max_receive_count: Option<u32>,
}

/// What a receive yields.
#[derive(Debug, Default)]
pub(crate) struct Received {
    pub(crate) delivered: Vec<(Receipt, Message)>,
    /// No longer in this queue: the caller owes them to the dead-letter queue.
    pub(crate) given_up: Vec<Message>,
}

/// Messages by state, as `GetQueueAttributes` shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) visible: usize,
    pub(crate) in_flight: usize,
    pub(crate) delayed: usize,
}
