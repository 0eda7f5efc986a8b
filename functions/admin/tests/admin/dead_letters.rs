//! `dlq_list`, `dlq_redrive` and `dlq_status`, on the embedded SQS.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use admin::Admin;
use admin::dlq::{DlqStatus, Listed, Redriving};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};
use tributary_queue::DeadLetters;
use tributary_sqs::SqsServer;
use tributary_testkit::sqs_client;

use super::handle;

struct Queues {
    server: SqsServer,
    client: Client,
    queue: String,
    dead_letters: String,
    admin: Admin,
}

impl Queues {
    async fn start() -> Self {
        let server = SqsServer::start(0).await.unwrap();
        let client = sqs_client(&server.endpoint_url());
        let dead_letters = create(&client, "dead", None).await;
        let arn = client
            .get_queue_attributes()
            .queue_url(&dead_letters)
            .attribute_names(QueueAttributeName::QueueArn);
        let arn = arn.send().await.unwrap().attributes.unwrap();
        let arn = &arn[&QueueAttributeName::QueueArn];
        let redrive = json!({"deadLetterTargetArn": arn, "maxReceiveCount": 1}).to_string();
        let queue = create(&client, "work", Some(redrive)).await;
        let letters = DeadLetters::new(client.clone(), dead_letters.clone());
        let admin = Admin::default().with_dead_letters(letters);
        Self { server, client, queue, dead_letters, admin }
    }

    /// Sends messages and receives them until all are dead letters.
    async fn make_dead(&self, bodies: &[String]) {
        for body in bodies {
            let send = self.client.send_message().queue_url(&self.queue).message_body(body);
            send.send().await.unwrap();
        }
        self.until_dead(bodies.len()).await;
    }

    async fn until_dead(&self, count: usize) {
        let started = Instant::now();
        while self.request::<DlqStatus>(json!({"operation": "dlq_status"})).await.count
            < u64::try_from(count).unwrap()
        {
            let receive = self.client.receive_message().queue_url(&self.queue);
            receive.visibility_timeout(0).max_number_of_messages(10).send().await.unwrap();
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "messages did not become dead letters"
            );
        }
    }

    async fn request<A: serde::de::DeserializeOwned>(&self, event: Value) -> A {
        serde_json::from_value(handle(&self.admin, event).await.unwrap()).unwrap()
    }
}

async fn create(client: &Client, name: &str, redrive: Option<String>) -> String {
    let create = client.create_queue().queue_name(name);
    let create = match redrive {
        Some(policy) => create.attributes(QueueAttributeName::RedrivePolicy, policy),
        None => create,
    };
    create.send().await.unwrap().queue_url.unwrap()
}

#[tokio::test]
async fn list_keeps_the_dead_letters() {
    let queues = Queues::start().await;
    let bodies: Vec<_> = (0..12).map(|index| format!("message {index}")).collect();
    queues.make_dead(&bodies).await;
    for _ in 0..2 {
        let listed: Listed = queues.request(json!({"operation": "dlq_list", "limit": 1000})).await;
        assert_eq!((listed.count, listed.left_off), (12, 0));
        let mut found: Vec<_> = listed.letters.into_iter().map(|letter| letter.body).collect();
        found.sort_unstable();
        let mut sent = bodies.clone();
        sent.sort_unstable();
        assert_eq!(found, sent);
    }
    let listed: Listed = queues.request(json!({"operation": "dlq_list", "limit": 3})).await;
    assert_eq!((listed.count, listed.letters.len()), (12, 3));
}

#[tokio::test]
async fn duplicate_delivery_is_listed_once() {
    let queues = Queues::start().await;
    let bodies: Vec<_> = (0..12).map(|index| format!("message {index}")).collect();
    queues.make_dead(&bodies).await;
    queues.server.faults().duplicate_deliveries(1.0, 7);
    let listed: Listed = queues.request(json!({"operation": "dlq_list", "limit": 1000})).await;
    let ids: HashSet<_> = listed.letters.iter().map(|letter| &letter.message_id).collect();
    assert_eq!((listed.letters.len(), ids.len()), (12, 12));
}

#[tokio::test]
async fn messages_that_cannot_be_made_visible_are_listed() {
    let queues = Queues::start().await;
    let bodies: Vec<_> = (0..12).map(|index| format!("message {index}")).collect();
    queues.make_dead(&bodies).await;
    queues.server.faults().reject_operation("ChangeMessageVisibilityBatch");
    let listed: Listed = queues.request(json!({"operation": "dlq_list", "limit": 1000})).await;
    assert_eq!(listed.letters.len(), 12);
    assert!(queues.server.faults().rejected() >= 2, "two calls for twelve messages");
}

#[tokio::test]
async fn messages_beyond_the_response_size_are_left_off_and_counted() {
    let queues = Queues::start().await;
    // Each quote takes two bytes, so that twelve messages exceed a response of Lambda.
    let bodies: Vec<_> = (0..12).map(|index| format!("{index}{}", "\"".repeat(250_000))).collect();
    queues.make_dead(&bodies).await;
    let listed: Listed = queues.request(json!({"operation": "dlq_list", "limit": 12})).await;
    assert_eq!(listed.letters.len() + listed.left_off, 12);
    assert_eq!(listed.letters.len(), 10, "ten of half a megabyte fit into five");
}

#[tokio::test]
async fn redrive_moves_messages_and_reports_its_status() {
    let queues = Queues::start().await;
    let none: DlqStatus = queues.request(json!({"operation": "dlq_status"})).await;
    assert_eq!(none, DlqStatus { count: 0, redrive: None });
    let nothing: Redriving = queues.request(json!({"operation": "dlq_redrive"})).await;
    assert_eq!(nothing.count, 0);
    let none: DlqStatus = queues.request(json!({"operation": "dlq_status"})).await;
    assert_eq!(none.redrive, None, "no redrive has started");

    queues.make_dead(&["one".to_owned(), "two".to_owned()]).await;
    let begun: Redriving = queues.request(json!({"operation": "dlq_redrive"})).await;
    assert_eq!(begun.count, 2);
    let started = Instant::now();
    let ended = loop {
        let status: DlqStatus = queues.request(json!({"operation": "dlq_status"})).await;
        match status.redrive {
            Some(redrive) if redrive.has_ended() => break redrive,
            _ => assert!(started.elapsed() < Duration::from_secs(60), "it did not end"),
        }
    };
    assert_eq!((ended.status.as_str(), ended.moved, ended.failure), ("COMPLETED", 2, None));
    let after: DlqStatus = queues.request(json!({"operation": "dlq_status"})).await;
    assert_eq!(after.count, 0);
    queues.until_dead(2).await;
}

#[tokio::test]
async fn missing_queue_is_reported_as_unavailable() {
    let queues = Queues::start().await;
    let gone = queues.client.delete_queue().queue_url(&queues.dead_letters);
    gone.send().await.unwrap();
    let error = handle(&queues.admin, json!({"operation": "dlq_list"})).await.unwrap_err();
    assert_eq!(error.error_type(), "Queue");
    assert_eq!(error.to_string(), "the dead-letter queue is unavailable");
}
