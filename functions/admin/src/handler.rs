//! Dispatches an event to its operation. Parameters are parsed strictly.

use std::time::SystemTime;

use futures::future::BoxFuture;
use serde_json::Value;
use tracing::info;

use crate::context::Admin;
use crate::error::AdminError;
use crate::operation::{NAME_MEMBER, Operation};
use crate::{check, custom_resource, dlq, erase, keys, migrate};

/// Every operation.
const OPERATIONS: &[Entry] = &[
    entry::<migrate::Migrate>(),
    entry::<check::Check>(),
    entry::<dlq::List>(),
    entry::<dlq::Redrive>(),
    entry::<dlq::Status>(),
    entry::<keys::Create>(),
    entry::<keys::List>(),
    entry::<keys::Revoke>(),
    entry::<erase::Erase>(),
];

struct Entry {
    name: &'static str,
    run: for<'a> fn(&'a Admin, Value) -> BoxFuture<'a, Result<Value, AdminError>>,
}

const fn entry<O: Operation + 'static>() -> Entry {
    Entry { name: O::NAME, run: |admin, fields| Box::pin(run::<O>(admin, fields)) }
}

/// Handles an event of the function: `{"operation": …}`, or a custom resource of CloudFormation.
///
/// # Errors
/// [`AdminError`] if the event is invalid or the operation fails.
pub async fn handle(
    admin: &Admin,
    event: Value,
    deadline: SystemTime,
) -> Result<Value, AdminError> {
    if custom_resource::is_event(&event) {
        return custom_resource::handle(admin, event, deadline).await;
    }
    let Value::Object(mut fields) = event else {
        return Err(AdminError::NoOperation { known: known() });
    };
    let Some(Value::String(name)) = fields.remove(NAME_MEMBER) else {
        return Err(AdminError::NoOperation { known: known() });
    };
    let Some(found) = OPERATIONS.iter().find(|entry| entry.name == name) else {
        return Err(AdminError::UnknownOperation { known: known() });
    };
    let output = (found.run)(admin, Value::Object(fields)).await?;
    info!(operation = found.name, "operation ended");
    Ok(output)
}

async fn run<O: Operation>(admin: &Admin, fields: Value) -> Result<Value, AdminError> {
    let operation: O = serde_path_to_error::deserialize(fields).map_err(|error| {
        let place = error.path().to_string();
        let reason = without_value(&error.into_inner().to_string());
        AdminError::Malformed { operation: O::NAME, place, reason }
    })?;
    Ok(serde_json::to_value(operation.run(admin).await?)?)
}

/// Removes the value from an error message of serde. Errors are logged, and an operator who
/// confuses two members may have entered an API key.
fn without_value(message: &str) -> String {
    match message.rsplit_once(", expected ") {
        Some((found, expected)) => {
            // A colon or a backtick precedes the value: `invalid type: string "…"`.
            let error = found.split([':', '`']).next().unwrap_or_default().trim_end();
            format!("{error}, expected {expected}")
        }
        None => message.to_owned(),
    }
}

fn known() -> String {
    OPERATIONS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")
}
