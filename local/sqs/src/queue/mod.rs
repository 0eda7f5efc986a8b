//! One queue: which messages wait, which are hidden and until when.
//!
//! Every call takes `now`; nothing here reads a clock, waits or does I/O. Messages wait in the
//! order in which they became visible, which standard queues try to keep but do not promise.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use crate::errors::SqsError;
use crate::message::{Message, MessageContent};
use crate::queue_settings::{QueueSettings, VISIBILITY_TIMEOUT_S};
use crate::receipt::Receipt;

mod receiving;
#[cfg(test)]
mod tests;

pub(crate) use receiving::{Counts, Disturbance, ReceiveRequest, Received};

/// Messages of one standard queue that may be in flight.
const IN_FLIGHT_MAX: usize = 120_000;

/// A standard queue.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Told apart from any earlier queue of the same name, so that its receipts are not ours.
    id: Uuid,
    pub(crate) arn: String,
    pub(crate) settings: QueueSettings,
    pub(crate) created_at: Instant,
    pub(crate) modified_at: Instant,
    /// Wakes waiting receives when there may be more to see, or to wait for, than there was.
    pub(crate) changed: Arc<Notify>,
    entries: HashMap<u64, Entry>,
    next_entry: u64,
    visible: VecDeque<u64>,
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
    /// An empty queue.
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
            visible: VecDeque::new(),
            in_flight: BTreeSet::new(),
            delayed: BTreeSet::new(),
            by_age: BTreeSet::new(),
        }
    }

    /// Stores what a producer sent; `delay` overrides the queue's.
    ///
    /// # Errors
    /// `InvalidParameterValue` for a message larger than this queue takes.
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

    /// Stores a message that another queue gave up or handed over, visible at once.
    pub(crate) fn put(&mut self, message: Message, now: Instant) {
        self.store(message, Duration::ZERO, false, now);
    }

    /// Takes visible messages and hides them until their visibility timeout is over.
    ///
    /// # Errors
    /// `OverLimit` when too many are in flight already.
    pub(crate) fn receive(
        &mut self,
        request: ReceiveRequest,
        disturbance: &mut impl Disturbance,
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
            let Some(key) = self.visible.remove(disturbance.pick(self.visible.len())) else {
                break;
            };
            let Some(entry) = self.entries.get_mut(&key) else { continue };
            if request.max_receive_count.is_some_and(|max| entry.message.receive_count >= max) {
                received.given_up.extend(self.remove_entry(key));
                continue;
            }
            entry.deliveries += 1;
            entry.message.receive_count += 1;
            entry.message.first_received_at.get_or_insert(now);
            let until = now + timeout;
            entry.state = State::InFlight { since: now, until };
            self.in_flight.insert((until, key));
            let receipt = Receipt { queue_id: self.id, entry: key, delivery: entry.deliveries };
            received.delivered.push((receipt, entry.message.clone()));
            if !entry.is_duplicate && disturbance.duplicates() {
                duplicates.push(entry.message.clone());
            }
        }
        for message in duplicates {
            self.store(message, Duration::ZERO, true, now);
        }
        Ok(received)
    }

    /// Deletes the message of a receipt. Deleting what is gone succeeds, and so does deleting with
    /// a receipt that a later delivery has replaced: SQS then promises nothing about the message,
    /// and here it stays, because that is the case consumers must survive.
    ///
    /// # Errors
    /// `ReceiptHandleIsInvalid` for a receipt of another queue.
    pub(crate) fn delete(&mut self, receipt: Receipt) -> Result<(), SqsError> {
        self.check_is_ours(receipt)?;
        let entry = self.entries.get(&receipt.entry);
        if entry.is_some_and(|entry| entry.deliveries == receipt.delivery) {
            self.remove(receipt.entry);
        }
        Ok(())
    }

    /// Hides a message in flight for `timeout` from now on; zero hands it back at once.
    ///
    /// # Errors
    /// `MessageNotInflight` when its time was already up, `InvalidParameterValue` when the message
    /// is gone, was delivered again since, or would be hidden for more than 12 hours in all.
    pub(crate) fn change_visibility(
        &mut self,
        receipt: Receipt,
        timeout: Duration,
        now: Instant,
    ) -> Result<(), SqsError> {
        self.check_is_ours(receipt)?;
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

    /// Takes the message that waited longest out of this queue, for a move task.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Message> {
        self.advance(now);
        let key = self.visible.pop_front()?;
        self.remove_entry(key)
    }

    /// How many messages are in which state.
    pub(crate) fn counts(&mut self, now: Instant) -> Counts {
        self.advance(now);
        Counts {
            visible: self.visible.len(),
            in_flight: self.in_flight.len(),
            delayed: self.delayed.len(),
        }
    }

    /// When a hidden message becomes visible next, if nothing happens before.
    pub(crate) fn next_visible_at(&self) -> Option<Instant> {
        self.in_flight.first().into_iter().chain(self.delayed.first()).map(|(at, _)| *at).min()
    }

    fn check_is_ours(&self, receipt: Receipt) -> Result<(), SqsError> {
        let known = receipt.entry < self.next_entry && receipt.queue_id == self.id;
        if known { Ok(()) } else { Err(SqsError::ReceiptHandleIsInvalid) }
    }

    fn store(&mut self, message: Message, delay: Duration, is_duplicate: bool, now: Instant) {
        let key = self.next_entry;
        self.next_entry += 1;
        self.by_age.insert((message.sent_at, key));
        let state = if delay.is_zero() {
            self.visible.push_back(key);
            State::Visible
        } else {
            self.delayed.insert((now + delay, key));
            State::Delayed { until: now + delay }
        };
        self.entries.insert(key, Entry { message, state, deliveries: 0, is_duplicate });
        self.changed.notify_waiters();
    }

    /// Shows what is due and drops what is too old.
    fn advance(&mut self, now: Instant) {
        for hidden in [&mut self.in_flight, &mut self.delayed] {
            while let Some((_, key)) = hidden.first().copied().filter(|(until, _)| *until <= now) {
                hidden.pop_first();
                if let Some(entry) = self.entries.get_mut(&key) {
                    entry.state = State::Visible;
                    self.visible.push_back(key);
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
        // A scan, but a short one: what is forgotten while visible is mostly the oldest.
        let is_visible =
            self.entries.get(&key).is_some_and(|entry| matches!(entry.state, State::Visible));
        if is_visible && let Some(place) = self.visible.iter().position(|other| *other == key) {
            self.visible.remove(place);
        }
        self.remove_entry(key);
    }

    /// Removes a message that is not, or no longer, among the visible ones.
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
            }
        }
        Some(entry.message)
    }
}
