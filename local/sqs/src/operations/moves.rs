//! `StartMessageMoveTask` and `ListMessageMoveTasks`.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::request::Request;
use crate::app::App;
use crate::broker::Broker;
use crate::clock::Clock;
use crate::errors::SqsError;
use crate::move_task::{MOVE_TASKS_SHOWN_MAX, MoveStatus, MoveTask, RATE_PER_S_MAX};

/// Messages a task without a rate moves before it lets other calls at the queues.
const MOVES_AT_A_STRETCH: usize = 100;

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Start {
    source_arn: String,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
}

pub(super) fn start(app: &Arc<App>, request: &Request, now: Instant) -> Result<Value, SqsError> {
    let Start { source_arn, destination_arn, max_number_of_messages_per_second } =
        request.read()?;
    if source_arn.is_empty() {
        return Err(SqsError::MissingParameter("SourceArn"));
    }
    let rate_per_s = max_number_of_messages_per_second.map(rate_per_s).transpose()?;
    let task = app.broker().start_move(&source_arn, destination_arn, rate_per_s, now)?;
    let handle = task.handle();
    tokio::spawn(run(app.clone(), task));
    Ok(json!({ "TaskHandle": handle }))
}

async fn run(app: Arc<App>, task: MoveTask) {
    let interval = task.interval();
    let stretch = if interval.is_zero() { MOVES_AT_A_STRETCH } else { 1 };
    let next = || {
        let mut broker = app.broker();
        (0..stretch).all(|_| broker.move_one(task.id, Instant::now()))
    };
    while next() {
        tokio::select! {
            () = sleep(interval) => {}
            () = app.stopping.cancelled() => return,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct List {
    source_arn: String,
    max_results: Option<usize>,
}

pub(super) fn list(broker: &mut Broker, request: &Request) -> Result<Value, SqsError> {
    let List { source_arn, max_results } = request.read()?;
    let shown_max = max_results.unwrap_or(1);
    if !(1..=MOVE_TASKS_SHOWN_MAX).contains(&shown_max) {
        return Err(SqsError::InvalidParameterValue(format!(
            "Value {shown_max} for parameter MaxResults is invalid. Reason: Must be between 1 and \
             {MOVE_TASKS_SHOWN_MAX}, if provided."
        )));
    }
    let clock = broker.clock;
    let tasks = broker.move_tasks(&source_arn)?.take(shown_max);
    Ok(json!({ "Results": tasks.map(|task| to_wire(task, &clock)).collect::<Vec<_>>() }))
}

fn rate_per_s(asked: i64) -> Result<u32, SqsError> {
    let within = u32::try_from(asked).ok().filter(|rate| (1..=RATE_PER_S_MAX).contains(rate));
    within.ok_or_else(|| {
        SqsError::InvalidParameterValue(format!(
            "Value {asked} for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: Must be \
             between 1 and {RATE_PER_S_MAX}, if provided."
        ))
    })
}

/// Absent values are null, which SDKs read as absent. Only a running task shows its handle.
fn to_wire(task: &MoveTask, clock: &Clock) -> Value {
    let is_running = task.status == MoveStatus::Running;
    let failure = match task.status {
        MoveStatus::Failed(code) => Some(code),
        MoveStatus::Running | MoveStatus::Completed => None,
    };
    json!({
        "TaskHandle": is_running.then(|| task.handle()),
        "Status": task.status.as_str(),
        "SourceArn": task.source_arn,
        "DestinationArn": task.destination_arn,
        "MaxNumberOfMessagesPerSecond": task.rate_per_s,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "FailureReason": failure,
        "StartedTimestamp": clock.epoch_ms(task.started_at),
    })
}
