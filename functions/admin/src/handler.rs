//! What operations work on, and the way of an event to its operation.

use std::time::SystemTime;

use serde_json::Value;
use tributary_domain::api_key::Peppers;
use tributary_queue::DeadLetters;
use tributary_store::Store;

use crate::custom_resource;
use crate::error::AdminError;
use crate::operation;

/// What operations work on: as much of it as there is. The function has all of it, a command only what
/// its operation asks for.
#[derive(Debug, Default)]
pub struct Admin {
    store: Option<Store>,
    dead_letters: Option<DeadLetters>,
    peppers: Option<Peppers>,
    roles_log_in: bool,
}

impl Admin {
    /// With a database, as the role that owns the schema.
    #[must_use]
    pub fn with_store(self, store: Store) -> Self {
        Self { store: Some(store), ..self }
    }

    /// With a dead-letter queue.
    #[must_use]
    pub fn with_dead_letters(self, dead_letters: DeadLetters) -> Self {
        Self { dead_letters: Some(dead_letters), ..self }
    }

    /// With the peppers of API keys.
    #[must_use]
    pub fn with_peppers(self, peppers: Peppers) -> Self {
        Self { peppers: Some(peppers), ..self }
    }

    /// For functions that log in as their roles, with IAM tokens: `migrate` lets them.
    #[must_use]
    pub fn with_roles_that_log_in(self) -> Self {
        Self { roles_log_in: true, ..self }
    }

    /// Answers an event of the function: `{"operation": …}`, or a custom resource of CloudFormation.
    ///
    /// # Errors
    /// [`AdminError`] says what is wrong with the event, or why the operation failed.
    pub async fn handle(&self, event: Value, deadline: SystemTime) -> Result<Value, AdminError> {
        if custom_resource::is_one(&event) {
            custom_resource::handle(self, event, deadline).await
        } else {
            operation::perform(self, event).await
        }
    }

    /// Closes the connection to the database.
    pub async fn close(&self) {
        if let Some(store) = &self.store {
            store.close().await;
        }
    }

    pub(crate) const fn roles_log_in(&self) -> bool {
        self.roles_log_in
    }

    pub(crate) fn store(&self) -> Result<&Store, AdminError> {
        self.store.as_ref().ok_or(AdminError::NotConfigured("DATABASE_URL"))
    }

    pub(crate) fn dead_letters(&self) -> Result<&DeadLetters, AdminError> {
        self.dead_letters.as_ref().ok_or(AdminError::NotConfigured("DEAD_LETTER_QUEUE_URL"))
    }

    pub(crate) fn peppers(&self) -> Result<&Peppers, AdminError> {
        self.peppers.as_ref().ok_or(AdminError::NotConfigured("API_KEY_PEPPER"))
    }
}
