//! Sends of single messages and batches.

use std::time::{Duration, Instant};

use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
    SendMessageBatchRequestEntry,
};

use super::{Endpoint, body, number, system};

/// 1 MiB: the largest message and the largest batch.
const SIZE_MAX: usize = 1_048_576;
/// The MD5 of the attributes below, computed independently.
const ATTRIBUTES_MD5: &str = "df9da699255bba3120d550cb6d7cd2df";
const TRACE: &str = "Root=1-67f0a1b2-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1";

fn text(data_type: &str, value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type(data_type).string_value(value).build().unwrap()
}

fn trace() -> MessageSystemAttributeValue {
    let value = MessageSystemAttributeValue::builder().data_type("String").string_value(TRACE);
    value.build().unwrap()
}

fn entry(id: impl ToString, body: impl Into<String>) -> SendMessageBatchRequestEntry {
    let entry = SendMessageBatchRequestEntry::builder().id(id.to_string()).message_body(body);
    entry.build().unwrap()
}

fn entries(count: usize) -> Vec<SendMessageBatchRequestEntry> {
    (0..count).map(|n| entry(n, format!("body {n}"))).collect()
}

pub async fn message_arrives_with_all_attributes(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    let sent_body = "{\"v\": 1, \"text\": \"é 漢 🙂 <&>\\\"\"}\n";
    let bytes = MessageAttributeValue::builder().data_type("Binary");
    let bytes = bytes.binary_value(Blob::new([0, 159, 255])).build().unwrap();
    let call = endpoint.client.send_message().queue_url(&queue).message_body(sent_body);
    let call = call
        .message_attributes("CorrelationId", text("String", "corr-1"))
        .message_attributes("Attempt", text("Number", "3"))
        .message_attributes("Digest", bytes)
        .message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, trace());
    let sent = call.send().await.unwrap();
    let received = endpoint.receive_one(&queue, 30).await;
    assert_eq!(body(&received), sent_body);
    assert_eq!(received.message_id, sent.message_id);
    assert_eq!(received.md5_of_body, sent.md5_of_message_body);
    assert_eq!(sent.md5_of_message_attributes.unwrap(), ATTRIBUTES_MD5);
    assert_eq!(system(&received, "AWSTraceHeader").unwrap(), TRACE);
    assert_eq!(number(&received, "ApproximateReceiveCount"), 1);
    let sent_ms = number(&received, "SentTimestamp");
    assert!(sent_ms > 1_700_000_000_000);
    assert!(number(&received, "ApproximateFirstReceiveTimestamp") >= sent_ms);
    let attributes = received.message_attributes.unwrap();
    assert_eq!(attributes["CorrelationId"].string_value(), Some("corr-1"));
    assert_eq!(attributes["Attempt"].data_type(), "Number");
    assert_eq!(attributes["Digest"].binary_value(), Some(&Blob::new([0, 159, 255])));
}

pub async fn batch_arrives_with_attributes(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    let with_attributes = |n: usize| {
        SendMessageBatchRequestEntry::builder()
            .id(n.to_string())
            .message_body(format!("body {n}"))
            .message_attributes("CorrelationId", text("String", &format!("corr-{n}")))
            .build()
            .unwrap()
    };
    let call = endpoint.client.send_message_batch().queue_url(&queue);
    let sent = call.set_entries(Some((0..3).map(with_attributes).collect())).send().await.unwrap();
    assert!(sent.failed().is_empty());
    let mut ids = sent.successful().iter().map(|entry| entry.id()).collect::<Vec<_>>();
    ids.sort_unstable();
    assert_eq!(ids, ["0", "1", "2"]);
    for _ in 0..3 {
        let received = endpoint.receive_one(&queue, 30).await;
        let n = body(&received).strip_prefix("body ").unwrap();
        let correlation_id = &received.message_attributes.as_ref().unwrap()["CorrelationId"];
        assert_eq!(correlation_id.string_value(), Some(format!("corr-{n}").as_str()));
        let of_entry = sent.successful().iter().find(|entry| entry.id() == n).unwrap();
        assert_eq!(received.message_id(), Some(of_entry.message_id()));
        let deleting = endpoint.client.delete_message().queue_url(&queue);
        deleting.receipt_handle(super::handle(&received)).send().await.unwrap();
    }
}

pub async fn batch_carries_trace_headers(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    let entry = SendMessageBatchRequestEntry::builder().id("a").message_body("x");
    let entry = entry
        .message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, trace())
        .build()
        .unwrap();
    let call = endpoint.client.send_message_batch().queue_url(&queue).entries(entry);
    let sent = call.send().await.unwrap();
    assert!(sent.successful()[0].md5_of_message_system_attributes().is_some());
    let received = endpoint.receive_one(&queue, 30).await;
    assert_eq!(system(&received, "AWSTraceHeader").unwrap(), TRACE);
}

pub async fn batch_of_ten_is_accepted_and_batch_of_eleven_is_rejected(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    let send = |n| {
        let call = endpoint.client.send_message_batch().queue_url(&queue);
        call.set_entries(Some(entries(n))).send()
    };
    let rejected = send(11).await.unwrap_err().into_service_error();
    assert!(rejected.is_too_many_entries_in_batch_request(), "{rejected:?}");
    assert!(endpoint.receive(&queue, 0).await.is_empty());
    assert_eq!(send(10).await.unwrap().successful().len(), 10);
}

pub async fn batch_without_entries_or_with_equal_ids_is_rejected(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    let send = |entries| {
        let call = endpoint.client.send_message_batch().queue_url(&queue);
        call.set_entries(Some(entries)).send()
    };
    let empty = send(vec![]).await.unwrap_err().into_service_error();
    assert!(empty.is_empty_batch_request(), "{empty:?}");
    let twice = send(vec![entry("a", "x"), entry("a", "y")]).await;
    let twice = twice.unwrap_err().into_service_error();
    assert!(twice.is_batch_entry_ids_not_distinct(), "{twice:?}");
}

pub async fn delayed_message_arrives_after_its_delay(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    let started = Instant::now();
    let call = endpoint.client.send_message().queue_url(&queue).message_body("later");
    call.delay_seconds(1).send().await.unwrap();
    assert!(endpoint.receive(&queue, 0).await.is_empty());
    endpoint.receive_one(&queue, 30).await;
    assert!(started.elapsed() > Duration::from_millis(900));
}

pub async fn oversized_message_is_rejected(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    let send = |size| {
        endpoint.client.send_message().queue_url(&queue).message_body("x".repeat(size)).send()
    };
    let rejected = send(SIZE_MAX + 1).await.unwrap_err().into_service_error();
    assert_eq!(rejected.meta().code(), Some("InvalidParameterValue"), "{rejected:?}");
    send(SIZE_MAX).await.unwrap();
    assert_eq!(body(&endpoint.receive_one(&queue, 30).await).len(), SIZE_MAX);
}

pub async fn oversized_batch_is_rejected(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    let halves =
        vec![entry("a", "x".repeat(SIZE_MAX / 2)), entry("b", "x".repeat(SIZE_MAX / 2 + 1))];
    let call = endpoint.client.send_message_batch().queue_url(&queue);
    let rejected = call.set_entries(Some(halves)).send().await.unwrap_err().into_service_error();
    assert!(rejected.is_batch_request_too_long(), "{rejected:?}");
    assert!(endpoint.receive(&queue, 0).await.is_empty());
}

pub async fn invalid_character_is_rejected(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    let call = endpoint.client.send_message().queue_url(&queue).message_body("a\u{8}b");
    let rejected = call.send().await.unwrap_err().into_service_error();
    assert!(rejected.is_invalid_message_contents(), "{rejected:?}");
}

/// A standard queue accepts message groups, for fair queues.
pub async fn message_group_is_accepted(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    let in_group = |id: &str| {
        let entry = SendMessageBatchRequestEntry::builder().id(id).message_body(id);
        entry.message_group_id("tenant-1").build().unwrap()
    };
    let call = endpoint.client.send_message_batch().queue_url(&queue);
    let sent = call.entries(in_group("a")).entries(in_group("b")).send().await.unwrap();
    assert!(sent.failed.is_empty(), "{:?}", sent.failed);
    let received = [endpoint.receive_one(&queue, 30).await, endpoint.receive_one(&queue, 30).await];
    let mut bodies = received.each_ref().map(body);
    bodies.sort_unstable();
    assert_eq!(bodies, ["a", "b"]);
}
