//! Features of the embedded endpoint only: stop, fault injection, and unsupported operations.

#![cfg(test)]

use std::collections::HashSet;
use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{Credentials, Region};
use aws_sdk_sqs::types::{Message, QueueAttributeName};
use tributary_sqs::SqsServer;

/// A client without retries, so that tests see the faults.
fn client(server: &SqsServer) -> Client {
    let config = aws_sdk_sqs::Config::builder()
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "server"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(server.endpoint_url())
        .build();
    Client::from_conf(config)
}

async fn start() -> (SqsServer, Client, String) {
    let server = SqsServer::start(0).await.unwrap();
    let client = client(&server);
    let queue = client.create_queue().queue_name("q").send().await.unwrap().queue_url.unwrap();
    (server, client, queue)
}

async fn receive(client: &Client, queue: &str) -> Vec<Message> {
    let call = client.receive_message().queue_url(queue).max_number_of_messages(10);
    call.send().await.unwrap().messages.unwrap_or_default()
}

#[tokio::test]
async fn stop_ends_long_polls_immediately_and_closes_the_port() {
    let (server, client, queue) = start().await;
    let port = server.endpoint_url().rsplit(':').next().unwrap().parse().unwrap();
    let poll = client.receive_message().queue_url(queue).wait_time_seconds(20).send();
    let poll = tokio::spawn(poll);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let started = Instant::now();
    server.stop().await;
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert!(poll.await.unwrap().unwrap().messages().is_empty());
    let again = SqsServer::start(port).await.unwrap();
    assert!(again.endpoint_url().ends_with(&port.to_string()));
    again.stop().await;
}

#[tokio::test]
async fn rejected_request_is_503_and_has_no_effect() {
    let (server, client, queue) = start().await;
    server.faults().reject_all_requests(true);
    let send = || client.send_message().queue_url(&queue).message_body("x").send();
    let rejected = send().await.unwrap_err();
    assert_eq!(rejected.raw_response().unwrap().status().as_u16(), 503);
    assert_eq!(rejected.into_service_error().meta().code(), Some("ServiceUnavailable"));
    server.faults().clear();
    assert!(receive(&client, &queue).await.is_empty());
    send().await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn delayed_response_follows_the_effect_of_its_request() {
    let (server, client, queue) = start().await;
    server.faults().delay_responses(Duration::from_millis(400));
    let slow = client.send_message().queue_url(&queue).message_body("x").send();
    assert!(tokio::time::timeout(Duration::from_millis(200), slow).await.is_err());
    server.faults().clear();
    assert_eq!(receive(&client, &queue).await.len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn duplicated_message_is_delivered_twice_while_in_flight() {
    let (server, client, queue) = start().await;
    server.faults().duplicate_deliveries(1.0, 7);
    client.send_message().queue_url(&queue).message_body("x").send().await.unwrap();
    let first = receive(&client, &queue).await.remove(0);
    let second = receive(&client, &queue).await.remove(0);
    assert_eq!(first.message_id, second.message_id);
    assert_ne!(first.receipt_handle, second.receipt_handle);
    assert!(receive(&client, &queue).await.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn reordered_messages_are_all_delivered_in_another_order() {
    let (server, client, queue) = start().await;
    server.faults().reorder(7);
    for n in 0..10 {
        let call = client.send_message().queue_url(&queue).message_body(n.to_string());
        call.send().await.unwrap();
    }
    let received = receive(&client, &queue).await;
    let mut bodies = received.into_iter().filter_map(|message| message.body).collect::<Vec<_>>();
    let sent = (0..10).map(|n| n.to_string()).collect::<Vec<_>>();
    assert_ne!(bodies, sent);
    bodies.sort_unstable();
    assert_eq!(bodies, sent);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_consumers_never_receive_the_same_message() {
    const MESSAGES: usize = 200;
    let (server, client, queue) = start().await;
    let consume = || {
        let (client, queue) = (client.clone(), queue.clone());
        tokio::spawn(async move {
            let mut ids = Vec::new();
            loop {
                let poll = client.receive_message().queue_url(&queue).max_number_of_messages(10);
                let received = poll.wait_time_seconds(1).send().await.unwrap();
                if received.messages().is_empty() {
                    return ids;
                }
                ids.extend(received.messages.unwrap().into_iter().filter_map(|m| m.message_id));
            }
        })
    };
    let consumers = (0..4).map(|_| consume()).collect::<Vec<_>>();
    for _ in 0..MESSAGES {
        client.send_message().queue_url(&queue).message_body("x").send().await.unwrap();
    }
    let mut ids = Vec::new();
    for consumer in consumers {
        ids.append(&mut consumer.await.unwrap());
    }
    assert_eq!(ids.len(), MESSAGES);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), MESSAGES);
    server.stop().await;
}

#[tokio::test]
async fn fifo_queues_and_unknown_operations_are_rejected() {
    let (server, client, queue) = start().await;
    let fifo = client.create_queue().queue_name("q.fifo");
    let fifo = fifo.attributes(QueueAttributeName::FifoQueue, "true").send().await.unwrap_err();
    assert!(fifo.into_service_error().is_unsupported_operation());
    let unknown = client.add_permission().queue_url(queue).label("l").actions("*");
    let unknown = unknown.aws_account_ids("1").send().await.unwrap_err().into_service_error();
    assert_eq!(unknown.meta().code(), Some("InvalidAction"));
    server.stop().await;
}

#[tokio::test]
async fn queues_are_listed_in_pages() {
    let (server, client, _) = start().await;
    for name in ["a-1", "a-2", "a-3", "b"] {
        client.create_queue().queue_name(name).send().await.unwrap();
    }
    let page = |token: Option<String>| {
        let call = client.list_queues().queue_name_prefix("a-").max_results(2);
        call.set_next_token(token).send()
    };
    let first = page(None).await.unwrap();
    assert_eq!(first.queue_urls().len(), 2);
    let second = page(first.next_token).await.unwrap();
    assert!(second.queue_urls()[0].ends_with("/a-3"));
    assert_eq!((second.queue_urls().len(), second.next_token()), (1, None));
    server.stop().await;
}
