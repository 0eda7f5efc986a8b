//! The schema as a custom resource of CloudFormation: made or updated it is migrated, deleted it stays
//! as it is. CloudFormation waits, for an hour if it must, until it is told how that went.
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

use crate::error::AdminError;
use crate::handler::Admin;
use crate::migrate::{self, Migrate};
use crate::operation::Operation;

/// What the schema is called. It never changes: CloudFormation would take another name for a
/// replacement, and delete the old one.
const PHYSICAL_RESOURCE_ID: &str = "tributary-schema";
/// How long before its deadline the function stops to work, so that it can still answer.
const ANSWER_TIME: Duration = Duration::from_secs(20);
/// How long one try to answer may take.
const ANSWER_TRY_TIMEOUT: Duration = Duration::from_secs(5);
/// How often it is tried.
const ANSWER_TRIES_MAX: u32 = 3;
/// How long a database that was just made, or sleeps, is waited for: a new proxy may take minutes to find
/// its cluster. Of the function's 300 s that leaves 40 s to migrate, and the time to answer.
const DATABASE_WAIT_MAX: Duration = Duration::from_secs(240);
/// How long a database that is not there is left alone.
const DATABASE_RETRY_DELAY: Duration = Duration::from_secs(1);
/// The longest reason in bytes: CloudFormation takes answers of 4,096 bytes.
const REASON_BYTES_MAX: usize = 1_024;

/// What CloudFormation asks. Its `ResponseURL` is signed: whoever has it can answer. It is in no log line.
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

/// What it is told.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    physical_resource_id: &'a str,
    stack_id: &'a str,
    request_id: &'a str,
    logical_resource_id: &'a str,
}

/// Whether an event is of a custom resource.
pub(crate) fn is_one(event: &Value) -> bool {
    event.get("RequestType").is_some() && event.get("ResponseURL").is_some()
}

/// Does what CloudFormation asks and tells it how that went. What failed was answered too, so it is no
/// error here: Lambda would invoke the function again.
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
    let stop_at = Instant::now() + left.saturating_sub(ANSWER_TIME);
    let outcome = match event.request_type.as_str() {
        "Create" | "Update" => timeout_at(stop_at, migrated(admin, stop_at))
            .await
            .unwrap_or(Err(AdminError::OutOfTime)),
        // The data outlives the stack that made its schema.
        "Delete" => Ok(()),
        other => Err(AdminError::MalformedResource {
            place: "RequestType".to_owned(),
            reason: format!("there is no {other:?}"),
        }),
    };
    let reason = outcome.err().map(|error| {
        error!(error = %Chain(&error), "schema is not migrated");
        reason_of(&error)
    });
    let answer = Answer {
        status: if reason.is_none() { "SUCCESS" } else { "FAILED" },
        reason,
        // Deleting one that could not be made, it is what CloudFormation made up for it.
        physical_resource_id: event.physical_resource_id.as_deref().unwrap_or(PHYSICAL_RESOURCE_ID),
        stack_id: &event.stack_id,
        request_id: &event.request_id,
        logical_resource_id: &event.logical_resource_id,
    };
    tell(&event.response_url, &answer).await?;
    info!(request_type = event.request_type, status = answer.status, "CloudFormation answered");
    Ok(serde_json::to_value(&answer)?)
}

/// Migrates, once the database is there.
async fn migrated(admin: &Admin, stop_at: Instant) -> Result<(), AdminError> {
    let wait_until = stop_at.min(Instant::now() + DATABASE_WAIT_MAX);
    loop {
        match migrate::missing(admin).await {
            Err(AdminError::Store(error @ StoreError::Unavailable(_))) => {
                // Its cause is what CloudFormation is to be told, not that time is up.
                if Instant::now() + DATABASE_RETRY_DELAY >= wait_until {
                    return Err(error.into());
                }
                warn!(error = %Chain(&error), "database is not there yet");
                sleep_until(Instant::now() + DATABASE_RETRY_DELAY).await;
            }
            Err(error) => return Err(error),
            Ok(_) => break,
        }
    }
    Migrate {}.run(admin).await.map(drop)
}

/// Sends the answer to the signed URL.
async fn tell(response_url: &str, answer: &Answer<'_>) -> Result<(), AdminError> {
    // Its errors name the URL, which is a secret.
    let failed = |error: reqwest::Error| AdminError::NotAnswered(error.without_url());
    let body = serde_json::to_vec(answer)?;
    let client = reqwest::Client::builder().timeout(ANSWER_TRY_TIMEOUT).build().map_err(failed)?;
    let mut tries = 0;
    loop {
        tries += 1;
        // The URL is signed for no content type at all.
        let request = client.put(response_url).header(CONTENT_TYPE, "").body(body.clone());
        match request.send().await.and_then(reqwest::Response::error_for_status) {
            Ok(_) => return Ok(()),
            Err(error) if tries == ANSWER_TRIES_MAX => return Err(failed(error)),
            Err(error) => {
                warn!(tries, error = %Chain(&error.without_url()), "CloudFormation is not answered yet");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// An error in as many bytes as CloudFormation takes.
fn reason_of(error: &AdminError) -> String {
    let mut reason = Chain(error).to_string();
    reason.truncate(reason.floor_char_boundary(REASON_BYTES_MAX));
    reason
}
