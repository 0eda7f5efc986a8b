//! The cases of the contract, and the client with which they speak to an endpoint.

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

/// How long a case waits for what must happen.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An SQS endpoint under test, and the queues a case made there.
#[derive(Clone)]
pub struct Endpoint {
    pub client: Client,
    made: Arc<Mutex<Vec<String>>>,
}

impl Endpoint {
    /// Any credentials will do.
    pub fn at(url: &str) -> Endpoint {
        let config = aws_sdk_sqs::Config::builder()
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "contract"))
            .endpoint_url(url)
            .build();
        Endpoint { client: Client::from_conf(config), made: Arc::default() }
    }

    /// A name no other case or run uses.
    pub fn name(&self, what: &str) -> String {
        format!("contract-{what}-{}", Uuid::now_v7().simple())
    }

    /// The URL of a new queue.
    pub async fn queue(&self, attributes: &[(QueueAttributeName, &str)]) -> String {
        let mut call = self.client.create_queue().queue_name(self.name("queue"));
        for (name, value) in attributes {
            call = call.attributes(name.clone(), *value);
        }
        let url = call.send().await.unwrap().queue_url.unwrap();
        self.made.lock().unwrap().push(url.clone());
        url
    }

    /// URLs of a queue that gives messages up after `max_receive_count`, and of its dead letters.
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

    /// Sends a plain message; returns its id.
    pub async fn send(&self, queue: &str, body: &str) -> String {
        let call = self.client.send_message().queue_url(queue).message_body(body);
        call.send().await.unwrap().message_id.unwrap()
    }

    /// What is there now, up to ten, with every attribute, hidden for `visibility_timeout` seconds.
    pub async fn receive(&self, queue: &str, visibility_timeout: i32) -> Vec<Message> {
        let call = self.client.receive_message().queue_url(queue);
        let call = call.max_number_of_messages(10).visibility_timeout(visibility_timeout);
        let call = call.message_attribute_names("All").message_system_attribute_names("All".into());
        call.send().await.unwrap().messages.unwrap_or_default()
    }

    /// The first message to come.
    pub async fn receive_one(&self, queue: &str, visibility_timeout: i32) -> Message {
        eventually("a message", || async {
            let call = self.client.receive_message().queue_url(queue);
            let call = call.visibility_timeout(visibility_timeout).message_attribute_names("All");
            let call = call.message_system_attribute_names("All".into());
            call.send().await.unwrap().messages.unwrap_or_default().into_iter().next()
        })
        .await
    }

    /// As many messages as the case knows there are.
    pub async fn receive_all(&self, queue: &str, count: usize) -> Vec<Message> {
        let mut all = Vec::new();
        while all.len() < count {
            all.push(self.receive_one(queue, 600).await);
            all.append(&mut self.receive(queue, 600).await);
        }
        all
    }

    /// Deletes what the case made; an endpoint that outlives it stays as it was.
    pub async fn delete_queues(&self) {
        let made = std::mem::take(&mut *self.made.lock().unwrap());
        for url in made {
            let _gone_already = self.client.delete_queue().queue_url(url).send().await;
        }
    }
}

/// Runs a case against an endpoint of its own in this process.
pub async fn on_embedded<F: Future<Output = ()>>(case: impl FnOnce(Endpoint) -> F) {
    let server = SqsServer::start(0).await.unwrap();
    case(Endpoint::at(&server.endpoint_url())).await;
    server.stop().await;
}

/// Polls until there is an answer.
pub async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut poll: impl FnMut() -> F,
) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = poll().await {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} did not come within {PATIENCE:?}");
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
