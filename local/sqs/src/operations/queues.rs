//! Operations on queues: create, find, list, describe, change and delete.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::request::{Request, nothing, number};
use crate::broker::Broker;
use crate::errors::SqsError;

/// Largest and default size of a page of queues.
const PAGE_SIZE_MAX: usize = 1_000;

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Named {
    queue_name: String,
    attributes: BTreeMap<String, String>,
}

pub(super) fn create(
    broker: &mut Broker,
    request: &Request,
    now: Instant,
) -> Result<Value, SqsError> {
    let Named { queue_name, attributes } = request.read()?;
    Ok(json!({ "QueueUrl": broker.create(&queue_name, &attributes, now)? }))
}

pub(super) fn delete(broker: &mut Broker, request: &Request) -> Result<Value, SqsError> {
    broker.delete(request.queue_url())?;
    Ok(nothing())
}

pub(super) fn get_url(broker: &mut Broker, request: &Request) -> Result<Value, SqsError> {
    let Named { queue_name, .. } = request.read()?;
    if queue_name.is_empty() {
        return Err(SqsError::MissingParameter("QueueName"));
    }
    broker.queue(&queue_name)?;
    Ok(json!({ "QueueUrl": broker.url(&queue_name) }))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct List {
    queue_name_prefix: String,
    max_results: Option<i64>,
    next_token: String,
}

/// `NextToken` is the last queue name of the page.
pub(super) fn list(broker: &mut Broker, request: &Request) -> Result<Value, SqsError> {
    let List { queue_name_prefix, max_results, next_token } = request.read()?;
    let size = number("MaxResults", max_results, 1..=PAGE_SIZE_MAX)?.unwrap_or(PAGE_SIZE_MAX);
    let matches = |name: &&str| name.starts_with(&queue_name_prefix) && *name > next_token.as_str();
    let mut names = broker.names().filter(matches);
    let page = names.by_ref().take(size).collect::<Vec<_>>();
    let next_token = names.next().and(page.last());
    let urls = page.iter().map(|name| broker.url(name)).collect::<Vec<_>>();
    Ok(json!({ "QueueUrls": urls, "NextToken": next_token }))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct GetAttributes {
    attribute_names: Vec<String>,
}

pub(super) fn get_attributes(
    broker: &mut Broker,
    request: &Request,
    now: Instant,
) -> Result<Value, SqsError> {
    const ABSENT_BY_DEFAULT: [&str; 5] = [
        "RedrivePolicy",
        "RedriveAllowPolicy",
        "Policy",
        "KmsMasterKeyId",
        "KmsDataKeyReusePeriodSeconds",
    ];
    let GetAttributes { attribute_names: wanted } = request.read()?;
    let clock = broker.clock;
    let queue = broker.queue(request.queue_url())?;
    let counts = queue.counts(now);
    let mut all = queue.settings.to_attributes();
    let observed = [
        ("QueueArn", queue.arn.clone()),
        ("CreatedTimestamp", clock.epoch_s(queue.created_at).to_string()),
        ("LastModifiedTimestamp", clock.epoch_s(queue.modified_at).to_string()),
        ("ApproximateNumberOfMessages", counts.visible.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
        ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
    ];
    all.extend(observed.map(|(name, value)| (name.to_owned(), value)));
    let known =
        |n: &String| n == "All" || all.contains_key(n) || ABSENT_BY_DEFAULT.contains(&n.as_str());
    if let Some(unknown) = wanted.iter().find(|name| !known(name)) {
        return Err(SqsError::InvalidAttributeName(unknown.clone()));
    }
    all.retain(|name, _| wanted.iter().any(|w| w == "All" || w == name));
    Ok(json!({ "Attributes": all }))
}

pub(super) fn set_attributes(
    broker: &mut Broker,
    request: &Request,
    now: Instant,
) -> Result<Value, SqsError> {
    let Named { attributes, .. } = request.read()?;
    broker.set_attributes(request.queue_url(), &attributes, now)?;
    Ok(nothing())
}
