//! Deletes and visibility changes of received messages.

use std::time::Duration;

use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, QueueAttributeName,
};

use super::{Endpoint, handle, number};

pub async fn deleted_message_is_not_delivered_again(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[(QueueAttributeName::VisibilityTimeout, "1")]).await;
    endpoint.send(&queue, "x").await;
    let received = endpoint.receive_one(&queue, 1).await;
    let call = endpoint.client.delete_message().queue_url(&queue);
    call.receipt_handle(handle(&received)).send().await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    assert!(endpoint.receive(&queue, 0).await.is_empty());
}

pub async fn batch_of_messages_is_deleted(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    for body in ["a", "b", "c"] {
        endpoint.send(&queue, body).await;
    }
    let received = endpoint.receive_all(&queue, 3).await;
    let entries = received.iter().enumerate().map(|(n, message)| {
        let entry = DeleteMessageBatchRequestEntry::builder().id(n.to_string());
        entry.receipt_handle(handle(message)).build().unwrap()
    });
    let call = endpoint.client.delete_message_batch().queue_url(&queue);
    let deleted = call.set_entries(Some(entries.collect())).send().await.unwrap();
    assert_eq!(deleted.successful().len(), 3);
    assert!(deleted.failed().is_empty());
    let left = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
    assert_eq!(endpoint.attribute(&queue, left).await, "0");
}

pub async fn invalid_receipt_handle_is_rejected(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    let call = endpoint.client.delete_message().queue_url(&queue).receipt_handle("INVALID");
    let rejected = call.send().await.unwrap_err().into_service_error();
    assert!(rejected.is_receipt_handle_is_invalid(), "{rejected:?}");
    let call = endpoint.client.change_message_visibility().queue_url(&queue);
    let call = call.receipt_handle("INVALID").visibility_timeout(5);
    let rejected = call.send().await.unwrap_err().into_service_error();
    assert!(rejected.is_receipt_handle_is_invalid(), "{rejected:?}");
}

pub async fn visibility_timeout_zero_makes_a_message_visible_immediately(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    endpoint.send(&queue, "x").await;
    let received = endpoint.receive_one(&queue, 600).await;
    let call = endpoint.client.change_message_visibility().queue_url(&queue);
    call.receipt_handle(handle(&received)).visibility_timeout(0).send().await.unwrap();
    let again = endpoint.receive_one(&queue, 600).await;
    assert_eq!(number(&again, "ApproximateReceiveCount"), 2);
}

pub async fn visibility_timeout_is_extended(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    endpoint.send(&queue, "x").await;
    let received = endpoint.receive_one(&queue, 1).await;
    let call = endpoint.client.change_message_visibility().queue_url(&queue);
    call.receipt_handle(handle(&received)).visibility_timeout(600).send().await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    assert!(endpoint.receive(&queue, 0).await.is_empty());
}

pub async fn visibility_timeouts_are_changed_in_a_batch(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    endpoint.send(&queue, "x").await;
    let received = endpoint.receive_one(&queue, 600).await;
    let entry = |id: &str, handle: &str| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id);
        entry.receipt_handle(handle).visibility_timeout(0).build().unwrap()
    };
    let call = endpoint.client.change_message_visibility_batch().queue_url(&queue);
    let call = call.entries(entry("good", handle(&received))).entries(entry("bad", "INVALID"));
    let changed = call.send().await.unwrap();
    assert_eq!(changed.successful()[0].id(), "good");
    assert_eq!(changed.failed()[0].id(), "bad");
    assert_eq!(changed.failed()[0].code(), "ReceiptHandleIsInvalid");
    endpoint.receive_one(&queue, 600).await;
}

pub async fn visibility_change_of_a_visible_message_is_rejected(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    endpoint.send(&queue, "x").await;
    let received = endpoint.receive_one(&queue, 0).await;
    let call = endpoint.client.change_message_visibility().queue_url(&queue);
    let call = call.receipt_handle(handle(&received)).visibility_timeout(5);
    let rejected = call.send().await.unwrap_err().into_service_error();
    assert!(rejected.is_message_not_inflight(), "{rejected:?}");
}

pub async fn deleting_twice_succeeds(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    endpoint.send(&queue, "x").await;
    let received = endpoint.receive_one(&queue, 30).await;
    for _ in 0..2 {
        let call = endpoint.client.delete_message().queue_url(&queue);
        call.receipt_handle(handle(&received)).send().await.unwrap();
    }
}

pub async fn delete_with_a_replaced_receipt_handle_succeeds_without_effect(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    endpoint.send(&queue, "x").await;
    let old = endpoint.receive_one(&queue, 0).await;
    endpoint.receive_one(&queue, 600).await;
    let call = endpoint.client.delete_message().queue_url(&queue);
    call.receipt_handle(handle(&old)).send().await.unwrap();
    let in_flight = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
    assert_eq!(endpoint.attribute(&queue, in_flight).await, "1");
}
