//! What comes of an invocation: a payload, or one of the ways in which Lambda fails one.

use std::time::Duration;

use axum::body::Bytes;

/// Lambda's limit for the payload of a synchronous invocation and for its answer, in bytes.
///
/// An API Gateway event counts as a whole, with its body as a JSON string: every quote of a JSON body
/// takes two bytes. Source: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
pub const PAYLOAD_BYTES_MAX: usize = 6_291_556;

/// A successful invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Lambda's request id.
    pub request_id: String,
    /// What the function answered, JSON.
    pub payload: Bytes,
    /// Whether a process had to be started for it.
    pub cold_start: bool,
    /// From the moment the function fetched the event to its answer.
    pub duration: Duration,
}

/// An error the function itself reported.
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
    /// Every execution environment the function may have is busy (429 `TooManyRequestsException`).
    #[error("all execution environments are busy")]
    Throttled,
    /// The event is larger than [`PAYLOAD_BYTES_MAX`] (413 `RequestTooLargeException`).
    #[error("the event of {0} bytes is larger than Lambda takes")]
    PayloadTooLarge(usize),
    /// The function answered with an error; its process lives on.
    #[error("the function failed: {}: {}", .0.error_type, .0.error_message)]
    Function(FunctionError),
    /// The function did not answer in time and its process was killed (`Sandbox.Timedout`).
    #[error("the function timed out after {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The process ended before it answered (`Runtime.ExitError`): how it ended.
    #[error("the function's process ended: {0}")]
    Exited(String),
    /// The process failed, ended or took too long before it asked for its first event.
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

/// What has happened to one function since the service started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FunctionStatistics {
    /// Processes started for an invocation.
    pub cold_starts: u64,
    /// Invocations answered with a payload.
    pub successes: u64,
    /// Invocations the function answered with an error.
    pub errors: u64,
    /// Invocations that ran out of time.
    pub timeouts: u64,
    /// Invocations whose process ended.
    pub crashes: u64,
    /// Invocations whose process did not start.
    pub init_failures: u64,
    /// Invocations refused for want of an environment.
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
