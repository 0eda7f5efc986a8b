//! The calls of the SQS API: JSON in, the rules of the broker, JSON out.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::broker::Broker;
use crate::errors::SqsError;
use crate::server::App;

mod batch;
mod in_flight;
mod moves;
mod queues;
mod receive;
mod send;

/// Performs one call. `operation` is what follows `AmazonSQS.` in `X-Amz-Target`.
///
/// # Errors
/// Whatever SQS would refuse.
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
        _ => perform_at_once(&mut app.broker(), operation, &request, now),
    }
}

fn perform_at_once(
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

/// The JSON of a call. Each call reads what it needs of it; absent fields take their default.
struct Request(Value);

impl Request {
    fn parse(body: &[u8]) -> Result<Request, SqsError> {
        serde_json::from_slice(body)
            .ok()
            .filter(Value::is_object)
            .map(Request)
            .ok_or_else(|| SqsError::Serialization("The body is not a JSON object.".to_owned()))
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T, SqsError> {
        read(&self.0)
    }

    /// Empty when absent, which no queue answers to.
    fn queue_url(&self) -> &str {
        self.0.get("QueueUrl").and_then(Value::as_str).unwrap_or_default()
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, SqsError> {
    T::deserialize(value).map_err(|cause| SqsError::Serialization(cause.to_string()))
}

/// A parameter in seconds; `None` when absent.
fn seconds(
    name: &str,
    value: Option<i64>,
    allowed: std::ops::RangeInclusive<u64>,
) -> Result<Option<std::time::Duration>, SqsError> {
    let Some(value) = value else { return Ok(None) };
    let within = u64::try_from(value).ok().filter(|s| allowed.contains(s));
    within.map(|s| Some(std::time::Duration::from_secs(s))).ok_or_else(|| {
        SqsError::InvalidParameterValue(format!(
            "Value {value} for parameter {name} is invalid. Reason: Must be between {} and {}, if \
             provided.",
            allowed.start(),
            allowed.end()
        ))
    })
}

fn nothing() -> Value {
    json!({})
}
