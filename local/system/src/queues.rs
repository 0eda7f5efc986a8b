//! The queue and its dead-letter queue, configured as in the deployment template.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Credentials;
use aws_sdk_sqs::types::QueueAttributeName;
use serde::Deserialize;
use tributary_lambda::functions::QUEUE_RECEIVES_MAX;

/// The URLs of the queues.
#[derive(Clone, Debug)]
pub struct QueueUrls {
    /// The queue between ingest and enrich.
    pub queue: String,
    /// Its dead-letter queue.
    pub dead_letter_queue: String,
}

/// A request to the SQS endpoint failed.
#[derive(Debug, thiserror::Error)]
#[error("the queues cannot be set up")]
pub struct QueueSetupError(#[source] Box<dyn Error + Send + Sync>);

/// An SQS client for a local endpoint.
pub async fn client(endpoint_url: &str) -> Client {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(endpoint_url)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .load()
        .await;
    Client::new(&config)
}

/// Creates the queue `name` and its dead-letter queue.
pub async fn create(
    client: &Client,
    name: &str,
    visibility_timeout: Duration,
) -> Result<QueueUrls, QueueSetupError> {
    let dead_letter_queue =
        create_queue(client, &format!("{name}-dead-letters"), HashMap::new()).await?;
    let arn = attribute(client, &dead_letter_queue, QueueAttributeName::QueueArn).await?;
    let redrive =
        format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{QUEUE_RECEIVES_MAX}}}"#);
    let attributes = HashMap::from([
        (QueueAttributeName::VisibilityTimeout, visibility_timeout.as_secs().to_string()),
        (QueueAttributeName::RedrivePolicy, redrive),
    ]);
    let queue = create_queue(client, name, attributes).await?;
    Ok(QueueUrls { queue, dead_letter_queue })
}

/// Finds the queue `name` and the dead-letter queue in its redrive policy; creates both if it is
/// missing.
pub async fn find_or_create(
    client: &Client,
    name: &str,
    visibility_timeout: Duration,
) -> Result<QueueUrls, QueueSetupError> {
    let queue = match client.get_queue_url().queue_name(name).send().await {
        Ok(found) => found.queue_url.ok_or_else(|| missing("queue URL"))?,
        Err(error) if error.as_service_error().is_some_and(|it| it.is_queue_does_not_exist()) => {
            return create(client, name, visibility_timeout).await;
        }
        Err(error) => return Err(QueueSetupError(error.into())),
    };
    let policy = attribute(client, &queue, QueueAttributeName::RedrivePolicy).await?;
    let policy: RedrivePolicy =
        serde_json::from_str(&policy).map_err(|error| QueueSetupError(error.into()))?;
    let dead_letters = policy.dead_letter_target_arn.rsplit(':').next().unwrap_or_default();
    let found = client.get_queue_url().queue_name(dead_letters).send().await;
    let found = found.map_err(|error| QueueSetupError(error.into()))?;
    let dead_letter_queue = found.queue_url.ok_or_else(|| missing("queue URL"))?;
    Ok(QueueUrls { queue, dead_letter_queue })
}

/// Deletes both queues.
pub async fn delete(client: &Client, queues: &QueueUrls) -> Result<(), QueueSetupError> {
    for url in [&queues.queue, &queues.dead_letter_queue] {
        let deleted = client.delete_queue().queue_url(url).send().await;
        deleted.map_err(|error| QueueSetupError(error.into()))?;
    }
    Ok(())
}

/// The part of a redrive policy that is read here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedrivePolicy {
    dead_letter_target_arn: String,
}

async fn create_queue(
    client: &Client,
    name: &str,
    attributes: HashMap<QueueAttributeName, String>,
) -> Result<String, QueueSetupError> {
    let created = client
        .create_queue()
        .queue_name(name)
        .set_attributes(Some(attributes))
        .send()
        .await
        .map_err(|error| QueueSetupError(error.into()))?;
    created.queue_url.ok_or_else(|| missing("queue URL"))
}

async fn attribute(
    client: &Client,
    queue_url: &str,
    name: QueueAttributeName,
) -> Result<String, QueueSetupError> {
    let response = client
        .get_queue_attributes()
        .queue_url(queue_url)
        .attribute_names(name.clone())
        .send()
        .await
        .map_err(|error| QueueSetupError(error.into()))?;
    let value = response.attributes.and_then(|mut attributes| attributes.remove(&name));
    value.ok_or_else(|| missing(name.as_str()))
}

fn missing(field: &str) -> QueueSetupError {
    QueueSetupError(format!("the response has no {field}").into())
}
