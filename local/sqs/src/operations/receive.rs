//! `ReceiveMessage` with long polling.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::request::{Request, nothing, number, seconds};
use crate::app::App;
use crate::broker::ACCOUNT_ID;
use crate::clock::Clock;
use crate::errors::SqsError;
use crate::message::Message;
use crate::message_attribute;
use crate::queue::ReceiveRequest;
use crate::queue_settings::{VISIBILITY_TIMEOUT_S, WAIT_S};
use crate::receipt::Receipt;

/// Most messages of one response.
const MESSAGES_MAX: usize = 10;

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Receive {
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    message_attribute_names: Vec<String>,
    message_system_attribute_names: Vec<String>,
    /// The old name of `message_system_attribute_names`, which older SDKs still send.
    attribute_names: Vec<String>,
}

pub(super) async fn receive_message(app: &App, request: &Request) -> Result<Value, SqsError> {
    let mut call: Receive = request.read()?;
    call.message_system_attribute_names.append(&mut call.attribute_names);
    let parameters = ReceiveRequest {
        messages_max: number("MaxNumberOfMessages", call.max_number_of_messages, 1..=MESSAGES_MAX)?
            .unwrap_or(1),
        visibility_timeout: seconds(
            "VisibilityTimeout",
            call.visibility_timeout,
            VISIBILITY_TIMEOUT_S,
        )?,
        max_receive_count: None,
    };
    let wait = seconds("WaitTimeSeconds", call.wait_time_seconds, WAIT_S)?;
    let url = request.queue_url();
    let wait = wait.map_or_else(|| Ok(app.broker().queue(url)?.settings.wait()), Ok)?;
    let deadline = Instant::now() + wait;
    loop {
        let changed = app.broker().queue(url)?.changed.clone();
        let changed = changed.notified();
        tokio::pin!(changed);
        // Registers before the receive, so that no message can arrive unnoticed in between.
        changed.as_mut().enable();
        let now = Instant::now();
        let next_visible_at = {
            let mut broker = app.broker();
            let delivered = broker.receive(url, parameters, &mut app.faults.as_ref(), now)?;
            if !delivered.is_empty() {
                let clock = broker.clock;
                let messages = delivered.iter().map(|(r, m)| to_wire(*r, m, &call, &clock));
                return Ok(json!({ "Messages": messages.collect::<Vec<_>>() }));
            }
            broker.queue(url)?.next_visible_at()
        };
        if now >= deadline {
            return Ok(nothing());
        }
        tokio::select! {
            () = changed => {}
            () = sleep_until(next_visible_at.map_or(deadline, |at| at.min(deadline))) => {}
            () = app.stopping.cancelled() => return Ok(nothing()),
        }
    }
}

fn to_wire(receipt: Receipt, message: &Message, call: &Receive, clock: &Clock) -> Value {
    let content = &message.content;
    let mut wire = json!({
        "MessageId": message.id,
        "ReceiptHandle": receipt.encode(),
        "Body": content.body,
        "MD5OfBody": content.body_md5(),
    });
    let Some(fields) = wire.as_object_mut() else { return wire };
    let system = system_attributes(message, &call.message_system_attribute_names, clock);
    if !system.is_empty() {
        fields.insert("Attributes".to_owned(), json!(system));
    }
    // The digest covers the returned attributes only, so that a consumer can verify it.
    let attributes = message_attribute::select(&content.attributes, &call.message_attribute_names);
    if let Some(md5) = message_attribute::md5_of(&attributes) {
        let attributes =
            attributes.iter().map(|(n, a)| (n, a.to_wire())).collect::<BTreeMap<_, _>>();
        fields.insert("MessageAttributes".to_owned(), json!(attributes));
        fields.insert("MD5OfMessageAttributes".to_owned(), Value::String(md5));
    }
    wire
}

fn system_attributes(
    message: &Message,
    wanted: &[String],
    clock: &Clock,
) -> BTreeMap<&'static str, String> {
    let first_received_at = message.first_received_at.unwrap_or(message.sent_at);
    let all = [
        ("SenderId", Some(ACCOUNT_ID.to_owned())),
        ("SentTimestamp", Some(clock.epoch_ms(message.sent_at).to_string())),
        ("ApproximateReceiveCount", Some(message.receive_count.to_string())),
        ("ApproximateFirstReceiveTimestamp", Some(clock.epoch_ms(first_received_at).to_string())),
        ("AWSTraceHeader", message.content.trace_header().map(str::to_owned)),
        ("MessageGroupId", message.group().map(str::to_owned)),
        ("DeadLetterQueueSourceArn", message.dead_letter_source.clone()),
    ];
    let is_wanted = |name: &str| wanted.iter().any(|w| w == "All" || w == name);
    all.into_iter().filter(|(n, _)| is_wanted(n)).filter_map(|(n, v)| Some((n, v?))).collect()
}
