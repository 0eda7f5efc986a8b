//! Message move tasks: start, run one step, list.

use tokio::time::Instant;
use uuid::Uuid;

use super::Broker;
use crate::errors::SqsError;
use crate::message::Message;
use crate::move_task::{MOVE_TASKS_SHOWN_MAX, MoveStatus, MoveTask};

const SOURCE_MISSING: SqsError = SqsError::ResourceNotFound(
    "The resource that you specified for the SourceArn parameter doesn't exist.",
);

impl Broker {
    /// Registers a task that moves the messages of `source_arn`. The caller runs it with
    /// [`move_one`](Broker::move_one).
    ///
    /// # Errors
    /// If a queue does not exist, or the source is no dead-letter queue or has a running task.
    pub(crate) fn start_move(
        &mut self,
        source_arn: &str,
        destination_arn: Option<String>,
        rate_per_s: Option<u32>,
        now: Instant,
    ) -> Result<MoveTask, SqsError> {
        let source = self.by_arn(source_arn).ok_or(SOURCE_MISSING)?;
        let to_move = source.counts(now).visible;
        let invalid = |text: &str| Err(SqsError::InvalidParameterValue(text.to_owned()));
        if !self.is_dead_letter_queue(source_arn) {
            return invalid("Source queue must be configured as a Dead Letter Queue.");
        }
        if destination_arn.as_ref().is_some_and(|arn| self.by_arn(arn).is_none()) {
            return Err(SqsError::ResourceNotFound(
                "The resource that you specified for the DestinationArn parameter doesn't exist.",
            ));
        }
        let running = |task: &MoveTask| task.status == MoveStatus::Running;
        if self.move_tasks.iter().any(|task| task.source_arn == source_arn && running(task)) {
            return invalid(
                "There is already a task running. Only one active task is allowed for a source \
                 queue arn at a given time.",
            );
        }
        let task = MoveTask {
            id: Uuid::now_v7(),
            source_arn: source_arn.to_owned(),
            destination_arn,
            rate_per_s,
            started_at: now,
            to_move,
            moved: 0,
            status: MoveStatus::Running,
        };
        self.move_tasks.push(task.clone());
        let of_source = |task: &&MoveTask| task.source_arn == source_arn;
        if self.move_tasks.iter().filter(of_source).count() > MOVE_TASKS_SHOWN_MAX {
            let oldest = self.move_tasks.iter().position(|task| task.source_arn == source_arn);
            oldest.map(|index| self.move_tasks.remove(index));
        }
        Ok(task)
    }

    /// Moves the next message of a task. Returns whether the task is still running.
    ///
    /// As AWS documents for redrives, a moved message gets a new id and timestamp.
    pub(crate) fn move_one(&mut self, task_id: Uuid, now: Instant) -> bool {
        let Some(task) = self.move_tasks.iter().find(|task| task.id == task_id).cloned() else {
            return false;
        };
        if task.status != MoveStatus::Running {
            return false;
        }
        let outcome = self.move_next(&task, now);
        if let Some(task) = self.move_tasks.iter_mut().find(|task| task.id == task_id) {
            match outcome {
                Ok(true) => task.moved += 1,
                Ok(false) => task.status = MoveStatus::Completed,
                Err(code) => task.status = MoveStatus::Failed(code),
            }
        }
        outcome == Ok(true)
    }

    /// The tasks of a source queue, newest first.
    ///
    /// # Errors
    /// If the queue does not exist.
    pub(crate) fn move_tasks(
        &mut self,
        source_arn: &str,
    ) -> Result<impl Iterator<Item = &MoveTask>, SqsError> {
        self.by_arn(source_arn).ok_or(SOURCE_MISSING)?;
        Ok(self.move_tasks.iter().rev().filter(move |task| task.source_arn == source_arn))
    }

    /// Returns `Ok(false)` if the source has no more visible messages.
    fn move_next(&mut self, task: &MoveTask, now: Instant) -> Result<bool, &'static str> {
        let missing = SqsError::QueueDoesNotExist.code();
        let Some(message) = self.by_arn(&task.source_arn).ok_or(missing)?.take(now) else {
            return Ok(false);
        };
        let destination = task.destination_arn.as_ref().or(message.dead_letter_source.as_ref());
        let failure = match destination.map(|arn| self.by_arn(arn)) {
            Some(Some(queue)) => {
                queue.put(Message::new(message.content, now), now);
                return Ok(true);
            }
            Some(None) => missing,
            None => "CouldNotDetermineMessageSource",
        };
        self.by_arn(&task.source_arn).ok_or(missing)?.put(message, now);
        Err(failure)
    }
}
