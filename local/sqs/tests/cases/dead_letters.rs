//! Dead letters.

use aws_sdk_sqs::types::MessageAttributeValue;

use super::{Endpoint, body, eventually, handle, number};

/// Receives from `queue` until its message is in the dead-letter queue, and returns it.
async fn dead_letter(
    endpoint: &Endpoint,
    queue: &str,
    dead_letters: &str,
) -> aws_sdk_sqs::types::Message {
    eventually("dead letter", || async {
        endpoint.receive(queue, 0).await;
        endpoint.receive(dead_letters, 30).await.into_iter().next()
    })
    .await
}

pub async fn message_received_too_often_moves_to_the_dead_letter_queue(endpoint: &Endpoint) {
    let (queue, dead_letters) = endpoint.queue_with_dead_letters(2).await;
    let value = MessageAttributeValue::builder().data_type("String").string_value("corr-1");
    let call = endpoint.client.send_message().queue_url(&queue).message_body("{\"poison\": \"é\"}");
    let sent = call.message_attributes("CorrelationId", value.build().unwrap()).send().await;
    let sent = sent.unwrap();
    for count in 1..=2 {
        let received = endpoint.receive_one(&queue, 0).await;
        assert_eq!(number(&received, "ApproximateReceiveCount"), count, "two deliveries");
    }
    let dead = dead_letter(endpoint, &queue, &dead_letters).await;
    assert_eq!(body(&dead), "{\"poison\": \"é\"}");
    assert_eq!(dead.message_id, sent.message_id);
    assert_eq!(dead.md5_of_body, sent.md5_of_message_body);
    assert_eq!(dead.message_attributes.unwrap()["CorrelationId"].string_value(), Some("corr-1"));
    assert!(endpoint.receive(&queue, 0).await.is_empty(), "the message was copied, not moved");
}

pub async fn message_released_too_often_moves_to_the_dead_letter_queue(endpoint: &Endpoint) {
    let (queue, dead_letters) = endpoint.queue_with_dead_letters(1).await;
    endpoint.send(&queue, "x").await;
    let received = endpoint.receive_one(&queue, 600).await;
    let call = endpoint.client.change_message_visibility().queue_url(&queue);
    call.receipt_handle(handle(&received)).visibility_timeout(0).send().await.unwrap();
    let dead = dead_letter(endpoint, &queue, &dead_letters).await;
    assert_eq!(dead.message_id, received.message_id);
}

pub async fn dead_letter_names_its_source_and_continues_the_receive_count(endpoint: &Endpoint) {
    let (queue, dead_letters) = endpoint.queue_with_dead_letters(1).await;
    endpoint.send(&queue, "x").await;
    endpoint.receive_one(&queue, 0).await;
    let dead = dead_letter(endpoint, &queue, &dead_letters).await;
    assert_eq!(number(&dead, "ApproximateReceiveCount"), 2);
    let source = super::system(&dead, "DeadLetterQueueSourceArn").unwrap();
    assert!(source.ends_with(queue.rsplit('/').next().unwrap()));
}
