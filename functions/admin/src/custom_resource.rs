//! The schema as a custom resource of CloudFormation. Create and Update migrate it; Delete keeps
//! it. CloudFormation waits up to an hour for the response.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html>.

use std::time::{Duration, SystemTime};

use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tracing::{error, info, warn};
use tributary_lambda::error_chain::Chain;
use tributary_store::StoreError;

use crate::context::Admin;
use crate::error::AdminError;
use crate::migrate::{Migrate, missing};
use crate::operation::Operation;

/// The id of the resource. It must never change: CloudFormation would replace the resource and
/// delete the old one.
const PHYSICAL_RESOURCE_ID: &str = "tributary-schema";
/// How long before the deadline the migration is aborted, so that the function can still respond.
const RESPONSE_TIME: Duration = Duration::from_secs(20);
/// The time limit of one attempt to respond.
const RESPONSE_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// The most attempts to respond.
const RESPONSE_ATTEMPTS_MAX: u32 = 3;
/// How long to wait for a new or paused database. A new proxy may need minutes to find its cluster.
/// Of the function's 300 s this leaves 40 s to migrate, and the time to respond.
const DATABASE_WAIT_MAX: Duration = Duration::from_secs(240);
/// The delay between two attempts to connect.
const DATABASE_RETRY_DELAY: Duration = Duration::from_secs(1);
/// The longest reason in bytes. CloudFormation accepts responses of 4,096 bytes.
const REASON_BYTES_MAX: usize = 1_024;

/// A request of CloudFormation. The signed `ResponseURL` is a secret and must not be logged.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    request_type: String,
    #[serde(rename = "ResponseURL")]
    response_url: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
    physical_resource_id: Option<String>,
}

/// The response to CloudFormation.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Response<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    physical_resource_id: &'a str,
    stack_id: &'a str,
    request_id: &'a str,
    logical_resource_id: &'a str,
}

/// Whether an event is of a custom resource.
pub(crate) fn is_event(event: &Value) -> bool {
    event.get("RequestType").is_some() && event.get("ResponseURL").is_some()
}

/// Handles a request of CloudFormation and responds to it. A failed migration is reported in the
/// response and is not an error here, because Lambda would retry the invocation.
pub(crate) async fn handle(
    admin: &Admin,
    event: Value,
    deadline: SystemTime,
) -> Result<Value, AdminError> {
    let event: Event = serde_path_to_error::deserialize(event).map_err(|error| {
        let place = error.path().to_string();
        AdminError::MalformedResource { place, reason: error.into_inner().to_string() }
    })?;
    let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
    let stop_at = Instant::now() + left.saturating_sub(RESPONSE_TIME);
    let outcome = match event.request_type.as_str() {
        "Create" | "Update" => {
            timeout_at(stop_at, migrate(admin, stop_at)).await.unwrap_or(Err(AdminError::OutOfTime))
        }
        // Deleting the stack must keep the data.
        "Delete" => Ok(()),
        other => Err(AdminError::MalformedResource {
            place: "RequestType".to_owned(),
            reason: format!("there is no {other:?}"),
        }),
    };
    let reason = outcome.err().map(|error| {
        error!(error = %Chain(&error), "migration failed");
        reason_of(&error)
    });
    let response = Response {
        status: if reason.is_none() { "SUCCESS" } else { "FAILED" },
        reason,
        // After a failed Create, the Delete carries an id that CloudFormation generated.
        physical_resource_id: event.physical_resource_id.as_deref().unwrap_or(PHYSICAL_RESOURCE_ID),
        stack_id: &event.stack_id,
        request_id: &event.request_id,
        logical_resource_id: &event.logical_resource_id,
    };
    respond(&event.response_url, &response).await?;
    info!(
        request_type = event.request_type,
        status = response.status,
        "responded to CloudFormation"
    );
    Ok(serde_json::to_value(&response)?)
}

/// Waits for the database, then migrates.
async fn migrate(admin: &Admin, stop_at: Instant) -> Result<(), AdminError> {
    let wait_until = stop_at.min(Instant::now() + DATABASE_WAIT_MAX);
    loop {
        match missing(admin).await {
            Err(AdminError::Store(error @ StoreError::Unavailable(_))) => {
                // Report the cause to CloudFormation instead of a timeout.
                if Instant::now() + DATABASE_RETRY_DELAY >= wait_until {
                    return Err(error.into());
                }
                warn!(error = %Chain(&error), "database is not available yet");
                sleep_until(Instant::now() + DATABASE_RETRY_DELAY).await;
            }
            Err(error) => return Err(error),
            Ok(_) => break,
        }
    }
    Migrate {}.run(admin).await.map(drop)
}

/// Sends the response to the signed URL.
async fn respond(response_url: &str, response: &Response<'_>) -> Result<(), AdminError> {
    // The errors of reqwest contain the URL, which is a secret.
    let failed = |error: reqwest::Error| AdminError::NotAnswered(error.without_url());
    let body = serde_json::to_vec(response)?;
    let client =
        reqwest::Client::builder().timeout(RESPONSE_ATTEMPT_TIMEOUT).build().map_err(failed)?;
    let mut attempts = 0;
    loop {
        attempts += 1;
        // The signature of the URL covers an empty content type.
        let request = client.put(response_url).header(CONTENT_TYPE, "").body(body.clone());
        match request.send().await.and_then(reqwest::Response::error_for_status) {
            Ok(_) => return Ok(()),
            Err(error) if attempts == RESPONSE_ATTEMPTS_MAX => return Err(failed(error)),
            Err(error) => {
                warn!(attempts, error = %Chain(&error.without_url()), "response failed; retrying");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// The message of an error, truncated to the limit of CloudFormation.
fn reason_of(error: &AdminError) -> String {
    let mut reason = Chain(error).to_string();
    reason.truncate(reason.floor_char_boundary(REASON_BYTES_MAX));
    reason
}
