//! The operations by their names: what an event asks for is read strictly, then carried out.

use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::info;

use crate::error::AdminError;
use crate::handler::Admin;
use crate::{check, dlq, keys, migrate};

/// Something that can be asked of the function. The type holds what is asked; written as JSON, with
/// [`Operation::NAME`] as the member `operation`, it is the function's event.
pub trait Operation: Serialize + DeserializeOwned + Send {
    /// What an event calls it.
    const NAME: &'static str;
    /// What it is answered with.
    type Answer: Serialize + DeserializeOwned;

    /// Carries it out.
    fn run(self, admin: &Admin) -> impl Future<Output = Result<Self::Answer, AdminError>> + Send;

    /// The event that asks for it.
    ///
    /// # Errors
    /// If it is no JSON, a defect of its type.
    fn to_event(&self) -> Result<Value, serde_json::Error> {
        let mut event = serde_json::to_value(self)?;
        if let Some(fields) = event.as_object_mut() {
            fields.insert(NAME_MEMBER.to_owned(), Self::NAME.into());
        }
        Ok(event)
    }
}

const NAME_MEMBER: &str = "operation";

/// Every operation: the one list of them.
const OPERATIONS: &[Entry] = &[
    entry::<migrate::Migrate>(),
    entry::<check::Check>(),
    entry::<dlq::List>(),
    entry::<dlq::Redrive>(),
    entry::<dlq::Status>(),
    entry::<keys::Create>(),
    entry::<keys::List>(),
    entry::<keys::Revoke>(),
];

struct Entry {
    name: &'static str,
    perform: for<'a> fn(&'a Admin, Value) -> BoxFuture<'a, Result<Value, AdminError>>,
}

const fn entry<O: Operation + 'static>() -> Entry {
    Entry { name: O::NAME, perform: |admin, fields| Box::pin(perform_as::<O>(admin, fields)) }
}

/// Carries out what an event asks for.
pub(crate) async fn perform(admin: &Admin, event: Value) -> Result<Value, AdminError> {
    let Value::Object(mut fields) = event else {
        return Err(AdminError::NoOperation { known: known() });
    };
    let Some(Value::String(name)) = fields.remove(NAME_MEMBER) else {
        return Err(AdminError::NoOperation { known: known() });
    };
    let Some(found) = OPERATIONS.iter().find(|entry| entry.name == name) else {
        return Err(AdminError::UnknownOperation { known: known() });
    };
    let answer = (found.perform)(admin, Value::Object(fields)).await?;
    info!(operation = found.name, "operation ended");
    Ok(answer)
}

async fn perform_as<O: Operation>(admin: &Admin, fields: Value) -> Result<Value, AdminError> {
    let operation: O = serde_path_to_error::deserialize(fields).map_err(|error| {
        let place = error.path().to_string();
        let reason = reason_without_value(&error.into_inner().to_string());
        AdminError::Malformed { operation: O::NAME, place, reason }
    })?;
    Ok(serde_json::to_value(operation.run(admin).await?)?)
}

/// What is wrong with a member, without the value that serde repeats: errors are logged, and who mixes up two
/// members may have put a whole key there.
fn reason_without_value(reason: &str) -> String {
    match reason.rsplit_once(", expected ") {
        Some((wrong, expected)) => {
            // Before the value stand a colon or a backtick: `invalid type: string "…"`.
            let kind = wrong.split([':', '`']).next().unwrap_or_default().trim_end();
            format!("{kind}, expected {expected}")
        }
        None => reason.to_owned(),
    }
}

fn known() -> String {
    OPERATIONS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")
}
