//! The JSON of a call, and its parameters.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::errors::SqsError;

/// The JSON of a call. Each call reads what it needs of it; absent fields take their default.
pub(super) struct Request(pub(super) Value);

impl Request {
    pub(super) fn parse(body: &[u8]) -> Result<Request, SqsError> {
        serde_json::from_slice(body)
            .ok()
            .filter(Value::is_object)
            .map(Request)
            .ok_or_else(|| SqsError::Serialization("The body is not a JSON object.".to_owned()))
    }

    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, SqsError> {
        read(&self.0)
    }

    /// Empty when absent, which no queue answers to.
    pub(super) fn queue_url(&self) -> &str {
        self.0.get("QueueUrl").and_then(Value::as_str).unwrap_or_default()
    }
}

pub(super) fn read<T: DeserializeOwned>(value: &Value) -> Result<T, SqsError> {
    T::deserialize(value).map_err(|cause| SqsError::Serialization(cause.to_string()))
}

/// A parameter in seconds; `None` when absent.
pub(super) fn seconds(
    name: &str,
    value: Option<i64>,
    allowed: RangeInclusive<u64>,
) -> Result<Option<Duration>, SqsError> {
    let Some(value) = value else { return Ok(None) };
    let within = u64::try_from(value).ok().filter(|s| allowed.contains(s));
    within.map(|s| Some(Duration::from_secs(s))).ok_or_else(|| {
        SqsError::InvalidParameterValue(format!(
            "Value {value} for parameter {name} is invalid. Reason: Must be between {} and {}, if \
             provided.",
            allowed.start(),
            allowed.end()
        ))
    })
}

pub(super) fn nothing() -> Value {
    json!({})
}
