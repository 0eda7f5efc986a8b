//! The body of a request, and its parameters.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::errors::SqsError;

/// A JSON object. Each operation reads its own fields; absent fields have defaults.
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

    /// Empty if it is absent.
    pub(super) fn queue_url(&self) -> &str {
        self.0.get("QueueUrl").and_then(Value::as_str).unwrap_or_default()
    }
}

pub(super) fn read<T: DeserializeOwned>(value: &Value) -> Result<T, SqsError> {
    T::deserialize(value).map_err(|cause| SqsError::Serialization(cause.to_string()))
}

/// Validates an optional number.
pub(super) fn number<T: TryFrom<i64> + PartialOrd + Display>(
    name: &str,
    value: Option<i64>,
    allowed: RangeInclusive<T>,
) -> Result<Option<T>, SqsError> {
    let Some(value) = value else { return Ok(None) };
    let number = T::try_from(value).ok().filter(|number| allowed.contains(number));
    number.map(Some).ok_or_else(|| {
        SqsError::InvalidParameterValue(format!(
            "Value {value} for parameter {name} is invalid. Reason: Must be between {} and {}, if \
             provided.",
            allowed.start(),
            allowed.end()
        ))
    })
}

/// Validates an optional number of seconds.
pub(super) fn seconds(
    name: &str,
    value: Option<i64>,
    allowed: RangeInclusive<u64>,
) -> Result<Option<Duration>, SqsError> {
    Ok(number(name, value, allowed)?.map(Duration::from_secs))
}

pub(super) fn nothing() -> Value {
    json!({})
}
