//! `DeleteMessage` and `ChangeMessageVisibility`, alone and in batches.

use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use super::batch;
use super::request::{Request, nothing, seconds};
use crate::broker::Broker;
use crate::errors::SqsError;
use crate::queue::Queue;
use crate::queue_settings::VISIBILITY_TIMEOUT_S;
use crate::receipt::Receipt;

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Deletion {
    receipt_handle: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct VisibilityChange {
    receipt_handle: String,
    visibility_timeout: Option<i64>,
}

pub(super) fn delete(broker: &mut Broker, request: &Request) -> Result<Value, SqsError> {
    delete_one(broker.queue(request.queue_url())?, request.read()?)
}

pub(super) fn delete_batch(broker: &mut Broker, request: &Request) -> Result<Value, SqsError> {
    let queue = broker.queue(request.queue_url())?;
    Ok(batch::perform_each(batch::entries(request)?, |entry| delete_one(queue, entry)))
}

pub(super) fn change_visibility(
    broker: &mut Broker,
    request: &Request,
    now: Instant,
) -> Result<Value, SqsError> {
    change_one(broker.queue(request.queue_url())?, request.read()?, now)
}

pub(super) fn change_visibility_batch(
    broker: &mut Broker,
    request: &Request,
    now: Instant,
) -> Result<Value, SqsError> {
    let queue = broker.queue(request.queue_url())?;
    Ok(batch::perform_each(batch::entries(request)?, |entry| change_one(queue, entry, now)))
}

fn delete_one(queue: &mut Queue, deletion: Deletion) -> Result<Value, SqsError> {
    queue.delete(Receipt::decode(&deletion.receipt_handle)?)?;
    Ok(nothing())
}

fn change_one(
    queue: &mut Queue,
    change: VisibilityChange,
    now: Instant,
) -> Result<Value, SqsError> {
    let receipt = Receipt::decode(&change.receipt_handle)?;
    let timeout = seconds("VisibilityTimeout", change.visibility_timeout, VISIBILITY_TIMEOUT_S)?
        .ok_or(SqsError::MissingParameter("VisibilityTimeout"))?;
    queue.change_visibility(receipt, timeout, now)?;
    Ok(nothing())
}
