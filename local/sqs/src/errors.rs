//! The errors of the SQS API and their HTTP responses.
//!
//! SQS moved from the query protocol to JSON. The header `x-amzn-query-error` still carries the old
//! codes, and the AWS SDK for Rust matches on it before `__type`.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

/// An error response. The messages are those of SQS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SqsError {
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    #[error("A queue already exists with the same name and a different value for attribute {0}")]
    QueueNameExists(String),
    #[error("Unknown Attribute {0}.")]
    InvalidAttributeName(String),
    #[error("Invalid value for the parameter {0}.")]
    InvalidAttributeValue(String),
    #[error("{0}")]
    InvalidParameterValue(String),
    #[error("The request must contain the parameter {0}.")]
    MissingParameter(&'static str),
    #[error(
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | \
         #xE000 to #xFFFD | #x10000 to #x10FFFF"
    )]
    InvalidMessageContents,
    #[error("The input receipt handle is invalid.")]
    ReceiptHandleIsInvalid,
    #[error("The specified message isn't in flight.")]
    MessageNotInflight,
    #[error("There should be at least one entry in the request.")]
    EmptyBatchRequest,
    #[error("Maximum number of entries per request are {max}. You have sent {sent}.")]
    TooManyEntriesInBatchRequest { max: usize, sent: usize },
    #[error("Id {0} repeated.")]
    BatchEntryIdsNotDistinct(String),
    #[error(
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. \
         It can be at most 80 letters long."
    )]
    InvalidBatchEntryId,
    #[error("Batch requests cannot be longer than {max} bytes. You have sent {sent} bytes.")]
    BatchRequestTooLong { max: usize, sent: usize },
    #[error("Too many messages in flight on this queue.")]
    OverLimit,
    #[error("{0}")]
    UnsupportedOperation(&'static str),
    #[error("{0}")]
    ResourceNotFound(&'static str),
    #[error("The action {0} is not valid for this endpoint.")]
    UnknownOperation(String),
    #[error("{0}")]
    Serialization(String),
    #[error("The service is unavailable.")]
    ServiceUnavailable,
}

impl SqsError {
    /// The code in `x-amzn-query-error`, in batch entries and in move tasks.
    pub(crate) fn code(&self) -> &'static str {
        self.names().1
    }

    /// HTTP status of the response.
    pub(crate) fn status(&self) -> StatusCode {
        if matches!(self, SqsError::ServiceUnavailable) {
            StatusCode::SERVICE_UNAVAILABLE
        } else if matches!(self, SqsError::OverLimit) {
            StatusCode::FORBIDDEN
        } else if matches!(self, SqsError::ResourceNotFound(_)) {
            StatusCode::NOT_FOUND
        } else {
            StatusCode::BAD_REQUEST
        }
    }

    /// Body of the response.
    pub(crate) fn body(&self) -> Value {
        let shape = self.names().0;
        json!({ "__type": format!("com.amazonaws.sqs#{shape}"), "message": self.to_string() })
    }

    /// Headers of an error response, in addition to those of every response.
    pub(crate) fn headers(&self) -> HeaderMap {
        let (shape, code) = self.names();
        let mut headers = HeaderMap::new();
        headers
            .insert(HeaderName::from_static("x-amzn-errortype"), HeaderValue::from_static(shape));
        let is_server_fault = matches!(self, SqsError::ServiceUnavailable);
        let query_error = format!("{code};{}", if is_server_fault { "Receiver" } else { "Sender" });
        if let Ok(value) = HeaderValue::from_str(&query_error) {
            headers.insert(HeaderName::from_static("x-amzn-query-error"), value);
        }
        headers
    }

    /// Error shape of the JSON protocol, and error code of the query protocol.
    fn names(&self) -> (&'static str, &'static str) {
        match self {
            SqsError::QueueDoesNotExist => {
                ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue")
            }
            SqsError::QueueNameExists(_) => ("QueueNameExists", "QueueAlreadyExists"),
            SqsError::InvalidAttributeName(_) => ("InvalidAttributeName", "InvalidAttributeName"),
            SqsError::InvalidAttributeValue(_) => {
                ("InvalidAttributeValue", "InvalidAttributeValue")
            }
            SqsError::InvalidParameterValue(_) => {
                ("InvalidParameterValueException", "InvalidParameterValue")
            }
            SqsError::MissingParameter(_) => {
                ("MissingRequiredParameterException", "MissingParameter")
            }
            SqsError::InvalidMessageContents => {
                ("InvalidMessageContents", "InvalidMessageContents")
            }
            SqsError::ReceiptHandleIsInvalid => {
                ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid")
            }
            SqsError::MessageNotInflight => {
                ("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight")
            }
            SqsError::EmptyBatchRequest => {
                ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest")
            }
            SqsError::TooManyEntriesInBatchRequest { .. } => (
                "TooManyEntriesInBatchRequest",
                "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            ),
            SqsError::BatchEntryIdsNotDistinct(_) => {
                ("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct")
            }
            SqsError::InvalidBatchEntryId => {
                ("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId")
            }
            SqsError::BatchRequestTooLong { .. } => {
                ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong")
            }
            SqsError::OverLimit => ("OverLimit", "OverLimit"),
            SqsError::UnsupportedOperation(_) => {
                ("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation")
            }
            SqsError::ResourceNotFound(_) => {
                ("ResourceNotFoundException", "ResourceNotFoundException")
            }
            SqsError::UnknownOperation(_) => ("UnknownOperationException", "InvalidAction"),
            SqsError::Serialization(_) => ("SerializationException", "MalformedInput"),
            SqsError::ServiceUnavailable => ("ServiceUnavailable", "ServiceUnavailable"),
        }
    }
}
