//! The resources that operations use.

use tributary_domain::api_key::Peppers;
use tributary_queue::DeadLetters;
use tributary_store::Store;

use crate::error::AdminError;

/// The resources that operations use. The function has all of them; a command only has those that
/// its operation needs.
#[derive(Debug, Default)]
pub struct Admin {
    store: Option<Store>,
    dead_letters: Option<DeadLetters>,
    peppers: Option<Peppers>,
    roles_log_in: bool,
}

impl Admin {
    /// Adds a database. Its role must own the schema.
    #[must_use]
    pub fn with_store(self, store: Store) -> Self {
        Self { store: Some(store), ..self }
    }

    /// Adds a dead-letter queue.
    #[must_use]
    pub fn with_dead_letters(self, dead_letters: DeadLetters) -> Self {
        Self { dead_letters: Some(dead_letters), ..self }
    }

    /// Adds the peppers of API keys.
    #[must_use]
    pub fn with_peppers(self, peppers: Peppers) -> Self {
        Self { peppers: Some(peppers), ..self }
    }

    /// Makes `migrate` let the functions log in as their own roles, with IAM tokens.
    #[must_use]
    pub fn with_roles_that_log_in(self) -> Self {
        Self { roles_log_in: true, ..self }
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
