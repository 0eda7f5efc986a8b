//! Queues themselves: making, finding, describing, changing, emptying and deleting them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Request, nothing};
use crate::broker::Broker;
use crate::errors::SqsError;

/// Queues of one page, and the size of a page that asks for none.
const PAGE_SIZE_MAX: usize = 1_000;

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Named {
    queue_name: String,
    attributes: BTreeMap<String, String>,
    /// Lower case on the wire in this one call.
    #[serde(rename = "tags")]
    tags: BTreeMap<String, String>,
}

pub(super) fn create(
    broker: &mut Broker,
    request: &Request,
    now: Instant,
) -> Result<Value, SqsError> {
    let Named { queue_name, attributes, tags } = request.read()?;
    Ok(json!({ "QueueUrl": broker.create(&queue_name, &attributes, tags, now)? }))
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
struct Page {
    queue_name_prefix: String,
    max_results: Option<usize>,
    next_token: Option<String>,
}

impl Page {
    /// URLs of this page and the token of the next, which is the last name of this one.
    fn of<'a>(
        &self,
        broker: &'a Broker,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<(Vec<String>, Option<&'a str>), SqsError> {
        let size = self.max_results.unwrap_or(PAGE_SIZE_MAX);
        if !(1..=PAGE_SIZE_MAX).contains(&size) {
            return Err(SqsError::InvalidParameterValue(format!(
                "Value {size} for parameter MaxResults is invalid. Reason: Must be between 1 and \
                 {PAGE_SIZE_MAX}, if provided."
            )));
        }
        let after = self.next_token.as_deref().unwrap_or_default();
        let mut names = names.filter(|name| *name > after);
        let page = names.by_ref().take(size).collect::<Vec<_>>();
        let next = names.next().and(page.last().copied());
        Ok((page.into_iter().map(|name| broker.url(name)).collect(), next))
    }
}

pub(super) fn list(broker: &mut Broker, request: &Request) -> Result<Value, SqsError> {
    let page: Page = request.read()?;
    let names = broker.names().filter(|name| name.starts_with(&page.queue_name_prefix));
    let (urls, next_token) = page.of(broker, names)?;
    Ok(json!({ "QueueUrls": urls, "NextToken": next_token }))
}

pub(super) fn list_dead_letter_sources(
    broker: &mut Broker,
    request: &Request,
) -> Result<Value, SqsError> {
    let page: Page = request.read()?;
    let arn = broker.queue(request.queue_url())?.arn.clone();
    let (urls, next_token) = page.of(broker, broker.dead_letter_sources(&arn))?;
    // Lower case on the wire, unlike every other list.
    Ok(json!({ "queueUrls": urls, "NextToken": next_token }))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Wanted {
    attribute_names: Vec<String>,
}

pub(super) fn get_attributes(
    broker: &mut Broker,
    request: &Request,
    now: Instant,
) -> Result<Value, SqsError> {
    const ABSENT_UNLESS_SET: [&str; 5] = [
        "RedrivePolicy",
        "RedriveAllowPolicy",
        "Policy",
        "KmsMasterKeyId",
        "KmsDataKeyReusePeriodSeconds",
    ];
    let Wanted { attribute_names: wanted } = request.read()?;
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
        |n: &String| n == "All" || all.contains_key(n) || ABSENT_UNLESS_SET.contains(&n.as_str());
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

/// At once. AWS takes up to a minute and refuses a second purge within it; no test wants to wait.
pub(super) fn purge(broker: &mut Broker, request: &Request) -> Result<Value, SqsError> {
    broker.queue(request.queue_url())?.purge();
    Ok(nothing())
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Tags {
    tags: BTreeMap<String, String>,
    tag_keys: Vec<String>,
}

pub(super) fn tag(broker: &mut Broker, request: &Request) -> Result<Value, SqsError> {
    let Tags { tags, .. } = request.read()?;
    broker.queue(request.queue_url())?.tags.extend(tags);
    Ok(nothing())
}

pub(super) fn untag(broker: &mut Broker, request: &Request) -> Result<Value, SqsError> {
    let Tags { tag_keys, .. } = request.read()?;
    broker.queue(request.queue_url())?.tags.retain(|key, _| !tag_keys.contains(key));
    Ok(nothing())
}

pub(super) fn list_tags(broker: &mut Broker, request: &Request) -> Result<Value, SqsError> {
    Ok(json!({ "Tags": broker.queue(request.queue_url())?.tags }))
}
