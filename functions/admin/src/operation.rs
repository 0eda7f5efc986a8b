//! The interface of an operation.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::context::Admin;
use crate::error::AdminError;

/// The member of an event that names the operation.
pub(crate) const NAME_MEMBER: &str = "operation";

/// An operation of the function. The type holds its parameters. Serialised as JSON, with
/// [`Operation::NAME`] as the member `operation`, it is the function's event.
pub trait Operation: Serialize + DeserializeOwned + Send {
    /// Its name in an event.
    const NAME: &'static str;
    /// Its result.
    type Output: Serialize + DeserializeOwned;

    /// Runs the operation.
    fn run(self, admin: &Admin) -> impl Future<Output = Result<Self::Output, AdminError>> + Send;

    /// The event that requests the operation.
    ///
    /// # Errors
    /// If it cannot be serialised, which is a defect of its type.
    fn to_event(&self) -> Result<Value, serde_json::Error> {
        let mut event = serde_json::to_value(self)?;
        if let Some(fields) = event.as_object_mut() {
            fields.insert(NAME_MEMBER.to_owned(), Self::NAME.into());
        }
        Ok(event)
    }
}
