//! One standard queue: its messages and their visibility.
//!
//! Every method takes `now`; nothing here reads a clock, waits or does I/O. The visible messages of a
//! group are in the order in which they became visible, which SQS standard queues do not guarantee.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use crate::errors::SqsError;
use crate::message::{Message, MessageContent};
use crate::queue_settings::{QueueSettings, VISIBILITY_TIMEOUT_S};
use crate::receipt::Receipt;

mod groups;
mod receiving;
#[cfg(test)]
mod tests;

use groups::Groups;
pub(crate) use receiving::{Counts, DeliveryFaults, ReceiveRequest, Received};

/// Most in-flight messages of one standard queue.
const IN_FLIGHT_MAX: usize = 120_000;

/// A standard queue.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Differs from the id of an earlier queue of the same name, whose receipts are invalid here.
    id: Uuid,
    pub(crate) arn: String,
    pub(crate) settings: QueueSettings,
    pub(crate) created_at: Instant,
    pub(crate) modified_at: Instant,
    /// Notifies long polls of new messages and changed visibilities.
    pub(crate) changed: Arc<Notify>,
    entries: HashMap<u64, Entry>,
    next_entry: u64,
    groups: Groups,
    in_flight: BTreeSet<(Instant, u64)>,
    delayed: BTreeSet<(Instant, u64)>,
    by_age: BTreeSet<(Instant, u64)>,
}

#[derive(Debug)]
struct Entry {
    message: Message,
    state: State,
    deliveries: u32,
    is_duplicate: bool,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Visible,
    Delayed { until: Instant },
    InFlight { since: Instant, until: Instant },
}

impl Queue {
    /// Creates an empty queue.
    pub(crate) fn new(arn: String, settings: QueueSettings, now: Instant) -> Queue {
        Queue {
            id: Uuid::now_v7(),
            arn,
            settings,
            created_at: now,
            modified_at: now,
            changed: Arc::new(Notify::new()),
            entries: HashMap::new(),
            next_entry: 0,
            groups: Groups::default(),
            in_flight: BTreeSet::new(),
            delayed: BTreeSet::new(),
            by_age: BTreeSet::new(),
        }
    }

    /// Stores a sent message. `delay` overrides the delay of the queue.
    ///
    /// # Errors
    /// `InvalidParameterValue` for a message larger than `MaximumMessageSize`.
    pub(crate) fn send(
        &mut self,
        content: MessageContent,
        delay: Option<Duration>,
        now: Instant,
    ) -> Result<Message, SqsError> {
        let size_max = self.settings.maximum_message_size();
        if content.size() > size_max {
            return Err(SqsError::InvalidParameterValue(format!(
                "One or more parameters are invalid. Reason: Message must be shorter than \
                 {size_max} bytes."
            )));
        }
        let message = Message::new(Arc::new(content), now);
        let delay = delay.unwrap_or_else(|| self.settings.delay());
        self.store(message.clone(), delay, false, now);
        Ok(message)
    }

    /// Stores a message from another queue, immediately visible.
    pub(crate) fn put(&mut self, message: Message, now: Instant) {
        self.store(message, Duration::ZERO, false, now);
    }

    /// Delivers visible messages and hides them for the visibility timeout.
    ///
    /// # Errors
    /// `OverLimit` if too many messages are in flight.
    pub(crate) fn receive(
        &mut self,
        request: ReceiveRequest,
        faults: &mut impl DeliveryFaults,
        now: Instant,
    ) -> Result<Received, SqsError> {
        self.advance(now);
        if self.in_flight.len() >= IN_FLIGHT_MAX {
            return Err(SqsError::OverLimit);
        }
        let timeout =
            request.visibility_timeout.unwrap_or_else(|| self.settings.visibility_timeout());
        let mut received = Received::default();
        let mut duplicates = Vec::new();
        while received.delivered.len() < request.messages_max {
            let Some(key) = self.groups.pop(|visible| faults.pick(visible)) else { break };
            let Some(entry) = self.entries.get_mut(&key) else { continue };
            if request.max_receive_count.is_some_and(|max| entry.message.receive_count >= max) {
                received.dead_letters.extend(self.remove_entry(key));
                continue;
            }
            entry.deliveries += 1;
            entry.message.receive_count += 1;
            entry.message.first_received_at.get_or_insert(now);
            let until = now + timeout;
            entry.state = State::InFlight { since: now, until };
            self.in_flight.insert((until, key));
            self.groups.begin_flight(entry.message.group());
            let receipt = Receipt { queue_id: self.id, entry: key, delivery: entry.deliveries };
            received.delivered.push((receipt, entry.message.clone()));
            if !entry.is_duplicate && faults.duplicate() {
                duplicates.push(entry.message.clone());
            }
        }
        for message in duplicates {
            self.store(message, Duration::ZERO, true, now);
        }
        Ok(received)
    }

    /// Deletes the message of a receipt. Succeeds if the message has already been deleted. Succeeds
    /// without effect if the message has been delivered again: SQS does not guarantee the deletion
    /// then, and consumers must handle the next delivery.
    ///
    /// # Errors
    /// `ReceiptHandleIsInvalid` for a receipt of another queue.
    pub(crate) fn delete(&mut self, receipt: Receipt) -> Result<(), SqsError> {
        self.check_receipt(receipt)?;
        let entry = self.entries.get(&receipt.entry);
        if entry.is_some_and(|entry| entry.deliveries == receipt.delivery) {
            self.remove(receipt.entry);
        }
        Ok(())
    }

    /// Hides an in-flight message for `timeout` from now. Zero makes it visible immediately.
    ///
    /// # Errors
    /// `MessageNotInflight` if its visibility timeout has expired. `InvalidParameterValue` if the
    /// message was deleted or delivered again, or would be hidden for more than 12 hours in total.
    pub(crate) fn change_visibility(
        &mut self,
        receipt: Receipt,
        timeout: Duration,
        now: Instant,
    ) -> Result<(), SqsError> {
        self.check_receipt(receipt)?;
        self.advance(now);
        let entry = self.entries.get_mut(&receipt.entry);
        let Some(entry) = entry.filter(|entry| entry.deliveries == receipt.delivery) else {
            return Err(SqsError::InvalidParameterValue(
                "Value for parameter ReceiptHandle is invalid. Reason: Message does not exist or \
                 is not available for visibility timeout change."
                    .to_owned(),
            ));
        };
        let State::InFlight { since, until } = entry.state else {
            return Err(SqsError::MessageNotInflight);
        };
        let hidden_max = Duration::from_secs(*VISIBILITY_TIMEOUT_S.end());
        if now.saturating_duration_since(since) + timeout > hidden_max {
            return Err(SqsError::InvalidParameterValue(format!(
                "Total VisibilityTimeout for the message is beyond the limit [{} seconds].",
                hidden_max.as_secs()
            )));
        }
        entry.state = State::InFlight { since, until: now + timeout };
        self.in_flight.remove(&(until, receipt.entry));
        self.in_flight.insert((now + timeout, receipt.entry));
        self.advance(now);
        self.changed.notify_waiters();
        Ok(())
    }

    /// Removes the oldest visible message, for a move task.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Message> {
        self.advance(now);
        let key = self.groups.pop_oldest()?;
        self.remove_entry(key)
    }

    /// The number of messages in each state.
    pub(crate) fn counts(&mut self, now: Instant) -> Counts {
        self.advance(now);
        Counts {
            visible: self.groups.visible(),
            in_flight: self.in_flight.len(),
            delayed: self.delayed.len(),
        }
    }

    /// When the next delayed or in-flight message becomes visible.
    pub(crate) fn next_visible_at(&self) -> Option<Instant> {
        self.in_flight.first().into_iter().chain(self.delayed.first()).map(|(at, _)| *at).min()
    }

    fn check_receipt(&self, receipt: Receipt) -> Result<(), SqsError> {
        let known = receipt.entry < self.next_entry && receipt.queue_id == self.id;
        if known { Ok(()) } else { Err(SqsError::ReceiptHandleIsInvalid) }
    }

    fn store(&mut self, message: Message, delay: Duration, is_duplicate: bool, now: Instant) {
        let key = self.next_entry;
        self.next_entry += 1;
        self.by_age.insert((message.sent_at, key));
        let state = if delay.is_zero() {
            self.groups.push(message.group(), key);
            State::Visible
        } else {
            self.delayed.insert((now + delay, key));
            State::Delayed { until: now + delay }
        };
        self.entries.insert(key, Entry { message, state, deliveries: 0, is_duplicate });
        self.changed.notify_waiters();
    }

    /// Makes messages visible whose time has come, and removes expired ones.
    fn advance(&mut self, now: Instant) {
        for hidden in [&mut self.in_flight, &mut self.delayed] {
            while let Some((_, key)) = hidden.first().copied().filter(|(until, _)| *until <= now) {
                hidden.pop_first();
                if let Some(entry) = self.entries.get_mut(&key) {
                    let group = entry.message.group();
                    if matches!(entry.state, State::InFlight { .. }) {
                        self.groups.end_flight(group);
                    }
                    entry.state = State::Visible;
                    self.groups.push(group, key);
                }
            }
        }
        let retention = self.settings.retention();
        while let Some((_, key)) =
            self.by_age.first().copied().filter(|(sent_at, _)| *sent_at + retention <= now)
        {
            self.remove(key);
        }
    }

    fn remove(&mut self, key: u64) {
        let visible = self.entries.get(&key).filter(|entry| matches!(entry.state, State::Visible));
        if let Some(entry) = visible {
            self.groups.remove(entry.message.group(), key);
        }
        self.remove_entry(key);
    }

    /// Removes a message that is not among the visible ones.
    fn remove_entry(&mut self, key: u64) -> Option<Message> {
        let entry = self.entries.remove(&key)?;
        self.by_age.remove(&(entry.message.sent_at, key));
        match entry.state {
            State::Visible => {}
            State::Delayed { until } => {
                self.delayed.remove(&(until, key));
            }
            State::InFlight { until, .. } => {
                self.in_flight.remove(&(until, key));
                self.groups.end_flight(entry.message.group());
            }
        }
        Some(entry.message)
    }
}
