//! The cases of the contract, and their client.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{Credentials, Region};
use aws_sdk_sqs::types::{Message, QueueAttributeName};
use tributary_sqs::SqsServer;
use uuid::Uuid;

pub mod dead_letters;
pub mod in_flight;
pub mod move_tasks;
pub mod queues;
pub mod receiving;
pub mod sending;

/// How long a case polls for an expected result.
pub const POLL_TIMEOUT: Duration = Duration::from_secs(30);

/// An SQS endpoint under test, and the queues that a case has created.
#[derive(Clone)]
pub struct Endpoint {
    pub client: Client,
    created: Arc<Mutex<Vec<String>>>,
}

impl Endpoint {
    /// A client with arbitrary credentials.
    pub fn at(url: &str) -> Endpoint {
        let config = aws_sdk_sqs::Config::builder()
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "contract"))
            .endpoint_url(url)
            .build();
        Endpoint { client: Client::from_conf(config), created: Arc::default() }
    }

    /// A unique queue name.
    pub fn name(&self, what: &str) -> String {
        format!("contract-{what}-{}", Uuid::now_v7().simple())
    }

    /// Creates a queue and returns its URL.
    pub async fn queue(&self, attributes: &[(QueueAttributeName, &str)]) -> String {
        let mut call = self.client.create_queue().queue_name(self.name("queue"));
        for (name, value) in attributes {
            call = call.attributes(name.clone(), *value);
        }
        let url = call.send().await.unwrap().queue_url.unwrap();
        self.created.lock().unwrap().push(url.clone());
        url
    }

    /// Creates a queue and its dead-letter queue and returns their URLs.
    pub async fn queue_with_dead_letters(&self, max_receive_count: u32) -> (String, String) {
        let dead_letters = self.queue(&[]).await;
        let arn = self.attribute(&dead_letters, QueueAttributeName::QueueArn).await;
        let policy =
            format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"{max_receive_count}"}}"#);
        let queue = self.queue(&[(QueueAttributeName::RedrivePolicy, &policy)]).await;
        (queue, dead_letters)
    }

    /// One attribute of a queue.
    pub async fn attribute(&self, queue: &str, name: QueueAttributeName) -> String {
        let call = self.client.get_queue_attributes().queue_url(queue);
        let all = call.attribute_names(name.clone()).send().await.unwrap().attributes;
        all.and_then(|mut all| all.remove(&name)).unwrap_or_else(|| panic!("no {name:?}"))
    }

    /// Sends a message without attributes and returns its id.
    pub async fn send(&self, queue: &str, body: &str) -> String {
        let call = self.client.send_message().queue_url(queue).message_body(body);
        call.send().await.unwrap().message_id.unwrap()
    }

    /// Receives up to ten messages with all attributes, without waiting.
    pub async fn receive(&self, queue: &str, visibility_timeout: i32) -> Vec<Message> {
        let call = self.client.receive_message().queue_url(queue);
        let call = call.max_number_of_messages(10).visibility_timeout(visibility_timeout);
        let call = call.message_attribute_names("All").message_system_attribute_names("All".into());
        call.send().await.unwrap().messages.unwrap_or_default()
    }

    /// Polls until there is a message.
    pub async fn receive_one(&self, queue: &str, visibility_timeout: i32) -> Message {
        eventually("message", || async {
            let call = self.client.receive_message().queue_url(queue);
            let call = call.visibility_timeout(visibility_timeout).message_attribute_names("All");
            let call = call.message_system_attribute_names("All".into());
            call.send().await.unwrap().messages.unwrap_or_default().into_iter().next()
        })
        .await
    }

    /// Polls until there are `count` messages.
    pub async fn receive_all(&self, queue: &str, count: usize) -> Vec<Message> {
        let mut all = Vec::new();
        while all.len() < count {
            all.push(self.receive_one(queue, 600).await);
            all.append(&mut self.receive(queue, 600).await);
        }
        all
    }

    /// Deletes the queues of the case.
    pub async fn delete_queues(&self) {
        let created = std::mem::take(&mut *self.created.lock().unwrap());
        for url in created {
            let _already_deleted = self.client.delete_queue().queue_url(url).send().await;
        }
    }
}

/// Runs a case against a new embedded endpoint.
pub async fn on_embedded<F: Future<Output = ()>>(case: impl FnOnce(Endpoint) -> F) {
    let server = SqsServer::start(0).await.unwrap();
    case(Endpoint::at(&server.endpoint_url())).await;
    server.stop().await;
}

/// Polls until there is a result.
pub async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut poll: impl FnMut() -> F,
) -> T {
    let deadline = Instant::now() + POLL_TIMEOUT;
    loop {
        if let Some(found) = poll().await {
            return found;
        }
        assert!(Instant::now() < deadline, "no {what} within {POLL_TIMEOUT:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A number among a message's system attributes.
pub fn number(message: &Message, name: &str) -> u64 {
    system(message, name).unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
}

/// A system attribute of a message.
pub fn system(message: &Message, name: &str) -> Option<String> {
    message.attributes.as_ref()?.get(&name.into()).cloned()
}

/// A message's receipt handle.
pub fn handle(message: &Message) -> &str {
    message.receipt_handle.as_deref().unwrap()
}

/// A message's body.
pub fn body(message: &Message) -> &str {
    message.body.as_deref().unwrap()
}
