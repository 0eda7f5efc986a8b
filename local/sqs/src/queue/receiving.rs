//! The parameters and results of a receive, and its fault injection.

use std::time::Duration;

use crate::message::Message;
use crate::receipt::Receipt;

/// Fault injection into deliveries.
pub(crate) trait DeliveryFaults {
    /// The index of the message to deliver next, of `visible` ones; 0 is the oldest.
    fn pick(&mut self, visible: usize) -> usize;
    /// Whether to deliver the current message twice.
    fn duplicate(&mut self) -> bool;
}

/// The parameters of a receive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReceiveRequest {
    pub(crate) messages_max: usize,
    /// `None`: the setting of the queue.
    pub(crate) visibility_timeout: Option<Duration>,
    /// Messages received this often become dead letters. `None`: never.
    pub(crate) max_receive_count: Option<u32>,
}

/// The result of a receive.
#[derive(Debug, Default)]
pub(crate) struct Received {
    pub(crate) delivered: Vec<(Receipt, Message)>,
    /// Removed from this queue. The caller must move them to the dead-letter queue.
    pub(crate) dead_letters: Vec<Message>,
}

/// Message counts by state, as in `GetQueueAttributes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) visible: usize,
    pub(crate) in_flight: usize,
    pub(crate) delayed: usize,
}
