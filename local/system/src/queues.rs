//! The queue and its dead-letter queue, made as the deployment template makes them.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Credentials;
use aws_sdk_sqs::types::QueueAttributeName;
use tributary_lambda::functions::QUEUE_RECEIVES_MAX;

/// The queues of a run.
#[derive(Clone, Debug)]
pub struct QueueUrls {
    /// Between ingest and enrich.
    pub queue: String,
    /// Where its messages end that nobody could work off.
    pub dead_letter_queue: String,
}

/// The SQS endpoint did not do as asked.
#[derive(Debug, thiserror::Error)]
#[error("the queues cannot be made")]
pub struct QueueSetupError(#[source] Box<dyn Error + Send + Sync>);

/// An SQS client for an endpoint on this machine.
pub async fn client(endpoint_url: &str) -> Client {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(endpoint_url)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .load()
        .await;
    Client::new(&config)
}

/// Makes both queues, with names of their own for each `suffix`.
pub async fn create(
    client: &Client,
    suffix: &str,
    visibility_timeout: Duration,
) -> Result<QueueUrls, QueueSetupError> {
    let dead_letter_queue =
        create_queue(client, &format!("tributary-dead-letters{suffix}"), HashMap::new()).await?;
    let arn = queue_arn(client, &dead_letter_queue).await?;
    let redrive =
        format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{QUEUE_RECEIVES_MAX}}}"#);
    let attributes = HashMap::from([
        (QueueAttributeName::VisibilityTimeout, visibility_timeout.as_secs().to_string()),
        (QueueAttributeName::RedrivePolicy, redrive),
    ]);
    let queue = create_queue(client, &format!("tributary{suffix}"), attributes).await?;
    Ok(QueueUrls { queue, dead_letter_queue })
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
    created.queue_url.ok_or_else(|| QueueSetupError("no queue URL in the answer".into()))
}

async fn queue_arn(client: &Client, queue_url: &str) -> Result<String, QueueSetupError> {
    let answer = client
        .get_queue_attributes()
        .queue_url(queue_url)
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await
        .map_err(|error| QueueSetupError(error.into()))?;
    answer
        .attributes
        .and_then(|mut attributes| attributes.remove(&QueueAttributeName::QueueArn))
        .ok_or_else(|| QueueSetupError("no ARN in the answer".into()))
}
