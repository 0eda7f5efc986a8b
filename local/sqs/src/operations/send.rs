//! `SendMessage` and `SendMessageBatch`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::batch;
use super::request::{Request, seconds};
use crate::broker::Broker;
use crate::errors::SqsError;
use crate::message::{MESSAGE_SIZE_MAX, MessageContent};
use crate::message_attribute::{self, MessageAttribute, MessageAttributes, WireAttribute};
use crate::queue::Queue;
use crate::queue_settings::DELAY_S;

/// The parameters of one message.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct SendMessage {
    message_body: String,
    delay_seconds: Option<i64>,
    message_group_id: Option<String>,
    message_attributes: Option<BTreeMap<String, WireAttribute>>,
    message_system_attributes: Option<BTreeMap<String, WireAttribute>>,
}

pub(super) fn send_message(
    broker: &mut Broker,
    request: &Request,
    now: Instant,
) -> Result<Value, SqsError> {
    let queue = broker.queue(request.queue_url())?;
    send_one(queue, request.read()?, now)
}

pub(super) fn send_message_batch(
    broker: &mut Broker,
    request: &Request,
    now: Instant,
) -> Result<Value, SqsError> {
    let queue = broker.queue(request.queue_url())?;
    let entries: batch::Entries<SendMessage> = batch::entries(request)?;
    let sent = entries.iter().map(|(_, send)| send.message_body.len()).sum();
    if sent > MESSAGE_SIZE_MAX {
        return Err(SqsError::BatchRequestTooLong { max: MESSAGE_SIZE_MAX, sent });
    }
    Ok(batch::perform_each(entries, |entry| send_one(queue, entry, now)))
}

fn send_one(queue: &mut Queue, send: SendMessage, now: Instant) -> Result<Value, SqsError> {
    let delay = seconds("DelaySeconds", send.delay_seconds, DELAY_S)?;
    let content = MessageContent::new(
        send.message_body,
        message_attribute::parse_all(send.message_attributes.unwrap_or_default())?,
        system_attributes(send.message_system_attributes.unwrap_or_default())?,
        send.message_group_id,
    )?;
    let message = queue.send(content, delay, now)?;
    let content = &message.content;
    let mut result = json!({
        "MessageId": message.id, "MD5OfMessageBody": content.body_md5(),
    });
    for (name, attributes) in [
        ("MD5OfMessageAttributes", &content.attributes),
        ("MD5OfMessageSystemAttributes", &content.system_attributes),
    ] {
        if let (Some(md5), Some(fields)) =
            (message_attribute::md5_of(attributes), result.as_object_mut())
        {
            fields.insert(name.to_owned(), Value::String(md5));
        }
    }
    Ok(result)
}

fn system_attributes(wire: BTreeMap<String, WireAttribute>) -> Result<MessageAttributes, SqsError> {
    let invalid = |text: &str| SqsError::InvalidParameterValue(text.to_owned());
    wire.into_iter()
        .map(|(name, attribute)| {
            if name != "AWSTraceHeader" {
                return Err(invalid("AWSTraceHeader is the only message system attribute."));
            }
            let attribute = MessageAttribute::parse(&name, attribute)?;
            attribute.text().ok_or_else(|| invalid("AWSTraceHeader must be of type String."))?;
            Ok((name, attribute))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch_of(sizes: &[usize]) -> Result<Value, SqsError> {
        let mut broker = Broker::new(String::new());
        let url = broker.create("q", &BTreeMap::new(), Instant::now()).unwrap();
        let entries = sizes
            .iter()
            .enumerate()
            .map(|(n, size)| json!({ "Id": n.to_string(), "MessageBody": "x".repeat(*size) }));
        let request = Request(json!({ "QueueUrl": url, "Entries": entries.collect::<Vec<_>>() }));
        send_message_batch(&mut broker, &request, Instant::now())
    }

    #[test]
    fn batch_of_the_size_limit_is_accepted_and_one_byte_more_is_rejected() {
        let accepted = batch_of(&[MESSAGE_SIZE_MAX - 5, 5]).unwrap();
        assert_eq!(accepted["Successful"].as_array().unwrap().len(), 2);
        let sent = MESSAGE_SIZE_MAX + 1;
        let rejected = SqsError::BatchRequestTooLong { max: MESSAGE_SIZE_MAX, sent };
        assert_eq!(batch_of(&[MESSAGE_SIZE_MAX - 5, 6]), Err(rejected));
    }
}
