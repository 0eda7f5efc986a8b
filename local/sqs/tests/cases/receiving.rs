//! Receives: long polling, visibility and attributes.

use std::time::{Duration, Instant};

use aws_sdk_sqs::types::{MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName};

use super::{Endpoint, body, handle, number, system};

pub async fn long_poll_ends_when_a_message_arrives(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    let started = Instant::now();
    let poll = endpoint.client.receive_message().queue_url(&queue).wait_time_seconds(10).send();
    let send = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        endpoint.send(&queue, "here").await;
    };
    let (polled, ()) = tokio::join!(poll, send);
    assert_eq!(body(&polled.unwrap().messages()[0]), "here");
    let waited = started.elapsed();
    assert!(waited > Duration::from_millis(250) && waited < Duration::from_secs(5), "{waited:?}");
}

pub async fn long_poll_on_an_empty_queue_ends_after_its_wait_time(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    let started = Instant::now();
    let poll = endpoint.client.receive_message().queue_url(&queue).wait_time_seconds(1).send();
    assert!(poll.await.unwrap().messages().is_empty());
    let waited = started.elapsed();
    assert!(waited > Duration::from_millis(900) && waited < Duration::from_secs(5), "{waited:?}");
}

pub async fn receive_returns_up_to_ten_messages(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    for n in 0..12 {
        endpoint.send(&queue, &n.to_string()).await;
    }
    let mut bodies = Vec::new();
    while bodies.len() < 12 {
        let received = endpoint.receive(&queue, 60).await;
        assert!((1..=10).contains(&received.len()), "{}", received.len());
        bodies.extend(received.iter().map(|message| body(message).parse::<u32>().unwrap()));
    }
    bodies.sort_unstable();
    assert_eq!(bodies, (0..12).collect::<Vec<_>>(), "each message once");
    let call = endpoint.client.receive_message().queue_url(&queue).max_number_of_messages(11);
    assert!(call.send().await.is_err());
}

pub async fn only_requested_attributes_are_returned(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    let call = endpoint.client.send_message().queue_url(&queue).message_body("x");
    let value = MessageAttributeValue::builder().data_type("String").string_value("v");
    let value = value.build().unwrap();
    let call = call.message_attributes("Trace.Id", value.clone());
    call.message_attributes("Other", value).send().await.unwrap();
    let names = |requested: &'static str| {
        let call = endpoint.client.receive_message().queue_url(&queue).visibility_timeout(0);
        let call = call
            .message_attribute_names(requested)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
        async move {
            let message = call.send().await.unwrap().messages.unwrap().remove(0);
            assert_eq!(message.attributes.unwrap().len(), 1);
            let attributes = message.message_attributes.unwrap_or_default();
            let mut names = attributes.into_keys().collect::<Vec<_>>();
            names.sort_unstable();
            names.join(" ")
        }
    };
    assert_eq!(names("Trace.*").await, "Trace.Id");
    assert_eq!(names("Other").await, "Other");
    assert_eq!(names("All").await, "Other Trace.Id");
    assert_eq!(names("Nothing").await, "");
}

pub async fn visibility_timeout_zero_does_not_hide(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    endpoint.send(&queue, "x").await;
    for count in 1..=3 {
        let received = endpoint.receive_one(&queue, 0).await;
        assert_eq!(number(&received, "ApproximateReceiveCount"), count);
    }
}

pub async fn message_is_delivered_again_after_its_visibility_timeout(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[(QueueAttributeName::VisibilityTimeout, "1")]).await;
    endpoint.send(&queue, "x").await;
    let receive = || {
        let call = endpoint.client.receive_message().queue_url(&queue).wait_time_seconds(8);
        call.message_system_attribute_names(MessageSystemAttributeName::All).send()
    };
    let first = receive().await.unwrap().messages.unwrap().remove(0);
    let received = Instant::now();
    let again = receive().await.unwrap().messages.unwrap().remove(0);
    let hidden = received.elapsed();
    // Less than the wait time: a message that becomes visible ends a long poll.
    assert!(hidden > Duration::from_millis(700) && hidden < Duration::from_secs(4), "{hidden:?}");
    assert_eq!(again.message_id, first.message_id);
    assert_ne!(handle(&again), handle(&first));
    assert_eq!(number(&first, "ApproximateReceiveCount"), 1);
    assert_eq!(number(&again, "ApproximateReceiveCount"), 2);
    let first_received = |message| number(message, "ApproximateFirstReceiveTimestamp");
    assert_eq!(first_received(&again), first_received(&first));
}

/// The group with fewer messages in flight is next, although its message was sent last.
pub async fn message_of_a_quiet_group_is_next(endpoint: &Endpoint) {
    let queue = endpoint.queue(&[]).await;
    let send = |group: &'static str| {
        let call = endpoint.client.send_message().queue_url(&queue).message_body(group);
        call.message_group_id(group).send()
    };
    for _ in 0..3 {
        send("loud").await.unwrap();
    }
    assert_eq!(body(&endpoint.receive_one(&queue, 30).await), "loud");
    send("quiet").await.unwrap();
    let quiet = endpoint.receive_one(&queue, 30).await;
    assert_eq!(body(&quiet), "quiet");
    assert_eq!(system(&quiet, "MessageGroupId").unwrap(), "quiet");
}
