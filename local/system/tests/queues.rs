//! The queues of a system on an existing SQS endpoint: which it uses, creates and deletes.
#![cfg(test)]

mod support;

use std::net::Ipv4Addr;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use tributary_sqs::SqsServer;
use tributary_system::{SystemConfig, sqs_client};

use support::{api_of, numbered, start};

async fn names(client: &Client) -> Vec<String> {
    let urls = client.list_queues().send().await.unwrap().queue_urls.unwrap_or_default();
    let mut names: Vec<_> =
        urls.iter().map(|url| url.rsplit('/').next().unwrap().to_owned()).collect();
    names.sort();
    names
}

async fn attribute(client: &Client, queue_url: &str, name: QueueAttributeName) -> String {
    let request = client.get_queue_attributes().queue_url(queue_url).attribute_names(name.clone());
    request.send().await.unwrap().attributes.unwrap().remove(&name).unwrap()
}

fn config(sqs: &SqsServer, queue_name: Option<&str>) -> SystemConfig {
    let mut config = SystemConfig::throw_away();
    config.sqs_endpoint_url = Some(sqs.endpoint_url());
    config.queue_name = queue_name.map(ToOwned::to_owned);
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_of_a_temporary_system_are_deleted_with_it() {
    let sqs = SqsServer::start(0).await.unwrap();
    let client = sqs_client(&sqs.endpoint_url()).await;
    let system = start(config(&sqs, None)).await;
    assert_eq!(names(&client).await.len(), 2);
    system.stop().await.unwrap();
    assert_eq!(names(&client).await, Vec::<String>::new());
    sqs.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn named_queue_is_used_unchanged_and_kept() {
    let sqs = SqsServer::start(0).await.unwrap();
    let client = sqs_client(&sqs.endpoint_url()).await;
    let created = client.create_queue().queue_name("failed").send().await.unwrap();
    let dead_letter_queue = created.queue_url.unwrap();
    let arn = attribute(&client, &dead_letter_queue, QueueAttributeName::QueueArn).await;
    let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"3"}}"#);
    let created = client
        .create_queue()
        .queue_name("work")
        .attributes(QueueAttributeName::VisibilityTimeout, "360")
        .attributes(QueueAttributeName::RedrivePolicy, policy)
        .send()
        .await
        .unwrap();

    let system = start(config(&sqs, Some("work"))).await;
    assert_eq!(Some(&system.queues().queue), created.queue_url.as_ref());
    assert_eq!(system.queues().dead_letter_queue, dead_letter_queue, "as in the redrive policy");
    let api = api_of(&system);
    api.finished(&api.accept(&numbered(1, "-1")).await).await;
    let queue = system.queues().queue.clone();
    system.stop().await.unwrap();
    assert_eq!(attribute(&client, &queue, QueueAttributeName::VisibilityTimeout).await, "360");
    assert_eq!(names(&client).await, ["failed", "work"]);
    sqs.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_named_queue_is_created_and_reused_by_the_next_run() {
    let sqs = SqsServer::start(0).await.unwrap();
    let mut config = config(&sqs, Some("work"));
    // As in a container.
    config.host = Ipv4Addr::UNSPECIFIED.into();
    let first = start(config.clone()).await;
    assert!(first.url().starts_with("http://127.0.0.1:"), "{}", first.url());
    let api = api_of(&first);
    api.finished(&api.accept(&numbered(1, "-1")).await).await;
    let queues = first.queues().clone();
    first.stop().await.unwrap();
    let second = start(config).await;
    assert_eq!(second.queues().queue, queues.queue);
    assert_eq!(second.queues().dead_letter_queue, queues.dead_letter_queue);
    second.stop().await.unwrap();
    assert_eq!(names(&sqs_client(&sqs.endpoint_url()).await).await, ["work", "work-dead-letters"]);
    sqs.stop().await;
}
