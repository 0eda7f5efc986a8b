//! A queue on the embedded SQS, and the number of its messages.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName, SendMessageBatchRequestEntry};
use tributary_sqs::SqsServer;
use tributary_testkit::sqs_client;

pub struct Queue {
    pub server: SqsServer,
    pub url: String,
    client: Client,
}

/// The numbers of visible and of in-flight messages.
#[derive(Debug, PartialEq, Eq)]
pub struct Depth {
    pub visible: u32,
    pub in_flight: u32,
}

pub const EMPTY: Depth = Depth { visible: 0, in_flight: 0 };

impl Queue {
    pub async fn create(visibility_timeout_seconds: u32) -> Self {
        let server = SqsServer::start(0).await.unwrap();
        let client = sqs_client(&server.endpoint_url());
        let created = client
            .create_queue()
            .queue_name("work")
            .attributes(
                QueueAttributeName::VisibilityTimeout,
                visibility_timeout_seconds.to_string(),
            )
            .send()
            .await;
        let url = created.unwrap().queue_url.unwrap();
        Self { server, url, client }
    }

    pub async fn send(&self, bodies: &[&str]) {
        let attribute = MessageAttributeValue::builder().data_type("String").string_value("c-1");
        let attribute = attribute.build().unwrap();
        let entries = bodies.iter().enumerate().map(|(index, body)| {
            SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(*body)
                .message_attributes("correlation_id", attribute.clone())
                .build()
                .unwrap()
        });
        let batch = self.client.send_message_batch().queue_url(&self.url);
        let sent = batch.set_entries(Some(entries.collect())).send().await.unwrap();
        assert_eq!(sent.successful.len(), bodies.len());
    }

    pub async fn depth(&self) -> Depth {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let request = self.client.get_queue_attributes().queue_url(&self.url);
        let response = request.set_attribute_names(Some(names.to_vec())).send().await.unwrap();
        let attributes = response.attributes.unwrap();
        let [visible, in_flight] = names.map(|name| attributes[&name].parse().unwrap());
        Depth { visible, in_flight }
    }
}
