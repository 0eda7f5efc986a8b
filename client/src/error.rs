//! The errors of a call.

use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The API rejected the request, or could not serve it.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// There was no complete response: the connection failed, or the time limit was reached. The
    /// API may have processed the request.
    #[error("the request failed")]
    Transport(#[source] reqwest::Error),
    /// The response is none of the API's, for example that of a proxy.
    #[error("unexpected response ({status}): {reason}")]
    Unexpected {
        /// The status of the response.
        status: StatusCode,
        /// What is wrong with it.
        reason: String,
    },
    /// The request cannot be sent: an invalid URL, header or id.
    #[error("the request is invalid: {0}")]
    Invalid(String),
}

impl Error {
    /// The status of the response, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Problem(problem) => Some(problem.status),
            Self::Unexpected { status, .. } => Some(*status),
            Self::Transport(_) | Self::Invalid(_) => None,
        }
    }

    /// The problem, if the API responded with one.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            Self::Transport(_) | Self::Unexpected { .. } | Self::Invalid(_) => None,
        }
    }
}

/// An error as the API describes it (RFC 9457).
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// The status of the response.
    #[serde(skip)]
    pub status: StatusCode,
    /// The type, such as `urn:tributary:problem:invalid-request`.
    #[serde(rename = "type", default = "about_blank")]
    pub kind: String,
    /// What the type means.
    pub title: String,
    /// What happened.
    #[serde(default)]
    pub detail: String,
    /// The errors of the request, at most one hundred. Only with 422.
    #[serde(default)]
    pub errors: Vec<FieldError>,
    /// Finds the request in the logs.
    #[serde(default)]
    pub correlation_id: String,
    /// When the same request may succeed, if it may.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
}

fn about_blank() -> String {
    "about:blank".to_owned()
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, title, detail, errors, correlation_id, .. } = self;
        write!(formatter, "{}: {title}. {detail}", status.as_u16())?;
        if !correlation_id.is_empty() {
            write!(formatter, " (correlation id {correlation_id})")?;
        }
        errors.iter().try_for_each(|error| write!(formatter, "\n  {error}"))
    }
}

/// One error in a request.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct FieldError {
    /// Where it is.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// The rule that is violated, such as `too-many-decimals`. Codes do not change; later versions
    /// may add some.
    pub code: String,
    /// What is wrong, for people.
    pub detail: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            None => {}
            Some(Place::Pointer(pointer)) if pointer.is_empty() => formatter.write_str("body: ")?,
            Some(Place::Pointer(pointer)) => write!(formatter, "{pointer}: ")?,
            Some(Place::Parameter(name)) => write!(formatter, "parameter {name}: ")?,
            Some(Place::Header(name)) => write!(formatter, "header {name}: ")?,
        }
        formatter.write_str(&self.detail)
    }
}

/// Where an error of a request is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Place {
    /// A JSON Pointer (RFC 6901) into the body.
    Pointer(String),
    /// A parameter of the query.
    Parameter(String),
    /// A header.
    Header(String),
}
