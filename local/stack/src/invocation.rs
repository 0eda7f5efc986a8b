//! The result of an invocation, and the statistics of a function.

use std::time::Duration;

use axum::body::Bytes;

/// Lambda's limit for the request and response payloads of a synchronous invocation, in bytes.
///
/// The limit applies to the whole API Gateway event. The body is a JSON string in it, so each quote
/// of a JSON body takes two bytes.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
pub const PAYLOAD_BYTES_MAX: usize = 6_291_556;

/// A successful invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Lambda's request id.
    pub request_id: String,
    /// The function's response, JSON.
    pub payload: Bytes,
    /// Whether a process was started for it.
    pub cold_start: bool,
    /// The time from fetching the event to the response.
    pub duration: Duration,
}

/// An error that the function reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    /// `errorType`, e.g. a Rust type name.
    pub error_type: String,
    /// `errorMessage`.
    pub error_message: String,
}

impl FunctionError {
    pub(crate) fn new(error_type: impl Into<String>, error_message: impl Into<String>) -> Self {
        Self { error_type: error_type.into(), error_message: error_message.into() }
    }
}

/// A failed invocation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// No function of this name is registered.
    #[error("no function is named {0}")]
    UnknownFunction(String),
    /// The reserved concurrency is in use (429 `TooManyRequestsException`).
    #[error("all execution environments are busy")]
    Throttled,
    /// The event is larger than [`PAYLOAD_BYTES_MAX`] (413 `RequestTooLargeException`).
    #[error("the event of {0} bytes exceeds Lambda's limit")]
    PayloadTooLarge(usize),
    /// The function returned an error; its process continues.
    #[error("the function failed: {}: {}", .0.error_type, .0.error_message)]
    Function(FunctionError),
    /// The function exceeded its timeout and its process was killed (`Sandbox.Timedout`).
    #[error("the function timed out after {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The process ended before it responded (`Runtime.ExitError`), with this exit status or
    /// signal.
    #[error("the function's process ended: {0}")]
    Exited(String),
    /// The process failed, ended or timed out before it requested its first event.
    #[error("the function did not start: {}: {}", .0.error_type, .0.error_message)]
    Init(FunctionError),
    /// The service is being stopped.
    #[error("the Lambda service is stopping")]
    Stopping,
}

impl InvokeError {
    /// `errorType` as the Lambda service names it.
    #[must_use]
    pub fn error_type(&self) -> &str {
        match self {
            Self::UnknownFunction(_) => "ResourceNotFoundException",
            Self::Throttled => "TooManyRequestsException",
            Self::PayloadTooLarge(_) => "RequestTooLargeException",
            Self::Function(error) | Self::Init(error) => &error.error_type,
            Self::TimedOut(_) => "Sandbox.Timedout",
            Self::Exited(_) => "Runtime.ExitError",
            Self::Stopping => "ServiceException",
        }
    }
}

/// Counters of one function since the service started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FunctionStatistics {
    /// Processes started.
    pub cold_starts: u64,
    /// Invocations that succeeded.
    pub successes: u64,
    /// Invocations that returned an error.
    pub errors: u64,
    /// Invocations that timed out.
    pub timeouts: u64,
    /// Invocations whose process ended.
    pub crashes: u64,
    /// Invocations whose process did not start.
    pub init_failures: u64,
    /// Invocations that were throttled.
    pub throttles: u64,
}

impl FunctionStatistics {
    pub(crate) fn count(&mut self, result: &Result<Invocation, InvokeError>) {
        let counter = match result {
            Ok(_) => &mut self.successes,
            Err(InvokeError::Function(_)) => &mut self.errors,
            Err(InvokeError::TimedOut(_)) => &mut self.timeouts,
            Err(InvokeError::Exited(_)) => &mut self.crashes,
            Err(InvokeError::Init(_)) => &mut self.init_failures,
            Err(InvokeError::Throttled) => &mut self.throttles,
            Err(
                InvokeError::UnknownFunction(_)
                | InvokeError::PayloadTooLarge(_)
                | InvokeError::Stopping,
            ) => return,
        };
        *counter += 1;
    }
}
