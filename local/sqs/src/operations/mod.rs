//! The operations of the SQS API.

use std::sync::Arc;

use serde_json::Value;
use tokio::time::Instant;

use crate::app::App;
use crate::broker::Broker;
use crate::errors::SqsError;

mod batch;
mod in_flight;
mod moves;
mod queues;
mod receive;
mod request;
mod send;

use request::Request;

/// Performs one operation, the part of `X-Amz-Target` after `AmazonSQS.`.
///
/// # Errors
/// The error response of SQS.
pub(crate) async fn perform(
    app: &Arc<App>,
    operation: &str,
    body: &[u8],
) -> Result<Value, SqsError> {
    let request = Request::parse(body)?;
    let now = Instant::now();
    match operation {
        "ReceiveMessage" => receive::receive_message(app, &request).await,
        "StartMessageMoveTask" => moves::start(app, &request, now),
        _ => perform_sync(&mut app.broker(), operation, &request, now),
    }
}

fn perform_sync(
    broker: &mut Broker,
    operation: &str,
    request: &Request,
    now: Instant,
) -> Result<Value, SqsError> {
    match operation {
        "SendMessage" => send::send_message(broker, request, now),
        "SendMessageBatch" => send::send_message_batch(broker, request, now),
        "DeleteMessage" => in_flight::delete(broker, request),
        "DeleteMessageBatch" => in_flight::delete_batch(broker, request),
        "ChangeMessageVisibility" => in_flight::change_visibility(broker, request, now),
        "ChangeMessageVisibilityBatch" => in_flight::change_visibility_batch(broker, request, now),
        "CreateQueue" => queues::create(broker, request, now),
        "DeleteQueue" => queues::delete(broker, request),
        "GetQueueUrl" => queues::get_url(broker, request),
        "ListQueues" => queues::list(broker, request),
        "GetQueueAttributes" => queues::get_attributes(broker, request, now),
        "SetQueueAttributes" => queues::set_attributes(broker, request, now),
        "ListMessageMoveTasks" => moves::list(broker, request),
        _ => Err(SqsError::UnknownOperation(operation.to_owned())),
    }
}
