//! `StartMessageMoveTask` and `ListMessageMoveTasks`.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::request::{Request, number};
use crate::app::App;
use crate::broker::Broker;
use crate::clock::Clock;
use crate::errors::SqsError;
use crate::move_task::{MOVE_TASKS_SHOWN_MAX, MoveStatus, MoveTask, RATE_PER_S_MAX};

/// Messages that a task without a rate moves before it unlocks the queues for other requests.
const MOVES_PER_LOCK: usize = 100;

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Start {
    source_arn: String,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
}

pub(super) fn start(app: &Arc<App>, request: &Request, now: Instant) -> Result<Value, SqsError> {
    let Start { source_arn, destination_arn, max_number_of_messages_per_second: rate } =
        request.read()?;
    if source_arn.is_empty() {
        return Err(SqsError::MissingParameter("SourceArn"));
    }
    let rate_per_s = number("MaxNumberOfMessagesPerSecond", rate, 1..=RATE_PER_S_MAX)?;
    let task = app.broker().start_move(&source_arn, destination_arn, rate_per_s, now)?;
    let handle = task.handle();
    tokio::spawn(run(app.clone(), task));
    Ok(json!({ "TaskHandle": handle }))
}

async fn run(app: Arc<App>, task: MoveTask) {
    let interval = task.interval();
    let moves_per_lock = if interval.is_zero() { MOVES_PER_LOCK } else { 1 };
    let next = || {
        let mut broker = app.broker();
        (0..moves_per_lock).all(|_| broker.move_one(task.id, Instant::now()))
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
    max_results: Option<i64>,
}

pub(super) fn list(broker: &mut Broker, request: &Request) -> Result<Value, SqsError> {
    let List { source_arn, max_results } = request.read()?;
    let shown_max = number("MaxResults", max_results, 1..=MOVE_TASKS_SHOWN_MAX)?.unwrap_or(1);
    let clock = broker.clock;
    let tasks = broker.move_tasks(&source_arn)?.take(shown_max);
    Ok(json!({ "Results": tasks.map(|task| to_wire(task, &clock)).collect::<Vec<_>>() }))
}

/// Absent values are null, which SDKs ignore. Only a running task has a handle.
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
