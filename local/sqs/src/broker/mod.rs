//! All queues and move tasks of an endpoint, and the rules that concern more than one queue.

use std::collections::BTreeMap;

use tokio::time::Instant;

use crate::clock::Clock;
use crate::errors::SqsError;
use crate::message::Message;
use crate::move_task::MoveTask;
use crate::queue::{Disturbance, Queue, ReceiveRequest};
use crate::queue_settings::{FIFO_UNSUPPORTED, QueueSettings};
use crate::receipt::Receipt;

mod moves;

#[cfg(test)]
mod tests;

/// The one account of this endpoint.
pub(crate) const ACCOUNT_ID: &str = "000000000000";
const ARN_PREFIX: &str = "arn:aws:sqs:us-east-1";
const QUEUE_NAME_LENGTH_MAX: usize = 80;

/// The state of an endpoint.
#[derive(Debug)]
pub(crate) struct Broker {
    pub(crate) clock: Clock,
    endpoint_url: String,
    queues: BTreeMap<String, Queue>,
    /// Oldest first.
    move_tasks: Vec<MoveTask>,
}

impl Broker {
    /// Without queues; `endpoint_url` is what queue URLs start with.
    pub(crate) fn new(endpoint_url: String) -> Broker {
        Broker { clock: Clock::start(), endpoint_url, queues: BTreeMap::new(), move_tasks: vec![] }
    }

    /// Makes a queue, or finds the one that is already so.
    ///
    /// # Errors
    /// For names and attributes SQS does not take, and `QueueNameExists` when the queue differs.
    pub(crate) fn create(
        &mut self,
        name: &str,
        attributes: &BTreeMap<String, String>,
        now: Instant,
    ) -> Result<String, SqsError> {
        check_queue_name(name)?;
        let settings = QueueSettings::default().with(attributes)?;
        if let Some(queue) = self.queues.get(name) {
            let (theirs, ours) = (settings.to_attributes(), queue.settings.to_attributes());
            if let Some(differs) = attributes.keys().find(|key| theirs.get(*key) != ours.get(*key))
            {
                return Err(SqsError::QueueNameExists(differs.clone()));
            }
        } else {
            let arn = format!("{ARN_PREFIX}:{ACCOUNT_ID}:{name}");
            self.check_redrive(&arn, &settings)?;
            self.queues.insert(name.to_owned(), Queue::new(arn, settings, now));
        }
        Ok(self.url(name))
    }

    /// Changes a queue's attributes, all or none.
    ///
    /// # Errors
    /// For attributes SQS does not take.
    pub(crate) fn set_attributes(
        &mut self,
        url: &str,
        attributes: &BTreeMap<String, String>,
        now: Instant,
    ) -> Result<(), SqsError> {
        let queue = self.queue(url)?;
        let (arn, settings) = (queue.arn.clone(), queue.settings.with(attributes)?);
        self.check_redrive(&arn, &settings)?;
        let queue = self.queue(url)?;
        queue.settings = settings;
        queue.modified_at = now;
        queue.changed.notify_waiters();
        Ok(())
    }

    /// Deletes a queue with its messages; receives that wait on it end.
    ///
    /// # Errors
    /// `QueueDoesNotExist`.
    pub(crate) fn delete(&mut self, url: &str) -> Result<(), SqsError> {
        self.queue(url)?.changed.notify_waiters();
        self.queues.remove(name_of(url));
        Ok(())
    }

    /// The queue of a URL. Only the last segment counts, so that a client may reach the endpoint
    /// by another host name than the one the URL was made with.
    ///
    /// # Errors
    /// Missing when empty, `QueueDoesNotExist`.
    pub(crate) fn queue(&mut self, url: &str) -> Result<&mut Queue, SqsError> {
        if url.is_empty() {
            return Err(SqsError::MissingParameter("QueueUrl"));
        }
        self.queues.get_mut(name_of(url)).ok_or(SqsError::QueueDoesNotExist)
    }

    /// Names of the queues, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.queues.keys().map(String::as_str)
    }

    /// Whether the redrive policy of any queue names the queue of `arn`.
    fn is_dead_letter_queue(&self, arn: &str) -> bool {
        let mut policies = self.queues.values().filter_map(|queue| queue.settings.redrive.as_ref());
        policies.any(|redrive| redrive.dead_letter_arn == arn)
    }

    /// The URL of a queue.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT_ID}/{name}", self.endpoint_url)
    }

    /// Receives, and brings what the queue gives up to its dead-letter queue. While that queue
    /// does not exist nothing is given up: a message is never dropped.
    ///
    /// # Errors
    /// Those of [`Queue::receive`] and `QueueDoesNotExist`.
    pub(crate) fn receive(
        &mut self,
        url: &str,
        mut request: ReceiveRequest,
        disturbance: &mut impl Disturbance,
        now: Instant,
    ) -> Result<Vec<(Receipt, Message)>, SqsError> {
        let redrive = self.queue(url)?.settings.redrive.clone();
        let redrive = redrive.filter(|redrive| self.by_arn(&redrive.dead_letter_arn).is_some());
        request.max_receive_count = redrive.as_ref().map(|redrive| redrive.max_receive_count);
        let queue = self.queue(url)?;
        let source_arn = queue.arn.clone();
        let received = queue.receive(request, disturbance, now)?;
        if let Some(dead_letters) = redrive.and_then(|r| self.by_arn(&r.dead_letter_arn)) {
            for mut message in received.given_up {
                message.dead_letter_source = Some(source_arn.clone());
                dead_letters.put(message, now);
            }
        }
        Ok(received.delivered)
    }

    fn by_arn(&mut self, arn: &str) -> Option<&mut Queue> {
        let name = arn.strip_prefix(ARN_PREFIX)?.strip_prefix(':')?.strip_prefix(ACCOUNT_ID)?;
        self.queues.get_mut(name.strip_prefix(':')?)
    }

    fn check_redrive(&mut self, arn: &str, settings: &QueueSettings) -> Result<(), SqsError> {
        let Some(redrive) = &settings.redrive else { return Ok(()) };
        if redrive.dead_letter_arn == arn {
            return Err(redrive.refused("A queue cannot be its own dead-letter queue."));
        }
        let exists = self.by_arn(&redrive.dead_letter_arn).is_some();
        exists.then_some(()).ok_or_else(|| redrive.refused("Dead letter target does not exist."))
    }
}

fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
}

fn check_queue_name(name: &str) -> Result<(), SqsError> {
    if name.is_empty() {
        return Err(SqsError::MissingParameter("QueueName"));
    }
    if name.ends_with(".fifo") {
        return Err(SqsError::UnsupportedOperation(FIFO_UNSUPPORTED));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.len() > QUEUE_NAME_LENGTH_MAX || !name.chars().all(plain) {
        return Err(SqsError::InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
                .to_owned(),
        ));
    }
    Ok(())
}
